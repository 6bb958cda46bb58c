//! Imports whose types are related to those of the exports that they are given. Both modules write the same types down,
//! or nearly, under unlike indices: engines have to know that they are the same, and what is below what (chapter 3.3,
//! "Import Subtyping"). What comes over is looked at: of which of all types it is, and whether it can be called as each.

use wasm_encoder::{
    AbstractHeapType, BlockType, CompositeInnerType, ConstExpr, ElementMode, ElementSegment, Elements, EntityType,
    ExportKind, FieldType, GlobalType, HeapType, Instruction, InstructionSink, RefType, StorageType, TableType,
    TagKind, TagType, ValType,
};
use wasmparser::{Validator, WasmFeatures};
use wassay_model::{Feature, Features, Host, TestCase};

use crate::draft::Draft;
use crate::draw::Draw;
use crate::script::Script;
use crate::universe::{self, Universe, heap, padding, unit};

/// The name of the module that exports.
const PROVIDER: &str = "types";
/// How many types a value is tested against at most.
const TESTS_MAX: usize = 24;
/// How often types are drawn for a case until they are valid.
const DRAWS_MAX: u32 = 20;
/// What is exported, in the types of the universe.
#[derive(Clone, Copy, Debug)]
enum Export {
    Func(u32),
    Global(RefType, bool),
    Table(RefType, Limits),
    Tag(u32),
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    minimum: u64,
    maximum: Option<u64>,
    wide: bool,
}

/// Makes a case; its provenance has no seed yet. None where no valid types were found.
pub(super) fn generate(allowed: Features, draw: &mut Draw) -> Option<(TestCase, Vec<&'static str>)> {
    let features = universe::further(universe::FEATURES, allowed, draw);
    let exceptions = features.contains(Feature::Exceptions);
    let (universe, provider, exports) = (0..DRAWS_MAX).find_map(|_| {
        let universe = Universe::draw(exceptions, draw);
        let (bytes, exports) = provider(&universe, features, draw);
        is_valid(&bytes).then_some((universe, bytes, exports))
    })?;
    let mut script = Script::new(Host::None);
    let module = script.module(PROVIDER, provider);
    let instance = script.instantiate(module);
    script.register(instance, PROVIDER);
    for number in 0..draw.between(5, 10) {
        let at = draw.position(exports.len());
        let bytes = consumer(&universe, at, exports[at], features, draw);
        if !is_valid(&bytes) {
            continue;
        }
        let module = script.module(&format!("importer{number}"), bytes);
        let instance = script.instantiate(module);
        for name in ["look", "call"] {
            script.invoke(instance, name, Vec::new());
        }
    }
    script.snapshot();
    Some((script.finish(features), vec!["related-types"]))
}

fn is_valid(bytes: &[u8]) -> bool {
    Validator::new_with_features(WasmFeatures::WASM3).validate_all(bytes).is_ok()
}

/// A module under construction, in which the types of the universe come behind others.
struct Unit<'u> {
    universe: &'u Universe,
    draft: Draft,
    shift: u32,
}

impl<'u> Unit<'u> {
    fn new(universe: &'u Universe, draw: &mut Draw) -> Self {
        let mut draft = Draft::default();
        for _ in 0..padding(draw) {
            draft.subtype(&unit());
        }
        let shift = draft.next_type();
        universe.write(&mut draft, draw);
        Self { universe, draft, shift }
    }

    const fn heap(&self, ty: HeapType) -> HeapType {
        match ty {
            HeapType::Concrete(index) => HeapType::Concrete(index + self.shift),
            other => other,
        }
    }

    const fn reference(&self, ty: RefType) -> RefType {
        RefType { nullable: ty.nullable, heap_type: self.heap(ty.heap_type) }
    }

    const fn value(&self, ty: ValType) -> ValType {
        match ty {
            ValType::Ref(ty) => ValType::Ref(self.reference(ty)),
            other => other,
        }
    }

    const fn table(&self, ty: RefType, limits: Limits) -> TableType {
        TableType {
            element_type: self.reference(ty),
            minimum: limits.minimum,
            maximum: limits.maximum,
            table64: limits.wide,
            shared: false,
        }
    }

