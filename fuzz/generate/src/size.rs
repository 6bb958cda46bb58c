//! The `size` family: a small program, and the same program padded across the thresholds of an encoding.
//!
//! Engines choose among encodings by size: how many bytes an index takes, whether a branch fits into a short jump,
//! whether a frame offset fits into an immediate, whether a pool of constants can still be reached. Nothing of that
//! may change a result. So a case has two modules that compute the same, one plain and one stretched in one to
//! three dimensions, and calls both with equal arguments; relations tie the calls.
//!
//! The program has integers, and floats that cannot become NaN: no choice of the standard is met, so that any
//! unlikeness is a fault.

use wasm_encoder::{
    BlockType, ConstExpr, DataSegment, DataSegmentMode, ElementMode, ElementSegment, Elements, ExportKind,
    InstructionSink, MemArg, RefType, ValType,
};
use wassay_model::{Feature, Features, Host, TestCase, Value};

use crate::Order;
use crate::body::plain;
use crate::draft::{Draft, memory_type, mutable, table_type};
use crate::draw::Draw;
use crate::script::Script;
use crate::values;

/// `f`'s parameters, its variables and its counters: `i32`, `i32`, `i64`, `i64` are values; the first two of the
/// wide ones and of the narrow ones are the parameters.
const NARROW: u32 = 3;
const WIDE: u32 = 3;
const LOOPS_MAX: u32 = 3;
/// Bytes of the program's data.
const DATA_LEN: u32 = 64;
const HELPERS: u32 = 3;
/// A statement of the program. Variables are numbered by type.
#[derive(Clone, Debug)]
enum Statement {
    Narrow { to: u32, op: u32, left: u32, right: u32 },
    Wide { to: u32, op: u32, left: u32, right: u32 },
    Mix { to: u32, narrow: u32, wide: u32, how: u32 },
    Constant { to: u32, value: u32 },
    Load { to: u32, address: u32 },
    Store { address: u32, value: u32 },
    Global { to: u32, value: u32 },
    Call { to: u32, helper: u32, left: u32, right: u32 },
    Indirect { to: u32, helper: u32, left: u32, right: u32 },
    If { condition: u32, then: Vec<Statement>, otherwise: Vec<Statement> },
    Repeat { counter: u32, times: u32, body: Vec<Statement> },
    Switch { selector: u32, arms: Vec<Vec<Statement>> },
    Leave { condition: u32, body: Vec<Statement> },
}

struct Program {
    body: Vec<Statement>,
    helpers: Vec<Vec<Statement>>,
    data: Vec<u8>,
    /// Where the data begins: beyond the static offset and the zeros of the stretched module.
    base: u32,
}

/// How far a module is stretched; all zero for the plain one.
#[derive(Clone, Debug, Default)]
struct Stretch {
    /// Instructions that do nothing, in all, and of which kind.
    filler: u32,
    filler_kind: u32,
    /// Variables before the program's own.
    locals: u32,
    /// Whether neighbouring padding locals have unlike types.
    locals_mixed: bool,
    /// Entities before the program's own.
    functions: u32,
    types: u32,
    globals: u32,
    elements: u32,
    segments: u32,
    /// Targets of branch tables behind the program's own.
    targets: u32,
    /// Values below the program's own on the stack.
    stack: u32,
    /// Blocks around statements.
    nesting: u32,
    /// More parameters of helpers, and results.
    params: u32,
    results: u32,
    /// Static offset of loads and stores.
    offset: u32,
    /// Zeros before the data in its segment.
    zeros: u32,
    /// What constants are disguised with.
    mask: u32,
    /// The length of a name.
    name: u32,
    /// The length of a custom section.
    custom: u32,
}

