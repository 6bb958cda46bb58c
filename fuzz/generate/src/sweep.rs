//! The `sweep` family: one instruction a function, exhaustive over opcode x operand shape x sink.
//!
//! What is covered: of every opcode of the table every operand in every shape of its type, with the result in every
//! sink of its type; of two operands, where the result is returned or where there is none, every pair of shapes too.
//! Elsewhere, and of three and four operands, the shapes of the others change with the sink. Lanes, shuffles,
//! constants and alignments are drawn; a longer run under another seed draws others.
//!
//! What is not: sinks of `i64` that make an address or a table index take a 64-bit memory or table, which loads of
//! `i64` are not put into, since they would need another memory beside it.
//!
//! The functions are packed into modules in the order of the table, by what they need, so that an engine that lacks
//! vectors still gets all of the rest. Functions that make something else of a float's bits have modules of their own:
//! in all others the judge knows that the bits of a NaN, which the standard leaves open, reach nothing else. Calls go
//! by rounds, plain arguments first: where they do, nothing behind a NaN is compared as strictly.

pub(crate) mod table;
mod write;

use std::sync::{Arc, Mutex, PoisonError};

use wasm_encoder::{
    ConstExpr, DataSegment, DataSegmentMode, ElementMode, ElementSegment, Elements, ExportKind, HeapType, MemoryType,
    RefType, TableType,
};
use wassay_model::{Feature, Features, Host, InstanceIdx, StepIdx, TestCase, Value};

use self::table::{Lanes, OPS, Op, Role, Ty};
use self::write::{Domain, Kind, Layout, OPEN_ROUND, ROUNDS, Uses, Writer, Written};
use crate::Order;
use crate::cell::{Cell, Shape, Sink};
use crate::draft::{self, Draft};
use crate::draw::Draw;
use crate::script::Script;

/// How many functions a module has at most.
const FUNCTIONS_MAX: usize = 32;

/// One function of the sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spec {
    /// A position in the table.
    op: u16,
    /// Of the operands; [`Shape::None`] behind them.
    shapes: [Shape; 4],
    sink: Sink,
}

impl Spec {
    /// Whether the function makes something else of a float's bits: then those of a NaN may reach it.
    fn tells_nans_apart(self) -> bool {
        let op = &OPS[usize::from(self.op)];
        let stored = self.sink == Sink::Store && matches!(op.results.first(), Some(Ty::F32 | Ty::F64));
        let undone = (0..op.params.len())
            .filter(|operand| self.shapes[*operand] == Shape::Inverse)
            .filter_map(|operand| table::inverse(usize::from(self.op), operand));
        stored || takes_bits(op) || undone.map(|other| &OPS[other]).any(takes_bits)
    }

    /// The cells that a call observes.
    fn cells(self) -> impl Iterator<Item = Cell> {
        let op = &OPS[usize::from(self.op)];
        let count = match op.params.is_empty() || self.shapes.contains(&Shape::Same) {
            true => 1,
            false => op.params.len(),
        };
        (0..count).map(move |position| {
            let same = self.shapes.iter().position(|shape| *shape == Shape::Same);
            let at = same.unwrap_or(position);
            let ty = op.params.get(at).map_or_else(|| op.results[0].name(), |(ty, _)| ty.name());
            let operand = if same.is_some() { 0 } else { position as u8 };
            Cell { opcode: op.name, operand, ty, shape: self.shapes[at], sink: self.sink }
        })
    }
}

/// Whether the instruction makes something else of a float's bits.
fn takes_bits(op: &Op) -> bool {
    let stores_float = op.results.is_empty() && op.params.iter().any(|(ty, _)| matches!(ty, Ty::F32 | Ty::F64));
    stores_float || op.name.contains("reinterpret_f") || op.name.ends_with("copysign")
}

/// The shapes that an operand can have.
fn shapes(op: &Op, operand: usize) -> &'static [Shape] {
    use Shape::{Called, Compared, Const, Extended, Inverse, Loaded, Param};
    match op.params[operand] {
        (ty, _) if ty.is_ref() => &[Param, Const, Loaded, Called],
        _ => &[Param, Const, Loaded, Inverse, Compared, Extended, Called],
    }
}

