//! What every family promises, measured on the reference.

#![allow(dead_code, reason = "every test file uses its own part of it")]

use std::collections::BTreeMap;

use wasmparser::Validator;
use wassay_adapter::{Prepared, walk, wasm_features};
use wassay_generate::{Profile, generate};
use wassay_model::{
    Action, Capture, Ending, EngineName, Features, Observation, Outcome, Provenance, TestCase, TrapKinds,
};

pub(crate) const SEED: u64 = 0x5eed;

pub(crate) fn profile(name: &str) -> Profile {
    Profile::parse(name).expect("the profile exists")
}

pub(crate) fn cases(name: &str, count: u64) -> Vec<TestCase> {
    let profile = profile(name);
    (0..count).map(|index| generate(SEED, index, &profile)).collect()
}

pub(crate) fn traits(case: &TestCase) -> &[String] {
    match &case.provenance {
        Provenance::Generated { traits, .. } => traits,
        Provenance::File { .. } => &[],
    }
}

pub(crate) fn counted(cases: &[TestCase]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in cases.iter().flat_map(traits) {
        *counts.entry(name.clone()).or_default() += 1;
    }
    counts
}

pub(crate) fn observe(case: &TestCase) -> Observation {
    let mut engine = wassay_in_process::open(&EngineName::plain("reference")).expect("the reference");
    walk(&mut *engine, &Prepared::new(case), Capture::Digests)
}

/// Every module is valid with the case's features, and the case asks for none that the profile has not.
#[track_caller]
pub(crate) fn assert_valid(name: &str, cases: &[TestCase]) {
    for case in cases {
        assert!(case.features.minus(profile(name).features()).is_empty());
        for module in &case.modules {
            let validated = Validator::new_with_features(wasm_features(case.features)).validate_all(&module.bytes.0);
            if let Err(error) = validated {
                panic!("{:?}, module {}, with {:?}: {error}", case.provenance, module.name, case.features);
            }
        }
    }
}

/// A case is a function of seed and index, in whatever part of the language.
#[track_caller]
pub(crate) fn assert_deterministic(name: &str, parts: &[Features]) {
    for features in parts {
        let profile = profile(name).with_features(*features);
        let forward: Vec<TestCase> = (0..24).map(|index| generate(7, index, &profile)).collect();
        let backward: Vec<TestCase> = (0..24).rev().map(|index| generate(7, index, &profile)).collect();
        assert!(forward.iter().eq(backward.iter().rev()));
        for case in &forward {
            assert!(case.features.minus(*features).is_empty(), "{:?}", case.features);
            for module in &case.modules {
                let parser = wasm_features(case.features);
                let validated = Validator::new_with_features(parser).validate_all(&module.bytes.0);
                assert!(validated.is_ok(), "{:?}: {:?}", case.provenance, validated.err());
            }
        }
    }
}

/// The shares of cases that finish, of calls that do not trap early, and of calls that return a value.
#[track_caller]
pub(crate) fn assert_gates(cases: &[TestCase]) {
    let (mut finished, mut calls, mut early, mut values) = (0, 0, 0, 0);
    for case in cases {
        let seen = observe(case);
        // A start function that traps leaves no instance to call.
        let absent = seen.steps.iter().any(|step| step.outcome == Outcome::Absent);
        finished += usize::from(seen.ending == Ending::Finished && !absent);
        for (number, (planned, step)) in case.plan.steps.iter().zip(&seen.steps).enumerate() {
            assert!(
                !matches!(step.outcome, Outcome::Unclassified(_)),
                "{:?}, step {number}: {}",
                case.provenance,
                step.outcome
            );
            if !matches!(planned.action, Action::Invoke { .. }) {
                continue;
            }
            calls += 1;
            match &step.outcome {
                Outcome::Returned(results) => values += usize::from(!results.is_empty()),
                Outcome::Trapped(kinds) => {
                    assert_ne!(*kinds, TrapKinds::UNTOLD);
                    early += usize::from(seen.instructions.get(number).is_some_and(|count| *count < 100));
                }
                _ => {}
            }
        }
    }
    assert!(finished * 100 >= cases.len() * 95, "{finished} of {} cases finish", cases.len());
    assert!(early * 100 <= calls * 20, "{early} of {calls} calls trap early");
    assert!(values * 100 >= calls * 60, "{values} of {calls} calls return a value");
    println!("{calls} calls: {values} return values, {early} trap early");
}

/// Every relation of a case names two steps that the reference ends alike.
#[track_caller]
pub(crate) fn assert_related(cases: &[TestCase]) -> usize {
    let mut related = 0;
    for case in cases {
        let seen = observe(case);
        for relation in &case.relations {
            let of = |step: wassay_model::StepIdx| seen.steps.get(step.position()).map(|step| step.outcome.to_string());
            let (original, rewritten) = (of(relation.original), of(relation.rewritten));
            // Identities are part of the text, and two instances have two functions.
            if original.as_ref().is_some_and(|text| !text.contains("ref:")) {
                assert_eq!(original, rewritten, "{:?}: {relation:?}", case.provenance);
            }
            related += 1;
        }
    }
    related
}