    /// An expression for a value of the type, if there is one. Functions are those of the list, each with its type.
    fn constant(&self, ty: RefType, funcs: &[(u32, u32)], draw: &mut Draw) -> Option<ConstExpr> {
        use AbstractHeapType::{Any, Array, Eq, Extern, Func, I31, Struct};
        if ty.nullable && draw.percent(35) {
            return Some(ConstExpr::ref_null(self.heap(ty.heap_type)));
        }
        let null = || ty.nullable.then(|| ConstExpr::ref_null(self.heap(ty.heap_type)));
        let small = Instruction::I32Const(draw.bits() as i32);
        // An object of some type, for those that are above it.
        let object = |kind: AbstractHeapType| {
            (0..self.universe.types.len() as u32)
                .filter(|index| self.universe.kind(*index) == kind)
                .find_map(|index| self.object(index))
        };
        match ty.heap_type {
            HeapType::Concrete(index) if self.universe.kind(index) == Func => {
                funcs.iter().find(|(of, _)| *of == index).map(|(_, func)| ConstExpr::ref_func(*func)).or_else(null)
            }
            HeapType::Concrete(index) => self.object(index).or_else(null),
            HeapType::Abstract { ty: Any | Eq, .. } if draw.percent(50) => {
                object(if draw.percent(50) { Struct } else { Array })
                    .or_else(|| Some(ConstExpr::extended([small, Instruction::RefI31])))
            }
            HeapType::Abstract { ty: Any | Eq | I31, .. } => Some(ConstExpr::extended([small, Instruction::RefI31])),
            HeapType::Abstract { ty: kind @ (Struct | Array), .. } => object(kind).or_else(null),
            HeapType::Abstract { ty: Func, .. } => match funcs {
                [] => null(),
                funcs => Some(ConstExpr::ref_func(draw.pick(funcs).1)),
            },
            HeapType::Abstract { ty: Extern, .. } => {
                Some(ConstExpr::extended([small, Instruction::RefI31, Instruction::ExternConvertAny]))
            }
            _ => null(),
        }
    }

    /// A new object of a type whose fields have default values.
    fn object(&self, index: u32) -> Option<ConstExpr> {
        let at = index + self.shift;
        let has_default = |field: &FieldType| match field.element_type {
            StorageType::Val(ValType::Ref(ty)) => ty.nullable,
            _ => true,
        };
        match &self.universe.types[index as usize].composite_type.inner {
            CompositeInnerType::Struct(ty) if ty.fields.iter().all(has_default) => {
                Some(ConstExpr::extended([Instruction::StructNewDefault(at)]))
            }
            CompositeInnerType::Array(ty) if has_default(&ty.0) => {
                Some(ConstExpr::extended([Instruction::I32Const(2), Instruction::ArrayNewDefault(at)]))
            }
            _ => None,
        }
    }

    fn signature(&self, index: u32) -> Option<(Vec<ValType>, Vec<ValType>)> {
        match &self.universe.types.get(index as usize)?.composite_type.inner {
            CompositeInnerType::Func(ty) => Some((
                ty.params().iter().map(|ty| self.value(*ty)).collect(),
                ty.results().iter().map(|ty| self.value(*ty)).collect(),
            )),
            _ => None,
        }
    }

    /// The types of functions, last ones first.
    fn funcs(&self) -> Vec<u32> {
        let all = (0..self.universe.types.len() as u32).rev();
        all.filter(|index| self.signature(*index).is_some()).take(8).collect()
    }
}

/// Pushes a value of the type; false where it has none that can be written so.
fn push(sink: &mut InstructionSink<'_>, ty: ValType, number: i32) -> bool {
    match ty {
        ValType::I32 => sink.i32_const(number),
        ValType::I64 => sink.i64_const(number.into()),
        ValType::F32 => sink.f32_const(1.5.into()),
        ValType::F64 => sink.f64_const(2.5.into()),
        ValType::Ref(ty) if ty.nullable => sink.ref_null(ty.heap_type),
        _ => return false,
    };
    true
}

