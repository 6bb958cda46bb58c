//! The `edge` family: every access to memory at the edges of memories of all kinds.
//!
//! A case has one memory that is accessed, of no, one or several pages, with 32- or 64-bit addresses, with pages of
//! 64 KiB or of one byte, alone or behind another one, shared or not; and a part of the instructions that load, store, fill, copy
//! and initialise, atomic ones included, each in a function with a static offset. Addresses are the first, the last
//! one at which the access fits, the one behind it, those around the ends of pages, around 2^31 and 2^32, and those
//! whose sum with the offset leaves 32 bits. The bytes at every edge are unlike each other. Then the memory grows, and
//! what was outside is asked again.
//!
//! Nobody else has a shared memory, so that what comes of it is one thing alone: atomic instructions see no other thread,
//! and whoever waits finds another number there than it expects, or waits for no longer than a microsecond.
//!
//! Less than half of the calls trap, and the state is looked at after each function's calls. In a quarter of the
//! functions operands come out of calls that count: whatever traps, traps behind all of them.

use wasm_encoder::{ConstExpr, DataSegment, DataSegmentMode, ExportKind, MemoryType, Ordering, ValType};
use wassay_model::{Feature, Features, Host, InstanceIdx, TestCase, Value};

use crate::body::plain;
use crate::draft::Draft;
use crate::draw::Draw;
use crate::script::Script;
use crate::sweep::table::{Imm, OPS, Op, Role, Ty};
use crate::{Order, encode, values};

/// How many instructions a case has.
const OPS_PER_CASE: usize = 12;
/// How many passive segments there are, and the length of each.
const SEGMENTS: u32 = 3;
const SEGMENT_LEN: u64 = 48;

/// The memory that a case works on.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// The first size, and what it grows by, in pages.
    pages: u64,
    grows: u64,
    page_log2: u32,
    wide: bool,
    /// Whether another memory comes before it.
    second: bool,
    shared: bool,
}

impl Shape {
    const fn bytes(self) -> u64 {
        self.pages << self.page_log2
    }

    const fn grown(self) -> u64 {
        (self.pages + self.grows) << self.page_log2
    }

    fn features(self) -> Features {
        let mut features = Features::V1;
        for (needed, feature) in [
            (self.wide, Feature::Memory64),
            (self.second, Feature::MultiMemory),
            (self.page_log2 != 16, Feature::CustomPageSizes),
            (self.shared, Feature::Threads),
        ] {
            if needed {
                features = features.union(Features::of(&[feature]));
            }
        }
        features
    }

    const fn address_type(self) -> ValType {
        if self.wide { ValType::I64 } else { ValType::I32 }
    }

    const fn address(self, address: u64) -> Value {
        if self.wide { Value::I64(address) } else { Value::I32(address as u32) }
    }

    fn memory_type(self) -> MemoryType {
        MemoryType {
            minimum: self.pages,
            maximum: Some(self.pages + self.grows),
            memory64: self.wide,
            shared: self.shared,
            page_size_log2: (self.page_log2 != 16).then_some(self.page_log2),
        }
    }
}

/// Every kind of memory: sizes in pages of 64 KiB, then sizes in bytes.
fn memories(allowed: Features) -> Vec<Shape> {
    let mut found = Vec::new();
    for wide in [false, true] {
        for second in [false, true] {
            for (pages, page_log2) in
                [(1, 16), (3, 16), (0, 16), (2, 16), (100, 0), (0, 0), (7, 0), (0x1_0001, 0), (16, 0), (0xffff, 0)]
            {
                let grows = if page_log2 == 16 { 1 } else { 20 };
                found.push(Shape { pages, grows, page_log2, wide, second, shared: false });
            }
            for pages in [1, 3, 0] {
                found.push(Shape { pages, grows: 1, page_log2: 16, wide, second, shared: true });
            }
        }
    }
    found.retain(|shape| shape.features().minus(allowed).is_empty());
    found
}

