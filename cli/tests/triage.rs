//! What `wassay fuzz` makes of its findings: reduced, grouped, and told from known issues.

mod common;

use common::{fuzz_and_triage, stderr, stdout, wassay};

#[test]
fn known_issues_are_counted_and_do_not_turn_a_run_red() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    // Every fault that these find in few cases is known.
    let (output, summary) = fuzz_and_triage(
        &run,
        &["--seed", "11", "--cases", "1024", "--profile", "smith", "--engines", "reference,wasmi,tinywasm,dlr"],
    );
    let summary = summary.unwrap_or_else(|| panic!("{}", stderr(&output)));
    assert_eq!(output.status.code(), Some(0), "{:#?}", summary.triage);
    assert!(summary.buckets.len() >= 3);
    let triage = summary.triage.unwrap();
    assert!(triage.reduced > 10 && triage.groups.iter().all(|group| group.new == 0), "{triage:#?}");
    assert!(triage.buckets.values().any(|bucket| bucket.known.contains_key("dlr-memory-grow-wraps")), "{triage:#?}");
    assert!(run.join(&triage.groups[0].folder).join("report.md").exists(), "{triage:#?}");
}

#[test]
fn one_planted_fault_is_new_and_one_group() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let args = [
        "--seed",
        "3",
        "--cases",
        "512",
        "--profile",
        "smith",
        "--engines",
        "reference,wasmi@1.1.0,faulty+return-swapped",
    ];
    let (output, summary) = fuzz_and_triage(&run, &args);
    let summary = summary.unwrap_or_else(|| panic!("{}", stderr(&output)));
    assert_eq!(output.status.code(), Some(1));
    let triage = summary.triage.unwrap();
    assert!(triage.reduced >= 5, "{triage:#?}");
    assert_eq!(triage.groups.len(), 1, "{triage:#?}");
    assert!(triage.groups.iter().all(|group| group.new == group.hits), "{triage:#?}");
}

#[test]
fn without_a_reduction_nothing_is_called_known() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run").display().to_string();
    let args = [
        "fuzz",
        "--seed",
        "11",
        "--cases",
        "256",
        "--profile",
        "smith",
        "--engines",
        "reference,dlr,wasmi@1.1.0",
        "--out",
        &run,
    ];
    let output = wassay(&[&args[..], &["--triage", "0s"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let resumed = wassay(&["fuzz", "--resume", &run]);
    assert_eq!(resumed.status.code(), Some(0), "{}", stdout(&resumed));
    assert!(stdout(&resumed).contains("known dlr-memory-grow-wraps"), "{}", stdout(&resumed));
}