/// The module that exports, and what.
fn provider(universe: &Universe, features: Features, draw: &mut Draw) -> (Vec<u8>, Vec<Export>) {
    let mut unit = Unit::new(universe, draw);
    // A function for each of some types: what `ref.func` names, and what is exported.
    let mut funcs: Vec<(u32, u32)> = Vec::new();
    for (number, index) in unit.funcs().into_iter().enumerate() {
        let Some((_, results)) = unit.signature(index) else { continue };
        let func = unit.draft.func(index + unit.shift, &[], |sink| {
            if !results.iter().all(|ty| push(sink, *ty, number as i32 + 40)) {
                sink.unreachable();
            }
        });
        funcs.push((index, func));
    }
    let mut exports = Vec::new();
    let wide = features.contains(Feature::Memory64);
    let mut universe = universe.clone();
    for _ in 0..draw.between(4, 9) {
        let name = format!("e{}", exports.len());
        match draw.below(if features.contains(Feature::Exceptions) { 8 } else { 7 }) {
            0..3 if !funcs.is_empty() => {
                let (index, func) = draw.pick(&funcs);
                unit.draft.export(&name, ExportKind::Func, func);
                exports.push(Export::Func(index));
            }
            0..5 => {
                let ty = universe.reference(draw);
                let Some(initial) = unit.constant(ty, &funcs, draw) else { continue };
                let mutable = draw.percent(35);
                let own = GlobalType { val_type: ValType::Ref(unit.reference(ty)), mutable, shared: false };
                let global = unit.draft.global(own, &initial);
                unit.draft.export(&name, ExportKind::Global, global);
                exports.push(Export::Global(ty, mutable));
            }
            5 | 6 => {
                let ty = universe.reference(draw);
                let Some(initial) = unit.constant(ty, &funcs, draw) else { continue };
                let minimum = u64::from(draw.between(1, 4));
                let maximum = draw.percent(60).then(|| minimum + u64::from(draw.below(4)));
                let limits = Limits { minimum, maximum, wide: wide && draw.percent(40) };
                let own = unit.table(ty, limits);
                let table = unit.draft.table(own, Some(&initial));
                unit.draft.export(&name, ExportKind::Table, table);
                exports.push(Export::Table(ty, limits));
            }
            _ => {
                let fitting: Vec<u32> = unit
                    .funcs()
                    .into_iter()
                    .filter(|index| unit.signature(*index).is_some_and(|(_, results)| results.is_empty()))
                    .collect();
                if fitting.is_empty() {
                    continue;
                }
                let index = draw.pick(&fitting);
                let tag = unit.draft.tag(index + unit.shift);
                unit.draft.export(&name, ExportKind::Tag, tag);
                exports.push(Export::Tag(index));
            }
        }
    }
    if exports.is_empty() {
        let ty = RefType::I31REF;
        let own = GlobalType { val_type: ValType::Ref(ty), mutable: false, shared: false };
        let global = unit.draft.global(own, &ConstExpr::ref_null(HeapType::I31));
        unit.draft.export("e0", ExportKind::Global, global);
        exports.push(Export::Global(ty, false));
    }
    (unit.draft.finish(), exports)
}

/// A module that imports one of them, under a type that fits or not.
fn consumer(universe: &Universe, at: usize, export: Export, features: Features, draw: &mut Draw) -> Vec<u8> {
    let mut universe = universe.clone();
    let wanted = related(&mut universe, export, features, draw);
    let mut unit = Unit::new(&universe, draw);
    let name = format!("e{at}");
    let look_type = unit.draft.func_type(&[], &[ValType::I64]);
    let call_type = unit.draft.func_type(&[], &[ValType::I32]);
    match wanted {
        Export::Func(index) => {
            let func = unit.draft.import(PROVIDER, &name, EntityType::Function(index + unit.shift));
            let value = RefType { nullable: false, heap_type: HeapType::Concrete(index) };
            look(&mut unit, look_type, value, |sink| {
                sink.ref_func(func);
            });
            unit.draft.element(ElementSegment {
                mode: ElementMode::Declared,
                elements: Elements::Functions(vec![func].into()),
            });
            // Directly, and through a table as another type.
            let other = draw.pick(&unit.funcs());
            let table = unit.draft.table(
                TableType { element_type: RefType::FUNCREF, minimum: 1, maximum: None, table64: false, shared: false },
                Some(&ConstExpr::ref_func(func)),
            );
            let (own, as_other) = (unit.signature(index), unit.signature(other));
            let (shift, through) = (unit.shift, draw.percent(70));
            unit.draft.func(call_type, &[], |sink| {
                let signature = if through { as_other } else { own };
                let (params, results) = signature.unwrap_or_default();
                if params.iter().all(|ty| push(sink, *ty, 3)) {
                    if through {
                        sink.i32_const(0).call_indirect(table, other + shift);
                    } else {
                        sink.call(func);
                    }
                    for ty in results.iter().rev() {
                        if *ty == ValType::I32 {
                            sink.i32_const(1).i32_shl().return_();
                        } else {
                            sink.drop();
                        }
                    }
                    sink.i32_const(1);
                } else {
                    sink.unreachable();
                }
            });
        }
        Export::Global(ty, mutable) => {
            let own = GlobalType { val_type: ValType::Ref(unit.reference(ty)), mutable, shared: false };
            let global = unit.draft.import(PROVIDER, &name, EntityType::Global(own));
            look(&mut unit, look_type, ty, |sink| {
                sink.global_get(global);
            });
            unit.draft.func(call_type, &[], |sink| {
                if mutable {
                    sink.global_get(global).global_set(global);
                }
                sink.global_get(global).ref_is_null();
            });
        }
        Export::Table(ty, limits) => {
            let own = unit.table(ty, limits);
            let table = unit.draft.import(PROVIDER, &name, EntityType::Table(own));
            let zero = move |sink: &mut InstructionSink<'_>| {
                if limits.wide {
                    sink.i64_const(0);
                } else {
                    sink.i32_const(0);
                }
            };
            look(&mut unit, look_type, ty, |sink| {
                zero(sink);
                sink.table_get(table);
            });
            unit.draft.func(call_type, &[], |sink| {
                zero(sink);
                zero(sink);
                sink.table_get(table).table_set(table).table_size(table);
                if limits.wide {
                    sink.i32_wrap_i64();
                }
            });
        }
        Export::Tag(index) => {
            let tag = TagType { kind: TagKind::Exception, func_type_idx: index + unit.shift };
            let tag = unit.draft.import(PROVIDER, &name, EntityType::Tag(tag));
            let params = unit.signature(index).unwrap_or_default().0;
            unit.draft.func(look_type, &[], |sink| {
                sink.i64_const(params.len() as i64);
            });
            unit.draft.func(call_type, &[], |sink| {
                if params.iter().all(|ty| push(sink, *ty, 3)) {
                    sink.throw(tag);
                } else {
                    sink.unreachable();
                }
            });
        }
    }
    let last = unit.draft.next_func();
    unit.draft.export("look", ExportKind::Func, last - 2);
    unit.draft.export("call", ExportKind::Func, last - 1);
    unit.draft.finish()
}

