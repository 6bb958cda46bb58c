//! Rows of `exec_planted` that need more than one expression: whole modules, bytes, and two modules that are linked.

mod held;
mod modelled;
mod second;
mod third;

use wassay_model::Features;
use wassay_reference::exec::{Extern, Fault, InstantiateError, LoadError, LoadedModule, NoHost, Store};

use crate::exec_kit::{config, told, wat};
use crate::{calls, expression};

/// Runs the programs that come close to what a fault is about.
#[track_caller]
pub(crate) fn spare() {
    second::spare();
    third::spare();
}

/// A module with these fields, and a function with this body.
#[track_caller]
fn body(fault: Fault, fields: &str, results: &str, body: &str, right: &str, wrong: &str) {
    let module = format!(r#"(module {fields} (func (export "f") (result {results}) {body}))"#);
    calls(fault, &module, "f", right, wrong);
}

/// How loading ends.
#[track_caller]
fn loads(fault: Fault, bytes: &[u8], right: &str, wrong: &str) {
    for (planted, expected) in [(None, right), (Some(fault), wrong)] {
        let mut config = config();
        config.features = Features::ALL;
        config.fault = planted;
        let told = match LoadedModule::load(bytes, &config) {
            Ok(_) => "loaded",
            Err(LoadError::Malformed(_)) => "malformed",
            Err(LoadError::Invalid(_)) => "invalid",
            Err(LoadError::Limit(_)) => "limit",
        };
        assert_eq!(told, expected, "{planted:?} in the row of {}", fault.name());
    }
}

/// An importer that takes everything from one exporter; `1:` before a name means the exporter's.
#[track_caller]
fn linked(fault: Fault, exporter: &str, importer: &str, names: &str, right: &str, wrong: &str) {
    for (planted, expected) in [(None, right), (Some(fault), wrong)] {
        let mut config = config();
        config.fault = planted;
        let mut store = Store::new(config);
        let loaded = LoadedModule::load(&wat(exporter), &config).expect("a valid exporter");
        let first = store.instantiate(&loaded, &[], &mut NoHost).expect("an instance");
        let call = |store: &mut Store, instance, name: &str| {
            let Some(Extern::Func(func)) = store.export(instance, name) else { panic!("no function {name}") };
            told(store.invoke(func, &[], &mut NoHost))
        };
        let mut said = Vec::new();
        let mut names = names.split(' ').peekable();
        while let Some(name) = names.next_if(|name| name.starts_with("0:")) {
            said.push(call(&mut store, first, &name[2..]));
        }
        let loaded = LoadedModule::load(&wat(importer), &config).expect("a valid importer");
        let imports: Vec<Extern> =
            loaded.imports().map(|(_, name)| store.export(first, name).expect("an export")).collect();
        match store.instantiate(&loaded, &imports, &mut NoHost) {
            Ok(second) => {
                for name in names {
                    said.push(match name.strip_prefix("1:") {
                        Some(name) => call(&mut store, first, name),
                        None => call(&mut store, second, name),
                    });
                }
            }
            Err(InstantiateError::Unlinkable(_)) => said.push("unlinkable".to_owned()),
            Err(InstantiateError::Exec(error)) => said.push(told(Err(error))),
        }
        assert_eq!(said.join(", "), expected, "{planted:?} in the row of {}", fault.name());
    }
}

/// A module of these sections.
fn sections(sections: &[&[u8]]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0".as_slice(), &sections.concat()].concat()
}

const TYPES: &[u8] = &[1, 4, 1, 0x60, 0, 0];
const MEMORY: &[u8] = &[5, 3, 1, 0, 1];
const CUSTOM: &[u8] = &[0, 2, 1, b'x'];

#[track_caller]
#[allow(clippy::too_many_lines, reason = "one row a fault")]
pub(crate) fn show(fault: Fault) {
    use Fault as F;
    let e = |text: &str, right: &str, wrong: &str| expression(fault, text, right, wrong);
    let b = |fields: &str, results: &str, text: &str, right: &str, wrong: &str| {
        body(fault, fields, results, text, right, wrong);
    };
    let valid = |text: &str| loads(fault, &wat(text), "loaded", "invalid");
    let invalid = |text: &str| loads(fault, &wat(text), "invalid", "loaded");
    match fault {
        F::Q15MulrUnrounded => e(
            "(i16x8.extract_lane_s 0 (i16x8.q15mulr_sat_s (v128.const i64x2 0x4000 0) (v128.const i64x2 1 0)))",
            "i32:1",
            "i32:0",
        ),
        F::NarrowUnsignedSource => e(
            "(i8x16.extract_lane_u 0 (i8x16.narrow_i16x8_u (v128.const i64x2 0xffff 0) (v128.const i64x2 1 0)))",
            "i32:0",
            "i32:255",
        ),
        F::DotSaturates => e(
            "(i32x4.extract_lane 0 (i32x4.dot_i16x8_s (v128.const i64x2 0x80008000 0) (v128.const i64x2 0x80008000 0)))",
            "i32:-2147483648",
            "i32:2147483647",
        ),
        F::AvgrRoundsDown => {
            e(
                "(i8x16.extract_lane_u 0 (i8x16.avgr_u (v128.const i64x2 1 0) (v128.const i64x2 2 0)))",
                "i32:2",
                "i32:1",
            );
        }
        F::I64x2MulHalf => e(
            "(i64x2.extract_lane 1 (i64x2.mul (v128.const i64x2 0 3) (v128.const i64x2 0 -1)))",
            "i64:-3",
            "i64:12884901885",
        ),
        F::PromoteHigh => e(
            "(f64x2.extract_lane 0 (f64x2.promote_low_f32x4 (v128.const f32x4 1 2 3 4)))",
            "f64:0x3ff0000000000000",
            "f64:0x4008000000000000",
        ),
        F::SwizzleWraps => e(
            "(i8x16.extract_lane_u 0 (i8x16.swizzle (v128.const i64x2 7 0) (v128.const i64x2 16 0)))",
            "i32:0",
            "i32:7",
        ),
        F::BitmaskLowByte => e("(i16x8.bitmask (v128.const i64x2 0x80 0))", "i32:0", "i32:1"),
        F::AllTrueAny => e("(i32x4.all_true (v128.const i64x2 1 0))", "i32:0", "i32:1"),
        F::ExtractLaneSZero => e("(i8x16.extract_lane_s 0 (v128.const i64x2 0xff 0))", "i32:-1", "i32:255"),
        F::ReplaceLaneBeside => {
            e("(i16x8.extract_lane_u 0 (i16x8.replace_lane 0 (v128.const i64x2 0 0) (i32.const 7)))", "i32:7", "i32:0");
        }
        F::AndnotSwapped => {
            e("(i64x2.extract_lane 0 (v128.andnot (v128.const i64x2 3 0) (v128.const i64x2 1 0)))", "i64:2", "i64:0");
        }
        F::I64x2ShrSUnmasked => {
            e("(i64x2.extract_lane 0 (i64x2.shr_s (v128.const i64x2 4 0) (i32.const 65)))", "i64:2", "i64:0");
        }
        F::I32x4MaxUSigned => e(
            "(i32x4.extract_lane 0 (i32x4.max_u (v128.const i32x4 -1 0 0 0) (v128.const i32x4 1 0 0 0)))",
            "i32:-1",
            "i32:1",
        ),

        F::MemoryCopyWrongMemory => e(
            "(i32.store $m2 (i32.const 0) (i32.const 7)) (memory.copy 0 $m2 (i32.const 0) (i32.const 0) (i32.const 4)) (i32.load (i32.const 0))",
            "i32:7",
            "i32:0",
        ),
        F::MemorySizeFirst => b("(memory 1 1) (memory 2 2)", "i32", "(memory.size 1)", "i32:2", "i32:1"),
        F::Load64AddressHalf => {
            b("(memory i64 1 1)", "i64", "(i64.load (i64.const 0x100000000))", "trap memory-out-of-bounds", "i64:0");
        }
        F::MemoryGrowFailureHalf => {
            b("(memory i64 1 1)", "i64", "(memory.grow (i64.const 1))", "i64:-1", "i64:4294967295");
        }
        F::MemoryGrowPastMax => b("(memory 1 1)", "i32", "(memory.grow (i32.const 1))", "i32:-1", "i32:1"),
        F::MemoryCopyEmptyTraps => e(
            "(memory.copy (i32.const 65536) (i32.const 0) (i32.const 0)) (i32.const 1)",
            "i32:1",
            "trap memory-out-of-bounds",
        ),
        F::I64Load32USigned => {
            e("(i32.store (i32.const 0) (i32.const -1)) (i64.load32_u (i32.const 0))", "i64:4294967295", "i64:-1");
        }
        F::Load8x8SZero => e(
            "(i32.store (i32.const 0) (i32.const -1)) (i32x4.extract_lane 0 (v128.load8x8_s (i32.const 0)))",
            "i32:-1",
            "i32:16711935",
        ),

        F::TableSizeStale => {
            e("(drop (table.grow $t (ref.null func) (i32.const 1))) (table.size $t)", "i32:5", "i32:4");
        }
        F::TableCopyWrongTable => b(
            "(table $a 2 2 funcref) (table $b 2 2 funcref) (elem (table $b) (i32.const 0) func 0)",
            "i32",
            "(table.copy $a $b (i32.const 0) (i32.const 0) (i32.const 1)) (ref.is_null (table.get $a (i32.const 0)))",
            "i32:0",
            "i32:1",
        ),
        F::TableInitFromStart => e(
            "(table.init $t $e (i32.const 2) (i32.const 1) (i32.const 1)) (call_indirect (type $i) (i32.const 2))",
            "trap indirect-call-type-mismatch",
            "i32:10",
        ),
        F::CallIndirectStale => e(
            "(drop (table.grow $t (ref.func $f) (i32.const 1))) (call_indirect (type $i) (i32.const 4))",
            "i32:10",
            "trap undefined-element",
        ),
        F::TableGetIndexHalf => b(
            "(table $t i64 1 1 funcref)",
            "i32",
            "(ref.is_null (table.get $t (i64.const 0x100000000)))",
            "trap table-out-of-bounds",
            "i32:1",
        ),
        F::TableGrowZeroFails => e("(table.grow $t (ref.null func) (i32.const 0))", "i32:4", "i32:-1"),

        F::IfLowByte => {
            e("(if (result i32) (i32.const 256) (then (i32.const 1)) (else (i32.const 2)))", "i32:1", "i32:2");
        }
        F::TailCallSwapped => b(
            "(func $g (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))",
            "i32",
            "(return_call $g (i32.const 5) (i32.const 3))",
            "i32:2",
            "i32:-2",
        ),

        F::RefIsNullI31 => e("(ref.is_null (ref.i31 (i32.const 0)))", "i32:0", "i32:1"),
        F::RefEqI31 => e("(ref.eq (ref.i31 (i32.const 3)) (ref.i31 (i32.const 3)))", "i32:1", "i32:0"),
        F::RefAsNonNullPasses => {
            e("(drop (ref.as_non_null (ref.null func))) (i32.const 1)", "trap null-reference", "i32:1");
        }
        F::RefCastNullTraps => {
            e("(ref.is_null (ref.cast (ref null i31) (ref.null any)))", "i32:1", "trap cast-failure");
        }
        F::RefTestAnyStruct => b(
            "(type $a (struct (field i32))) (type $b (struct (field i64)))",
            "i32",
            "(local anyref) (local.set 0 (struct.new_default $a)) (ref.test (ref $b) (local.get 0))",
            "i32:0",
            "i32:1",
        ),
        F::ArrayGetPastEnd => e(
            "(array.get_u $a (array.new_fixed $a 1 (i32.const 5)) (i32.const 1))",
            "trap array-out-of-bounds",
            "i32:0",
        ),
        F::ArrayFillShort => b(
            "(type $a (array (mut i32)))",
            "i32",
            "(local (ref null $a)) (local.set 0 (array.new_default $a (i32.const 3))) (array.fill $a (local.get 0) (i32.const 1) (i32.const 7) (i32.const 2)) (array.get $a (local.get 0) (i32.const 2))",
            "i32:7",
            "i32:0",
        ),
        F::ArrayCopyForward => b(
            "(type $a (array (mut i32)))",
            "i32",
            "(local (ref null $a)) (local.set 0 (array.new_fixed $a 3 (i32.const 1) (i32.const 2) (i32.const 3))) (array.copy $a $a (local.get 0) (i32.const 1) (local.get 0) (i32.const 0) (i32.const 2)) (array.get $a (local.get 0) (i32.const 2))",
            "i32:2",
            "i32:1",
        ),
        F::ArrayNewDataElements => e(
            "(array.get_u $a (array.new_data $a $d (i32.const 1) (i32.const 1)) (i32.const 0))",
            "i32:25442",
            "i32:25699",
        ),
        F::RefI31Narrow => e("(i31.get_u (ref.i31 (i32.const 0x40000000)))", "i32:1073741824", "i32:0"),

        F::ThrowPayloadLost => b(
            "(tag $t (param i32))",
            "i32",
            "(block (result i32) (try_table (catch $t 0) (throw $t (i32.const 5))) (unreachable))",
            "i32:5",
            "i32:0",
        ),
        F::ThrowPayloadSwapped => b(
            "(tag $t (param i32 i32))",
            "i32",
            "(block (result i32 i32) (try_table (catch $t 0) (throw $t (i32.const 5) (i32.const 3))) (unreachable)) (i32.sub)",
            "i32:2",
            "i32:-2",
        ),
        F::CatchAllOverlooked => b(
            "(tag $a) (tag $b)",
            "i32",
            "(block (block (try_table (catch $a 0) (catch_all 1) (throw $b))) (return (i32.const 1))) (i32.const 2)",
            "i32:2",
            "exception with tag TagAddr(1)",
        ),
        F::TagsByType => b(
            "(tag $a) (tag $b)",
            "i32",
            "(block (block (try_table (catch $a 0) (catch $b 1) (throw $b))) (return (i32.const 1))) (i32.const 2)",
            "i32:2",
            "i32:1",
        ),
        F::OuterHandlersFirst => b(
            "(tag $a)",
            "i32",
            "(block (try_table (catch $a 0) (block (try_table (catch $a 0) (throw $a))) (return (i32.const 1)))) (i32.const 2)",
            "i32:1",
            "i32:2",
        ),

        F::ImportMemoryUnchecked => linked(
            fault,
            r#"(module (memory (export "m") 1))"#,
            r#"(module (import "" "m" (memory 2)) (func (export "f")))"#,
            "f",
            "unlinkable",
            "",
        ),
        F::ImportTableUnchecked => linked(
            fault,
            r#"(module (table (export "t") 1 funcref))"#,
            r#"(module (import "" "t" (table 1 2 funcref)) (func (export "f")))"#,
            "f",
            "unlinkable",
            "",
        ),
        F::ImportGrownRefused => linked(
            fault,
            r#"(module (memory (export "m") 1) (func (export "grow") (drop (memory.grow (i32.const 1)))))"#,
            r#"(module (import "" "m" (memory 2)) (func (export "f")))"#,
            "0:grow f",
            ", ",
            ", unlinkable",
        ),
        F::ImportSubtypeRefused => linked(
            fault,
            r#"(module (type $t (sub (func))) (type $u (sub $t (func))) (func (export "g") (type $u)))"#,
            r#"(module (type $t (sub (func))) (import "" "g" (func (type $t))) (func (export "f")))"#,
            "f",
            "",
            "unlinkable",
        ),
        F::StartFirst => calls(
            fault,
            r#"(module (memory 1) (global $g (mut i32) (i32.const 0)) (data (i32.const 0) "\07") (start $s)
                (func $s (global.set $g (i32.load (i32.const 0)))) (func (export "f") (result i32) (global.get $g)))"#,
            "f",
            "i32:7",
            "i32:0",
        ),
        F::DataAtEndTraps => calls(
            fault,
            r#"(module (memory 1) (data (i32.const 65535) "x") (func (export "f")))"#,
            "f",
            "",
            "trap memory-out-of-bounds",
        ),
        F::EmptyDataAnywhere => calls(
            fault,
            r#"(module (memory 1) (data (i32.const 65537) "") (func (export "f")))"#,
            "f",
            "trap memory-out-of-bounds",
            "",
        ),

        F::MemoryShared => calls(
            fault,
            r#"(module (memory 1) (func (export "f") (result i32)
                (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (i32.load (i32.const 0))))"#,
            "f 2:f",
            "i32:1, i32:1",
            "i32:1, i32:2",
        ),
        F::TableShared => calls(
            fault,
            r#"(module (table 1 9 externref)
                (func (export "f") (result i32) (drop (table.grow (ref.null extern) (i32.const 1))) (table.size)))"#,
            "f 2:f",
            "i32:2, i32:2",
            "i32:2, i32:3",
        ),
        F::DataDropShared => calls(
            fault,
            r#"(module (memory 1) (data $d "x") (func (export "f")
                (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop $d)))"#,
            "f 2:f",
            ", ",
            ", trap memory-out-of-bounds|segment-out-of-bounds",
        ),
        F::ImportedGlobalCopied => linked(
            fault,
            r#"(module (global $g (export "g") (mut i32) (i32.const 1)) (func (export "get") (result i32) (global.get $g)))"#,
            r#"(module (import "" "g" (global $g (mut i32))) (func (export "f") (global.set $g (i32.const 2))))"#,
            "f 1:get",
            ", i32:2",
            ", i32:1",
        ),
        F::ImportedTableCopied => linked(
            fault,
            r#"(module (table (export "t") 1 9 funcref) (func (export "get") (result i32) (table.size)))"#,
            r#"(module (import "" "t" (table 1 funcref))
                (func (export "f") (drop (table.grow (ref.null func) (i32.const 1)))))"#,
            "f 1:get",
            ", i32:2",
            ", i32:1",
        ),
        F::StartOnce => calls(
            fault,
            r#"(module (global $g (mut i32) (i32.const 0)) (start $s) (func $s (global.set $g (i32.const 1)))
                (func (export "f") (result i32) (global.get $g)))"#,
            "f 2:f",
            "i32:1, i32:1",
            "i32:1, i32:0",
        ),

        F::AlignmentUnchecked => {
            invalid("(module (memory 1) (func (drop (i32.load align=8 (i32.const 0)))))");
        }
        F::ExportsUnchecked => invalid(r#"(module (func (export "f")) (func (export "f")))"#),
        F::LimitsUnchecked => invalid("(module (memory 2 1))"),
        F::MemoryRangeUnchecked => invalid("(module (memory 1 65537))"),
        F::GlobalSetUnchecked => {
            invalid("(module (global i32 (i32.const 0)) (func (global.set 0 (i32.const 1))))");
        }
        F::RefFuncUnchecked => invalid("(module (func (drop (ref.func 0))))"),
        F::FinalUnchecked => invalid("(module (type $a (struct)) (type (sub $a (struct (field i32)))))"),
        F::StartUnchecked => invalid("(module (func (param i32)) (start 0))"),
        // The text format has no such lane: it is written over.
        F::LaneUnchecked => {
            let mut bytes = wat("(module (func (result i32) (i8x16.extract_lane_u 7 (v128.const i64x2 0 0))))");
            let lane = bytes.windows(3).position(|window| window == [0xfd, 0x16, 7]).expect("the instruction");
            bytes[lane + 2] = 16;
            loads(fault, &bytes, "invalid", "loaded");
        }
        F::DeadCodeRefused => valid("(module (func unreachable drop))"),
        F::ImportTwiceRefused => valid(r#"(module (import "a" "b" (func)) (import "a" "b" (func)))"#),
        F::StartImportedRefused => valid(r#"(module (import "a" "b" (func)) (start 0))"#),
        F::BrTableEmptyRefused => valid("(module (func (br_table 0 (i32.const 0))))"),

        F::VersionUnchecked => loads(fault, b"\0asm\x02\0\0\0", "malformed", "loaded"),
        F::SectionOrderUnchecked => loads(fault, &sections(&[MEMORY, TYPES]), "malformed", "loaded"),
        F::SectionTwiceAccepted => loads(fault, &sections(&[TYPES, TYPES]), "malformed", "loaded"),
        F::CustomSectionUnchecked => loads(fault, &sections(&[&[0, 2, 1, 0xff]]), "malformed", "loaded"),
        F::DataCountUnchecked => loads(fault, &sections(&[&[12, 1, 1]]), "malformed", "loaded"),
        F::SizeOverlongAccepted => {
            let long = [1, 0x84, 0x80, 0x80, 0x80, 0x80, 0, 1, 0x60, 0, 0];
            loads(fault, &sections(&[&long]), "malformed", "loaded");
        }
        F::JunkIgnored => loads(fault, &sections(&[TYPES, &[0x7f]]), "malformed", "loaded"),
        F::SizePaddedRefused => {
            loads(fault, &sections(&[&[1, 0x84, 0, 1, 0x60, 0, 0]]), "loaded", "malformed");
        }
        F::CustomBetweenRefused => loads(fault, &sections(&[CUSTOM, TYPES]), "loaded", "malformed"),
        F::SectionEmptyRefused => loads(fault, &sections(&[&[1, 1, 0]]), "loaded", "malformed"),
        F::BlockTypeLongRefused => {
            let types = "(rec (type (sub (func)))) ".repeat(64);
            let text =
                format!("(module {types} (type $t (func (param i32))) (func (i32.const 1) (block (type $t) drop)))");
            loads(fault, &wat(&text), "loaded", "malformed");
        }
        F::I32ConstFourBytes => e("(i32.const 0x10000000)", "i32:268435456", "i32:0"),
        F::F32ConstQuiet => e("(f32.const nan:0x1)", "f32:0x7f800001", "f32:0x7fc00001"),

        F::I64ConstDouble => e("(i64.const 9007199254740993)", "i64:9007199254740993", "i64:9007199254740992"),
        F::BrTableNarrow => {
            let text = format!(
                "(block (block (br_table {} 0 (i32.const 128))) (return (i32.const 5))) (i32.const 6)",
                "1 ".repeat(200)
            );
            e(&text, "i32:6", "i32:5");
        }
        F::OffsetNarrow => b(
            r#"(memory 2) (data (i32.const 65536) "\07")"#,
            "i32",
            "(i32.load offset=65536 (i32.const 0))",
            "i32:7",
            "i32:0",
        ),
        F::OffsetHalf => b(
            "(memory i64 1)",
            "i32",
            "(i32.load offset=0x100000000 (i64.const 0))",
            "trap memory-out-of-bounds",
            "i32:0",
        ),
        F::LocalsNarrow => {
            let text = format!("(local {}) (local.set 64 (i32.const 5)) (local.get 64)", "i32 ".repeat(65));
            e(&text, "i32:5", "i32:0");
        }
        F::NinthArgumentLost => {
            let nine = "i32 ".repeat(9);
            let values = "(i32.const 7)".repeat(9);
            let fields = format!("(func $g (param {nine}) (result i32) (local.get 8))");
            b(&fields, "i32", &format!("(call $g {values})"), "i32:7", "i32:0");
        }
        F::LongBodyFallsThrough => {
            let text = format!(
                "(block (br_if 0 (i32.const 1)) {} (return (i32.const 5))) (i32.const 6)",
                "nop ".repeat(33_000)
            );
            e(&text, "i32:6", "i32:5");
        }
        F::ExtendSpilled => {
            let text = format!("(local {}) (i64.extend_i32_s (i32.const -1))", "i32 ".repeat(24));
            e(&text, "i64:-1", "i64:4294967295");
        }

        F::DivPowerOfTwo => e("(i32.div_s (i32.const -7) (i32.const 4))", "i32:-1", "i32:-2"),
        F::RemPowerOfTwo => e("(i64.rem_s (i64.const -7) (i64.const 4))", "i64:-3", "i64:1"),
        F::ShiftConstantWide => e("(i32.shr_u (i32.const 8) (i32.const 33))", "i32:4", "i32:0"),
        F::SelectAfterEqz => {
            e("(select (i32.const 1) (i32.const 2) (i32.eqz (i32.const 0)))", "i32:1", "i32:2");
        }
        F::NotLessGreaterEqual => e("(i32.eqz (f64.lt (f64.const nan) (f64.const 1)))", "i32:1", "i32:0"),
        F::SubSameLocal => e(
            "(local f64) (local.set 0 (f64.const inf)) (f64.ne (f64.sub (local.get 0) (local.get 0)) (f64.const 0))",
            "i32:1",
            "i32:0",
        ),
        F::WrapExtendFolded => e("(i64.extend_i32_u (i32.wrap_i64 (i64.const -1)))", "i64:4294967295", "i64:-1"),
        F::DemotePromoteFolded => e(
            "(f64.promote_f32 (f32.demote_f64 (f64.const 0x1.00000000001p0)))",
            "f64:0x3ff0000000000000",
            "f64:0x3ff0000000000100",
        ),
        F::AddressFolded => {
            e("(i32.load (i32.add (i32.const -8) (i32.const 8)))", "i32:0", "trap memory-out-of-bounds");
        }
        F::AddImmediateSigned => {
            e("(i64.add (i64.const 1) (i64.const 0xffffffff))", "i64:4294967296", "i64:0");
        }
        F::DivReciprocal => {
            e("(f64.div (f64.const 5) (f64.const 3))", "f64:0x3ffaaaaaaaaaaaab", "f64:0x3ffaaaaaaaaaaaaa");
        }
        F::AddZeroFolded => e("(f32.add (f32.const -0) (f32.const 0))", "f32:0x00000000", "f32:0x80000000"),
        F::GlobalReadLate => b(
            "(global $g (mut i32) (i32.const 1)) (func $set (result i32) (global.set $g (i32.const 2)) (i32.const 0))",
            "i32",
            "(i32.add (global.get $g) (call $set))",
            "i32:1",
            "i32:2",
        ),
        F::LocalReadLate => {
            e("(local i32) (i32.sub (local.get 0) (local.tee 0 (i32.const 5)))", "i32:-5", "i32:0");
        }
        _ => modelled::show(fault),
    }
}