/// The sinks that a result can have.
fn sinks(op: &Op) -> &'static [Sink] {
    use Sink::{
        Address, Argument, BrIf, BrTable, Global, If, LocalSet, LocalTee, Return, SelectCondition, SelectOperand,
        State, Store, TableIndex,
    };
    let any = &[Return, LocalSet, LocalTee, Store, Global, SelectOperand, Argument];
    match op.results.first() {
        None => &[State],
        Some(Ty::I32) => &[
            Return,
            LocalSet,
            LocalTee,
            Store,
            Global,
            SelectOperand,
            Argument,
            BrIf,
            If,
            SelectCondition,
            BrTable,
            Address,
            TableIndex,
        ],
        Some(Ty::I64) if !op.is_memory() => {
            &[Return, LocalSet, LocalTee, Store, Global, SelectOperand, Argument, Address, TableIndex]
        }
        Some(_) => any,
    }
}

/// The functions that sweep an opcode.
fn specs(number: u16, found: &mut Vec<Spec>) {
    let op = &OPS[usize::from(number)];
    let lists: Vec<_> = (0..op.params.len()).map(|operand| shapes(op, operand)).collect();
    let longest = lists.iter().map(|list| list.len()).max().unwrap_or(0);
    // Operands of one type can be the same local.
    let twin = op
        .params
        .iter()
        .find(|(ty, _)| op.params.iter().filter(|(other, _)| other == ty).count() > 1)
        .map(|(ty, _)| *ty);
    for (number_of_sink, sink) in sinks(op).iter().enumerate() {
        let mut add = |shapes| found.push(Spec { op: number, shapes, sink: *sink });
        if op.params.is_empty() {
            add([Shape::None; 4]);
            continue;
        }
        // With an offset of 0 all operands would have the same shape everywhere.
        let offsets = match (op.params.len(), *sink) {
            (1, _) => 0..1,
            (_, Sink::Return | Sink::State) => 0..longest,
            _ => 1 + number_of_sink % 6..2 + number_of_sink % 6,
        };
        for offset in offsets {
            for first in 0..longest {
                let mut shapes = [Shape::None; 4];
                for (operand, list) in lists.iter().enumerate() {
                    shapes[operand] = list[(first + operand * offset) % list.len()];
                }
                add(shapes);
            }
        }
        if let Some(twin) = twin {
            let mut shapes = [Shape::None; 4];
            for (operand, (ty, _)) in op.params.iter().enumerate() {
                shapes[operand] = if *ty == twin { Shape::Same } else { Shape::Param };
            }
            add(shapes);
        }
    }
}

/// Modules to be: functions in order, as many as fit, and what they need.
struct Batch {
    specs: Vec<Spec>,
    features: Features,
}

/// Features that decide which functions share a module.
const SPLITTING: [Feature; 6] = [
    Feature::ReferenceTypes,
    Feature::Simd,
    Feature::RelaxedSimd,
    Feature::Memory64,
    Feature::WideArithmetic,
    Feature::Threads,
];

fn build(allowed: Features) -> Vec<Batch> {
    let mut all = Vec::new();
    for number in 0..OPS.len() {
        specs(number as u16, &mut all);
    }
    let mut specs: Vec<((u32, bool), Features, Spec)> = all
        .into_iter()
        .map(|spec| (write::features(&spec), spec))
        .filter(|(features, _)| features.minus(allowed).is_empty())
        .map(|(features, spec)| {
            let class = SPLITTING.iter().enumerate().map(|(bit, split)| u32::from(features.contains(*split)) << bit);
            ((class.sum(), spec.tells_nans_apart()), features, spec)
        })
        .collect();
    // Stable: within a class the order of the table stays.
    specs.sort_by_key(|(class, ..)| *class);
    let mut batches: Vec<((u32, bool), Batch)> = Vec::new();
    for (class, features, spec) in specs {
        match batches.last_mut() {
            Some((last, batch)) if *last == class && batch.specs.len() < FUNCTIONS_MAX => {
                batch.specs.push(spec);
                batch.features = batch.features.union(features);
            }
            _ => batches.push((class, Batch { specs: vec![spec], features })),
        }
    }
    batches.into_iter().map(|(_, batch)| batch).collect()
}