/// The instructions that access memory, `memory.size` and `memory.grow` aside, by what they need beside it.
fn groups(allowed: Features) -> Vec<Vec<&'static Op>> {
    let mut groups: Vec<(Features, Vec<&'static Op>)> = Vec::new();
    for op in OPS.iter().filter(|op| op.is_memory() && op.features.minus(allowed).is_empty()) {
        if matches!(op.name, "memory.size" | "memory.grow") {
            continue;
        }
        match groups.iter_mut().find(|(features, _)| *features == op.features) {
            Some((_, ops)) => ops.push(op),
            None => groups.push((op.features, vec![op])),
        }
    }
    groups.iter().flat_map(|(_, ops)| ops.chunks(OPS_PER_CASE)).map(<[_]>::to_vec).collect()
}

/// How many cases it takes until every instruction has met every kind of memory.
#[must_use]
pub fn edge_cases(features: Features) -> u64 {
    (memories(features).len() * groups(features).len()) as u64
}

/// A function, and how it is called.
struct Function {
    op: &'static Op,
    name: String,
    offset: u64,
    /// The size of the memory that it copies from, where that is another one than it copies to.
    source: Option<u64>,
    /// Whether that one has 32-bit addresses, and the memory that it copies to has not.
    mixed: bool,
}

impl Function {
    /// A source address or a length.
    const fn from(&self, memory: Shape, number: u64) -> Value {
        if self.mixed { Value::I32(number as u32) } else { memory.address(number) }
    }
}

/// Makes a case; its provenance has no seed yet.
pub(crate) fn generate(order: &Order, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    let (memories, groups) = (memories(order.features), groups(order.features));
    let (memory, group) = match order.turn {
        Some(turn) => {
            let turn = (turn % (memories.len() * groups.len()) as u64) as usize;
            (memories[turn % memories.len()], &groups[turn / memories.len()])
        }
        None => (draw.pick(&memories), &groups[draw.position(groups.len())]),
    };
    let mut features = memory.features();
    for op in group {
        features = features.union(op.features);
    }
    if order.features.contains(Feature::MutableGlobal) && draw.percent(80) {
        features = features.union(Features::of(&[Feature::MutableGlobal]));
    }
    let waits = memory.shared && draw.percent(50);
    let (bytes, functions, waits) = module(memory, group, features, waits, draw);
    let mut script = Script::new(Host::None);
    let main = script.module("main", bytes);
    let instance = script.instantiate(main);
    script.snapshot();
    calls(&mut script, instance, memory, memory.bytes(), &functions, draw);
    wait(&mut script, instance, memory, memory.bytes(), &waits, draw);
    script.invoke(instance, "size", Vec::new());
    script.invoke(instance, "grow", Vec::new());
    script.invoke(instance, "size", Vec::new());
    calls(&mut script, instance, memory, memory.grown(), &functions, draw);
    wait(&mut script, instance, memory, memory.grown(), &waits, draw);
    if functions.iter().any(|function| function.op.imm == Imm::Init) {
        let mut segments: Vec<u32> = (0..SEGMENTS).collect();
        draw.shuffle(&mut segments);
        for segment in segments {
            script.invoke(instance, &format!("drop{segment}"), Vec::new());
            for function in functions.iter().filter(|function| function.op.imm == Imm::Init) {
                for (destination, source, len) in [(0, 0, 0), (memory.grown(), 0, 0), (0, 0, 1), (0, 1, 0)] {
                    let args = vec![memory.address(destination), Value::I32(source), Value::I32(len)];
                    script.invoke(instance, &function.name, args);
                }
            }
            script.snapshot();
        }
    }
    // Beyond the maximum, and so far that sizes wrap around.
    script.invoke(instance, "grow", Vec::new());
    let all = if memory.wide { u64::MAX } else { 0xffff_ffff };
    for delta in [all, all - memory.grows, all - memory.pages - memory.grows + 1, 1 << 31] {
        script.invoke(instance, "grow-by", vec![memory.address(delta)]);
    }
    script.invoke(instance, "size", Vec::new());
    // Lengths beyond all fuel come last: an engine that pays for bytes before it looks at bounds goes no further.
    let (huge, narrow) = (memory.address(if memory.wide { u64::MAX } else { 0xffff_ffff }), Value::I32(u32::MAX));
    for function in &functions {
        for address in [0, 1] {
            let (destination, source) = (memory.address(address), Value::I32(address as u32));
            let args = match function.op.imm {
                Imm::Memory => vec![destination, Value::I32(7), huge],
                Imm::Memories if function.mixed => vec![destination, source, narrow],
                Imm::Memories => vec![destination, destination, huge],
                Imm::Init => vec![destination, source, narrow],
                _ => continue,
            };
            script.invoke(instance, &function.name, args);
            script.snapshot();
        }
    }
    let mut traits = vec![if memory.wide { "64-bit" } else { "32-bit" }];
    for (name, holds) in [
        ("empty", memory.pages == 0),
        ("byte-pages", memory.page_log2 == 0),
        ("second-memory", memory.second),
        ("shared", memory.shared),
        ("atomic", group.iter().any(|op| op.is_atomic())),
        ("vector", features.contains(Feature::Simd)),
    ] {
        if holds {
            traits.push(name);
        }
    }
    (script.finish(features), traits)
}

