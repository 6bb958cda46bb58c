//! Small modules in which a value of one type comes to where another type is wanted. Whether that is valid hangs on the
//! subtypes of chapter 3.3: on declared supertypes, on groups of types that are equal under unlike indices, on the null
//! that lies below all others. Types, pair and place are drawn apart from each other, so nothing here knows the answer;
//! pairs that are probably fit are preferred, since a module is as easily invalid as it is hardly ever valid by accident.

use std::borrow::Cow;

use wasm_encoder::{
    AbstractHeapType, ArrayType, BlockType, Catch, CompositeInnerType, ConstExpr, DataSegment, DataSegmentMode,
    ElementMode, ElementSegment, Elements, EntityType, ExportKind, FieldType, FuncType, GlobalType, HeapType,
    Instruction, InstructionSink, MemoryType, RefType, StorageType, StructType, TableType, ValType,
};
use wassay_model::{Feature, Features};

use crate::draft::{Draft, plain_subtype};
use crate::draw::Draw;
use crate::universe::{Universe, heap};

/// What the modules of a case need, whatever else they have.
pub(super) const FEATURES: Features = crate::universe::FEATURES.union(Features::of(&[Feature::TailCall]));

const fn constant(val_type: ValType) -> GlobalType {
    GlobalType { val_type, mutable: false, shared: false }
}

const fn table(element_type: RefType, table64: bool) -> TableType {
    TableType { element_type, minimum: 4, maximum: Some(9), table64, shared: false }
}

fn position(wide: bool, value: u32) -> ConstExpr {
    if wide { ConstExpr::i64_const(value.into()) } else { ConstExpr::i32_const(value.cast_signed()) }
}

/// Where the value comes to. Each writes what the module needs for it; the first two need exceptions.
const PLACES: &[fn(&mut Flow<'_>)] = &[
    thrown,
    caught,
    result,
    result,
    argument,
    argument,
    argument,
    argument,
    local,
    global,
    label,
    label,
    arms,
    block_parameter,
    new_structure,
    field,
    element,
    elements,
    table_element,
    table_copy,
    segment,
    segment,
    imported_table,
    imported_table,
    initial_global,
    initial_global,
    initial_table,
    reference_call,
    reference_call,
    tail,
    without_null,
    on_cast,
    on_cast,
    cast,
    cast,
    cast,
    selected,
    accessed,
    indirect,
    function_constant,
    function_constant,
    offset,
    offset,
    item,
    item,
];

/// A module at the edge of what fits.
pub(super) fn module(features: Features, draw: &mut Draw) -> Vec<u8> {
    let mut flow = Flow::draw(features, draw);
    let exceptions = features.contains(Feature::Exceptions);
    let place = flow.draw.pick(if exceptions { PLACES } else { &PLACES[2..] });
    place(&mut flow);
    flow.draft.finish()
}

struct Flow<'d> {
    draw: &'d mut Draw,
    features: Features,
    draft: Draft,
    universe: Universe,
    from: RefType,
    to: RefType,
}

impl<'d> Flow<'d> {
    fn draw(features: Features, draw: &'d mut Draw) -> Self {
        let mut universe = Universe::draw(features.contains(Feature::Exceptions), draw);
        let mut draft = Draft::default();
        universe.write(&mut draft, draw);
        let to = universe.reference(draw);
        let from = universe.fitting(draw, to);
        Self { draw, features, draft, universe, from, to }
    }

    /// Pushes a value of the type, which is that of the first parameter too.
    fn push(&mut self, sink: &mut InstructionSink<'_>) {
        let HeapType::Concrete(index) = self.from.heap_type else {
            if self.from.nullable && self.draw.percent(60) {
                sink.ref_null(self.from.heap_type);
            } else if self.from.heap_type == HeapType::I31 && !self.from.nullable && self.draw.percent(60) {
                sink.i32_const(5).ref_i31();
            } else {
                sink.local_get(0);
            }
            return;
        };
        match (self.draw.below(4), &self.universe.types[index as usize].composite_type.inner) {
            (0, _) if self.from.nullable => sink.ref_null(self.from.heap_type),
            (0 | 1, CompositeInnerType::Struct(_)) if !self.from.nullable => sink.struct_new_default(index),
            (0 | 1, CompositeInnerType::Array(_)) if !self.from.nullable => sink.i32_const(2).array_new_default(index),
            (2, _) => sink.block(BlockType::Result(ValType::Ref(self.from))).local_get(0).end(),
            _ => sink.local_get(0),
        };
    }

