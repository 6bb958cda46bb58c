//! Rows of the third list of faults that is held out.

use wassay_model::{Feature, Features};
use wassay_reference::exec::{Extern, Fault, InstantiateError, LoadedModule, NoHost, Store};

use super::{body, linked, loads, sections};
use crate::exec_kit::{config, told, wat};
use crate::{calls, expression};

/// What an importer's function tells in instances that import everything from one exporter each.
#[track_caller]
fn instances(fault: Fault, exporters: &[&str], importer: &str, right: &str, wrong: &str) {
    for (planted, expected) in [(None, right), (Some(fault), wrong)] {
        let mut config = config();
        config.features = config.features.union(Features::of(&[Feature::Threads]));
        config.fault = planted;
        let mut store = Store::new(config);
        let importer = LoadedModule::load(&wat(importer), &config).expect("a valid importer");
        let mut said = Vec::new();
        for exporter in exporters {
            let exporter = LoadedModule::load(&wat(exporter), &config).expect("a valid exporter");
            let exporter = store.instantiate(&exporter, &[], &mut NoHost).expect("an instance");
            let imports: Vec<Extern> =
                importer.imports().map(|(_, name)| store.export(exporter, name).expect("an export")).collect();
            said.push(match store.instantiate(&importer, &imports, &mut NoHost) {
                Ok(instance) => {
                    let Some(Extern::Func(func)) = store.export(instance, "f") else { panic!("no function") };
                    told(store.invoke(func, &[], &mut NoHost))
                }
                Err(InstantiateError::Unlinkable(_)) => "unlinkable".to_owned(),
                Err(InstantiateError::Exec(error)) => told(Err(error)),
            });
        }
        assert_eq!(said.join(", "), expected, "{planted:?} in the row of {}", fault.name());
    }
}

const SCATTERED: &str =
    "(type $t (func (param i32 i32) (result i32))) (table 3 funcref) (elem (i32.const 0) func $x $y $z)
    (func $x (type $t) (i32.const 10)) (func $y (type $t) (i32.const 20)) (func $z (type $t) (i32.const 30))";

const SET: &str = "(type $r (func (result i32))) (table 2 funcref) (elem (i32.const 0) func $x $y)
    (func $x (result i32) (i32.const 1)) (func $y (result i32) (i32.const 2))";

const EFFECT: &str = "(global $g (mut i32) (i32.const 0)) (memory 1)
    (func $v (result i32) (global.set $g (i32.const 1)) (i32.const 5))";