/// Makes a case; its provenance has no seed yet.
pub(crate) fn generate(order: &Order, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    let features = order.features;
    let mut program = Program::draw(draw);
    let mut stretch = Stretch::default();
    let mut traits = Vec::new();
    // The program's global is mutable and exported where that is allowed.
    let mut used = Features::V1;
    let exports = features.contains(Feature::MutableGlobal);
    if exports {
        used = used.union(Features::of(&[Feature::MutableGlobal]));
    }
    let giant = draw.percent(1);
    for _ in 0..draw.weighted(&[(1, 5), (2, 3), (3, 2)]) {
        traits.extend(stretch.further(features, giant, &mut used, draw));
    }
    traits.sort_unstable();
    traits.dedup();
    if giant {
        traits.push("giant");
    }

    program.base = stretch.offset.max(stretch.zeros) + 0x40;
    let mut script = Script::new(Host::None);
    let plain = script.module("plain", program.module(&Stretch::default(), exports));
    let stretched = script.module("stretched", program.module(&stretch, exports));
    let plain = script.instantiate(plain);
    let stretched = script.instantiate(stretched);
    let calls = if giant { 2 } else { draw.between(4, 8) };
    for call in 0..calls {
        let args: Vec<Value> = [ValType::I32, ValType::I32, ValType::I64, ValType::I64]
            .iter()
            .filter_map(|ty| values::argument(model(*ty), draw))
            .collect();
        let last = call + 1 == calls;
        let original = script.invoke(plain, "f", args.clone());
        if last {
            script.snapshot();
        }
        let rewritten = script.invoke(stretched, "f", args);
        if last {
            script.snapshot();
        }
        script.alike(original, rewritten);
    }
    (script.finish(used), traits)
}

const fn model(ty: ValType) -> wassay_model::ValType {
    match ty {
        ValType::I64 => wassay_model::ValType::I64,
        _ => wassay_model::ValType::I32,
    }
}

/// A number at a threshold, at most `max`.
fn threshold(max: u32, giant: bool, draw: &mut Draw) -> u32 {
    // One byte of a LEB128, a signed byte, two bytes, a signed half word, and so on.
    let powers: &[u32] = if giant { &[16, 17, 20] } else { &[6, 7, 7, 8, 8, 10, 12, 13, 14] };
    let fitting: Vec<u32> = powers.iter().copied().filter(|power| 1 << power <= max).collect();
    let power = if fitting.is_empty() { max.ilog2() } else { draw.pick(&fitting) };
    (1_u32 << power).saturating_add(draw.below(24)).saturating_sub(8).clamp(1, max)
}

impl Stretch {
    /// One more dimension.
    fn further(
        &mut self,
        allowed: Features,
        giant: bool,
        used: &mut Features,
        draw: &mut Draw,
    ) -> Option<&'static str> {
        let small = |draw: &mut Draw| threshold(1 << 10, false, draw);
        Some(match draw.below(18) {
            0 | 1 => {
                self.filler = threshold(1 << 20, giant, draw);
                self.filler_kind = draw.below(5);
                "filler"
            }
            2 => {
                self.locals = threshold(49_000, giant, draw);
                self.locals_mixed = draw.percent(30);
                "locals"
            }
            3 => {
                // Beyond, compilers take longer than the deadline; switched-off: size-of-few-functions.
                self.functions = threshold(if giant { (1 << 14) + 24 } else { 1 << 12 }, giant, draw);
                "functions"
            }
            4 => {
                self.types = threshold(if giant { 1 << 16 } else { 1 << 12 }, giant, draw);
                "types"
            }
            5 => {
                self.globals = threshold(if giant { 1 << 16 } else { 1 << 12 }, giant, draw);
                "globals"
            }
            6 => {
                self.elements = threshold(if giant { 1 << 17 } else { 1 << 14 }, giant, draw);
                "elements"
            }
            7 => {
                self.segments = small(draw);
                "segments"
            }
            8 | 9 => {
                self.targets = threshold(65_000, giant, draw);
                "targets"
            }
            10 => {
                self.stack = threshold(if giant { 20_000 } else { 2048 }, giant, draw);
                "stack"
            }
            11 => {
                self.nesting = threshold(if giant { 20_000 } else { 512 }, giant, draw);
                "nesting"
            }
            12 => {
                self.params = threshold(990, false, draw);
                "params"
            }
            13 if allowed.contains(Feature::MultiValue) => {
                self.results = threshold(990, false, draw);
                *used = used.union(Features::of(&[Feature::MultiValue]));
                "results"
            }
            14 => {
                let power = draw.pick(if giant { &[16, 20] } else { &[6, 7, 8, 12, 13, 14, 15] });
                self.offset = (1_u32 << power) + draw.below(9) - 4;
                "offset"
            }
            15 => {
                self.zeros = threshold(1 << 20, giant, draw);
                "zeros"
            }
            16 => {
                let power = draw.pick(&[5, 6, 7, 12, 13, 14, 15, 16, 19, 20, 26, 27, 30, 31]);
                self.mask = (1_u32 << power).wrapping_add(draw.below(3)).wrapping_sub(1);
                "constants"
            }
            _ => {
                self.name = threshold(1 << 14, giant, draw).min(90_000);
                self.custom = threshold(1 << 16, giant, draw);
                "names"
            }
        })
    }
}

