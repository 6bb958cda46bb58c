//! What the `host` family promises of its cases.

mod gates;

use gates::{assert_deterministic, assert_gates, assert_valid, cases, counted, observe};
use wassay_model::Features;

#[test]
fn cases_are_valid_with_exactly_their_features() {
    assert_valid("host", &cases("host", 1500));
}

#[test]
fn a_case_depends_on_seed_and_index_alone() {
    assert_deterministic("host", &[Features::ALL, Features::V2, Features::V1]);
}

#[test]
fn cases_finish_and_their_calls_return_values() {
    assert_gates(&cases("host", 500));
}

#[test]
fn every_way_to_leave_a_module_is_drawn() {
    let counts = counted(&cases("host", 1000));
    for name in ["agent", "tail-calls", "exceptions", "vectors", "several-results", "start"] {
        let count = counts.get(name).copied().unwrap_or(0);
        assert!(count >= 80, "{name}: {count} of 1000");
    }
}

#[test]
fn hosts_are_called() {
    let calls: u32 = cases("host", 200)
        .iter()
        .map(|case| observe(case).steps.iter().map(|step| step.host_calls.count).sum::<u32>())
        .sum();
    assert!(calls > 4000, "{calls}");
}
