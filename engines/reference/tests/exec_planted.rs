//! Every planted fault, on an input that shows it: the true result and the wrong one.

mod exec_kit;
mod exec_planted_rows;

use exec_kit::{Ran, config, told};
use wassay_model::{Feature, Features};
use wassay_reference::exec::{Chapter, Fault, NoHost};

/// Runs a module's calls in order. `2:` before a name means a second instance, and the name alone the first.
fn run(fault: Option<Fault>, module: &str, calls: &str) -> String {
    let mut config = config();
    config.features = config.features.union(Features::of(&[Feature::Threads]));
    config.fault = fault;
    let mut ran = Ran::new(module, config);
    let mut second = None;
    let mut said = Vec::new();
    for call in calls.split(' ') {
        if ran.instance.is_err() {
            said.push(told(Err(match ran.instance.clone() {
                Err(wassay_reference::exec::InstantiateError::Exec(error)) => error,
                other => panic!("{other:?}"),
            })));
            break;
        }
        said.push(match call.strip_prefix("2:") {
            None => ran.call(call, &[]),
            Some(call) => {
                let module = ran.module.clone();
                let store = &mut ran.store;
                let instance =
                    *second.get_or_insert_with(|| store.instantiate(&module, &[], &mut NoHost).expect("an instance"));
                ran.call_in(instance, call, &[])
            }
        });
    }
    said.join(", ")
}

/// One expression, its true value and the wrong one.
#[track_caller]
fn expression(fault: Fault, expression: &str, right: &str, wrong: &str) {
    let value = if right.starts_with("trap") { wrong } else { right };
    let types: Vec<&str> = match value.starts_with("trap") {
        true => vec!["i32"],
        false => value.split(' ').filter_map(|value| value.split(':').next()).collect(),
    };
    let module = format!(
        r#"(module (memory 1 9) (memory $m2 1 1) (tag $tag) (type $s (struct (field i8))) (type $a (array i16)) (data $d "abcd") (table $t 4 9 funcref) (elem $e func $f $g)
            (type $i (func (result i32))) (type $l (func (param i32) (result i32)))
            (elem (table $t) (i32.const 0) func $f $g)
            (func $f (result i32) (i32.const 10)) (func $g (param i32) (result i32) (i32.const 20))
            (func $h (result i64) (i64.const 30)) (elem declare func $h)
            (global $half (mut i64) (i64.const 0)) (func $two (result i32 i32) (i32.const 1) (i32.const 2))
            (func (export "f") (result {}) {expression}))"#,
        types.join(" ")
    );
    calls(fault, &module, "f", right, wrong);
}

#[track_caller]
fn calls(fault: Fault, module: &str, calls: &str, right: &str, wrong: &str) {
    assert_eq!(run(None, module, calls), right, "without {}", fault.name());
    assert_eq!(run(Some(fault), module, calls), wrong, "with {}", fault.name());
}

