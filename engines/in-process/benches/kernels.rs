//! How fast the reference runs, beside wasmi 2.0 and wasmtime's Pulley: all in one run, fuel on, so that the
//! ratios hold on a noisy machine.
//!
//!     cargo bench -p wassay-in-process --bench kernels
//!
//! Engines take turns; the figure is the best turn of each, since noise only adds.

use std::time::{Duration, Instant};

use wassay_adapter::{HostHandle, kit};
use wassay_in_process::open;
use wassay_model::{Capture, InstanceIdx, Limits, ModuleIdx, Outcome, Value};

const ENGINES: [&str; 3] = ["reference", "wasmi", "wasmtime+pulley"];
const TURNS: usize = 15;

/// A name, the argument of its `run`, and a module that exports `run : i32 -> i32`.
const KERNELS: [(&str, u32, &str); 11] = [
    (
        "calls (fib)",
        25,
        r#"(module (func $fib (export "run") (param i32) (result i32)
            (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
              (then (local.get 0))
              (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                             (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"#,
    ),
    (
        "byte memory (sieve)",
        60_000,
        r#"(module (memory 1) (func (export "run") (param $n i32) (result i32)
            (local $i i32) (local $j i32) (local $count i32)
            (memory.fill (i32.const 0) (i32.const 1) (local.get $n))
            (local.set $i (i32.const 2))
            (loop $outer
              (if (i32.load8_u (local.get $i)) (then
                (local.set $count (i32.add (local.get $count) (i32.const 1)))
                (local.set $j (i32.add (local.get $i) (local.get $i)))
                (block $done (loop $inner
                  (br_if $done (i32.ge_u (local.get $j) (local.get $n)))
                  (i32.store8 (local.get $j) (i32.const 0))
                  (local.set $j (i32.add (local.get $j) (local.get $i)))
                  (br $inner)))))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $outer (i32.lt_u (local.get $i) (local.get $n))))
            (local.get $count)))"#,
    ),
    (
        "f64 loop",
        300_000,
        r#"(module (func (export "run") (param $n i32) (result i32)
            (local $x f64) (local $y f64)
            (local.set $x (f64.const 0.5))
            (loop $l
              (local.set $y (f64.add (f64.mul (local.get $x) (f64.const 3.9)) (f64.const 0.01)))
              (local.set $x (f64.sub (local.get $y) (f64.floor (local.get $y))))
              (local.set $n (i32.sub (local.get $n) (i32.const 1)))
              (br_if $l (local.get $n)))
            (i32.trunc_sat_f64_s (f64.mul (local.get $x) (f64.const 1e6)))))"#,
    ),
    (
        "i64 mixing",
        300_000,
        r#"(module (func (export "run") (param $n i32) (result i32) (local $x i64)
            (local.set $x (i64.const 0x9e3779b97f4a7c15))
            (loop $l
              (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
              (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
              (local.set $x (i64.mul (i64.rotl (local.get $x) (i64.const 17)) (i64.const 0x2545f4914f6cdd1d)))
              (local.set $n (i32.sub (local.get $n) (i32.const 1)))
              (br_if $l (local.get $n)))
            (i32.wrap_i64 (local.get $x))))"#,
    ),
    (
        "hashing (FNV over memory)",
        400_000,
        r#"(module (memory 1) (data (i32.const 0) "\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f")
          (func (export "run") (param $n i32) (result i32) (local $h i32)
            (local.set $h (i32.const 0x811c9dc5))
            (loop $l
              (local.set $h (i32.mul (i32.xor (local.get $h)
                  (i32.load8_u (i32.and (local.get $n) (i32.const 0xffff)))) (i32.const 0x01000193)))
              (local.set $n (i32.sub (local.get $n) (i32.const 1)))
              (br_if $l (local.get $n)))
            (local.get $h)))"#,
    ),
    (
        "br_table dispatch",
        300_000,
        r#"(module (func (export "run") (param $n i32) (result i32) (local $x i32)
            (loop $l
              (block $next
                (block $c (block $b (block $a
                  (br_table $a $b $c $a $c (i32.and (local.get $n) (i32.const 7))))
                  (local.set $x (i32.add (local.get $x) (i32.const 3))) (br $next))
                  (local.set $x (i32.xor (local.get $x) (local.get $n))) (br $next))
                  (local.set $x (i32.rotl (local.get $x) (i32.const 5))))
              (local.set $n (i32.sub (local.get $n) (i32.const 1)))
              (br_if $l (local.get $n)))
            (local.get $x)))"#,
    ),
    (
        "indirect calls",
        200_000,
        r#"(module (type $t (func (param i32) (result i32))) (table funcref (elem $a $b $c $d))
          (func $a (type $t) (i32.add (local.get 0) (i32.const 1)))
          (func $b (type $t) (i32.mul (local.get 0) (i32.const 3)))
          (func $c (type $t) (i32.xor (local.get 0) (i32.const 0x55)))
          (func $d (type $t) (i32.shr_u (local.get 0) (i32.const 1)))
          (func (export "run") (param $n i32) (result i32) (local $x i32)
            (loop $l
              (local.set $x (call_indirect (type $t) (local.get $x) (i32.and (local.get $n) (i32.const 3))))
              (local.set $n (i32.sub (local.get $n) (i32.const 1)))
              (br_if $l (local.get $n)))
            (local.get $x)))"#,
    ),
    (
        "vectors",
        200_000,
        r#"(module (func (export "run") (param $n i32) (result i32) (local $x v128)
            (local.set $x (v128.const i32x4 1 2 3 4))
            (loop $l
              (local.set $x (i32x4.add (i32x4.mul (local.get $x) (v128.const i32x4 3 5 7 9))
                                       (i32x4.splat (local.get $n))))
              (local.set $x (v128.xor (local.get $x) (i32x4.shr_u (local.get $x) (i32.const 3))))
              (local.set $n (i32.sub (local.get $n) (i32.const 1)))
              (br_if $l (local.get $n)))
            (i32x4.extract_lane 2 (local.get $x))))"#,
    ),
    (
        "tail calls",
        300_000,
        r#"(module
          (func $even (param i32 i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
            (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 3))))
          (func $odd (param i32 i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
            (return_call $even (i32.sub (local.get 0) (i32.const 1)) (i32.xor (local.get 1) (i32.const 5))))
          (func (export "run") (param i32) (result i32) (call $even (local.get 0) (i32.const 0))))"#,
    ),
    (
        "GC lists",
        20_000,
        r#"(module (rec (type $list (struct (field i32) (field (ref null $list)))))
          (func (export "run") (param $n i32) (result i32) (local $l (ref null $list)) (local $sum i32)
            (loop $make
              (local.set $l (struct.new $list (local.get $n) (local.get $l)))
              (local.set $n (i32.sub (local.get $n) (i32.const 1)))
              (br_if $make (local.get $n)))
            (block $done (loop $walk
              (br_if $done (ref.is_null (local.get $l)))
              (local.set $sum (i32.add (local.get $sum) (struct.get $list 0 (local.get $l))))
              (local.set $l (struct.get $list 1 (local.get $l)))
              (br $walk)))
            (local.get $sum)))"#,
    ),
    (
        "exceptions",
        20_000,
        r#"(module (tag $t (param i32))
          (func $throw (param i32) (throw $t (local.get 0)))
          (func (export "run") (param $n i32) (result i32) (local $sum i32)
            (loop $l
              (block $h (result i32)
                (try_table (catch $t $h) (call $throw (local.get $n)))
                (i32.const 0))
              (local.set $sum (i32.add (local.get $sum)))
              (local.set $n (i32.sub (local.get $n) (i32.const 1)))
              (br_if $l (local.get $n)))
            (local.get $sum)))"#,
    ),
];

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
        "best of 15, ms", "reference", "wasmi", "pulley", "/wasmi", "/pulley"
    );
    let mut logs = Vec::new();
    for (name, argument, text) in KERNELS {
        let module = kit::module(text);
        let mut best: [Option<Duration>; 3] = [None; 3];
        let mut answers: Vec<Option<Outcome>> = vec![None; 3];
        for _ in 0..TURNS {
            for (position, engine) in ENGINES.iter().enumerate() {
                let Some((outcome, time)) = run(engine, &module, argument) else { continue };
                best[position] = Some(best[position].map_or(time, |before| before.min(time)));
                answers[position] = Some(outcome);
            }
        }
        let reference = answers[0].clone();
        assert!(matches!(reference, Some(Outcome::Returned(_))), "{name}: {reference:?}");
        assert!(answers.iter().flatten().all(|answer| Some(answer) == reference.as_ref()), "{name}: {answers:?}");
        let ms = |position: usize| {
            best[position].map_or_else(|| "-".to_owned(), |time| format!("{:.2}", time.as_secs_f64() * 1e3))
        };
        let ratio = |other: usize| Some(best[other]?.as_secs_f64() / best[0]?.as_secs_f64());
        let shown = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        println!("{name:28} {:>12} {:>12} {:>12} {:>8} {:>8}", ms(0), ms(1), ms(2), shown(ratio(1)), shown(ratio(2)));
        logs.extend(ratio(1).map(f64::ln));
    }
    let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    println!("geometric mean of the speed beside wasmi's: {mean:.2}, over {} kernels", logs.len());
}

/// Runs a kernel once in a fresh store; none where the engine lacks the feature.
fn run(name: &str, module: &[u8], argument: u32) -> Option<(Outcome, Duration)> {
    let mut engine = open(&name.parse().expect("a name")).expect("the engine is linked");
    let limits = Limits { fuel_max: 1 << 40, ..Limits::default() };
    let mut session = engine.open(&limits, HostHandle::new(Capture::Digests)).ok()?;
    if session.load(ModuleIdx(0), module) != Outcome::Returned(Vec::new()) {
        return None;
    }
    assert_eq!(session.instantiate(ModuleIdx(0), InstanceIdx(0), &[]), Outcome::Returned(Vec::new()));
    // Engines that translate at the first call have done so then.
    session.invoke(InstanceIdx(0), "run", &[Value::I32(2)]);
    let start = Instant::now();
    let outcome = session.invoke(InstanceIdx(0), "run", &[Value::I32(argument)]);
    Some((outcome, start.elapsed()))
}
