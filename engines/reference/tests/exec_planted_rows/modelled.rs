//! Rows of the faults that are modelled on bugs of engines.

use wassay_reference::exec::Fault;

use super::{body, linked, loads};
use crate::exec_kit::wat;
use crate::{calls, expression};

#[track_caller]
pub(super) fn show(fault: Fault) {
    use Fault as F;
    let e = |text: &str, right: &str, wrong: &str| expression(fault, text, right, wrong);
    let b = |fields: &str, results: &str, text: &str, right: &str, wrong: &str| {
        body(fault, fields, results, text, right, wrong);
    };
    match fault {
        F::DivUConstantSigned => e(
            "(local i32) (local.set 0 (i32.const -1)) (i32.div_u (local.get 0) (i32.const 0x80000000)) (i32.rem_u (local.get 0) (i32.const 0x80000000))",
            "i32:1 i32:2147483647",
            "i32:0 i32:-1",
        ),
        F::ShiftBothConstant => e("(i32.shr_u (i32.const 24) (i32.const 32))", "i32:24", "i32:0"),
        F::ShlConstantsNarrow => e("(i64.shl (i64.const 1) (i64.const 33))", "i64:8589934592", "i64:0"),
        F::CompareConstantsNarrow => {
            e("(i64.gt_s (i64.const 0x100000000) (i64.const 1))", "i32:1", "i32:0");
        }
        F::TableGrowWide => {
            e("(i64.extend_i32_u (table.grow $t (ref.null func) (i32.const 100)))", "i64:4294967295", "i64:-1");
        }
        F::ReturnedHighBits => b(
            "(func $w (param i64) (result i32) (i32.wrap_i64 (local.get 0)))",
            "i64",
            "(i64.extend_i32_u (call $w (i64.const 1)))",
            "i64:1",
            "i64:4294967297",
        ),
        F::NeAboveEqz => e(
            "(i32.eqz (i32.const 1)) (f64.ne (f64.const 0) (f64.const 1)) (i32.const 1111)",
            "i32:0 i32:1 i32:1111",
            "i32:0 i32:0 i32:1111",
        ),
        F::RotateByZero => e(
            "(i64.or (i64.shl (i64.const 5) (i64.const 0)) (i64.shr_u (i64.const 16) (i64.const 64)))",
            "i64:21",
            "i64:16",
        ),
        F::CompareSumConstants => e(
            "(local i64) (local.set 0 (i64.const 0x7fffffffffffffff)) (i64.gt_s (i64.const 127) (i64.add (i64.const 1) (local.get 0))) (i64.lt_s (i64.add (local.get 0) (i64.const 1)) (i64.const 127))",
            "i32:1 i32:1",
            "i32:0 i32:0",
        ),
        F::CompareSignExtensions => e(
            "(local i32) (local.set 0 (i32.const 0xffff)) (i32.eq (i32.extend8_s (local.get 0)) (i32.extend16_s (local.get 0)))",
            "i32:1",
            "i32:0",
        ),
        F::CompareExtendedConstant => {
            e("(i32.eq (i32.extend8_s (i32.const 0xff)) (i32.const -1))", "i32:1", "i32:0");
        }
        F::CompareSameTrue => {
            e("(local f64) (local.set 0 (f64.const nan)) (f64.le (local.get 0) (local.get 0))", "i32:0", "i32:1");
        }
        F::AndEqzAcrossGlobal => b(
            "(global $zero i32 (i32.const 0))",
            "i32 i32",
            "(i32.and (i32.const 3) (i32.const 1)) (i32.eqz (global.get $zero))",
            "i32:1 i32:1",
            "i32:1 i32:0",
        ),
        F::AndEqzAcrossValue => {
            e("(i32.xor (i32.const 3) (i32.const 1)) (i32.eqz (i32.const 0))", "i32:2 i32:1", "i32:2 i32:0");
        }
        F::SignShiftTwice => e(
            "(i32.shr_s (i32.shl (i32.shr_s (i32.shl (i32.const 0x7f) (i32.const 24)) (i32.const 24)) (i32.const -66)) (i32.const 24))",
            "i32:-64",
            "i32:127",
        ),
        F::ExtendLowWord => e("(i64.extend8_s (i64.const 0xff))", "i64:-1", "i64:4294967295"),
        F::RemMinusOneTraps => {
            e("(i64.rem_s (i64.const 0x8000000000000000) (i64.const -1))", "i64:0", "trap integer-overflow");
        }
        F::RotlUnmasked => e("(i32.rotl (i32.const 1) (i32.const 33))", "i32:2", "i32:0"),
        F::AbsThroughDouble => {
            e("(f32.abs (f32.const -nan:0x1))", "f32:0x7f800001", "f32:0x7fc00001");
        }
        F::SelectOfCompared => {
            e("(local i32) (select (i32.const 1) (local.get 0) (i32.eqz (local.get 0)))", "i32:1", "i32:0");
        }
        F::SelectFalseConstant => {
            e("(select (i32.const 1) (i32.const 2) (i32.const 0))", "i32:2", "i32:1");
        }
        F::SelectConstantOverwritten => e(
            "(i32.sub (select (i32.const 7) (i32.const 2) (i32.const 1)) (i32.add (i32.const 1) (i32.const 2)))",
            "i32:4",
            "i32:0",
        ),
        F::FloatSelectSpilled => e(
            "(local f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32) (local.set 15 (f32.const 1)) (select (local.get 0) (local.get 15) (i32.const 0))",
            "f32:0x3f800000",
            "f32:0x00000000",
        ),
        F::ShuffleSameOperand => e(
            "(local v128) (local.set 0 (v128.const i64x2 0x0201 0)) (i8x16.extract_lane_u 0 (i8x16.shuffle 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 (local.get 0) (local.get 0)))",
            "i32:2",
            "i32:1",
        ),
        F::ShuffleOfShuffle => e(
            "(i8x16.extract_lane_u 0 (i8x16.shuffle 16 16 16 16 16 16 16 16 16 16 16 16 16 16 16 16 (v128.const i64x2 7 0) (i8x16.shuffle 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 (v128.const i64x2 5 0) (v128.const i64x2 6 0))))",
            "i32:5",
            "i32:7",
        ),
        F::SwizzleChangesMask => e(
            "(local v128) (drop (i8x16.swizzle (local.get 0) (local.get 0))) (i64x2.extract_lane 0 (local.get 0))",
            "i64:0",
            "i64:8102099357864587376",
        ),
        F::NeChangesOperand => e(
            "(local v128) (drop (i16x8.ne (local.get 0) (local.get 0))) (i64x2.extract_lane 0 (local.get 0))",
            "i64:0",
            "i64:-1",
        ),
        F::SelectVectorHalf => e(
            "(i64x2.extract_lane 1 (select (v128.const i64x2 1 2) (v128.const i64x2 3 4) (i32.const 1)))",
            "i64:2",
            "i64:4",
        ),
        F::BitselectEqualSelf => e(
            "(local v128) (local.set 0 (v128.const f64x2 nan nan)) (i64x2.extract_lane 0 (v128.bitselect (v128.const i64x2 1 1) (v128.const i64x2 2 2) (f64x2.eq (local.get 0) (local.get 0))))",
            "i64:2",
            "i64:1",
        ),
        F::I64x2ShrSConstant => e(
            "(i64x2.extract_lane 1 (i64x2.shr_s (v128.const i64x2 0 0x0000007000000030) (i32.const 36)))",
            "i64:7",
            "i64:3",
        ),
        F::ExtmulSpilled => b(
            "(func $spilled (param v128 v128 v128 v128 v128 v128 v128 v128 v128) (result v128) (i16x8.extmul_high_i8x16_s (local.get 5) (local.get 8)))",
            "i64",
            "(local v128) (local.set 0 (v128.const i64x2 2 3)) (i64x2.extract_lane 0 (call $spilled (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0)))",
            "i64:9",
            "i64:4",
        ),
        F::ZeroExtendSpilled => e(
            "(local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (i64.extend_i32_u (i32.sub (i32.const 0) (i32.const 1)))",
            "i64:4294967295",
            "i64:-1",
        ),
        F::CopysignWideLoad => e(
            "(f64.copysign (f64.const 1) (f64.load (i32.const 65528)))",
            "f64:0x3ff0000000000000",
            "trap memory-out-of-bounds",
        ),
        F::RoundWideLoad => {
            e("(f32.floor (f32.load (i32.const 65532)))", "f32:0x00000000", "trap memory-out-of-bounds");
        }
        _ => show_more(fault),
    }
}

