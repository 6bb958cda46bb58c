//! The cases, after what they show.

use wassay_model::{Feature, RefType, ValType};

use super::{Build, KitCase};

const I32: ValType = ValType::I32;
const I64: ValType = ValType::I64;
const F32: ValType = ValType::F32;
const F64: ValType = ValType::F64;
const EXTERN: ValType = ValType::Ref(RefType::EXTERN);
const FUNC: ValType = ValType::Ref(RefType::FUNC);

/// Every case of the kit.
#[must_use]
pub fn cases() -> Vec<KitCase> {
    let groups = [
        ("values", values()),
        ("traps", traps()),
        ("host", host()),
        ("bounds", bounds()),
        ("state", state()),
        ("verdicts", verdicts()),
        ("instantiation", instantiation()),
        ("linking", linking()),
        ("proposals", proposals()),
    ];
    let grouped =
        |(group, builds): (&'static str, Vec<Build>)| builds.into_iter().map(move |build| KitCase { group, ..build.0 });
    groups.into_iter().flat_map(grouped).collect()
}

fn values() -> Vec<Build> {
    let identities = Build::new("values of every numeric type pass in and out with all their bits")
        .module(
            r#"(module
                (func (export "i32") (param i32) (result i32) local.get 0)
                (func (export "i64") (param i64) (result i64) local.get 0)
                (func (export "f32") (param f32) (result f32) local.get 0)
                (func (export "f64") (param f64) (result f64) local.get 0))"#,
        )
        .instantiate(0, "");
    let identities = [
        ("i32", "i32:-1"),
        ("i32", "i32:0x80000000"),
        ("i64", "i64:0x8000000000000001"),
        ("i64", "i64:-9223372036854775808"),
        // Zeros, infinities, subnormals; NaNs: canonical, negative, quiet with a payload, signalling.
        ("f32", "f32:0x80000000"),
        ("f32", "f32:0xff800000"),
        ("f32", "f32:0x00000001"),
        ("f32", "f32:0x7fc00000"),
        ("f32", "f32:0xffc00000"),
        ("f32", "f32:0x7fe5a5a5"),
        ("f32", "f32:0x7f800001"),
        ("f32", "f32:0xffa5a5a5"),
        ("f64", "f64:0x8000000000000000"),
        ("f64", "f64:0x7ff0000000000000"),
        ("f64", "f64:0x0000000000000001"),
        ("f64", "f64:0x7ff8000000000000"),
        ("f64", "f64:0xfff8000000000001"),
        ("f64", "f64:0x7ff0000000000001"),
        ("f64", "f64:0xfff5a5a5a5a5a5a5"),
    ]
    .into_iter()
    .fold(identities, |build, (export, value)| build.invoke(0, export, value, value));
    vec![
        identities,
        Build::new("vectors pass in and out with all their bits")
            .needs(&[Feature::Simd])
            .module(
                r#"(module
                    (func (export "id") (param v128) (result v128) local.get 0)
                    (func (export "lane") (param v128) (result i32) (i32x4.extract_lane 0 (local.get 0)))
                    (global (export "g") v128 (v128.const i64x2 1 2)))"#,
            )
            .instantiate(0, "")
            .invoke(0, "id", "v128:0x7f800001ffa5a5a57ff0000000000001", "v128:0x7f800001ffa5a5a57ff0000000000001")
            .invoke(0, "lane", "v128:0x00000004000000030000000200000001", "i32:1")
            .get(0, "g", "v128:0x00000000000000020000000000000001"),
        Build::new("several values return in order")
            .needs(&[Feature::MultiValue])
            .module(
                r#"(module
                    (func (export "mix") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
                        local.get 3 local.get 2 local.get 1 local.get 0)
                    (func (export "none"))
                    (func (export "twelve") (param i64 i32 i64 i32 i64 i32 i64 i32 i64 i32 i64 i32)
                        (result i32 i64 i32 i64 i32 i64 i32 i64 i32 i64 i32 i64)
                        local.get 11 local.get 10 local.get 9 local.get 8 local.get 7 local.get 6
                        local.get 5 local.get 4 local.get 3 local.get 2 local.get 1 local.get 0))"#,
            )
            .instantiate(0, "")
            .invoke(0, "mix", "i32:1 i64:2 f32:3 f64:4", "f64:4 f32:3 i64:2 i32:1")
            .invoke(0, "none", "", "")
            .invoke(
                0,
                "twelve",
                "i64:1 i32:2 i64:3 i32:4 i64:5 i32:6 i64:7 i32:8 i64:9 i32:10 i64:11 i32:12",
                "i32:12 i64:11 i32:10 i64:9 i32:8 i64:7 i32:6 i64:5 i32:4 i64:3 i32:2 i64:1",
            ),
        Build::new("NaN bits survive globals and memories")
            .needs(&[Feature::MutableGlobal])
            .module(
                r#"(module
                    (memory (export "m") 1)
                    (global $f (export "f") (mut f32) (f32.const nan:0x200001))
                    (global $g (export "g") (mut f64) (f64.const -nan:0x4000000000001))
                    (global $c (export "c") f32 (f32.const -nan:0x3))
                    (func (export "set") (param f32 f64)
                        (global.set $f (local.get 0)) (global.set $g (local.get 1)))
                    (func (export "store") (param f32 f64)
                        (f32.store (i32.const 8) (local.get 0)) (f64.store (i32.const 16) (local.get 1)))
                    (func (export "load32") (result f32) (f32.load (i32.const 8)))
                    (func (export "load64") (result f64) (f64.load (i32.const 16))))"#,
            )
            .instantiate(0, "")
            .global(0, "f", "f32:0x7fa00001")
            .global(0, "g", "f64:0xfff4000000000001")
            .global(0, "c", "f32:0xff800003")
            .get(0, "f", "f32:0x7fa00001")
            .invoke(0, "set", "f32:0xff900009 f64:0x7ff000000000000f", "")
            .global(0, "f", "f32:0xff900009")
            .global(0, "g", "f64:0x7ff000000000000f")
            .invoke(0, "store", "f32:0x7f812345 f64:0xfff0000000abcdef", "")
            .memory(0, "m", 65_536, &[(8, &[0x45, 0x23, 0x81, 0x7f]), (16, &[0xef, 0xcd, 0xab, 0, 0, 0, 0xf0, 0xff])])
            .invoke(0, "load32", "", "f32:0x7f812345")
            .invoke(0, "load64", "", "f64:0xfff0000000abcdef"),
        Build::new("references pass in and out: null, host values, and functions by identity")
            .needs(&[Feature::ReferenceTypes])
            .module(
                r#"(module
                    (func $a (export "a") (result funcref) (ref.func $a))
                    (func $b (export "b") (result funcref) (ref.func $b))
                    (func (export "a again") (result funcref) (ref.func $a))
                    (func (export "no function") (result funcref) (ref.null func))
                    (func (export "funcref") (param funcref) (result funcref) (local.get 0)))"#,
            )
            .instantiate(0, "")
            .invoke(0, "b", "", "ref:func:#0")
            .invoke(0, "a", "", "ref:func:#1")
            .invoke(0, "a again", "", "ref:func:#1")
            .invoke(0, "b", "", "ref:func:#0")
            .invoke(0, "no function", "", "ref:null")
            .invoke(0, "funcref", "ref:null", "ref:null"),
        Build::new("host values pass in and out as references")
            .needs(&[Feature::ReferenceTypes, Feature::MutableGlobal])
            .module(
                r#"(module
                    (global $kept (export "kept") (mut externref) (ref.null extern))
                    (func (export "id") (param externref) (result externref) (local.get 0))
                    (func (export "keep") (param i32 externref i64) (global.set $kept (local.get 1)))
                    (func (export "no host value") (result externref) (ref.null extern)))"#,
            )
            .instantiate(0, "")
            .invoke(0, "id", "ref:extern:7", "ref:extern:7")
            .invoke(0, "id", "ref:extern:0", "ref:extern:0")
            .invoke(0, "id", "ref:null", "ref:null")
            .invoke(0, "no host value", "", "ref:null")
            .get(0, "kept", "ref:null")
            .invoke(0, "keep", "i32:1 ref:extern:9 i64:2", "")
            .global(0, "kept", "ref:extern:9"),
    ]
}