    /// Whether a memory or a table has 64-bit addresses.
    fn wide(&mut self, percent: u32) -> bool {
        self.draw.percent(percent) && self.features.contains(Feature::Memory64)
    }

    fn from(&self) -> ValType {
        ValType::Ref(self.from)
    }

    fn to(&self) -> ValType {
        ValType::Ref(self.to)
    }

    /// A function from the value, and what else it wants, whose body is written by the other.
    fn function(
        &mut self,
        more: &[ValType],
        results: &[ValType],
        locals: &[ValType],
        write: impl FnOnce(&mut Self, &mut InstructionSink<'_>),
    ) {
        let mut params = vec![self.from()];
        params.extend(more);
        let ty = self.draft.func_type(&params, results);
        let mut code = Vec::new();
        let mut sink = InstructionSink::new(&mut code);
        write(self, &mut sink);
        sink.end();
        let func = self.draft.declare(ty);
        self.draft.define_raw(func, locals, &code);
        self.draft.export("f", ExportKind::Func, func);
    }

    /// A type that has just been added.
    fn add(&mut self, inner: CompositeInnerType) -> u32 {
        let ty = plain_subtype(inner);
        self.draft.subtype(&ty)
    }

    fn import_global(&mut self, ty: GlobalType) -> u32 {
        self.draft.import("m", "g", EntityType::Global(ty))
    }

    /// An expression for a constant of the type: one that is imported, or null.
    fn initial(&mut self, ty: RefType) -> ConstExpr {
        if ty.nullable && self.draw.percent(60) {
            return ConstExpr::ref_null(ty.heap_type);
        }
        let global = self.import_global(constant(ValType::Ref(ty)));
        ConstExpr::global_get(global)
    }
}

fn result(flow: &mut Flow<'_>) {
    let to = flow.to();
    let returns = flow.draw.percent(30);
    flow.function(&[], &[to], &[], |flow, sink| {
        flow.push(sink);
        if returns {
            sink.return_();
        }
    });
}

fn argument(flow: &mut Flow<'_>) {
    let to = flow.to();
    let second = flow.draw.percent(50);
    let params = if second { vec![ValType::I32, to] } else { vec![to] };
    let ty = flow.draft.func_type(&params, &[]);
    let callee = flow.draft.import("m", "f", EntityType::Function(ty));
    flow.function(&[], &[], &[], |flow, sink| {
        if second {
            sink.i32_const(1);
        }
        flow.push(sink);
        sink.call(callee);
    });
}

fn local(flow: &mut Flow<'_>) {
    let to = flow.to();
    let tees = flow.draw.percent(50);
    flow.function(&[], &[to], &[to], |flow, sink| {
        flow.push(sink);
        if tees {
            sink.local_tee(1);
        } else {
            sink.local_set(1).local_get(1);
        }
    });
}

fn global(flow: &mut Flow<'_>) {
    let ty = GlobalType { val_type: flow.to(), mutable: true, shared: false };
    let global = flow.import_global(ty);
    flow.function(&[], &[], &[], |flow, sink| {
        flow.push(sink);
        sink.global_set(global);
    });
}

fn label(flow: &mut Flow<'_>) {
    let to = flow.to();
    let how = flow.draw.below(4);
    flow.function(&[ValType::I32], &[to], &[], |flow, sink| {
        sink.block(BlockType::Result(to));
        flow.push(sink);
        match how {
            0 => sink.br(0),
            // To the block or out of the function: both want the value.
            1 => sink.local_get(1).br_table([0, 1], 0),
            2 => sink.local_get(1).br_if(0),
            _ => sink.local_get(1).br_if(1),
        };
        sink.end();
    });
}

fn arms(flow: &mut Flow<'_>) {
    let to = flow.to();
    flow.function(&[ValType::I32], &[to], &[], |flow, sink| {
        sink.local_get(1).if_(BlockType::Result(to));
        flow.push(sink);
        sink.else_();
        flow.push(sink);
        sink.end();
    });
}

fn block_parameter(flow: &mut Flow<'_>) {
    let to = flow.to();
    let ty = flow.draft.func_type(&[to], &[]);
    let loops = flow.draw.percent(50);
    flow.function(&[], &[], &[], |flow, sink| {
        flow.push(sink);
        if loops {
            sink.loop_(BlockType::FunctionType(ty));
        } else {
            sink.block(BlockType::FunctionType(ty));
        }
        sink.drop().end();
    });
}

fn of(ty: ValType) -> FieldType {
    FieldType { element_type: StorageType::Val(ty), mutable: true }
}

fn new_structure(flow: &mut Flow<'_>) {
    let field = of(flow.to());
    let ty = flow.add(CompositeInnerType::Struct(StructType { fields: Box::new([of(ValType::I32), field]) }));
    flow.function(&[], &[ValType::I32], &[], |flow, sink| {
        sink.i32_const(3);
        flow.push(sink);
        sink.struct_new(ty).struct_get(ty, 0);
    });
}

fn field(flow: &mut Flow<'_>) {
    let field = of(flow.to());
    let ty = flow.add(CompositeInnerType::Struct(StructType { fields: Box::new([field]) }));
    let object = ValType::Ref(RefType { nullable: true, heap_type: HeapType::Concrete(ty) });
    flow.function(&[object], &[], &[], |flow, sink| {
        sink.local_get(1);
        flow.push(sink);
        sink.struct_set(ty, 0);
    });
}

fn element(flow: &mut Flow<'_>) {
    let field = of(flow.to());
    let ty = flow.add(CompositeInnerType::Array(ArrayType(field)));
    let object = ValType::Ref(RefType { nullable: true, heap_type: HeapType::Concrete(ty) });
    let how = flow.draw.below(4);
    flow.function(&[object], &[], &[], |flow, sink| match how {
        0 => {
            sink.local_get(1).i32_const(0);
            flow.push(sink);
            sink.array_set(ty);
        }
        1 => {
            sink.local_get(1).i32_const(0);
            flow.push(sink);
            sink.i32_const(1).array_fill(ty);
        }
        2 => {
            flow.push(sink);
            flow.push(sink);
            sink.array_new_fixed(ty, 2).drop();
        }
        _ => {
            flow.push(sink);
            sink.i32_const(3).array_new(ty).drop();
        }
    });
}

/// From array to array, and from a segment to an array.
fn elements(flow: &mut Flow<'_>) {
    let (to, from) = (of(flow.to()), of(flow.from()));
    let to = flow.add(CompositeInnerType::Array(ArrayType(to)));
    let how = flow.draw.below(3);
    let object = |index| ValType::Ref(RefType { nullable: true, heap_type: HeapType::Concrete(index) });
    if how == 0 {
        let from = flow.add(CompositeInnerType::Array(ArrayType(from)));
        flow.function(&[object(to), object(from)], &[], &[], |_, sink| {
            sink.local_get(1).i32_const(0).local_get(2).i32_const(0).i32_const(1).array_copy(to, from);
        });
        return;
    }
    let segment = passive(flow);
    flow.function(&[object(to)], &[], &[], |_, sink| {
        if how == 1 {
            sink.i32_const(0).i32_const(1).array_new_elem(to, segment).drop();
        } else {
            sink.local_get(1).i32_const(0).i32_const(0).i32_const(1).array_init_elem(to, segment);
        }
    });
}

/// A passive segment of the value's type.
fn passive(flow: &mut Flow<'_>) -> u32 {
    let ty = flow.from;
    let item = flow.initial(ty);
    flow.draft.element(ElementSegment {
        mode: ElementMode::Passive,
        elements: Elements::Expressions(ty, Cow::Owned(vec![item])),
    })
}

fn table_element(flow: &mut Flow<'_>) {
    let wide = flow.wide(30);
    let index = flow.draft.import("m", "t", EntityType::Table(table(flow.to, wide)));
    let how = flow.draw.below(3);
    let push = move |sink: &mut InstructionSink<'_>, value: i32| {
        if wide {
            sink.i64_const(value.into());
        } else {
            sink.i32_const(value);
        }
    };
    flow.function(&[], &[], &[], |flow, sink| {
        match how {
            0 => {
                push(sink, 1);
                flow.push(sink);
                sink.table_set(index);
            }
            1 => {
                flow.push(sink);
                push(sink, 1);
                sink.table_grow(index).drop();
            }
            _ => {
                push(sink, 1);
                flow.push(sink);
                push(sink, 2);
                sink.table_fill(index);
            }
        };
    });
}

