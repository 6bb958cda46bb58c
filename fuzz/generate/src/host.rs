//! The `host` family: calls that leave the module, between accesses to the state that both sides see.
//!
//! An engine may keep a memory's base, a global or a table's length in a register. Whatever a callee outside of the
//! module can change has to be read again behind the call, and what the callee can see has to be written before it.
//!
//! The deterministic host answers with values and records its calls; it does nothing else. So what a host *does* is
//! done by an instance of the case, the *agent*: it writes the memory, the globals and the table that it shares with
//! the caller, grows them, calls back into the caller, traps, or throws. That crosses from instance to instance as a
//! host's calls do, and every engine can do it.

use wasm_encoder::{
    BlockType, Catch, ConstExpr, ElementMode, ElementSegment, Elements, EntityType, ExportKind, GlobalType, HeapType,
    InstructionSink, RefType, TagKind, TagType, ValType,
};
use wassay_model::{Feature, Features, Host, TestCase, Value, host};

use crate::Order;
use crate::body::plain;
use crate::draft::{Draft, memory_type, table_type};
use crate::draw::Draw;
use crate::script::Script;
use crate::values;

const ELEMENTS: u32 = 8;
/// Where in the memory the programs meet.
const PLACES: i32 = 0x78;
const PAGES_MAX: u64 = 4;

/// A function of the host, as the module imports it.
struct Import {
    index: u32,
    params: Vec<ValType>,
    results: Vec<ValType>,
    ty: u32,
    /// Where in the table it stands.
    slot: u32,
}

#[derive(Clone, Copy)]
struct Style {
    agent: bool,
    references: bool,
    tails: bool,
    throws: bool,
    vectors: bool,
    several: bool,
    mutable_globals: bool,
    floats: bool,
}

/// What the agent exports, with what it takes and returns.
const AGENT: [(&str, &[ValType], &[ValType]); 8] = [
    ("poke", &[ValType::I32, ValType::I32], &[]),
    ("grow", &[ValType::I32], &[ValType::I32]),
    ("assign", &[ValType::I32], &[ValType::I32]),
    ("swap", &[ValType::I32, ValType::I32], &[]),
    ("back", &[ValType::I32, ValType::I32], &[ValType::I32]),
    ("twice", &[ValType::I32, ValType::I32], &[ValType::I32]),
    ("trap", &[ValType::I32], &[ValType::I32]),
    ("raise", &[ValType::I32], &[ValType::I32]),
];

/// Makes a case; its provenance has no seed yet.
pub(crate) fn generate(order: &Order, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    let mut used = Features::V1;
    let mut wants = |feature, percent: u32, draw: &mut Draw| {
        let holds = order.features.contains(feature) && draw.percent(percent);
        if holds {
            used = used.union(Features::of(&[feature]));
        }
        holds
    };
    let mutable_globals = wants(Feature::MutableGlobal, 100, draw);
    let bulk = wants(Feature::BulkMemory, 70, draw);
    let references = bulk && wants(Feature::ReferenceTypes, 70, draw);
    let style = Style {
        agent: draw.percent(65),
        references,
        tails: wants(Feature::TailCall, 40, draw),
        throws: references && wants(Feature::Exceptions, 40, draw),
        vectors: wants(Feature::Simd, 40, draw),
        several: wants(Feature::MultiValue, 60, draw),
        mutable_globals,
        floats: draw.percent(80),
    };
    let mut traits = Vec::new();
    for (name, holds) in [
        ("agent", style.agent),
        ("tail-calls", style.tails),
        ("exceptions", style.throws),
        ("vectors", style.vectors),
        ("several-results", style.several),
    ] {
        if holds {
            traits.push(name);
        }
    }
    let mut script = Script::new(Host::Deterministic);
    if style.agent {
        let state = script.module("state", state(style));
        let state = script.instantiate(state);
        script.register(state, "state");
        let agent = script.module("agent", agent(style));
        let agent = script.instantiate(agent);
        script.register(agent, "agent");
    }
    let (bytes, imports, starts) = main(style, draw);
    if starts {
        traits.push("start");
    }
    let module = script.module("main", bytes);
    let main = script.instantiate(module);
    if draw.percent(40) {
        script.snapshot();
    }
    for _ in 0..draw.between(8, 16) {
        let mut args = |types: &[ValType]| -> Option<Vec<Value>> {
            types.iter().map(|ty| values::argument(model(*ty), draw)).collect()
        };
        let (name, args) = match args(&[ValType::I32]).as_deref() {
            // The import itself, exported again.
            Some([Value::I32(bits)]) if bits % 5 == 0 => {
                let number = *bits as usize % imports.len();
                (format!("again{number}"), args(&imports[number].params))
            }
            Some([Value::I32(bits)]) => (format!("run{}", bits % 3), args(&[ValType::I32, ValType::I64])),
            _ => continue,
        };
        if let Some(args) = args {
            script.invoke(main, &name, args);
            if draw.percent(15) {
                script.snapshot();
            }
        }
    }
    script.snapshot();
    (script.finish(used), traits)
}