/// The batches for a part of the language, which are always the same and take a while to find.
fn batches(allowed: Features) -> Arc<Vec<Batch>> {
    static KNOWN: Mutex<Vec<(Features, Arc<Vec<Batch>>)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, batches)) = known.iter().find(|(features, _)| *features == allowed) {
        return Arc::clone(batches);
    }
    let batches = Arc::new(build(allowed));
    known.push((allowed, Arc::clone(&batches)));
    batches
}

/// How many cases the whole sweep of a part of the language has. Run so many cases of the profile `sweep`, and
/// every cell is in one of them.
#[must_use]
pub fn sweep_cases(features: Features) -> u64 {
    batches(features).len() as u64
}

/// The cells that the whole sweep of a part of the language observes, ascending, each once.
#[must_use]
pub fn sweep_cells(features: Features) -> Vec<Cell> {
    let mut cells: Vec<Cell> =
        batches(features).iter().flat_map(|batch| &batch.specs).flat_map(|spec| spec.cells()).collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}

/// The instruction whose result, as this operand of an opcode, has the shape [`Shape::Inverse`]. None where no
/// instruction undoes the opcode, or where the sweep does not have it.
#[must_use]
pub fn undoing(opcode: &str, operand: usize) -> Option<&'static str> {
    let op = table::position(opcode)?;
    OPS[op].params.get(operand)?;
    let other = table::inverse(op, operand)?;
    Some(OPS[other].name)
}

/// Makes a case; its provenance has no seed yet. `cells` gets what its calls observe.
pub(crate) fn generate(
    order: &Order,
    draw: &mut Draw,
    cells: &mut Vec<(StepIdx, Cell)>,
) -> (TestCase, Vec<&'static str>) {
    let batches = batches(order.features);
    let position = match order.turn {
        Some(turn) => (turn % batches.len() as u64) as usize,
        None => draw.position(batches.len()),
    };
    let batch = &batches[position];
    let module = Module::write(batch, draw);
    let mut script = Script::new(Host::None);
    let index = script.module("main", module.bytes);
    let instance = script.instantiate(index);
    plan(&mut script, instance, batch, &module.functions, draw, cells);
    let has = |feature| batch.features.contains(feature);
    let trait_ = match () {
        () if has(Feature::RelaxedSimd) => "relaxed-vectors",
        () if has(Feature::Simd) => "vectors",
        () if has(Feature::Threads) => "atomics",
        () if has(Feature::ReferenceTypes) => "references",
        () => "scalars",
    };
    (script.finish(batch.features), vec![trait_])
}

/// Calls of every function, round by round.
fn plan(
    script: &mut Script,
    instance: InstanceIdx,
    batch: &Batch,
    functions: &[Written],
    draw: &mut Draw,
    cells: &mut Vec<(StepIdx, Cell)>,
) {
    let names: Vec<String> = (0..functions.len()).map(|number| format!("f{number}")).collect();
    for pass in 0..=ROUNDS {
        for ((function, spec), name) in functions.iter().zip(&batch.specs).zip(&names) {
            // In its last pass a function whose constant is at an edge gets the plain arguments of others' first one.
            let round = match (function.late, pass) {
                (false, ROUNDS) => continue,
                (true, 0..OPEN_ROUND) => continue,
                (true, ROUNDS) => 0,
                _ => pass,
            };
            let only_once = function.params.iter().all(|domain| domain.kind == Kind::Condition);
            if only_once && round > 1 && pass != ROUNDS {
                continue;
            }
            if function.params.is_empty() && round > 0 {
                continue;
            }
            let args: Vec<Value> = function
                .params
                .iter()
                .enumerate()
                .map(|(number, domain)| {
                    let chosen = function.selector.filter(|(param, _)| *param == number);
                    write::argument(*domain, round, draw, chosen.map(|(_, first)| write::selects(round, first)))
                })
                .collect();
            let step = script.invoke(instance, name, args);
            // In odd rounds `select` takes the other operand.
            if function.selector.is_none() || round.is_multiple_of(2) {
                cells.extend(spec.cells().map(|cell| (step, cell)));
            }
        }
        if matches!(pass, 0 | 4 | ROUNDS) {
            script.snapshot();
        }
    }
}

