//! `wassay regress`: what changed from one engine to another, and nothing else.

mod common;

use std::fs;
use std::path::Path;

use common::{stderr, stdout, wassay};
use wassay_model::regress::{RegressRecord, TransitionKind};

fn regressions() -> String {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../fuzz/regressions").display().to_string()
}

fn regress(args: &[&str]) -> (Option<i32>, RegressRecord) {
    let mut all = vec!["regress", "--format", "json"];
    all.extend(args);
    let output = wassay(&all);
    let record = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    (output.status.code(), record)
}

#[test]
fn a_newer_release_with_faults_fails_newly_and_an_older_one_passes_newly() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (junit, sarif, markdown) = (file("junit.xml"), file("log.sarif"), file("summary.md"));
    // Faults of the newer release alone, so that a new regression does not change the counts.
    let chosen = folder.path().join("corpus");
    for name in ["segments-data-before-elem", "wasmi-local-below-if-params", "wasmi-select-on-fused-eqz"] {
        fs::create_dir_all(chosen.join(name)).unwrap();
        let script = Path::new(name).join("case.wast");
        fs::copy(Path::new(&regressions()).join(&script), chosen.join(&script)).unwrap();
    }
    let corpus = chosen.display().to_string();
    let (exit, record) = regress(&[
        "wasmi@1.1.0",
        "wasmi",
        "--corpus",
        &corpus,
        "--junit",
        &junit,
        "--sarif",
        &sarif,
        "--markdown",
        &markdown,
    ]);
    assert_eq!(exit, Some(1));
    assert_eq!(record.count(TransitionKind::NewlyFailing), 7, "{:#?}", record.transitions);
    assert_eq!(record.count(TransitionKind::NewCrash), 1, "{:#?}", record.transitions);
    let failing = record.transitions.iter().find(|one| one.kind == TransitionKind::NewlyFailing).unwrap();
    assert!(failing.known.is_some() && failing.line.is_some() && failing.command.contains("wasmi@1.1.0,wasmi"));
    assert_eq!(failing.confirmed, (5, 5));

    let junit = fs::read_to_string(junit).unwrap();
    assert!(junit.contains("tests=") && junit.contains("failures=\"7\"") && junit.contains("errors=\"1\""), "{junit}");
    let sarif: serde_json::Value = serde_json::from_str(&fs::read_to_string(sarif).unwrap()).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 8);
    assert!(results.iter().any(|result| result["ruleId"] == "regress/new-crash"), "{results:?}");
    let markdown = fs::read_to_string(markdown).unwrap();
    assert!(markdown.contains("## newly failing: 7") && markdown.contains("wasmi-select-on-fused-eqz"), "{markdown}");

    let (exit, back) = regress(&["wasmi", "wasmi@1.1.0", "--corpus", &corpus]);
    assert_eq!(exit, Some(0), "{:#?}", back.transitions);
    assert_eq!(back.count(TransitionKind::NewlyFailing), 0);
    assert!(back.count(TransitionKind::NewlyPassing) >= 7);
}

#[test]
fn what_stays_as_it_was_is_no_transition() {
    let (exit, record) = regress(&["wasmtime", "wasmtime+opt-none", "--corpus", &regressions(), "--slower", "1000"]);
    assert_eq!((exit, record.transitions.len()), (Some(0), 0), "{:#?}", record.transitions);
    assert!(record.corpora[0].items >= 9);
}

#[test]
fn drawn_cases_show_what_a_build_breaks() {
    let (exit, record) = regress(&["reference", "faulty+i64-rotr-left", "--corpus", "seed:3:120"]);
    // The one is in the line-up already, as the standard's own side.
    assert_eq!(exit, Some(1), "{:#?}", record.transitions);
    assert!(record.count(TransitionKind::NewlyFailing) > 0);
    assert_eq!(record.corpora[0].items, 120);
}

#[test]
fn crashes_hangs_and_slowness_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chaos.wat");
    fs::write(&path, "(module (func (export \"chaos\")))").unwrap();
    let path = path.to_str().unwrap();
    let (exit, record) = regress(&["chaos+calm", "chaos+segfault", "--corpus", path, "--looks", "2"]);
    assert_eq!((exit, record.count(TransitionKind::NewCrash)), (Some(1), 1), "{:#?}", record.transitions);
    // It sleeps for 300 ms.
    let (exit, record) = regress(&["chaos+calm", "chaos+sleep", "--corpus", path, "--looks", "3", "--floor", "100ms"]);
    assert_eq!((exit, record.count(TransitionKind::SlowerRun)), (Some(1), 1), "{:#?}", record.transitions);
    let (exit, record) = regress(&["chaos+calm", "chaos+sleep", "--corpus", path, "--looks", "3", "--floor", "9s"]);
    assert_eq!((exit, record.transitions.len()), (Some(0), 0), "{:#?}", record.transitions);
}

