//! The whole pinned suite on the linked engines: nothing is lost, nothing is red, and the table of README.md says what
//! they do.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{stderr, stdout, wassay};
use serde_json::Value;

const BEGIN: &str = "<!-- conformance: begin -->";
const END: &str = "<!-- conformance: end -->";

/// The engines that every build has and that need no more than a moment a file.
const LINKED: &[&str] =
    &["reference", "wasmi", "wasmi@1.1.0", "tinywasm", "dlr", "wasmtime", "wasmtime+winch", "wasmtime+pulley"];

/// The rows of the table of a page, by engine.
fn rows(page: &str) -> BTreeMap<String, Vec<String>> {
    let (_, rest) = page.split_once(BEGIN).expect("the page marks where the table begins");
    let (table, _) = rest.split_once(END).expect("the page marks where the table ends");
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2).map(cells);
    rows.map(|row| (row[0].clone(), row)).collect()
}

#[test]
fn the_states_of_every_linked_engine_add_up_to_the_suite_and_the_readme_has_them() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    let spec = wassay(&["spec", "--engines", &LINKED.join(","), "--out", &path("run")]);
    assert_eq!(spec.status.code(), Some(0), "{}{}", stdout(&spec), stderr(&spec));

    fs::write(home.path().join("page.md"), format!("before\n{BEGIN}\nold\n{END}\nbehind\n")).unwrap();
    let formats = ["--formats", "json", "--out", &path("report"), "--into", &path("page.md")];
    let report = wassay(&[&["report", &path("run")], &formats[..]].concat());
    assert_eq!(report.status.code(), Some(0), "{}", stderr(&report));

    let summary: Value =
        serde_json::from_str(&fs::read_to_string(home.path().join("report/summary.json")).unwrap()).unwrap();
    let all = summary["assertions"].as_u64().unwrap();
    assert!(all > 180_000, "{all} assertions");
    let sum = |counts: &Value| counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum::<u64>();
    let engines = summary["engines"].as_array().unwrap();
    assert_eq!(engines.len(), LINKED.len());
    for engine in engines {
        let parts = ["official", "editions", "additions", "text"].map(|part| sum(&engine[part]));
        assert_eq!(parts.iter().sum::<u64>(), all, "{}: {parts:?}", engine["name"]);
        assert!(parts.iter().all(|part| *part > 0), "{}: {parts:?}", engine["name"]);
    }

    let made = fs::read_to_string(home.path().join("page.md")).unwrap();
    assert!(made.starts_with("before\n") && made.ends_with("\nbehind\n") && !made.contains("old"), "{made}");
    let made = rows(&made);
    let readme = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../README.md");
    let told = rows(&fs::read_to_string(readme).unwrap());
    for engine in LINKED {
        assert_eq!(
            told.get(*engine),
            made.get(*engine),
            "{engine}: make the table of README.md again with the command that stands below it"
        );
    }
}