struct Module {
    bytes: Vec<u8>,
    functions: Vec<Written>,
}

impl Module {
    fn write(batch: &Batch, draw: &mut Draw) -> Self {
        let has = |feature| batch.features.contains(feature);
        let sunk = |sink| batch.specs.iter().any(|spec| spec.sink == sink);
        let (vectors, references) = (has(Feature::Simd), has(Feature::ReferenceTypes));
        let wide = has(Feature::Memory64);
        let mut draft = Draft::default();

        let exists = |ty: Ty| match ty {
            Ty::V128 => vectors,
            Ty::Func | Ty::Extern => references,
            _ => true,
        };
        let layout = Self::scaffold(&mut draft, exists, wide, sunk(Sink::TableIndex) || references, references);
        let mut layout = layout;
        if sunk(Sink::Global) {
            for ty in Ty::ALL.into_iter().filter(|ty| exists(*ty)) {
                let zero = match ty {
                    Ty::I32 => ConstExpr::i32_const(0),
                    Ty::I64 => ConstExpr::i64_const(0),
                    Ty::F32 => ConstExpr::f32_const(0.0.into()),
                    Ty::F64 => ConstExpr::f64_const(0.0.into()),
                    Ty::V128 => ConstExpr::v128_const(0),
                    Ty::Func => ConstExpr::ref_null(HeapType::FUNC),
                    Ty::Extern => ConstExpr::ref_null(HeapType::EXTERN),
                };
                let global = draft.global(draft::mutable(ty.encoded()), &zero);
                layout.globals[ty as usize] = global;
                draft.export(&format!("g{global}"), ExportKind::Global, global);
            }
        }

        let mut uses = Uses::default();
        let mut functions = Vec::with_capacity(batch.specs.len());
        for (number, spec) in batch.specs.iter().enumerate() {
            let written = Writer::new(&layout, draw, &mut uses, number as u32).write(spec);
            let params: Vec<_> = written.params.iter().map(|domain: &Domain| domain.ty.encoded()).collect();
            let results: Vec<_> = written.results.iter().map(|ty| ty.encoded()).collect();
            let locals: Vec<_> = written.locals.iter().map(|ty| ty.encoded()).collect();
            let ty = draft.func_type(&params, &results);
            let function = draft.declare(ty);
            draft.define_raw(function, &locals, &written.code);
            draft.export(&format!("f{number}"), ExportKind::Func, function);
            functions.push(written);
        }

        let memory = draft.memory(MemoryType { memory64: wide, ..draft::memory_type(1, 3) });
        draft.export("memory", ExportKind::Memory, memory);
        let ramp: Vec<u8> = (0..write::RAMP_LEN).map(|address| (address * 37 + 11) as u8).collect();
        let segment = |draft: &mut Draft, offset: u64, data: Vec<u8>| {
            let offset = if wide { ConstExpr::i64_const(offset as i64) } else { ConstExpr::i32_const(offset as i32) };
            draft.data(DataSegment { mode: DataSegmentMode::Active { memory_index: 0, offset: &offset }, data });
        };
        if batch.specs.iter().any(|spec| OPS[usize::from(spec.op)].name == "memory.init") {
            draft.data(DataSegment { mode: DataSegmentMode::Passive, data: ramp.iter().rev().copied() });
        }
        if !has(Feature::BulkMemory) {
            draft.leave_data_uncounted();
        }
        segment(&mut draft, 0, ramp);
        for ty in Ty::ALL.into_iter().filter(|ty| uses.regions >> *ty as u8 & 1 == 1) {
            let data = slots(ty, batch, draw);
            segment(&mut draft, write::region(ty), data);
        }
        if uses.small {
            let data = write::SMALL.iter().flat_map(|number| number.to_le_bytes()).collect();
            segment(&mut draft, write::small_region(), data);
        }
        Self { bytes: draft.finish(), functions }
    }

