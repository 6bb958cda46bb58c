//! The rules of section 4.6, an input and its result a row.

mod exec_kit;

use exec_kit::{Ran, config};

/// Evaluates an expression beside a memory, tables, a global and a few functions. Its type is that of the expected
/// values, or does not matter if a trap is expected.
#[track_caller]
fn check(expression: &str, expected: &str) {
    let func = if expected.starts_with("trap") {
        format!("(func (export \"f\") {expression} unreachable)")
    } else {
        let types: Vec<_> = expected.split(' ').filter(|ty| !ty.is_empty()).map(type_of).collect();
        format!("(func (export \"f\") (result {}) {expression})", types.join(" "))
    };
    let module = format!(
        r#"(module
            (type $unary (func (param i32) (result i32)))
            (memory 1 3)
            (data (i32.const 0) "\01\02\03\04\05\06\07\88\99\aa\bb\cc\dd\ee\ff")
            (data $passive "abcdef")
            (table $t 6 8 funcref)
            (elem (table $t) (i32.const 1) func $inc $dec $pair)
            (elem $segment func $dec $inc)
            (table $x 3 externref)
            (global $g (mut i64) (i64.const 7))
            (func $inc (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
            (func $dec (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1)))
            (func $pair (result i32 i64) (i32.const 5) (i64.const 6))
            {func})"#
    );
    assert_eq!(Ran::new(&module, config()).call("f", &[]), expected, "{expression}");
}

fn type_of(value: &str) -> &str {
    match value.split(':').next() {
        Some("ref") if value.contains("func") => "funcref",
        Some("ref") => "externref",
        Some(ty) => ty,
        None => "",
    }
}

#[test]
fn integers_follow_4_3_2() {
    check("(i32.div_s (i32.const 0x80000000) (i32.const -1))", "trap integer-overflow");
    check("(i32.rem_s (i32.const 0x80000000) (i32.const -1))", "i32:0");
    check("(i32.rem_s (i32.const -7) (i32.const 3))", "i32:-1");
    check("(i64.div_u (i64.const 1) (i64.const 0))", "trap integer-divide-by-zero");
    check("(i64.div_s (i64.const -7) (i64.const 2))", "i64:-3");
    check("(i32.shl (i32.const 1) (i32.const 33))", "i32:2");
    check("(i32.shr_s (i32.const -8) (i32.const 1))", "i32:-4");
    check("(i64.shr_u (i64.const -1) (i64.const 127))", "i64:1");
    check("(i64.rotl (i64.const 1) (i64.const 65))", "i64:2");
    check("(i32.clz (i32.const 0))", "i32:32");
    check("(i64.ctz (i64.const 0))", "i64:64");
    check("(i32.extend8_s (i32.const 0x180))", "i32:-128");
    check("(i64.extend32_s (i64.const 0x80000000))", "i64:-2147483648");
    check("(i32.lt_u (i32.const -1) (i32.const 0))", "i32:0");
}

#[test]
fn high_halves_of_narrow_slots_stay_zero() {
    check("(i64.extend_i32_u (i32.sub (i32.const 0) (i32.const 1)))", "i64:4294967295");
    check("(i64.extend_i32_u (i32.load8_s (i32.const 7)))", "i64:4294967176");
    check("(i64.extend_i32_u (i32.wrap_i64 (i64.const -1)))", "i64:4294967295");
    check("(i64.extend_i32_u (i32.trunc_f32_s (f32.const -1)))", "i64:4294967295");
    check("(i64.extend_i32_u (i32.reinterpret_f32 (f32.neg (f32.const 0))))", "i64:2147483648");
}

#[test]
fn floats_follow_4_3_3_under_the_deterministic_profile() {
    check("(f32.min (f32.const 0) (f32.const -0))", "f32:0x80000000");
    check("(f64.max (f64.const -0) (f64.const 0))", "f64:0x0000000000000000");
    check("(f32.nearest (f32.const 2.5))", "f32:0x40000000");
    check("(f64.nearest (f64.const -0.5))", "f64:0x8000000000000000");
    check("(f64.ceil (f64.const -0.5))", "f64:0x8000000000000000");
    // A NaN that an operator makes is canonical, even of signalling inputs and negative ones.
    check("(f32.add (f32.const -nan:0x200001) (f32.const 1))", "f32:0x7fc00000");
    check("(f64.sqrt (f64.const -1))", "f64:0x7ff8000000000000");
    check("(f32.ceil (f32.const nan:0x1))", "f32:0x7fc00000");
    check("(f64.promote_f32 (f32.const -nan))", "f64:0x7ff8000000000000");
    check("(f32.demote_f64 (f64.const nan:0x4000000000001))", "f32:0x7fc00000");
    // Operators on bits let it pass.
    check("(f32.abs (f32.const -nan:0x1))", "f32:0x7f800001");
    check("(f32.neg (f32.const nan:0x1))", "f32:0xff800001");
    check("(f64.copysign (f64.const nan:0x1) (f64.const -1))", "f64:0xfff0000000000001");
    check("(f32.reinterpret_i32 (i32.const 0x7f800001))", "f32:0x7f800001");
    check("(i32.store (i32.const 16) (i32.const 0xffa00000)) (f32.load (i32.const 16))", "f32:0xffa00000");
    check("(f64.lt (f64.const nan) (f64.const 1))", "i32:0");
    check("(f64.ne (f64.const nan) (f64.const nan))", "i32:1");
}