fn model(ty: ValType) -> wassay_model::ValType {
    use wassay_model::{RefType, ValType as Model};
    match ty {
        ValType::I32 => Model::I32,
        ValType::I64 => Model::I64,
        ValType::F32 => Model::F32,
        ValType::F64 => Model::F64,
        ValType::V128 => Model::V128,
        ValType::Ref(reference) if reference == wasm_encoder::RefType::EXTERNREF => Model::Ref(RefType::EXTERN),
        ValType::Ref(_) => Model::Ref(RefType::FUNC),
    }
}

fn shared_globals(style: Style) -> [GlobalType; 2] {
    [ValType::I32, ValType::I64].map(|val_type| GlobalType { val_type, mutable: style.mutable_globals, shared: false })
}

fn state(style: Style) -> Vec<u8> {
    let mut draft = Draft::default();
    let payload = draft.func_type(&[ValType::I32], &[]);
    draft.memory(memory_type(1, PAGES_MAX));
    draft.table(table_type(RefType::FUNCREF, u64::from(ELEMENTS), u64::from(ELEMENTS) + 4), None);
    let [narrow, wide] = shared_globals(style);
    draft.global(narrow, &ConstExpr::i32_const(5));
    draft.global(wide, &ConstExpr::i64_const(-5));
    draft.export("memory", ExportKind::Memory, 0);
    draft.export("table", ExportKind::Table, 0);
    draft.export("g0", ExportKind::Global, 0);
    draft.export("g1", ExportKind::Global, 1);
    if style.throws {
        let tag = draft.tag(payload);
        draft.export("tag", ExportKind::Tag, tag);
    }
    draft.finish()
}

/// Imports all that the instance `state` exports; the tag.
fn import_state(draft: &mut Draft, style: Style) -> Option<u32> {
    let payload = draft.func_type(&[ValType::I32], &[]);
    draft.import("state", "memory", EntityType::Memory(memory_type(1, PAGES_MAX)));
    let table = table_type(RefType::FUNCREF, u64::from(ELEMENTS), u64::from(ELEMENTS) + 4);
    draft.import("state", "table", EntityType::Table(table));
    for (number, global) in shared_globals(style).into_iter().enumerate() {
        draft.import("state", &format!("g{number}"), EntityType::Global(global));
    }
    let ty = TagType { kind: TagKind::Exception, func_type_idx: payload };
    style.throws.then(|| draft.import("state", "tag", EntityType::Tag(ty)))
}