/// Bodies that trap, by the kind of trap.
const TRAPS: &[(&str, &str, &[Feature])] = &[
    ("unreachable", "unreachable", &[]),
    ("integer-divide-by-zero", "(drop (i32.div_s (i32.const 1) (i32.const 0)))", &[]),
    ("integer-divide-by-zero", "(drop (i64.rem_u (i64.const 1) (i64.const 0)))", &[]),
    ("integer-overflow", "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", &[]),
    ("integer-overflow", "(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))", &[]),
    ("integer-overflow", "(drop (i32.trunc_f32_s (f32.const 2147483648)))", &[]),
    ("integer-overflow", "(drop (i64.trunc_f64_u (f64.const -1)))", &[]),
    ("integer-overflow", "(drop (i32.trunc_f64_u (f64.const inf)))", &[]),
    ("invalid-conversion-to-integer", "(drop (i32.trunc_f32_s (f32.const nan)))", &[]),
    ("invalid-conversion-to-integer", "(drop (i64.trunc_f64_u (f64.const -nan)))", &[]),
    ("memory-out-of-bounds", "(drop (i32.load (i32.const 65533)))", &[]),
    ("memory-out-of-bounds", "(drop (i64.load8_u offset=0xffffffff (i32.const -1)))", &[]),
    ("memory-out-of-bounds", "(f64.store (i32.const 65529) (f64.const 0))", &[]),
    ("memory-out-of-bounds", "(memory.fill (i32.const 65536) (i32.const 0) (i32.const 1))", &[Feature::BulkMemory]),
    ("memory-out-of-bounds", "(memory.copy (i32.const 0) (i32.const 65535) (i32.const 2))", &[Feature::BulkMemory]),
    ("memory-out-of-bounds", "(memory.init $d (i32.const 65535) (i32.const 0) (i32.const 2))", &[Feature::BulkMemory]),
    ("segment-out-of-bounds", "(memory.init $d (i32.const 0) (i32.const 2) (i32.const 2))", &[Feature::BulkMemory]),
    ("table-out-of-bounds", "(drop (table.get $t (i32.const 3)))", &[Feature::ReferenceTypes]),
    ("table-out-of-bounds", "(table.set $t (i32.const -1) (ref.null func))", &[Feature::ReferenceTypes]),
    ("table-out-of-bounds", "(table.fill $t (i32.const 2) (ref.null func) (i32.const 2))", &[Feature::ReferenceTypes]),
    ("table-out-of-bounds", "(table.copy $t $t (i32.const 2) (i32.const 0) (i32.const 2))", &[Feature::BulkMemory]),
    ("table-out-of-bounds", "(table.init $t $e (i32.const 3) (i32.const 0) (i32.const 1))", &[Feature::BulkMemory]),
    ("segment-out-of-bounds", "(table.init $t $e (i32.const 0) (i32.const 1) (i32.const 1))", &[Feature::BulkMemory]),
    ("undefined-element", "(call_indirect $t (type $sig) (i32.const 3))", &[]),
    ("uninitialized-element", "(call_indirect $t (type $sig) (i32.const 0))", &[]),
    ("indirect-call-type-mismatch", "(call_indirect $t (type $sig) (i32.const 1))", &[]),
];

/// The same for later proposals, with the fields of the module that the body needs.
const LATER_TRAPS: &[(&str, &str, &str, &[Feature])] = &[
    ("null-reference", "", "(call_ref $sig (ref.null $sig))", &[Feature::ReferenceTypes, Feature::FunctionReferences]),
    (
        "null-reference",
        "",
        "(drop (ref.as_non_null (ref.null func)))",
        &[Feature::ReferenceTypes, Feature::FunctionReferences],
    ),
    (
        "null-reference",
        "(type $s (struct (field i32)))",
        "(drop (struct.get $s 0 (ref.null $s)))",
        &[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc],
    ),
    (
        "cast-failure",
        "(type $s (struct (field i32)))",
        "(drop (ref.cast (ref $s) (ref.i31 (i32.const 1))))",
        &[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc],
    ),
    (
        "array-out-of-bounds",
        "(type $a (array i8))",
        "(drop (array.get_u $a (array.new_default $a (i32.const 3)) (i32.const 3)))",
        &[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc],
    ),
    (
        "segment-out-of-bounds",
        "(type $a (array i8))",
        "(drop (array.new_data $a $d (i32.const 1) (i32.const 3)))",
        &[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc, Feature::BulkMemory],
    ),
    ("unaligned-atomic", "", "(drop (i32.atomic.load (i32.const 2)))", &[Feature::Threads]),
    (
        "expected-shared-memory",
        "",
        "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))",
        &[Feature::Threads],
    ),
];

