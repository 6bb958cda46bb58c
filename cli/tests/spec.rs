//! `wassay spec` on small suites, through the real binary.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use common::{command, stderr, stdout, wassay};
use wassay_model::suite::{SUITE_SCHEMA, SuiteEvent, SuiteManifest, SuiteState};

const GOOD: &str = r#"(module (func (export "f") (result i32) (i32.const 7)))
(assert_return (invoke "f") (i32.const 7))
(assert_malformed (module quote "(modul)") "unexpected token")
(assert_trap (invoke "f") "unreachable")
(assert_return (invoke "f") (i32.const 7))
"#;
const VECTORS: &str = r#"(module (func (export "v") (result v128) (v128.const i64x2 1 2)))
(assert_return (invoke "v") (v128.const i64x2 1 2))
"#;
const BROKEN: &str = "(module)\n(assert_return (invoke \"f\"\n";
/// The module of the engine that misbehaves answers only calls of `chaos`.
const CHAOS: &str = r#"(module (func (export "chaos")))
(module (func (export "chaos")))
(assert_return (invoke "chaos"))
(assert_return (invoke "chaos"))
"#;

/// A suite of these files, and a folder for the record beside it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn of(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join("suite").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn args(&self, more: &[&str]) -> Vec<String> {
        let suite = self.folder.path().join("suite");
        let mut args = vec!["spec".to_owned(), "--suite".to_owned(), suite.display().to_string()];
        args.extend(["--out".to_owned(), self.out().display().to_string()]);
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        args
    }

    fn run(&self, more: &[&str]) -> Output {
        let args = self.args(more);
        wassay(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// A record: its head, and its events.
fn record(folder: &Path) -> (SuiteManifest, Vec<SuiteEvent>) {
    let text = fs::read_to_string(folder.join("record.jsonl")).unwrap();
    let mut lines = text.lines();
    let manifest = serde_json::from_str(lines.next().unwrap()).unwrap();
    (manifest, lines.map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// By engine, the states of a file as letters.
fn states(events: &[SuiteEvent], file: &str) -> BTreeMap<String, String> {
    let results = events.iter().filter_map(|event| match event {
        SuiteEvent::Result(result) if result.file == file => Some((result.engine.to_string(), result.states.clone())),
        _ => None,
    });
    results.collect()
}

#[test]
fn a_record_holds_every_assertion_and_its_sums_are_those_of_its_lines() {
    let place = Place::of(&[("a.wast", GOOD), ("simd/v.wast", VECTORS)]);
    let output = place.run(&["--engines", "reference,wasmi"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let (manifest, events) = record(&place.out());
    assert_eq!(manifest.schema, SUITE_SCHEMA);
    assert_eq!(manifest.suite.name, "suite");
    let both = |states: &str| ["reference", "wasmi"].map(|engine| (engine.to_owned(), states.to_owned())).into();
    assert_eq!(states(&events, "a.wast"), both("PPSFP"));
    assert_eq!(states(&events, "simd/v.wast"), both("PP"));
    let Some(SuiteEvent::End(end)) = events.last() else { panic!("the record is cut short") };
    let mut assertions = 0;
    let mut seen: BTreeMap<String, BTreeMap<SuiteState, u64>> = BTreeMap::new();
    for event in &events {
        match event {
            SuiteEvent::File(file) => assertions += file.assertions.len() as u64,
            SuiteEvent::Result(result) => {
                for state in result.states.chars() {
                    let state = SuiteState::of_letter(state).unwrap();
                    *seen.entry(result.engine.to_string()).or_default().entry(state).or_default() += 1;
                }
            }
            SuiteEvent::End(_) => {}
        }
    }
    assert_eq!(end.totals, seen);
    for counts in end.totals.values() {
        assert_eq!(counts.values().sum::<u64>(), assertions);
    }
    // The summary says where it failed, and why.
    let text = stdout(&output);
    assert!(text.contains("line 4 assert_trap") && text.contains("expected trap (unreachable)"), "{text}");
    let detail = events.iter().find_map(|event| match event {
        SuiteEvent::Result(result) => result.details.iter().find(|detail| detail.assertion == 3),
        _ => None,
    });
    let source = &detail.unwrap().source;
    assert!(source.contains("(export \"f\")") && source.contains("(assert_trap (invoke \"f\")"), "{source}");
}

#[test]
fn what_passes_ends_with_0_and_identifiers_bear_a_new_layout() {
    let place = Place::of(&[("v.wast", VECTORS)]);
    assert_eq!(place.run(&["--engines", "reference"]).status.code(), Some(0));
    let ids = |place: &Place| match &record(&place.out()).1[0] {
        SuiteEvent::File(file) => file.assertions.iter().map(|assertion| assertion.id.clone()).collect::<Vec<_>>(),
        other => panic!("{other:?} is no file"),
    };
    let (before, laid_out) = (ids(&place), VECTORS.replace(" (export", "\n  ;; anew\n  (export"));
    let again = Place::of(&[("v.wast", &laid_out)]);
    again.run(&["--engines", "reference"]);
    assert_eq!(ids(&again), before);
    assert!(before[1].starts_with("v.wast:1:") && before[1].len() == "v.wast:1:".len() + 8, "{before:?}");
    // The call is the same, and asks another module.
    let other = Place::of(&[("v.wast", &VECTORS.replacen("i64x2 1 2", "i64x2 1 3", 1))]);
    assert_eq!(other.run(&["--engines", "reference"]).status.code(), Some(1));
    assert_ne!(ids(&other)[1], before[1]);
}

#[test]
fn a_broken_file_is_named_with_its_place_and_the_others_are_run() {
    let place = Place::of(&[("good.wast", VECTORS), ("broken.wast", BROKEN), ("bytes.wast", "")]);
    fs::write(place.folder.path().join("suite/bytes.wast"), b"(module)\n\xff").unwrap();
    let output = place.run(&["--engines", "reference"]);
    assert_eq!(output.status.code(), Some(1));
    let words = stderr(&output);
    assert!(words.contains("broken.wast:3:1: "), "{words}");
    assert!(words.contains("bytes.wast: offset 9: the text is not UTF-8"), "{words}");
    let (_, events) = record(&place.out());
    assert_eq!(states(&events, "good.wast")["reference"], "PP");
    let skipped = events.iter().filter(|event| matches!(event, SuiteEvent::File(file) if file.skipped.is_some()));
    assert_eq!(skipped.count(), 2);

    let place = Place::of(&[("broken.wast", BROKEN)]);
    assert_eq!(place.run(&["--engines", "reference"]).status.code(), Some(65));
}

#[test]
fn a_death_is_laid_to_the_assertion_that_it_came_from_and_costs_its_file_only() {
    let place = Place::of(&[("chaos.wast", CHAOS), ("good.wast", VECTORS)]);
    for kind in ["abort", "panic"] {
        let engine = format!("chaos+{kind}");
        let output = place.run(&["--engines", &format!("reference,{engine}")]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let (_, events) = record(&place.out());
        let of_chaos = states(&events, "chaos.wast");
        assert_eq!((&*of_chaos["reference"], &*of_chaos[&engine]), ("PPPP", "PPCS"));
        assert_eq!(states(&events, "good.wast")["reference"], "PP");
        let said = events.iter().any(|event| {
            matches!(event, SuiteEvent::Result(result)
                if result.details.iter().any(|detail| detail.reason.contains("not reached")))
        });
        assert!(said, "what was not reached says so");
    }
}

#[test]
fn an_engine_that_has_used_up_its_time_is_skipped_and_the_others_go_on() {
    let calls = "(assert_return (invoke \"chaos\"))\n".repeat(3);
    let slow = format!("(module (func (export \"chaos\")))\n{calls}");
    // The longer file is asked first.
    let longer = format!("{slow};; {}\n", "x".repeat(100));
    let place = Place::of(&[("first.wast", &longer), ("second.wast", &slow)]);
    let args = ["--engines", "reference,chaos+sleep", "--jobs", "1", "--engine-time"];
    let output = place.run(&[&args[..], &["500ms"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let (_, events) = record(&place.out());
    let (first, second) = (states(&events, "first.wast"), states(&events, "second.wast"));
    assert_eq!((&*first["reference"], &*second["reference"]), ("PPPP", "PPPP"));
    assert_eq!((&*first["chaos+sleep"], &*second["chaos+sleep"]), ("PPPP", "SSSS"));
    let said = events.iter().any(|event| {
        matches!(event, SuiteEvent::Result(result)
            if result.details.iter().any(|detail| detail.reason.starts_with("out of time: the run gave each engine 0.5 s")))
    });
    assert!(said, "what was skipped says why");
    place.run(&[&args[..], &["10m"]].concat());
    assert_eq!(states(&record(&place.out()).1, "second.wast")["chaos+sleep"], "PPPP", "with time enough it is asked");
}

#[test]
fn engines_of_other_programs_are_asked_apart_and_their_columns_keep_the_order_that_was_asked_for() {
    let place = Place::of(&[("a.wast", GOOD), ("chaos.wast", CHAOS), ("simd/v.wast", VECTORS)]);
    let refusing = format!("exec:{}/tests/workers/refusing.py+plain", std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let output = place.run(&["--engines", &format!("wasmi,{refusing},reference"), "--jobs", "3"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let (manifest, events) = record(&place.out());
    let names: Vec<String> = manifest.engines.iter().map(|engine| engine.id.name.to_string()).collect();
    assert_eq!((&*names[0], &*names[2]), ("wasmi", "reference"));
    let order = events.iter().filter_map(|event| match event {
        SuiteEvent::File(file) => Some(file.path.clone()),
        SuiteEvent::Result(result) => Some(result.engine.to_string()),
        SuiteEvent::End(_) => None,
    });
    let file = |path: &str| std::iter::once(path.to_owned()).chain(names.clone()).collect::<Vec<_>>();
    let expected = [file("a.wast"), file("chaos.wast"), file("simd/v.wast")].concat();
    assert_eq!(order.collect::<Vec<_>>(), expected);
    assert_eq!(states(&events, "a.wast")["reference"], "PPSFP");
    assert_eq!(states(&events, "a.wast")[&names[1]], "SSSSS", "it refuses the module");
    let times = events.iter().filter_map(|event| match event {
        SuiteEvent::Result(result) if result.engine.to_string() == names[1] => Some(result.micros),
        _ => None,
    });
    assert!(times.sum::<u64>() > 0, "a program's time is that until its answer is there");
}

#[test]
fn a_wrong_engine_is_red_where_the_others_are_not() {
    let text = "(module (func (export \"f\") (param i32) (result i32) (i32.clz (local.get 0))))\n\
                (assert_return (invoke \"f\" (i32.const 0)) (i32.const 32))\n";
    let place = Place::of(&[("clz.wast", text)]);
    let output = place.run(&["--engines", "reference,faulty+i32-clz-of-zero"]);
    assert_eq!(output.status.code(), Some(1));
    let states = states(&record(&place.out()).1, "clz.wast");
    assert_eq!((&*states["reference"], &*states["faulty+i32-clz-of-zero"]), ("PP", "PF"));
}

#[test]
fn filters_mean_parts_of_paths_and_identifiers_or_whole_patterns() {
    let place = Place::of(&[("a.wast", GOOD), ("simd/v.wast", VECTORS)]);
    let files = |more: &[&str]| {
        let output = place.run(&[&["--engines", "reference"], more].concat());
        let count = |event: SuiteEvent| match event {
            SuiteEvent::File(file) => Some((file.path, file.assertions.len())),
            _ => None,
        };
        assert_ne!(output.status.code(), Some(64), "{}", stderr(&output));
        record(&place.out()).1.into_iter().filter_map(count).collect::<Vec<_>>()
    };
    let one = |path: &str, count| vec![(path.to_owned(), count)];
    assert_eq!(files(&["--filter", "simd/"]), one("simd/v.wast", 2));
    assert_eq!(files(&["--filter", "*.wast:1:*"]).len(), 2);
    assert_eq!(files(&["--filter", "a.wast:4:"]), one("a.wast", 1));
    assert_eq!(files(&["--proposal", "simd"]), one("simd/v.wast", 2));
    let output = place.run(&["--engines", "reference", "--filter", "no such thing"]);
    assert_eq!(output.status.code(), Some(64), "{}", stderr(&output));
}

#[test]
fn json_is_a_line_an_assertion_and_engine_and_one_of_totals() {
    let place = Place::of(&[("a.wast", GOOD)]);
    let output = place.run(&["--engines", "reference,wasmi", "--format", "json"]);
    let lines: Vec<serde_json::Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5 * 2 + 1);
    let failed: Vec<_> = lines.iter().filter(|line| line["state"] == "fail").collect();
    assert_eq!(failed.len(), 2);
    assert_eq!(failed[0]["kind"], "assert_trap");
    assert_eq!(failed[0]["line"], 4);
    assert_eq!(failed[0]["expected"], "trap (unreachable)");
    assert_eq!(lines[2]["form"], "text");
    assert_eq!(lines.last().unwrap()["totals"]["wasmi"]["pass"], 3);
}

#[test]
fn a_broken_expectation_fails_on_the_reference() {
    let place = Place::of(&[("a.wast", VECTORS)]);
    let output = place.run(&["--engines", "reference", "--vacuity"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("  reference: 0\n"), "{}", stdout(&output));
}

#[test]
fn what_cannot_be_run_or_read_has_an_exit_status_of_its_own() {
    let place = Place::of(&[("a.wast", VECTORS)]);
    assert_eq!(place.run(&["--engines", "no-such-engine"]).status.code(), Some(69));
    let output = wassay(&["spec", "--suite", "no/such/folder", "--engines", "reference"]);
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("no/such/folder"), "{}", stderr(&output));
    // One that does not start is shown as missing beside the others.
    let output = place.run(&["--engines", "reference,chaos+abort-on-open"]);
    assert_eq!(output.status.code(), Some(69), "{}", stderr(&output));
    let (manifest, events) = record(&place.out());
    assert!(manifest.engines[0].trouble.is_none() && manifest.engines[1].trouble.is_some());
    assert_eq!(states(&events, "a.wast")["chaos+abort-on-open"], "SS");
}

#[test]
fn a_run_that_is_interrupted_leaves_the_record_that_was_there() {
    let calls = "(assert_return (invoke \"chaos\"))\n".repeat(20);
    let slow = format!("(module (func (export \"chaos\")))\n{calls}");
    let place = Place::of(&[("a.wast", &slow), ("b.wast", &slow), ("c.wast", &slow)]);
    fs::create_dir_all(place.out()).unwrap();
    fs::write(place.out().join("record.jsonl"), "the whole one of before").unwrap();
    let args = place.args(&["--engines", "chaos+sleep", "--jobs", "1"]);
    let mut child = command(&args.iter().map(String::as_str).collect::<Vec<_>>())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // It has begun once its temporary file is there.
    let began = Instant::now();
    while fs::read_dir(place.out()).unwrap().count() < 2 {
        assert!(began.elapsed() < Duration::from_secs(60), "no record is being written");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(75));
    let left: Vec<_> = fs::read_dir(place.out()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["record.jsonl"]);
    assert_eq!(fs::read_to_string(place.out().join("record.jsonl")).unwrap(), "the whole one of before");
}