fn table_copy(flow: &mut Flow<'_>) {
    let to = flow.draft.import("m", "t", EntityType::Table(table(flow.to, false)));
    let from = flow.draft.import("m", "u", EntityType::Table(table(flow.from, false)));
    flow.function(&[], &[], &[], |_, sink| {
        sink.i32_const(0).i32_const(0).i32_const(1).table_copy(to, from);
    });
}

fn segment(flow: &mut Flow<'_>) {
    let index = flow.draft.import("m", "t", EntityType::Table(table(flow.to, false)));
    let segment = passive(flow);
    flow.function(&[], &[], &[], |_, sink| {
        sink.i32_const(0).i32_const(0).i32_const(1).table_init(index, segment);
    });
}

/// An active segment, mostly in a module without functions.
fn imported_table(flow: &mut Flow<'_>) {
    let wide = flow.wide(40);
    let first = flow.draw.percent(60);
    if !first {
        flow.draft.import("m", "u", EntityType::Table(table(RefType::FUNCREF, false)));
    }
    let index = flow.draft.import("m", "t", EntityType::Table(table(flow.to, wide)));
    let from = flow.from;
    let items: Vec<ConstExpr> = (0..flow.draw.below(3)).map(|_| flow.initial(from)).collect();
    // Positions that have the other type are invalid.
    let offset = position(wide != flow.draw.percent(8), 0);
    let table = (index > 0 || flow.draw.percent(50)).then_some(index);
    flow.draft.element(ElementSegment {
        mode: ElementMode::Active { table, offset: &offset },
        elements: Elements::Expressions(from, Cow::Owned(items)),
    });
}