#[track_caller]
#[allow(clippy::too_many_lines, reason = "one row a fault")]
fn show_more(fault: Fault) {
    use Fault as F;
    let e = |text: &str, right: &str, wrong: &str| expression(fault, text, right, wrong);
    let b = |fields: &str, results: &str, text: &str, right: &str, wrong: &str| {
        body(fault, fields, results, text, right, wrong);
    };
    let valid = |text: &str| loads(fault, &wat(text), "loaded", "invalid");
    match fault {
        F::BrIfValueLate => e(
            "(local i32 i32) local.get 0 local.get 1 br_if 0 i32.const 5 local.set 0",
            "i32:0",
            "i32:5",
        ),
        F::TeeChainOld => e(
            "(local i32 i32 i32) (local.set 1 (i32.const 1)) (local.set 2 (i32.const 2)) (local.tee 0 (local.tee 1 (local.get 2)))",
            "i32:2",
            "i32:1",
        ),
        F::TeeAfterGlobal => b(
            "(global $g (mut i32) (i32.const 42))",
            "i32",
            "(local i32 i32 i32 i32) global.get $g local.get 3 local.set 1 local.tee 2 local.tee 0",
            "i32:42",
            "i32:0",
        ),
        F::TeeAcrossEnd => e(
            "(local i32 i32) (local.set 0 (i32.const 1)) (block (result i32) (br_if 0 (i32.const 7) (i32.const 1)) (drop) (local.get 0)) (local.tee 1)",
            "i32:7",
            "i32:1",
        ),
        F::TeeInsideRedundant => e(
            "(local i32 i32) (local.set 0 (i32.const 3)) (local.set 0 (local.tee 1 (local.get 0))) (local.get 1)",
            "i32:3",
            "i32:0",
        ),
        F::LoopLocalLate => e(
            "(local i32) (local.get 0) (loop (result i32) (local.set 0 (i32.const 5)) (i32.const 9))",
            "i32:0 i32:9",
            "i32:5 i32:9",
        ),
        F::BlockLocalLate => e(
            "(local i32) (local.get 0) (block (br_if 0 (i32.const 0)) (local.set 0 (i32.const 9)))",
            "i32:0",
            "i32:9",
        ),
        F::IfLocalLate => e(
            "(local i32) (local.get 0) (if (i32.const 1) (then (local.set 0 (i32.const 9))))",
            "i32:0",
            "i32:9",
        ),
        F::BrIfValueChanged => e(
            "(local i32) (block (result i32) (br_if 0 (local.get 0) (local.tee 0 (i32.const 1))) drop (local.get 0))",
            "i32:0",
            "i32:1",
        ),
        F::FieldReadLate => b(
            "(type $s (struct (field (mut i32))))",
            "i32",
            "(local i32 (ref null $s)) (local.set 1 (struct.new $s (i32.const 3))) (local.set 0 (struct.get $s 0 (local.get 1))) (struct.set $s 0 (local.get 1) (i32.const 4)) (local.get 0)",
            "i32:3",
            "i32:4",
        ),
        F::GlobalStaleAfterCall => b(
            "(global $g (mut i32) (i32.const 1)) (func $w (global.set $g (i32.const 2)))",
            "i32 i32",
            "(global.get $g) (call $w) (global.get $g)",
            "i32:1 i32:2",
            "i32:1 i32:1",
        ),
        F::BelowTailCall => b(
            "(func $id (param i32) (result i32) (local.get 0)) (func $tail (result i32) (return_call $id (i32.const 4)))",
            "i32",
            "(i32.sub (i32.const 10) (call $tail))",
            "i32:6",
            "i32:-4",
        ),
        F::TrapAfterStore => calls(
            fault,
            r#"(module (memory 1) (func (export "f") (local i32) (local.set 0 (i32.div_s (i32.const 1) (local.get 0))) (i32.store (i32.const 0) (i32.const 7)))
                (func (export "g") (result i32) (i32.load (i32.const 0))))"#,
            "f g",
            "trap integer-divide-by-zero, i32:0",
            "trap integer-divide-by-zero, i32:7",
        ),
        F::AddressShiftWide => e(
            "(i32.load (i32.shl (i32.const 0x40000000) (i32.const 2)))",
            "i32:0",
            "trap memory-out-of-bounds",
        ),
        F::AddressShiftMasked => b(
            "(memory i64 1)",
            "i64",
            "(i64.store (i64.const 8) (i64.const 7)) (i64.load (i64.add (i64.const 0) (i64.shl (i64.const 1) (i64.const 11))))",
            "i64:0",
            "i64:7",
        ),
        F::LoadMergedTwice => e(
            "(local i32) (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 12) (i32.const 7)) (i32.load (local.tee 0 (i32.add (i32.load (i32.const 0)) (i32.const 4))))",
            "i32:7",
            "i32:0",
        ),
        F::StoreFirstMemory => e(
            "(i32.store8 $m2 (i32.const 0) (i32.const 7)) (i32.load $m2 (i32.const 0))",
            "i32:7",
            "i32:0",
        ),
        F::StoreConstantHalf => e(
            "(local i32) (i64.store (local.get 0) (i64.const -1)) (i64.load (i32.const 0))",
            "i64:-1",
            "i64:4294967295",
        ),
        F::LaneStoreOffsetByte => e(
            "(v128.store8_lane offset=257 0 (i32.const 0) (v128.const i64x2 7 0)) (i32.load8_u (i32.const 257))",
            "i32:7",
            "i32:0",
        ),
        F::FillSameOperands => e(
            "(local i32) (local.set 0 (i32.const 4)) (memory.fill (local.get 0) (local.get 0) (local.get 0)) (i32.load8_u (i32.const 4))",
            "i32:4",
            "i32:0",
        ),
        F::MemoryInitPastSegment => e(
            "(memory.init $d (i32.const 0) (i32.const 2) (i32.const 9)) (i32.load16_u (i32.const 0))",
            "trap memory-out-of-bounds|segment-out-of-bounds",
            "i32:25699",
        ),
        F::RefTestOfNew => e("(ref.test (ref $s) (struct.new $s (i32.const 1)))", "i32:1", "i32:0"),
        F::LoadUnconditional => e(
            "(if (result i32) (i32.const 0) (then (i32.load (i32.const -1))) (else (i32.const 5)))",
            "i32:5",
            "trap memory-out-of-bounds",
        ),
        F::BelowBlockParams => e(
            "i64.const 122 i32.const 1 i32.const 2 i32.const 1 (if (param i32 i32) (then drop drop) (else drop drop))",
            "i64:122",
            "i64:4294967297",
        ),
        F::IfParamLost => e("i32.const 5 i32.const 0 (if (param i32) (result i32) (then))", "i32:5", "i32:0"),
        F::BrConstantOverwritten => e(
            "(block (result i32) (br 0 (i32.const 1))) (i32.const 2)",
            "i32:1 i32:2",
            "i32:2 i32:2",
        ),
        F::ReturnedLocalsSame => b(
            "",
            "i32 i32",
            "(local i32 i32) (local.set 1 (i32.const 2)) (local.get 0) (local.get 1)",
            "i32:0 i32:2",
            "i32:2 i32:2",
        ),
        F::ReturnedConstants => b(
            "",
            "i32 i32 i32 i32",
            "(i32.const 0) (i32.const 2) (i32.const 1) (i32.const 0)",
            "i32:0 i32:2 i32:1 i32:0",
            "i32:0 i32:1 i32:0 i32:0",
        ),
        F::TryLocalsRestored => b(
            "(tag $tag) (func $throws (throw $tag))",
            "i32",
            "(local i32) (local.set 0 (i32.const 1)) (block (try_table (catch_all 0) (local.set 0 (i32.const 0)) (call $throws)) unreachable) (local.get 0)",
            "i32:0",
            "i32:1",
        ),
        F::CatchClobbersLocal => b(
            "(tag $tag)",
            "i32",
            "(local i32 i32) (local.set 1 (i32.const 1)) (block (try_table (catch $tag 0) (throw $tag)) unreachable) (local.get 1)",
            "i32:1",
            "i32:0",
        ),
        F::BrValuesOverlap => b(
            "",
            "i32 i32 i32",
            "(block (result i32 i32 i32) (i32.const 4) (i32.const 1) (i32.const 2) (i32.const 3) br 0)",
            "i32:1 i32:2 i32:3",
            "i32:3 i32:3 i32:3",
        ),
        F::BrTableValuesBelow => b(
            "",
            "i64 i64",
            "(block (result i64 i64) (i64.const 4) (i64.const 7) (i64.const 8) (br_table 0 0 (i32.const 0)))",
            "i64:7 i64:8",
            "i64:4 i64:8",
        ),
        F::TailIndirectIndex => b(
            "(type $one (func (result i32))) (rec (type $x (func))) (type $two (func (result i32))) (func $f (type $two) (i32.const 5)) (table $t funcref (elem $f))",
            "i32",
            "(return_call_indirect $t (type $one) (i32.const 0))",
            "i32:5",
            "trap indirect-call-type-mismatch",
        ),
        F::ImportIndirectSubtype => linked(
            fault,
            r#"(module (type $super (sub (func (result i32)))) (type $sub (sub $super (func (result i32))))
                (func (export "g") (type $sub) (i32.const 5)))"#,
            r#"(module (type $super (sub (func (result i32)))) (type $sub (sub $super (func (result i32))))
                (import "a" "g" (func $g (type $super))) (table $t funcref (elem $g))
                (func (export "f") (result i32) (call_indirect $t (type $sub) (i32.const 0))))"#,
            "f",
            "i32:5",
            "trap indirect-call-type-mismatch",
        ),
        F::MemoryCopyMixed => b(
            "(memory $wide i64 1) (memory $m 1)",
            "i32",
            "(memory.copy $m $wide (i32.const 0) (i64.const 0x100000000) (i32.const 1)) (i32.const 1)",
            "trap memory-out-of-bounds",
            "i32:1",
        ),
        F::TableCopyMixed => b(
            "(table $wide i64 1 funcref) (table $t 1 funcref)",
            "i32",
            "(table.copy $t $wide (i32.const 0) (i64.const 0x100000000) (i32.const 1)) (i32.const 1)",
            "trap table-out-of-bounds",
            "i32:1",
        ),
        F::TableInitDeclared => b(
            "(table $t 0 0 externref) (elem $e declare externref)",
            "i32",
            "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 1)",
            "i32:1",
            "trap table-out-of-bounds",
        ),
        F::NoneTableUnchecked => b(
            "(table $t 10 (ref null none))",
            "i32",
            "(ref.is_null (table.get $t (i32.const 99)))",
            "trap table-out-of-bounds",
            "i32:1",
        ),
        F::TableGrowFailureHalf => b(
            "(table $t i64 1 1 funcref)",
            "i64",
            "(table.grow $t (ref.null func) (i64.const 1))",
            "i64:-1",
            "i64:4294967295",
        ),
        F::HostGrowthStale => linked(
            fault,
            r#"(module (memory (export "m") 1 2) (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#,
            r#"(module (import "a" "m" (memory 1)) (func (export "f") (result i32) (i32.load (i32.const 65536))))"#,
            "f 1:grow f",
            "trap memory-out-of-bounds, i32:1, i32:0",
            "trap memory-out-of-bounds, i32:1, trap memory-out-of-bounds",
        ),
        F::PriorImageVisible => linked(
            fault,
            r#"(module (memory 1) (data (i32.const 8) "\07") (func (export "x")))"#,
            r#"(module (import "a" "x" (func)) (memory 1) (func (export "f") (result i32) (i32.load8_u (i32.const 8))))"#,
            "f",
            "i32:0",
            "i32:7",
        ),
        F::ActiveElementsKept => b(
            "(table $t 2 funcref) (elem $e (table $t) (i32.const 0) func 0)",
            "i32",
            "(table.init $t $e (i32.const 1) (i32.const 0) (i32.const 1)) (i32.const 1)",
            "trap table-out-of-bounds|segment-out-of-bounds",
            "i32:1",
        ),
        F::SegmentsSorted => b(
            r#"(memory 1) (data (i32.const 1) "\01") (data (i32.const 0) "\02\02")"#,
            "i32",
            "(i32.load8_u (i32.const 1))",
            "i32:2",
            "i32:1",
        ),
        F::BrTableLoopRefused => {
            valid("(module (func (result i32) (loop (result i32) (br_table 0 0 (i32.const 1)))))");
        }
        F::BrTableDeadRefused => valid(
            "(module (func (block (result f64) (block (result f32) unreachable (br_table 0 1 1 (i32.const 1))) drop (f64.const 0)) drop))",
        ),
        F::ArrayCopyDirection => valid(
            "(module (type $b (sub (struct))) (type $d (sub $b (struct))) (type $x (array (mut (ref null $b)))) (type $y (array (mut (ref null $d))))
                (func (param (ref $x) (ref $y)) (array.copy $x $y (local.get 0) (i32.const 0) (local.get 1) (i32.const 0) (i32.const 0))))",
        ),
        F::MemoryIndexBitRefused => loads(
            fault,
            &wat("(module (memory 1) (memory 1) (func (result i32) (i32.load 1 (i32.const 0))))"),
            "loaded",
            "malformed",
        ),
        _ => super::held::show(fault),
    }
}
