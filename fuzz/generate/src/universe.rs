//! Types that are related to each other: groups of recursive types, some of them copies of others or nearly so, with
//! declared supertypes. The standard takes types for equal by what they are, whatever their indices (chapter 3.3).

use wasm_encoder::{
    AbstractHeapType, ArrayType, CompositeInnerType, FieldType, FuncType, HeapType, RefType, StorageType, StructType,
    SubType, ValType,
};

use wassay_model::{Feature, Features};

use crate::draft::{Draft, plain_subtype};
use crate::draw::Draw;

/// What modules with such types need.
pub(crate) const FEATURES: Features = Features::V2.minus(Features::of(&[Feature::Simd])).union(Features::of(&[
    Feature::FunctionReferences,
    Feature::Gc,
    Feature::ExtendedConst,
]));

/// What is added in a part of the cases, so that engines which lack one of these are asked the rest.
pub(crate) fn further(features: Features, allowed: Features, draw: &mut Draw) -> Features {
    let more = [Feature::Exceptions, Feature::Memory64];
    let more = more.into_iter().filter(|feature| allowed.contains(*feature) && draw.percent(50));
    more.fold(features, |features, feature| features.union(Features::of(&[feature])))
}

/// The abstract heap types, those at the top of their hierarchies first.
const ABSTRACT: [AbstractHeapType; 12] = [
    AbstractHeapType::Any,
    AbstractHeapType::Func,
    AbstractHeapType::Extern,
    AbstractHeapType::Exn,
    AbstractHeapType::Eq,
    AbstractHeapType::I31,
    AbstractHeapType::Struct,
    AbstractHeapType::Array,
    AbstractHeapType::None,
    AbstractHeapType::NoFunc,
    AbstractHeapType::NoExtern,
    AbstractHeapType::NoExn,
];

