//! The rules of section 4.6, an input and its result a row.

mod exec_kit;

use exec_kit::{Ran, config};
use wassay_reference::exec::{Collection, Config};

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
fn integers_follow_4_3() {
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
fn floats_follow_4_3_under_the_deterministic_profile() {
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
fn conversions_follow_4_3() {
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
fn memory_instructions_follow_4_6() {
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
fn table_instructions_follow_4_6() {
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
fn control_instructions_follow_4_6() {
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
fn calls_follow_4_6() {
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
fn variables_follow_4_6() {
    check("(global.set $g (i64.const -1)) (global.get $g)", "i64:-1");
    check("(local i64 f32 externref v128) (local.get 1) (ref.is_null (local.get 2))", "f32:0x00000000 i32:1");
}

#[test]
fn vectors_follow_4_3() {
    let zero_to_seven = "(v128.const i16x8 0 1 2 3 4 5 6 7)";
    check(&format!("(i16x8.extract_lane_s 7 {zero_to_seven})"), "i32:7");
    check("(i8x16.extract_lane_s 15 (v128.const i8x16 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -1))", "i32:-1");
    check("(i8x16.extract_lane_u 15 (v128.const i8x16 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -1))", "i32:255");
    check(
        "(i16x8.replace_lane 1 (v128.const i64x2 -1 -1) (i32.const 0x10002))",
        "v128:0xffffffffffffffffffffffff0002ffff",
    );
    // A shift's distance is taken modulo the width of a lane.
    check(&format!("(i16x8.shl {zero_to_seven} (i32.const 17))"), "v128:0x000e000c000a00080006000400020000");
    check("(i8x16.shr_s (v128.const i64x2 0x80 0) (i32.const 1))", "v128:0x000000000000000000000000000000c0");
    check(
        "(i8x16.swizzle (v128.const i64x2 -1 -1) (v128.const i64x2 0x0f107f80 0))",
        "v128:0xffffffffffffffffffffffffff000000",
    );
    check(
        "(i8x16.shuffle 0 31 1 1 1 1 1 1 1 1 1 1 1 1 1 1 (v128.const i64x2 5 0) (v128.const i64x2 0 0x0900000000000000))",
        "v128:0x00000000000000000000000000000905",
    );
    check(
        "(i8x16.narrow_i16x8_u (v128.const i16x8 -1 256 0 0 0 0 0 0) (v128.const i64x2 7 0))",
        "v128:0x0000000000000007000000000000ff00",
    );
    check(
        "(i8x16.avgr_u (v128.const i64x2 255 0) (v128.const i64x2 254 0))",
        "v128:0x000000000000000000000000000000ff",
    );
    check(
        "(i16x8.q15mulr_sat_s (v128.const i64x2 0x8000 0) (v128.const i64x2 0x8000 0))",
        "v128:0x00000000000000000000000000007fff",
    );
    check(
        "(i32x4.dot_i16x8_s (v128.const i64x2 0x80008000 0) (v128.const i64x2 0x80008000 0))",
        "v128:0x00000000000000000000000080000000",
    );
    check("(i8x16.bitmask (v128.const i64x2 0x8000000000000080 0))", "i32:129");
    check("(i32x4.all_true (v128.const i32x4 1 1 0 1))", "i32:0");
    check(
        "(f32x4.ge (v128.const f32x4 nan 1 2 -0) (v128.const f32x4 1 nan 2 0))",
        "v128:0xffffffffffffffff0000000000000000",
    );
    check(
        "(f64x2.min (v128.const f64x2 0 nan:0x1) (v128.const f64x2 -0 1))",
        "v128:0x7ff80000000000008000000000000000",
    );
    // pmin returns an operand, NaNs included.
    check(
        "(f64x2.pmin (v128.const f64x2 nan:0x1 0) (v128.const f64x2 1 -0))",
        "v128:0x00000000000000007ff0000000000001",
    );
    check("(i32x4.trunc_sat_f64x2_u_zero (v128.const f64x2 -1 1e10))", "v128:0x0000000000000000ffffffff00000000");
    check("(f32x4.demote_f64x2_zero (v128.const f64x2 1 -nan))", "v128:0x00000000000000007fc000003f800000");
    check("(v128.load8x8_s (i32.const 0))", "v128:0xff880007000600050004000300020001");
    check("(v128.load32_zero offset=1 (i32.const 0))", "v128:0x00000000000000000000000005040302");
    check("(v128.load (i32.const 65521))", "trap memory-out-of-bounds");
    check("(v128.load16_lane 7 (i32.const 0) (v128.const i64x2 -1 -1))", "v128:0x0201ffffffffffffffffffffffffffff");
    check("(v128.store32_lane 1 (i32.const 65533) (v128.const i64x2 0 0))", "trap memory-out-of-bounds");
    check(
        "(v128.store16_lane 1 (i32.const 99) (v128.const i16x8 1 -2 3 4 5 6 7 8)) (i32.load (i32.const 99))",
        "i32:65534",
    );
}

#[test]
fn relaxed_operators_are_open_only_where_choices_differ() {
    for (expression, open) in [
        ("(i8x16.relaxed_swizzle (v128.const i64x2 1 2) (v128.const i64x2 15 255))", 0),
        ("(i8x16.relaxed_swizzle (v128.const i64x2 1 2) (v128.const i64x2 16 0))", 1),
        ("(f32x4.relaxed_madd (v128.const f32x4 1 2 3 4) (v128.const f32x4 1 1 1 1) (v128.const f32x4 0 0 0 0))", 0),
        (
            "(f32x4.relaxed_madd (v128.const f32x4 0x1.001p0 0 0 0) (v128.const f32x4 0x1.001p0 0 0 0) (v128.const f32x4 -1 0 0 0))",
            1,
        ),
        ("(f64x2.relaxed_max (v128.const f64x2 1 0) (v128.const f64x2 2 0))", 0),
        ("(f64x2.relaxed_max (v128.const f64x2 1 0) (v128.const f64x2 2 -0))", 1),
        ("(i32x4.relaxed_laneselect (v128.const i64x2 1 2) (v128.const i64x2 3 4) (v128.const i32x4 0 -1 0 -1))", 0),
        ("(i32x4.relaxed_laneselect (v128.const i64x2 1 2) (v128.const i64x2 3 4) (v128.const i32x4 0 1 0 -1))", 1),
        ("(i32x4.relaxed_trunc_f32x4_s (v128.const f32x4 1 2 3 -0.5))", 0),
        ("(i32x4.relaxed_trunc_f32x4_s (v128.const f32x4 1 2 3 1e20))", 1),
    ] {
        let mut ran = Ran::new(&format!("(module (func (export \"f\") (drop {expression})))"), config());
        ran.call("f", &[]);
        assert_eq!(ran.store.take_open().relaxed, open, "{expression}");
    }
}

/// Evaluates an expression beside types of structures and arrays, in every mode of the collector.
#[track_caller]
fn check_object(expression: &str, expected: &str) {
    let func = if expected.starts_with("trap") {
        format!("(func (export \"f\") {expression} unreachable)")
    } else {
        let types: Vec<_> = expected.split(' ').map(type_of).collect();
        format!("(func (export \"f\") (result {}) {expression})", types.join(" "))
    };
    let module = format!(
        r#"(module
            (type $pair (sub (struct (field $byte (mut i8)) (field $ref (mut eqref)) (field $wide (mut v128)) (field $long (mut i64)))))
            (type $triple (sub $pair (struct (field (mut i8)) (field (mut eqref)) (field (mut v128)) (field (mut i64)) (field $more f32))))
            (type $bytes (array (mut i8))) (type $shorts (array (mut i16))) (type $longs (array (mut i64)))
            (type $refs (array (mut eqref))) (type $vectors (array (mut v128))) (type $funcs (array (mut funcref)))
            (data $d "\01\02\03\04\85") (elem $e func $f $f) (func $f)
            (func $make (param i32) (result (ref $pair))
                (struct.new $pair (local.get 0) (ref.i31 (local.get 0)) (v128.const i64x2 1 2) (i64.const 9)))
            {func})"#
    );
    for collection in [Collection::WhenNeeded, Collection::Always] {
        let config = Config { collection, ..config() };
        assert_eq!(Ran::new(&module, config).call("f", &[]), expected, "{expression}");
    }
}

#[test]
fn structures_follow_4_6() {
    check_object("(struct.get_s $pair $byte (call $make (i32.const 0x1ff)))", "i32:-1");
    check_object("(struct.get_u $pair $byte (call $make (i32.const 0x1ff)))", "i32:255");
    check_object("(struct.get $pair $long (call $make (i32.const 1)))", "i64:9");
    check_object("(struct.get $pair $wide (call $make (i32.const 1)))", "v128:0x00000000000000020000000000000001");
    check_object("(struct.get $pair $long (ref.null $pair))", "trap null-reference");
    check_object("(struct.set $pair $long (ref.null $pair) (i64.const 1))", "trap null-reference");
    check_object(
        "(local $p (ref $pair)) (local.set $p (call $make (i32.const 5)))
         (struct.set $pair $ref (local.get $p) (local.get $p)) (struct.set $pair $long (local.get $p) (i64.const -1))
         (ref.eq (local.get $p) (struct.get $pair $ref (local.get $p))) (struct.get $pair $long (local.get $p))",
        "i32:1 i64:-1",
    );
    check_object("(struct.get $triple $more (struct.new_default $triple))", "f32:0x00000000");
    check_object("(ref.eq (call $make (i32.const 1)) (call $make (i32.const 1)))", "i32:0");
    check_object("(ref.eq (ref.i31 (i32.const 0x80000001)) (ref.i31 (i32.const 1)))", "i32:1");
    check_object(
        "(i31.get_s (ref.i31 (i32.const 0x7fffffff))) (i31.get_u (ref.i31 (i32.const -1)))",
        "i32:-1 i32:2147483647",
    );
}

#[test]
fn arrays_follow_4_6() {
    check_object("(array.get_s $bytes (array.new $bytes (i32.const 0x1ff) (i32.const 3)) (i32.const 2))", "i32:-1");
    check_object("(array.get_u $shorts (array.new $shorts (i32.const -1) (i32.const 3)) (i32.const 2))", "i32:65535");
    check_object(
        "(array.get $longs (array.new_fixed $longs 2 (i64.const 1) (i64.const 2)) (i32.const 2))",
        "trap array-out-of-bounds",
    );
    check_object(
        "(array.get $vectors (array.new_fixed $vectors 2 (v128.const i64x2 1 2) (v128.const i64x2 3 4)) (i32.const 1))",
        "v128:0x00000000000000040000000000000003",
    );
    check_object("(array.len (array.new_default $refs (i32.const 7)))", "i32:7");
    check_object("(array.len (ref.null $refs))", "trap null-reference");
    check_object(
        "(array.get_u $shorts (array.new_data $shorts $d (i32.const 3) (i32.const 1)) (i32.const 0))",
        "i32:34052",
    );
    check_object(
        "(array.new_data $shorts $d (i32.const 2) (i32.const 2))",
        "trap memory-out-of-bounds|segment-out-of-bounds",
    );
    check_object(
        "(array.new_elem $funcs $e (i32.const 1) (i32.const 2))",
        "trap table-out-of-bounds|segment-out-of-bounds",
    );
    check_object(
        "(local $a (ref $bytes)) (local.set $a (array.new_data $bytes $d (i32.const 0) (i32.const 5)))
         (array.copy $bytes $bytes (local.get $a) (i32.const 1) (local.get $a) (i32.const 0) (i32.const 3))
         (array.get_u $bytes (local.get $a) (i32.const 3)) (array.get_u $bytes (local.get $a) (i32.const 4))",
        "i32:3 i32:133",
    );
    check_object(
        "(local $a (ref $longs)) (local.set $a (array.new_default $longs (i32.const 4)))
         (array.fill $longs (local.get $a) (i32.const 1) (i64.const 7) (i32.const 2))
         (array.get $longs (local.get $a) (i32.const 2)) (array.get $longs (local.get $a) (i32.const 3))",
        "i64:7 i64:0",
    );
    check_object(
        "(array.fill $longs (array.new_default $longs (i32.const 4)) (i32.const 3) (i64.const 7) (i32.const 2))",
        "trap array-out-of-bounds",
    );
    check_object(
        "(array.init_data $longs $d (array.new_default $longs (i32.const 4)) (i32.const 4) (i32.const 0) (i32.const 1))",
        "trap array-out-of-bounds",
    );
    check_object(
        "(array.init_data $longs $d (array.new_default $longs (i32.const 4)) (i32.const 3) (i32.const 0) (i32.const 1))",
        "trap memory-out-of-bounds|segment-out-of-bounds",
    );
    check_object(
        "(local $a (ref $funcs)) (local.set $a (array.new_default $funcs (i32.const 2)))
         (array.init_elem $funcs $e (local.get $a) (i32.const 1) (i32.const 0) (i32.const 1))
         (ref.is_null (array.get $funcs (local.get $a) (i32.const 0))) (ref.is_null (array.get $funcs (local.get $a) (i32.const 1)))",
        "i32:1 i32:0",
    );
}

#[test]
fn casts_follow_4_6() {
    check_object(
        "(ref.test (ref $pair) (struct.new_default $triple)) (ref.test (ref $triple) (call $make (i32.const 0)))",
        "i32:1 i32:0",
    );
    check_object("(ref.test (ref eq) (ref.null none)) (ref.test (ref null eq) (ref.null none))", "i32:0 i32:1");
    check_object(
        "(ref.test (ref struct) (ref.i31 (i32.const 0))) (ref.test (ref i31) (ref.i31 (i32.const 0)))",
        "i32:0 i32:1",
    );
    check_object("(drop (ref.cast (ref $triple) (call $make (i32.const 0))))", "trap cast-failure");
    check_object("(drop (ref.cast (ref any) (ref.null any)))", "trap cast-failure");
    check_object(
        "(block $l (result (ref $triple)) (i64.const 9) (br_on_cast $l (ref $pair) (ref $triple) (struct.new_default $triple))
            (drop) (drop) (return (i64.const 4))) (drop) (i64.const 3)",
        "i64:3",
    );
    check_object(
        "(block $l (result (ref $pair)) (i64.const 3) (br_on_cast_fail $l (ref $pair) (ref $triple) (call $make (i32.const 6))) (drop) (drop) (return (i32.const 1))) (struct.get_u $pair $byte)",
        "i32:6",
    );
    check_object("(ref.test (ref i31) (any.convert_extern (extern.convert_any (ref.i31 (i32.const 1)))))", "i32:1");
}

#[test]
fn exceptions_follow_4_6() {
    let check = |body: &str, expected: &str| {
        let types: Vec<_> = expected.split(' ').filter(|value| value.contains(':')).map(type_of).collect();
        let results = if types.is_empty() { String::new() } else { format!("(result {})", types.join(" ")) };
        let module = format!(
            r#"(module
                (tag $t (param i32 v128 eqref)) (tag $other)
                (func $throw (param i32)
                    (throw $t (local.get 0) (v128.const i64x2 1 2) (ref.i31 (local.get 0))))
                (func $deep (param i32) (param i32)
                    (if (local.get 0)
                        (then (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
                        (else (return_call $throw (local.get 1)))))
                (func (export "f") {results} {body}))"#
        );
        for collection in [Collection::WhenNeeded, Collection::Always] {
            let config = Config { collection, ..config() };
            assert_eq!(Ran::new(&module, config).call("f", &[]), expected, "{body}");
        }
    };
    check(
        "(local i32 v128 eqref) (i64.const 8)
         (block $h (result i32 v128 eqref) (i64.const 9) (try_table (catch $t $h) (call $deep (i32.const 5) (i32.const 7))) unreachable)
         (local.set 2) (local.set 1) (local.set 0)
         (i32.add (i32x4.extract_lane 2 (local.get 1)) (i31.get_u (ref.cast (ref i31) (local.get 2))))
         (i32.add (local.get 0)) (i64.extend_i32_u) (i64.add)",
        "i64:24",
    );
    // The first handler that matches, from the inside; tags are compared by identity.
    check(
        "(block $outer (block $inner
            (try_table (catch_all $outer) (try_table (catch $other $inner) (call $throw (i32.const 1))))) (return (i32.const 1))) (i32.const 2)",
        "i32:2",
    );
    check(
        "(block $l (result exnref) (try_table (catch_all_ref $l) (call $throw (i32.const 1))) unreachable) (throw_ref)",
        "exception with tag TagAddr(0)",
    );
    check("(throw_ref (ref.null exn))", "trap null-reference");
    check("(throw $other)", "exception with tag TagAddr(1)");
    // A trap is not an exception.
    check("(block $l (try_table (catch_all $l) unreachable))", "trap unreachable");
    // A handler may bring results straight to the end of a function that never had them on the stack.
    check("(try_table (catch $other 0) (throw $other)) unreachable", "");
}
