//! The context (section 3.1 Conventions) of a module: what its indices refer to.

use wassay_model::{Feature, Features};

use super::Invalid;
use super::ty::Ty;
use super::types::{TypeId, TypeInterner};
use crate::syntax::{
    CompType, DataIdx, ElemIdx, FieldType, FuncIdx, GlobalIdx, HeapType, MemIdx, MemType, Module, Mutability, Pools,
    RefType, TableIdx, TagIdx, TypeIdx, ValType,
};

/// What checking gives. The error is boxed because it is rare and large.
pub(super) type Check<T = ()> = Result<T, Box<Invalid>>;

/// A violation at a place that the caller knows.
#[cold]
pub(super) fn invalid(why: impl Into<String>) -> Box<Invalid> {
    Box::new(Invalid { place: super::Place::Module, why: why.into() })
}

/// A sequence of types: a part of [`Context::lists`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct List {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// The function type behind a type, as lists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) params: List,
    pub(super) results: List,
}

/// A table, closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableShape {
    pub(super) addr: Ty,
    pub(super) elem: Ty,
}

/// A global, closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct GlobalShape {
    pub(super) mutability: Mutability,
    pub(super) val: Ty,
}

/// The context of a module. All types in it are closed.
pub(super) struct Context<'a> {
    pub(super) features: Features,
    pub(super) pools: &'a Pools,
    pub(super) interner: TypeInterner,
    pub(super) type_ids: Vec<TypeId>,
    /// By [`TypeId`]; `None` for structures and arrays.
    shapes: Vec<Option<Shape>>,
    /// The types of all function types, one after the other; single types of blocks behind them.
    pub(super) lists: Vec<Ty>,
    pub(super) funcs: Vec<TypeIdx>,
    pub(super) tables: Vec<TableShape>,
    pub(super) mems: Vec<MemType>,
    pub(super) globals: Vec<GlobalShape>,
    /// How many of `globals` a constant expression may name at the moment.
    pub(super) visible_globals: usize,
    pub(super) tags: Vec<Shape>,
    pub(super) elems: Vec<Ty>,
    pub(super) datas: u32,
    /// By [`FuncIdx`]: whether the function is named outside of function bodies (section 3.4, `ref.func`).
    pub(super) declared: Vec<bool>,
}

impl<'a> Context<'a> {
    pub(super) fn new(module: &'a Module, features: Features) -> Self {
        Self {
            features,
            pools: &module.pools,
            interner: TypeInterner::default(),
            type_ids: Vec::with_capacity(module.types.len()),
            shapes: Vec::new(),
            lists: vec![Ty::I32, Ty::I64, Ty::F32, Ty::F64, Ty::V128],
            funcs: Vec::new(),
            tables: Vec::new(),
            mems: Vec::new(),
            globals: Vec::new(),
            visible_globals: 0,
            tags: Vec::new(),
            elems: Vec::new(),
            // Without a data count section the decoder has let no body name a data segment.
            datas: u32::try_from(module.datas.len()).unwrap_or(u32::MAX),
            declared: Vec::new(),
        }
    }

    pub(super) fn has(&self, feature: Feature) -> bool {
        self.features.contains(feature)
    }

    /// Makes the lists of all function types, once all types are known.
    pub(super) fn make_shapes(&mut self) {
        self.shapes.reserve(self.interner.len());
        for id in 0..self.interner.len() {
            let shape = match self.interner.expand(TypeId(id as u32)) {
                CompType::Func(ty) => {
                    let start = self.lists.len() as u32;
                    let (params, results) = (ty.params.len() as u32, ty.results.len() as u32);
                    self.lists.extend(ty.params.iter().chain(&ty.results).map(|ty| Ty::of(*ty)));
                    Some(Shape {
                        params: List { start, len: params },
                        results: List { start: start + params, len: results },
                    })
                }
                _ => None,
            };
            self.shapes.push(shape);
        }
    }

    /// The list of one type.
    pub(super) fn single(&mut self, ty: Ty) -> List {
        let start = match ty {
            Ty::I32 => 0,
            Ty::I64 => 1,
            Ty::F32 => 2,
            Ty::F64 => 3,
            Ty::V128 => 4,
            _ => {
                // Most functions use the same few types again.
                if self.lists.last() != Some(&ty) {
                    self.lists.push(ty);
                }
                self.lists.len() as u32 - 1
            }
        };
        List { start, len: 1 }
    }

    #[inline]
    pub(super) fn types(&self, list: List) -> &[Ty] {
        &self.lists[list.start as usize..][..list.len as usize]
    }

    // 3.2 Types that name types: the index has to be in bounds.

