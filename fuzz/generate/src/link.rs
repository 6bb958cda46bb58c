//! The `link` family: several modules that share memories, tables, globals and tags.
//!
//! A case has a *store*, an instance that owns the state, and units that import it: from the store itself or from a
//! unit that exports again what it imported, so that there are chains and diamonds. A unit is instantiated once or
//! several times. Some modules do not become instances: a segment is out of bounds, the start function traps, an
//! import does not match. What they wrote before stays written, functions that they put into the shared table can
//! be called, and the plan looks at both.
//!
//! Functions in tables and functions that others import call nobody, so nothing recurs.
//!
//! In a part of the cases it is the types that are shared: whether an import matches hangs on what is below what.

mod matching;

use wasm_encoder::{
    BlockType, Catch, CompositeInnerType, ConstExpr, DataSegment, DataSegmentMode, ElementMode, ElementSegment,
    Elements, EntityType, ExportKind, FuncType, GlobalType, InstructionSink, MemoryType, RefType, SubType, TableType,
    TagKind, TagType, ValType,
};
use wassay_model::{Feature, Features, Host, InstanceIdx, TestCase, Value};

use crate::Order;
use crate::body::plain;
use crate::draft::{Draft, memory_type, plain_subtype, table_type};
use crate::draw::Draw;
use crate::script::Script;
use crate::values;

/// Elements of the table that the store fills with its own leaves.
const ELEMENTS: u32 = 8;
/// Addresses that programs use lie below this, so that they are within a page.
const ADDRESSES: u32 = 0xff8;

/// What there is to import, and under which name it was registered.
#[derive(Clone)]
struct World {
    pages: u64,
    pages_max: u64,
    /// Whether the memory is one that threads could share. Nobody runs any.
    for_threads: bool,
    elements_max: u64,
    /// The shared globals: their types and whether they are mutable.
    globals: Vec<GlobalType>,
    /// Whether globals can be mutable.
    mutable_globals: bool,
    grows: bool,
    /// Whether the memory has more pages than it began with.
    grown: bool,
    /// Names under which an instance that exports all of it is registered.
    names: Vec<String>,
}

/// What is wrong with a module that does not become an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flaw {
    Data,
    Element,
    StartTraps,
    MissingExport,
    WrongKind,
    WrongSignature,
    MemoryTooSmall,
    MemoryMaximum,
    MemorySharing,
    TableTooSmall,
    TableMaximum,
    Mutability,
    GlobalType,
}

impl Flaw {
    const fn name(self) -> &'static str {
        match self {
            Self::Data => "data-out-of-bounds",
            Self::Element => "element-out-of-bounds",
            Self::StartTraps => "start-traps",
            _ => "unlinkable",
        }
    }
}

