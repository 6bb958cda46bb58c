//! The `table` family: every table operation on every reference type, at the edges of the table.
//!
//! A module has a few tables, and for each of them a small function for each operation. The plan calls them with
//! indices around zero, the size, the maximum and the ends of the index type, and reads the contents back: an element
//! is reduced to a number that says which it is (a function by what it returns, an exception by what it carries), and
//! snapshots show the rest. Random sequences of operations stand beside them in functions of their own, with indices
//! brought within the table, so that one operation meets what another left in registers.

mod module;

use wasm_encoder::ValType;
use wassay_model::{Feature, Features, Host, InstanceIdx, Ref, TestCase, Value};

use crate::Order;
use crate::draw::Draw;
use crate::script::Script;

use self::module::Built;

/// The name under which the second module is registered.
const COMPANION: &str = "env";

/// What a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Func,
    Extern,
    /// Functions of one type, or null.
    Typed,
    /// Functions of one type.
    NonNull,
    Any,
    I31,
    Struct,
    Array,
    Exn,
}

/// A table: what it holds, its limits, and whether its indices have 64 bits.
#[derive(Clone, Copy, Debug)]
struct Shape {
    kind: Kind,
    minimum: u32,
    maximum: u32,
    wide: bool,
}

impl Shape {
    const fn index(self) -> ValType {
        if self.wide { ValType::I64 } else { ValType::I32 }
    }
}

/// What an exported function does with its table, which says what arguments are worth passing.
#[derive(Clone, Copy, Debug)]
enum Operation {
    /// (index)
    Read(usize),
    /// (index, value)
    Write(usize),
    /// (delta, value)
    Grow(usize),
    /// (index, value, length)
    Fill(usize),
    /// (destination, source, length), the tables of both
    Copy(usize, usize),
    /// (destination, source, length), and the length of the segment
    Init(usize, u32),
    /// (index, argument)
    Call(usize),
    /// (index, value, number): brings the index within the table itself
    Sequence(usize),
    /// (): the size, a sum over the contents, a segment dropped
    Plain,
}

struct Export {
    name: String,
    operation: Operation,
}

/// Makes a case; its provenance has no seed yet.
pub(crate) fn generate(order: &Order, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    let allowed = features(order.features, draw);
    let mut traits = Vec::new();
    let companion = draw.percent(40);
    let hosted = draw.percent(20);
    let mut script = Script::new(if hosted { Host::Deterministic } else { Host::None });
    let built = Built::draw(allowed, companion, hosted, draw);
    let mut helper = None;
    for (name, holds) in [
        ("companion", companion),
        ("host", hosted),
        ("wide", built.shapes.iter().any(|shape| shape.wide)),
        ("partial", built.partial),
        ("subtypes", built.subtypes),
    ] {
        if holds {
            traits.push(name);
        }
    }
    if let Some(bytes) = built.companion {
        let module = script.module(COMPANION, bytes);
        let instance = script.instantiate(module);
        script.register(instance, COMPANION);
        helper = Some(instance);
    }
    let module = script.module("main", built.main);
    let instance = script.instantiate(module);
    if draw.percent(30) || built.partial {
        script.snapshot();
    }
    // The sizes as they should be, but for growth that callees do.
    let mut sizes: Vec<u32> = built.shapes.iter().map(|shape| shape.minimum).collect();
    let calls = draw.between(14, 30);
    let middle = draw.below(calls);
    for number in 0..calls {
        if let Some(helper) = helper
            && (built.partial || draw.percent(12))
        {
            let at = edge(draw, built.shapes[0].minimum, built.shapes[0].maximum, false);
            script.invoke(helper, "call", vec![at, Value::I32(draw.bits() as u32)]);
        } else if !built.partial {
            let export = &built.exports[draw.position(built.exports.len())];
            call(&mut script, instance, export, &built.shapes, &mut sizes, draw);
        }
        if number == middle {
            script.snapshot();
        }
    }
    if !built.partial {
        for (at, _) in built.shapes.iter().enumerate() {
            script.invoke(instance, &format!("sum{at}"), Vec::new());
        }
    }
    script.snapshot();
    (script.finish(built.used), traits)
}

/// Which features the case may use.
fn features(allowed: Features, draw: &mut Draw) -> Features {
    let mut features = Features::V1;
    for (feature, percent, on) in [
        (Feature::BulkMemory, 95, None),
        (Feature::ReferenceTypes, 90, Some(Feature::BulkMemory)),
        (Feature::TailCall, 35, None),
        (Feature::Memory64, 25, Some(Feature::ReferenceTypes)),
        (Feature::FunctionReferences, 40, Some(Feature::ReferenceTypes)),
        (Feature::Gc, 60, Some(Feature::FunctionReferences)),
        (Feature::Exceptions, 20, Some(Feature::ReferenceTypes)),
    ] {
        if allowed.contains(feature) && on.is_none_or(|on| features.contains(on)) && draw.percent(percent) {
            features = features.union(Features::of(&[feature]));
        }
    }
    features
}