impl Program {
    fn draw(draw: &mut Draw) -> Self {
        let mut counters = 0;
        let length = draw.between(6, 14);
        let mut data = vec![0; DATA_LEN as usize];
        draw.fill(&mut data);
        Self {
            body: statements(length, 0, &mut counters, draw),
            helpers: (0..HELPERS)
                .map(|_| {
                    // Helpers call nobody, so that nothing recurs.
                    (0..draw.between(1, 4)).map(|_| simple(draw.below(4), draw)).collect()
                })
                .collect(),
            data,
            base: 0,
        }
    }

    fn module(&self, stretch: &Stretch, exports: bool) -> Vec<u8> {
        let mut draft = Draft::default();
        draft.leave_data_uncounted();
        for number in 0..stretch.types {
            // No two alike, so that an engine that unites equal types still has as many.
            let params: Vec<ValType> = (0..16)
                .filter(|bit| number >> bit & 1 == 1)
                .map(|bit| if bit % 2 == 0 { ValType::I32 } else { ValType::F64 })
                .chain((0..number.count_zeros() % 3).map(|_| ValType::I64))
                .collect();
            draft.plain_func_type(&params, &[ValType::F32]);
        }
        let main = draft.func_type(&[ValType::I32, ValType::I32, ValType::I64, ValType::I64], &[ValType::I64]);
        let mut params = vec![ValType::I32; stretch.params as usize];
        params.extend([ValType::I32, ValType::I32]);
        let mut results = vec![ValType::I32];
        results.extend(vec![ValType::I64; stretch.results as usize]);
        let helper = draft.func_type(&params, &results);
        if stretch.functions > 0 {
            let idle = draft.func_type(&[], &[ValType::I32]);
            for number in 0..stretch.functions {
                draft.func(idle, &[], |sink| {
                    sink.i32_const(number.cast_signed());
                });
            }
        }
        let helpers = draft.next_func();
        for body in &self.helpers {
            draft.func(helper, &[], |sink| {
                for statement in body {
                    helper_statement(sink, statement, stretch.params);
                }
                sink.local_get(stretch.params);
                for result in 0..stretch.results {
                    sink.i64_const(i64::from(result));
                }
            });
        }
        let offset = stretch.elements;
        let table =
            draft.table(table_type(RefType::FUNCREF, u64::from(offset + HELPERS), u64::from(offset + HELPERS)), None);
        let pages = u64::from((self.base + DATA_LEN + 8).div_ceil(1 << 16));
        draft.memory(memory_type(pages, pages));
        for number in 0..stretch.globals {
            draft.global(mutable(ValType::I32), &ConstExpr::i32_const(number.cast_signed()));
        }
        let global = draft.global(mutable(ValType::I32), &ConstExpr::i32_const(77));

        let mut locals = Vec::new();
        for number in 0..stretch.locals {
            locals.push(match number % 4 {
                _ if !stretch.locals_mixed => ValType::I64,
                0 => ValType::I32,
                1 => ValType::F64,
                2 => ValType::I64,
                _ => ValType::F32,
            });
        }
        let frame = Frame {
            narrow: [0, 1, 4 + stretch.locals],
            wide: [2, 3, 5 + stretch.locals],
            counters: 6 + stretch.locals,
            scratch: 6 + stretch.locals + LOOPS_MAX,
        };
        locals.extend([ValType::I32, ValType::I64]);
        locals.extend([ValType::I32; LOOPS_MAX as usize + 1]);
        let mut writer = Writer {
            stretch,
            base: self.base,
            frame,
            helpers,
            helper_type: helper,
            table,
            table_offset: offset,
            global,
            filler_left: stretch.filler,
            places_left: places(&self.body).max(1),
            looping: 0,
        };
        let name = "n".repeat(stretch.name as usize);
        let index = draft.func(main, &locals, |sink| {
            for number in 0..stretch.stack {
                sink.i32_const(number.cast_signed());
            }
            for _ in 0..stretch.nesting {
                sink.block(BlockType::Empty);
            }
            writer.all(sink, &self.body);
            if stretch.nesting > 0 {
                // Out of all of them at once.
                sink.local_get(writer.frame.narrow[0]).br_if(stretch.nesting - 1);
            }
            for _ in 0..stretch.nesting {
                sink.end();
            }
            for _ in 1..stretch.stack {
                sink.i32_add();
            }
            if stretch.stack > 0 {
                let sum = (0..stretch.stack).fold(0_u32, u32::wrapping_add);
                // Wrong where a value below was lost.
                sink.i32_const(sum.cast_signed()).i32_sub().local_get(writer.frame.narrow[2]).i32_add();
                sink.local_set(writer.frame.narrow[2]);
            }
            let [a, b, c] = writer.frame.narrow;
            let [x, y, z] = writer.frame.wide;
            sink.local_get(x).local_get(y).i64_const(7).i64_rotl().i64_xor();
            sink.local_get(z).i64_const(13).i64_rotl().i64_add();
            for narrow in [a, b, c] {
                sink.i64_const(31).i64_mul().local_get(narrow).i64_extend_i32_u().i64_xor();
            }
        });
        draft.export("f", ExportKind::Func, index);
        draft.export("memory", ExportKind::Memory, 0);
        if exports {
            draft.export("global", ExportKind::Global, global);
        }
        if stretch.name > 0 {
            draft.export(&name, ExportKind::Func, index);
        }
        let functions: Vec<u32> = (0..HELPERS).map(|number| helpers + number).collect();
        let mut element = |at: u32, functions: Vec<u32>| {
            let offset = ConstExpr::i32_const(at.cast_signed());
            let mode = ElementMode::Active { table: None, offset: &offset };
            draft.element(ElementSegment { mode, elements: Elements::Functions(functions.into()) });
        };
        if offset > 0 {
            // Whoever is called in vain gives another answer than the program's own.
            element(0, vec![helpers + HELPERS - 1; offset as usize]);
        }
        element(offset, functions);
        for number in 0..stretch.segments {
            let at = ConstExpr::i32_const((self.base + DATA_LEN + number % 8).cast_signed());
            draft.data(DataSegment { mode: DataSegmentMode::Active { memory_index: 0, offset: &at }, data: [0_u8] });
        }
        let mut bytes = vec![0; stretch.zeros as usize];
        let at = self.base - stretch.zeros;
        bytes.extend_from_slice(&self.data);
        let at = ConstExpr::i32_const(at.cast_signed());
        draft.data(DataSegment { mode: DataSegmentMode::Active { memory_index: 0, offset: &at }, data: bytes });
        let mut bytes = draft.finish();
        if stretch.custom > 0 {
            let data = vec![0x5a; stretch.custom as usize];
            let section = wasm_encoder::CustomSection { name: "padding".into(), data: data.as_slice().into() };
            wasm_encoder::Section::append_to(&section, &mut bytes);
        }
        bytes
    }
}