/// Makes a case; its provenance has no seed yet.
pub(crate) fn generate(order: &Order, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    let allowed = order.features;
    let has = |feature| allowed.contains(feature);
    if crate::universe::FEATURES.minus(allowed).is_empty()
        && draw.percent(25)
        && let Some(made) = matching::generate(allowed, draw)
    {
        return made;
    }
    let mutable_globals = has(Feature::MutableGlobal);
    let mut used = Features::V1;
    let mut uses = |feature, holds: bool| {
        if holds {
            used = used.union(Features::of(&[feature]));
        }
        holds
    };
    uses(Feature::MutableGlobal, mutable_globals);
    // Partial initialisation is defined since segments are copied one by one.
    let bulk = uses(Feature::BulkMemory, has(Feature::BulkMemory));
    let references = uses(Feature::ReferenceTypes, bulk && has(Feature::ReferenceTypes) && draw.percent(60));
    let tag = uses(Feature::Exceptions, references && has(Feature::Exceptions) && draw.percent(30));
    let subtypes = uses(Feature::Gc, references && has(Feature::Gc) && draw.percent(40));
    uses(Feature::FunctionReferences, subtypes);
    let tails = uses(Feature::TailCall, has(Feature::TailCall) && draw.percent(30));
    let for_threads = uses(Feature::Threads, has(Feature::Threads) && draw.percent(15));

    let pages = u64::from(draw.between(1, 2));
    let mut world = World {
        pages,
        pages_max: pages + u64::from(draw.between(0, 3)),
        for_threads,
        elements_max: u64::from(ELEMENTS + draw.between(0, 6)),
        globals: [ValType::I32, ValType::I64, ValType::I32, ValType::F32, ValType::F64]
            .into_iter()
            .map(|val_type| GlobalType { val_type, mutable: mutable_globals && draw.percent(70), shared: false })
            .collect(),
        mutable_globals,
        grows: draw.percent(50),
        grown: false,
        names: vec!["store".to_owned()],
    };
    let style = Style { references, tails, tag, bulk, subtypes };
    let mut traits = Vec::new();
    if for_threads {
        traits.push("shared-memory");
    }
    let mut script = Script::new(Host::None);
    let module = script.module("store", unit(&world, None, style, draw));
    let store = script.instantiate(module);
    script.register(store, "store");
    let mut instances = vec![store];
    if draw.percent(35) {
        // All that it defines is its own, and nobody links to it.
        traits.push("twin");
        instances.push(script.instantiate(module));
    }

    let units = draw.between(2, 4);
    for number in 0..units {
        let flaw = draw.percent(35).then(|| flaw(bulk, &world, draw));
        let from = world.names.clone();
        let module = script.module(&format!("unit{number}"), unit(&world, Some((&from, flaw)), style, draw));
        if let Some(flaw) = flaw {
            traits.push(flaw.name());
            // The instance has a number though it is never made.
            script.instantiate(module);
            script.snapshot();
        } else {
            let times = draw.weighted(&[(1, 4), (2, 2), (3, 1)]);
            if times > 1 {
                traits.push("several-instances");
            }
            for _ in 0..times {
                let instance = script.instantiate(module);
                instances.push(instance);
            }
            if draw.percent(60) {
                let name = match world.names.len() {
                    // The name now means another instance; what was linked before stays linked.
                    1.. if draw.percent(20) => {
                        traits.push("registered-anew");
                        world.names[draw.position(world.names.len())].clone()
                    }
                    _ => format!("unit{number}"),
                };
                if let Some(last) = instances.last() {
                    script.register(*last, &name);
                }
                if !world.names.contains(&name) {
                    world.names.push(name);
                    traits.push("chain");
                }
            }
        }
        for _ in 0..draw.between(1, 4) {
            call(&mut script, &instances, bulk, draw);
        }
        if world.grows && !world.grown && draw.percent(60) {
            script.invoke(store, "grow", Vec::new());
            world.grown = world.pages < world.pages_max;
        }
    }
    for _ in 0..draw.between(4, 10) {
        call(&mut script, &instances, bulk, draw);
    }
    // Every slot of the table is called once at the end, whoever's function is in it.
    for slot in 0..ELEMENTS {
        script.invoke(store, "slot", vec![Value::I32(slot), Value::I32(draw.bits() as u32)]);
    }
    script.snapshot();
    for (name, holds) in [("growth", world.grows), ("exceptions", tag), ("tail-calls", tails), ("subtypes", subtypes)] {
        if holds {
            traits.push(name);
        }
    }
    traits.sort_unstable();
    traits.dedup();
    (script.finish(used), traits)
}

fn call(script: &mut Script, instances: &[InstanceIdx], bulk: bool, draw: &mut Draw) {
    let instance = draw.pick(instances);
    let mut narrow = || values::argument(wassay_model::ValType::I32, draw);
    let (Some(left), Some(right)) = (narrow(), narrow()) else { return };
    match draw.below(if bulk { 24 } else { 20 }) {
        0..5 => script.invoke(instance, "slot", vec![Value::I32(draw.below(ELEMENTS)), left]),
        5..10 => script.invoke(instance, "leaf", vec![left]),
        20 => script.invoke(instance, "drop", vec![left, right]),
        21..24 => script.invoke(instance, "init", vec![left, right]),
        _ => script.invoke(instance, "run", vec![left, right]),
    };
    if draw.percent(20) {
        script.snapshot();
    }
}