fn traps() -> Vec<Build> {
    let module = |fields: &str, body: &str| {
        format!(
            r#"(module
                (type $sig (func)) (type $other (func (param i32)))
                {fields}
                (memory 1)
                (table $t 3 funcref)
                (elem $active (table $t) (i32.const 1) func $g)
                (elem $e func $g)
                (data $d "abc")
                (func $g (type $other))
                (func (export "f") {body})
                (func (export "after") (result i32) (i32.const 5)))"#
        )
    };
    let plain = TRAPS.iter().map(|(kind, body, features)| (*kind, module("", body), *features, *body));
    let later =
        LATER_TRAPS.iter().map(|(kind, fields, body, features)| (*kind, module(fields, body), *features, *body));
    plain
        .chain(later)
        .map(|(kind, text, features, body)| {
            Build::new(body)
                // The module's passive segments are of these.
                .needs(&[Feature::BulkMemory])
                .needs(features)
                .module(&text)
                .instantiate(0, "")
                .invoke(0, "f", "", &format!("trap {kind}"))
                .invoke(0, "after", "", "i32:5")
        })
        .collect()
}

fn host() -> Vec<Build> {
    let second = wassay_model::host::answer("f", 0, &[wassay_model::Value::I32(1)], &[I64])[0];
    let third = wassay_model::host::answer("f", 2, &[wassay_model::Value::I32(2)], &[I64])[0];
    vec![
        Build::new("host calls are seen in order with their arguments, and their answers are used")
            .module(
                r#"(module
                    (import "host" "f" (func $f (param i32) (result i64)))
                    (import "host" "g" (func $g (param f64 i64)))
                    (func (export "run") (result i64)
                        (call $g (f64.const -nan:0x1) (call $f (i32.const 1)))
                        (call $f (i32.const 2)))
                    (func (export "quiet")))"#,
            )
            .instantiate(0, "")
            .invoke(0, "run", "", &third.to_string())
            .host_call(0, "f", "i32:1", &[I64])
            .host_call(1, "g", &format!("f64:0xfff0000000000001 {second}"), &[])
            .host_call(2, "f", "i32:2", &[I64])
            .invoke(0, "quiet", "", ""),
        {
            let answers = wassay_model::host::answer("all", 0, &[], &[I32, I64, F32, F64]);
            let text: Vec<String> = answers.iter().map(ToString::to_string).collect();
            Build::new("a host function answers with several values of every type")
                .needs(&[Feature::MultiValue])
                .module(
                    r#"(module
                        (import "host" "all" (func $all (result i32 i64 f32 f64)))
                        (func (export "run") (result i32 i64 f32 f64) (call $all)))"#,
                )
                .instantiate(0, "")
                .invoke(0, "run", "", &text.join(" "))
                .host_call(0, "all", "", &[I32, I64, F32, F64])
        },
        {
            let answer = wassay_model::host::answer("v", 0, &[wassay_model::Value::V128(5)], &[ValType::V128])[0];
            Build::new("a host function takes and answers with vectors")
                .needs(&[Feature::Simd])
                .module(
                    r#"(module
                        (import "host" "v" (func $v (param v128) (result v128)))
                        (func (export "run") (result v128) (call $v (v128.const i64x2 5 0))))"#,
                )
                .instantiate(0, "")
                .invoke(0, "run", "", &answer.to_string())
                .host_call(0, "v", "v128:0x00000000000000000000000000000005", &[ValType::V128])
        },
        Build::new("a host function takes references and answers with null")
            .needs(&[Feature::ReferenceTypes, Feature::MultiValue])
            .module(
                r#"(module
                    (import "host" "r" (func $r (param externref funcref) (result externref funcref)))
                    (func (export "run") (param externref) (result externref funcref)
                        (call $r (local.get 0) (ref.null func))))"#,
            )
            .instantiate(0, "")
            .invoke(0, "run", "ref:extern:3", "ref:null ref:null")
            .host_call(0, "r", "ref:extern:3 ref:null", &[EXTERN, FUNC]),
        Build::new("a host function is told of a function that it is not null")
            .needs(&[Feature::ReferenceTypes])
            .module(
                r#"(module
                    (import "host" "r" (func $r (param funcref)))
                    (func $run (export "run") (call $r (ref.func $run))))"#,
            )
            .instantiate(0, "")
            .invoke(0, "run", "", "")
            .host_call(0, "r", "ref:func", &[]),
        {
            let first = wassay_model::host::answer("f", 0, &[wassay_model::Value::I32(4)], &[I32])[0];
            Build::new("an imported host function that is exported again can be invoked")
                .module(r#"(module (func (export "again") (import "host" "f") (param i32) (result i32)))"#)
                .instantiate(0, "")
                .invoke(0, "again", "i32:4", &first.to_string())
                .host_call(0, "f", "i32:4", &[I32])
        },
        {
            let first = wassay_model::host::answer("f", 0, &[wassay_model::Value::I32(3)], &[I32])[0];
            let second = wassay_model::host::answer("f", 1, &[], &[I64])[0];
            Build::new("one name of the host can be imported with two types")
                .module(
                    r#"(module
                        (import "host" "f" (func $a (param i32) (result i32)))
                        (import "host" "f" (func $b (result i64)))
                        (func (export "a") (result i32) (call $a (i32.const 3)))
                        (func (export "b") (result i64) (call $b)))"#,
                )
                .instantiate(0, "")
                .invoke(0, "a", "", &first.to_string())
                .host_call(0, "f", "i32:3", &[I32])
                .invoke(0, "b", "", &second.to_string())
                .host_call(1, "f", "", &[I64])
        },
        Build::new("a start function may call the host")
            .module(
                r#"(module
                    (import "host" "f" (func $f (param i32)))
                    (func $start (call $f (i32.const 6)))
                    (start $start))"#,
            )
            .instantiate(0, "")
            .host_call(0, "f", "i32:6", &[]),
    ]
}