#[test]
fn broken_files_are_named_and_the_others_are_asked() {
    let folder = tempfile::tempdir().unwrap();
    for (name, file, text) in [
        ("a", "case.json", "{\"modules\": ["),
        ("b", "case.wast", "(module (func (export \"f\")"),
        (
            "c",
            "case.wast",
            "(module (func (export \"f\") (result i32) (i32.const 1)))\n(assert_return (invoke \"f\") (i32.const 1))",
        ),
    ] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join(file), text).unwrap();
    }
    let (exit, record) = regress(&["wasmi@1.1.0", "wasmi", "--corpus", folder.path().to_str().unwrap()]);
    assert_eq!((exit, record.left_out.len()), (Some(65), 2), "{:#?}", record.left_out);
    assert_eq!(record.corpora[0].new.values().sum::<u64>(), 2);
}

#[test]
fn a_folder_of_scripts_is_a_corpus_too() {
    let folder = tempfile::tempdir().unwrap();
    let script = "(module (func (export \"f\") (param i32) (result i32) (select (i32.const 10) (i32.const 20) (i32.eqz (local.get 0)))))\n(assert_return (invoke \"f\" (i32.const 1)) (i32.const 20))";
    fs::write(folder.path().join("select.wast"), script).unwrap();
    let (exit, record) = regress(&["wasmi@1.1.0", "wasmi", "--corpus", folder.path().to_str().unwrap()]);
    assert_eq!((exit, record.count(TransitionKind::NewlyFailing)), (Some(1), 1), "{:#?}", record.transitions);
    assert!(record.transitions[0].command.contains("--suite"), "{}", record.transitions[0].command);
}

#[test]
fn what_cannot_be_compared_is_said_plainly() {
    for (args, status, words) in [
        (vec!["regress", "wasmi", "wasmi"], 64, "compared with itself"),
        (vec!["regress", "wasmi@0.0.1", "wasmi", "--corpus", "seed:1:1"], 69, "wasmi@0.0.1"),
        (vec!["regress", "wasmi@1.1.0", "wasmi", "--corpus", "no-such-folder"], 65, "no-such-folder"),
        (vec!["regress", "wasmi@1.1.0", "wasmi", "--corpus", "seed:x"], 64, "seed:N:CASES"),
        (vec!["regress", "wasmi@1.1.0", "wasmi", "--slower", "0.5", "--corpus", "seed:1:1"], 64, "above 1"),
    ] {
        let output = wassay(&args);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
    let human = wassay(&["regress", "wasmi@1.1.0", "wasmi", "--corpus", "seed:1:2"]);
    assert!(stdout(&human).contains("Nothing changed"), "{}", stdout(&human));
}

/// A row of `fuzz/known` says that wasmi returns wrong values around `if`; a trap is none.
#[test]
fn a_known_issue_accounts_for_failures_of_its_own_class_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.wast");
    // The old one has a fault, and the script calls right what that does: it is the new one that fails.
    let script = |code: &str, expected: &str| {
        format!(
            "(module (func (export \"f\") (result i32) (if (i32.const 0) (then nop)) {code}))\n(assert_return (invoke \"f\") {expected})"
        )
    };
    for (fault, code, expected, known) in [
        ("i32-shl-unmasked", "(i32.shl (i32.const 1) (i32.const 33))", "(i32.const 0)", true),
        ("i32-div-s-overflow", "(i32.div_s (i32.const 0x80000000) (i32.const -1))", "(i32.const 0x80000000)", false),
    ] {
        fs::write(&path, script(code, expected)).unwrap();
        let (exit, record) = regress(&[&format!("faulty+{fault}"), "wasmi", "--corpus", path.to_str().unwrap()]);
        assert_eq!((exit, record.count(TransitionKind::NewlyFailing)), (Some(1), 1), "{:#?}", record.transitions);
        let issue = record.transitions[0].known.as_deref();
        assert_eq!(issue, known.then_some("wasmi-local-below-if-params"), "{fault}");
    }
}