fn flaw(bulk: bool, world: &World, draw: &mut Draw) -> Flaw {
    let mut flaws = vec![
        Flaw::StartTraps,
        Flaw::StartTraps,
        Flaw::MissingExport,
        Flaw::WrongKind,
        Flaw::WrongSignature,
        Flaw::MemoryMaximum,
        Flaw::TableMaximum,
        Flaw::GlobalType,
    ];
    if world.mutable_globals {
        flaws.push(Flaw::Mutability);
    }
    if world.for_threads {
        flaws.extend([Flaw::MemorySharing, Flaw::MemorySharing]);
    }
    if bulk {
        flaws.extend([Flaw::Data, Flaw::Data, Flaw::Element, Flaw::Element]);
    }
    // Growth may have made up for it.
    if !world.grows {
        flaws.extend([Flaw::MemoryTooSmall, Flaw::TableTooSmall]);
    }
    draw.pick(&flaws)
}

#[derive(Clone, Copy)]
struct Style {
    references: bool,
    tails: bool,
    tag: bool,
    bulk: bool,
    /// Whether the type of leaves has a supertype, under which they can be imported too.
    subtypes: bool,
}

/// The indices of a unit's entities.
struct Names {
    leaf: u32,
    foreign: Option<u32>,
    leaf_type: u32,
    globals: Vec<GlobalType>,
    own_global: u32,
    tag: Option<u32>,
    own_tag: Option<u32>,
    /// Changes the instance's own global.
    bump: Option<u32>,
}

