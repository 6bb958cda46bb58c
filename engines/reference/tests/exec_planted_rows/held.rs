//! Rows of the faults that were held out first.

use wassay_reference::exec::Fault;

use super::{body, linked, loads};
use crate::exec_kit::wat;
use crate::{calls, expression};

#[track_caller]
#[allow(clippy::too_many_lines, reason = "one row a fault")]
pub(super) fn show(fault: Fault) {
    use Fault as F;
    let e = |text: &str, right: &str, wrong: &str| expression(fault, text, right, wrong);
    let b = |fields: &str, results: &str, text: &str, right: &str, wrong: &str| {
        body(fault, fields, results, text, right, wrong);
    };
    let verdict = |text: &str, right: &str, wrong: &str| loads(fault, &wat(text), right, wrong);
    match fault {
        F::RemUMinusOne => e(
            "(i32.rem_u (i32.const 7) (i32.const -1)) (i64.rem_u (i64.const 8) (i64.const -1))",
            "i32:7 i64:8",
            "i32:0 i64:0",
        ),
        F::I31ConstantUnlike => e(
            "(local i32) (local.set 0 (i32.const 0x40000000)) (ref.eq (ref.i31 (local.get 0)) (ref.i31 (i32.const 0x40000000)))",
            "i32:1",
            "i32:0",
        ),
        F::I32ConstSignBit => e("(i32.const 2147483645)", "i32:2147483645", "i32:-3"),
        F::FieldOfFieldTest => b(
            "(type $n (struct (field anyref))) (type $c (struct (field i32)))",
            "i32",
            "(local (ref null $n)) (local.set 0 (struct.new $n (struct.new $n (struct.new $c (i32.const 1))))) (ref.test (ref null $c) (struct.get $n 0 (ref.cast (ref null $n) (struct.get $n 0 (local.get 0)))))",
            "i32:1",
            "i32:0",
        ),
        F::MemoryInitActiveTraps => b(
            r#"(memory 1) (data $d (i32.const 0) "x")"#,
            "i32",
            "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 1)",
            "i32:1",
            "trap unreachable",
        ),
        F::TableInitActiveTraps => b(
            "(table $t 2 funcref) (func $x) (elem $e (table $t) (i32.const 0) func $x)",
            "i32",
            "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 1)",
            "i32:1",
            "trap table-out-of-bounds",
        ),
        F::NotifyOffsetWraps => {
            e("(memory.atomic.notify offset=8 (i32.const -8) (i32.const 1))", "trap memory-out-of-bounds", "i32:0");
        }
        F::BrTableLowBits => {
            let targets = "0 ".repeat(4098);
            let text =
                format!("(block (block (br_table {targets} 1 (i32.const 5))) (return (i32.const 7))) (i32.const 8)");
            e(&text, "i32:7", "i32:8");
        }
        F::FieldPrecomputed => b(
            "(type $s (struct (field (mut i32))))",
            "i32",
            "(local (ref null $s)) (local.set 0 (struct.new $s (i32.const 1))) (struct.set $s 0 (local.get 0) (i32.const 2)) (struct.get $s 0 (local.get 0))",
            "i32:2",
            "i32:1",
        ),
        F::NewObjectUnlikeItself => b(
            "(type $s (struct (field (mut i32))))",
            "i32",
            "(local (ref null $s)) (local.set 0 (struct.new $s (i32.const 1))) (ref.eq (local.get 0) (local.get 0))",
            "i32:1",
            "i32:0",
        ),
        F::NullTrapBeforeValue => calls(
            fault,
            r#"(module (type $s (struct (field (mut i32)))) (global $g (mut i32) (i32.const 0))
                (func $v (result i32) (global.set $g (i32.const 1)) (i32.const 5))
                (func (export "f") (local (ref null $s)) (struct.set $s 0 (local.get 0) (call $v)))
                (func (export "g") (result i32) (global.get $g)))"#,
            "f g",
            "trap null-reference, i32:1",
            "trap null-reference, i32:0",
        ),
        F::LaneTrapBeforeVector => calls(
            fault,
            r#"(module (memory 1) (global $g (mut i32) (i32.const 0))
                (func $v (result v128) (global.set $g (i32.const 1)) (v128.const i64x2 0 0))
                (func (export "f") (v128.store32_lane 0 (i32.const 65535) (call $v)))
                (func (export "g") (result i32) (global.get $g)))"#,
            "f g",
            "trap memory-out-of-bounds, i32:1",
            "trap memory-out-of-bounds, i32:0",
        ),
        F::TailCallCaught => b(
            "(tag $tag) (func $raise (throw $tag)) (func $tail (block (try_table (catch $tag 0) (return_call $raise))))",
            "i32",
            "(block (try_table (catch $tag 0) (call $tail) (return (i32.const 2)))) (i32.const 1)",
            "i32:1",
            "i32:2",
        ),
        F::OuterLoopOnce => b(
            "(func $n (param i32 i32 i32 i32) (result i32) (local i32) (block (loop (br_if 1 (i32.eq (local.get 4) (local.get 3))) (block (loop (br_if 1 (i32.const 1)) (br 0))) (local.set 4 (i32.add (local.get 4) (i32.const 1))) (br 0))) (local.get 4))",
            "i32",
            "(call $n (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 3))",
            "i32:3",
            "i32:1",
        ),
        F::NewFieldUnsigned => e("(struct.get_s $s 0 (struct.new $s (i32.const 0xff)))", "i32:-1", "i32:255"),
        F::ImportedOffsetTraps => linked(
            fault,
            r#"(module (global (export "g") i32 (i32.const 8)))"#,
            r#"(module (import "a" "g" (global $g i32)) (memory 1) (data (global.get $g) "\07")
                (func (export "f") (result i32) (i32.load8_u (i32.const 8))))"#,
            "f",
            "i32:7",
            "trap memory-out-of-bounds",
        ),
        F::CastIndexRefused => {
            let types = "(type (struct))".repeat(129);
            let text = format!("(module {types} (func (param anyref) (drop (ref.cast (ref 128) (local.get 0)))))");
            verdict(&text, "loaded", "invalid");
        }
        F::CallRefSubtypeRefused => verdict(
            "(module (type $t (func (param eqref))) (func (param (ref $t)) (call_ref $t (ref.i31 (i32.const 1)) (local.get 0))))",
            "loaded",
            "invalid",
        ),
        F::NullResultRefused => {
            verdict("(module (func (result structref) (ref.null none)))", "loaded", "invalid");
        }
        F::EqualTypeRefused => verdict(
            "(module (type $a (sub (struct))) (type $b (sub (struct))) (func $f (param (ref null $a))) (func (call $f (ref.null $b))))",
            "loaded",
            "invalid",
        ),
        F::ImportedTableRefused => verdict(
            r#"(module (import "a" "t" (table 1 externref)) (elem (table 0) (i32.const 0) externref))"#,
            "loaded",
            "invalid",
        ),
        F::ElementMutableGlobal => verdict(
            "(module (func $f) (global $g (mut funcref) (ref.func $f)) (table 1 funcref) (elem (i32.const 0) funcref (item (global.get $g))))",
            "invalid",
            "loaded",
        ),
        F::DeadInnerBlockRefused => verdict(
            "(module (func unreachable (loop unreachable (block (result f32) (br 2) (block)) drop)))",
            "loaded",
            "invalid",
        ),
        F::DeclaredTypedMalformed => {
            verdict("(module (type $a (array i16)) (elem declare (ref null $a)))", "loaded", "malformed");
        }
        F::OwnOffsetRefused => verdict(
            "(module (global $g i32 (i32.const 0)) (table 1 funcref) (elem (global.get $g) func))",
            "loaded",
            "invalid",
        ),
        F::SegmentSizeRefused => {
            verdict(r#"(module (memory 1) (data (i32.const 65536) "x"))"#, "loaded", "invalid");
        }
        _ => super::second::show(fault),
    }
}