#[test]
fn only_operators_that_make_a_nan_are_counted_as_open() {
    let open = |expression: &str| {
        let mut ran = Ran::new(&format!("(module (func (export \"f\") (drop {expression})))"), config());
        ran.call("f", &[]);
        ran.store.take_open().nan
    };
    assert_eq!(open("(f32.div (f32.const 0) (f32.const 0))"), 1);
    assert_eq!(open("(f64.promote_f32 (f32.sqrt (f32.const -1)))"), 2);
    assert_eq!(open("(f32.neg (f32.const nan))"), 0);
    assert_eq!(open("(f32.add (f32.const 1) (f32.const 1))"), 0);
}

#[test]
fn conversions_follow_4_3_5() {
    check("(i32.trunc_f64_s (f64.const -2147483648.9))", "i32:-2147483648");
    check("(i32.trunc_f64_s (f64.const -2147483649))", "trap integer-overflow");
    check("(i32.trunc_f32_u (f32.const -0.9))", "i32:0");
    check("(i64.trunc_f64_u (f64.const 18446744073709551616))", "trap integer-overflow");
    check("(i64.trunc_f32_s (f32.const nan))", "trap invalid-conversion-to-integer");
    check("(i32.trunc_sat_f32_s (f32.const nan))", "i32:0");
    check("(i64.trunc_sat_f64_u (f64.const -1))", "i64:0");
    check("(i32.trunc_sat_f64_s (f64.const inf))", "i32:2147483647");
    // Rounded once: by way of an f64 it would be 0x5f000000.
    check("(f32.convert_i64_u (i64.const 0x8000008000000001))", "f32:0x5f000001");
    check("(f32.demote_f64 (f64.const 0x1.000001p0))", "f32:0x3f800000");
}

#[test]
fn memory_instructions_follow_4_6_8() {
    check("(i32.load8_s (i32.const 7))", "i32:-120");
    check("(i64.load16_s offset=6 (i32.const 0))", "i64:-30713");
    check("(i64.load32_u (i32.const 7))", "i64:3148519816");
    check("(i32.load (i32.const 65532))", "i32:0");
    check("(i32.load (i32.const 65533))", "trap memory-out-of-bounds");
    // The sum of address and offset has 33 bits.
    check("(i32.load8_u offset=0xffffffff (i32.const 1))", "trap memory-out-of-bounds");
    check("(i32.load8_u offset=0xffffffff (i32.const -1))", "trap memory-out-of-bounds");
    // A store writes all or nothing.
    check("(i64.store (i32.const 65529) (i64.const -1))", "trap memory-out-of-bounds");
    check("(i32.store16 (i32.const 32) (i32.const -1)) (i32.load (i32.const 32))", "i32:65535");
    check("(memory.size) (memory.grow (i32.const 2)) (memory.size)", "i32:1 i32:1 i32:3");
    check("(memory.grow (i32.const 3))", "i32:-1");
    check("(memory.copy (i32.const 1) (i32.const 0) (i32.const 4)) (i32.load (i32.const 1))", "i32:67305985");
    check("(memory.copy (i32.const 0) (i32.const 65536) (i32.const 0)) (i32.const 1)", "i32:1");
    check("(memory.copy (i32.const 0) (i32.const 65537) (i32.const 0))", "trap memory-out-of-bounds");
    check("(memory.fill (i32.const 65536) (i32.const 1) (i32.const 1))", "trap memory-out-of-bounds");
    check(
        "(memory.init $passive (i32.const 9) (i32.const 2) (i32.const 4)) (i32.load (i32.const 9))",
        "i32:1717920867",
    );
    check(
        "(memory.init $passive (i32.const 0) (i32.const 3) (i32.const 4))",
        "trap memory-out-of-bounds|segment-out-of-bounds",
    );
    check("(memory.init $passive (i32.const 65535) (i32.const 3) (i32.const 3))", "trap memory-out-of-bounds");
    check(
        "(data.drop $passive) (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 1)",
        "i32:1",
    );
}