/// A module: the store, which defines the state, or a unit that imports it under one of the names.
fn unit(world: &World, from: Option<(&[String], Option<Flaw>)>, style: Style, draw: &mut Draw) -> Vec<u8> {
    let mut draft = Draft::default();
    if !style.bulk {
        draft.leave_data_uncounted();
    }
    let (leaf_type, leaf_above) = if style.subtypes {
        let function = || CompositeInnerType::Func(FuncType::new([ValType::I32], [ValType::I32]));
        let above = draft.subtype(&SubType { is_final: false, ..plain_subtype(function()) });
        let below = SubType { supertype_idxs: vec![above], ..plain_subtype(function()) };
        (draft.subtype(&below), above)
    } else {
        let ty = draft.func_type(&[ValType::I32], &[ValType::I32]);
        (ty, ty)
    };
    let run_type = draft.func_type(&[ValType::I32, ValType::I32], &[ValType::I32]);
    let payload = draft.func_type(&[ValType::I32], &[]);
    let nothing = draft.func_type(&[], &[]);
    let other_type = draft.func_type(&[ValType::I64], &[ValType::I32]);
    let mut foreign = None;
    let mut tag = None;
    let mut globals: Vec<GlobalType> = world.globals.clone();
    let flaw = from.and_then(|(_, flaw)| flaw);
    let memory_limits = MemoryType { shared: world.for_threads, ..memory_type(world.pages, world.pages_max) };
    let table_limits = table_type(RefType::FUNCREF, u64::from(ELEMENTS), world.elements_max);
    match from {
        None => {
            draft.memory(memory_limits);
            draft.table(table_limits, None);
            if style.tag {
                tag = Some(draft.tag(payload));
            }
            for global in &world.globals {
                draft.global(*global, &initial(global.val_type, draw));
            }
        }
        Some((names, _)) => {
            // From one instance all of it, or each from another.
            let scatter = draw.percent(40);
            let one = draw.position(names.len());
            let pick = |draw: &mut Draw| names[if scatter { draw.position(names.len()) } else { one }].clone();
            let name = pick(draw);
            let signature = match flaw {
                Some(Flaw::WrongSignature) => other_type,
                None if draw.percent(50) => leaf_above,
                _ => leaf_type,
            };
            let export = if flaw == Some(Flaw::MissingExport) { "nothing" } else { "leaf" };
            foreign = Some(draft.import(&name, export, EntityType::Function(signature)));
            let name = pick(draw);
            draft.import(&name, "memory", EntityType::Memory(asked_memory(memory_limits, world.grown, flaw, draw)));
            let name = pick(draw);
            let export = if flaw == Some(Flaw::WrongKind) { "memory" } else { "table" };
            draft.import(&name, export, EntityType::Table(asked_table(table_limits, flaw, draw)));
            if style.tag {
                let name = pick(draw);
                let ty = TagType { kind: TagKind::Exception, func_type_idx: payload };
                tag = Some(draft.import(&name, "tag", EntityType::Tag(ty)));
            }
            if flaw == Some(Flaw::WrongSignature) {
                foreign = None;
            }
            for (number, global) in globals.iter_mut().enumerate() {
                let name = pick(draw);
                match flaw {
                    Some(Flaw::Mutability) if number == 0 => global.mutable = !global.mutable,
                    Some(Flaw::GlobalType) if number == 1 => global.val_type = ValType::F64,
                    _ => {}
                }
                draft.import(&name, &format!("g{number}"), EntityType::Global(*global));
            }
        }
    }
    let own_global = draft.global(
        GlobalType { val_type: ValType::I32, mutable: true, shared: false },
        &ConstExpr::i32_const(draw.below(1000).cast_signed()),
    );
    // Of the same type as the shared one and yet another tag.
    let own_tag = (style.tag && draw.percent(50)).then(|| draft.tag(payload));
    let mut names = Names { leaf: 0, foreign, leaf_type, globals, own_global, tag, own_tag, bump: None };

    // Leaves come first: what goes into tables and to others.
    let leaves: Vec<u32> = (0..draw.between(2, 4))
        .map(|_| {
            let index = draft.next_func();
            draft.func(leaf_type, &[], |sink| leaf(sink, &names, draw)).max(index)
        })
        .collect();
    names.leaf = leaves[0];
    let bump_type = draft.func_type(&[], &[ValType::I32]);
    let step = draw.bits() as i32;
    names.bump = Some(draft.func(bump_type, &[], |sink| {
        sink.global_get(own_global).i32_const(step).i32_add().global_set(own_global).i32_const(step);
    }));
    // Functions of an instance that was never finished crash some engines (`fuzz/regressions/segments-data-before-elem`),
    // and a program that died says nothing else: so few failing modules leave any behind.
    let lasting = flaw.is_none() || draw.percent(15);
    let scratch = [ValType::I32];
    let run = draft.func(run_type, &scratch, |sink| run(sink, &names, world, style, draw));
    if style.bulk {
        // Each instance has the segment until it drops it itself.
        draft.data(DataSegment { mode: DataSegmentMode::Passive, data: draw.bits().to_le_bytes() });
        let init = draft.func(run_type, &[], |sink| {
            sink.local_get(0).i32_const(0xfff).i32_and().i32_const(1).local_get(1).i32_const(3).i32_and();
            sink.memory_init(0, 0).local_get(0).i32_const(0xfff).i32_and().i32_load(plain(0, 0, 0));
        });
        let drop = draft.func(run_type, &[], |sink| {
            sink.data_drop(0).local_get(1);
        });
        draft.export("init", ExportKind::Func, init);
        draft.export("drop", ExportKind::Func, drop);
    }
    if from.is_none() {
        let grow_type = draft.func_type(&[], &[ValType::I32]);
        let grow = draft.func(grow_type, &[], |sink| {
            sink.i32_const(1).memory_grow(0);
        });
        draft.export("grow", ExportKind::Func, grow);
    }
    let slot = draft.func(run_type, &[], |sink| {
        sink.local_get(1).local_get(0).i32_const(7).i32_and();
        if style.tails {
            sink.return_call_indirect(0, leaf_type)
        } else {
            sink.call_indirect(0, leaf_type)
        };
    });
    if flaw == Some(Flaw::StartTraps) || draw.percent(30) {
        let start = draft.func(nothing, &[], |sink| {
            sink.i32_const(0x200 + draw.below(64).cast_signed() * 4)
                .i32_const(draw.bits() as i32)
                .i32_store(plain(0, 0, 2));
            if let Some(number) =
                names.globals.iter().position(|global| global.mutable && global.val_type == ValType::I32)
            {
                sink.global_get(number as u32).i32_const(1).i32_add().global_set(number as u32);
            }
            if style.references && lasting {
                sink.i32_const(draw.below(ELEMENTS).cast_signed()).ref_func(leaves[0]).table_set(0);
            }
            if flaw == Some(Flaw::StartTraps) {
                match draw.below(3) {
                    0 => sink.unreachable(),
                    1 => sink.i32_const(1).i32_const(0).i32_div_u().drop(),
                    _ => sink.i32_const(-1).i32_load(plain(0, 16, 2)).drop(),
                };
            }
        });
        draft.start(start);
    }
    for (name, index) in [("leaf", names.leaf), ("run", run), ("slot", slot)] {
        draft.export(name, ExportKind::Func, index);
    }
    draft.export("memory", ExportKind::Memory, 0);
    draft.export("table", ExportKind::Table, 0);
    for number in 0..names.globals.len() {
        draft.export(&format!("g{number}"), ExportKind::Global, number as u32);
    }
    if let Some(tag) = names.tag {
        draft.export("tag", ExportKind::Tag, tag);
    }
    if world.globals.iter().any(|global| global.mutable) {
        draft.export("own", ExportKind::Global, own_global);
    }
    segments(&mut draft, from.is_none(), (flaw, lasting), &leaves, &names, draw);
    draft.finish()
}