    pub(super) fn type_id(&self, index: TypeIdx) -> Check<TypeId> {
        self.type_ids.get(index.at()).copied().ok_or_else(|| unknown("type", index.0))
    }

    pub(super) fn heap(&self, heap: HeapType) -> Check<HeapType> {
        match heap {
            HeapType::Concrete(index) => Ok(HeapType::Concrete(self.type_id(TypeIdx(index))?.0)),
            _ => Ok(heap),
        }
    }

    pub(super) fn ref_type(&self, ty: RefType) -> Check<RefType> {
        Ok(RefType { nullability: ty.nullability, heap: self.heap(ty.heap)? })
    }

    #[inline]
    pub(super) fn val_type(&self, ty: ValType) -> Check<Ty> {
        match ty {
            ValType::Ref(ty) => Ok(Ty::of_ref(self.ref_type(ty)?)),
            _ => Ok(Ty::of(ty)),
        }
    }

    pub(super) fn shape(&self, index: TypeIdx) -> Check<Shape> {
        let id = self.type_id(index)?;
        self.shapes[id.at()].ok_or_else(|| invalid(format!("type {index} is not a function type")))
    }

    pub(super) fn fields(&self, index: TypeIdx) -> Check<&[FieldType]> {
        match self.interner.expand(self.type_id(index)?) {
            CompType::Struct(fields) => Ok(fields),
            _ => Err(invalid(format!("type {index} is not a structure type"))),
        }
    }

    pub(super) fn array(&self, index: TypeIdx) -> Check<FieldType> {
        match self.interner.expand(self.type_id(index)?) {
            CompType::Array(field) => Ok(*field),
            _ => Err(invalid(format!("type {index} is not an array type"))),
        }
    }

    // The other index spaces.

    pub(super) fn func(&self, index: FuncIdx) -> Check<TypeIdx> {
        self.funcs.get(index.at()).copied().ok_or_else(|| unknown("function", index.0))
    }

    pub(super) fn table(&self, index: TableIdx) -> Check<TableShape> {
        self.tables.get(index.at()).copied().ok_or_else(|| unknown("table", index.0))
    }

    pub(super) fn mem(&self, index: MemIdx) -> Check<&MemType> {
        self.mems.get(index.at()).ok_or_else(|| unknown("memory", index.0))
    }

    /// The type of addresses of a memory.
    pub(super) fn mem_addr(&self, index: MemIdx) -> Check<Ty> {
        Ok(Ty::of(self.mem(index)?.addr.val()))
    }

    pub(super) fn global(&self, index: GlobalIdx) -> Check<GlobalShape> {
        self.globals.get(index.at()).copied().ok_or_else(|| unknown("global", index.0))
    }

    pub(super) fn tag(&self, index: TagIdx) -> Check<Shape> {
        self.tags.get(index.at()).copied().ok_or_else(|| unknown("tag", index.0))
    }

    pub(super) fn elem(&self, index: ElemIdx) -> Check<Ty> {
        self.elems.get(index.at()).copied().ok_or_else(|| unknown("elem segment", index.0))
    }

    pub(super) fn data(&self, index: DataIdx) -> Check {
        if index.0 < self.datas { Ok(()) } else { Err(unknown("data segment", index.0)) }
    }

    /// Value type matching (section 3.3 Matching), with the two bottoms.
    #[inline]
    pub(super) fn matches(&self, sub: Ty, sup: Ty) -> bool {
        sub == sup || self.matches_slow(sub, sup)
    }

    fn matches_slow(&self, sub: Ty, sup: Ty) -> bool {
        if sub == Ty::BOT {
            return true;
        }
        sub.is_ref()
            && sup.is_ref()
            && (!sub.is_nullable() || sup.is_nullable())
            && (sub.heap_is_below(sup) || self.interner.heap_matches(sub.heap(), sup.heap()))
    }

    /// The type as the module would write it, for messages.
    #[cold]
    pub(super) fn show(&self, ty: Ty) -> String {
        match ty.val() {
            None if ty.is_ref() => "(ref bot)".to_owned(),
            None => "bot".to_owned(),
            Some(ValType::Ref(RefType { nullability, heap: HeapType::Concrete(id) })) => {
                let index = self.type_ids.iter().position(|other| other.0 == id).unwrap_or(id as usize);
                ValType::Ref(RefType { nullability, heap: HeapType::Concrete(index as u32) }).to_string()
            }
            Some(ty) => ty.to_string(),
        }
    }
}

#[cold]
fn unknown(what: &str, index: u32) -> Box<Invalid> {
    invalid(format!("unknown {what} {index}"))
}