fn statements(length: u32, depth: u32, counters: &mut u32, draw: &mut Draw) -> Vec<Statement> {
    (0..length)
        .map(|_| {
            let kind = if depth < 2 { draw.below(18) } else { draw.below(13) };
            let inner = |draw: &mut Draw| draw.between(1, 3);
            match kind {
                0..10 => simple(kind, draw),
                10 => Statement::Call {
                    to: draw.below(NARROW),
                    helper: draw.below(HELPERS),
                    left: draw.below(NARROW),
                    right: draw.below(NARROW),
                },
                11 | 12 => Statement::Indirect {
                    to: draw.below(NARROW),
                    helper: draw.below(HELPERS),
                    left: draw.below(NARROW),
                    right: draw.below(NARROW),
                },
                13 => Statement::If {
                    condition: draw.below(NARROW),
                    then: {
                        let n = inner(draw);
                        statements(n, depth + 1, counters, draw)
                    },
                    otherwise: {
                        let n = inner(draw);
                        statements(n, depth + 1, counters, draw)
                    },
                },
                14 | 15 => Statement::Switch {
                    selector: draw.below(NARROW),
                    arms: (0..draw.between(2, 4))
                        .map(|_| {
                            let n = inner(draw);
                            statements(n, depth + 1, counters, draw)
                        })
                        .collect(),
                },
                16 if *counters < LOOPS_MAX => {
                    let counter = *counters;
                    *counters += 1;
                    Statement::Repeat {
                        counter,
                        times: draw.between(1, 6),
                        body: {
                            let n = inner(draw);
                            statements(n, depth + 1, counters, draw)
                        },
                    }
                }
                _ => Statement::Leave {
                    condition: draw.below(NARROW),
                    body: {
                        let n = inner(draw);
                        statements(n, depth + 1, counters, draw)
                    },
                },
            }
        })
        .collect()
}