/// A memory type that the shared memory matches, or not.
fn asked_memory(mut ty: MemoryType, grown: bool, flaw: Option<Flaw>, draw: &mut Draw) -> MemoryType {
    match flaw {
        Some(Flaw::MemoryTooSmall) => {
            ty.minimum += 1;
            ty.maximum = ty.maximum.map(|maximum| maximum.max(ty.minimum));
        }
        Some(Flaw::MemoryMaximum) => {
            ty = MemoryType { minimum: 0, maximum: ty.maximum.map(|maximum| maximum - 1), ..ty }
        }
        Some(Flaw::MemorySharing) => ty.shared = !ty.shared,
        // What counts is the size that it has.
        None if grown && draw.percent(60) => ty.minimum += 1,
        _ => {
            ty.minimum -= u64::from(draw.below(2)).min(ty.minimum);
            // One that threads share has a maximum.
            ty.maximum = match ty.maximum {
                _ if !ty.shared && draw.percent(20) => None,
                maximum => maximum.map(|maximum| maximum + u64::from(draw.below(9))),
            };
        }
    }
    ty
}

/// A table type that the shared table matches, or not.
fn asked_table(mut ty: TableType, flaw: Option<Flaw>, draw: &mut Draw) -> TableType {
    match flaw {
        Some(Flaw::TableTooSmall) => {
            ty.minimum += 1;
            ty.maximum = ty.maximum.map(|maximum| maximum.max(ty.minimum));
        }
        Some(Flaw::TableMaximum) => ty = TableType { minimum: 0, maximum: ty.maximum.map(|maximum| maximum - 1), ..ty },
        _ => {
            ty.minimum -= u64::from(draw.below(3));
            ty.maximum =
                if draw.percent(20) { None } else { ty.maximum.map(|maximum| maximum + u64::from(draw.below(9))) };
        }
    }
    ty
}