fn initial_global(flow: &mut Flow<'_>) {
    let mutable = flow.draw.percent(12);
    let first = flow.import_global(GlobalType { val_type: flow.from(), mutable, shared: false });
    let own = flow.draw.percent(40);
    let source = if own {
        // Of the module itself, which has to come before.
        let ty = GlobalType { val_type: flow.from(), mutable: flow.draw.percent(15), shared: false };
        flow.draft.global(ty, &ConstExpr::global_get(first))
    } else {
        first
    };
    let ty = constant(flow.to());
    if flow.draw.percent(10) {
        // One that comes later, or itself.
        let source = source + 1 + flow.draw.below(2);
        flow.draft.global(ty, &ConstExpr::global_get(source));
        flow.draft.global(constant(flow.from()), &ConstExpr::global_get(first));
    } else if let (HeapType::Concrete(index), true) = (flow.from.heap_type, flow.draw.percent(30)) {
        let made = match &flow.universe.types[index as usize].composite_type.inner {
            CompositeInnerType::Struct(_) => vec![Instruction::StructNewDefault(index)],
            CompositeInnerType::Array(_) => vec![Instruction::I32Const(2), Instruction::ArrayNewDefault(index)],
            _ => vec![Instruction::RefNull(flow.from.heap_type)],
        };
        flow.draft.global(ty, &ConstExpr::extended(made));
    } else {
        flow.draft.global(ty, &ConstExpr::global_get(source));
    }
}

fn initial_table(flow: &mut Flow<'_>) {
    let from = flow.from;
    let initial = flow.initial(from);
    let wide = flow.wide(30);
    flow.draft.table(table(flow.to, wide), Some(&initial));
}

/// The argument of `call_ref`, or the function that it calls.
fn reference_call(flow: &mut Flow<'_>) {
    let to = flow.to();
    if flow.draw.percent(60) {
        let ty = flow.add(CompositeInnerType::Func(FuncType::new([to], [])));
        let callee = ValType::Ref(RefType { nullable: true, heap_type: HeapType::Concrete(ty) });
        let tail = flow.draw.percent(30);
        let locals = [callee];
        flow.function(&[callee], &[], &locals, |flow, sink| {
            flow.push(sink);
            sink.local_get(1);
            if tail {
                sink.return_call_ref(ty);
            } else {
                sink.call_ref(ty);
            }
        });
        return;
    }
    // `call_ref` of the wanted type, with the value as the function.
    let HeapType::Concrete(index) = flow.to.heap_type else { return result(flow) };
    let CompositeInnerType::Func(ty) = flow.universe.types[index as usize].composite_type.inner.clone() else {
        return result(flow);
    };
    let results: Vec<ValType> = ty.results().to_vec();
    flow.function(ty.params(), &results, &[], |flow, sink| {
        for at in 0..ty.params().len() as u32 {
            sink.local_get(at + 1);
        }
        flow.push(sink);
        sink.call_ref(index);
    });
}