/// A statement without others in it.
fn simple(kind: u32, draw: &mut Draw) -> Statement {
    let (to, left, right) = (draw.below(NARROW), draw.below(NARROW), draw.below(NARROW));
    match kind {
        0 | 1 => Statement::Narrow { to, op: draw.below(20), left, right },
        2 => Statement::Constant { to, value: if draw.percent(50) { draw.below(300) } else { draw.bits() as u32 } },
        3 => Statement::Narrow { to, op: draw.below(20), left, right: left },
        4 | 5 => Statement::Wide { to: draw.below(WIDE), op: draw.below(12), left, right },
        6 => Statement::Mix { to, narrow: left, wide: draw.below(WIDE), how: draw.below(4) },
        7 => Statement::Load { to, address: left },
        8 => Statement::Store { address: left, value: right },
        _ => Statement::Global { to, value: left },
    }
}

/// How many places there are for filler.
fn places(body: &[Statement]) -> u32 {
    body.iter()
        .map(|statement| match statement {
            Statement::If { then, otherwise, .. } => 1 + places(then) + places(otherwise),
            Statement::Repeat { body, .. } | Statement::Leave { body, .. } => 1 + places(body),
            Statement::Switch { arms, .. } => 1 + arms.iter().map(|arm| places(arm)).sum::<u32>(),
            _ => 1,
        })
        .sum()
}

/// The locals of `f`.
struct Frame {
    narrow: [u32; NARROW as usize],
    wide: [u32; WIDE as usize],
    counters: u32,
    scratch: u32,
}

struct Writer<'a> {
    stretch: &'a Stretch,
    base: u32,
    frame: Frame,
    helpers: u32,
    helper_type: u32,
    table: u32,
    table_offset: u32,
    global: u32,
    filler_left: u32,
    places_left: u32,
    looping: u32,
}

