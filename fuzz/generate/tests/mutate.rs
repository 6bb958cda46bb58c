//! What the `mutate` family promises of its cases.

mod gates;

use gates::{assert_deterministic, assert_gates, assert_valid, cases, counted, observe, traits};
use wassay_model::{Ending, Features, Host};

#[test]
fn cases_are_valid_with_exactly_their_features() {
    assert_valid("mutate", &cases("mutate", 300));
}

#[test]
fn a_case_depends_on_seed_and_index_alone() {
    assert_deterministic("mutate", &[Features::ALL, Features::V2]);
}

#[test]
fn cases_finish_and_their_calls_return_values() {
    assert_gates(&cases("mutate", 150));
}

#[test]
fn rewrites_of_both_kinds_are_there() {
    let cases = cases("mutate", 300);
    let counts = counted(&cases);
    for (name, low) in [("padded", 150), ("wasm-mutate", 10), ("wasm-mutate-several", 30)] {
        let count = counts.get(name).copied().unwrap_or(0);
        assert!(count >= low, "{name}: {count} of 300, {counts:?}");
    }
    for case in &cases {
        assert_eq!(case.relations.is_empty(), case.host != Host::None);
        assert_eq!(case.relations.len() * 2, if case.host == Host::None { case.plan.steps.len() } else { 0 });
    }
}

#[test]
fn the_reference_holds_to_every_relation() {
    for case in cases("mutate", 150) {
        let seen = observe(&case);
        assert_eq!(seen.ending, Ending::Finished);
        let verdict = wassay_judge::judge(&case, &[seen]);
        let worst = verdict.differences.iter().find(|difference| difference.ruling == wassay_model::Ruling::Diverge);
        assert!(worst.is_none(), "{:?} {:?}: {worst:?}", case.provenance, traits(&case));
    }
}
