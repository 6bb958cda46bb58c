//! `wassay reduce`: findings of planted faults made small, and what cannot be.

mod common;

use std::fs;
use std::path::Path;

use common::{fuzz, stderr, stdout, wassay};

/// A module with a shift among much that does not matter.
const SHIFT: &str = r#"(module
  (memory (export "m") 2) (global $g (mut i32) (i32.const 5)) (data (i32.const 8) "some bytes")
  (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "noise") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 3)))
  (func (export "f") (param i32 i32) (result i32 f64)
    (global.set $g (call $add (global.get $g) (local.get 0)))
    (i32.store (i32.const 16) (local.get 1))
    (i32.shl (call $add (local.get 0) (i32.const 1)) (local.get 1))
    (f64.const 2.5)))"#;

fn file(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn reduce(folder: &Path, args: &[&str]) -> (std::process::Output, serde_json::Value) {
    let out = folder.join("reduced");
    let mut all = vec!["reduce", "--format", "json", "--out", out.to_str().unwrap()];
    all.extend(args);
    let output = wassay(&all);
    let document = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output, document)
}

#[test]
fn a_finding_is_reduced_to_what_an_engines_people_need() {
    let folder = tempfile::tempdir().unwrap();
    let script =
        format!("{SHIFT}\n(assert_return (invoke \"f\" (i32.const 4) (i32.const 33)) (i32.const 10) (f64.const 2.5))");
    let path = file(folder.path(), "shl.wast", &script);
    let (output, document) = reduce(folder.path(), &[&path, "--engines", "reference,faulty+i32-shl-unmasked"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let row = &document["rows"][0];
    assert_eq!(row["state"], "reduced");
    assert_eq!(row["confirmed"], serde_json::json!([10, 10]));
    assert!(row["bytes"][1].as_u64().unwrap() <= 45, "{row}");
    assert_eq!(document["buckets"][0]["signature"]["skeleton"], serde_json::json!(["i32.shl"]));

    let reproducer = Path::new(row["folder"].as_str().unwrap());
    for name in
        ["report.md", "case.wasm", "case.wat", "case.wast", "case.js", "case.json", "finding.json", "observations.json"]
    {
        assert!(reproducer.join(name).exists(), "{name} is missing");
    }
    let report = fs::read_to_string(reproducer.join("report.md")).unwrap();
    for part in ["4.3.2", "faulty+i32-shl-unmasked", "10 of 10", "i32.shl", "wassay run case.wast"] {
        assert!(report.contains(part), "{part:?} is not in\n{report}");
    }
    let wast = reproducer.join("case.wast");
    let wast = wast.to_str().unwrap();
    assert_eq!(wassay(&["run", wast, "--engines", "reference"]).status.code(), Some(0));
    assert_eq!(wassay(&["run", wast, "--engines", "faulty+i32-shl-unmasked"]).status.code(), Some(1));

    // What was reduced can be replayed, and reduced once more to itself.
    let again = wassay(&["replay", reproducer.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1), "{}", stderr(&again));
    assert!(stdout(&again).contains("still there"), "{}", stdout(&again));
    let (_, second) = reduce(&folder.path().join("again"), &[reproducer.to_str().unwrap()]);
    assert_eq!(second["rows"][0]["bytes"][0], second["rows"][0]["bytes"][1]);
    let sound = wassay(&["replay", reproducer.to_str().unwrap(), "--engines", "reference,wasmi"]);
    assert_eq!(sound.status.code(), Some(0), "{}", stderr(&sound));
    assert!(stdout(&sound).contains("gone"), "{}", stdout(&sound));
}

#[test]
fn findings_of_a_campaign_keep_their_signatures_and_one_fault_is_one_bucket() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for fault in ["i64-rotr-left", "unreachable-kind", "data-segment-late"] {
        let run = folder.path().join(fault);
        fuzz(
            &run,
            &["--seed", "3", "--cases", "256", "--profile", "smith", "--engines", &format!("reference,faulty+{fault}")],
        );
        paths.push(run.to_str().unwrap().to_owned());
    }
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let (output, document) = reduce(folder.path(), &paths);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let rows = document["rows"].as_array().unwrap();
    assert!(rows.len() >= 10, "{} findings", rows.len());
    assert!(rows.iter().all(|row| row["state"] == "reduced" && row["changed"] == false), "{rows:?}");
    assert!(document["median_bytes"].as_u64().unwrap() < 120, "{}", document["median_bytes"]);
    assert_eq!(document["buckets"].as_array().unwrap().len(), 3, "{}", document["buckets"]);
}

#[test]
fn buckets_come_in_the_order_that_shows_most_of_what_there_is_first() {
    let folder = tempfile::tempdir().unwrap();
    let binary = |name: &str, ty: &str, operator: &str, right: u32| {
        let module = format!(
            "(module (func (export \"f\") (param {ty}) (result {ty}) ({ty}.{operator} (local.get 0) ({ty}.const {right}))))"
        );
        file(folder.path(), name, &module)
    };
    let mut paths: Vec<String> =
        (33..36).map(|right| binary(&format!("shl-{right}.wat"), "i32", "shl", right)).collect();
    paths.extend((7..9).map(|right| binary(&format!("rotr-{right}.wat"), "i64", "rotr", right)));
    paths.push(file(folder.path(), "crash.wat", CHAOS));
    let engines = "reference,faulty+i32-shl-unmasked,faulty+i64-rotr-left,chaos+segfault";
    let args: Vec<&str> = paths.iter().map(String::as_str).chain(["--engines", engines]).collect();
    let (_, document) = reduce(folder.path(), &args);
    let rows: Vec<(&str, u64)> = document["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bucket| (bucket["signature"]["parties"][0]["engine"].as_str().unwrap(), bucket["hits"].as_u64().unwrap()))
        .collect();
    // The crash was seen once, and is less like the first than what was seen twice.
    assert_eq!(
        rows,
        [("faulty+i32-shl-unmasked", 3), ("chaos+segfault", 1), ("faulty+i64-rotr-left", 2)],
        "{document}"
    );
}

/// An engine that rejects what is valid in two of three looks, whose process reads in a file which look it is.
#[test]
fn a_finding_that_flickers_is_told_apart_through_campaign_reduction_and_replay() {
    let folder = tempfile::tempdir().unwrap();
    let count = file(folder.path(), "count", "2");
    let engines = format!("reference,exec:{}/tests/workers/flaky.py", std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let start = |args: &[&str]| common::command(args).env("FLAKY_COUNT", &count).output().expect("the program starts");

    let run = folder.path().join("run").display().to_string();
    let args = ["fuzz", "--seed", "1", "--cases", "2", "--jobs", "1", "--engines", &engines, "--out", &run];
    let campaign = start(&[&args[..], &["--triage", "0s", "--format", "human"]].concat());
    assert_eq!(campaign.status.code(), Some(1), "{}{}", stdout(&campaign), stderr(&campaign));

    // The first look of the reduction shows nothing, and that is not the end of it.
    fs::write(&count, "2").unwrap();
    let reduced = folder.path().join("reduced").display().to_string();
    let findings = folder.path().join("run/findings").display().to_string();
    let output = start(&["reduce", &findings, "--jobs", "1", "--out", &reduced, "--format", "human"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("of them flaky"), "{}", stdout(&output));
    assert!(stderr(&output).contains("it flickers"), "{}", stderr(&output));
    let index = fs::read(Path::new(&reduced).join("index.json")).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let rows = document["rows"].as_array().unwrap();
    assert!(!rows.is_empty() && document["gone"] == 0, "{document}");
    for row in rows {
        let [times, looks] = [0, 1].map(|part| row["confirmed"][part].as_u64().unwrap());
        assert!((1..looks).contains(&times) && looks == 10, "{row}");
        assert!(row["bytes"][1].as_u64().unwrap() < 100, "{row}");
        let report = fs::read_to_string(Path::new(row["folder"].as_str().unwrap()).join("report.md")).unwrap();
        assert!(report.contains(&format!("{times} of 10")), "{report}");
    }
    assert_eq!(document["buckets"].as_array().unwrap().len(), 1, "{document}");
    assert_eq!(document["buckets"][0]["flaky"], rows.len(), "{document}");

    fs::write(&count, "2").unwrap();
    let again = start(&["replay", &reduced, "--format", "human"]);
    assert_eq!(again.status.code(), Some(1), "{}", stdout(&again));
    assert!(stdout(&again).contains("still there") && !stdout(&again).contains("gone"), "{}", stdout(&again));
}

#[test]
fn a_finding_that_is_gone_is_called_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "good.wat", SHIFT);
    let (output, document) = reduce(folder.path(), &[&path, "--engines", "reference,wasmi"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(document["rows"][0]["state"], "gone");
    assert!(stderr(&output).contains("gone"), "{}", stderr(&output));
}

#[test]
fn a_broken_case_is_named_and_the_others_are_reduced() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["bad", "good"] {
        fs::create_dir_all(folder.path().join("in").join(name)).unwrap();
    }
    file(&folder.path().join("in/bad"), "case.json", "{\"modules\": [");
    let script =
        format!("{SHIFT}\n(assert_return (invoke \"f\" (i32.const 4) (i32.const 33)) (i32.const 10) (f64.const 2.5))");
    file(&folder.path().join("in/good"), "case.wast", &script);
    let input = folder.path().join("in");
    let (output, document) =
        reduce(folder.path(), &[input.to_str().unwrap(), "--engines", "reference,faulty+i32-shl-unmasked"]);
    assert_eq!(output.status.code(), Some(65), "{}", stderr(&output));
    assert!(stderr(&output).contains("case.json"), "{}", stderr(&output));
    assert_eq!(document["rows"].as_array().unwrap().len(), 1);

    let empty = tempfile::tempdir().unwrap();
    let output = wassay(&["reduce", empty.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("holds no finding"), "{}", stderr(&output));
}

#[test]
fn time_that_is_up_keeps_the_best_so_far() {
    let folder = tempfile::tempdir().unwrap();
    let script =
        format!("{SHIFT}\n(assert_return (invoke \"f\" (i32.const 4) (i32.const 33)) (i32.const 10) (f64.const 2.5))");
    let path = file(folder.path(), "shl.wast", &script);
    let (_, document) =
        reduce(folder.path(), &[&path, "--engines", "reference,faulty+i32-shl-unmasked", "--time", "0s"]);
    let row = &document["rows"][0];
    assert_eq!(row["state"], "stopped");
    assert_eq!(row["confirmed"], serde_json::json!([10, 10]));
    assert!(Path::new(row["folder"].as_str().unwrap()).join("case.wast").exists());
}

/// A module whose export `chaos` makes the engines of that name misbehave, among much that does not matter.
const CHAOS: &str = r#"(module
  (memory (export "m") 2) (global $g (mut i32) (i32.const 5)) (data (i32.const 8) "some bytes")
  (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "chaos") (global.set $g (call $add (global.get $g) (i32.const 1)))))"#;

#[test]
fn crashes_and_hangs_are_reduced_too() {
    for (kind, class) in [("segfault", "crashed:signal-11"), ("exit", "crashed:exit-3"), ("hang", "timed-out")] {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "chaos.wat", CHAOS);
        let (output, document) = reduce(folder.path(), &[&path, "--engines", &format!("reference,chaos+{kind}")]);
        assert_eq!(output.status.code(), Some(1), "{kind}: {}", stderr(&output));
        let row = &document["rows"][0];
        assert_eq!(row["signature"]["parties"][0]["class"], class, "{row}");
        assert!(row["bytes"][1].as_u64().unwrap() <= 40, "{row}");
        assert_eq!((&row["state"], &row["confirmed"]), (&"reduced".into(), &serde_json::json!([10, 10])), "{row}");
        let report = fs::read_to_string(Path::new(row["folder"].as_str().unwrap()).join("report.md")).unwrap();
        assert!(report.contains("4.5"), "{report}");
    }
}

#[test]
fn a_wrong_verdict_of_a_validator_is_reduced_to_what_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        folder.path(),
        "valid.wat",
        r#"(module
          (memory 1) (global $g (mut i64) (i64.const 1)) (data (i32.const 8) "some bytes")
          (func $noise (param i64) (result i64) (i64.mul (local.get 0) (i64.const 3)))
          (func (export "f") (param i64) (result i64)
            (global.set $g (call $noise (local.get 0)))
            (if (i64.eqz (local.get 0)) (then unreachable select global.set $g))
            (global.get $g)))"#,
    );
    let (output, document) = reduce(folder.path(), &[&path, "--engines", "reference,tinywasm"]);
    let row = &document["rows"][0];
    assert_eq!(row["signature"]["parties"][0]["class"], "rejected", "{row}");
    assert_eq!(row["known"], "tinywasm-rejects-unreachable-select", "{row}");
    // Known issues are no news.
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(row["bytes"][1].as_u64().unwrap() <= 60, "{row}");
}