/// What an instruction's access is wide, in bytes; of a block it is a byte.
fn width(op: &Op) -> u64 {
    match op.imm {
        Imm::Mem(log2) | Imm::MemLane(log2, _) => 1 << log2,
        _ => 1,
    }
}

fn module(
    memory: Shape,
    group: &[&'static Op],
    features: Features,
    waits: bool,
    draw: &mut Draw,
) -> (Vec<u8>, Vec<Function>, Vec<Wait>) {
    let mut draft = Draft::default();
    let index = u32::from(memory.second);
    // Of another size: a check against the wrong memory's bounds shows.
    let pages = if memory.bytes() < 1 << 16 { 2 } else { 1 };
    if memory.second {
        let other = draft.memory(crate::draft::memory_type(pages, pages));
        draft.export("other", ExportKind::Memory, other);
    }
    let main = draft.memory(memory.memory_type());
    draft.export("memory", ExportKind::Memory, main);

    let counts = features.contains(Feature::MutableGlobal);
    let count = draft.global(crate::draft::mutable(ValType::I64), &ConstExpr::i64_const(1));
    if counts {
        draft.export("count", ExportKind::Global, count);
    }
    let mut functions = Vec::new();
    for (number, op) in group.iter().enumerate() {
        let offset = static_offset(op, memory, draw);
        let other = op.imm == Imm::Memories && memory.second && draw.percent(50);
        // The first memory has 32-bit addresses: so have the source and, as the narrower one, the length.
        let mixed = other && memory.wide;
        let params: Vec<ValType> = op
            .params
            .iter()
            .enumerate()
            .map(|(position, (ty, role))| match role {
                Role::Address | Role::Length if mixed && position > 0 => ValType::I32,
                Role::Address => memory.address_type(),
                Role::Length if op.imm != Imm::Init => memory.address_type(),
                _ => ty.encoded(),
            })
            .collect();
        let result = op.results.first().map_or(ValType::I32, |ty| ty.encoded());
        let mut code = Vec::new();
        let called = counts && draw.percent(25);
        for (param, (ty, (_, role))) in params.iter().zip(&op.params[..]).enumerate() {
            // A value out of nothing, or the parameter itself by way of a function.
            let made = *role == Role::Value && called && draw.percent(50);
            if !made {
                code.extend([0x20, param as u8]);
            }
            if made || called && draw.percent(60) {
                let callee = counted(&mut draft, count, *ty, made, draw);
                code.push(0x10);
                encode::unsigned(&mut code, callee.into());
            }
        }
        instruction(&mut code, op, index, offset, draw);
        if other && let Some(source) = code.last_mut() {
            *source = 0;
        }
        if op.results.is_empty() {
            // What was written is read; of a block, which may be empty and lie at the end, the first byte.
            match op.imm {
                Imm::Mem(_) | Imm::MemLane(..) => {
                    code.extend([0x20, 0, 0x2d]);
                    encode::memory_argument(&mut code, 0, index, offset);
                }
                _ if memory.pages == 0 => encode::constant(&mut code, Value::I32(1)),
                _ => {
                    encode::constant(&mut code, memory.address(0));
                    code.push(0x2d);
                    encode::memory_argument(&mut code, 0, index, 0);
                }
            }
        }
        code.push(0x0b);
        let ty = draft.func_type(&params, &[result]);
        let function = draft.declare(ty);
        draft.define_raw(function, &[], &code);
        let name = format!("f{number}");
        draft.export(&name, ExportKind::Func, function);
        functions.push(Function { op, name, offset, source: other.then_some(pages << 16), mixed });
    }

    let ty = draft.func_type(&[], &[memory.address_type()]);
    let grow = draft.func(ty, &[], |code| {
        if memory.wide {
            code.i64_const(memory.grows as i64);
        } else {
            code.i32_const(memory.grows as i32);
        }
        code.memory_grow(index);
    });
    draft.export("grow", ExportKind::Func, grow);
    let by = draft.func_type(&[memory.address_type()], &[memory.address_type()]);
    let grow = draft.func(by, &[], |code| {
        code.local_get(0).memory_grow(index);
    });
    draft.export("grow-by", ExportKind::Func, grow);
    let size = draft.func(ty, &[], |code| {
        code.memory_size(index);
    });
    draft.export("size", ExportKind::Func, size);

    let waits = if waits { waiting(&mut draft, memory, index, draw) } else { Vec::new() };
    if group.iter().any(|op| op.imm == Imm::Init) {
        let ty = draft.func_type(&[], &[]);
        for segment in 0..SEGMENTS {
            let data = pattern(0x5000 + 0x700 * u64::from(segment), SEGMENT_LEN);
            draft.data(DataSegment { mode: DataSegmentMode::Passive, data });
            let drop = draft.func(ty, &[], |code| {
                code.data_drop(segment);
            });
            draft.export(&format!("drop{segment}"), ExportKind::Func, drop);
        }
    } else if !features.contains(Feature::BulkMemory) {
        draft.leave_data_uncounted();
    }
    for (start, len) in marked(memory) {
        let offset = if memory.wide { ConstExpr::i64_const(start as i64) } else { ConstExpr::i32_const(start as i32) };
        let mode = DataSegmentMode::Active { memory_index: index, offset: &offset };
        draft.data(DataSegment { mode, data: pattern(start, len) });
    }
    if memory.second {
        let mode = DataSegmentMode::Active { memory_index: 0, offset: &ConstExpr::i32_const(0) };
        draft.data(DataSegment { mode, data: pattern(0x77, 32) });
    }
    (draft.finish(), functions, waits)
}

/// Functions that wait: one for a number that it is given, for so many nanoseconds, and one for the number that is there,
/// for none.
struct Wait {
    for_given: &'static str,
    for_present: &'static str,
    ty: ValType,
    width: u64,
    offset: u64,
}

const WAITS: [Wait; 2] = [
    Wait { for_given: "wait32", for_present: "wait32-present", ty: ValType::I32, width: 4, offset: 0 },
    Wait { for_given: "wait64", for_present: "wait64-present", ty: ValType::I64, width: 8, offset: 0 },
];

fn waiting(draft: &mut Draft, memory: Shape, index: u32, draw: &mut Draw) -> Vec<Wait> {
    let mut made = Vec::new();
    for wait in WAITS {
        let last = memory.bytes().saturating_sub(wait.width);
        let offset = draw.pick(&[0, 0, 1, wait.width, last, 0xffff_ffff]);
        let align = wait.width.trailing_zeros();
        let at = plain(index, offset, align);
        let ty = draft.func_type(&[memory.address_type(), wait.ty, ValType::I64], &[ValType::I32]);
        let fenced = draw.percent(50);
        let given = draft.func(ty, &[], |code| {
            if fenced {
                code.atomic_fence(Ordering::SeqCst);
            }
            code.local_get(0).local_get(1).local_get(2);
            if wait.width == 4 {
                code.memory_atomic_wait32(at)
            } else {
                code.memory_atomic_wait64(at)
            };
        });
        draft.export(wait.for_given, ExportKind::Func, given);
        let ty = draft.func_type(&[memory.address_type()], &[ValType::I32]);
        let present = draft.func(ty, &[], |code| {
            code.local_get(0).local_get(0);
            if wait.width == 4 {
                code.i32_atomic_load(at).i64_const(0).memory_atomic_wait32(at)
            } else {
                code.i64_atomic_load(at).i64_const(0).memory_atomic_wait64(at)
            };
        });
        draft.export(wait.for_present, ExportKind::Func, present);
        made.push(Wait { offset, ..wait });
    }
    made
}

/// Waits where it can and where it cannot.
fn wait(script: &mut Script, instance: InstanceIdx, memory: Shape, bytes: u64, waits: &[Wait], draw: &mut Draw) {
    for wait in waits {
        let (mut inside, mut outside) = addresses(wait.width, wait.offset, memory, bytes, true, draw);
        inside.truncate(4);
        outside.truncate(2);
        for address in inside.into_iter().chain(outside) {
            let ty = if wait.width == 4 { Ty::I32 } else { Ty::I64 };
            let (address, expected) = (memory.address(address), store_value(ty, draw));
            // Should the number be there by chance, it is over soon.
            let nanoseconds = Value::I64(draw.pick(&[0, 1, 1000]));
            script.invoke(instance, wait.for_given, vec![address, expected, nanoseconds]);
            script.invoke(instance, wait.for_present, vec![address]);
        }
    }
}

/// A function that counts its calls, unlike others, and gives its argument back or makes a value.
fn counted(draft: &mut Draft, count: u32, ty: ValType, made: bool, draw: &mut Draw) -> u32 {
    let params = if made { Vec::new() } else { vec![ty] };
    let func_type = draft.func_type(&params, &[ty]);
    let (step, value) = (i64::from(draw.below(1000)), draw.bits());
    draft.func(func_type, &[], |code| {
        code.global_get(count).i64_const(31).i64_mul().i64_const(step).i64_add().global_set(count);
        if made {
            match ty {
                ValType::I32 => code.i32_const(value as i32),
                ValType::I64 => code.i64_const(value.cast_signed()),
                ValType::F32 => code.i32_const(value as i32).f32_reinterpret_i32(),
                ValType::F64 => code.i64_const(value.cast_signed()).f64_reinterpret_i64(),
                _ => code.i64_const(value.cast_signed()).i64x2_splat(),
            };
        } else {
            code.local_get(0);
        }
    })
}

fn instruction(code: &mut Vec<u8>, op: &Op, memory: u32, offset: u64, draw: &mut Draw) {
    encode::opcode(code, op.code);
    match op.imm {
        Imm::Mem(log2) | Imm::MemLane(log2, _) => {
            let align = if op.is_atomic() { log2 } else { draw.below(u32::from(log2) + 1) as u8 };
            encode::memory_argument(code, align, memory, offset);
            if let Imm::MemLane(_, lanes) = op.imm {
                code.push(draw.below(u32::from(lanes)) as u8);
            }
        }
        Imm::Memories => code.extend([memory as u8, memory as u8]),
        Imm::Init => code.extend([draw.below(SEGMENTS) as u8, memory as u8]),
        _ => code.push(memory as u8),
    }
}

/// Bytes that tell their address.
fn pattern(start: u64, len: u64) -> Vec<u8> {
    (start..start + len).map(|address| (address.wrapping_mul(37) ^ (address >> 8)) as u8 | 1).collect()
}

/// Where a memory is not zero when it starts: at its start, its end, and the ends of pages.
fn marked(memory: Shape) -> Vec<(u64, u64)> {
    let bytes = memory.bytes();
    let mut places = vec![(0, 40), (bytes.saturating_sub(40), 40)];
    if memory.page_log2 == 16 {
        places.extend((1..memory.pages).map(|page| ((page << 16) - 20, 40)));
    }
    places.retain(|(start, _)| *start < bytes);
    places.iter().map(|(start, len)| (*start, (*len).min(bytes - start))).collect()
}

/// Mostly one at which some address still fits; in a quarter of the functions one that carries.
fn static_offset(op: &Op, memory: Shape, draw: &mut Draw) -> u64 {
    if !matches!(op.imm, Imm::Mem(_) | Imm::MemLane(..)) {
        return 0;
    }
    let (width, bytes) = (width(op), memory.bytes());
    let fitting = bytes.saturating_sub(width);
    let small = [0, 0, 1, width - 1, width, 8, 0xff, 0x100, 0xffff, fitting, fitting.saturating_sub(1), fitting / 2];
    let huge = [
        fitting + 1,
        bytes,
        memory.grown() - width.min(memory.grown()),
        0x7fff_ffff,
        0x8000_0000,
        0xffff_ffff,
        0x1_0000_0000 - width,
        0xffff_0000,
        0x1_0000_0000,
        0x1_0000_0001,
        1 << 63,
        u64::MAX - width,
        u64::MAX,
    ];
    if draw.percent(75) {
        let small: Vec<u64> = small.into_iter().filter(|offset| *offset <= fitting).collect();
        draw.pick(&small)
    } else {
        draw.pick(&huge[..if memory.wide { 13 } else { 8 }])
    }
}

/// Calls of every function, with the memory at `bytes`: addresses that fit, mixed with some that do not.
fn calls(
    script: &mut Script,
    instance: InstanceIdx,
    memory: Shape,
    bytes: u64,
    functions: &[Function],
    draw: &mut Draw,
) {
    for function in functions {
        let (op, width) = (function.op, width(function.op));
        let lists = match op.imm {
            Imm::Mem(_) | Imm::MemLane(..) => {
                let (inside, outside) = addresses(width, function.offset, memory, bytes, op.is_atomic(), draw);
                [inside, outside].map(|list| list.into_iter().map(|address| vec![address]).collect::<Vec<_>>())
            }
            _ => blocks(function, memory, bytes, draw),
        };
        let [mut inside, mut outside] = lists;
        // The first of either is the one that matters most.
        for list in [&mut inside, &mut outside] {
            if let Some((_, rest)) = list.split_first_mut() {
                draw.shuffle(rest);
            }
        }
        inside.truncate(8);
        outside.truncate(if inside.is_empty() { 1 } else { 3 });
        let mut all = inside;
        all.append(&mut outside);
        draw.shuffle(&mut all);
        for numbers in all {
            let mut numbers = numbers.into_iter();
            let args: Vec<Value> = op
                .params
                .iter()
                .enumerate()
                .map(|(position, (ty, role))| match role {
                    Role::Value => store_value(*ty, draw),
                    Role::Address if position > 0 => function.from(memory, numbers.next().unwrap_or(0)),
                    Role::Length if op.imm != Imm::Init => function.from(memory, numbers.next().unwrap_or(0)),
                    Role::Address => memory.address(numbers.next().unwrap_or(0)),
                    _ => Value::I32(numbers.next().unwrap_or(0) as u32),
                })
                .collect();
            script.invoke(instance, &function.name, args);
        }
        script.snapshot();
    }
}

fn store_value(ty: Ty, draw: &mut Draw) -> Value {
    values::argument(
        match ty {
            Ty::I64 => wassay_model::ValType::I64,
            Ty::F32 => wassay_model::ValType::F32,
            Ty::F64 => wassay_model::ValType::F64,
            Ty::V128 => wassay_model::ValType::V128,
            _ => wassay_model::ValType::I32,
        },
        draw,
    )
    .unwrap_or(Value::I32(0))
}

/// Addresses at which an access fits, and at which it does not (of atomic ones: or is not aligned).
fn addresses(
    width: u64,
    offset: u64,
    memory: Shape,
    bytes: u64,
    aligned: bool,
    draw: &mut Draw,
) -> (Vec<u64>, Vec<u64>) {
    let address_max = if memory.wide { u64::MAX } else { 0xffff_ffff };
    // The last address, if there is one.
    let last = bytes.checked_sub(width).and_then(|last| last.checked_sub(offset));
    let page = 1_u64 << 16;
    let mut all: Vec<u64> = vec![0, 1, 2, width, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000 - width];
    // The sum with the offset leaves 32 bits, or 64, and is 0 or small without the carry.
    for modulus in [0x1_0000_0000_u64.wrapping_sub(offset), 0_u64.wrapping_sub(offset)] {
        all.extend([modulus, modulus.wrapping_sub(1), modulus.wrapping_add(u64::from(draw.below(16)))]);
    }
    // High halves that an engine with 32-bit arithmetic would lose.
    all.extend([0x1_0000_0000, 0x1_0000_0008, 1 << 63, u64::MAX, u64::MAX - width + 1]);
    if let Some(last) = last {
        all.extend([last, last, last.saturating_sub(1), last.saturating_sub(width), last / 2, last + 1, last + 1]);
        all.extend([last + width, last + u64::from(draw.below(40))]);
        all.extend((0..6).map(|_| u64::from(draw.below(last.min(0xffff_fffe) as u32 + 1))));
    }
    for end in (1..=bytes >> 16).map(|number| number * page) {
        // Across the ends of pages.
        all.extend([end.wrapping_sub(offset).wrapping_sub(width / 2), end.wrapping_sub(offset).wrapping_sub(1)]);
    }
    all.extend([bytes, bytes.wrapping_sub(offset), bytes.wrapping_sub(1)]);
    if aligned {
        let mask = width - 1;
        let down: Vec<u64> =
            all.iter().map(|address| (address.wrapping_add(offset) & !mask).wrapping_sub(offset)).collect();
        all.extend(down);
    }
    all.retain(|address| *address <= address_max);
    all.sort_unstable();
    all.dedup();
    let fits = |address: &u64| {
        last.is_some_and(|last| *address <= last) && (!aligned || (address + offset).is_multiple_of(width))
    };
    let (mut inside, mut outside): (Vec<u64>, Vec<u64>) = all.into_iter().partition(fits);
    // The two that matter most come first: the last that fits, and the first that does not.
    if let Some(best) = inside.iter().max().copied() {
        inside.retain(|address| *address != best);
        inside.insert(0, best);
    }
    if let Some(worst) = last.map(|last| last + 1).filter(|worst| outside.contains(worst)) {
        outside.retain(|address| *address != worst);
        outside.insert(0, worst);
    }
    (inside, outside)
}

/// Operands of blocks, which fit and which do not.
fn blocks(function: &Function, memory: Shape, bytes: u64, draw: &mut Draw) -> [Vec<Vec<u64>>; 2] {
    let op = function.op;
    let huge = if memory.wide { u64::MAX } else { 0xffff_ffff };
    let segment = if op.imm == Imm::Init { SEGMENT_LEN } else { function.source.unwrap_or(bytes) };
    let mut found = [Vec::new(), Vec::new()];
    let mut add = |destination: u64, source: u64, len: u64| {
        let ends = |start: u64, end: u64| start.checked_add(len).is_some_and(|last| last <= end);
        let source_fits = op.imm == Imm::Memory || ends(source, segment);
        let outside = usize::from(!(ends(destination, bytes) && source_fits));
        // The value of `memory.fill` is no number of the plan's.
        found[outside].push(if op.imm == Imm::Memory {
            vec![destination, len]
        } else {
            vec![destination, source, len]
        });
    };
    for len in [0, 1, 7, 16, 33] {
        let end = bytes.saturating_sub(len);
        let source = segment.saturating_sub(len);
        add(end, source, len);
        add(0, source, len);
        add(end, 0, len);
        add(u64::from(draw.below(40)), u64::from(draw.below(20)), len);
        add(end + 1, 0, len);
        add(0, source + 1, len);
        add(huge, 0, len);
        if memory.wide {
            // Inside, were the upper half lost.
            add((1 << 32) + u64::from(draw.below(20)), 0, len);
        }
        add(0, if op.imm == Imm::Init { 0xffff_ffff } else { huge }, len);
    }
    let all = if op.imm == Imm::Init { SEGMENT_LEN } else { bytes };
    add(0, 0, all);
    add(0, 0, all + 1);
    add(1, 0, all);
    found
}