fn segments(
    draft: &mut Draft,
    is_store: bool,
    (flaw, lasting): (Option<Flaw>, bool),
    leaves: &[u32],
    names: &Names,
    draw: &mut Draw,
) {
    // An imported global that is not mutable may be an offset: its value is small.
    let offset = |number: u32, draw: &mut Draw| {
        let global = names.globals.iter().position(|global| global.val_type == ValType::I32 && !global.mutable);
        match global {
            Some(global) if !is_store && draw.percent(30) => ConstExpr::global_get(global as u32),
            _ => ConstExpr::i32_const(number.cast_signed()),
        }
    };
    if is_store {
        let functions: Vec<u32> = (0..ELEMENTS).map(|slot| leaves[slot as usize % leaves.len()]).collect();
        let mode = ElementMode::Active { table: None, offset: &ConstExpr::i32_const(0) };
        draft.element(ElementSegment { mode, elements: Elements::Functions(functions.into()) });
    }
    let count = match flaw {
        _ if !lasting => 0,
        Some(_) => draw.between(1, 3),
        None => draw.below(3),
    };
    for _ in 0..count {
        let at = offset(draw.below(ELEMENTS - 2), draw);
        let functions: Vec<u32> = (0..draw.between(1, 2)).map(|_| draw.pick(leaves)).collect();
        let mode = ElementMode::Active { table: None, offset: &at };
        draft.element(ElementSegment { mode, elements: Elements::Functions(functions.into()) });
    }
    if flaw == Some(Flaw::Element) {
        // Nothing of a segment that does not fit is written; those before it stay.
        let at = ConstExpr::i32_const(draw.pick(&[ELEMENTS + 30, 15, u32::MAX]).cast_signed());
        // Even of nothing it is out of bounds.
        let count = if draw.percent(30) { 0 } else { 2 };
        let mode = ElementMode::Active { table: None, offset: &at };
        draft.element(ElementSegment { mode, elements: Elements::Functions(vec![leaves[0]; count].into()) });
        if lasting && draw.percent(50) {
            let at = ConstExpr::i32_const(0);
            let mode = ElementMode::Active { table: None, offset: &at };
            draft.element(ElementSegment { mode, elements: Elements::Functions(vec![leaves[1]].into()) });
        }
    }
    let count = match flaw {
        // Some engines write data before elements.
        Some(Flaw::Element) if !lasting => 0,
        Some(_) => draw.between(1, 3),
        None => draw.below(3),
    };
    for _ in 0..count {
        let at = offset(draw.below(ADDRESSES), draw);
        let data = draw.bits().to_le_bytes();
        draft.data(DataSegment { mode: DataSegmentMode::Active { memory_index: 0, offset: &at }, data });
    }
    if flaw == Some(Flaw::Data) {
        // Whatever the memory has grown to, this is beyond it.
        let at = ConstExpr::i32_const(draw.pick(&[(8 << 16) - 3, u32::MAX - 2]).cast_signed());
        // Even of nothing it is out of bounds.
        let data = draw.bits().to_le_bytes().into_iter().take(if draw.percent(30) { 0 } else { 8 });
        let data: Vec<u8> = data.collect();
        draft.data(DataSegment { mode: DataSegmentMode::Active { memory_index: 0, offset: &at }, data });
        if draw.percent(50) {
            let at = ConstExpr::i32_const(8);
            let data = draw.bits().to_le_bytes();
            draft.data(DataSegment { mode: DataSegmentMode::Active { memory_index: 0, offset: &at }, data });
        }
    }
}

fn initial(ty: ValType, draw: &mut Draw) -> ConstExpr {
    match ty {
        ValType::I64 => ConstExpr::i64_const(draw.bits().cast_signed()),
        ValType::F32 => ConstExpr::f32_const((draw.below(1000) as f32).into()),
        ValType::F64 => ConstExpr::f64_const(f64::from(draw.below(1000)).into()),
        // Small, since a segment may take it for its offset.
        _ => ConstExpr::i32_const(draw.below(ELEMENTS - 2).cast_signed()),
    }
}

/// A function of one value that looks at the state of its own instance and at what all share.
fn leaf(sink: &mut InstructionSink<'_>, names: &Names, draw: &mut Draw) {
    let constant = draw.bits() as i32;
    sink.local_get(0).i32_const(constant).i32_xor().global_get(names.own_global).i32_add();
    match draw.below(4) {
        0 => {
            sink.global_get(names.own_global).i32_const(1).i32_add().global_set(names.own_global);
        }
        1 => {
            sink.i32_const(draw.below(ADDRESSES).cast_signed()).local_get(0).i32_store(plain(0, 0, 0));
        }
        2 => {
            sink.i32_const(draw.below(ADDRESSES).cast_signed()).i32_load(plain(0, 0, 0)).i32_add();
        }
        _ => {
            let number = draw.position(names.globals.len());
            if names.globals[number].val_type == ValType::I32 {
                sink.global_get(number as u32).i32_add();
            }
        }
    }
}

