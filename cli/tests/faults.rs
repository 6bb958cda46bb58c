//! Planted faults are found by a campaign on the engine that has them.

mod common;

use common::{fuzz, stderr, wassay};

/// Faults of the language that the `smith` profile draws from, which 640 cases find. There are more: those in
/// vectors, objects and exceptions lie outside the profile, and some are too rare for so few cases.
const FAULTS: [&str; 29] = [
    "i32-shl-unmasked",
    "i64-shr-u-narrow-mask",
    "i64-rotr-left",
    "i64-div-u-signed",
    "i32-rem-s-sign",
    "i32-clz-of-zero",
    "i64-popcnt-high-bit",
    "i64-lt-u-signed",
    "i32-ge-s-unsigned",
    "i64-extend-i32-s-zero",
    "f32-demote-towards-zero",
    "select-ref-swapped",
    "global-lost-on-trap",
    "global-set-half",
    "local-tee-lost",
    "table-grow-null",
    "table-fill-short",
    "table-copy-forward",
    "i32-load8-s-zero",
    "load64-half",
    "store16-wide",
    "memory-grow-new-size",
    "memory-size-stale",
    "memory-fill-long",
    "data-drop-ignored",
    "unreachable-kind",
    "br-table-default",
    "return-swapped",
    "data-segment-late",
];

/// The names of all faults, as the program lists them.
fn known() -> Vec<String> {
    let output = wassay(&["engines", "list", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let engines = document["engines"].as_array().unwrap();
    let names = engines.iter().map(|row| row["name"].as_str().unwrap());
    names.filter_map(|name| name.strip_prefix("faulty+")).map(str::to_owned).collect()
}

#[test]
fn planted_faults_are_found_and_each_fills_one_bucket_of_its_own() {
    let known = known();
    let folder = tempfile::tempdir().unwrap();
    let mut names = std::collections::BTreeSet::new();
    for fault in FAULTS {
        assert!(known.iter().any(|name| name == fault), "{fault} is no fault any more");
        let engine = format!("faulty+{fault}");
        let engines = format!("{engine},reference");
        let (output, summary) =
            fuzz(&folder.path().join(fault), &["--seed", "3", "--cases", "640", "--engines", &engines]);
        let summary = summary.unwrap_or_else(|| panic!("{fault}: {}", stderr(&output)));
        assert_eq!(output.status.code(), Some(1), "{fault} is not found: {}", stderr(&output));
        for bucket in &summary.buckets {
            println!("{fault}: {} hits, first in case {}: {}", bucket.hits, bucket.first_case, bucket.explanation);
            assert!(bucket.engines.iter().all(|name| name.to_string() == engine), "{bucket:?}");
            assert!(bucket.explanation.contains(&engine), "{bucket:?}");
            assert!(names.insert(bucket.name.clone()), "two faults share a bucket: {bucket:?}");
        }
        assert_eq!(summary.buckets.len(), 1, "{fault}: {:?}", summary.buckets);
    }
}

#[test]
fn the_reference_does_not_differ_from_itself() {
    let folder = tempfile::tempdir().unwrap();
    // `faulty` is the reference but for its fault, and no case of the profile has exceptions.
    let (output, summary) = fuzz(
        &folder.path().join("run"),
        &["--seed", "4", "--cases", "640", "--engines", "faulty+handlers-reversed,reference"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(summary.unwrap().tally.rulings.get("agree"), Some(&640));
}