/// A tail call whose results are the value's type.
fn tail(flow: &mut Flow<'_>) {
    let (from, to) = (flow.from(), flow.to());
    let ty = flow.draft.func_type(&[], &[from]);
    let how = flow.draw.below(3);
    let callee = flow.draft.import("m", "f", EntityType::Function(ty));
    let index = flow.draft.import("m", "t", EntityType::Table(table(RefType::FUNCREF, false)));
    let reference = ValType::Ref(RefType { nullable: true, heap_type: HeapType::Concrete(ty) });
    flow.function(&[reference], &[to], &[], |_, sink| {
        match how {
            0 => sink.return_call(callee),
            1 => sink.i32_const(0).return_call_indirect(index, ty),
            _ => sink.local_get(1).return_call_ref(ty),
        };
    });
}

fn thrown(flow: &mut Flow<'_>) {
    let to = flow.to();
    let ty = flow.draft.func_type(&[to], &[]);
    let tag = flow.draft.tag(ty);
    flow.function(&[], &[], &[], |flow, sink| {
        flow.push(sink);
        sink.throw(tag);
    });
}

fn caught(flow: &mut Flow<'_>) {
    let (from, to) = (flow.from(), flow.to());
    let ty = flow.draft.func_type(&[from], &[]);
    let tag = flow.draft.tag(ty);
    if flow.draw.percent(60) {
        flow.function(&[], &[to], &[], |_, sink| {
            sink.block(BlockType::Result(to));
            sink.try_table(BlockType::Empty, [Catch::One { tag, label: 0 }]).end().unreachable().end();
        });
        return;
    }
    // The exception itself.
    let pair = flow.draft.func_type(&[], &[from, to]);
    flow.function(&[], &[], &[], |_, sink| {
        sink.block(BlockType::FunctionType(pair));
        sink.try_table(BlockType::Empty, [Catch::OneRef { tag, label: 0 }]).end().unreachable().end().drop().drop();
    });
}

/// What is left of a reference that is not null.
fn without_null(flow: &mut Flow<'_>) {
    let to = flow.to();
    let how = flow.draw.below(3);
    flow.function(&[], &[to], &[], |flow, sink| match how {
        0 => {
            flow.push(sink);
            sink.ref_as_non_null();
        }
        1 => {
            sink.block(BlockType::Empty);
            flow.push(sink);
            sink.br_on_null(0).return_().end().unreachable();
        }
        _ => {
            sink.block(BlockType::Result(to));
            flow.push(sink);
            sink.br_on_non_null(0).unreachable().end();
        }
    });
}

/// A branch on a cast from one to the other type, to a label of either.
fn on_cast(flow: &mut Flow<'_>) {
    let (from, to) = (flow.from, flow.to);
    // The target of a cast lies below.
    let fails = flow.draw.percent(50);
    let (above, below) = if flow.draw.percent(80) { (to, from) } else { (from, to) };
    let wanted = if fails { above } else { below };
    let label = if flow.draw.percent(75) { wanted } else { flow.universe.fitting(flow.draw, wanted) };
    let value = ValType::Ref(above);
    flow.function(&[value], &[ValType::Ref(label)], &[], |_, sink| {
        sink.local_get(1);
        if fails {
            sink.br_on_cast_fail(0, above, below);
        } else {
            sink.br_on_cast(0, above, below);
        }
        sink.unreachable();
    });
}

fn cast(flow: &mut Flow<'_>) {
    let to = flow.to;
    let tests = flow.draw.percent(40);
    let result = if tests { ValType::I32 } else { ValType::Ref(to) };
    flow.function(&[], &[result], &[], |flow, sink| {
        flow.push(sink);
        match (tests, to.nullable) {
            (true, true) => sink.ref_test_nullable(to.heap_type),
            (true, false) => sink.ref_test_non_null(to.heap_type),
            (false, true) => sink.ref_cast_nullable(to.heap_type),
            (false, false) => sink.ref_cast_non_null(to.heap_type),
        };
    });
}

