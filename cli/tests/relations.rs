//! A mistake is found on one engine alone, where two steps of a plan say the same.

mod common;

use common::{fuzz, stderr};

/// A fault with the family that finds it without another engine: padding puts `local.tee` where there was none.
const FAULTS: [(&str, &str); 1] = [("mutate", "local-tee-lost")];

#[test]
fn a_planted_fault_is_found_without_a_second_engine() {
    let folder = tempfile::tempdir().unwrap();
    for (family, fault) in FAULTS {
        let engine = format!("faulty+{fault}");
        let (output, summary) = fuzz(
            &folder.path().join(fault),
            &["--seed", "3", "--cases", "300", "--profile", family, "--engines", &engine],
        );
        let summary = summary.unwrap_or_else(|| panic!("{fault}: {}", stderr(&output)));
        assert_eq!(output.status.code(), Some(1), "{fault} is not found: {}", stderr(&output));
        let contradicts = |explanation: &str| {
            explanation.contains("a rewrite that keeps the meaning") && explanation.contains("same engine")
        };
        assert!(summary.buckets.iter().any(|bucket| contradicts(&bucket.explanation)), "{:?}", summary.buckets);
    }
}

#[test]
fn an_engine_without_a_mistake_does_not_contradict_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (output, _) = fuzz(
        &folder.path().join("size"),
        &["--seed", "3", "--cases", "300", "--profile", "size", "--engines", "reference"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}