#[track_caller]
fn show(fault: Fault) {
    use Fault as F;
    let e = |text: &str, right: &str, wrong: &str| expression(fault, text, right, wrong);
    match fault {
        F::I32ShlUnmasked => e("(i32.shl (i32.const 1) (i32.const 33))", "i32:2", "i32:0"),
        F::I64ShrUNarrowMask => e("(i64.shr_u (i64.const 8) (i64.const 33))", "i64:0", "i64:4"),
        F::I64RotrLeft => e("(i64.rotr (i64.const 2) (i64.const 1))", "i64:1", "i64:4"),
        F::I32DivSOverflow => {
            e("(i32.div_s (i32.const 0x80000000) (i32.const -1))", "trap integer-overflow", "i32:-2147483648");
        }
        F::I32DivUByZero => e("(i32.div_u (i32.const 1) (i32.const 0))", "trap integer-divide-by-zero", "i32:0"),
        F::I64DivUSigned => e("(i64.div_u (i64.const -8) (i64.const 2))", "i64:9223372036854775804", "i64:-4"),
        F::I32RemSSign => e("(i32.rem_s (i32.const -7) (i32.const 3))", "i32:-1", "i32:2"),
        F::I32ClzOfZero => e("(i32.clz (i32.const 0))", "i32:32", "i32:31"),
        F::I64PopcntHighBit => e("(i64.popcnt (i64.const -1))", "i64:64", "i64:63"),
        F::I64LtUSigned => e("(i64.lt_u (i64.const -1) (i64.const 1))", "i32:0", "i32:1"),
        F::I32GeSUnsigned => e("(i32.ge_s (i32.const -1) (i32.const 1))", "i32:0", "i32:1"),
        F::I32Extend8SZero => e("(i32.extend8_s (i32.const 0xff))", "i32:-1", "i32:255"),
        F::F32NearestHalfAway => e("(f32.nearest (f32.const 2.5))", "f32:0x40000000", "f32:0x40400000"),
        F::F64MinZeros => {
            e("(f64.min (f64.const 0) (f64.const -0))", "f64:0x8000000000000000", "f64:0x0000000000000000");
        }
        F::F32MaxNan => e("(f32.max (f32.const nan) (f32.const 1))", "f32:0x7fc00000", "f32:0x3f800000"),
        F::F64CopysignSwapped => {
            e("(f64.copysign (f64.const 1) (f64.const -2))", "f64:0xbff0000000000000", "f64:0x4000000000000000");
        }
        F::F32AddSignallingNan => e("(f32.add (f32.const nan) (f32.const 1))", "f32:0x7fc00000", "f32:0x7f800001"),
        F::F64SqrtZero => e("(f64.sqrt (f64.const -0))", "f64:0x8000000000000000", "f64:0x0000000000000000"),
        F::F32NegNan => e("(f32.neg (f32.const nan:0x1))", "f32:0xff800001", "f32:0x7fc00000"),
        F::F64LeUnordered => e("(f64.le (f64.const nan) (f64.const 1))", "i32:0", "i32:1"),
        F::I32TruncF64SBound => {
            e("(i32.trunc_f64_s (f64.const -2147483648))", "i32:-2147483648", "trap integer-overflow");
        }
        F::I64TruncF32SNan => {
            e("(i64.trunc_f32_s (f32.const nan))", "trap invalid-conversion-to-integer", "i64:0");
        }
        F::I32TruncSatF32UNegative => e("(i32.trunc_sat_f32_u (f32.const -1))", "i32:0", "i32:-1"),
        F::I64ExtendI32SZero => e("(i64.extend_i32_s (i32.const -1))", "i64:-1", "i64:4294967295"),
        F::F32ConvertI64UTwice => {
            e("(f32.convert_i64_u (i64.const 0x8000008000000001))", "f32:0x5f000001", "f32:0x5f000000");
        }
        F::F32DemoteTowardsZero => {
            e("(f32.demote_f64 (f64.const 0x1.ffffffp0))", "f32:0x40000000", "f32:0x3fffffff");
        }
        F::SelectLowByte => e("(select (i32.const 1) (i32.const 2) (i32.const 256))", "i32:1", "i32:2"),
        F::SelectRefSwapped => {
            e("(ref.is_null (select (result funcref) (ref.null func) (ref.func $f) (i32.const 1)))", "i32:1", "i32:0");
        }
        F::GlobalLostOnTrap => calls(
            fault,
            r#"(module (global $g (mut i32) (i32.const 1)) (func (export "f") (global.set $g (i32.const 2)) unreachable)
                (func (export "g") (result i32) (global.get $g)))"#,
            "f g",
            "trap unreachable, i32:2",
            "trap unreachable, i32:1",
        ),
        F::GlobalSetHalf => e("(global.set $half (i64.const -1)) (global.get $half)", "i64:-1", "i64:4294967295"),
        F::LocalTeeLost => e("(local i32) (drop (local.tee 0 (i32.const 5))) (local.get 0)", "i32:5", "i32:0"),
        F::TableGrowNull => e(
            "(drop (table.grow $t (ref.func $f) (i32.const 1))) (ref.is_null (table.get $t (i32.const 4)))",
            "i32:0",
            "i32:1",
        ),
        F::TableFillShort => e(
            "(table.fill $t (i32.const 0) (ref.null func) (i32.const 2)) (ref.is_null (table.get $t (i32.const 1)))",
            "i32:1",
            "i32:0",
        ),
        F::TableCopyForward => e(
            "(table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 3)) (ref.is_null (table.get $t (i32.const 3)))",
            "i32:1",
            "i32:0",
        ),
        F::ElemDropIgnored => e(
            "(elem.drop $e) (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 1)",
            "trap table-out-of-bounds|segment-out-of-bounds",
            "i32:1",
        ),
        F::I32Load8SZero => {
            e("(i32.store (i32.const 0) (i32.const -1)) (i32.load8_s (i32.const 0))", "i32:-1", "i32:255");
        }
        F::Load64Half => {
            e("(i64.store (i32.const 0) (i64.const -1)) (i64.load (i32.const 0))", "i64:-1", "i64:4294967295");
        }
        F::Load32AtEnd => e("(i32.load (i32.const 65532))", "i32:0", "trap memory-out-of-bounds"),
        F::Load32PastEnd => e("(i32.load (i32.const 65533))", "trap memory-out-of-bounds", "i32:0"),
        F::Load32OffsetWraps => e("(i32.load offset=8 (i32.const -8))", "trap memory-out-of-bounds", "i32:0"),
        F::Store16Wide => {
            e("(i32.store16 (i32.const 0) (i32.const -1)) (i32.load (i32.const 0))", "i32:65535", "i32:-1");
        }
        F::Store64Torn => calls(
            fault,
            r#"(module (memory 1) (func (export "f") (i64.store (i32.const 65532) (i64.const -1)))
                (func (export "g") (result i32) (i32.load (i32.const 65532))))"#,
            "f g",
            "trap memory-out-of-bounds, i32:0",
            "trap memory-out-of-bounds, i32:-1",
        ),
        F::MemoryGrowNewSize => e("(memory.grow (i32.const 1))", "i32:1", "i32:2"),
        F::MemorySizeStale => e("(memory.grow (i32.const 1)) (memory.size)", "i32:1 i32:2", "i32:1 i32:1"),
        F::MemoryFillLong => {
            e("(memory.fill (i32.const 0) (i32.const 1) (i32.const 1)) (i32.load (i32.const 0))", "i32:1", "i32:257");
        }
        F::MemoryCopyForward => e(
            "(i32.store8 (i32.const 0) (i32.const 7)) (memory.copy (i32.const 1) (i32.const 0) (i32.const 3)) (i32.load (i32.const 0))",
            "i32:1799",
            "i32:117901063",
        ),
        F::MemoryInitFromStart => {
            e(
                "(memory.init $d (i32.const 0) (i32.const 2) (i32.const 1)) (i32.load (i32.const 0))",
                "i32:99",
                "i32:97",
            );
        }
        F::DataDropIgnored => e(
            "(data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 1)",
            "trap memory-out-of-bounds|segment-out-of-bounds",
            "i32:1",
        ),
        F::AtomicAddNew => e(
            "(i32.atomic.rmw.add (i32.const 0) (i32.const 7)) (i32.atomic.rmw.add (i32.const 0) (i32.const -1))",
            "i32:0 i32:7",
            "i32:7 i32:6",
        ),
        F::AtomicCmpxchgAlways => e(
            "(i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 5) (i32.const 7)) (i32.load (i32.const 0))",
            "i32:0 i32:0",
            "i32:0 i32:7",
        ),
        F::AtomicLoadUnaligned => e("(i32.atomic.load (i32.const 2))", "trap unaligned-atomic", "i32:0"),
        F::AtomicNotifyOne => e("(memory.atomic.notify (i32.const 0) (i32.const 1))", "i32:0", "i32:1"),
        F::UnreachableKind => {
            e("(if (i32.const 1) (then unreachable)) (i32.const 1)", "trap unreachable", "trap integer-divide-by-zero");
        }
        F::I8x16ShrSUnsigned => {
            e("(i8x16.extract_lane_u 0 (i8x16.shr_s (v128.const i64x2 0x80 0) (i32.const 1)))", "i32:192", "i32:64");
        }
        F::I16x8AddSatSWraps => e(
            "(i16x8.extract_lane_s 0 (i16x8.add_sat_s (v128.const i64x2 0x7fff 0) (v128.const i64x2 1 0)))",
            "i32:32767",
            "i32:-32768",
        ),
        F::I32x4ExtendHighSigned => {
            e("(i32x4.extract_lane 0 (i32x4.extend_high_i16x8_u (v128.const i64x2 0 0xffff)))", "i32:65535", "i32:-1");
        }
        F::I64x2ExtmulHighLow => e(
            "(i64x2.extract_lane 0 (i64x2.extmul_high_i32x4_s (v128.const i64x2 2 3) (v128.const i64x2 2 3)))",
            "i64:9",
            "i64:4",
        ),
        F::F32x4PminMin => e(
            "(f32x4.extract_lane 0 (f32x4.pmin (v128.const f32x4 1 0 0 0) (v128.const f32x4 nan 0 0 0)))",
            "f32:0x3f800000",
            "f32:0x7fc00000",
        ),
        F::ShuffleOneVector => e(
            "(i8x16.extract_lane_u 0 (i8x16.shuffle 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 (v128.const i64x2 0x0201 0) (v128.const i64x2 0x0403 0)))",
            "i32:4",
            "i32:2",
        ),
        F::Load32ZeroSplat => e(
            "(i32.store (i32.const 0) (i32.const 7)) (i32x4.extract_lane 1 (v128.load32_zero (i32.const 0)))",
            "i32:0",
            "i32:7",
        ),
        F::Store16LaneBeside => e(
            "(v128.store16_lane 0 (i32.const 0) (v128.const i64x2 0x20001 0)) (i32.load (i32.const 0))",
            "i32:1",
            "i32:2",
        ),
        F::Load32FirstMemory => {
            e("(i32.store $m2 (i32.const 0) (i32.const 7)) (i32.load $m2 (i32.const 0))", "i32:7", "i32:0");
        }
        F::StructGetSZero => e("(struct.get_s $s 0 (struct.new $s (i32.const 0xff)))", "i32:-1", "i32:255"),
        F::ArrayGetSZero => {
            e("(array.get_s $a (array.new_fixed $a 1 (i32.const 0xffff)) (i32.const 0))", "i32:-1", "i32:65535");
        }
        F::I31GetSZero => e("(i31.get_s (ref.i31 (i32.const -1)))", "i32:-1", "i32:2147483647"),
        F::RefTestNull => e("(ref.test (ref eq) (ref.null none))", "i32:0", "i32:1"),
        F::SelectVectorSwapped => e(
            "(i64x2.extract_lane 1 (select (v128.const i64x2 1 2) (v128.const i64x2 3 4) (i32.const 1)))",
            "i64:2",
            "i64:4",
        ),
        F::HandlersReversed => e(
            "(block $x (block $y (try_table (catch $tag $y) (catch_all $x) (throw $tag))) (return (i32.const 1))) (i32.const 2)",
            "i32:1",
            "i32:2",
        ),
        F::BrTableDefault => {
            e("(block (block (br_table 0 1 (i32.const 1))) (return (i32.const 5))) (i32.const 6)", "i32:6", "i32:5");
        }
        F::BrIfLowHalf => {
            e("(block (br_if 0 (i32.const 0x10000)) (return (i32.const 5))) (i32.const 6)", "i32:6", "i32:5");
        }
        F::CallIndirectUnchecked => e(
            "(table.set $t (i32.const 2) (ref.func $h)) (call_indirect (type $i) (i32.const 2))",
            "trap indirect-call-type-mismatch",
            "i32:30",
        ),
        F::ReturnSwapped => e("(call $two) (i32.sub)", "i32:-1", "i32:1"),
        F::GlobalShared => calls(
            fault,
            r#"(module (global $g (mut i32) (i32.const 0))
                (func (export "f") (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g)))"#,
            "f 2:f",
            "i32:1, i32:1",
            "i32:1, i32:2",
        ),
        F::DataSegmentLate => calls(
            fault,
            r#"(module (memory 1) (data (i32.const 0) "\07") (func (export "f") (result i32) (i32.load (i32.const 0))))"#,
            "f",
            "i32:7",
            "i32:1792",
        ),
        F::SegmentsCheckedFirst => segments_checked_first(),
        F::StartSkipped => calls(
            fault,
            r#"(module (global $g (mut i32) (i32.const 0)) (start $s) (func $s (global.set $g (i32.const 1)))
                (func (export "f") (result i32) (global.get $g)))"#,
            "f",
            "i32:1",
            "i32:0",
        ),
        _ => exec_planted_rows::show(fault),
    }
}

