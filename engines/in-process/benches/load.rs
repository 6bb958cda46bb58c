//! How fast the reference takes in a module, beside wasmi 2.0 and wasmtime's Pulley: decoding, validation, preparation
//! and instantiation, of modules of about 2 kB. Most modules of a campaign run for less time than this takes.
//!
//!     cargo bench -p wassay-in-process --bench load
//!
//! Engines take turns; the figure is the best turn of each, since noise only adds. wasmi translates all functions while
//! it loads, as its adapter asks.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use wassay_adapter::{HostHandle, kit};
use wassay_generate::{Profile, generate};
use wassay_in_process::open;
use wassay_model::{Capture, Host, InstanceIdx, Limits, ModuleIdx, Outcome, Provenance};

const ENGINES: [&str; 3] = ["reference", "wasmi", "wasmtime+pulley"];
const TURNS: usize = 30;
const GENERATED: usize = 16;

fn main() {
    // Engines recurse on the thread that runs them.
    let bench = std::thread::Builder::new().stack_size(64 << 20).spawn(bench).expect("a thread can be started");
    if bench.join().is_err() {
        std::process::exit(1);
    }
}

fn bench() {
    println!(
        "{:28} {:>12} {:>12} {:>12} {:>8} {:>8}",
        "best of 30, microseconds", "reference", "wasmi", "pulley", "/wasmi", "/pulley"
    );
    let mut logs = Vec::new();
    for (name, module) in modules() {
        let mut best = [Duration::MAX; 3];
        for _ in 0..TURNS {
            for (best, engine) in best.iter_mut().zip(ENGINES) {
                *best = (*best).min(load(engine, &module));
            }
        }
        let [ours, wasmi, pulley] = best.map(|time| time.as_secs_f64() * 1e6);
        let name = format!("{name}, {} bytes", module.len());
        println!("{name:28} {ours:>12.1} {wasmi:>12.1} {pulley:>12.1} {:>8.2} {:>8.2}", wasmi / ours, pulley / ours);
        logs.push((wasmi / ours).ln());
    }
    let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    println!("geometric mean of the speed beside wasmi's: {mean:.2}, over {} modules", logs.len());
}

/// Modules that import nothing and call nothing by themselves, each with a name.
fn modules() -> Vec<(String, Vec<u8>)> {
    let profile = Profile::parse("smith").expect("the profile");
    let fits = |case: &wassay_model::TestCase| {
        let Provenance::Generated { traits, .. } = &case.provenance else { return false };
        let size = case.modules[0].bytes.0.len();
        case.modules.len() == 1
            && case.host == Host::None
            && !traits.iter().any(|name| name == "start")
            && (1_500..3_000).contains(&size)
    };
    let cases = (0..10_000).map(|index| (index, generate(1, index, &profile))).filter(|(_, case)| fits(case));
    let mut modules = vec![("by hand".to_owned(), by_hand())];
    modules.extend(cases.take(GENERATED).map(|(index, case)| {
        let bytes = case.modules.into_iter().next().map(|module| module.bytes.0).unwrap_or_default();
        (format!("case {index}"), bytes)
    }));
    modules
}

/// What a compiler might make of a small library: functions with loops, calls, loads and stores, a table, some data.
fn by_hand() -> Vec<u8> {
    let mut text = String::from(
        r#"(module (memory (export "memory") 2 16) (global $sp (mut i32) (i32.const 65536))
  (type $t (func (param i32 i32) (result i32))) (table 8 8 funcref) (data (i32.const 1024) "a string in memory")
"#,
    );
    for number in 0..16 {
        let next = (number + 1) % 16;
        write!(
            text,
            r#"(func $f{number} (export "f{number}") (type $t) (local i32 i64 f64)
    (global.set $sp (local.tee 2 (i32.sub (global.get $sp) (i32.const 32))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get 1) (i32.const {})))
        (i32.store offset=4 (local.get 2) (i32.load8_u offset=1024 (i32.add (local.get 0) (local.get 1))))
        (local.set 3 (i64.add (local.get 3) (i64.extend_i32_u (i32.load offset=4 (local.get 2)))))
        (local.set 4 (f64.mul (f64.convert_i32_s (local.get 1)) (f64.const 0.5)))
        (local.set 1 (i32.add (local.get 1) (i32.const 1)))
        (br $next)))
    (if (i32.and (local.get 0) (i32.const 1))
      (then (drop (call_indirect (type $t) (local.get 0) (local.get 1) (i32.const {}))))
      (else (drop (call $f{next} (i32.shr_u (local.get 0) (i32.const 1)) (local.get 1)))))
    (global.set $sp (i32.add (local.get 2) (i32.const 32)))
    (select (i32.wrap_i64 (local.get 3)) (i32.trunc_sat_f64_s (local.get 4)) (local.get 1)))
"#,
            number * 5 + 3,
            number % 8,
        )
        .expect("a string takes all");
    }
    text.push_str("(elem (i32.const 0) $f0 $f1 $f2 $f3 $f4 $f5 $f6 $f7))");
    kit::module(&text)
}

/// How long it takes from the bytes to an instance, in a fresh store.
fn load(name: &str, module: &[u8]) -> Duration {
    let mut engine = open(&name.parse().expect("a name")).expect("the engine is linked");
    let mut session = engine.open(&Limits::default(), HostHandle::new(Capture::Digests)).expect("a session");
    let start = Instant::now();
    let loaded = session.load(ModuleIdx(0), module);
    let instantiated = session.instantiate(ModuleIdx(0), InstanceIdx(0), &[]);
    let time = start.elapsed();
    assert_eq!((loaded, instantiated), (Outcome::Returned(Vec::new()), Outcome::Returned(Vec::new())), "{name}");
    time
}