#[test]
fn table_instructions_follow_4_6_7() {
    check("(ref.is_null (table.get $t (i32.const 0)))", "i32:1");
    check("(table.get $t (i32.const 6))", "trap table-out-of-bounds");
    check("(table.set $x (i32.const 3) (ref.null extern))", "trap table-out-of-bounds");
    check("(table.size $t) (table.grow $t (ref.func $inc) (i32.const 2)) (table.size $t)", "i32:6 i32:6 i32:8");
    check(
        "(drop (table.grow $t (ref.func $inc) (i32.const 1))) (call_indirect (type $unary) (i32.const 5) (i32.const 6))",
        "i32:6",
    );
    check("(table.grow $t (ref.null func) (i32.const 3))", "i32:-1");
    check("(table.fill $t (i32.const 5) (ref.null func) (i32.const 2))", "trap table-out-of-bounds");
    check(
        "(table.copy $t $t (i32.const 2) (i32.const 1) (i32.const 2)) (call_indirect (type $unary) (i32.const 5) (i32.const 3))",
        "i32:4",
    );
    check(
        "(table.init $t $segment (i32.const 0) (i32.const 1) (i32.const 2))",
        "trap table-out-of-bounds|segment-out-of-bounds",
    );
    check("(table.init $t $segment (i32.const 5) (i32.const 0) (i32.const 2))", "trap table-out-of-bounds");
    check(
        "(elem.drop $segment) (table.init $t $segment (i32.const 0) (i32.const 0) (i32.const 1))",
        "trap table-out-of-bounds|segment-out-of-bounds",
    );
}

#[test]
fn control_instructions_follow_4_6_10() {
    // A branch keeps its operands and drops the ones under them, on both stacks.
    check("(block (result i32) (i64.const 9) (ref.null func) (i32.const 5) (br 0))", "i32:5");
    check(
        "(block (result funcref i32) (ref.func $inc) (i64.const 9) (ref.null func) (i32.const 5) (br 0)) (drop) (ref.is_null)",
        "i32:1",
    );
    check("(block (result i32) (i32.const 1) (i32.const 2) (br_if 0 (i32.const 1)) (drop))", "i32:2");
    check("(block (result i32) (i32.const 1) (i32.const 2) (br_if 0 (i32.const 0)) (drop))", "i32:1");
    check("(if (result i32) (i32.const 256) (then (i32.const 1)) (else (i32.const 2)))", "i32:1");
    check("(i32.const 4) (if (param i32) (result i32) (i32.const 0) (then (i32.eqz)))", "i32:4");
    check(
        "(block (result i32) (block (result i32) (i64.const 0) (i32.const 8) (br_table 0 1 (i32.const -1))) (drop) (i32.const 3))",
        "i32:8",
    );
    check("(i32.const 3) (loop (param i32) (result i32) (i32.const 1) (i32.sub) (br_if 1 (i32.const 1)))", "i32:2");
    check("(block (br 0) (drop) (block (br_if 1 (i32.const 0)) (unreachable))) (i32.const 1)", "i32:1");
    check("(i32.const 1) (return (i32.const 2))", "i32:2");
    check("(select (i32.const 1) (i32.const 2) (i32.const 0x100))", "i32:1");
    check("(select (result externref) (ref.null extern) (ref.null extern) (i32.const 0)) (ref.is_null)", "i32:1");
    check("(unreachable)", "trap unreachable");
}

#[test]
fn calls_follow_4_6_11() {
    check("(call $pair)", "i32:5 i64:6");
    check("(call_indirect (type $unary) (i32.const 5) (i32.const 2))", "i32:4");
    check("(call_indirect (type $unary) (i32.const 5) (i32.const 6))", "trap undefined-element");
    check("(call_indirect (type $unary) (i32.const 5) (i32.const -1))", "trap undefined-element");
    check("(call_indirect (type $unary) (i32.const 5) (i32.const 0))", "trap uninitialized-element");
    check("(call_indirect (type $unary) (i32.const 5) (i32.const 3))", "trap indirect-call-type-mismatch");
    check("(return_call $inc (i32.const 1))", "i32:2");
    check("(return_call_indirect (type $unary) (i32.const 5) (i32.const 1))", "i32:6");
    check("(call_ref $unary (i32.const 5) (ref.func $dec))", "i32:4");
    check("(call_ref $unary (i32.const 5) (ref.null $unary))", "trap null-reference");
}

#[test]
fn variables_follow_4_6_6() {
    check("(global.set $g (i64.const -1)) (global.get $g)", "i64:-1");
    check("(local i64 f32 externref v128) (local.get 1) (ref.is_null (local.get 2))", "f32:0x00000000 i32:1");
}
