//! Every planted fault is found by a campaign on the engine that has it.

mod common;

use common::{fuzz, stderr, wassay};

/// Cases within which a fault must show.
const CASES_MAX: u64 = 20_000;

/// The names of all faults, as the program lists them.
fn faults() -> Vec<String> {
    let output = wassay(&["engines", "list", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let engines = document["engines"].as_array().unwrap();
    let names = engines.iter().map(|row| row["name"].as_str().unwrap());
    names.filter_map(|name| name.strip_prefix("faulty+")).map(str::to_owned).collect()
}

#[test]
fn every_planted_fault_is_found_and_explained() {
    let faults = faults();
    assert!(faults.len() >= 12, "{faults:?}");
    let folder = tempfile::tempdir().unwrap();
    let mut unfound = Vec::new();
    for fault in &faults {
        let engine = format!("faulty+{fault}");
        let engines = format!("{engine},reference");
        // Most faults show at once: a longer run only for those that do not.
        let found = [500, CASES_MAX].into_iter().find_map(|cases| {
            let out = folder.path().join(format!("{fault}-{cases}"));
            let cases = cases.to_string();
            let (output, summary) = fuzz(&out, &["--seed", "3", "--cases", &cases, "--engines", &engines]);
            let summary = summary.unwrap_or_else(|| panic!("{fault}: {}", stderr(&output)));
            (!summary.buckets.is_empty()).then_some(summary)
        });
        let Some(summary) = found else {
            unfound.push(fault);
            continue;
        };
        let bucket = &summary.buckets[0];
        println!("{fault}: case {}, {} buckets: {}", bucket.first_case, summary.buckets.len(), bucket.explanation);
        assert!(bucket.engines.iter().all(|name| name.to_string() == engine), "{bucket:?}");
        assert!(bucket.explanation.contains(&engine), "{bucket:?}");
    }
    assert!(unfound.is_empty(), "not found within {CASES_MAX} cases: {unfound:?}");
}