fn selected(flow: &mut Flow<'_>) {
    let to = flow.to();
    flow.function(&[to, ValType::I32], &[to], &[], |flow, sink| {
        flow.push(sink);
        sink.local_get(1).local_get(2).typed_select(to);
    });
}

/// An instruction that wants a reference of a kind.
fn accessed(flow: &mut Flow<'_>) {
    let how = flow.draw.below(if flow.features.contains(Feature::Exceptions) { 7 } else { 6 });
    let object = match flow.to.heap_type {
        HeapType::Concrete(index) => Some((index, flow.universe.types[index as usize].composite_type.inner.clone())),
        _ => None,
    };
    match (how, object) {
        (0 | 1, Some((index, CompositeInnerType::Struct(ty)))) if !ty.fields.is_empty() => {
            flow.function(&[], &[], &[], |flow, sink| {
                flow.push(sink);
                match ty.fields[0].element_type {
                    StorageType::Val(_) => sink.struct_get(index, 0),
                    _ => sink.struct_get_s(index, 0),
                };
                sink.drop();
            });
        }
        (0..=2, Some((index, CompositeInnerType::Array(ArrayType(ty))))) => {
            flow.function(&[], &[], &[], |flow, sink| {
                flow.push(sink);
                sink.i32_const(0);
                match ty.element_type {
                    StorageType::Val(_) => sink.array_get(index),
                    _ => sink.array_get_u(index),
                };
                sink.drop();
            });
        }
        _ => flow.function(&[], &[], &[], |flow, sink| {
            flow.push(sink);
            match how {
                0 => sink.array_len(),
                1 => sink.i31_get_s(),
                2 => sink.ref_null(heap(AbstractHeapType::Eq)).ref_eq(),
                3 => sink.any_convert_extern(),
                4 => sink.extern_convert_any(),
                5 => sink.ref_is_null(),
                _ => sink.throw_ref(),
            };
            if how != 6 {
                sink.drop();
            }
        }),
    }
}

/// An indirect call through a table of the wanted type, which has to be one of functions.
fn indirect(flow: &mut Flow<'_>) {
    let ty = flow.draft.func_type(&[], &[ValType::I32]);
    let reference = if flow.draw.percent(50) { flow.to } else { RefType { nullable: true, heap_type: HeapType::FUNC } };
    let wide = flow.wide(30);
    let index = flow.draft.import("m", "t", EntityType::Table(table(reference, wide)));
    let tail = flow.draw.percent(30);
    // The index has the table's width, or has it not.
    let pushes_wide = wide != flow.draw.percent(20);
    flow.function(&[], &[ValType::I32], &[], |_, sink| {
        if pushes_wide {
            sink.i64_const(0);
        } else {
            sink.i32_const(0);
        }
        if tail {
            sink.return_call_indirect(index, ty);
        } else {
            sink.call_indirect(index, ty);
        }
    });
}

/// A function as the value: its type is its own, under whatever index.
fn function_constant(flow: &mut Flow<'_>) {
    let funcs: Vec<u32> = (0..flow.universe.types.len() as u32)
        .rev()
        .take(10)
        .filter(|index| flow.universe.kind(*index) == AbstractHeapType::Func)
        .collect();
    if funcs.is_empty() {
        return result(flow);
    }
    let (own, wanted) = (flow.draw.pick(&funcs), flow.draw.pick(&funcs));
    let func = flow.draft.import("m", "f", EntityType::Function(own));
    let to = RefType { nullable: flow.draw.percent(50), heap_type: HeapType::Concrete(wanted) };
    match flow.draw.below(4) {
        0 => {
            flow.draft.global(constant(ValType::Ref(to)), &ConstExpr::ref_func(func));
        }
        1 => {
            flow.draft.table(table(to, false), Some(&ConstExpr::ref_func(func)));
        }
        2 => {
            let index = flow.draft.table(table(RefType { nullable: true, ..to }, false), None);
            let offset = position(false, 0);
            // Segments of indices are of `funcref`, or of the reference without null.
            let elements = if flow.draw.percent(40) {
                Elements::Functions(Cow::Owned(vec![func]))
            } else {
                Elements::Expressions(to, Cow::Owned(vec![ConstExpr::ref_func(func)]))
            };
            flow.draft.element(ElementSegment {
                mode: ElementMode::Active { table: Some(index), offset: &offset },
                elements,
            });
        }
        _ => {
            let declared = flow.draw.percent(90);
            if declared {
                let elements = if flow.draw.percent(50) {
                    Elements::Functions(Cow::Owned(vec![func]))
                } else {
                    let own = RefType { nullable: flow.draw.percent(50), heap_type: HeapType::Concrete(own) };
                    Elements::Expressions(own, Cow::Owned(vec![ConstExpr::ref_func(func)]))
                };
                flow.draft.element(ElementSegment { mode: ElementMode::Declared, elements });
            }
            flow.function(&[], &[ValType::Ref(to)], &[], |_, sink| {
                sink.ref_func(func);
            });
        }
    }
}