#[test]
fn linked_modules_and_calls_of_the_host_come_out_as_reproducers_that_run() {
    let folder = tempfile::tempdir().unwrap();
    let linked = r#"(module $first
      (memory 1) (func (export "noise")) (func $sh (param i32 i32) (result i32) (i32.shl (local.get 0) (local.get 1)))
      (func (export "shift") (param i32 i32) (result i32) (call $sh (local.get 0) (local.get 1))))
    (register "first" $first)
    (module (import "first" "shift" (func $s (param i32 i32) (result i32)))
      (global $g (mut i32) (i32.const 1)) (func (export "other") (result i64) (i64.const 7))
      (func (export "run") (param i32) (result i32) (global.set $g (i32.const 4)) (call $s (local.get 0) (i32.const 40))))
    (assert_return (invoke "other") (i64.const 7))
    (assert_return (invoke "run" (i32.const 3)) (i32.const 768))"#;
    let path = file(folder.path(), "linked.wast", linked);
    let (output, document) = reduce(folder.path(), &[&path, "--engines", "reference,faulty+i32-shl-unmasked"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let row = &document["rows"][0];
    assert!(row["signature"]["skeleton"].to_string().contains("i32.shl"), "{row}");
    let script = Path::new(row["folder"].as_str().unwrap()).join("case.wast");
    let script = script.to_str().unwrap();
    assert_eq!(wassay(&["run", script, "--engines", "reference,wasmi"]).status.code(), Some(0));
    assert_eq!(wassay(&["run", script, "--engines", "faulty+i32-shl-unmasked"]).status.code(), Some(1));
}

/// Waits until a reduction has written down how far it is.
fn wait_for_unfinished(out: &Path) {
    let began = std::time::Instant::now();
    while fs::read_dir(out.join("unfinished.part")).map_or(0, Iterator::count) == 0 {
        assert!(began.elapsed().as_secs() < 120, "nothing is kept in {}", out.display());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a_reduction_that_is_ended_keeps_the_best_so_far_and_the_next_one_goes_on_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let noise: String = (0..40).map(|n| format!("(func $n{n} (result i32) (i32.const {n}))")).collect();
    // Each candidate that shows the hang takes as long as the deadline is.
    let path = file(folder.path(), "hang.wat", &CHAOS.replacen("(module", &format!("(module {noise}"), 1));
    let out = folder.path().join("reduced");
    let args =
        ["reduce", &path, "--engines", "reference,chaos+hang", "--format", "json", "--out", out.to_str().unwrap()];
    let start = || {
        let mut command = common::command(&args);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().expect("the program starts")
    };
    let mut killed = start();
    wait_for_unfinished(&out);
    killed.kill().unwrap();
    killed.wait().unwrap();

    let interrupted = start();
    // A signal may come before anybody listens for it; then the process just ends, and nothing is lost.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let _ = std::process::Command::new("kill").args(["-INT", &interrupted.id().to_string()]).status();
    let output = interrupted.wait_with_output().unwrap();
    let text = stderr(&output);
    assert!(text.contains("goes on from"), "{text}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = &document["rows"][0];
    assert!(row["bytes"][1].as_u64().unwrap() < row["bytes"][0].as_u64().unwrap(), "{row}");
    if row["state"] == "stopped" {
        assert_eq!(output.status.code(), Some(75), "{text}");
        assert!(text.contains("the same command goes on"), "{text}");
    }
    assert!(Path::new(row["folder"].as_str().unwrap()).join("case.wasm").exists());
}

#[test]
fn the_javascript_file_answers_calls_of_the_host_and_sees_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        folder.path(),
        "host.wat",
        r#"(module
          (import "host" "f" (func $f (param i32 f64) (result i32 i64)))
          (func (export "run") (param i32) (result i32 i64)
            (call $f (i32.shl (local.get 0) (i32.const 33)) (f64.const -1.5))))"#,
    );
    // A reduction would do without the host.
    let args = [&*path, "--engines", "reference,faulty+i32-shl-unmasked", "--time", "0s"];
    let (output, document) = reduce(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let script = Path::new(document["rows"][0]["folder"].as_str().unwrap()).join("case.js");
    let text = fs::read_to_string(&script).unwrap();
    assert!(text.contains("name: \"f\""), "{text}");
    let Ok(shell) = std::process::Command::new("node").arg(&script).output() else {
        println!("there is no node here, so the file is not run");
        return;
    };
    let said = String::from_utf8_lossy(&shell.stdout).into_owned();
    assert!(shell.status.success() && !said.contains("WRONG"), "{said}\n{text}");
    // Another argument than was expected is seen.
    let start = text.find("args: \"i32:").unwrap() + "args: \"i32:".len();
    let other = format!("{}7{}", &text[..start], &text[start..]);
    fs::write(&script, other).unwrap();
    let shell = std::process::Command::new("node").arg(&script).output().unwrap();
    let said = String::from_utf8_lossy(&shell.stdout).into_owned();
    assert!(!shell.status.success() && said.contains("WRONG  host call 0 of f"), "{said}");
}

#[test]
fn a_finding_whose_engine_is_not_here_is_named_and_the_others_are_reduced() {
    let folder = tempfile::tempdir().unwrap();
    let script =
        format!("{SHIFT}\n(assert_return (invoke \"f\" (i32.const 4) (i32.const 33)) (i32.const 10) (f64.const 2.5))");
    let path = file(folder.path(), "shl.wast", &script);
    let (_, document) = reduce(folder.path(), &[&path, "--engines", "reference,faulty+i32-shl-unmasked"]);
    let good = Path::new(document["rows"][0]["folder"].as_str().unwrap()).to_path_buf();
    // The same finding as a release would have it that nobody has.
    let input = folder.path().join("in");
    for (name, engine) in [("a", "wasmi@0.0.1"), ("b", "faulty+i32-shl-unmasked")] {
        fs::create_dir_all(input.join(name)).unwrap();
        fs::copy(good.join("case.json"), input.join(name).join("case.json")).unwrap();
        let finding = fs::read_to_string(good.join("finding.json")).unwrap();
        file(&input.join(name), "finding.json", &finding.replace("faulty+i32-shl-unmasked", engine));
    }
    let (output, document) = reduce(&folder.path().join("again"), &[input.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let states: Vec<&str> =
        document["rows"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["engine-missing", "reduced"], "{document}");
    assert!(document["rows"][0]["words"].as_str().unwrap().contains("wasmi@0.0.1"), "{document}");
    let alone = input.join("a").display().to_string();
    let (output, _) = reduce(&folder.path().join("alone"), &[&alone]);
    assert_eq!(output.status.code(), Some(69), "{}", stderr(&output));
}