fn agent(style: Style) -> Vec<u8> {
    let mut draft = Draft::default();
    let tag = import_state(&mut draft, style);
    let leaf = draft.func_type(&[ValType::I32], &[ValType::I32]);
    for (name, params, results) in AGENT {
        let ty = draft.func_type(params, results);
        let index = draft.func(ty, &[], |sink| match name {
            "poke" => {
                sink.local_get(0).i32_const(PLACES).i32_and().local_get(1).i32_store(plain(0, 0, 2));
            }
            "grow" => {
                sink.local_get(0).i32_const(1).i32_and().memory_grow(0);
                // Into what is new, or was new before.
                sink.memory_size(0).i32_const(16).i32_shl().i32_const(8).i32_sub().local_get(0);
                sink.i32_store(plain(0, 0, 2));
            }
            "assign" if style.mutable_globals => {
                sink.global_get(0).local_get(0).global_set(0);
                sink.global_get(1).local_get(0).i64_extend_i32_u().i64_sub().global_set(1);
            }
            "swap" if style.references => {
                for (to, from) in [(0, 1), (1, 0)] {
                    sink.local_get(to).i32_const(7).i32_and();
                    sink.local_get(from).i32_const(7).i32_and().table_get(0).table_set(0);
                }
            }
            "back" => {
                sink.local_get(1).local_get(0).i32_const(3).i32_and().call_indirect(0, leaf);
            }
            "twice" => {
                for _ in 0..2 {
                    sink.local_get(1).local_get(0).i32_const(3).i32_and().call_indirect(0, leaf).local_set(1);
                }
                sink.local_get(1);
            }
            "trap" => {
                sink.i32_const(PLACES).local_get(0).i32_store(plain(0, 8, 2));
                sink.i32_const(100).local_get(0).i32_const(31).i32_and().i32_div_u();
            }
            "raise" => match tag {
                Some(tag) => {
                    sink.i32_const(0).local_get(0).i32_store(plain(0, 4, 2));
                    sink.local_get(0).i32_const(1).i32_and().if_(BlockType::Empty).local_get(0).throw(tag).end();
                    sink.local_get(0);
                }
                None => {
                    sink.local_get(0);
                }
            },
            _ if results.is_empty() => {}
            _ => {
                sink.local_get(0);
            }
        });
        draft.export(name, ExportKind::Func, index);
    }
    draft.finish()
}

/// The indices of the main module.
struct Names {
    imports: Vec<Import>,
    /// Where the agent's functions begin.
    agent: Option<u32>,
    tag: Option<u32>,
    globals: [u32; 2],
    own_global: u32,
    leaf: u32,
    leaf_type: u32,
    assignable: bool,
}

