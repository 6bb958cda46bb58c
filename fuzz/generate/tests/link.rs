//! What the `link` family promises of its cases.

mod gates;

use gates::{assert_deterministic, assert_gates, assert_valid, cases, counted, observe, traits};
use wassay_model::{Action, Features, Outcome};

#[test]
fn cases_are_valid_with_exactly_their_features() {
    assert_valid("link", &cases("link", 1500));
}

#[test]
fn a_case_depends_on_seed_and_index_alone() {
    assert_deterministic("link", &[Features::ALL, Features::V2, Features::V1]);
}

#[test]
fn cases_finish_and_their_calls_return_values() {
    assert_gates(&cases("link", 500));
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
    ] {
        let count = counts.get(name).copied().unwrap_or(0);
        assert!(count >= 60, "{name}: {count} of 2000");
    }
}

#[test]
fn instantiations_fail_where_and_as_they_are_meant_to() {
    for case in cases("link", 500) {
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
