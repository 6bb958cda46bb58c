//! What an engine can do, found by asking: for each feature small modules, each with a function that checks itself.

use std::sync::{Arc, LazyLock};

use wassay_model::{Feature, Features, Value};

use crate::fixed::{FRAME_MODULE, assemble};
use crate::{Answer, ImportEntry, Op, Worker};

/// Questions for an engine, one for each feature.
#[derive(Clone, Debug)]
pub struct Probes {
    ops: Vec<Op>,
    /// For each check of a feature: the operations that must succeed, the last of which is its function.
    checks: Vec<(Feature, std::ops::Range<usize>)>,
}

/// The probes for a worker.
#[must_use]
pub fn probes(worker: &Worker) -> Probes {
    let mut ops = Vec::new();
    // Instance 0 is the frame, where the worker keeps none.
    let mut next = 0;
    if worker.drivers && !worker.keeps {
        ops.push(Op::Instance { instance: next, of: FRAME_MODULE, imports: Vec::new() });
        next += 1;
    }
    let mut checks = Vec::new();
    for (feature, parts) in ASSEMBLED.iter() {
        let start = ops.len();
        // What a second part imports is what the first exports; an engine that links nothing is asked the first.
        let parts = if worker.drivers { &parts[..] } else { &parts[..1] };
        for (position, part) in parts.iter().enumerate() {
            ops.push(Op::Module { module: next, bytes: Arc::clone(&part.bytes) });
            let imports = match position {
                0 => Vec::new(),
                _ => part.imports.iter().map(|name| ImportEntry::export(next - 1, name)).collect(),
            };
            ops.push(Op::Instance { instance: next, of: next, imports });
            ops.push(match worker.drivers {
                true => Op::Call { call: next, name: "check".into(), input: Vec::new(), seat: None },
                false => Op::Invoke { invoke: next, name: "check".into(), args: Vec::new() },
            });
            next += 1;
        }
        checks.push((*feature, start..ops.len()));
    }
    Probes { ops, checks }
}

impl Probes {
    /// The operations.
    #[must_use]
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// What the answers say: a feature is there when all its modules were accepted and all its checks passed. An
    /// answer that is missing says no.
    #[must_use]
    pub fn features(&self, answers: &[Answer]) -> Features {
        let passed = |op: usize| {
            let answer = answers.get(op).filter(|answer| answer.op == op as u64 && answer.end.is_none());
            answer.is_some_and(|answer| match self.ops[op] {
                Op::Call { .. } => answer.out.as_ref().is_some_and(Vec::is_empty),
                Op::Invoke { .. } => answer.values.as_deref() == Some(&[Value::I32(0)]),
                _ => true,
            })
        };
        let found = |feature: Feature| {
            let mut checks = self.checks.iter().filter(|(known, _)| *known == feature).peekable();
            checks.peek().is_some() && checks.all(|(_, ops)| ops.clone().all(passed))
        };
        let features: Vec<Feature> = Feature::ALL.iter().copied().filter(|feature| found(*feature)).collect();
        Features::of(&features)
    }
}

struct Part {
    bytes: Arc<[u8]>,
    imports: &'static [&'static str],
}

static ASSEMBLED: LazyLock<Vec<(Feature, Vec<Part>)>> = LazyLock::new(|| {
    let assemble_part = |(text, imports): &(&str, &'static [&'static str])| Part {
        bytes: assemble(&format!("(module {text})")),
        imports,
    };
    TEXTS.iter().map(|(feature, parts)| (*feature, parts.iter().map(assemble_part).collect())).collect()
});

/// Parts of modules, with what each but the first is given of the one before. A check returns 0, since it leaves no
/// bytes, and traps where anything is wrong. None uses another feature, but for those that its own is built on.
type Text = (Feature, &'static [(&'static str, &'static [&'static str])]);