fn call(
    script: &mut Script,
    instance: InstanceIdx,
    export: &Export,
    shapes: &[Shape],
    sizes: &mut [u32],
    draw: &mut Draw,
) {
    let index = |draw: &mut Draw, at: usize, sizes: &[u32]| edge(draw, sizes[at], shapes[at].maximum, shapes[at].wide);
    let value = |draw: &mut Draw, at: usize| match shapes[at].kind {
        Kind::Extern if draw.percent(20) => Value::Ref(Ref::Null),
        Kind::Extern => Value::Ref(Ref::Extern(draw.below(8))),
        _ => Value::I32(draw.below(12)),
    };
    let args = match export.operation {
        Operation::Read(at) => vec![index(draw, at, sizes)],
        Operation::Write(at) => vec![index(draw, at, sizes), value(draw, at)],
        Operation::Grow(at) => {
            let room = shapes[at].maximum - sizes[at];
            let delta = match draw.below(8) {
                0 => 0,
                1 => u64::from(room) + 1,
                2 => u64::from(room),
                // Engines that count fuel count elements here and stop, after which nothing more is compared.
                3 if draw.percent(12) => extreme(draw, shapes[at].wide),
                _ => u64::from(draw.between(1, 3)),
            };
            if delta <= u64::from(room) {
                sizes[at] += delta as u32;
            }
            vec![number(delta, shapes[at].wide), value(draw, at)]
        }
        Operation::Fill(at) => {
            let (start, length) = range(draw, sizes[at], shapes[at].wide);
            // In range, were the upper half lost.
            let start = start.wrapping_add(u64::from(shapes[at].wide && draw.percent(12)) << 32);
            vec![number(start, shapes[at].wide), value(draw, at), number(length, shapes[at].wide)]
        }
        Operation::Copy(to, from) => {
            let wide = shapes[to].wide && shapes[from].wide;
            let (start, length) = range(draw, sizes[to].min(sizes[from]), wide);
            // The source lies a little before or behind, so that both overlap.
            let shift = draw.below(4);
            let last = u64::from(sizes[from]).saturating_sub(length.min(u64::from(sizes[from])));
            let source =
                if draw.percent(50) { start.saturating_sub(u64::from(shift)) } else { start + u64::from(shift) };
            let source = if draw.percent(85) { source.min(last) } else { source };
            // Where indices have different widths, no engine may lose the upper half of the wider one.
            let beyond = u64::from(shapes[to].wide != shapes[from].wide && draw.percent(12)) << 32;
            let (start, source) = (start + beyond, source + beyond);
            vec![number(start, shapes[to].wide), number(source, shapes[from].wide), number(length, wide)]
        }
        Operation::Init(at, segment) => {
            let (start, length) = range(draw, sizes[at], shapes[at].wide);
            // Most segments are dropped sooner or later: then only a length of zero is within bounds.
            let length = length.min(u64::from(segment) + u64::from(draw.percent(6)));
            let source = if draw.percent(60) { 0 } else { u64::from(segment) - length.min(u64::from(segment)) };
            vec![number(start, shapes[at].wide), number(source, false), number(length, false)]
        }
        Operation::Call(at) => vec![index(draw, at, sizes), Value::I32(draw.bits() as u32)],
        Operation::Sequence(at) => {
            vec![Value::I32(draw.bits() as u32), value(draw, at), Value::I32(draw.below(64))]
        }
        Operation::Plain => Vec::new(),
    };
    script.invoke(instance, &export.name, args);
}

const fn number(value: u64, wide: bool) -> Value {
    if wide { Value::I64(value) } else { Value::I32(value as u32) }
}

/// An index: most often within the table, often its first and last, and now and then past its end.
fn edge(draw: &mut Draw, size: u32, maximum: u32, wide: bool) -> Value {
    let index = match draw.below(20) {
        0..=3 => 0,
        4..=7 => u64::from(size.saturating_sub(1)),
        8 => u64::from(size),
        9 => match draw.below(4) {
            0 => u64::from(maximum),
            1 => u64::from(maximum) - 1,
            _ => extreme(draw, wide),
        },
        _ => u64::from(draw.below(size)),
    };
    // In range, were the upper half lost.
    let index = if wide && index < 1 << 32 && draw.percent(12) { index + (1 << 32) } else { index };
    number(index, wide)
}

/// The ends of the index type, and what is in range only where the upper half is forgotten.
fn extreme(draw: &mut Draw, wide: bool) -> u64 {
    let narrow = draw.pick(&[0xffff_ffff, 0x8000_0000, 0x7fff_ffff, 0xffff_fffe]);
    if !wide {
        return narrow;
    }
    draw.pick(&[narrow, u64::MAX, 1 << 32, (1 << 32) + 1, 1 << 63, u64::MAX - 1, 0xffff_ffff_0000_0000])
}

/// A start and a length: within the table, up to its very end, empty at the end, and past it.
fn range(draw: &mut Draw, size: u32, wide: bool) -> (u64, u64) {
    let size = u64::from(size);
    let start = u64::from(draw.below(size as u32 + 1));
    match draw.below(24) {
        0 => (size, 0),
        1 => (size + 1, 0),
        2 => (start, size - start + 1),
        3 if draw.percent(40) => (start, extreme(draw, wide)),
        4 => (extreme(draw, wide), 1),
        5..=9 => (start, size - start),
        _ => (start, u64::from(draw.below((size - start) as u32 + 1)).min(8)),
    }
}
