//! The `gc` family: graphs of structures and arrays, made, changed, cast and summed.
//!
//! A case draws one recursive group of types, with chains of subtypes and packed fields. From it follow, for every
//! type, a function that makes an object out of a number, one that changes it and one that sums it up with all that it
//! leads to, down to a depth. Whatever happens to the heap in between, the sums are numbers, and are compared. Loops
//! make thousands of objects and keep a few, in locals, operands, globals, tables and other objects, so that a
//! collector has work to do and something to lose. Two functions have objects that hardly leave them, for compilers that
//! would rather have none. Half of the cases have a second module with the same group of types
//! and functions over it: objects go from one to the other.

mod module;
mod scratch;
mod types;

use wassay_model::{Feature, Features, Host, Ref, TestCase, Value};

use crate::Order;
use crate::draw::Draw;
use crate::script::Script;

use self::module::{Argument, Heap};
use self::types::World;

/// The name under which the second module is registered.
const COMPANION: &str = "env";

/// Makes a case; its provenance has no seed yet. Its features are those of garbage collection, and vectors in some
/// cases: without the first it has nothing to say.
pub(crate) fn generate(order: &Order, draw: &mut Draw) -> (TestCase, Vec<&'static str>) {
    let vectors = order.features.contains(Feature::Simd) && draw.percent(25);
    let world = World::draw(vectors, draw);
    let mut used = Features::of(&[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc]);
    let mut traits = Vec::new();
    let mut script = Script::new(Host::None);
    let companion = draw.percent(50);
    if companion {
        traits.push("companion");
        let module = script.module(COMPANION, Heap::companion(&world, draw));
        let instance = script.instantiate(module);
        script.register(instance, COMPANION);
    }
    if world.has_vectors() {
        traits.push("vectors");
        used = used.union(Features::of(&[Feature::Simd]));
    }
    let heap = Heap::main(&world, companion, draw);
    if heap.mutable_global {
        used = used.union(Features::of(&[Feature::MutableGlobal]));
    }
    if heap.bulk {
        used = used.union(Features::of(&[Feature::BulkMemory]));
    }
    let module = script.module("main", heap.bytes);
    let instance = script.instantiate(module);
    let calls = draw.between(12, 26);
    let middle = draw.below(calls);
    for number in 0..calls {
        let (name, arguments) = &heap.exports[draw.position(heap.exports.len())];
        let args = arguments
            .iter()
            .map(|argument| match argument {
                Argument::Seed => Value::I64(if draw.percent(25) { u64::from(draw.below(8)) } else { draw.bits() }),
                Argument::Small(bound) => Value::I32(draw.below(*bound)),
                Argument::Many if draw.percent(6) => Value::I32(draw.between(1000, 4000)),
                Argument::Many => Value::I32(draw.below(120)),
                Argument::Host if draw.percent(20) => Value::Ref(Ref::Null),
                Argument::Host => Value::Ref(Ref::Extern(draw.below(8))),
            })
            .collect();
        script.invoke(instance, name, args);
        if number == middle {
            script.snapshot();
        }
    }
    if heap.exports.iter().any(|(name, _)| *name == "drop") {
        // What is dropped gives nothing more, not even where it had been read before.
        for (name, args) in [("drop", [].to_vec()), ("fresh-data", [1, 1].to_vec()), ("elements", [1, 1].to_vec())] {
            script.invoke(instance, name, args.into_iter().map(Value::I32).collect());
        }
        script.invoke(instance, "data", vec![Value::I32(0), Value::I32(0)]);
    }
    script.invoke(instance, "kept", Vec::new());
    script.invoke(instance, "counted", Vec::new());
    script.snapshot();
    (script.finish(used), traits)
}