impl Writer<'_> {
    fn all(&mut self, sink: &mut InstructionSink<'_>, body: &[Statement]) {
        for statement in body {
            self.statement(sink, statement);
            let share = self.filler_left / self.places_left.max(1);
            self.places_left = self.places_left.saturating_sub(1);
            self.filler_left -= share;
            self.filler(sink, share);
        }
    }

    /// So many instructions that change nothing. In loops they are jumped over, which is what stretches branches.
    fn filler(&self, sink: &mut InstructionSink<'_>, count: u32) {
        if count == 0 {
            return;
        }
        let scratch = self.frame.scratch;
        match self.stretch.filler_kind {
            0 => {
                for _ in 0..count {
                    sink.nop();
                }
            }
            1 if self.looping == 0 => {
                for number in 0..count.div_ceil(4) {
                    sink.local_get(scratch).i32_const(number.cast_signed()).i32_add().local_set(scratch);
                }
            }
            2 => {
                sink.i32_const(0).if_(BlockType::Empty);
                for number in 0..count.div_ceil(4) {
                    sink.local_get(self.frame.narrow[0]).i32_const(number.cast_signed()).i32_mul();
                    sink.local_set(self.frame.narrow[2]);
                }
                sink.end();
            }
            3 => {
                sink.block(BlockType::Empty).br(0);
                for number in 0..count.div_ceil(2) {
                    sink.i32_const(number.cast_signed()).drop();
                }
                sink.end();
            }
            _ => {
                sink.block(BlockType::Empty).local_get(self.frame.narrow[1]).i32_const(0).i32_ge_u().br_if(0);
                for number in 0..count.div_ceil(3) {
                    sink.i32_const((number % 64).cast_signed())
                        .local_get(self.frame.narrow[1])
                        .i32_store(plain(0, 0, 2));
                }
                sink.end();
            }
        }
    }

    fn constant(&self, sink: &mut InstructionSink<'_>, value: u32) {
        if self.stretch.mask == 0 {
            sink.i32_const(value.cast_signed());
        } else {
            sink.i32_const((value ^ self.stretch.mask).cast_signed()).i32_const(self.stretch.mask.cast_signed());
            sink.i32_xor();
        }
    }

    /// An address within the data, and the rest of it as a static offset.
    fn address(&self, sink: &mut InstructionSink<'_>, variable: u32) -> MemArg {
        sink.local_get(self.frame.narrow[variable as usize]);
        self.constant(sink, DATA_LEN - 8);
        sink.i32_and();
        // The plain program adds all of it; the stretched one has a part of it in the instruction.
        self.constant(sink, self.base - self.stretch.offset);
        sink.i32_add();
        plain(0, u64::from(self.stretch.offset), 2)
    }

    fn call(&self, sink: &mut InstructionSink<'_>, (left, right): (u32, u32)) {
        for number in 0..self.stretch.params {
            sink.i32_const(number.cast_signed());
        }
        sink.local_get(self.frame.narrow[left as usize]).local_get(self.frame.narrow[right as usize]);
    }

    fn called(&self, sink: &mut InstructionSink<'_>, to: u32) {
        for _ in 0..self.stretch.results {
            sink.drop();
        }
        sink.local_set(self.frame.narrow[to as usize]);
    }

    fn statement(&mut self, sink: &mut InstructionSink<'_>, statement: &Statement) {
        let narrow = |number: u32| self.frame.narrow[number as usize];
        let wide = |number: u32| self.frame.wide[number as usize];
        match statement {
            Statement::Narrow { to, op, left, right } => {
                sink.local_get(narrow(*left)).local_get(narrow(*right));
                narrow_op(sink, *op);
                sink.local_set(narrow(*to));
            }
            Statement::Wide { to, op, left, right } => {
                sink.local_get(wide(*left)).local_get(wide(*right));
                wide_op(sink, *op);
                sink.local_set(wide(*to));
            }
            Statement::Mix { to, narrow: from, wide: other, how } => match how {
                0 => {
                    sink.local_get(wide(*other)).i32_wrap_i64().local_set(narrow(*to));
                }
                1 => {
                    sink.local_get(narrow(*from)).i64_extend_i32_s().local_get(wide(*other)).i64_xor();
                    sink.local_set(wide(*other));
                }
                2 => {
                    // Sums of integers are no NaNs.
                    sink.local_get(narrow(*from)).f64_convert_i32_s().local_get(wide(*other)).f64_convert_i64_u();
                    sink.f64_add().i64_reinterpret_f64().local_set(wide(*other));
                }
                _ => {
                    sink.local_get(narrow(*from)).f32_convert_i32_u().local_get(narrow(*to)).f32_convert_i32_s();
                    sink.f32_mul().i32_reinterpret_f32().local_set(narrow(*to));
                }
            },
            Statement::Constant { to, value } => {
                let to = narrow(*to);
                self.constant(sink, *value);
                sink.local_set(to);
            }
            Statement::Load { to, address } => {
                let to = narrow(*to);
                let memarg = self.address(sink, *address);
                sink.i32_load(memarg).local_set(to);
            }
            Statement::Store { address, value } => {
                let value = narrow(*value);
                let memarg = self.address(sink, *address);
                sink.local_get(value).i32_store(memarg);
            }
            Statement::Global { to, value } => {
                sink.global_get(self.global).local_get(narrow(*value)).global_set(self.global).local_set(narrow(*to));
            }
            Statement::Call { to, helper, left, right } => {
                self.call(sink, (*left, *right));
                sink.call(self.helpers + helper);
                self.called(sink, *to);
            }
            Statement::Indirect { to, helper, left, right } => {
                self.call(sink, (*left, *right));
                self.constant(sink, self.table_offset + helper);
                sink.call_indirect(self.table, self.helper_type);
                self.called(sink, *to);
            }
            Statement::If { condition, then, otherwise } => {
                sink.local_get(narrow(*condition)).if_(BlockType::Empty);
                self.all(sink, then);
                sink.else_();
                self.all(sink, otherwise);
                sink.end();
            }
            Statement::Repeat { counter, times, body } => {
                let counter = self.frame.counters + counter;
                sink.i32_const(times.cast_signed()).local_set(counter).loop_(BlockType::Empty);
                self.looping += 1;
                self.all(sink, body);
                self.looping -= 1;
                sink.local_get(counter).i32_const(1).i32_sub().local_tee(counter).br_if(0).end();
            }
            Statement::Switch { selector, arms } => {
                let selector = narrow(*selector);
                let count = arms.len() as u32;
                // One block for each arm and one around them all; the first arm is the default,
                // which is not where the plain table ends.
                for _ in 0..=count {
                    sink.block(BlockType::Empty);
                }
                sink.local_get(selector);
                self.constant(sink, 15);
                sink.i32_and();
                let own = (0..8).map(|target| if target < count { target } else { count - 1 });
                // What is behind the plain table's end goes to its default there, so it must here.
                let more = (0..self.stretch.targets).map(|target| if target < 8 { 0 } else { target % count });
                let targets: Vec<u32> = own.chain(more).collect();
                sink.br_table(targets, 0);
                sink.end();
                for (number, arm) in arms.iter().enumerate() {
                    self.all(sink, arm);
                    // Behind arm 0 one block is closed, and the one around them all is count - number away.
                    sink.br(count - 1 - number as u32).end();
                }
            }
            Statement::Leave { condition, body } => {
                sink.block(BlockType::Empty).local_get(narrow(*condition)).br_if(0);
                self.all(sink, body);
                sink.end();
            }
        }
    }
}

