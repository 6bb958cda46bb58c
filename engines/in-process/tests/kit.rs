//! Every linked engine passes the kit, but for deviations that are listed with their reasons.

use std::process::{Command, Stdio};
use std::thread;

use wassay_adapter::kit::{self, KitVerdict};
use wassay_adapter::{Prepared, walk};
use wassay_in_process::open;
use wassay_model::{Capture, EngineName};

/// Kit cases that an engine does not pass, and why. A case that is listed and passes fails the test.
const DEVIATIONS: &[(&str, &[&str], &str)] = &[
    (
        "a function put into a table lives on when a later segment traps, without the data after it",
        &["wasmtime", "wasmtime+opt-none", "wasmtime+opt-size", "wasmtime+winch", "wasmtime+pulley"],
        "data segments come with the memory's image, before element segments can trap (a bug)",
    ),
    (
        "a function put into a table lives on when a later segment traps, without the data after it",
        &["tinywasm"],
        "data segments are still copied after an element segment has trapped (a bug)",
    ),
    (
        "a function put into a table lives on when a later segment traps, without the data after it",
        &["wasmi@1.1.0"],
        "the instance is not put in its place where a segment traps, and the function finds no memory (a bug)",
    ),
    ("a start function may call the host", &["dlr"], "the engine says that it does not support it"),
    ("host values pass in and out as references", &["wasmtime+winch"], "Winch has no externref"),
    ("a host function takes references and answers with null", &["wasmtime+winch"], "Winch has no externref"),
    ("a table shows host values", &["wasmtime+winch"], "Winch has no externref"),
];

/// Kit cases that end the process that asks the engine, and why. One that no longer does fails the test.
const DEATHS: &[(&str, &str, &str)] = &[(
    "wasmi",
    "a function put into a table lives on when a later segment traps, without the data after it",
    "the function runs in an instance that was never put in its place: a segmentation fault (a bug)",
)];

/// Names the engine and the case to a child of this test.
const CHILD: &str = "WASSAY_KIT_CHILD";

fn on_a_large_stack(run: impl FnOnce() + Send + 'static) {
    // Engines recurse on the thread that runs them.
    thread::Builder::new().stack_size(64 << 20).spawn(run).unwrap().join().unwrap();
}

fn check(name: &'static str) {
    on_a_large_stack(move || {
        let deadly: Vec<&str> =
            DEATHS.iter().filter(|(engine, ..)| *engine == name).map(|(_, case, _)| *case).collect();
        let mut engine = open(&name.parse().unwrap()).unwrap();
        let results = kit::check_except(&mut *engine, &deadly);
        let failed: Vec<&str> = results
            .iter()
            .filter(|result| matches!(result.verdict, KitVerdict::Failed(_)))
            .map(|result| result.name)
            .collect();
        let mut listed: Vec<&str> =
            DEVIATIONS.iter().filter(|(_, engines, _)| engines.contains(&name)).map(|(case, ..)| *case).collect();
        // In the order of the kit.
        listed.sort_by_key(|case| results.iter().position(|result| result.name == *case));
        assert_eq!(failed, listed, "{name}\n{}", kit::failures(&results));
        let passed = results.iter().filter(|result| result.verdict == KitVerdict::Passed).count();
        assert!(passed > 80, "{name} was asked only {passed} cases");
        // The kit notices an engine that stands still; it cannot notice one that is not asked.
        let skipped = results.iter().filter(|result| result.verdict == KitVerdict::Skipped).count();
        assert_eq!(skipped, deadly.len());
    });
}

macro_rules! kits {
    ($($test:ident $feature:literal $name:literal)*) => {
        $(
            #[cfg(feature = $feature)]
            #[test]
            fn $test() {
                check($name);
            }
        )*
    };
}

kits! {
    reference_passes_the_kit "reference" "reference"
    wasmi_passes_the_kit "wasmi" "wasmi"
    wasmi_1_passes_the_kit "wasmi-1" "wasmi@1.1.0"
    tinywasm_passes_the_kit "tinywasm" "tinywasm"
    dlr_passes_the_kit "dlr" "dlr"
    wasmtime_passes_the_kit "wasmtime" "wasmtime"
    wasmtime_without_optimisation_passes_the_kit "wasmtime" "wasmtime+opt-none"
    wasmtime_optimised_for_size_passes_the_kit "wasmtime" "wasmtime+opt-size"
    winch_passes_the_kit "wasmtime" "wasmtime+winch"
    pulley_passes_the_kit "wasmtime" "wasmtime+pulley"
}

/// A child of itself runs each deadly case: it must die of it, and not of anything else before.
#[cfg(feature = "wasmi")]
#[test]
fn deadly_cases_are_deadly() {
    if let Ok(asked) = std::env::var(CHILD) {
        let (engine, case) = asked.split_once('|').unwrap();
        let name: EngineName = engine.parse().unwrap();
        let case = kit::cases().into_iter().find(|known| known.name == case).unwrap();
        on_a_large_stack(move || {
            let mut engine = open(&name).unwrap();
            println!("the case begins");
            walk(&mut *engine, &Prepared::new(&case.case), Capture::Digests);
            println!("the case ended");
        });
        return;
    }
    for (engine, case, why) in DEATHS {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "deadly_cases_are_deadly", "--nocapture"])
            .env(CHILD, format!("{engine}|{case}"))
            .stderr(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&child.stdout);
        assert!(text.contains("the case begins"), "{text}");
        assert!(
            !text.contains("the case ended") && !child.status.success(),
            "{engine} survives `{case}`, listed as: {why}"
        );
    }
}

#[cfg(feature = "reference")]
#[test]
fn the_kit_notices_an_engine_that_is_wrong() {
    for (fault, case) in [
        ("faulty+unreachable-kind", "unreachable"),
        ("faulty+i32-div-s-overflow", "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"),
        ("faulty+global-lost-on-trap", "what was written before a trap stays written"),
        ("faulty+load64-half", "NaN bits survive globals and memories"),
        ("faulty+table-grow-null", "a table shows null, and functions by identity"),
        ("faulty+memory-grow-new-size", "a memory without pages, and one that grows from there"),
        ("faulty+global-shared", "two instances of one module share nothing"),
        (
            "faulty+segments-checked-first",
            "an active data segment out of bounds traps after the ones before it were written",
        ),
        ("faulty+start-skipped", "the start function runs when a module is instantiated"),
    ] {
        on_a_large_stack(move || {
            let results = kit::check(&mut *open(&fault.parse().unwrap()).unwrap());
            let result = results.iter().find(|result| result.name == case).unwrap();
            assert!(matches!(result.verdict, KitVerdict::Failed(_)), "{fault} passes `{case}`");
        });
    }
}

#[test]
fn no_two_kit_cases_have_one_name() {
    let mut names: Vec<&str> = kit::cases().iter().map(|case| case.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