/// A function that says of which types a value is, a bit for each.
fn look(unit: &mut Unit<'_>, func_type: u32, ty: RefType, write: impl Fn(&mut InstructionSink<'_>)) {
    use AbstractHeapType::{Any, Array, Eq, Extern, Func, I31, NoExtern, NoFunc, None, Struct};
    let top = unit.universe.top(ty.heap_type);
    let mut heaps: Vec<HeapType> = match top {
        Any => [Eq, I31, Struct, Array, None].map(heap).to_vec(),
        Func => vec![heap(Func), heap(NoFunc)],
        Extern => vec![heap(Extern), heap(NoExtern)],
        _ => Vec::new(),
    };
    let same = |index: &u32| unit.universe.top(HeapType::Concrete(*index)) == top;
    let all = (0..unit.universe.types.len() as u32).rev();
    heaps.extend(all.filter(same).map(HeapType::Concrete));
    heaps.truncate(TESTS_MAX);
    // Branches want what lies below.
    let below: Vec<HeapType> =
        heaps.iter().filter(|heap| unit.universe.fits(**heap, ty.heap_type)).take(2).map(|ty| unit.heap(*ty)).collect();
    let heaps: Vec<HeapType> = heaps.into_iter().map(|ty| unit.heap(ty)).collect();
    let own = unit.reference(ty);
    unit.draft.func(func_type, &[ValType::I64], |sink| {
        for heap in &heaps {
            sink.local_get(0).i64_const(1).i64_shl();
            write(sink);
            sink.ref_test_non_null(*heap).i64_extend_i32_u().i64_or().local_set(0);
        }
        for heap in below {
            let to = RefType { nullable: false, heap_type: heap };
            sink.block(BlockType::Result(ValType::Ref(to)));
            write(sink);
            sink.br_on_cast(0, own, to).drop();
            sink.local_get(0).i64_const(7).i64_rotl().return_().end().drop();
        }
        sink.local_get(0);
    });
}

/// The type that is imported: mostly one that the export matches.
fn related(universe: &mut Universe, export: Export, features: Features, draw: &mut Draw) -> Export {
    match export {
        Export::Func(index) => Export::Func(universe.func_above(index, draw)),
        Export::Tag(index) => Export::Tag(universe.func_above(index, draw)),
        Export::Global(ty, mutable) => {
            // What can be written has the same type on both sides.
            let ty = if mutable { universe.equal(draw, ty) } else { universe.above(draw, ty) };
            Export::Global(ty, if draw.percent(6) { !mutable } else { mutable })
        }
        Export::Table(ty, limits) => {
            let ty = if draw.percent(15) { universe.above(draw, ty) } else { universe.equal(draw, ty) };
            let mut limits = limits;
            match draw.below(8) {
                0 => limits.minimum = limits.minimum.saturating_sub(1),
                1 => limits.minimum += 1,
                2 => limits.maximum = None,
                3 => limits.maximum = limits.maximum.map(|maximum| maximum + 1),
                4 => limits.maximum = limits.maximum.map(|maximum| maximum.max(limits.minimum + 1) - 1),
                5 if draw.percent(30) && features.contains(Feature::Memory64) => limits.wide = !limits.wide,
                _ => {}
            }
            Export::Table(ty, limits)
        }
    }
}