const COUNTER: &str = "(func $c (result i32) (local i32)
    (local.set 0 (i32.add (local.get 0) (i32.const 1))) (local.get 0))";

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
        F::BrIfNeConstants => e(
            "(block (br_if 0 (i32.ne (i32.const 1) (i32.const 2))) (return (i32.const 5))) (i32.const 6)",
            "i32:6",
            "i32:5",
        ),
        F::CompareUnsignedConstants => e(
            "(i32.lt_u (i32.const 1) (i32.const -1)) (i64.ge_u (i64.const -1) (i64.const 1))",
            "i32:1 i32:1",
            "i32:0 i32:0",
        ),
        F::CallBehindBrIf => b(
            EFFECT,
            "i32",
            "(local i32) (block (local.set 0 (call $v)) (br_if 0 (i32.const 1)) (drop (local.get 0))) (global.get $g)",
            "i32:1",
            "i32:0",
        ),
        F::NarrowLoadReinterpreted => b(
            r#"(memory 1) (data (i32.const 0) "\01\02\03\04")"#,
            "f32",
            "(f32.reinterpret_i32 (i32.load8_u (i32.const 0)))",
            "f32:0x00000001",
            "f32:0x04030201",
        ),
        F::LoadSignThroughOperator => b(
            r#"(memory 1) (data (i32.const 0) "\ff")"#,
            "i32",
            "(local i32) (local.set 0 (i32.load8_u (i32.const 0))) (i32.extend8_s (i32.shr_u (local.get 0) (i32.const 4)))",
            "i32:15",
            "i32:-1",
        ),
        F::TableSetOverlooked => b(
            SET,
            "i32",
            "(table.set (i32.const 0) (ref.func $y)) (call_indirect (type $r) (i32.const 0))",
            "i32:2",
            "i32:1",
        ),
        F::InlinedLocalsKept => b(
            COUNTER,
            "i32",
            "(local i32 i32) (loop (local.set 0 (call $c)) (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 3)))) (local.get 0)",
            "i32:1",
            "i32:3",
        ),
        F::ReinterpretedBlockLost => b(
            EFFECT,
            "i32",
            "(drop (f32.reinterpret_i32 (block (result i32) (global.set $g (i32.const 1)) (i32.load (i32.const 0))))) (global.get $g)",
            "i32:1",
            "i32:0",
        ),
        F::IndirectIndexOverwritten => b(
            SCATTERED,
            "i32",
            "(local i32 i32 i32) (local.set 2 (i32.const 1)) (call_indirect (type $t) (local.get 2) (local.get 0) (i32.add (i32.const 1) (i32.const 1)))",
            "i32:30",
            "i32:20",
        ),
        F::ReinterpretedLocalLate => {
            let set = "(local i32) (local.set 0 (i32.const 1)) (f32.reinterpret_i32 (local.get 0))";
            let (right, wrong) = ("f32:0x00000001", "f32:0x00000002");
            b("", "f32", &format!("{set} (local.set 0 (i32.const 2))"), right, wrong);
            b("", "f32", &format!("{set} (local.tee 0 (i32.const 2)) (drop)"), right, wrong);
        }
        F::LocalTwiceLate => b(
            "",
            "i32",
            "(local i32) (local.set 0 (i32.const 1)) (local.get 0) (local.get 0) (local.set 0 (i32.const 2)) (i32.sub)",
            "i32:0",
            "i32:1",
        ),
        F::SelfUpdateOverwritten => b(
            "",
            "i32",
            "(local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (local.set 0 (i32.const 1)) (local.set 0 (i32.or (i32.shl (i32.const 4) (local.get 1)) (local.get 0))) (local.get 0)",
            "i32:5",
            "i32:4",
        ),
        F::NestedShiftOverwritten => b(
            "",
            "i32",
            "(local i32) (local.set 0 (i32.const 1)) (i32.shl (i32.add (local.get 0) (i32.const 2)) (i32.shl (local.get 0) (local.get 0)))",
            "i32:12",
            "i32:8",
        ),
        F::PackedConstantWhole => b(
            "(type $s (struct (field i8)))",
            "i32",
            "(struct.get_u $s 0 (struct.new $s (i32.const 511)))",
            "i32:255",
            "i32:511",
        ),
        F::AndOrConstants => e(
            "(local i32) (local.set 0 (i32.const 7)) (i32.or (i32.and (local.get 0) (i32.const 1)) (i32.const 8))",
            "i32:9",
            "i32:15",
        ),
        F::ConstantAddressFullMaximum => {
            let (fields, wrong) = ("(memory i64 1 0x1000000000000)", "trap memory-out-of-bounds");
            b(fields, "i32", "(i64.store (i64.const 8) (i64.const 42)) (i32.const 1)", "i32:1", wrong);
            b(fields, "i64", "(i64.load (i64.const 8))", "i64:0", wrong);
        }
        F::ConstantAddressWraps => {
            let (fields, right) = ("(memory i64 1)", "trap memory-out-of-bounds");
            b(fields, "i32", "(i32.load offset=16 (i64.const -8))", right, "i32:0");
            b(fields, "i32", "(i32.store offset=16 (i64.const -8) (i32.const 7)) (i32.const 1)", right, "i32:1");
        }
        F::DeadStoreDivergent => calls(
            fault,
            r#"(module (memory 1) (func (export "g") (result i32) (i32.load (i32.const 0)))
                (func (export "f") (local i32) (i32.store (i32.const 0) (i32.const 111))
                    (if (local.get 0) (then (i32.store (i32.const 0) (i32.const 222)))
                        (else (i32.store (i32.const 65536) (i32.const 7)) (loop (br 0))))))"#,
            "f g",
            "trap memory-out-of-bounds, i32:111",
            "trap memory-out-of-bounds, i32:0",
        ),
        F::SiblingArmReused => b(
            "",
            "i32",
            "(local i32 i32) (local.set 0 (i32.const 3)) (local.set 1 (i32.const 4)) (if (result i32) (i32.const 0) (then (i32.mul (local.get 0) (local.get 1))) (else (i32.mul (local.get 0) (local.get 1))))",
            "i32:12",
            "i32:0",
        ),
        F::TruncUTopFraction => {
            e("(i32.trunc_f64_u (f64.const 4294967295.5))", "i32:-1", "trap integer-overflow");
        }
        F::ExtractLaneUHighBits => {
            let vector = "(v128.const i32x4 0x33221100 0x77665544 0xbbaa9988 0xffeeddcc)";
            e(&format!("(i16x8.extract_lane_u 0 {vector})"), "i32:4352", "i32:857870592");
            e(&format!("(i8x16.extract_lane_u 14 {vector})"), "i32:238", "i32:65518");
        }
        F::TruncSatLanesTrap => e(
            "(i32x4.extract_lane 0 (i32x4.trunc_sat_f32x4_s (v128.const f32x4 1 2 3 nan)))",
            "i32:1",
            "trap invalid-conversion-to-integer",
        ),
        F::MemoryFillAddressHalf => b(
            "(memory i64 1)",
            "i32",
            "(memory.fill (i64.const 0x100000000) (i32.const 127) (i64.const 1)) (i32.load (i64.const 0))",
            "trap memory-out-of-bounds",
            "i32:127",
        ),
        F::TableGrowMaximumSigned => b(
            "(table $t i64 0 0xffffffffffffffff funcref)",
            "i64",
            "(table.grow $t (ref.null func) (i64.const 1))",
            "i64:0",
            "i64:-1",
        ),
        F::ElementOffsetHalf => b(
            "(table i64 1 funcref) (elem (i64.const 0x100000000) func $x) (func $x)",
            "i32",
            "(i32.const 1)",
            "trap table-out-of-bounds",
            "i32:1",
        ),
        F::SharedMemoryImported => instances(
            fault,
            &[r#"(module (memory (export "m") 1 2 shared))"#],
            r#"(module (import "a" "m" (memory 1 2)) (func (export "f") (result i32) (i32.const 1)))"#,
            "unlinkable",
            "i32:1",
        ),
        F::ImportedGlobalsOfFirst => instances(
            fault,
            &[
                r#"(module (global (export "g") i32 (i32.const 1)))"#,
                r#"(module (global (export "g") i32 (i32.const 2)))"#,
            ],
            r#"(module (import "a" "g" (global i32)) (func (export "f") (result i32) (global.get 0)))"#,
            "i32:1, i32:2",
            "i32:1, i32:1",
        ),
        F::TrapKindStale => calls(
            fault,
            r#"(module (type $t (func)) (table 1 funcref) (func (export "f") (unreachable))
                (func (export "g") (return_call_indirect (type $t) (i32.const 9)))
                (func (export "h") (return_call_ref $t (ref.null $t))))"#,
            "f g h",
            "trap unreachable, trap undefined-element, trap null-reference",
            "trap unreachable, trap unreachable, trap unreachable",
        ),
        F::CatchLeavesLoop => b(
            "(tag $t)",
            "i32",
            "(local i32) (loop $l (local.set 0 (i32.add (local.get 0) (i32.const 1))) (if (i32.lt_s (local.get 0) (i32.const 3)) (then (try_table (catch $t $l) (throw $t))))) (local.get 0)",
            "i32:3",
            "i32:1",
        ),
        F::TagImportedTwice => linked(
            fault,
            r#"(module (tag (export "t")))"#,
            r#"(module (import "a" "t" (tag $x)) (import "a" "t" (tag $y)) (func (export "f") (result i32)
                (block $all (block $h (try_table (catch $y $h) (catch_all $all) (throw $x))) (return (i32.const 1)))
                (i32.const 2)))"#,
            "f",
            "i32:1",
            "i32:2",
        ),
        F::NullLocalAbstract => {
            let fields = "(type $t (struct (field (mut structref))))";
            b(fields, "i32", "(local structref) (ref.test (ref null $t) (local.get 0))", "i32:1", "i32:0");
            b(
                fields,
                "i32",
                "(local structref) (drop (ref.cast (ref null $t) (local.get 0))) (i32.const 1)",
                "i32:1",
                "trap cast-failure",
            );
        }
        F::NullBranchUnrelated => b(
            "(type $a (struct)) (type $b (array i8))",
            "i32",
            "(local (ref null $a)) (block $l (result (ref null $b)) (drop (br_on_cast $l anyref (ref null $b) (local.get 0))) (return (i32.const 1))) (drop) (i32.const 2)",
            "i32:2",
            "trap null-reference",
        ),
        F::VectorLocalHigh => {
            b("", "i64", "(local v128) (i64x2.extract_lane 1 (local.get 0))", "i64:0", "i64:-1");
        }
        F::TableDefaultUnchecked => verdict("(module (table 0 (ref i31)))", "invalid", "loaded"),
        F::SelectTypesUnchecked => verdict(
            "(module (func (result i32) (select (result i32 i32) (i32.const 1) (i32.const 2) (i32.const 1))))",
            "invalid",
            "loaded",
        ),
        F::LimitsPaddedAccepted => {
            loads(fault, &sections(&[&[5, 4, 1, 0x80, 0, 1]]), "malformed", "loaded");
            loads(fault, &sections(&[&[4, 6, 1, 0x70, 0x81, 0, 1, 2]]), "malformed", "loaded");
        }
        _ => panic!("{} has no row: write one", fault.name()),
    }
}

