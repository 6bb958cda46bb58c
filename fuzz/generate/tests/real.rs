//! What the `real` family promises of its cases, and what its programs compute.

use std::collections::BTreeSet;

use wasmparser::Validator;
use wassay_adapter::{Prepared, walk, wasm_features};
use wassay_generate::{Profile, generate};
use wassay_model::{Action, Capture, EngineName, Features, Outcome, Provenance, TestCase, Value};

#[path = "../corpus/rust/programs.rs"]
#[rustfmt::skip]
#[allow(unreachable_pub, missing_docs, clippy::all, reason = "it is compiled as it is for WebAssembly")]
mod programs;

fn cases(count: u64) -> impl Iterator<Item = TestCase> {
    let profile = Profile::parse("real").unwrap();
    (0..count).map(move |index| generate(5, index, &profile))
}

fn traits(case: &TestCase) -> &[String] {
    match &case.provenance {
        Provenance::Generated { traits, .. } => traits,
        Provenance::File { .. } => &[],
    }
}

#[test]
fn a_case_is_a_function_of_seed_and_index() {
    assert!(cases(50).eq(cases(50)));
}

#[test]
fn modules_are_valid_with_the_features_of_their_case() {
    for case in cases(400) {
        for module in &case.modules {
            let validated = Validator::new_with_features(wasm_features(case.features)).validate_all(&module.bytes.0);
            if let Err(error) = validated {
                panic!("{:?}, {}: {error}", case.provenance, module.name);
            }
        }
    }
}

#[test]
fn every_program_and_the_suite_come_and_nearly_every_call_returns_a_value() {
    let mut engine = wassay_in_process::open(&EngineName::plain("reference")).unwrap();
    let mut seen = BTreeSet::new();
    let (mut calls, mut returned, mut most) = (0_u32, 0_u32, 0);
    for case in cases(400) {
        seen.extend(traits(&case).iter().cloned());
        let observation = walk(&mut *engine, &Prepared::new(&case), Capture::Digests);
        for (step, planned) in observation.steps.iter().zip(&case.plan.steps) {
            assert!(!matches!(step.outcome, Outcome::Exhausted(_)), "{:?}", case.provenance);
            if matches!(planned.action, Action::Invoke { .. }) {
                calls += 1;
                returned += u32::from(matches!(&step.outcome, Outcome::Returned(values) if !values.is_empty()));
            }
        }
        most = most.max(observation.instructions.iter().copied().max().unwrap_or_default());
    }
    assert_eq!(seen.len(), 9, "{seen:?}");
    assert!(returned * 100 >= calls * 80, "{returned} of {calls}");
    // The plan's fuel is ten million.
    assert!(most < 5_000_000, "{most}");
}

/// What the function of this name computes with these arguments on the processor of this machine.
fn native(name: &str, args: &[Value]) -> Value {
    let wide = |index: usize| match args[index] {
        Value::I64(bits) => bits,
        Value::F64(bits) => bits,
        Value::I32(bits) | Value::F32(bits) => u64::from(bits),
        other => unreachable!("{name} takes {other}"),
    };
    let narrow = |index: usize| wide(index) as u32;
    let double = |index: usize| f64::from_bits(wide(index));
    match name {
        "sort" => Value::I64(programs::sort(wide(0), narrow(1))),
        "sha256" => Value::I64(programs::sha256(wide(0), narrow(1))),
        "mandelbrot" => Value::I64(programs::mandelbrot(double(0), double(1), double(2))),
        "factorial" => Value::I64(programs::factorial(narrow(0), wide(1))),
        "distance" => Value::I32(programs::distance(wide(0), narrow(1), narrow(2))),
        "map" => Value::I64(programs::map(wide(0), narrow(1))),
        "machine" => Value::I64(programs::machine(wide(0), narrow(1))),
        "compress" => Value::I64(programs::compress(wide(0), narrow(1))),
        "integral" => {
            let single = |index| f32::from_bits(narrow(index));
            Value::F32(programs::integral(single(0), single(1), narrow(2)).to_bits())
        }
        "decimal" => Value::I64(programs::decimal(wide(0).cast_signed(), narrow(1)).cast_unsigned()),
        _ => unreachable!("{name}"),
    }
}

#[test]
fn programs_in_rust_compute_what_the_processor_does() {
    let mut engine = wassay_in_process::open(&EngineName::plain("reference")).unwrap();
    let mut compared = BTreeSet::new();
    for case in cases(600).filter(|case| traits(case).iter().any(|name| name.starts_with("rust-"))) {
        let observation = walk(&mut *engine, &Prepared::new(&case), Capture::Digests);
        for (step, planned) in observation.steps.iter().zip(&case.plan.steps) {
            let Action::Invoke { export, args, .. } = &planned.action else { continue };
            let Outcome::Returned(values) = &step.outcome else { panic!("{export} {args:?}: {:?}", step.outcome) };
            let expected = native(export, args);
            let is_nan = |value: &Value| matches!(value, Value::F32(bits) if f32::from_bits(*bits).is_nan());
            let same = values.len() == 1 && (values[0] == expected || is_nan(&values[0]) && is_nan(&expected));
            assert!(same, "{export} {args:?}: {values:?} where {expected:?} is right");
            compared.insert(export.clone());
        }
    }
    assert_eq!(compared.len(), 10, "{compared:?}");
}

#[test]
fn a_profile_of_1_0_gets_programs_of_1_0() {
    let profile = Profile::parse("real").unwrap().with_features(Features::V1);
    for index in 0..50 {
        assert!(generate(1, index, &profile).features.minus(Features::V1).is_empty());
    }
}