/// Two modules are needed: the trapping one has no instance whose memory could be looked at.
#[track_caller]
fn segments_checked_first() {
    for (fault, first) in [(None, 7), (Some(Fault::SegmentsCheckedFirst), 0)] {
        let mut config = config();
        config.fault = fault;
        let mut ran = Ran::new(r#"(module (memory (export "m") 1))"#, config);
        let instance = ran.instance.clone().expect("an instance");
        let memory = ran.store.export(instance, "m").expect("a memory");
        let importer = exec_kit::load(
            r#"(module (import "a" "m" (memory 1)) (data (i32.const 0) "\07") (data (i32.const 65536) "x"))"#,
            &config,
        );
        assert!(ran.store.instantiate(&importer, &[memory], &mut NoHost).is_err());
        let wassay_reference::exec::Extern::Mem(memory) = memory else { panic!() };
        assert_eq!(ran.store.memory_bytes(memory)[0], first, "{fault:?}");
    }
}

#[test]
fn every_fault_changes_a_result() {
    let failed = |fault: &&Fault| std::panic::catch_unwind(|| show(**fault)).is_err();
    let failed: Vec<&str> = Fault::ALL.iter().filter(failed).map(|fault| fault.name()).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn held_out_faults_spare_what_only_comes_close() {
    exec_planted_rows::spare();
}

#[test]
fn there_are_faults_of_every_chapter() {
    assert!(Fault::ALL.len() >= 115, "{}", Fault::ALL.len());
    for chapter in Chapter::ALL {
        let count = Fault::ALL.iter().filter(|fault| fault.chapter() == *chapter).count();
        assert!(count >= 4, "{}: {count}", chapter.name());
    }
}

#[test]
fn faults_are_named_uniquely_and_found_by_name() {
    for fault in Fault::ALL {
        assert_eq!(Fault::from_name(fault.name()), Some(*fault));
        assert!(["3.", "4.", "5."].iter().any(|chapter| fault.section().starts_with(chapter)), "{fault:?}");
    }
    assert_eq!(Fault::from_name("no-such-fault"), None);
}

#[test]
fn faults_are_held_out_only_if_they_have_a_model() {
    // None is, between a change of the generators and the next list.
    let held: Vec<&Fault> = Fault::ALL.iter().filter(|fault| fault.is_held_out()).collect();
    assert!(held.iter().all(|fault| fault.model().is_some()), "{held:?}");
}