/// The main module, what it imports from the host, and whether its start function calls it.
fn main(style: Style, draw: &mut Draw) -> (Vec<u8>, Vec<Import>, bool) {
    let mut draft = Draft::default();
    let mut imports: Vec<Import> = Vec::new();
    for number in 0..draw.between(2, 5) {
        let count = draw.weighted(&[(0, 1), (1, 3), (2, 3), (3, 2), (7, 1), (12, 1)]);
        let params: Vec<ValType> = (0..count).map(|_| val_type(style, draw)).collect();
        let count = draw.weighted(&[(0, 2), (1, 6), (2, 2), (3, 1), (5, 1)]).min(if style.several { 9 } else { 1 });
        let results: Vec<ValType> = (0..count).map(|_| val_type(style, draw)).collect();
        // The same import twice is one function, with as many calls of its own.
        let (name, params, results) = match imports.first() {
            Some(first) if draw.percent(20) => ("h0".to_owned(), first.params.clone(), first.results.clone()),
            _ => (format!("h{number}"), params, results),
        };
        let ty = draft.func_type(&params, &results);
        let index = draft.import(host::MODULE, &name, EntityType::Function(ty));
        imports.push(Import { index, params, results, ty, slot: 4 + number % 4 });
    }
    let mut agent = None;
    let mut tag = None;
    if style.agent {
        for (name, params, results) in AGENT {
            let ty = draft.func_type(params, results);
            let index = draft.import("agent", name, EntityType::Function(ty));
            agent = agent.or(Some(index));
        }
        tag = import_state(&mut draft, style);
    } else {
        draft.memory(memory_type(1, PAGES_MAX));
        draft.table(table_type(RefType::FUNCREF, u64::from(ELEMENTS), u64::from(ELEMENTS) + 4), None);
        for ty in [ValType::I32, ValType::I64] {
            let global = GlobalType { val_type: ty, mutable: true, shared: false };
            let zero = if ty == ValType::I32 { ConstExpr::i32_const(0) } else { ConstExpr::i64_const(0) };
            draft.global(global, &zero);
        }
    }
    let own_global =
        draft.global(GlobalType { val_type: ValType::I32, mutable: true, shared: false }, &ConstExpr::i32_const(1));
    let leaf_type = draft.func_type(&[ValType::I32], &[ValType::I32]);
    let mut names = Names {
        imports,
        agent,
        tag,
        globals: [0, 1],
        own_global,
        leaf: draft.next_func(),
        leaf_type,
        assignable: !style.agent || style.mutable_globals,
    };
    // What is called back: it changes what the caller may hold in registers.
    for _ in 0..4 {
        draft.func(leaf_type, &[], |sink| leaf(sink, &names, draw));
    }
    let mut tails = Vec::new();
    for import in &names.imports {
        if style.tails {
            let indirect = draw.percent(50);
            tails.push(draft.func(import.ty, &[], |sink| {
                for param in 0..import.params.len() as u32 {
                    sink.local_get(param);
                }
                if indirect {
                    sink.i32_const(import.slot.cast_signed()).return_call_indirect(0, import.ty);
                } else {
                    sink.return_call(import.index);
                }
            }));
        }
    }
    let several = style.several && draw.percent(50);
    let results: &[ValType] = if several { &[ValType::I32, ValType::I64] } else { &[ValType::I64] };
    let run_type = draft.func_type(&[ValType::I32, ValType::I64], results);
    for number in 0..3 {
        let index = draft.func(run_type, &[ValType::I64, ValType::I32], |sink| {
            for _ in 0..draw.between(3, 8) {
                action(sink, &names, &tails, style, draw);
            }
            if several {
                sink.global_get(names.own_global);
            }
            sink.local_get(SUM);
        });
        draft.export(&format!("run{number}"), ExportKind::Func, index);
    }
    let starts = draw.percent(25);
    if starts {
        let nothing = draft.func_type(&[], &[]);
        // The same locals as in the others, so that the same actions can be written.
        let locals = [ValType::I32, ValType::I64, ValType::I64, ValType::I32];
        let index = draft.func(nothing, &locals, |sink| {
            for _ in 0..2 {
                host_call(sink, &names, &tails, style, draw);
            }
            sink.local_get(SUM).i32_wrap_i64().global_set(names.own_global);
        });
        draft.start(index);
    }
    for (number, import) in names.imports.iter().enumerate() {
        draft.export(&format!("again{number}"), ExportKind::Func, import.index);
    }
    draft.export("leaf", ExportKind::Func, names.leaf);
    draft.export("memory", ExportKind::Memory, 0);
    if style.mutable_globals {
        draft.export("own", ExportKind::Global, own_global);
    }
    let mut slots: Vec<u32> = (0..ELEMENTS).map(|slot| names.leaf + slot % 4).collect();
    for import in &names.imports {
        slots[import.slot as usize] = import.index;
    }
    // Two imports may share a slot: the one that is there is the one to call.
    for import in &mut names.imports {
        if slots[import.slot as usize] != import.index {
            import.slot = ELEMENTS;
        }
    }
    let mode = ElementMode::Active { table: None, offset: &ConstExpr::i32_const(0) };
    draft.element(ElementSegment { mode, elements: Elements::Functions(slots.into()) });
    (draft.finish(), names.imports, starts)
}

fn val_type(style: Style, draw: &mut Draw) -> ValType {
    let mut types = vec![(ValType::I32, 5), (ValType::I64, 5)];
    if style.floats {
        types.extend([(ValType::F32, 3), (ValType::F64, 3)]);
    }
    if style.vectors {
        types.push((ValType::V128, 4));
    }
    if style.references {
        types.extend([(ValType::EXTERNREF, 1), (ValType::FUNCREF, 1)]);
    }
    draw.weighted(&types)
}

fn leaf(sink: &mut InstructionSink<'_>, names: &Names, draw: &mut Draw) {
    sink.global_get(names.own_global).i32_const(draw.between(1, 9).cast_signed()).i32_add();
    sink.global_set(names.own_global);
    sink.local_get(0).i32_const(PLACES).i32_and().local_get(0).i32_store(plain(0, u64::from(draw.below(8)), 0));
    if names.assignable && draw.percent(50) {
        sink.local_get(0).global_set(names.globals[0]);
    }
    sink.local_get(0).i32_const(draw.bits() as i32).i32_xor().global_get(names.own_global).i32_add();
}