/// A function that does several things to what all share, and mixes what it sees into its result.
fn run(sink: &mut InstructionSink<'_>, names: &Names, world: &World, style: Style, draw: &mut Draw) {
    const SUM: u32 = 2;
    let address = |sink: &mut InstructionSink<'_>, draw: &mut Draw| {
        sink.local_get(draw.below(2)).i32_const((ADDRESSES & !7).cast_signed()).i32_and();
        u64::from(draw.below(8))
    };
    let mix = |sink: &mut InstructionSink<'_>| {
        sink.local_get(SUM).i32_const(5).i32_rotl().i32_add().local_set(SUM);
    };
    let own = |sink: &mut InstructionSink<'_>, draw: &mut Draw| {
        sink.local_get(draw.below(2)).global_get(names.own_global).i32_add();
    };
    for _ in 0..draw.between(4, 10) {
        match draw.below(12) {
            0 => {
                let offset = address(sink, draw);
                sink.local_get(draw.below(3)).i32_store(plain(0, offset, 0));
            }
            1 => {
                let offset = address(sink, draw);
                sink.i64_load(plain(0, offset, 0)).i32_wrap_i64();
                mix(sink);
            }
            2 | 3 => {
                let number = draw.position(names.globals.len()) as u32;
                let global = names.globals[number as usize];
                sink.global_get(number);
                match global.val_type {
                    ValType::I64 => sink.i32_wrap_i64(),
                    ValType::F32 => sink.i32_reinterpret_f32(),
                    ValType::F64 => sink.i64_reinterpret_f64().i64_const(20).i64_shr_u().i32_wrap_i64(),
                    _ => sink,
                };
                mix(sink);
                if global.mutable && draw.percent(70) {
                    own(sink, draw);
                    match global.val_type {
                        ValType::I64 => sink.i64_extend_i32_s(),
                        ValType::F32 => sink.f32_convert_i32_s(),
                        ValType::F64 => sink.f64_convert_i32_u(),
                        _ => sink,
                    };
                    sink.global_set(number);
                }
            }
            4 | 5 => {
                own(sink, draw);
                sink.call(names.foreign.unwrap_or(names.leaf));
                mix(sink);
            }
            6 | 7 => {
                own(sink, draw);
                sink.local_get(draw.below(2)).i32_const(7).i32_and().call_indirect(0, names.leaf_type);
                mix(sink);
            }
            8 => {
                sink.memory_size(0);
                mix(sink);
                if let Some(bump) = names.bump {
                    // What is read before the call is the value before the call.
                    sink.global_get(names.own_global).call(bump).i32_xor();
                    mix(sink);
                }
            }
            9 if world.grows => {
                sink.i32_const(draw.below(2).cast_signed()).memory_grow(0);
                mix(sink);
                // The last bytes of what there is now.
                sink.memory_size(0).i32_const(16).i32_shl().i32_const(8).i32_sub();
                sink.local_get(0).i32_store(plain(0, 4, 0));
            }
            10 if style.references => {
                if world.grows && draw.percent(50) {
                    sink.ref_func(names.leaf).i32_const(draw.below(2).cast_signed()).table_grow(0);
                } else {
                    sink.i32_const(draw.below(ELEMENTS).cast_signed()).ref_func(names.leaf).table_set(0);
                    sink.table_size(0);
                }
                mix(sink);
            }
            11 if style.bulk => {
                sink.i32_const(draw.below(2048).cast_signed()).i32_const(draw.below(2048).cast_signed());
                sink.i32_const(draw.below(64).cast_signed());
                sink.memory_copy(0, 0);
            }
            _ => {
                let (Some(shared), true) = (names.tag, style.tag) else { continue };
                // The shared tag and the instance's own are two, though they look the same.
                let thrown = if draw.percent(50) { shared } else { names.own_tag.unwrap_or(shared) };
                let catch = [Catch::One { tag: shared, label: 0 }, Catch::All { label: 1 }];
                sink.block(BlockType::Empty).block(BlockType::Result(ValType::I32));
                sink.try_table(BlockType::Result(ValType::I32), catch);
                own(sink, draw);
                sink.throw(thrown).end().end();
                mix(sink);
                sink.end();
                own(sink, draw);
                mix(sink);
            }
        }
    }
    sink.local_get(SUM);
}
