//! What engines make of a family's cases, for the tests of its quality gates.
#![allow(dead_code, reason = "each test needs a part of it")]

use std::collections::BTreeSet;

use wassay_adapter::{Prepared, needed_features, walk};
use wassay_generate::{Profile, generate};
use wassay_model::{Action, Capture, Ending, EngineName, Feature, Features, Outcome, TestCase};

pub(crate) const SEED: u64 = 0x5eed;

pub(crate) fn case(family: &str, index: u64) -> TestCase {
    generate(SEED, index, &Profile::parse(family).expect("the profile exists"))
}

/// The cases are valid, and what each says of its features is what its modules need.
pub(crate) fn features_are_exact(family: &str, cases: u64) {
    for index in 0..cases {
        let case = case(family, index);
        let mut needed = Features::V1;
        for module in &case.modules {
            let of_module = needed_features(&module.bytes.0);
            needed = needed.union(of_module.unwrap_or_else(|| panic!("case {index}: {} is not valid", module.name)));
        }
        // The validator counts `return_call_ref` to function references alone; it is a tail call as well.
        if operators_of(&case).contains("ReturnCallRef") {
            needed = needed.union(Features::of(&[Feature::TailCall]));
        }
        assert_eq!(case.features, needed, "case {index}");
    }
}

/// Neither the order nor the place in which cases are made changes them, and no two are the same.
pub(crate) fn cases_depend_on_seed_and_index_alone(family: &str) {
    let forward: Vec<TestCase> = (0..64).map(|index| case(family, index)).collect();
    let mut backward: Vec<TestCase> = (0..64).rev().map(|index| case(family, index)).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    let mut ids: Vec<String> = forward.iter().map(|case| case.id().to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 64);
}

/// Shares in percent.
#[derive(Debug)]
pub(crate) struct Gates {
    /// Of the cases that the engine takes: those that it went through, every module instantiated.
    pub(crate) finished: u32,
    /// Of the calls: those that do not trap within their first 100 instructions. Other engines than the reference
    /// count no instructions; there every trap is early.
    pub(crate) late: u32,
    /// Of the calls: those that returned a value.
    pub(crate) returned: u32,
    /// Of the calls: those that trapped.
    pub(crate) trapped: u32,
    pub(crate) taken: u32,
}

pub(crate) fn gates(family: &str, engine: &str, cases: u64) -> Gates {
    let name: EngineName = engine.parse().expect("a name");
    let mut engine = wassay_in_process::open(&name).expect("the engine is linked");
    let (mut taken, mut finished, mut calls, mut early, mut returned, mut trapped) = (0, 0, 0, 0, 0, 0);
    for index in 0..cases {
        let case = case(family, index);
        let observation = walk(&mut *engine, &Prepared::new(&case), Capture::Digests);
        if matches!(observation.ending, Ending::Declined(_)) {
            continue;
        }
        taken += 1;
        let mut whole = observation.ending == Ending::Finished;
        for (at, (step, planned)) in observation.steps.iter().zip(&case.plan.steps).enumerate() {
            match planned.action {
                Action::Instantiate { .. } => whole &= matches!(step.outcome, Outcome::Returned(_)),
                Action::Invoke { .. } => {
                    calls += 1;
                    match &step.outcome {
                        Outcome::Returned(values) => returned += u32::from(!values.is_empty()),
                        Outcome::Trapped(_) => {
                            trapped += 1;
                            early += u32::from(observation.instructions.get(at).is_none_or(|count| *count < 100));
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        finished += u32::from(whole);
    }
    let share = |part: u32, whole: u32| part * 100 / whole.max(1);
    Gates {
        finished: share(finished, taken),
        late: share(calls - early, calls),
        returned: share(returned, calls),
        trapped: share(trapped, calls),
        taken,
    }
}

/// The names of all instructions in all modules, each once.
pub(crate) fn operators_of(case: &TestCase) -> BTreeSet<String> {
    let mut operators = BTreeSet::new();
    for module in &case.modules {
        for payload in wasmparser::Parser::new(0).parse_all(&module.bytes.0) {
            if let wasmparser::Payload::CodeSectionEntry(body) = payload.expect("a module") {
                let mut reader = body.get_operators_reader().expect("code");
                while !reader.eof() {
                    let text = format!("{:?}", reader.read().expect("an instruction"));
                    operators.insert(text.split([' ', '{', '(']).next().unwrap_or_default().to_owned());
                }
            }
        }
    }
    operators
}

/// Every one of these instructions comes up.
pub(crate) fn emits(family: &str, cases: u64, wanted: &[&str]) {
    let there: BTreeSet<String> = (0..cases).flat_map(|index| operators_of(&case(family, index))).collect();
    let missing: Vec<&&str> = wanted.iter().filter(|name| !there.contains(**name)).collect();
    assert!(missing.is_empty(), "{family} never emits {missing:?}");
}
