//! The scripts hold on the reference and on engines that others made.

use std::collections::BTreeMap;

use wassay_adapter::{Prepared, walk};
use wassay_additions::all;
use wassay_model::Capture;
use wassay_runner::{CheckResult, Kind, State, evaluate, parse};

/// Enough for all that an engine really does.
const FUEL: u64 = 1 << 62;

fn is_fuel(result: &CheckResult) -> bool {
    result.actual == "exhausted fuel"
}

/// Whether a command asks for more cells than there is fuel. wasmtime charges for the length of a bulk operation before
/// it looks whether the range exists, so it exhausts its fuel where it would trap; the standard leaves exhaustion open.
fn is_unaffordable(command: &str) -> bool {
    let call = command.split("))").next().unwrap_or(command);
    let length = call.rsplit("(i64.const 0x").next().and_then(|hex| u64::from_str_radix(hex, 16).ok());
    length.is_some_and(|length| length > FUEL - 1_000_000)
}

/// Runs every script, or one alone, on an engine; failures, and what passed by script and kind.
fn run(engine: &str, only: Option<&str>) -> (Vec<String>, BTreeMap<&'static str, BTreeMap<Kind, u32>>) {
    let name = engine.parse().unwrap();
    let (mut failed, mut passed) = (Vec::new(), BTreeMap::<_, BTreeMap<Kind, u32>>::new());
    let mut paid = 0;
    for addition in all().into_iter().filter(|addition| only.is_none_or(|name| name == addition.name)) {
        let mut script = parse(addition.name, &addition.text, addition.features).unwrap();
        script.case.limits.fuel_max = FUEL;
        let lines: Vec<&str> = addition.text.lines().collect();
        assert!(script.checks.iter().all(|check| check.unsupported.is_none()), "{}", addition.name);
        let mut opened = wassay_in_process::open(&name).unwrap();
        let observation = walk(opened.as_mut(), &Prepared::new(&script.case), Capture::Digests);
        let passed = passed.entry(addition.name).or_default();
        for result in evaluate(&script, &observation) {
            match result.state {
                State::Pass => *passed.entry(result.kind).or_default() += 1,
                State::Fail | State::Skip(_)
                    if is_fuel(&result) && is_unaffordable(lines[result.line as usize - 1]) =>
                {
                    paid += 1;
                }
                state => failed.push(format!(
                    "{name}: {}:{}: {}: {state:?}: expected {}, got {}",
                    addition.name,
                    result.line,
                    result.kind.name(),
                    result.expected,
                    result.actual
                )),
            }
        }
    }
    let what = format!("{name}: {paid} operations cost more than there is fuel");
    println!("{what}");
    if paid > 0 && !engine.starts_with("wasmtime") {
        failed.push(what);
    }
    (failed, passed)
}

/// Commands that assert something; the others only prepare it.
fn is_assertion(kind: Kind) -> bool {
    !matches!(kind, Kind::Module | Kind::ModuleDefinition | Kind::ModuleInstance | Kind::Register | Kind::Invoke)
}

#[track_caller]
fn holds_on(engine: &str) -> u32 {
    let (failed, passed) = run(engine, None);
    let mut all = 0;
    for (name, kinds) in passed {
        let assertions: u32 = kinds.iter().filter(|(kind, _)| is_assertion(**kind)).map(|(_, count)| count).sum();
        let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{} {count}", kind.name())).collect();
        println!("{name:24} {assertions:6} assertions: {}", kinds.join(", "));
        all += assertions;
    }
    println!("{all} assertions pass on {engine}");
    let shown = &failed[..failed.len().min(30)];
    assert!(failed.is_empty(), "{} fail:\n{}", failed.len(), shown.join("\n"));
    all
}

/// So many the official suite's scripts of these names have.
const OFFICIAL: u32 = 7_411;

#[test]
fn the_scripts_hold_on_the_reference_and_are_no_fewer_than_the_official_ones() {
    let assertions = holds_on("reference");
    assert!(assertions >= OFFICIAL, "{assertions}");
}

#[test]
fn the_scripts_hold_on_wasmtime() {
    holds_on("wasmtime");
}

#[test]
fn the_scripts_hold_on_wasmtimes_interpreter() {
    holds_on("wasmtime+pulley");
}

#[test]
fn the_scripts_hold_on_wasmi() {
    holds_on("wasmi");
}

#[test]
fn the_scripts_show_faults_of_the_operations_that_they_are_about() {
    for (fault, script) in [
        ("memory-copy-forward", "memory_copy64.wast"),
        ("memory-fill-long", "memory_fill64.wast"),
        ("memory-init-from-start", "memory_init64.wast"),
        ("data-drop-ignored", "memory_init64.wast"),
        ("data-segment-late", "memory_init64.wast"),
        ("table-copy-forward", "table_copy64.wast"),
        ("table-copy-forward", "bulk64.wast"),
        ("table-fill-short", "table_fill64.wast"),
        ("table-grow-null", "table_grow64.wast"),
        ("elem-drop-ignored", "table_init64.wast"),
        ("call-indirect-unchecked", "call_indirect64.wast"),
    ] {
        let (failed, passed) = run(&format!("faulty+{fault}"), Some(script));
        assert!(!failed.is_empty() && !passed.is_empty(), "{fault} passes {script}");
    }
}

#[test]
fn the_scripts_are_the_same_every_time() {
    assert_eq!(all(), all());
}
