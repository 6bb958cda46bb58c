//! What the `size` family promises of its cases.

mod gates;

use gates::{assert_deterministic, assert_gates, assert_related, assert_valid, cases, counted, traits};
use wassay_model::Features;

#[test]
fn cases_are_valid_with_exactly_their_features() {
    assert_valid("size", &cases("size", 1000));
}

#[test]
fn a_case_depends_on_seed_and_index_alone() {
    assert_deterministic("size", &[Features::ALL, Features::V2, Features::V1]);
}

#[test]
fn cases_finish_and_their_calls_return_values() {
    assert_gates(&cases("size", 300));
}

#[test]
fn the_stretched_module_says_what_the_plain_one_says() {
    assert!(assert_related(&cases("size", 300)) > 1000);
}

#[test]
fn every_dimension_is_stretched() {
    let counts = counted(&cases("size", 2000));
    for name in [
        "filler",
        "locals",
        "functions",
        "types",
        "globals",
        "elements",
        "segments",
        "targets",
        "stack",
        "nesting",
        "params",
        "results",
        "offset",
        "zeros",
        "constants",
        "names",
        "giant",
    ] {
        let count = counts.get(name).copied().unwrap_or(0);
        let low = if name == "giant" { 5 } else { 80 };
        assert!(count >= low, "{name}: {count} of 2000");
    }
}

#[test]
fn only_giants_are_large() {
    for case in cases("size", 1000) {
        let giant = traits(&case).iter().any(|name| name == "giant");
        let bytes = case.modules.iter().map(|module| module.bytes.0.len()).max().unwrap_or(0);
        let max = if giant { 7_654_321 } else { 200_000 };
        assert!(bytes <= max, "{:?}: {bytes} bytes", case.provenance);
    }
}
