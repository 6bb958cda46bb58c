//! Fused operators change nothing that is seen: with as little fuel as one likes, code with them ends as code without.

mod exec_kit;

use exec_kit::{Ran, config};
use wassay_reference::exec::{Extern, Fault};

const MODULE: &str = r#"(module (memory (export "first") 1 2) (memory $other (export "other") 1) (global $g (export "g") (mut i32) (i32.const 7))
    (table funcref (elem $square)) (type $unary (func (param i32) (result i32)))
    (func $square (type $unary) (i32.mul (local.get 0) (local.get 0)))
    (func (export "arithmetic") (param $n i32) (result i32 i64 f64)
        (local $i i32) (local $x i64) (local $y f64) (local $z i32)
        (local.set $x (i64.const 0x9e3779b97f4a7c15)) (local.set $z (local.get $n))
        (loop $l
            (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
            (local.set $x (i64.mul (i64.const 0x2545f4914f6cdd1d) (i64.rotl (local.get $x) (i64.const 17))))
            (local.set $y (f64.sub (f64.add (local.get $y) (f64.const 0.25)) (f64.floor (local.get $y))))
            (local.get $i) (i32.add (local.get $z) (local.tee $z (i32.sub (local.get $z) (i32.const 3))))
            (local.set $z (i32.xor))
            (if (i32.and (local.get $i) (i32.const 1))
                (then (local.set $z (i32.add (local.get $z) (local.get $i)))) (else nop (drop (local.get $z))))
            (br_if $l (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (local.get $z) (local.get $x) (local.get $y))
    (func (export "waits") (param $n i32) (result i32)
        (local.get $n) (local.get $n) (i32.const 5)
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (block $b (result i32) (br_if $b (local.get $n) (i32.eqz (local.get $n))) (i32.add (i32.const 1)))
        (call $square) (call_indirect (type $unary) (local.get $n) (i32.const 0)) (i32.sub) (i32.add)
        (select (local.get $n) (i32.ge_u (local.get $n) (i32.const 9))) (i32.xor) (i32.sub))
    (func (export "memory") (param $n i32) (result i32)
        (i32.store offset=4 (local.get $n) (i32.const 77)) (i32.store8 (i32.const 3) (local.get $n))
        (i64.store (i32.const 8) (i64.extend_i32_u (i32.load offset=4 (local.get $n))))
        (i32.store $other (local.get $n) (i32.load8_s (i32.const 8)))
        (global.set $g (i32.add (global.get $g) (i32.load $other (local.get $n))))
        (local.get $n) (i32.load offset=65500 (i32.mul (local.get $n) (i32.const 3))) (i32.load16_u (i32.const 4))
        (i32.add) (i32.add) (i32.div_s (local.get $n) (i32.sub (local.get $n) (i32.const 2))) (i32.add))
    (func (export "branches") (param $n i32) (result i32) (local $m i64)
        (local.set $m (i64.extend_i32_s (local.get $n)))
        (block $a (block $b (block $c
            (br_if $a (i64.gt_s (local.get $m) (i64.const 6))) (br_if $b (i64.eq (local.get $m) (i64.const 3)))
            (br_if $c (i32.gt_u (i32.const 2) (local.get $n))) (br_if $a (local.get $n)))
            (return (i32.const 1))) (return (i32.mul (local.get $n) (local.get $n))))
        (if (result i32) (i32.le_u (local.get $n) (i32.const 9)) (then (local.get $n)) (else (i32.const 4)))))"#;

#[test]
fn outcomes_state_and_fuel_are_those_of_single_operators_whatever_the_fuel() {
    let mut seen = std::collections::BTreeSet::new();
    for name in ["arithmetic", "waits", "memory", "branches"] {
        for argument in ["i32:0", "i32:1", "i32:2", "i32:3", "i32:7", "i32:12", "i32:100000"] {
            for fuel in 0..160 {
                let [fused, single] = [None, Some(Fault::StartSkipped)].map(|fault| {
                    // A fault that this module doesn't show, but with which nothing is fused.
                    let mut config = config();
                    (config.fault, config.limits.fuel) = (fault, fuel);
                    let mut ran = Ran::new(MODULE, config);
                    let Ok(instance) = ran.instance else { return Default::default() };
                    let outcome = ran.call(name, &[argument]);
                    let left = ran.store.fuel_left();
                    let state = ["first", "other", "g"].map(|name| match ran.store.export(instance, name) {
                        Some(Extern::Mem(memory)) => format!("{:?}", &ran.store.memory_bytes(memory)[..256]),
                        Some(Extern::Global(global)) => format!("{:?}", ran.store.global_value(global)),
                        other => panic!("{other:?}"),
                    });
                    (outcome, left, state)
                });
                assert_eq!(fused, single, "{name} {argument} with {fuel}");
                seen.insert(fused.0);
            }
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
}
