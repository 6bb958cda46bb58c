//! The limits of a case hold, where an engine can be told of them.

use std::thread;

use wassay_adapter::{Prepared, kit, walk};
use wassay_in_process::open;
use wassay_model::{
    Action, Bytes, Capture, Features, Host, InstanceIdx, Limits, Module, ModuleIdx, Outcome, Plan, PlanStep,
    Provenance, Resource, Snapshot, TestCase, Value,
};

fn outcomes(engine: &'static str, text: &str, limits: Limits, calls: &[(&str, u32)]) -> Vec<Outcome> {
    let step = |action| PlanStep { action, snapshot: Snapshot::Skip };
    let mut steps = vec![step(Action::Instantiate { module: ModuleIdx(0) })];
    steps.extend(calls.iter().map(|(export, arg)| {
        let (export, args) = ((*export).to_owned(), vec![Value::I32(*arg)]);
        step(Action::Invoke { instance: InstanceIdx(0), export, args })
    }));
    let case = TestCase {
        modules: vec![Module { name: "limits".to_owned(), bytes: Bytes(kit::module(text)) }],
        plan: Plan { steps },
        host: Host::None,
        features: Features::V2,
        limits,
        provenance: Provenance::File { path: "limits".to_owned() },
        relations: Vec::new(),
    };
    let thread = thread::Builder::new().stack_size(64 << 20).spawn(move || {
        let mut engine = open(&engine.parse().unwrap()).unwrap();
        let observation = walk(&mut *engine, &Prepared::new(&case), Capture::Digests);
        observation.steps.into_iter().map(|step| step.outcome).collect()
    });
    thread.unwrap().join().unwrap()
}

fn returned(value: i32) -> Outcome {
    Outcome::Returned(vec![Value::I32(value.cast_unsigned())])
}

/// Engines that are linked in this build.
fn linked(names: &[&'static str]) -> Vec<&'static str> {
    let listed: Vec<String> = wassay_in_process::list().iter().map(|listed| listed.name.to_string()).collect();
    names.iter().copied().filter(|name| listed.iter().any(|listed| listed == name)).collect()
}

#[test]
fn growth_beyond_the_limit_is_refused() {
    const TEXT: &str = r#"(module
        (memory 1)
        (table $t 1 funcref)
        (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "table") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))"#;
    let limits = Limits { memory_pages_max: 4, table_elements_max: 10, ..Limits::default() };
    let calls = [("memory", 4), ("memory", 3), ("memory", 1), ("table", 10), ("table", 9), ("table", 1)];
    let expected = [-1, 1, -1, -1, 1, -1].map(returned);
    let engines = linked(&["reference", "wasmi", "wasmi@1.1.0", "wasmtime", "wasmtime+winch", "wasmtime+pulley"]);
    for engine in engines {
        assert_eq!(outcomes(engine, TEXT, limits, &calls)[1..], expected, "{engine}");
    }
    // Of tables this one is not told.
    for engine in linked(&["tinywasm"]) {
        assert_eq!(outcomes(engine, TEXT, limits, &calls[..3])[1..], expected[..3], "{engine}");
    }
}

#[test]
fn what_begins_beyond_the_limit_is_no_trap() {
    let limits = Limits { memory_pages_max: 4, table_elements_max: 10, ..Limits::default() };
    for text in ["(module (memory 5))", "(module (table 11 funcref))"] {
        for engine in linked(&["reference", "wasmi", "wasmi@1.1.0", "tinywasm", "wasmtime", "wasmtime+winch"]) {
            let outcome = &outcomes(engine, text, limits, &[])[0];
            let limit = matches!(outcome, Outcome::Refused(_) | Outcome::Exhausted(Resource::Memory));
            assert!(limit, "{engine}: {outcome}");
        }
    }
}

#[test]
fn frames_are_limited_where_the_engine_counts_them() {
    const TEXT: &str = r#"(module
        (func $deep (export "deep") (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0))
                (then (i32.const 0))
                (else (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))))))"#;
    for frames_max in [100, 30_000] {
        let limits = Limits { frames_max, ..Limits::default() };
        for engine in linked(&["reference", "wasmi", "wasmi@1.1.0", "tinywasm"]) {
            // One of them counts by the room that it has set aside, which is up to twice as much.
            let calls = [("deep", frames_max - 10), ("deep", frames_max * 2 + 10)];
            let seen = outcomes(engine, TEXT, limits, &calls);
            let expected = [returned((frames_max - 10).cast_signed()), Outcome::Exhausted(Resource::Stack)];
            assert_eq!(seen[1..], expected, "{engine}, {frames_max} frames");
        }
    }
}