fn bounds() -> Vec<Build> {
    const COUNT_DOWN: &str = r#"(module
        (memory (export "m") 1)
        (func (export "forever") (i32.store8 (i32.const 3) (i32.const 7)) (loop (br 0)))
        (func (export "down") (param i32) (result i32)
            (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (local.get 0))
        (func $deep (export "deep") (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0))
                (then (i32.const 0))
                (else (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))))
        (func $endless (export "endless") (result i32)
            (i32.store8 (i32.const 4) (i32.const 8))
            (i32.add (i32.const 1) (call $endless)))
        (func (export "five") (result i32) (i32.const 5)))"#;
    vec![
        Build::new("an endless loop exhausts fuel, and the next call has all of it again")
            .module(COUNT_DOWN)
            .fuel(1_000_000)
            .instantiate(0, "")
            // Each of these needs about half of the fuel.
            .invoke(0, "down", "i32:100000", "i32:0")
            .invoke(0, "down", "i32:100000", "i32:0")
            .invoke(0, "down", "i32:100000", "i32:0")
            .invoke(0, "forever", "", "exhausted fuel")
            .memory(0, "m", 65_536, &[(3, &[7])])
            .invoke(0, "five", "", "i32:5")
            .invoke(0, "down", "i32:100000", "i32:0"),
        Build::new("an endless start function exhausts fuel")
            .module(r#"(module (func $f (loop (br 0))) (start $f) (func (export "g")))"#)
            .module(COUNT_DOWN)
            .fuel(100_000)
            .instantiate(0, "exhausted fuel")
            .invoke(0, "g", "", "absent")
            .instantiate(1, "")
            .invoke(1, "five", "", "i32:5"),
        Build::new("endless recursion exhausts the stack, and the next call has all of it again")
            .module(COUNT_DOWN)
            .instantiate(0, "")
            .invoke(0, "endless", "", "exhausted stack")
            .memory(0, "m", 65_536, &[(4, &[8])])
            .invoke(0, "five", "", "i32:5")
            .invoke(0, "deep", "i32:1000", "i32:1000")
            .invoke(0, "endless", "", "exhausted stack")
            .invoke(0, "deep", "i32:1000", "i32:1000"),
        Build::new("a recursion of 9000 frames ends")
            .module(COUNT_DOWN)
            .instantiate(0, "")
            .invoke(0, "deep", "i32:9000", "i32:9000"),
    ]
}

fn state() -> Vec<Build> {
    vec![
        Build::new("what was written before a trap stays written")
            .needs(&[Feature::MutableGlobal])
            .module(
                r#"(module
                    (memory (export "m") 1)
                    (global $g (export "g") (mut i64) (i64.const 1))
                    (func (export "f")
                        (i32.store (i32.const 100) (i32.const 0x01020304))
                        (global.set $g (i64.const -2))
                        (i32.store (i32.const 65533) (i32.const 1))))"#,
            )
            .instantiate(0, "")
            .memory(0, "m", 65_536, &[])
            .global(0, "g", "i64:1")
            .invoke(0, "f", "", "trap memory-out-of-bounds")
            .memory(0, "m", 65_536, &[(100, &[4, 3, 2, 1])])
            .global(0, "g", "i64:-2"),
        Build::new("globals of every numeric type are seen")
            .needs(&[Feature::MutableGlobal])
            .module(
                r#"(module
                    (global (export "i32") i32 (i32.const -1))
                    (global (export "i64") i64 (i64.const -1))
                    (global (export "f32") f32 (f32.const -0))
                    (global (export "f64") (mut f64) (f64.const -inf)))"#,
            )
            .instantiate(0, "")
            .global(0, "i32", "i32:-1")
            .global(0, "i64", "i64:-1")
            .global(0, "f32", "f32:0x80000000")
            .global(0, "f64", "f64:0xfff0000000000000")
            .get(0, "i32", "i32:-1")
            .get(0, "f64", "f64:0xfff0000000000000"),
        Build::new("a memory shows all its bytes: data segments, the last byte, growth")
            .module(
                r#"(module
                    (memory (export "m") (export "m again") 1 3)
                    (data (i32.const 63) "abc")
                    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
                    (func (export "last") (i32.store8 (i32.const 196607) (i32.const 255)))
                    (memory $unused 0))"#,
            )
            .needs(&[Feature::MultiMemory])
            .instantiate(0, "")
            .memory(0, "m", 65_536, &[(63, b"abc")])
            .memory(0, "m again", 65_536, &[(63, b"abc")])
            .invoke(0, "grow", "i32:2", "i32:1")
            .memory(0, "m", 196_608, &[(63, b"abc")])
            .invoke(0, "last", "", "")
            .memory(0, "m", 196_608, &[(63, b"abc"), (196_607, &[255])])
            .invoke(0, "grow", "i32:1", "i32:-1")
            .memory(0, "m", 196_608, &[(63, b"abc"), (196_607, &[255])]),
        Build::new("a memory without pages, and one that grows from there")
            .module(
                r#"(module
                    (memory (export "m") 0)
                    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
                    (func (export "size") (result i32) (memory.size)))"#,
            )
            .instantiate(0, "")
            .memory(0, "m", 0, &[])
            .invoke(0, "size", "", "i32:0")
            .invoke(0, "grow", "", "i32:0")
            .memory(0, "m", 65_536, &[])
            .invoke(0, "size", "", "i32:1"),
        Build::new("a table shows null, and functions by identity")
            .needs(&[Feature::ReferenceTypes, Feature::BulkMemory])
            .module(
                r#"(module
                    (table $t (export "t") 4 10 funcref)
                    (elem (i32.const 1) func $a $b)
                    (func $a) (func $b)
                    (func (export "b") (result funcref) (ref.func $b))
                    (func (export "swap") (local funcref)
                        (local.set 0 (table.get $t (i32.const 1)))
                        (table.set $t (i32.const 1) (table.get $t (i32.const 2)))
                        (table.set $t (i32.const 2) (local.get 0)))
                    (func (export "grow") (result i32) (table.grow $t (ref.func $a) (i32.const 2)))
                    (func (export "grow too far") (result i32) (table.grow $t (ref.null func) (i32.const 5)))
                    (elem declare func $a $b))"#,
            )
            .instantiate(0, "")
            .table(0, "t", "ref:null ref:func:#0 ref:func:#1 ref:null")
            .invoke(0, "b", "", "ref:func:#1")
            .invoke(0, "swap", "", "")
            .table(0, "t", "ref:null ref:func:#1 ref:func:#0 ref:null")
            .invoke(0, "grow", "", "i32:4")
            .table(0, "t", "ref:null ref:func:#1 ref:func:#0 ref:null ref:func:#0 ref:func:#0")
            .invoke(0, "grow too far", "", "i32:-1"),
        Build::new("a table shows host values")
            .needs(&[Feature::ReferenceTypes])
            .module(
                r#"(module
                    (table $t (export "t") 3 externref)
                    (func (export "set") (param i32 externref) (table.set $t (local.get 0) (local.get 1)))
                    (func (export "get") (param i32) (result externref) (table.get $t (local.get 0))))"#,
            )
            .instantiate(0, "")
            .invoke(0, "set", "i32:1 ref:extern:12", "")
            .table(0, "t", "ref:null ref:extern:12 ref:null")
            .invoke(0, "get", "i32:1", "ref:extern:12"),
        Build::new("what is not there is absent, and a wrong call is our own mistake")
            .module(r#"(module (func (export "f") (param i32)) (global (export "g") i32 (i32.const 1)))"#)
            .instantiate(0, "")
            .invoke(0, "nothing", "", "absent")
            .invoke(0, "g", "", "absent")
            .invoke(1, "f", "", "absent")
            .get(0, "f", "absent")
            .get(0, "nothing", "absent")
            .invoke(0, "f", "", "unclassified")
            .invoke(0, "f", "i64:1", "unclassified")
            .invoke(0, "f", "i32:1", ""),
    ]
}

