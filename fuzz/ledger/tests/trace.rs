//! What is read off code, what is seen of runs, and that marks change nothing.

use wassay_adapter::{Prepared, walk, wasm_features};
use wassay_generate::{Profile, generate};
use wassay_ledger::{Tracer, mark, sites};
use wassay_model::{
    Action, Bytes, Capture, EngineName, Features, Host, InstanceIdx, Limits, Module, ModuleIdx, Plan, PlanStep,
    Provenance, Snapshot, TestCase, Value,
};

fn module(text: &str) -> Vec<u8> {
    let buffer = wast::parser::ParseBuffer::new(text).unwrap();
    wast::parser::parse::<wast::Wat<'_>>(&buffer).unwrap().encode().unwrap()
}

/// One instance, and calls of its exports with one `i32` each.
fn case(text: &str, calls: &[(&str, u32)]) -> TestCase {
    let step = |action| PlanStep { action, snapshot: Snapshot::Skip };
    let mut steps = vec![step(Action::Instantiate { module: ModuleIdx(0) })];
    steps.extend(calls.iter().map(|(export, arg)| {
        step(Action::Invoke { instance: InstanceIdx(0), export: (*export).to_owned(), args: vec![Value::I32(*arg)] })
    }));
    TestCase {
        modules: vec![Module { name: "main".to_owned(), bytes: Bytes(module(text)) }],
        plan: Plan { steps },
        host: Host::None,
        features: Features::V3,
        limits: Limits::default(),
        provenance: Provenance::File { path: String::new() },
        relations: Vec::new(),
    }
}

#[track_caller]
fn check(body: &str, expected: &[&str]) {
    let text = format!(
        "(module (memory 1) (global $g (mut i32) (i32.const 0))
           (func $id (param i32) (result i32) local.get 0)
           (func (param $p i32) (param $q i32) (result i32) (local $l i32) {body}))"
    );
    let found: Vec<String> =
        sites(&module(&text)).unwrap().into_iter().flat_map(|site| site.cells).map(|cell| cell.to_string()).collect();
    assert_eq!(found, expected, "{body}");
}

#[test]
fn operands_have_shapes_and_results_have_sinks() {
    check("(i32.add (local.get $p) (i32.const 5))", &["i32.add:0/i32/param/return", "i32.add:1/i32/const/return"]);
    check(
        "(i32.mul (local.get $p) (local.get $p))",
        &["i32.mul:0/i32/param/return", "i32.mul:1/i32/param/return", "i32.mul:0/i32/same/return"],
    );
    check(
        "(i32.clz (call $id (i32.ctz (local.get $p))))",
        &["i32.ctz:0/i32/param/argument", "i32.clz:0/i32/called/return"],
    );
    check(
        "(i32.shl (i32.shr_u (local.get $p) (local.get $q)) (i32.const 3))",
        &[
            "i32.shr_u:0/i32/param/return",
            "i32.shr_u:1/i32/param/return",
            "i32.shl:0/i32/inverse/return",
            "i32.shl:1/i32/const/return",
        ],
    );
    check(
        "(i32.wrap_i64 (i64.extend_i32_s (local.get $p)))",
        &[
            "i64.extend_i32_s:0/i32/param/return",
            "i32.wrap_i64:0/i64/inverse/return",
            "i32.wrap_i64:0/i64/extended/return",
        ],
    );
    // Both arms leave what `i32.sub` made, or only one of them.
    check(
        "(i32.add (if (result i32) (local.get $p) (then (i32.sub (local.get $p) (local.get $q)))
            (else (i32.sub (local.get $q) (local.get $p)))) (local.get $q))",
        &[
            "i32.sub:0/i32/param/return",
            "i32.sub:1/i32/param/return",
            "i32.sub:0/i32/param/return",
            "i32.sub:1/i32/param/return",
            "i32.add:0/i32/inverse/return",
            "i32.add:1/i32/param/return",
        ],
    );
    check(
        "(i32.add (if (result i32) (local.get $p) (then (i32.sub (local.get $p) (local.get $q)))
            (else (local.get $q))) (local.get $q))",
        &["i32.sub:0/i32/param/return", "i32.sub:1/i32/param/return", "i32.add:1/i32/param/return"],
    );
    check(
        "(global.set $g (i32.popcnt (i32.eq (local.get $p) (local.get $q)))) (i32.const 0)",
        &["i32.eq:0/i32/param/global", "i32.eq:1/i32/param/global", "i32.popcnt:0/i32/compared/global"],
    );
    check(
        "(i32.load (i32.extend8_s (i32.load8_u (local.get $p))))",
        &["i32.load8_u:0/i32/param/address", "i32.extend8_s:0/i32/loaded/address", "i32.load:0/i32/extended/return"],
    );
    check(
        "(i32.store8 (local.get $p) (i32.rotl (local.get $q) (i32.const 3))) (memory.size)",
        &[
            "i32.rotl:0/i32/param/store",
            "i32.rotl:1/i32/const/store",
            "i32.store8:0/i32/param/state",
            "memory.size:0/i32/none/return",
        ],
    );
    check(
        "(if (result i32) (i32.eqz (local.get $p)) (then (i32.const 1)) (else (i32.const 2)))",
        &["i32.eqz:0/i32/param/if"],
    );
    check(
        "(select (i32.sub (local.get $p) (local.get $q)) (i32.const 1) (i32.lt_s (local.get $p) (i32.const 0)))",
        &[
            "i32.sub:0/i32/param/select",
            "i32.sub:1/i32/param/select",
            "i32.lt_s:0/i32/param/condition",
            "i32.lt_s:1/i32/const/condition",
            "select.i32:1/i32/const/return",
            "select.i32:2/i32/compared/return",
        ],
    );
}