/// `run`'s parameters, its sum and its counter.
const X: u32 = 0;
const Y: u32 = 1;
const SUM: u32 = 2;
const COUNTER: u32 = 3;

/// Adds the `i64` on the stack to the sum.
fn mix(sink: &mut InstructionSink<'_>) {
    sink.local_get(SUM).i64_const(7).i64_rotl().i64_add().local_set(SUM);
}

fn mix_narrow(sink: &mut InstructionSink<'_>) {
    sink.i64_extend_i32_u();
    mix(sink);
}

fn push(sink: &mut InstructionSink<'_>, names: &Names, ty: ValType, draw: &mut Draw) {
    match (ty, draw.below(3)) {
        (ValType::I32, 0) => sink.local_get(X),
        (ValType::I32, 1) => sink.global_get(names.own_global),
        (ValType::I32, _) => sink.local_get(Y).i32_wrap_i64(),
        (ValType::I64, 0) => sink.local_get(Y),
        (ValType::I64, _) => sink.local_get(SUM),
        (ValType::F32, 0) => sink.f32_const((-1.5).into()),
        (ValType::F32, _) => sink.local_get(X).f32_convert_i32_s(),
        (ValType::F64, 0) => sink.f64_const(0.25.into()),
        (ValType::F64, _) => sink.local_get(Y).f64_convert_i64_s(),
        (ValType::V128, 0) => sink.v128_const(draw.bits().into()),
        (ValType::V128, _) => sink.local_get(Y).i64x2_splat().local_get(X).i32x4_replace_lane(3),
        (ValType::Ref(reference), choice) if reference == RefType::FUNCREF && choice > 0 => sink.ref_func(names.leaf),
        (ValType::Ref(reference), _) => match reference.heap_type {
            HeapType::EXTERN => sink.ref_null(HeapType::EXTERN),
            _ => sink.ref_null(HeapType::FUNC),
        },
    };
}

/// Takes results of these types from the stack into the sum.
fn take(sink: &mut InstructionSink<'_>, results: &[ValType]) {
    for ty in results.iter().rev() {
        match ty {
            ValType::I32 => sink.i64_extend_i32_s(),
            ValType::I64 => sink,
            ValType::F32 => sink.i32_reinterpret_f32().i64_extend_i32_u(),
            ValType::F64 => sink.i64_reinterpret_f64(),
            ValType::V128 => sink.i64x2_extract_lane(1),
            ValType::Ref(_) => sink.ref_is_null().i64_extend_i32_u(),
        };
        mix(sink);
    }
}

/// Calls a function of the host: itself, through the table, or through a function that ends in the call.
fn host_call(sink: &mut InstructionSink<'_>, names: &Names, tails: &[u32], style: Style, draw: &mut Draw) {
    let number = draw.position(names.imports.len());
    let import = &names.imports[number];
    for param in &import.params {
        push(sink, names, *param, draw);
    }
    match draw.below(4) {
        // The table may be another's to change, and then the type may not be the one.
        0 if !style.agent && slot_is_own(names, number) => {
            sink.i32_const(import.slot.cast_signed()).call_indirect(0, import.ty);
        }
        1 if !tails.is_empty() && (!style.agent || !style.references) && slot_is_own(names, number) => {
            sink.call(tails[number]);
        }
        _ => {
            sink.call(import.index);
        }
    }
    take(sink, &import.results);
}

/// Whether no later import stands in the same slot.
fn slot_is_own(names: &Names, number: usize) -> bool {
    names.imports[number + 1..].iter().all(|other| other.slot != names.imports[number].slot)
}

fn place(sink: &mut InstructionSink<'_>) {
    sink.local_get(X).i32_const(PLACES).i32_and();
}

