//! `wassay bisect`: the first release with a behaviour, and what it says where there is none.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::{command, stderr, stdout};
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("..")
}

fn script(name: &str) -> String {
    root().join("fuzz/regressions").join(name).join("case.wast").display().to_string()
}

/// Starts the program with an empty cache and the package managers that need no network.
fn bisect(cache: &TempDir, args: &[&str]) -> Output {
    let mut all = vec!["bisect"];
    all.extend(args);
    let mut command = command(&all);
    command.env("WASSAY_CACHE", cache.path().join("cache"));
    command.env("CARGO_HOME", cache.path().join("cargo"));
    command.env("PATH", root().join("engines/fleet/tests/fake"));
    command.output().expect("the program starts")
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

#[test]
fn the_first_bad_release_is_found_among_those_that_are_here() {
    let cache = tempfile::tempdir().unwrap();
    let select = script("wasmi-select-on-fused-eqz");
    let output = bisect(&cache, &[&select, "--engine", "wasmi"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("wasmi@2.0.0 is the first bad release; the last good one is wasmi@1.1.0"), "{text}");
    assert!(text.contains("1 runs"), "{text}");
}

#[test]
fn the_folder_of_a_finding_is_searched_for_by_its_signature() {
    let cache = tempfile::tempdir().unwrap();
    let out = cache.path().join("reduced");
    let reduced = common::wassay(&[
        "reduce",
        &script("wasmi-local-below-if-params"),
        "--engines",
        "reference,wasmi",
        "--format",
        "json",
        "--out",
        out.to_str().unwrap(),
    ]);
    let document: serde_json::Value = serde_json::from_slice(&reduced.stdout).unwrap();
    let folder = document["rows"][0]["folder"].as_str().unwrap();
    let document = json(&bisect(&cache, &[folder, "--engine", "wasmi", "--format", "json"]));
    assert_eq!((&document["outcome"], &document["after"]), (&"found".into(), &"wasmi@2.0.0".into()), "{document}");
}

#[test]
fn releases_that_cannot_be_had_are_skipped_and_named() {
    let cache = tempfile::tempdir().unwrap();
    let select = script("wasmi-select-on-fused-eqz");
    let args = [&*select, "--engine", "wasmi", "--versions", "1.1.0,1.2.0,2.0.0", "--format", "json"];
    let document = json(&bisect(&cache, &args));
    assert_eq!(document["after"], "wasmi@2.0.0", "{document}");
    assert_eq!(document["between"], serde_json::json!(["wasmi@1.2.0"]), "{document}");
    let skipped = &document["rows"][1];
    assert_eq!(skipped["state"], "skip");
    assert!(skipped["words"].as_str().unwrap().contains("wassay engines install wasmi@1.2.0"), "{skipped}");

    // The package manager is asked, and fails.
    let args = [&*select, "--engine", "wasmi", "--versions", "0.99,1.1.0,2.0.0", "--install", "--format", "json"];
    let output = bisect(&cache, &args);
    let document = json(&output);
    assert_eq!((&document["before"], &document["after"]), (&"wasmi@1.1.0".into(), &"wasmi@2.0.0".into()), "{document}");
    let words = document["rows"][0]["words"].as_str().unwrap();
    assert!(words.contains("failed to select a version"), "{words}");
}

#[test]
fn with_install_the_registry_says_which_releases_there_are() {
    let cache = tempfile::tempdir().unwrap();
    let index = cache.path().join("cargo/registry/index/some-registry/.cache/wa/sm");
    fs::create_dir_all(&index).unwrap();
    let rows = ["0.99", "1.1.0", "2.0.0-beta.1", "2.0.0"]
        .map(|version| format!("{version}\0{{\"name\": \"wasmi\", \"vers\": \"{version}\", \"yanked\": false}}\0"));
    fs::write(index.join("wasmi"), format!("\u{3}etag\0{}", rows.concat())).unwrap();
    let select = script("wasmi-select-on-fused-eqz");
    let document = json(&bisect(&cache, &[&select, "--engine", "wasmi", "--install", "--format", "json"]));
    assert_eq!((&document["releases"], &document["after"]), (&3.into(), &"wasmi@2.0.0".into()), "{document}");
}

#[test]
fn ends_that_do_the_same_and_changes_that_come_back_are_said_plainly() {
    let cache = tempfile::tempdir().unwrap();
    let output = bisect(&cache, &[&script("dlr-memory-grow-wraps"), "--engine", "wasmi"]);
    assert_eq!(output.status.code(), Some(65), "{}", stderr(&output));
    assert!(stdout(&output).contains("both ends are good"), "{}", stdout(&output));
    // What is good and was bad is searched as well.
    let select = script("wasmi-select-on-fused-eqz");
    let document = json(&bisect(&cache, &[&select, "--engine", "wasmi", "--all", "--format", "json"]));
    assert_eq!((&document["runs"], &document["change"]), (&2.into(), &"first-bad".into()), "{document}");
}

#[test]
fn what_cannot_be_searched_is_refused_with_the_reason() {
    let cache = tempfile::tempdir().unwrap();
    let select = script("wasmi-select-on-fused-eqz");
    for (args, status, words) in [
        (vec![&*select, "--engine", "wasmi@2.0.0"], 64, "without a version"),
        (vec![&*select, "--engine", "wasmer"], 69, "--install"),
        (vec!["no-such-file.wast", "--engine", "wasmi"], 65, "no-such-file.wast"),
        (vec![&*select, "--engine", "wasmi", "--versions", "1.1.0,2.0.0", "--bad", "3.0.0"], 64, "not among"),
    ] {
        let output = bisect(&cache, &args);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
    let several = root().join("fuzz/regressions").display().to_string();
    let output = bisect(&cache, &[&several, "--engine", "wasmi"]);
    assert_eq!(output.status.code(), Some(64), "{}", stderr(&output));
}