/// A statement of a helper, whose two values are its last parameters.
fn helper_statement(sink: &mut InstructionSink<'_>, statement: &Statement, params: u32) {
    let variable = |number: u32| params + number % 2;
    match statement {
        Statement::Narrow { to, op, left, right } => {
            sink.local_get(variable(*left)).local_get(variable(*right));
            narrow_op(sink, *op);
            sink.local_set(variable(*to));
        }
        Statement::Constant { to, value } => {
            sink.local_get(variable(*to)).i32_const(value.cast_signed()).i32_xor().local_set(variable(*to));
        }
        _ => {}
    }
}

fn narrow_op(sink: &mut InstructionSink<'_>, op: u32) {
    match op {
        0 | 1 => sink.i32_add(),
        2 | 3 => sink.i32_sub(),
        4 => sink.i32_mul(),
        5 => sink.i32_and(),
        6 => sink.i32_or(),
        7 => sink.i32_xor(),
        8 => sink.i32_shl(),
        9 => sink.i32_shr_s(),
        10 => sink.i32_shr_u(),
        11 => sink.i32_rotl(),
        12 => sink.i32_rotr(),
        13 => sink.i32_eq(),
        14 => sink.i32_lt_s(),
        15 => sink.i32_lt_u(),
        16 => sink.i32_ge_s(),
        17 => sink.i32_gt_u(),
        18 => sink.i32_le_u(),
        _ => sink.i32_ne(),
    };
}

fn wide_op(sink: &mut InstructionSink<'_>, op: u32) {
    match op {
        0 | 1 => sink.i64_add(),
        2 => sink.i64_sub(),
        3 => sink.i64_mul(),
        4 => sink.i64_and(),
        5 => sink.i64_or(),
        6 => sink.i64_xor(),
        7 => sink.i64_shl(),
        8 => sink.i64_shr_s(),
        9 => sink.i64_shr_u(),
        10 => sink.i64_rotl(),
        _ => sink.i64_rotr(),
    };
}
