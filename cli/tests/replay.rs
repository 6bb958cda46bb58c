//! `wassay replay`: regressions and known issues again.

mod common;

use std::path::Path;

use common::{stderr, stdout, wassay};

fn regressions() -> String {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../fuzz/regressions").display().to_string()
}

fn states(engines: &str) -> (Option<i32>, Vec<serde_json::Value>) {
    let output = wassay(&["replay", &regressions(), "--engines", engines, "--format", "json"]);
    let document: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    (output.status.code(), document["rows"].as_array().unwrap().clone())
}

#[test]
fn every_regression_passes_on_the_reference() {
    let (exit, rows) = states("reference");
    assert_eq!(exit, Some(0));
    assert!(rows.len() >= 8 && rows.iter().all(|row| row["state"] == "pass"), "{rows:?}");
}

/// Scripts about engines that are not linked, which the linked ones pass.
const ELSEWHERE: &[(&str, &str)] = &[
    ("bun-relaxed-trunc-unsigned/", "a fault of JavaScriptCore's interpreter in Bun"),
    ("js102-bitselect-constant/", "a fault of SpiderMonkey's shell"),
    ("js102-table-init-dropped/", "a fault of SpiderMonkey's shell"),
    ("js102-vector-max-zeros/", "a fault of SpiderMonkey's shell"),
    ("jsc-any-convert-noextern/", "a fault of JavaScriptCore's shell and of Bun"),
    ("jsc-copysign-constant/", "a fault of JavaScriptCore's shell"),
    ("jsc-demote-promote-nan/", "a fault of JavaScriptCore's shell and of Bun"),
    ("jsc-i31-get-of-null-type/", "a fault of JavaScriptCore's shell"),
    ("jsc-loop-params-osr/", "a fault of JavaScriptCore's shell"),
    ("jsc-operands-left-unreachable/", "a fault of JavaScriptCore's shell and of Bun"),
    ("jsc-shift-constants/", "a fault of JavaScriptCore's shell"),
    ("jsc-table-init-evaluates-again/", "a fault of JavaScriptCore's shell"),
    ("jsc-tag-of-recursive-type/", "a fault of JavaScriptCore's shell"),
    ("jsc-unsigned-division-constants/", "a fault of JavaScriptCore's shell"),
    ("v8-import-indirect-subtype/", "a fault of V8"),
    ("v8-import-v128-global/", "a fault of an old V8"),
    ("wamr-block-after-branch/", "a fault of WAMR, which is not linked"),
    ("wamr-constant-below-block/", "a fault of WAMR, which is not linked"),
    ("wamr-select-unreachable/", "a fault of WAMR, which is not linked"),
    ("wasmer-atomic-operand-called/", "a fault of wasmer, which is not linked"),
    ("wasmer-import-float-before-integer/", "a fault of wasmer, which is not linked"),
    ("wasmer-import-several-results/", "a fault of wasmer, which is not linked"),
    ("wasmer-narrow-atomic-result/", "a fault of wasmer, which is not linked"),
    ("wasmer-store32-unaligned/", "a fault of wasmer's Singlepass"),
    ("wasmer-table-init-null-externs/", "a fault of wasmer, which is not linked"),
    ("wasmer-table-of-fixed-size/", "a fault of wasmer, which is not linked"),
];

/// A row of `fuzz/known` that its script no longer shows has to go.
#[test]
fn every_regression_is_known_on_an_engine_that_has_it() {
    let (_, rows) = states("reference,wasmi,wasmi@1.1.0,tinywasm,dlr,wasmtime,wasmtime+winch");
    for row in &rows {
        let is_elsewhere = ELSEWHERE.iter().any(|(script, _)| row["name"].as_str().unwrap().starts_with(script));
        assert_eq!(row["state"], if is_elsewhere { "pass" } else { "known" }, "{row}");
    }
    let known: Vec<&str> =
        rows.iter().filter_map(|row| row["known"].as_array()).flatten().map(|name| name.as_str().unwrap()).collect();
    for file in ["dlr.toml", "tinywasm.toml", "wasmi.toml", "wasmtime.toml"] {
        let path = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../fuzz/known").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        for line in text.lines().filter_map(|line| line.strip_prefix("name = ")) {
            let name = line.trim_matches('"');
            assert!(known.contains(&name), "{file}: {name} is shown by no script any more: {known:?}");
        }
    }
}

#[test]
fn an_engine_that_cannot_be_run_is_said_to_be_missing() {
    let output = wassay(&["replay", &regressions(), "--engines", "reference,wasmi@0.0.1"]);
    assert_eq!(output.status.code(), Some(69), "{}", stderr(&output));
    assert!(stdout(&output).contains("engine missing"), "{}", stdout(&output));
}

/// A row that its own script does not show must not go on accounting for findings.
#[test]
fn a_row_that_no_longer_matches_turns_red() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("wasmi-select-on-fused-eqz");
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("case.wast"), "(module (func (export \"f\")))\n(assert_return (invoke \"f\"))").unwrap();
    let path = folder.path().to_str().unwrap();
    let output = wassay(&["replay", path, "--engines", "reference,wasmi"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stdout(&output).contains("known no longer"), "{}", stdout(&output));
    // The row is about another version.
    let output = wassay(&["replay", path, "--engines", "reference,wasmi@1.1.0"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn a_broken_file_is_named_and_the_others_are_replayed() {
    let folder = tempfile::tempdir().unwrap();
    for (name, file, text) in [
        ("a", "case.json", "{\"modules\": ["),
        ("b", "case.wast", "(module (func (export \"f\")"),
        ("c", "case.wast", "(module (func (export \"f\")))\n(assert_return (invoke \"f\"))"),
    ] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join(file), text).unwrap();
    }
    let output = wassay(&["replay", folder.path().to_str().unwrap(), "--engines", "reference,wasmi"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(65), "{text}{}", stderr(&output));
    assert!(text.contains("2 unreadable") && text.contains("1 pass"), "{text}");
    assert!(text.contains("a/case.json") && text.contains("b/case.wast"), "{text}");
}