const TEXTS: &[Text] = &[
    (
        Feature::MutableGlobal,
        &[
            (
                r#"(global (export "g") (mut i64) (i64.const 5))
                (func (export "check") (result i32) (i32.const 0))"#,
                &[],
            ),
            (
                r#"(import "a" "g" (global $g (mut i64)))
                (func (export "check") (result i32)
                    (global.set $g (i64.add (global.get $g) (i64.const 2)))
                    (if (i64.ne (global.get $g) (i64.const 7)) (then unreachable))
                    (i32.const 0))"#,
                &["g"],
            ),
        ],
    ),
    (
        Feature::SignExtension,
        &[(
            r#"(func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func $check (param i32 i64)
                (call $must (i32.eq (i32.extend8_s (local.get 0)) (i32.const -128)))
                (call $must (i32.eq (i32.extend16_s (local.get 0)) (i32.const -32640)))
                (call $must (i64.eq (i64.extend8_s (local.get 1)) (i64.const -128)))
                (call $must (i64.eq (i64.extend16_s (local.get 1)) (i64.const -32640)))
                (call $must (i64.eq (i64.extend32_s (local.get 1)) (i64.const 0xffffffff80008080))))
            (func (export "check") (result i32)
                (call $check (i32.const 0x7fff8080) (i64.const 0x7fffffff80008080))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::SaturatingTruncation,
        &[(
            r#"(func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func $check (param f32 f64)
                (call $must (i32.eq (i32.trunc_sat_f32_s (local.get 0)) (i32.const 0x80000000)))
                (call $must (i32.eq (i32.trunc_sat_f32_u (local.get 0)) (i32.const 0)))
                (call $must (i32.eq (i32.trunc_sat_f64_s (local.get 1)) (i32.const 0x7fffffff)))
                (call $must (i32.eq (i32.trunc_sat_f64_u (local.get 1)) (i32.const -1)))
                (call $must (i64.eq (i64.trunc_sat_f32_s (local.get 0)) (i64.const 0x8000000000000000)))
                (call $must (i64.eq (i64.trunc_sat_f32_u (local.get 0)) (i64.const 0)))
                (call $must (i64.eq (i64.trunc_sat_f64_s (local.get 1)) (i64.const 0x7fffffffffffffff)))
                (call $must (i64.eq (i64.trunc_sat_f64_u (local.get 1)) (i64.const -1)))
                (call $must (i32.eqz (i32.trunc_sat_f32_s (f32.const nan)))))
            (func (export "check") (result i32)
                (call $check (f32.const -1e30) (f64.const 1e300))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::MultiValue,
        &[(
            r#"(func $three (param i32) (result i32 i64 f32)
                (local.get 0) (i64.const 7) (f32.const 1.5))
            (func $swap (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
            (func (export "check") (result i32) (local $sum i32)
                (if (f32.ne (call $three (i32.const 3)) (f32.const 1.5)) (then unreachable))
                (if (i64.ne (i64.const 7)) (then unreachable))
                (if (i32.ne (i32.const 3)) (then unreachable))
                (i32.sub (call $swap (i32.const 2) (i32.const 9)))
                (if (i32.ne (i32.const 7)) (then unreachable))
                (i32.const 20) (i32.const 30)
                (block (param i32 i32) (result i32 i32) (br 0 (i32.add) (i32.const 5)))
                (if (i32.ne (i32.const 5)) (then unreachable))
                (if (i32.ne (i32.const 50)) (then unreachable))
                (i32.const 3)
                (loop (param i32) (result i32)
                    (local.set $sum (i32.add (local.get $sum) (i32.const 4)))
                    (i32.sub (i32.const 1))
                    (br_if 0 (i32.lt_u (local.get $sum) (i32.const 12))))
                (if (i32.ne (i32.const 0)) (then unreachable))
                (i32.const 8) (i32.const 1)
                (if (param i32) (result i32 i32) (then (i32.const 6)) (else (i32.const 0)))
                (if (i32.ne (i32.sub) (i32.const 2)) (then unreachable))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::BulkMemory,
        &[(
            r#"(memory 1)
            (table $t 6 funcref)
            (type $f (func (result i32)))
            (func $a (result i32) (i32.const 11))
            (func $b (result i32) (i32.const 22))
            (elem $e func $a $b)
            (data $d "abcdef")
            (func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func (export "check") (result i32)
                (memory.init $d (i32.const 100) (i32.const 1) (i32.const 4))
                (call $must (i32.eq (i32.load (i32.const 100)) (i32.const 0x65646362)))
                (memory.copy (i32.const 102) (i32.const 100) (i32.const 4))
                (call $must (i32.eq (i32.load (i32.const 102)) (i32.const 0x65646362)))
                (memory.fill (i32.const 200) (i32.const 0x1fe) (i32.const 3))
                (call $must (i32.eq (i32.load (i32.const 200)) (i32.const 0xfefefe)))
                (data.drop $d)
                (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0))
                (table.init $t $e (i32.const 1) (i32.const 0) (i32.const 2))
                (table.copy $t $t (i32.const 3) (i32.const 1) (i32.const 2))
                (call $must (i32.eq (call_indirect $t (type $f) (i32.const 4)) (i32.const 22)))
                (elem.drop $e)
                (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::ReferenceTypes,
        &[(
            r#"(table $f 2 funcref)
            (table $x 1 10 externref)
            (type $t (func (result i32)))
            (global $g (mut externref) (ref.null extern))
            (func $a (result i32) (i32.const 5))
            (elem declare func $a)
            (func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func $pass (param externref) (result externref) (local.get 0))
            (func (export "check") (result i32)
                (call $must (ref.is_null (table.get $f (i32.const 1))))
                (table.set $f (i32.const 1) (ref.func $a))
                (call $must (i32.eqz (ref.is_null (table.get $f (i32.const 1)))))
                (call $must (i32.eq (call_indirect $f (type $t) (i32.const 1)) (i32.const 5)))
                (call $must (i32.eq (table.grow $x (ref.null extern) (i32.const 3)) (i32.const 1)))
                (call $must (i32.eq (table.size $x) (i32.const 4)))
                (call $must (i32.eq (table.grow $x (ref.null extern) (i32.const 7)) (i32.const -1)))
                (table.fill $f (i32.const 0) (ref.func $a) (i32.const 2))
                (call $must (i32.eq (call_indirect $f (type $t) (i32.const 0)) (i32.const 5)))
                (global.set $g (call $pass (table.get $x (i32.const 3))))
                (call $must
                    (ref.is_null (select (result externref) (global.get $g) (ref.null extern) (i32.const 1))))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::Simd,
        &[(
            r#"(memory 1)
            (global $g (mut v128) (v128.const i32x4 1 2 3 4))
            (func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func $same (param v128 v128) (call $must (i8x16.all_true (i8x16.eq (local.get 0) (local.get 1)))))
            (func $twice (param v128) (result v128) (i32x4.add (local.get 0) (local.get 0)))
            (func (export "check") (result i32)
                (call $same (call $twice (global.get $g)) (v128.const i32x4 2 4 6 8))
                (call $must (i32.eq (i32x4.extract_lane 3 (global.get $g)) (i32.const 4)))
                (v128.store (i32.const 3) (f32x4.mul (v128.const f32x4 1.5 2 -1 0) (f32x4.splat (f32.const 2))))
                (call $same (v128.load (i32.const 3)) (v128.const f32x4 3 4 -2 0))
                (call $same
                    (i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31
                        (v128.const i64x2 0 0) (v128.const i64x2 -1 -1))
                    (i16x8.splat (i32.const 0xff00)))
                (call $same
                    (v128.bitselect
                        (i64x2.splat (i64.const -1)) (i64x2.splat (i64.const 0)) (i64x2.splat (i64.const 6)))
                    (i64x2.splat (i64.const 6)))
                (call $same
                    (i16x8.extmul_low_i8x16_s (i8x16.splat (i32.const -3)) (i8x16.splat (i32.const 5)))
                    (i16x8.splat (i32.const -15)))
                (call $same
                    (i8x16.swizzle (v128.const i8x16 9 8 7 6 5 4 3 2 1 0 0 0 0 0 0 0) (i8x16.splat (i32.const 1)))
                    (i8x16.splat (i32.const 8)))
                (global.set $g (v128.load32_zero (i32.const 3)))
                (call $same (global.get $g) (v128.const f32x4 3 0 0 0))
                (i32.const 0))"#,
            &[],
        )],
    ),
    // What drives functions with vectors: without it no vector can be passed or seen.
    (
        Feature::Simd,
        &[
            (
                r#"(memory (export "m") 1)
                (func (export "check") (result i32) (i32.const 0))"#,
                &[],
            ),
            (
                r#"(import "a" "m" (memory 1))
                (func (export "check") (result i32)
                    (i64.store (i32.const 16) (i64.const 5))
                    (v128.store (i32.const 40) (v128.load (i32.const 16)))
                    (if (i64.ne (i64.load (i32.const 40)) (i64.const 5)) (then unreachable))
                    (i32.const 0))"#,
                &["m"],
            ),
        ],
    ),
    (
        Feature::RelaxedSimd,
        &[(
            r#"(func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func $same (param v128 v128) (call $must (i8x16.all_true (i8x16.eq (local.get 0) (local.get 1)))))
            (func (export "check") (result i32)
                (call $same
                    (i8x16.relaxed_swizzle (v128.const i8x16 9 8 0 0 0 0 0 0 0 0 0 0 0 0 0 0) (i8x16.splat (i32.const 1)))
                    (i8x16.splat (i32.const 8)))
                (call $same
                    (f32x4.relaxed_madd
                        (f32x4.splat (f32.const 2)) (f32x4.splat (f32.const 3)) (f32x4.splat (f32.const 4)))
                    (f32x4.splat (f32.const 10)))
                (call $same
                    (f64x2.relaxed_nmadd
                        (f64x2.splat (f64.const 2)) (f64x2.splat (f64.const 3)) (f64x2.splat (f64.const 4)))
                    (f64x2.splat (f64.const -2)))
                (call $same
                    (i32x4.relaxed_trunc_f32x4_s (f32x4.splat (f32.const -7.5)))
                    (i32x4.splat (i32.const -7)))
                (call $same
                    (i8x16.relaxed_laneselect
                        (i8x16.splat (i32.const 1)) (i8x16.splat (i32.const 2)) (i8x16.splat (i32.const -1)))
                    (i8x16.splat (i32.const 1)))
                (call $same
                    (f64x2.relaxed_max (f64x2.splat (f64.const 2)) (f64x2.splat (f64.const 3)))
                    (f64x2.splat (f64.const 3)))
                (call $same
                    (i16x8.relaxed_q15mulr_s (i16x8.splat (i32.const 0x4000)) (i16x8.splat (i32.const 0x4000)))
                    (i16x8.splat (i32.const 0x2000)))
                (call $same
                    (i16x8.relaxed_dot_i8x16_i7x16_s (i8x16.splat (i32.const -2)) (i8x16.splat (i32.const 3)))
                    (i16x8.splat (i32.const -12)))
                (call $same
                    (i32x4.relaxed_dot_i8x16_i7x16_add_s
                        (i8x16.splat (i32.const 2)) (i8x16.splat (i32.const 3)) (i32x4.splat (i32.const 1)))
                    (i32x4.splat (i32.const 25)))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::TailCall,
        &[(
            r#"(type $t (func (param i32 i32) (result i32)))
            (table 2 funcref)
            (elem (i32.const 0) $odd $even)
            (func $even (type $t)
                (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
                (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
            (func $odd (type $t)
                (if (i32.eqz (local.get 0)) (then (return (i32.const -1))))
                (return_call_indirect (type $t)
                    (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (i32.const 1)))
            (func (export "check") (result i32)
                (if (i32.ne (call $even (i32.const 200000) (i32.const 9)) (i32.const 9)) (then unreachable))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::ExtendedConst,
        &[(
            r#"(global $a i32 (i32.mul (i32.const 6) (i32.add (i32.const 3) (i32.const 4))))
            (global $b i64 (i64.sub (i64.mul (i64.const 5) (i64.const 5)) (i64.add (i64.const 1) (i64.const 1))))
            (memory 1)
            (data (i32.sub (i32.const 20) (i32.const 4)) "x")
            (func (export "check") (result i32)
                (if (i32.ne (global.get $a) (i32.const 42)) (then unreachable))
                (if (i64.ne (global.get $b) (i64.const 23)) (then unreachable))
                (if (i32.ne (i32.load8_u (i32.const 16)) (i32.const 120)) (then unreachable))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::MultiMemory,
        &[(
            r#"(memory $a 1 2)
            (memory $b 2 3)
            (data (memory $b) (i32.const 8) "\07")
            (func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func (export "check") (result i32)
                (call $must (i32.eq (i32.load8_u $b (i32.const 8)) (i32.const 7)))
                (call $must (i32.eqz (i32.load8_u $a (i32.const 8))))
                (i64.store $b offset=4 (i32.const 100000) (i64.const -2))
                (call $must (i64.eq (i64.load $b (i32.const 100004)) (i64.const -2)))
                (call $must (i32.eq (memory.size $b) (i32.const 2)))
                (call $must (i32.eq (memory.grow $b (i32.const 1)) (i32.const 2)))
                (call $must (i32.eq (memory.size $a) (i32.const 1)))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::Memory64,
        &[(
            r#"(memory i64 1 3)
            (table $t i64 3 funcref)
            (type $f (func (result i32)))
            (func $a (result i32) (i32.const 31))
            (elem (i64.const 2) $a)
            (data (i64.const 16) "\05")
            (func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func (export "check") (result i32)
                (call $must (i32.eq (i32.load8_u (i64.const 16)) (i32.const 5)))
                (i64.store offset=60000 (i64.const 1000) (i64.const -3))
                (call $must (i64.eq (i64.load offset=0x10 (i64.const 60984)) (i64.const -3)))
                (call $must (i64.eq (memory.size) (i64.const 1)))
                (call $must (i64.eq (memory.grow (i64.const 2)) (i64.const 1)))
                (call $must (i64.eq (memory.grow (i64.const 0x100000000)) (i64.const -1)))
                (call $must (i32.eq (call_indirect $t (type $f) (i64.const 2)) (i32.const 31)))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::FunctionReferences,
        &[(
            r#"(type $f (func (param i32) (result i32)))
            (table $t 2 (ref $f) (ref.func $inc))
            (func $inc (type $f) (i32.add (local.get 0) (i32.const 1)))
            (func $dec (type $f) (i32.sub (local.get 0) (i32.const 1)))
            (elem declare func $inc $dec)
            (func $apply (param $g (ref null $f)) (param i32) (result i32)
                (block $null
                    (return (call_ref $f (local.get 1) (br_on_null $null (local.get $g)))))
                (i32.const -9))
            (func (export "check") (result i32) (local $g (ref $f))
                (local.set $g (ref.func $dec))
                (if (i32.ne (call $apply (local.get $g) (i32.const 5)) (i32.const 4)) (then unreachable))
                (if (i32.ne (call $apply (ref.null $f) (i32.const 5)) (i32.const -9)) (then unreachable))
                (if (i32.ne (call_ref $f (i32.const 5) (table.get $t (i32.const 1))) (i32.const 6))
                    (then unreachable))
                (table.set $t (i32.const 0) (ref.as_non_null (local.get $g)))
                (block $some (result (ref $f))
                    (br_on_non_null $some (table.get $t (i32.const 0)))
                    unreachable)
                (if (i32.ne (call $apply (i32.const 1)) (i32.const 0)) (then unreachable))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::Gc,
        &[(
            r#"(rec
                (type $node (sub (struct (field $value i32) (field $next (mut (ref null $node))))))
                (type $leaf (sub final $node
                    (struct (field $value i32) (field $next (mut (ref null $node))) (field $small i8)))))
            (type $bytes (array (mut i8)))
            (type $refs (array (mut anyref)))
            (data $d "\01\02\ff")
            (global $shared (ref $bytes) (array.new $bytes (i32.const 3) (i32.const 2)))
            (func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func (export "check") (result i32)
                (local $leaf (ref $leaf)) (local $any anyref) (local $array (ref $bytes)) (local $refs (ref $refs))
                (local.set $leaf (struct.new $leaf (i32.const 4) (ref.null $node) (i32.const 255)))
                (struct.set $node $next (local.get $leaf) (local.get $leaf))
                (call $must
                    (ref.eq (local.get $leaf) (struct.get $node $next (local.get $leaf))))
                (call $must (i32.eq (struct.get_s $leaf $small (local.get $leaf)) (i32.const -1)))
                (local.set $any (local.get $leaf))
                (call $must (ref.test (ref $node) (local.get $any)))
                (call $must (i32.eqz (ref.test (ref $bytes) (local.get $any))))
                (call $must (i32.eq (struct.get $node $value (ref.cast (ref $leaf) (local.get $any))) (i32.const 4)))
                (local.set $array (array.new_data $bytes $d (i32.const 0) (i32.const 3)))
                (call $must (i32.eq (array.get_u $bytes (local.get $array) (i32.const 2)) (i32.const 255)))
                (array.set $bytes (local.get $array) (i32.const 0) (i32.const 77))
                (array.copy $bytes $bytes
                    (global.get $shared) (i32.const 1) (local.get $array) (i32.const 0) (i32.const 1))
                (call $must (i32.eq (array.get_u $bytes (global.get $shared) (i32.const 1)) (i32.const 77)))
                (local.set $any (ref.i31 (i32.const -5)))
                (call $must (i32.eq (i31.get_s (ref.cast i31ref (local.get $any))) (i32.const -5)))
                (local.set $refs (array.new_fixed $refs 2 (local.get $any) (local.get $array)))
                (array.fill $refs (local.get $refs) (i32.const 0) (local.get $leaf) (i32.const 1))
                (call $must (ref.test (ref struct) (array.get $refs (local.get $refs) (i32.const 0))))
                (call $must (i32.eq (array.len (local.get $refs)) (i32.const 2)))
                (block $cast (result (ref array))
                    (br_on_cast $cast anyref (ref array) (array.get $refs (local.get $refs) (i32.const 1)))
                    unreachable)
                (call $must (i32.eq (array.len) (i32.const 3)))
                (call $must (ref.test (ref i31) (any.convert_extern (extern.convert_any (local.get $any)))))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::Exceptions,
        &[(
            r#"(tag $i (param i32))
            (tag $two (param i64 f32))
            (tag $none)
            (func $throw (param i32)
                (if (i32.eqz (local.get 0)) (then (throw $none)))
                (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $two (i64.const 8) (f32.const 0.5))))
                (throw $i (local.get 0)))
            (func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func $caught (param i32) (result i32) (local $e exnref)
                (block $all
                    (block $ref (result exnref)
                        (block $i (result i32)
                            (try_table (catch $i $i) (catch_all_ref $ref)
                                (call $throw (local.get 0)))
                            (return (i32.const -1)))
                        (return))
                    (local.set $e)
                    (call $must (i32.eqz (ref.is_null (local.get $e))))
                    (block $two (result i64 f32 exnref)
                        (try_table (catch_ref $two $two) (catch_all $all)
                            (throw_ref (local.get $e)))
                        unreachable)
                    (local.set $e)
                    (call $must (f32.eq (f32.const 0.5)))
                    (return (i32.wrap_i64)))
                (i32.const 100))
            (func (export "check") (result i32)
                (call $must (i32.eq (call $caught (i32.const 7)) (i32.const 7)))
                (call $must (i32.eq (call $caught (i32.const 1)) (i32.const 8)))
                (call $must (i32.eq (call $caught (i32.const 0)) (i32.const 100)))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (Feature::Threads, &[(SHARED_ATOMICS, &[])]),
    (Feature::Threads, &[(UNSHARED_ATOMICS, &[])]),
    (
        Feature::WideArithmetic,
        &[(
            r#"(func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func $is (param i64 i64 i64 i64)
                (call $must (i64.eq (local.get 0) (local.get 2)))
                (call $must (i64.eq (local.get 1) (local.get 3))))
            (func (export "check") (result i32)
                (i64.add128 (i64.const -1) (i64.const 2) (i64.const 1) (i64.const 3))
                (call $is (i64.const 0) (i64.const 6))
                (i64.sub128 (i64.const 0) (i64.const 6) (i64.const 1) (i64.const 3))
                (call $is (i64.const -1) (i64.const 2))
                (i64.mul_wide_s (i64.const -2) (i64.const 3))
                (call $is (i64.const -6) (i64.const -1))
                (i64.mul_wide_u (i64.const -2) (i64.const 3))
                (call $is (i64.const -6) (i64.const 2))
                (i32.const 0))"#,
            &[],
        )],
    ),
    (
        Feature::CustomPageSizes,
        &[(
            r#"(memory 5 20 (pagesize 1))
            (func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func (export "check") (result i32)
                (call $must (i32.eq (memory.size) (i32.const 5)))
                (i32.store8 (i32.const 4) (i32.const 9))
                (call $must (i32.eq (memory.grow (i32.const 3)) (i32.const 5)))
                (i32.store (i32.const 4) (i32.const -2))
                (call $must (i32.eq (i32.load8_u (i32.const 7)) (i32.const 255)))
                (call $must (i32.eq (memory.grow (i32.const 13)) (i32.const -1)))
                (i32.const 0))"#,
            &[],
        )],
    ),
];

const SHARED_ATOMICS: &str = r#"(memory 1 2 shared)
    (func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
    (func (export "check") (result i32)
        (i32.atomic.store (i32.const 8) (i32.const 40))
        (call $must (i32.eq (i32.atomic.rmw.add (i32.const 8) (i32.const 2)) (i32.const 40)))
        (call $must (i32.eq (i32.atomic.load (i32.const 8)) (i32.const 42)))
        (call $must (i64.eq (i64.atomic.rmw.cmpxchg (i32.const 8) (i64.const 42) (i64.const -1)) (i64.const 42)))
        (call $must (i64.eq (i64.atomic.rmw16.xchg_u (i32.const 10) (i64.const 1)) (i64.const 0xffff)))
        (call $must (i32.eq (i32.atomic.rmw8.sub_u (i32.const 8) (i32.const 1)) (i32.const 255)))
        (call $must (i32.eq (i32.load8_u (i32.const 8)) (i32.const 254)))
        (call $must (i32.eqz (memory.atomic.notify (i32.const 8) (i32.const 1))))
        (call $must (i32.eq (memory.grow (i32.const 1)) (i32.const 1)))
        (atomic.fence)
        (i32.const 0))"#;

/// Atomic instructions work on memories that are not shared as well.
const UNSHARED_ATOMICS: &str = r#"(memory 1)
    (func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
    (func (export "check") (result i32)
        (i64.atomic.store (i32.const 16) (i64.const 5))
        (call $must (i64.eq (i64.atomic.rmw.xor (i32.const 16) (i64.const 3)) (i64.const 5)))
        (call $must (i64.eq (i64.atomic.load32_u (i32.const 16)) (i64.const 6)))
        (call $must (i32.eq (i32.atomic.rmw.and (i32.const 16) (i32.const 2)) (i32.const 6)))
        (i32.const 0))"#;