#[test]
fn what_is_dropped_has_no_cell() {
    check("(drop (i32.add (local.get $p) (i32.const 5))) (i32.const 0)", &[]);
    check("(return (i32.const 0)) (i32.add (i32.const 1) (i32.const 2))", &[]);
}

#[test]
fn a_step_has_seen_what_it_executed_and_nothing_behind_a_branch_or_a_trap() {
    let text = r#"(module (memory 1)
        (func (export "f") (param i32) (result i32)
          (if (result i32) (local.get 0)
            (then (i32.clz (local.get 0)))
            (else (i32.ctz (i32.load (i32.const -1)))))))"#;
    let seen = Tracer::new().trace(&case(text, &[("f", 1), ("f", 0)]));
    let seen: Vec<(u32, String)> = seen.iter().map(|seen| (seen.step.0, seen.cell.to_string())).collect();
    assert_eq!(seen, [(1, "i32.clz:0/i32/param/return".to_owned())]);
}

#[test]
fn a_cell_belongs_to_the_first_step_that_executes_it() {
    let text = r#"(module
        (func (export "f") (param i32) (result i32) (i32.clz (local.get 0)))
        (func (export "g") (param i32) (result i32) (i32.ctz (local.get 0))))"#;
    let seen = Tracer::new().trace(&case(text, &[("g", 1), ("f", 0), ("g", 2)]));
    let seen: Vec<(u32, String)> = seen.iter().map(|seen| (seen.step.0, seen.cell.to_string())).collect();
    assert_eq!(seen, [(1, "i32.ctz:0/i32/param/return".to_owned()), (2, "i32.clz:0/i32/param/return".to_owned())]);
}

#[test]
fn marked_modules_are_valid_and_do_what_they_did() {
    let mut engine = wassay_in_process::open(&EngineName::plain("reference")).unwrap();
    let mut cells = 0;
    for profile in Profile::all() {
        for index in 0..200 {
            let mut case = generate(3, index, &profile);
            // Looking at a table numbers what is in it.
            case.plan.steps.iter_mut().for_each(|step| step.snapshot = Snapshot::Never);
            let mut marked = case.clone();
            for module in &mut marked.modules {
                // Of a module that is broken on purpose nothing is known.
                let Ok(found) = sites(&module.bytes.0) else { continue };
                let features = wasm_features(case.features) | wasmparser::WasmFeatures::MULTI_MEMORY;
                let valid =
                    |bytes: &[u8]| wasmparser::Validator::new_with_features(features).validate_all(bytes).is_ok();
                let was_valid = valid(&module.bytes.0);
                module.bytes = Bytes(mark(&module.bytes.0, &found).unwrap());
                assert!(!was_valid || valid(&module.bytes.0), "{} {index}: {}", profile.name(), module.name);
            }
            let plain = walk(&mut *engine, &Prepared::new(&case), Capture::Digests);
            let with_marks = walk(&mut *engine, &Prepared::new(&marked), Capture::Digests);
            for (step, (plain, marked)) in plain.steps.iter().zip(&with_marks.steps).enumerate() {
                assert_eq!(plain.outcome, marked.outcome, "{} {index}, step {step}", profile.name());
                assert_eq!(plain.host_calls, marked.host_calls, "{} {index}, step {step}", profile.name());
            }
            cells += Tracer::new().trace(&case).len();
        }
    }
    assert!(cells > 10_000, "{cells}");
}