/// Something around a call.
fn action(sink: &mut InstructionSink<'_>, names: &Names, tails: &[u32], style: Style, draw: &mut Draw) {
    let agent = |name: &str| {
        let position = AGENT.iter().position(|(other, ..)| *other == name).unwrap_or(0) as u32;
        names.agent.map(|first| first + position)
    };
    match draw.below(if style.agent { 12 } else { 4 }) {
        0 => {
            place(sink);
            sink.local_get(Y).i64_store(plain(0, 0, 3));
            host_call(sink, names, tails, style, draw);
            place(sink);
            sink.i64_load(plain(0, 0, 3));
            mix(sink);
        }
        1 => {
            sink.local_get(X).global_set(names.own_global);
            host_call(sink, names, tails, style, draw);
            sink.global_get(names.own_global);
            mix_narrow(sink);
        }
        2 => {
            sink.i32_const(draw.between(1, 4).cast_signed()).local_set(COUNTER).loop_(BlockType::Empty);
            host_call(sink, names, tails, style, draw);
            sink.local_get(COUNTER).i32_const(1).i32_sub().local_tee(COUNTER).br_if(0).end();
        }
        3 => host_call(sink, names, tails, style, draw),
        4 => {
            // Read, have it written, read again: the first value must not stand for the second.
            let Some(poke) = agent("poke") else { return };
            place(sink);
            sink.i32_load(plain(0, 0, 2));
            place(sink);
            sink.local_get(Y).i32_wrap_i64().call(poke);
            place(sink);
            sink.i32_load(plain(0, 0, 2)).i32_const(3).i32_mul().i32_add();
            mix_narrow(sink);
        }
        5 => {
            let Some(grow) = agent("grow") else { return };
            sink.memory_size(0).local_get(X).call(grow).i32_add().memory_size(0).i32_sub();
            mix_narrow(sink);
            // The last bytes of what there is now.
            sink.memory_size(0).i32_const(16).i32_shl().i32_const(8).i32_sub().i64_load(plain(0, 0, 3));
            mix(sink);
        }
        6 => {
            let Some(assign) = agent("assign") else { return };
            sink.global_get(names.globals[0])
                .local_get(X)
                .call(assign)
                .i32_xor()
                .global_get(names.globals[0])
                .i32_add();
            mix_narrow(sink);
            sink.global_get(names.globals[1]);
            mix(sink);
        }
        7 => {
            let Some(swap) = agent("swap") else { return };
            // The first four slots hold leaves, and trade places with one another.
            for shift in [0, 2] {
                sink.local_get(X).i32_const(shift).i32_shr_u().i32_const(3).i32_and();
            }
            sink.call(swap);
            sink.local_get(X).i32_const(draw.below(4).cast_signed()).call_indirect(0, names.leaf_type);
            mix_narrow(sink);
        }
        8 | 9 => {
            let Some(back) = agent(draw.pick(&["back", "twice"])) else { return };
            // Local, global and memory around a call that comes back and changes two of them.
            place(sink);
            sink.local_get(X).i32_store(plain(0, 0, 2));
            sink.global_get(names.own_global).i32_const(draw.below(4).cast_signed());
            sink.local_get(Y).i32_wrap_i64().call(back).i32_add().global_get(names.own_global).i32_mul();
            mix_narrow(sink);
            place(sink);
            sink.i32_load(plain(0, 0, 2));
            mix_narrow(sink);
        }
        10 => {
            let Some(trap) = agent("trap") else { return };
            // One time in 32 it does trap: the state before it stays.
            sink.local_get(X).global_set(names.own_global).local_get(X).call(trap);
            mix_narrow(sink);
        }
        _ => {
            let (Some(raise), Some(tag)) = (agent("raise"), names.tag) else {
                return host_call(sink, names, tails, style, draw);
            };
            sink.local_get(X).global_set(names.own_global);
            sink.block(BlockType::Result(ValType::I32));
            sink.try_table(BlockType::Result(ValType::I32), [Catch::One { tag, label: 0 }]);
            sink.local_get(X).call(raise).end().i32_const(13).i32_mul().end();
            mix_narrow(sink);
            place(sink);
            sink.i32_load(plain(0, 4, 2)).global_get(names.own_global).i32_add();
            mix_narrow(sink);
        }
    }
}
