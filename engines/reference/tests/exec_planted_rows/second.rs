//! Rows of the second list of faults that was held out once.

use wassay_reference::exec::{Extern, Fault, LoadedModule, NoHost, Store};

use super::{TYPES, body, linked, loads, sections, third};
use crate::exec_kit::{config, told, wat};
use crate::{calls, expression};

/// An importer that has no instance, and what a function of the exporter tells afterwards.
#[track_caller]
fn fails(fault: Fault, exporter: &str, importer: &str, right: &str, wrong: &str) {
    for (planted, expected) in [(None, right), (Some(fault), wrong)] {
        let mut config = config();
        config.fault = planted;
        let mut store = Store::new(config);
        let loaded = LoadedModule::load(&wat(exporter), &config).expect("a valid exporter");
        let first = store.instantiate(&loaded, &[], &mut NoHost).expect("an instance");
        let loaded = LoadedModule::load(&wat(importer), &config).expect("a valid importer");
        let imports: Vec<Extern> =
            loaded.imports().map(|(_, name)| store.export(first, name).expect("an export")).collect();
        assert!(store.instantiate(&loaded, &imports, &mut NoHost).is_err(), "{planted:?}");
        let Some(Extern::Func(func)) = store.export(first, "f") else { panic!("no function") };
        let said = told(store.invoke(func, &[], &mut NoHost));
        assert_eq!(said, expected, "{planted:?} in the row of {}", fault.name());
    }
}

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
        F::TruncUNegativeFraction => e("(i32.trunc_f64_u (f64.const -0.5))", "i32:0", "trap integer-overflow"),
        F::CopysignOfNan => {
            e("(f32.copysign (f32.const -nan:0x7c0000) (f32.const 0))", "f32:0x7ffc0000", "f32:0xfffc0000");
        }
        F::MinZerosConstant => e("(f32.min (f32.const 0) (f32.const -0))", "f32:0x80000000", "f32:0x00000000"),
        F::RotlZeroConstants => e("(i32.rotl (i32.const 235) (i32.const 0))", "i32:235", "i32:-1"),
        F::SelectGreaterSwapped => b(
            "(func $n (param i64 i64) (result i64) (select (local.get 0) (local.get 1) (i64.gt_s (local.get 1) (local.get 0))))",
            "i64",
            "(call $n (i64.const 1) (i64.const 2))",
            "i64:1",
            "i64:2",
        ),
        F::ReplaceLaneFromMemory => b(
            "(global $g f64 (f64.const 1))",
            "i64",
            "(i64x2.extract_lane 1 (f64x2.replace_lane 0 (v128.const i64x2 -1 1) (global.get $g)))",
            "i64:1",
            "i64:0",
        ),
        F::I64x2ShrSLocal => b(
            "",
            "i64",
            "(local v128) (local.set 0 (v128.const i32x4 0 0 0 1)) (i64x2.extract_lane 1 (i64x2.shr_s (local.get 0) (i32.const 63)))",
            "i64:0",
            "i64:2",
        ),
        F::ExtmulEvenOdd => {
            e(
                "(i32x4.extract_lane 1 (i32x4.extmul_low_i16x8_u (v128.const i16x8 1 2 3 4 5 6 7 8) (v128.const i16x8 1 1 1 1 1 1 1 1)))",
                "i32:2",
                "i32:3",
            );
            e(
                "(i64x2.extract_lane 0 (i64x2.extmul_high_i32x4_s (v128.const i32x4 1 2 3 4) (v128.const i32x4 1 1 1 1)))",
                "i64:3",
                "i64:2",
            );
        }
        F::LaneAccessWide => {
            let wrong = "trap memory-out-of-bounds";
            e("(i8x16.extract_lane_u 0 (v128.load8_splat (i32.const 65535)))", "i32:0", wrong);
            e("(v128.store16_lane 0 (i32.const 65534) (v128.const i64x2 0 0)) (i32.const 1)", "i32:1", wrong);
        }
        F::MemoryFillFirst => e(
            "(memory.fill $m2 (i32.const 0) (i32.const 7) (i32.const 1)) (i32.load8_u $m2 (i32.const 0)) (i32.load8_u (i32.const 0))",
            "i32:7 i32:0",
            "i32:0 i32:7",
        ),
        F::AtomicOffsetIgnored => {
            e("(memory.atomic.notify offset=65536 (i32.const 0) (i32.const 1))", "trap memory-out-of-bounds", "i32:0");
        }
        F::MemoryGrowWraps => {
            b("(memory i64 2)", "i64 i64", "(memory.grow (i64.const -1)) (memory.size)", "i64:-1 i64:2", "i64:2 i64:1");
        }
        F::DropForgetsLater => {
            b(
                r#"(memory 1) (data $a "x") (data $b "y")"#,
                "i32",
                "(data.drop $b) (data.drop $a) (memory.init $b (i32.const 0) (i32.const 0) (i32.const 1)) (i32.load8_u (i32.const 0))",
                "trap memory-out-of-bounds|segment-out-of-bounds",
                "i32:121",
            );
            b(
                "(table 1 funcref) (func $x) (elem $a func $x) (elem $b func $x)",
                "i32",
                "(elem.drop $b) (elem.drop $a) (table.init $b (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 1)",
                "trap table-out-of-bounds|segment-out-of-bounds",
                "i32:1",
            );
        }
        F::TableFillIndexHalf => b(
            "(table $t i64 2 funcref)",
            "i32",
            "(table.fill $t (i64.const 0x100000000) (ref.null func) (i64.const 1)) (i32.const 1)",
            "trap table-out-of-bounds",
            "i32:1",
        ),
        F::CallIndirectIndexHalf => b(
            "(type $r (func (result i32))) (table $t i64 1 funcref) (elem (table $t) (i64.const 0) func $x) (func $x (result i32) (i32.const 7))",
            "i32",
            "(call_indirect $t (type $r) (i64.const 0x100000000))",
            "trap undefined-element",
            "i32:7",
        ),
        F::TableInitEmptyAnywhere => b(
            "(table $t 1 funcref) (elem $e func)",
            "i32",
            "(table.init $t $e (i32.const -1) (i32.const 0) (i32.const 0)) (i32.const 1)",
            "trap table-out-of-bounds",
            "i32:1",
        ),
        F::TailCallSeventhArgument => b(
            "(func $p (param i32 i32 i32 i32 i32 i32 i32) (result i32) (local.get 6)) (func $t (result i32) (return_call $p (i32.const 11) (i32.const 22) (i32.const 33) (i32.const 44) (i32.const 55) (i32.const 66) (i32.const 77)))",
            "i32",
            "(call $t)",
            "i32:77",
            "i32:1068625176",
        ),
        F::LoopParamsTrap => {
            b("", "i32", "(i32.const 7) (loop (param i32) (drop)) (i32.const 0)", "i32:0", "trap unreachable");
        }
        F::BrTableIndexFirst => b(
            "(global $g (mut i32) (i32.const 0)) (func $v (result i32) (global.set $g (i32.const 1)) (i32.const 5)) (func $i (result i32) (global.set $g (i32.const 2)) (i32.const 0))",
            "i32",
            "(drop (block (result i32) (br_table 0 0 (call $v) (call $i)))) (global.get $g)",
            "i32:2",
            "i32:1",
        ),
        F::IfConditionBelow => b(
            "",
            "i32 i32",
            "(i32.const 42) (i32.const 0) (if (result i32) (then (i32.const 3)) (else (i32.const 7)))",
            "i32:42 i32:7",
            "i32:0 i32:7",
        ),
        F::HandlerToFunction => b(
            "(tag $t (param i32)) (func $h (param i32) (result i32) (try_table (result i32) (catch $t 0) (throw $t (i32.const 5))))",
            "i32",
            "(call $h (i32.const 9))",
            "i32:5",
            "i32:9",
        ),
        F::ArrayEmptyUnchecked => b(
            "(type $x (array (mut i32)))",
            "i32",
            "(array.fill $x (array.new_default $x (i32.const 1)) (i32.const 5) (i32.const 0) (i32.const 0)) (i32.const 1)",
            "trap array-out-of-bounds",
            "i32:1",
        ),
        F::ArrayFillWholeTraps => b(
            "(type $x (array (mut i32)))",
            "i32",
            "(array.fill $x (array.new_default $x (i32.const 2)) (i32.const 0) (i32.const 7) (i32.const 2)) (i32.const 1)",
            "i32:1",
            "trap array-out-of-bounds",
        ),
        F::ArrayFillStartMany => b(
            "(type $x (array (mut i32)))",
            "i32",
            "(local (ref null $x)) (local.set 0 (array.new_default $x (i32.const 1))) (array.fill $x (local.get 0) (i32.const 0) (i32.const 32) (i32.const 1)) (array.get $x (local.get 0) (i32.const 0))",
            "i32:32",
            "i32:0",
        ),
        F::ArrayNewDataDropped => b(
            r#"(type $x (array i8)) (data $d "x")"#,
            "i32",
            "(data.drop $d) (array.get_u $x (array.new_data $x $d (i32.const 0) (i32.const 1)) (i32.const 0))",
            "trap memory-out-of-bounds|segment-out-of-bounds",
            "i32:120",
        ),
        F::CastOfInitialObject => b(
            "(type $s (struct (field (mut i32)))) (global $g (mut (ref struct)) (struct.new_default $s))",
            "i32",
            "(struct.get $s 0 (ref.cast (ref $s) (global.get $g)))",
            "i32:0",
            "trap cast-failure",
        ),
        F::LoadAfterAddressSet => b(
            r#"(memory 1) (data (i32.const 0) "\01\02")"#,
            "i32",
            "(local i32) (i32.load8_u (local.get 0)) (local.set 0 (i32.const 1))",
            "i32:1",
            "i32:2",
        ),
        F::GlobalOffsetZero => calls(
            fault,
            r#"(module (global $o i32 (i32.const 4)) (memory 1) (data (offset (global.get $o)) "ABCD")
                (func (export "f") (result i32) (i32.load8_u (i32.const 4))))"#,
            "f",
            "i32:65",
            "i32:0",
        ),
        F::EmptyElementsAnywhere => calls(
            fault,
            r#"(module (table 1 funcref) (elem (i32.const -1) func) (func (export "f") (result i32) (i32.const 1)))"#,
            "f",
            "trap table-out-of-bounds",
            "i32:1",
        ),
        F::DataBeforeElements => fails(
            fault,
            r#"(module (memory (export "m") 1) (table (export "t") 1 funcref)
                (func (export "f") (result i32) (i32.load8_u (i32.const 0))))"#,
            r#"(module (import "a" "m" (memory 1)) (import "a" "t" (table 1 funcref)) (func $x)
                (elem (i32.const 5) func $x) (data (i32.const 0) "\07"))"#,
            "i32:0",
            "i32:7",
        ),
        F::StartTrapUndoes => fails(
            fault,
            r#"(module (memory (export "m") 1) (func (export "f") (result i32) (i32.load8_u (i32.const 0))))"#,
            r#"(module (import "a" "m" (memory 1)) (data (i32.const 0) "\07") (func $s unreachable) (start $s))"#,
            "i32:7",
            "i32:0",
        ),
        F::IndirectCallOwnFunction => linked(
            fault,
            r#"(module (table (export "t") 1 funcref) (elem (i32.const 0) func $x) (func $x (result i32) (i32.const 1)))"#,
            r#"(module (type $r (func (result i32))) (import "a" "t" (table 1 funcref)) (func (result i32) (i32.const 2))
                (func (export "f") (result i32) (call_indirect (type $r) (i32.const 0))))"#,
            "f",
            "i32:1",
            "i32:2",
        ),
        F::ThrowSubtypeRefused => verdict(
            "(module (type $s (struct)) (tag $t (param eqref)) (func (throw $t (struct.new $s))))",
            "loaded",
            "invalid",
        ),
        F::CatchRefNonNullRefused => verdict(
            "(module (func (result (ref exn)) (try_table (catch_all_ref 0)) (unreachable)))",
            "loaded",
            "invalid",
        ),
        F::CastNullableRefused => verdict(
            "(module (type $a (array (mut i16))) (func (drop (ref.cast (ref null $a) (array.new_default $a (i32.const 0))))))",
            "loaded",
            "invalid",
        ),
        F::DeadSelectRefused => verdict(
            "(module (func (result i32) i32.const 0 i32.const 0 i32.const 0 i32.const 0 unreachable br_if 0 select))",
            "loaded",
            "invalid",
        ),
        F::ForwardSupertypeAccepted => verdict(
            "(module (rec (type $a (sub $b (func (result i32)))) (type $b (sub (func (result i32))))) (func (type $b) (i32.const 42)))",
            "invalid",
            "loaded",
        ),
        F::FuncTypePaddedAccepted => {
            loads(fault, &sections(&[&[1, 5, 1, 0xe0, 0x7f, 0, 0]]), "malformed", "loaded");
        }
        F::SubOpcodePaddedRefused => {
            // A number is truncated by an instruction whose number has two bytes.
            let code = [10, 13, 1, 11, 0, 0x43, 0, 0, 0, 0, 0xfc, 0x80, 0, 0x1a, 0x0b];
            loads(fault, &sections(&[TYPES, &[3, 2, 1, 0], &code]), "loaded", "malformed");
        }
        _ => third::show(fault),
    }
}