    /// What all functions call: identities, leaves, and the tables.
    fn scaffold(draft: &mut Draft, exists: impl Fn(Ty) -> bool, wide: bool, leaves: bool, references: bool) -> Layout {
        let mut layout =
            Layout { identity: [0; 7], globals: [0; 7], leaf_type: 0, leaves: 0, tables: [1, 2], leaf: 0, wide };
        layout.leaf_type = draft.func_type(&[], &[Ty::I32.encoded()]);
        if leaves {
            layout.leaf = draft.next_func();
            for number in 0..8 {
                draft.func(layout.leaf_type, &[], |code| {
                    code.i32_const(0x1000 + number * 0x111);
                });
            }
            let ty = TableType { table64: wide, ..draft::table_type(RefType::FUNCREF, 8, 8) };
            layout.leaves = draft.table(ty, None);
            let offset = if wide { ConstExpr::i64_const(0) } else { ConstExpr::i32_const(0) };
            let members: Vec<u32> = (layout.leaf..layout.leaf + 8).collect();
            draft.element(ElementSegment {
                mode: ElementMode::Active { table: None, offset: &offset },
                elements: Elements::Functions(members.into()),
            });
        }
        if references {
            for (number, ty) in [RefType::FUNCREF, RefType::EXTERNREF].into_iter().enumerate() {
                layout.tables[number] = draft.table(draft::table_type(ty, 16, 16), None);
                draft.export(["functions", "objects"][number], ExportKind::Table, layout.tables[number]);
            }
            let members: Vec<u32> = (layout.leaf..layout.leaf + 4).collect();
            draft.element(ElementSegment {
                mode: ElementMode::Active { table: Some(layout.tables[0]), offset: &ConstExpr::i32_const(2) },
                elements: Elements::Functions(members.into()),
            });
        }
        for ty in Ty::ALL.into_iter().filter(|ty| exists(*ty)) {
            // A plan can write no function: one is taken from the table.
            let from = if ty == Ty::Func { Ty::I32 } else { ty };
            let func_type = draft.func_type(&[from.encoded()], &[ty.encoded()]);
            let table = layout.tables[0];
            layout.identity[ty as usize] = draft.func(func_type, &[], |code| {
                code.local_get(0);
                if ty == Ty::Func {
                    code.table_get(table);
                }
            });
        }
        if references {
            let func_type = draft.func_type(&[Ty::Func.encoded()], &[Ty::Func.encoded()]);
            draft.func(func_type, &[], |code| {
                code.local_get(0);
            });
        }
        layout
    }
}

/// Values to load: two plain ones, six calm ones or edges of integers, edges, and NaNs at the end.
fn slots(ty: Ty, batch: &Batch, draw: &mut Draw) -> Vec<u8> {
    // A vector's lanes are those of the first instruction that takes one.
    let lanes = batch
        .specs
        .iter()
        .map(|spec| &OPS[usize::from(spec.op)])
        .find(|op| op.params.iter().any(|(param, role)| *param == Ty::V128 && *role == Role::Value));
    let lanes = lanes.map_or(Lanes::Integer, |op| op.lanes);
    let open = batch.specs.iter().any(|spec| OPS[usize::from(spec.op)].open);
    let mut bytes = Vec::with_capacity(16 * write::SLOTS as usize);
    for slot in 0..write::SLOTS {
        let round = match slot {
            0 => 0,
            1 => 1,
            2..8 if open => 1,
            2..12 => 2,
            _ => ROUNDS - 1,
        };
        let mut slot = match write::value(ty, lanes, round, draw) {
            Value::I32(bits) | Value::F32(bits) => bits.to_le_bytes().to_vec(),
            Value::I64(bits) | Value::F64(bits) => bits.to_le_bytes().to_vec(),
            Value::V128(bits) => bits.to_le_bytes().to_vec(),
            Value::Ref(_) => Vec::new(),
        };
        slot.resize(16, 0);
        bytes.append(&mut slot);
    }
    bytes
}