fn verdicts() -> Vec<Build> {
    const MALFORMED: &[(&str, &[u8])] = &[
        ("an empty file is malformed", b""),
        ("a wrong magic number is malformed", b"\0asn\x01\0\0\0"),
        ("a wrong version is malformed", b"\0asm\x02\0\0\0"),
        ("half a header is malformed", b"\0asm\x01\0"),
        ("the text format is malformed as a binary", b"(module)"),
        ("an unknown section is malformed", b"\0asm\x01\0\0\0\x0f\0"),
        ("a section that ends early is malformed", b"\0asm\x01\0\0\0\x01\x04\x01\x60\0"),
        ("sections out of order are malformed", b"\0asm\x01\0\0\0\x03\x01\0\x01\x01\0"),
        ("a number in too many bytes is malformed", b"\0asm\x01\0\0\0\x01\x80\x80\x80\x80\x80\x00"),
        ("a name that is not UTF-8 is malformed", b"\0asm\x01\0\0\0\0\x02\x01\xff"),
        ("functions without code are malformed", b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0"),
    ];
    const INVALID: &[(&str, &str)] = &[
        ("a body of the wrong type is invalid", "(module (func (result i32) (i64.const 0)))"),
        ("a body that lacks a value is invalid", "(module (func (result i32)))"),
        ("an unknown local is invalid", "(module (func (local.get 0)) )"),
        ("an unknown memory is invalid", "(module (func (drop (i32.load (i32.const 0)))))"),
        ("a doubled export is invalid", r#"(module (func) (export "a" (func 0)) (export "a" (func 0)))"#),
        ("a start function with a parameter is invalid", "(module (func (param i32)) (start 0))"),
        (
            "a write to an immutable global is invalid",
            "(module (global i32 (i32.const 0)) (func (global.set 0 (i32.const 1))))",
        ),
        (
            "an alignment beyond the access is invalid",
            "(module (memory 1) (func (drop (i32.load align=8 (i32.const 0)))))",
        ),
    ];
    const EXPORTS: &str = r#"(module
        (func (export "f") (param i32))
        (global (export "const") i32 (i32.const 0))
        (global (export "mut") (mut i32) (i32.const 0))
        (memory (export "m") 1 2)
        (table (export "t") 2 3 funcref))"#;
    const UNLINKABLE: &[(&str, &str)] = &[
        ("an import of an unknown module is unlinkable", r#"(module (import "nobody" "f" (func)))"#),
        ("an import of an unknown name is unlinkable", r#"(module (import "e" "nothing" (func)))"#),
        ("a memory from the host is unlinkable", r#"(module (import "host" "m" (memory 1)))"#),
        ("a function of another type is unlinkable", r#"(module (import "e" "f" (func (param i64))))"#),
        ("a function in place of a memory is unlinkable", r#"(module (import "e" "f" (memory 1)))"#),
        ("a memory in place of a function is unlinkable", r#"(module (import "e" "m" (func)))"#),
        ("a global of another type is unlinkable", r#"(module (import "e" "const" (global i64)))"#),
        (
            "an immutable global in place of a mutable one is unlinkable",
            r#"(module (import "e" "const" (global (mut i32))))"#,
        ),
        ("a mutable global in place of an immutable one is unlinkable", r#"(module (import "e" "mut" (global i32)))"#),
        ("a memory that is too small is unlinkable", r#"(module (import "e" "m" (memory 2)))"#),
        ("a memory that may grow too far is unlinkable", r#"(module (import "e" "m" (memory 1 1)))"#),
        ("a table that is too small is unlinkable", r#"(module (import "e" "t" (table 3 funcref)))"#),
        ("a table that may grow too far is unlinkable", r#"(module (import "e" "t" (table 2 2 funcref)))"#),
    ];
    let malformed = MALFORMED.iter().map(|(name, bytes)| {
        Build::new(name)
            .bytes(bytes.to_vec())
            .load(0, "malformed")
            .instantiate(0, "malformed")
            .invoke(0, "f", "", "absent")
    });
    let invalid =
        INVALID.iter().map(|(name, text)| Build::new(name).module(text).load(0, "invalid").instantiate(0, "invalid"));
    let unlinkable = UNLINKABLE.iter().map(|(name, text)| {
        Build::new(name)
            .needs(&[Feature::MutableGlobal])
            .module(EXPORTS)
            .module(text)
            .instantiate(0, "")
            .register(0, "e")
            .load(1, "")
            .instantiate(1, "unlinkable")
    });
    let valid = Build::new("a module without anything loads and instantiates, twice")
        .module("(module)")
        .load(0, "")
        .instantiate(0, "")
        .instantiate(0, "");
    malformed.chain(invalid).chain(unlinkable).chain([valid]).collect()
}

fn instantiation() -> Vec<Build> {
    const SHARED: &str = r#"(module
        (memory (export "m") 1)
        (table $t (export "t") 4 funcref)
        (type $sig (func (result i32)))
        (func (export "call") (param i32) (result i32) (call_indirect $t (type $sig) (local.get 0))))"#;
    vec![
        Build::new("the start function runs when a module is instantiated")
            .needs(&[Feature::MutableGlobal])
            .module(
                r#"(module
                    (global $g (export "g") (mut i32) (i32.const 1))
                    (func $start (global.set $g (i32.add (global.get $g) (i32.const 41))))
                    (start $start))"#,
            )
            .instantiate(0, "")
            .global(0, "g", "i32:42")
            .get(0, "g", "i32:42"),
        Build::new("a start function that traps leaves its writes and no instance")
            .module(SHARED)
            .module(
                r#"(module
                    (import "s" "m" (memory 1))
                    (data (i32.const 0) "data")
                    (func $start (i32.store8 (i32.const 10) (i32.const 9)) unreachable)
                    (start $start)
                    (func (export "f")))"#,
            )
            .instantiate(0, "")
            .register(0, "s")
            .instantiate(1, "trap unreachable")
            .memory(0, "m", 65_536, &[(0, b"data"), (10, &[9])])
            .invoke(1, "f", "", "absent")
            .step(
                wassay_model::Action::Register { instance: wassay_model::InstanceIdx(1), name: "late".to_owned() },
                "absent",
            )
            .invoke(0, "call", "i32:0", "trap uninitialized-element"),
        Build::new("an active data segment out of bounds traps after the ones before it were written")
            .needs(&[Feature::BulkMemory])
            .module(SHARED)
            .module(
                r#"(module
                    (import "s" "m" (memory 1))
                    (data (i32.const 5) "first")
                    (data (i32.const 65535) "second"))"#,
            )
            .instantiate(0, "")
            .register(0, "s")
            .instantiate(1, "trap memory-out-of-bounds")
            .memory(0, "m", 65_536, &[(5, b"first")]),
        Build::new("a function put into a table lives on when a later segment traps, without the data after it")
            .needs(&[Feature::BulkMemory])
            .module(SHARED)
            .module(
                r#"(module
                    (import "s" "t" (table 4 funcref))
                    (memory 1)
                    (data (i32.const 8) "\07")
                    (func $f (result i32) (i32.load8_u (i32.const 8)))
                    (elem (i32.const 1) func $f)
                    (elem (i32.const 4) func $f))"#,
            )
            .instantiate(0, "")
            .register(0, "s")
            .instantiate(1, "trap table-out-of-bounds")
            .table(0, "t", "ref:null ref:func:#0 ref:null ref:null")
            .invoke(0, "call", "i32:1", "i32:0"),
        Build::new("a function put into a table lives on when the start function traps")
            .needs(&[Feature::BulkMemory])
            .module(SHARED)
            .module(
                r#"(module
                    (import "s" "t" (table 4 funcref))
                    (memory 1)
                    (data (i32.const 8) "\07")
                    (func $f (result i32) (i32.load8_u (i32.const 8)))
                    (elem (i32.const 2) func $f)
                    (func $start unreachable)
                    (start $start))"#,
            )
            .instantiate(0, "")
            .register(0, "s")
            .instantiate(1, "trap unreachable")
            .table(0, "t", "ref:null ref:null ref:func:#0 ref:null")
            .invoke(0, "call", "i32:2", "i32:7"),
        Build::new("two instances of one module share nothing")
            .needs(&[Feature::MutableGlobal])
            .module(
                r#"(module
                    (memory (export "m") 1)
                    (global $g (export "g") (mut i32) (i32.const 0))
                    (func (export "count") (result i32)
                        (global.set $g (i32.add (global.get $g) (i32.const 1)))
                        (i32.store8 (global.get $g) (i32.const 255))
                        (global.get $g)))"#,
            )
            .instantiate(0, "")
            .instantiate(0, "")
            .invoke(0, "count", "", "i32:1")
            .invoke(0, "count", "", "i32:2")
            .invoke(1, "count", "", "i32:1")
            .memory(0, "m", 65_536, &[(1, &[255, 255])])
            .memory(1, "m", 65_536, &[(1, &[255])])
            .global(0, "g", "i32:2")
            .global(1, "g", "i32:1"),
    ]
}

fn linking() -> Vec<Build> {
    vec![
        Build::new("memories, tables and mutable globals are shared through imports")
            .needs(&[Feature::MutableGlobal, Feature::ReferenceTypes])
            .module(
                r#"(module
                    (memory (export "m") 1)
                    (table (export "t") 2 funcref)
                    (global (export "g") (mut i64) (i64.const 3)))"#,
            )
            .module(
                r#"(module
                    (import "a" "m" (memory 1))
                    (import "a" "t" (table $t 2 funcref))
                    (import "a" "g" (global $g (mut i64)))
                    (export "m" (memory 0)) (export "t" (table $t)) (export "g" (global $g))
                    (func $f)
                    (elem declare func $f)
                    (func (export "write")
                        (i32.store8 (i32.const 77) (i32.const 88))
                        (table.set $t (i32.const 1) (ref.func $f))
                        (global.set $g (i64.add (global.get $g) (i64.const 4)))))"#,
            )
            .instantiate(0, "")
            .register(0, "a")
            .instantiate(1, "")
            .invoke(1, "write", "", "")
            .memory(0, "m", 65_536, &[(77, &[88])])
            .memory(1, "m", 65_536, &[(77, &[88])])
            .table(0, "t", "ref:null ref:func:#0")
            .table(1, "t", "ref:null ref:func:#0")
            .global(0, "g", "i64:7")
            .global(1, "g", "i64:7"),
        Build::new("a function runs in the instance that it belongs to")
            .needs(&[Feature::MutableGlobal])
            .module(
                r#"(module
                    (global $g (export "g") (mut i32) (i32.const 10))
                    (memory (export "m") 1)
                    (func (export "add") (param i32) (result i32)
                        (i32.store8 (i32.const 0) (local.get 0))
                        (global.set $g (i32.add (global.get $g) (local.get 0)))
                        (global.get $g)))"#,
            )
            .module(
                r#"(module
                    (import "a" "add" (func $add (param i32) (result i32)))
                    (global $g (export "g") (mut i32) (i32.const 100))
                    (memory (export "m") 1)
                    (func (export "run") (result i32) (i32.add (call $add (i32.const 5)) (global.get $g)))
                    (func (export "trap") (drop (call $add (i32.const 6))) unreachable)
                    (export "add" (func $add)))"#,
            )
            .instantiate(0, "")
            .register(0, "a")
            .instantiate(1, "")
            .invoke(1, "run", "", "i32:115")
            .memory(0, "m", 65_536, &[(0, &[5])])
            .memory(1, "m", 65_536, &[])
            .global(0, "g", "i32:15")
            .global(1, "g", "i32:100")
            .invoke(1, "add", "i32:1", "i32:16")
            .invoke(1, "trap", "", "trap unreachable")
            .global(0, "g", "i32:22"),
        Build::new("imports of every kind are given in the module's order")
            .needs(&[Feature::MutableGlobal, Feature::ReferenceTypes])
            .module(
                r#"(module
                    (global (export "g1") i32 (i32.const 1)) (global (export "g2") i32 (i32.const 2))
                    (memory (export "m") 1) (data (i32.const 0) "\05")
                    (table (export "t1") 1 funcref) (table (export "t2") 2 funcref)
                    (func (export "f1") (result i32) (i32.const 3)) (func (export "f2") (result i32) (i32.const 4)))"#,
            )
            .module(
                r#"(module
                    (import "a" "g2" (global $g2 i32))
                    (import "a" "f2" (func $f2 (result i32)))
                    (import "a" "t2" (table $t2 1 funcref))
                    (import "a" "m" (memory 1))
                    (import "a" "g1" (global $g1 i32))
                    (import "a" "t1" (table $t1 1 funcref))
                    (import "a" "f1" (func $f1 (result i32)))
                    (func (export "all") (result i32 i32 i32 i32 i32 i32 i32)
                        (global.get $g1) (global.get $g2) (call $f1) (call $f2) (i32.load8_u (i32.const 0))
                        (table.size $t1) (table.size $t2)))"#,
            )
            .needs(&[Feature::MultiValue])
            .instantiate(0, "")
            .register(0, "a")
            .instantiate(1, "")
            .invoke(1, "all", "", "i32:1 i32:2 i32:3 i32:4 i32:5 i32:1 i32:2"),
        Build::new("a later registration under a name hides the earlier one")
            .module(r#"(module (func (export "f") (result i32) (i32.const 1)))"#)
            .module(r#"(module (func (export "f") (result i32) (i32.const 2)))"#)
            .module(r#"(module (func (export "f") (import "x" "f") (result i32)))"#)
            .instantiate(0, "")
            .instantiate(1, "")
            .register(0, "x")
            .instantiate(2, "")
            .register(1, "x")
            .instantiate(2, "")
            .invoke(2, "f", "", "i32:1")
            .invoke(3, "f", "", "i32:2"),
        Build::new("a registered module hides the host where it exports the name, and only there")
            .module(r#"(module (func (export "f") (result i32) (i32.const 1)))"#)
            .module(
                r#"(module
                    (func (export "f") (import "host" "f") (result i32))
                    (func (export "g") (import "host" "g") (param i32)))"#,
            )
            .instantiate(0, "")
            .register(0, "host")
            .instantiate(1, "")
            .invoke(1, "f", "", "i32:1")
            .invoke(1, "g", "i32:9", "")
            .host_call(0, "g", "i32:9", &[]),
        Build::new("a function is the same through an import")
            .needs(&[Feature::ReferenceTypes])
            .module(
                r#"(module
                    (func $f (export "f"))
                    (func (export "get") (result funcref) (ref.func $f)))"#,
            )
            .module(
                r#"(module
                    (import "a" "f" (func $f))
                    (func $own)
                    (elem declare func $f $own)
                    (func (export "own") (result funcref) (ref.func $own))
                    (func (export "get") (result funcref) (ref.func $f)))"#,
            )
            .instantiate(0, "")
            .register(0, "a")
            .instantiate(1, "")
            .invoke(0, "get", "", "ref:func:#0")
            .invoke(1, "own", "", "ref:func:#1")
            .invoke(1, "get", "", "ref:func:#0"),
    ]
}

fn proposals() -> Vec<Build> {
    vec![
        Build::new("tail calls do not grow the stack")
            .needs(&[Feature::TailCall])
            .module(
                r#"(module
                    (func $down (export "down") (param i32) (result i32)
                        (if (i32.eqz (local.get 0)) (then (return (i32.const 9))))
                        (return_call $down (i32.sub (local.get 0) (i32.const 1)))))"#,
            )
            .instantiate(0, "")
            .invoke(0, "down", "i32:200000", "i32:9"),
        Build::new("global initialisers compute")
            .needs(&[Feature::ExtendedConst])
            .module(
                r#"(module
                    (global (export "g") i32 (i32.mul (i32.const 6) (i32.add (i32.const 3) (i32.const 4)))))"#,
            )
            .instantiate(0, "")
            .get(0, "g", "i32:42"),
        Build::new("a global's initialiser reads an earlier global")
            .needs(&[Feature::ExtendedConst, Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc])
            .module(
                r#"(module
                    (global $a i64 (i64.const 6))
                    (global (export "g") i64 (i64.mul (global.get $a) (global.get $a))))"#,
            )
            .instantiate(0, "")
            .get(0, "g", "i64:36"),
        Build::new("a module has several memories")
            .needs(&[Feature::MultiMemory, Feature::BulkMemory])
            .module(
                r#"(module
                    (memory $a (export "a") 1) (memory $b (export "b") 2)
                    (data (memory $b) (i32.const 3) "xy")
                    (func (export "f")
                        (memory.copy $a $b (i32.const 100) (i32.const 3) (i32.const 2))
                        (i32.store8 $b (i32.const 70000) (i32.const 1))))"#,
            )
            .instantiate(0, "")
            .invoke(0, "f", "", "")
            .memory(0, "a", 65_536, &[(100, b"xy")])
            .memory(0, "b", 131_072, &[(3, b"xy"), (70_000, &[1])]),
        Build::new("a memory is addressed by 64 bits")
            .needs(&[Feature::Memory64])
            .module(
                r#"(module
                    (memory (export "m") i64 1)
                    (func (export "store") (param i64 i32) (i32.store8 (local.get 0) (local.get 1)))
                    (func (export "size") (result i64) (memory.size)))"#,
            )
            .instantiate(0, "")
            .invoke(0, "store", "i64:65535 i32:7", "")
            .memory(0, "m", 65_536, &[(65_535, &[7])])
            .invoke(0, "store", "i64:0x100000000 i32:7", "trap memory-out-of-bounds")
            .invoke(0, "size", "", "i64:1"),
        Build::new("a table is addressed by 64 bits")
            .needs(&[Feature::Memory64, Feature::ReferenceTypes])
            .module(
                r#"(module
                    (table $t (export "t") i64 2 funcref)
                    (func $f (export "f"))
                    (func (export "set") (param i64) (table.set $t (local.get 0) (ref.func $f)))
                    (func (export "size") (result i64) (table.size $t)))"#,
            )
            .instantiate(0, "")
            .invoke(0, "set", "i64:1", "")
            .table(0, "t", "ref:null ref:func:#0")
            .invoke(0, "set", "i64:0x100000000", "trap table-out-of-bounds")
            .invoke(0, "size", "", "i64:2"),
        Build::new("functions are called by typed reference")
            .needs(&[Feature::ReferenceTypes, Feature::FunctionReferences])
            .module(
                r#"(module
                    (type $sig (func (param i32) (result i32)))
                    (elem declare func $double)
                    (func $double (type $sig) (i32.mul (local.get 0) (i32.const 2)))
                    (func (export "f") (param i32) (result i32) (call_ref $sig (local.get 0) (ref.func $double)))
                    (func (export "get") (result (ref $sig)) (ref.func $double)))"#,
            )
            .instantiate(0, "")
            .invoke(0, "f", "i32:21", "i32:42")
            .invoke(0, "get", "", "ref:func:#0"),
        Build::new("objects are seen by kind and identity")
            .needs(&[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc, Feature::MutableGlobal])
            .module(
                r#"(module
                    (type $s (struct (field (mut i32))))
                    (type $a (array (mut i8)))
                    (global $kept (export "kept") (mut anyref) (ref.null any))
                    (table $t (export "t") 3 anyref)
                    (func (export "struct") (result anyref) (struct.new $s (i32.const 1)))
                    (func (export "array") (result (ref $a)) (array.new_default $a (i32.const 5)))
                    (func (export "i31") (param i32) (result i31ref) (ref.i31 (local.get 0)))
                    (func (export "null") (result structref) (ref.null none))
                    (func (export "keep") (global.set $kept (struct.new $s (i32.const 2))))
                    (func (export "kept?") (result eqref)
                        (table.set $t (i32.const 1) (global.get $kept))
                        (table.set $t (i32.const 2) (ref.i31 (i32.const 4)))
                        (ref.cast eqref (global.get $kept))))"#,
            )
            .instantiate(0, "")
            .invoke(0, "struct", "", "ref:struct:#0")
            .invoke(0, "struct", "", "ref:struct:#1")
            .invoke(0, "array", "", "ref:array:#0")
            .invoke(0, "i31", "i32:-1", "ref:i31:-1")
            .invoke(0, "i31", "i32:0x3fffffff", "ref:i31:1073741823")
            .invoke(0, "null", "", "ref:null")
            .invoke(0, "keep", "", "")
            .global(0, "kept", "ref:struct:#2")
            .invoke(0, "kept?", "", "ref:struct:#2")
            .table(0, "t", "ref:null ref:struct:#2 ref:i31:4"),
        Build::new("a host value is the same inside and outside")
            .needs(&[Feature::ReferenceTypes, Feature::FunctionReferences, Feature::Gc])
            .module(
                r#"(module
                    (func (export "in") (param externref) (result anyref) (any.convert_extern (local.get 0)))
                    (func (export "out") (param externref) (result externref)
                        (extern.convert_any (any.convert_extern (local.get 0))))
                    (func (export "object") (result externref) (extern.convert_any (ref.i31 (i32.const 6)))))"#,
            )
            .instantiate(0, "")
            .invoke(0, "in", "ref:extern:5", "ref:extern:5")
            .invoke(0, "out", "ref:extern:5", "ref:extern:5")
            .invoke(0, "out", "ref:null", "ref:null")
            .invoke(0, "object", "", "ref:i31:6"),
        Build::new("exceptions are caught inside, and leave with their payload")
            .needs(&[Feature::Exceptions, Feature::MultiValue, Feature::MutableGlobal])
            .module(
                r#"(module
                    (tag $e (param i32 f64))
                    (global $g (export "g") (mut i32) (i32.const 0))
                    (func $throw (param i32)
                        (global.set $g (local.get 0))
                        (throw $e (local.get 0) (f64.const 2.5)))
                    (func (export "throw") (param i32) (call $throw (local.get 0)))
                    (func (export "catch") (param i32) (result i32 f64)
                        (block $h (result i32 f64)
                            (try_table (catch $e $h) (call $throw (local.get 0)))
                            unreachable)))"#,
            )
            .instantiate(0, "")
            .invoke(0, "catch", "i32:8", "i32:8 f64:2.5")
            .invoke(0, "throw", "i32:9", "threw i32:9 f64:2.5")
            .global(0, "g", "i32:9")
            .invoke(0, "catch", "i32:10", "i32:10 f64:2.5"),
        Build::new("a start function that throws leaves no instance")
            .needs(&[Feature::Exceptions])
            .module(
                r#"(module (tag $e (param i64)) (func $f (throw $e (i64.const 4))) (start $f) (func (export "g")))"#,
            )
            .instantiate(0, "threw i64:4")
            .invoke(0, "g", "", "absent"),
        Build::new("a tag is shared through an import")
            .needs(&[Feature::Exceptions])
            .module(
                r#"(module
                    (tag $e (export "e") (param i32))
                    (func (export "throw") (throw $e (i32.const 3))))"#,
            )
            .module(
                r#"(module
                    (import "a" "e" (tag $e (param i32)))
                    (import "a" "throw" (func $throw))
                    (tag $other (param i32))
                    (func (export "catch") (result i32)
                        (block $h (result i32)
                            (try_table (catch $other $h) (catch $e $h) (call $throw))
                            unreachable)))"#,
            )
            .instantiate(0, "")
            .register(0, "a")
            .instantiate(1, "")
            .invoke(1, "catch", "", "i32:3"),
        Build::new("a shared memory is seen")
            .needs(&[Feature::Threads])
            .module(
                r#"(module
                    (memory (export "m") 1 2 shared)
                    (func (export "add") (param i32) (result i32)
                        (i32.atomic.rmw.add (i32.const 8) (local.get 0)))
                    (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#,
            )
            .instantiate(0, "")
            .invoke(0, "add", "i32:5", "i32:0")
            .invoke(0, "add", "i32:6", "i32:5")
            .memory(0, "m", 65_536, &[(8, &[11])])
            .invoke(0, "grow", "", "i32:1")
            .memory(0, "m", 131_072, &[(8, &[11])]),
        Build::new("atomics work on a memory that is not shared")
            .needs(&[Feature::Threads])
            .module(
                r#"(module
                    (memory (export "m") 1)
                    (func (export "xchg") (param i64) (result i64)
                        (i64.atomic.rmw.xchg (i32.const 16) (local.get 0))))"#,
            )
            .instantiate(0, "")
            .invoke(0, "xchg", "i64:1", "i64:0")
            .invoke(0, "xchg", "i64:2", "i64:1")
            .memory(0, "m", 65_536, &[(16, &[2])]),
        Build::new("sums have 128 bits")
            .needs(&[Feature::WideArithmetic, Feature::MultiValue])
            .module(
                r#"(module
                    (func (export "add") (param i64 i64 i64 i64) (result i64 i64)
                        (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3))))"#,
            )
            .instantiate(0, "")
            .invoke(0, "add", "i64:-1 i64:0 i64:1 i64:0", "i64:0 i64:1"),
        Build::new("a memory has pages of one byte")
            .needs(&[Feature::CustomPageSizes])
            .module(
                r#"(module
                    (memory (export "m") 5 100 (pagesize 1))
                    (data (i32.const 1) "abcd")
                    (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
                    (func (export "grow") (result i32) (memory.grow (i32.const 3))))"#,
            )
            .instantiate(0, "")
            .memory(0, "m", 5, &[(1, b"abcd")])
            .invoke(0, "load", "i32:4", "i32:100")
            .invoke(0, "load", "i32:5", "trap memory-out-of-bounds")
            .invoke(0, "grow", "", "i32:5")
            .memory(0, "m", 8, &[(1, b"abcd")]),
        Build::new("relaxed vectors where the standard leaves no choice")
            .needs(&[Feature::Simd, Feature::RelaxedSimd])
            .module(
                r#"(module
                    (func (export "madd") (result v128)
                        (f32x4.relaxed_madd (f32x4.splat (f32.const 2)) (f32x4.splat (f32.const 3))
                            (f32x4.splat (f32.const 1)))))"#,
            )
            .instantiate(0, "")
            .invoke(0, "madd", "", "v128:0x40e0000040e0000040e0000040e00000"),
    ]
}