/// The position of a segment: a constant of whatever kind.
fn offset(flow: &mut Flow<'_>) {
    let wide = flow.wide(35);
    let number = |wide: bool| if wide { ValType::I64 } else { ValType::I32 };
    let ty = number(wide != flow.draw.percent(10));
    let mutable = flow.draw.percent(20);
    let ty = GlobalType { val_type: ty, mutable, shared: false };
    let (own, imported) = (flow.draw.percent(60), flow.draw.percent(50));
    if flow.draw.percent(30) {
        flow.import_global(constant(ValType::I64));
    }
    let is_data = flow.draw.percent(50);
    if imported {
        if is_data {
            let ty = MemoryType { minimum: 1, maximum: Some(2), memory64: wide, shared: false, page_size_log2: None };
            flow.draft.import("m", "m", EntityType::Memory(ty));
        } else {
            flow.draft.import("m", "t", EntityType::Table(table(RefType::FUNCREF, wide)));
        }
    }
    let global = if own {
        let initial = position(ty.val_type == ValType::I64, 1);
        flow.draft.global(ty, &initial)
    } else {
        flow.import_global(ty)
    };
    let offset = match (flow.draw.below(4), ty.val_type) {
        (0, ValType::I32) => {
            ConstExpr::extended([Instruction::GlobalGet(global), Instruction::I32Const(1), Instruction::I32Add])
        }
        (0, _) => ConstExpr::extended([Instruction::GlobalGet(global), Instruction::I64Const(1), Instruction::I64Mul]),
        _ => ConstExpr::global_get(global),
    };
    if is_data {
        if !imported {
            flow.draft.memory(MemoryType {
                minimum: 1,
                maximum: None,
                memory64: wide,
                shared: false,
                page_size_log2: None,
            });
        }
        flow.draft
            .data(DataSegment { mode: DataSegmentMode::Active { memory_index: 0, offset: &offset }, data: *b"ab" });
    } else {
        if !imported {
            flow.draft.table(table(RefType::FUNCREF, wide), None);
        }
        let elements = if flow.draw.percent(50) {
            Elements::Functions(Cow::Owned(Vec::new()))
        } else {
            Elements::Expressions(RefType::FUNCREF, Cow::Owned(vec![ConstExpr::ref_null(HeapType::FUNC)]))
        };
        flow.draft.element(ElementSegment { mode: ElementMode::Active { table: None, offset: &offset }, elements });
    }
}

/// An item of a segment: the value of a global, own or imported, that can change or not.
fn item(flow: &mut Flow<'_>) {
    let (from, to) = (flow.from, flow.to);
    let mutable = flow.draw.percent(30);
    let ty = GlobalType { val_type: ValType::Ref(from), mutable, shared: false };
    let global = if from.nullable && flow.draw.percent(60) {
        flow.draft.global(ty, &ConstExpr::ref_null(from.heap_type))
    } else {
        flow.import_global(ty)
    };
    let mode = flow.draw.below(3);
    let index = (mode == 0).then(|| flow.draft.table(table(RefType { nullable: true, ..to }, false), None));
    let offset = position(false, 0);
    let mode = match (mode, index) {
        (_, Some(index)) => ElementMode::Active { table: Some(index), offset: &offset },
        (1, _) => ElementMode::Passive,
        _ => ElementMode::Declared,
    };
    let items = vec![ConstExpr::global_get(global)];
    flow.draft.element(ElementSegment { mode, elements: Elements::Expressions(to, Cow::Owned(items)) });
}
