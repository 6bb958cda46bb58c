//! What the `link` family promises of its cases.

mod gates;

use gates::{assert_deterministic, assert_gates, assert_valid, cases, counted, observe, traits};
use wassay_model::{Action, Ending, Features, Outcome, TestCase};

#[test]
fn cases_are_valid_with_exactly_their_features() {
    assert_valid("link", &cases("link", 1500));
}

#[test]
fn a_case_depends_on_seed_and_index_alone() {
    assert_deterministic("link", &[Features::ALL, Features::V2, Features::V1]);
}

/// Cases in which imports match or not for what their types are.
const TYPES: &str = "related-types";

fn is_about_types(case: &TestCase) -> bool {
    traits(case).iter().any(|name| name == TYPES)
}

#[test]
fn cases_finish_and_their_calls_return_values() {
    let cases: Vec<TestCase> = cases("link", 700).into_iter().filter(|case| !is_about_types(case)).collect();
    assert_gates(&cases);
}

#[test]
fn imports_of_related_types_match_about_as_often_as_not_and_can_be_looked_at() {
    let (mut linked, mut unlinkable, mut looks, mut calls) = (0, 0, 0, 0);
    for case in cases("link", 800).into_iter().filter(is_about_types) {
        let seen = observe(&case);
        assert_eq!(seen.ending, Ending::Finished, "{:?}", case.provenance);
        for (number, (planned, step)) in case.plan.steps.iter().zip(&seen.steps).enumerate() {
            match (&planned.action, &step.outcome) {
                (Action::Instantiate { .. }, Outcome::Returned(_)) => linked += u32::from(number > 0),
                (Action::Instantiate { .. }, Outcome::Unlinkable) => {
                    assert!(number > 0, "{:?}", case.provenance);
                    unlinkable += 1;
                }
                (Action::Invoke { export, .. }, Outcome::Returned(_)) if export == "look" => looks += 1,
                (Action::Invoke { .. }, Outcome::Returned(_) | Outcome::Threw(_)) => calls += 1,
                (Action::Invoke { export, .. }, Outcome::Trapped(_)) if export == "call" => {}
                (Action::Invoke { .. }, Outcome::Absent) | (Action::Register { .. }, Outcome::Returned(_)) => {}
                (_, outcome) => panic!("{:?}, step {number}: {outcome}", case.provenance),
            }
        }
    }
    println!("{linked} linked, {unlinkable} not, {looks} looked at, {calls} called");
    assert!(linked >= 400 && unlinkable >= 150, "{linked} linked, {unlinkable} not");
    assert_eq!(looks, linked);
    assert!(calls * 2 >= linked, "{calls} of {linked}");
}

#[test]
fn every_kind_of_linking_is_drawn() {
    let counts = counted(&cases("link", 2000));
    for name in [
        "chain",
        "several-instances",
        "registered-anew",
        "unlinkable",
        "start-traps",
        "data-out-of-bounds",
        "element-out-of-bounds",
        "growth",
        "exceptions",
        "tail-calls",
        "shared-memory",
        TYPES,
    ] {
        let count = counts.get(name).copied().unwrap_or(0);
        assert!(count >= 60, "{name}: {count} of 2000");
    }
}

#[test]
fn instantiations_fail_where_and_as_they_are_meant_to() {
    for case in cases("link", 700).into_iter().filter(|case| !is_about_types(case)) {
        let seen = observe(&case);
        let names = traits(&case);
        let has = |name: &str| names.iter().any(|other| other == name);
        let outcomes = || {
            let steps = case.plan.steps.iter().zip(&seen.steps);
            steps.filter(|(step, _)| matches!(step.action, Action::Instantiate { .. })).map(|(_, step)| &step.outcome)
        };
        let unlinkable = outcomes().any(|outcome| *outcome == Outcome::Unlinkable);
        let trapped = outcomes().any(|outcome| matches!(outcome, Outcome::Trapped(_)));
        assert_eq!(unlinkable, has("unlinkable"), "{:?}", case.provenance);
        let meant = ["start-traps", "data-out-of-bounds", "element-out-of-bounds"].iter().any(|name| has(name));
        assert_eq!(trapped, meant, "{:?}", case.provenance);
    }
}