pub(crate) const fn heap(ty: AbstractHeapType) -> HeapType {
    HeapType::Abstract { shared: false, ty }
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Universe {
    /// Every type, in order.
    pub(crate) types: Vec<SubType>,
    /// The type that this one copies, if it is a copy: itself otherwise.
    origins: Vec<u32>,
    /// Where groups begin and end.
    groups: Vec<(u32, u32)>,
    /// Whether there are references to exceptions.
    exceptions: bool,
}

impl Universe {
    pub(crate) fn draw(exceptions: bool, draw: &mut Draw) -> Self {
        let mut universe = Self { types: Vec::new(), origins: Vec::new(), groups: Vec::new(), exceptions };
        for _ in 0..padding(draw) {
            universe.group(vec![unit()], None);
        }
        let padding = universe.types.len();
        for _ in 0..draw.between(2, 5) {
            let former: Vec<(u32, u32)> =
                universe.groups.iter().copied().filter(|(first, _)| *first as usize >= padding).collect();
            if !former.is_empty() && draw.percent(45) {
                let (first, end) = draw.pick(&former);
                universe.copy(draw, first, end);
            } else {
                universe.new_group(draw);
            }
        }
        universe
    }

    /// Writes the types into a module that has so many types already.
    pub(crate) fn write(&self, draft: &mut Draft, draw: &mut Draw) {
        let by = draft.next_type();
        let all = self.types.len() as u32;
        for (first, end) in &self.groups {
            let types: Vec<SubType> =
                self.types[*first as usize..*end as usize].iter().map(|ty| shifted(ty, 0, all, by)).collect();
            // One type that stands alone is a group of one type, however it is written.
            match <[SubType; 1]>::try_from(types) {
                Ok([alone]) if draw.percent(70) => {
                    draft.subtype(&alone);
                }
                Ok(alone) => {
                    draft.rec_group(alone.to_vec());
                }
                Err(types) => {
                    draft.rec_group(types);
                }
            }
        }
    }

    fn group(&mut self, types: Vec<SubType>, origin: Option<u32>) {
        let first = self.types.len() as u32;
        let count = types.len() as u32;
        self.types.extend(types.iter().cloned());
        for at in 0..count {
            self.origins.push(origin.map_or(first + at, |origin| self.origins[(origin + at) as usize]));
        }
        self.groups.push((first, first + count));
    }

    /// The same group once more, or with something else in one place.
    fn copy(&mut self, draw: &mut Draw, first: u32, end: u32) {
        let shift = self.types.len() as u32 - first;
        let mut types: Vec<SubType> =
            self.types[first as usize..end as usize].iter().map(|ty| shifted(ty, first, end, shift)).collect();
        let changed = draw.percent(30);
        if changed {
            let at = draw.position(types.len());
            match draw.below(4) {
                0 => types[at].is_final = !types[at].is_final,
                1 => types.swap(0, at),
                2 => types.push(unit()),
                _ => {
                    let limit = self.types.len() as u32;
                    let inner = self.inner(draw, limit);
                    types[at].composite_type.inner = inner;
                }
            }
        }
        self.group(types, (!changed).then_some(first));
    }

    fn new_group(&mut self, draw: &mut Draw) {
        let first = self.types.len() as u32;
        let count = draw.weighted(&[(1, 6), (2, 3), (3, 1)]);
        let mut types = Vec::new();
        for at in 0..count {
            let open: Vec<u32> = (0..first + at)
                .filter(|index| !self.types.iter().chain(&types).nth(*index as usize).is_none_or(|ty| ty.is_final))
                .collect();
            let above = (!open.is_empty() && draw.percent(60)).then(|| draw.pick(&open));
            let inner = match above {
                Some(above) => {
                    let all: Vec<&SubType> = self.types.iter().chain(&types).collect();
                    let inner = all[above as usize].composite_type.inner.clone();
                    self.below(draw, inner, first + count)
                }
                None => self.inner(draw, first + count),
            };
            let mut ty = plain_subtype(inner);
            ty.is_final = draw.percent(30);
            ty.supertype_idxs = above.into_iter().collect();
            types.push(ty);
        }
        self.group(types, None);
    }

    fn inner(&mut self, draw: &mut Draw, limit: u32) -> CompositeInnerType {
        match draw.below(3) {
            0 => {
                let fields: Vec<FieldType> = (0..draw.below(3)).map(|_| self.field(draw, limit)).collect();
                CompositeInnerType::Struct(StructType { fields: fields.into() })
            }
            1 => CompositeInnerType::Array(ArrayType(self.field(draw, limit))),
            _ => {
                let params: Vec<ValType> = (0..draw.below(3)).map(|_| self.value(draw, limit)).collect();
                let results: Vec<ValType> = (0..draw.below(2)).map(|_| self.value(draw, limit)).collect();
                CompositeInnerType::Func(FuncType::new(params, results))
            }
        }
    }

    /// What a subtype of a type may consist of, mostly.
    fn below(&mut self, draw: &mut Draw, inner: CompositeInnerType, limit: u32) -> CompositeInnerType {
        match inner {
            CompositeInnerType::Struct(above) => {
                let mut fields: Vec<FieldType> =
                    above.fields.iter().map(|field| self.field_below(draw, *field)).collect();
                if draw.percent(50) {
                    fields.push(self.field(draw, limit));
                } else if draw.percent(5) {
                    fields.pop();
                }
                CompositeInnerType::Struct(StructType { fields: fields.into() })
            }
            CompositeInnerType::Array(ArrayType(field)) => {
                CompositeInnerType::Array(ArrayType(self.field_below(draw, field)))
            }
            CompositeInnerType::Func(above) => {
                let params: Vec<ValType> = above.params().iter().map(|ty| self.changed(draw, *ty, true)).collect();
                let results: Vec<ValType> = above.results().iter().map(|ty| self.changed(draw, *ty, false)).collect();
                CompositeInnerType::Func(FuncType::new(params, results))
            }
            other => other,
        }
    }

    fn field_below(&mut self, draw: &mut Draw, field: FieldType) -> FieldType {
        match field.element_type {
            // What can be written may not become more special; now and then it does.
            StorageType::Val(ty) if !field.mutable || draw.percent(6) => {
                FieldType { element_type: StorageType::Val(self.changed(draw, ty, false)), ..field }
            }
            _ if draw.percent(5) => FieldType { mutable: !field.mutable, ..field },
            _ => field,
        }
    }

    /// A type above or below, where it is a reference.
    fn changed(&mut self, draw: &mut Draw, ty: ValType, above: bool) -> ValType {
        let ValType::Ref(ty) = ty else { return ty };
        if draw.percent(50) {
            return ValType::Ref(ty);
        }
        if above {
            let top = self.top(ty.heap_type);
            return ValType::Ref(RefType { nullable: true, heap_type: heap(top) });
        }
        ValType::Ref(self.fitting(draw, ty))
    }

    fn field(&mut self, draw: &mut Draw, limit: u32) -> FieldType {
        let element_type = match draw.below(8) {
            0 => StorageType::I8,
            1 => StorageType::I16,
            _ => StorageType::Val(self.value(draw, limit)),
        };
        FieldType { element_type, mutable: draw.percent(50) }
    }

    fn value(&mut self, draw: &mut Draw, limit: u32) -> ValType {
        match draw.below(6) {
            0 => ValType::I32,
            1 => ValType::I64,
            2 => ValType::F64,
            _ => ValType::Ref(self.reference_below(draw, limit)),
        }
    }

    /// A type of references, the last types mostly.
    pub(crate) fn reference(&mut self, draw: &mut Draw) -> RefType {
        let limit = self.types.len() as u32;
        self.reference_below(draw, limit)
    }

    /// A type of references; the types that it may name are those below the limit, the last ones mostly.
    fn reference_below(&mut self, draw: &mut Draw, limit: u32) -> RefType {
        let heap_type = if limit > 0 && draw.percent(65) {
            HeapType::Concrete(limit - 1 - draw.below(limit.min(8)))
        } else {
            self.abstract_type(draw)
        };
        RefType { nullable: draw.percent(60), heap_type }
    }

    fn abstract_type(&mut self, draw: &mut Draw) -> HeapType {
        let all: Vec<HeapType> = self.abstract_types().collect();
        draw.pick(&all)
    }

    fn abstract_types(&self) -> impl Iterator<Item = HeapType> + use<> {
        let exceptions = self.exceptions;
        let is_one = |ty: &AbstractHeapType| matches!(ty, AbstractHeapType::Exn | AbstractHeapType::NoExn);
        ABSTRACT.into_iter().filter(move |ty| exceptions || !is_one(ty)).map(heap)
    }

    /// Of a type: `func`, `array` or `struct`.
    pub(crate) fn kind(&self, index: u32) -> AbstractHeapType {
        match self.types.get(index as usize).map(|ty| &ty.composite_type.inner) {
            Some(CompositeInnerType::Func(_)) => AbstractHeapType::Func,
            Some(CompositeInnerType::Array(_)) => AbstractHeapType::Array,
            _ => AbstractHeapType::Struct,
        }
    }

    /// The type at the top of a type's hierarchy.
    pub(crate) fn top(&self, ty: HeapType) -> AbstractHeapType {
        use AbstractHeapType::{Any, Exn, Extern, Func, NoExn, NoExtern, NoFunc};
        let ty = match ty {
            HeapType::Abstract { ty, .. } => ty,
            HeapType::Concrete(index) | HeapType::Exact(index) => self.kind(index),
        };
        match ty {
            Func | NoFunc => Func,
            Extern | NoExtern => Extern,
            Exn | NoExn => Exn,
            _ => Any,
        }
    }

    /// Whether one heap type is probably below the other: types that copy each other count as equal.
    pub(crate) fn fits(&self, from: HeapType, to: HeapType) -> bool {
        use AbstractHeapType::{Any, Array, Eq, Exn, Extern, Func, I31, NoExn, NoExtern, NoFunc, None, Struct};
        match (from, to) {
            (HeapType::Concrete(from), HeapType::Concrete(to)) => {
                let mut next = Some(from);
                while let Some(here) = next {
                    let Some(origin) = self.origins.get(here as usize) else { return false };
                    if self.origins.get(to as usize) == Some(origin) {
                        return true;
                    }
                    // Supertypes that come first, as most do.
                    let above = self.types[here as usize].supertype_idxs.first().copied();
                    next = above.filter(|above| *above < here);
                }
                false
            }
            (HeapType::Concrete(from), HeapType::Abstract { ty, .. }) => {
                let kind = self.kind(from);
                ty == kind || kind != Func && matches!(ty, Any | Eq)
            }
            (HeapType::Abstract { ty: from, .. }, HeapType::Abstract { ty: to, .. }) => {
                from == to
                    || matches!(
                        (from, to),
                        (None | I31 | Struct | Array | Eq, Any)
                            | (None | I31 | Struct | Array, Eq)
                            | (None, I31 | Struct | Array)
                            | (NoFunc, Func)
                            | (NoExtern, Extern)
                            | (NoExn, Exn)
                    )
            }
            (HeapType::Abstract { ty, .. }, HeapType::Concrete(to)) => {
                ty == if self.kind(to) == Func { NoFunc } else { None }
            }
            _ => false,
        }
    }

    /// A type that comes in where the other is wanted: mostly one that fits.
    pub(crate) fn fitting(&mut self, draw: &mut Draw, to: RefType) -> RefType {
        let all: Vec<HeapType> = self.some_types().collect();
        let fitting: Vec<HeapType> = all.iter().copied().filter(|from| self.fits(*from, to.heap_type)).collect();
        let heap_type = if !fitting.is_empty() && draw.percent(75) { draw.pick(&fitting) } else { draw.pick(&all) };
        let nullable = if draw.percent(80) { to.nullable && draw.percent(70) } else { !to.nullable };
        RefType { nullable, heap_type }
    }

    /// A type that takes what has this one, mostly.
    pub(crate) fn above(&mut self, draw: &mut Draw, from: RefType) -> RefType {
        let all: Vec<HeapType> = self.some_types().collect();
        let fitting: Vec<HeapType> = all.iter().copied().filter(|to| self.fits(from.heap_type, *to)).collect();
        let heap_type = if !fitting.is_empty() && draw.percent(68) { draw.pick(&fitting) } else { draw.pick(&all) };
        RefType { nullable: if draw.percent(90) { from.nullable || draw.percent(40) } else { false }, heap_type }
    }

    /// A type that is the same under another index, if there is one; now and then one that is not the same.
    pub(crate) fn equal(&mut self, draw: &mut Draw, ty: RefType) -> RefType {
        if draw.percent(25) {
            return self.above(draw, ty);
        }
        let HeapType::Concrete(index) = ty.heap_type else { return ty };
        let origin = self.origins.get(index as usize);
        let same: Vec<u32> =
            (0..self.types.len() as u32).filter(|other| self.origins.get(*other as usize) == origin).collect();
        let heap_type = if same.is_empty() { ty.heap_type } else { HeapType::Concrete(draw.pick(&same)) };
        RefType { heap_type, ..ty }
    }

    /// A type of functions that takes those of this one, mostly.
    pub(crate) fn func_above(&self, index: u32, draw: &mut Draw) -> u32 {
        let funcs = || (0..self.types.len() as u32).filter(|at| self.kind(*at) == AbstractHeapType::Func);
        let fitting: Vec<u32> =
            funcs().filter(|to| self.fits(HeapType::Concrete(index), HeapType::Concrete(*to))).collect();
        if !fitting.is_empty() && draw.percent(60) {
            draw.pick(&fitting)
        } else {
            let all: Vec<u32> = funcs().collect();
            if all.is_empty() { index } else { draw.pick(&all) }
        }
    }

    /// The abstract types and the last ones that are defined.
    fn some_types(&self) -> impl Iterator<Item = HeapType> + use<> {
        self.abstract_types().chain((0..self.types.len() as u32).rev().take(12).map(HeapType::Concrete))
    }
}

/// How many types come before those that matter: now and then so many that indices need another byte, or another sign.
pub(crate) fn padding(draw: &mut Draw) -> u32 {
    if draw.percent(75) { 0 } else { draw.pick(&[1, 3, 61, 62, 63, 64, 123, 124, 125, 126, 127, 128, 129]) }
}

/// The type of functions from nothing to nothing.
pub(crate) fn unit() -> SubType {
    plain_subtype(CompositeInnerType::Func(FuncType::new([], [])))
}

/// The type with what it says of its own group moved by so much.
pub(crate) fn shifted(ty: &SubType, first: u32, end: u32, by: u32) -> SubType {
    let index = |index: u32| if (first..end).contains(&index) { index + by } else { index };
    let value = |ty: ValType| match ty {
        ValType::Ref(RefType { nullable, heap_type: HeapType::Concrete(at) }) => {
            ValType::Ref(RefType { nullable, heap_type: HeapType::Concrete(index(at)) })
        }
        other => other,
    };
    let field = |field: &FieldType| FieldType {
        element_type: match field.element_type {
            StorageType::Val(ty) => StorageType::Val(value(ty)),
            other => other,
        },
        ..*field
    };
    let mut copy = ty.clone();
    copy.supertype_idxs = ty.supertype_idxs.iter().map(|at| index(*at)).collect();
    copy.composite_type.inner = match &ty.composite_type.inner {
        CompositeInnerType::Struct(structure) => {
            CompositeInnerType::Struct(StructType { fields: structure.fields.iter().map(field).collect() })
        }
        CompositeInnerType::Array(ArrayType(element)) => CompositeInnerType::Array(ArrayType(field(element))),
        CompositeInnerType::Func(func) => CompositeInnerType::Func(FuncType::new(
            func.params().iter().map(|ty| value(*ty)),
            func.results().iter().map(|ty| value(*ty)),
        )),
        other => other.clone(),
    };
    copy
}