/// Programs that come close to what a fault is about, and end with it as without it: the fault, fields of a module, the
/// results of a function, its body, and what it tells.
const SPARED: &[(Fault, &str, &str, &str, &str)] = &[
    (
        Fault::BrIfNeConstants,
        "",
        "i32",
        "(local i32) (block (br_if 0 (i32.ne (local.get 0) (i32.const 2))) (return (i32.const 5))) (i32.const 6)",
        "i32:6",
    ),
    (
        Fault::BrIfNeConstants,
        "",
        "i32",
        "(if (result i32) (i32.ne (i32.const 1) (i32.const 2)) (then (i32.const 5)) (else (i32.const 6)))",
        "i32:5",
    ),
    (Fault::CompareUnsignedConstants, "", "i32", "(local i32) (i32.lt_u (local.get 0) (i32.const -1))", "i32:1"),
    (
        Fault::CallBehindBrIf,
        EFFECT,
        "i32",
        "(local i32) (block (local.set 0 (call $v)) (br_if 0 (i32.const 1))) (drop (local.get 0)) (global.get $g)",
        "i32:1",
    ),
    (
        Fault::CallBehindBrIf,
        EFFECT,
        "i32",
        "(local i32) (block (local.set 0 (call $v)) (br_if 0 (local.get 0)) (drop (local.get 0))) (global.get $g)",
        "i32:1",
    ),
    (
        Fault::NarrowLoadReinterpreted,
        r#"(memory 1) (data (i32.const 0) "\01\02\03\04")"#,
        "f32",
        "(f32.convert_i32_u (i32.load8_u (i32.const 0)))",
        "f32:0x3f800000",
    ),
    (
        Fault::LoadSignThroughOperator,
        r#"(memory 1) (data (i32.const 0) "\ff")"#,
        "i32",
        "(local i32) (local.set 0 (i32.load8_u (i32.const 0))) (i32.add (local.get 0) (i32.extend8_s (i32.shr_u (local.get 0) (i32.const 4))))",
        "i32:270",
    ),
    (
        Fault::LoadSignThroughOperator,
        r#"(memory 1) (data (i32.const 0) "\ff")"#,
        "i32",
        "(local i32) (local.set 0 (i32.load8_u (i32.const 0))) (i32.extend16_s (i32.shr_u (local.get 0) (i32.const 4)))",
        "i32:15",
    ),
    (
        Fault::TableSetOverlooked,
        SET,
        "i32",
        "(local i32) (table.set (i32.const 0) (ref.func $y)) (call_indirect (type $r) (local.get 0))",
        "i32:2",
    ),
    (
        Fault::TableSetOverlooked,
        SET,
        "i32",
        "(table.set (i32.const 0) (ref.func $y)) (table.fill (i32.const 1) (ref.func $y) (i32.const 1)) (call_indirect (type $r) (i32.const 0))",
        "i32:2",
    ),
    (Fault::InlinedLocalsKept, COUNTER, "i32", "(drop (call $c)) (call $c)", "i32:1"),
    (
        Fault::ReinterpretedBlockLost,
        EFFECT,
        "i32",
        "(drop (i32.eqz (block (result i32) (global.set $g (i32.const 1)) (i32.load (i32.const 0))))) (global.get $g)",
        "i32:1",
    ),
    (
        Fault::ReinterpretedBlockLost,
        EFFECT,
        "i32",
        "(drop (f32.reinterpret_i32 (block (result i32) (global.set $g (i32.const 1)) (br_if 0 (i32.const 1) (i32.const 0)) (drop) (i32.load (i32.const 0))))) (global.get $g)",
        "i32:1",
    ),
    (
        Fault::IndirectIndexOverwritten,
        SCATTERED,
        "i32",
        "(local i32 i32 i32) (call_indirect (type $t) (local.get 0) (local.get 1) (i32.add (i32.const 1) (i32.const 1)))",
        "i32:30",
    ),
    (
        Fault::IndirectIndexOverwritten,
        SCATTERED,
        "i32",
        "(local i32 i32 i32) (call_indirect (type $t) (local.get 2) (local.get 0) (i32.const 2))",
        "i32:30",
    ),
    (
        Fault::ReinterpretedLocalLate,
        "",
        "f32",
        "(local i32 i32) (local.set 0 (i32.const 1)) (f32.reinterpret_i32 (local.get 0)) (local.set 1 (i32.const 2))",
        "f32:0x00000001",
    ),
    (
        Fault::ReinterpretedLocalLate,
        "",
        "i32",
        "(local i32) (local.set 0 (i32.const 1)) (local.get 0) (local.set 0 (i32.const 2))",
        "i32:1",
    ),
    (
        Fault::LocalTwiceLate,
        "",
        "i32",
        "(local i32 i32) (local.get 0) (local.get 1) (local.set 0 (i32.const 2)) (i32.sub)",
        "i32:0",
    ),
    (
        Fault::LocalTwiceLate,
        "",
        "i32",
        "(local i32) (local.get 0) (local.get 0) (i32.sub) (local.set 0 (i32.const 2))",
        "i32:0",
    ),
    (
        Fault::SelfUpdateOverwritten,
        "",
        "i32",
        "(local i32 i32) (local.set 0 (i32.const 1)) (local.set 0 (i32.or (i32.shl (i32.const 4) (local.get 1)) (local.get 0))) (local.get 0)",
        "i32:5",
    ),
    (
        Fault::NestedShiftOverwritten,
        "",
        "i32",
        "(local i32) (local.set 0 (i32.const 1)) (i32.shl (i32.add (local.get 0) (i32.const 2)) (i32.shl (local.get 0) (i32.const 1)))",
        "i32:12",
    ),
    (
        Fault::PackedConstantWhole,
        "(type $s (struct (field i8)))",
        "i32",
        "(drop (struct.new $s (i32.const 0))) (struct.get_u $s 0 (struct.new $s (i32.const 511)))",
        "i32:255",
    ),
    (
        Fault::PackedConstantWhole,
        "(type $s (struct (field (mut i8))))",
        "i32",
        "(local (ref null $s)) (local.set 0 (struct.new $s (i32.const 511))) (struct.set $s 0 (local.get 0) (i32.const 1)) (struct.get_u $s 0 (local.get 0))",
        "i32:1",
    ),
    (
        Fault::AndOrConstants,
        "",
        "i32",
        "(local i32) (local.set 0 (i32.const 7)) (i32.xor (i32.and (local.get 0) (i32.const 1)) (i32.const 8))",
        "i32:9",
    ),
    (Fault::ConstantAddressFullMaximum, "(memory i64 1 0xffffffffffff)", "i64", "(i64.load (i64.const 8))", "i64:0"),
    (Fault::ConstantAddressFullMaximum, "(memory i64 1 0x1000000000000)", "i64", "(i64.load (i64.const 0))", "i64:0"),
    (
        Fault::ConstantAddressWraps,
        "(memory i64 1)",
        "i32",
        "(local i64) (local.set 0 (i64.const -8)) (i32.load offset=16 (local.get 0))",
        "trap memory-out-of-bounds",
    ),
    (
        Fault::DeadStoreDivergent,
        "(memory 1)",
        "i32",
        "(local i32) (i32.store (i32.const 0) (i32.const 111)) (if (local.get 0) (then (i32.store (i32.const 0) (i32.const 222))) (else (return (i32.load (i32.const 0))))) (i32.const 0)",
        "i32:111",
    ),
    (
        Fault::DeadStoreDivergent,
        "(memory 1)",
        "i32",
        "(local i32) (i32.store (i32.const 0) (i32.const 111)) (if (local.get 0) (then (i32.store (i32.const 4) (i32.const 222))) (else (return (i32.load (i32.const 0))) (loop (br 0)))) (i32.const 0)",
        "i32:111",
    ),
    (
        Fault::SiblingArmReused,
        "",
        "i32",
        "(local i32 i32) (local.set 0 (i32.const 3)) (local.set 1 (i32.const 4)) (if (result i32) (i32.const 0) (then (i32.mul (local.get 0) (local.get 1))) (else (i32.mul (local.get 1) (local.get 0))))",
        "i32:12",
    ),
    (Fault::TruncUTopFraction, "", "i32", "(i32.trunc_f64_u (f64.const 4294967295))", "i32:-1"),
    (Fault::TruncUTopFraction, "", "i32", "(i32.trunc_f64_u (f64.const 4294967296))", "trap integer-overflow"),
    (
        Fault::ExtractLaneUHighBits,
        "",
        "i32",
        "(i16x8.extract_lane_s 0 (v128.const i32x4 0x33221100 0 0 0))",
        "i32:4352",
    ),
    (
        Fault::TruncSatLanesTrap,
        "",
        "i32",
        "(i32x4.extract_lane 3 (i32x4.trunc_sat_f32x4_s (v128.const f32x4 1 2 3 4)))",
        "i32:4",
    ),
    (
        Fault::TruncSatLanesTrap,
        "",
        "i32",
        "(i32x4.extract_lane 0 (i32x4.trunc_sat_f64x2_s_zero (v128.const f64x2 1 nan)))",
        "i32:1",
    ),
    (
        Fault::MemoryFillAddressHalf,
        "(memory 1)",
        "i32",
        "(memory.fill (i32.const 65536) (i32.const 127) (i32.const 1)) (i32.const 1)",
        "trap memory-out-of-bounds",
    ),
    (
        Fault::TableGrowMaximumSigned,
        "(table $t i64 0 0x7fffffffffffffff funcref)",
        "i64",
        "(table.grow $t (ref.null func) (i64.const 1))",
        "i64:0",
    ),
    (
        Fault::ElementOffsetHalf,
        "(table 1 funcref) (elem (i32.const 1) func $x) (func $x)",
        "i32",
        "(i32.const 1)",
        "trap table-out-of-bounds",
    ),
    (
        Fault::TrapKindStale,
        "(type $t (func (result i32))) (table 1 funcref)",
        "i32",
        "(return_call_indirect (type $t) (i32.const 9))",
        "trap undefined-element",
    ),
    (
        Fault::CatchLeavesLoop,
        "(tag $t)",
        "i32",
        "(local i32) (loop $l (block $h (try_table (catch $t $h) (throw $t))) (br_if $l (i32.lt_s (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 3)))) (local.get 0)",
        "i32:3",
    ),
    (
        Fault::CatchLeavesLoop,
        "(tag $t (param i32))",
        "i32",
        "(local i32) (i32.const 0) (loop $l (param i32) (result i32) (local.set 0) (if (i32.lt_s (local.get 0) (i32.const 3)) (then (try_table (catch $t $l) (throw $t (i32.add (local.get 0) (i32.const 1)))))) (local.get 0))",
        "i32:3",
    ),
    (
        Fault::NullLocalAbstract,
        "(type $t (struct))",
        "i32",
        "(local structref) (local.set 0 (ref.null none)) (ref.test (ref null $t) (local.get 0))",
        "i32:1",
    ),
    (
        Fault::NullLocalAbstract,
        "(type $t (struct))",
        "i32",
        "(local structref) (ref.test (ref null struct) (local.get 0))",
        "i32:1",
    ),
    (
        Fault::NullBranchUnrelated,
        "(type $a (sub (struct))) (type $b (sub $a (struct)))",
        "i32",
        "(local (ref null $a)) (block $l (result (ref null $b)) (drop (br_on_cast $l anyref (ref null $b) (local.get 0))) (return (i32.const 1))) (drop) (i32.const 2)",
        "i32:2",
    ),
    (
        Fault::NullBranchUnrelated,
        "(type $a (struct)) (type $b (array i8))",
        "i32",
        "(local (ref null $a)) (block $l (result (ref $b)) (drop (br_on_cast $l anyref (ref $b) (local.get 0))) (return (i32.const 1))) (drop) (i32.const 2)",
        "i32:1",
    ),
    (Fault::VectorLocalHigh, "", "i64", "(local v128) (i64x2.extract_lane 0 (local.get 0))", "i64:0"),
    (
        Fault::VectorLocalHigh,
        "",
        "i64",
        "(local v128) (local.set 0 (v128.const i64x2 1 2)) (i64x2.extract_lane 1 (local.get 0))",
        "i64:2",
    ),
];