/// Programs that come close to what a fault is about, and end with it as without it: the fault, fields of a module, the
/// results of a function, its body, and what it tells.
const SPARED: &[(Fault, &str, &str, &str, &str)] = &[
    (Fault::TruncUNegativeFraction, "", "i32", "(i32.trunc_f64_u (f64.const -0))", "i32:0"),
    (Fault::TruncUNegativeFraction, "", "i32", "(i32.trunc_f64_s (f64.const -0.5))", "i32:0"),
    (Fault::CopysignOfNan, "", "f32", "(f32.copysign (f32.const 1) (f32.const -nan))", "f32:0xbf800000"),
    (Fault::MinZerosConstant, "", "f32", "(local f32) (f32.min (local.get 0) (f32.const -0))", "f32:0x80000000"),
    (
        Fault::RotlZeroConstants,
        "",
        "i32",
        "(local i32) (local.set 0 (i32.const 235)) (i32.rotl (local.get 0) (i32.const 0))",
        "i32:235",
    ),
    (
        Fault::SelectGreaterSwapped,
        "",
        "i64",
        "(local i64 i64) (local.set 1 (i64.const 2)) (select (local.get 0) (local.get 1) (i64.gt_s (local.get 0) (local.get 1)))",
        "i64:2",
    ),
    (
        Fault::ReplaceLaneFromMemory,
        "",
        "i64",
        "(i64x2.extract_lane 1 (f64x2.replace_lane 0 (v128.const i64x2 -1 1) (f64.const 1)))",
        "i64:1",
    ),
    (
        Fault::I64x2ShrSLocal,
        "",
        "i64",
        "(i64x2.extract_lane 1 (i64x2.shr_s (v128.const i32x4 0 0 0 1) (i32.const 63)))",
        "i64:0",
    ),
    (
        Fault::ExtmulEvenOdd,
        "",
        "i32",
        "(i32x4.extract_lane 0 (i32x4.extmul_low_i16x8_s (v128.const i16x8 2 3 4 5 6 7 8 9) (v128.const i16x8 3 1 1 1 1 1 1 1)))",
        "i32:6",
    ),
    (
        Fault::LaneAccessWide,
        "(memory 1)",
        "i32",
        "(i32x4.extract_lane 0 (v128.load32_zero (i32.const 65532)))",
        "i32:0",
    ),
    (
        Fault::LaneAccessWide,
        "(memory 1)",
        "i32",
        "(i8x16.extract_lane_u 0 (v128.load8_lane offset=65519 0 (i32.const 1) (v128.const i64x2 1 1)))",
        "i32:0",
    ),
    (
        Fault::MemoryFillFirst,
        "(memory 1) (memory $b i64 1)",
        "i32",
        "(memory.fill $b (i64.const 0) (i32.const 7) (i64.const 1)) (i32.load8_u $b (i64.const 0))",
        "i32:7",
    ),
    (
        Fault::AtomicOffsetIgnored,
        r#"(memory 1) (data (i32.const 4) "\07")"#,
        "i32",
        "(i32.atomic.load offset=4 (i32.const 0))",
        "i32:7",
    ),
    (Fault::MemoryGrowWraps, "(memory i64 1 2)", "i64", "(memory.grow (i64.const 5))", "i64:-1"),
    (
        Fault::DropForgetsLater,
        r#"(memory 1) (data $a "x") (data $b "y")"#,
        "i32",
        "(data.drop $a) (data.drop $b) (memory.init $b (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 1)",
        "trap memory-out-of-bounds|segment-out-of-bounds",
    ),
    (
        Fault::TableFillIndexHalf,
        "(table 2 funcref)",
        "i32",
        "(table.fill (i32.const 2) (ref.null func) (i32.const 1)) (i32.const 1)",
        "trap table-out-of-bounds",
    ),
    (
        Fault::TableInitEmptyAnywhere,
        "(table $t 1 funcref) (elem $e func $x) (func $x)",
        "i32",
        "(table.init $t $e (i32.const 1) (i32.const 0) (i32.const 1)) (i32.const 1)",
        "trap table-out-of-bounds",
    ),
    (
        Fault::TailCallSeventhArgument,
        "(func $p (param i32 i32 i32 i32 i32 i32) (result i32) (local.get 5)) (func $t (result i32) (return_call $p (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6)))",
        "i32",
        "(call $t)",
        "i32:6",
    ),
    (Fault::LoopParamsTrap, "", "i32", "(i32.const 7) (block (param i32) (drop)) (loop) (i32.const 0)", "i32:0"),
    (
        Fault::BrTableIndexFirst,
        "(global $g (mut i32) (i32.const 0)) (func $v (result i32) (global.set $g (i32.const 1)) (i32.const 5)) (func $i (result i32) (global.set $g (i32.const 2)) (i32.const 0))",
        "i32",
        "(drop (block (result i32) (block (result i32) (br_table 0 1 (call $v) (call $i))))) (global.get $g)",
        "i32:2",
    ),
    (
        Fault::IfConditionBelow,
        "",
        "i64 i32",
        "(i64.const 42) (i32.const 0) (if (result i32) (then (i32.const 3)) (else (i32.const 7)))",
        "i64:42 i32:7",
    ),
    (
        Fault::HandlerToFunction,
        "(tag $t (param i32)) (func $h (param i32) (result i32) (br 0 (try_table (result i32) (catch $t 0) (i32.const 5))))",
        "i32",
        "(call $h (i32.const 9))",
        "i32:5",
    ),
    (
        Fault::ArrayEmptyUnchecked,
        "(type $x (array (mut i32)))",
        "i32",
        "(array.fill $x (array.new_default $x (i32.const 1)) (i32.const 1) (i32.const 0) (i32.const 1)) (i32.const 1)",
        "trap array-out-of-bounds",
    ),
    (
        Fault::ArrayFillWholeTraps,
        "(type $x (array (mut i32)))",
        "i32",
        "(array.fill $x (array.new_default $x (i32.const 2)) (i32.const 0) (i32.const 7) (i32.const 1)) (i32.const 1)",
        "i32:1",
    ),
    (
        Fault::ArrayFillStartMany,
        "(type $x (array (mut i32)))",
        "i32",
        "(array.fill $x (array.new_default $x (i32.const 2)) (i32.const 2) (i32.const 7) (i32.const 1)) (i32.const 1)",
        "trap array-out-of-bounds",
    ),
    (
        Fault::CastOfInitialObject,
        "(type $s (struct (field (mut i32)))) (global $g (mut (ref struct)) (struct.new_default $s))",
        "i32",
        "(struct.get $s 0 (ref.cast (ref $s) (global.get $g))) (global.set $g (struct.new_default $s))",
        "i32:0",
    ),
    (
        Fault::LoadAfterAddressSet,
        r#"(memory 1) (data (i32.const 0) "\01\02")"#,
        "i32",
        "(local i32 i32) (i32.load8_u (local.get 0)) (local.set 1 (i32.const 1))",
        "i32:1",
    ),
    (
        Fault::GlobalOffsetZero,
        r#"(memory 1) (data (i32.const 4) "x")"#,
        "i32",
        "(i32.load8_u (i32.const 4))",
        "i32:120",
    ),
];

/// Runs the programs that are spared.
#[track_caller]
pub(super) fn spare() {
    for (fault, fields, results, text, told) in SPARED {
        body(*fault, fields, results, text, told, told);
    }
}