/// Runs the programs that are spared.
#[track_caller]
pub(super) fn spare() {
    for (fault, fields, results, text, told) in SPARED {
        body(*fault, fields, results, text, told, told);
    }
    let owner = r#"(module (memory (export "m") 1 2))"#;
    let importer = r#"(module (import "a" "m" (memory 1 2 shared)) (func (export "f") (result i32) (i32.const 1)))"#;
    instances(Fault::SharedMemoryImported, &[owner], importer, "unlinkable", "unlinkable");
    let owners = [1, 2].map(|value| format!(r#"(module (global (export "g") (mut i32) (i32.const {value})))"#));
    let importer = r#"(module (import "a" "g" (global (mut i32))) (func (export "f") (result i32) (global.get 0)))"#;
    let (fault, told) = (Fault::ImportedGlobalsOfFirst, "i32:1, i32:2");
    instances(fault, &[&owners[0], &owners[1]], importer, told, told);
    let exporter = r#"(module (tag (export "t")) (tag (export "u")))"#;
    let importer = r#"(module (import "a" "t" (tag $x)) (import "a" "u" (tag $y)) (func (export "f") (result i32)
        (block $all (block $h (try_table (catch $x $h) (catch $y $all) (throw $x))) (return (i32.const 1)))
        (i32.const 2)))"#;
    linked(Fault::TagImportedTwice, exporter, importer, "f", "i32:1", "i32:1");
    let used = "(module (table 0 (ref i31)) (func (result (ref i31)) (table.get (i32.const 0))))";
    loads(Fault::TableDefaultUnchecked, &wat(used), "invalid", "invalid");
    let mixed = "(module (func (result i32) (select (result i32 i32) (i64.const 1) (i32.const 2) (i32.const 1))))";
    loads(Fault::SelectTypesUnchecked, &wat(mixed), "invalid", "invalid");
    loads(Fault::LimitsPaddedAccepted, &sections(&[&[5, 4, 1, 0x88, 0, 1]]), "malformed", "malformed");
}
