#!/usr/bin/env python3
"""The modules that test.py sends to workers: each as text and, beside it, in the hexadecimal digits of its bytes.

Workers are sent the digits, so that testing needs no assembler. `python3 test_modules.py` assembles every text with the
`wasmtime` package and names those whose digits are others.
"""

# What must end in a way of its own, as (name, feature, end, text, digits). The function "f" or the start function
# ends so, or a segment does. `end` is "exhausted", "threw", or the kind of trap that must be among those named.
ENDS = [
    (
        "unreachable", "mvp", "unreachable",
        r"""(module (func (export "f") (result i32) unreachable))""",
        "0061736d010000000105016000017f03020100070501016600000a05010300000b",
    ),
    (
        "i32_div_s_by_zero", "mvp", "integer-divide-by-zero",
        r"""(module (func (export "f") (result i32) (i32.div_s (i32.const 1) (i32.const 0))))""",
        "0061736d010000000105016000017f03020100070501016600000a09010700410141006d0b",
    ),
    (
        "i32_div_u_by_zero", "mvp", "integer-divide-by-zero",
        r"""(module (func (export "f") (result i32) (i32.div_u (i32.const 1) (i32.const 0))))""",
        "0061736d010000000105016000017f03020100070501016600000a09010700410141006e0b",
    ),
    (
        "i32_rem_s_by_zero", "mvp", "integer-divide-by-zero",
        r"""(module (func (export "f") (result i32) (i32.rem_s (i32.const 1) (i32.const 0))))""",
        "0061736d010000000105016000017f03020100070501016600000a09010700410141006f0b",
    ),
    (
        "i64_rem_u_by_zero", "mvp", "integer-divide-by-zero",
        r"""(module (func (export "f") (result i32) (i32.wrap_i64 (i64.rem_u (i64.const 1) (i64.const 0)))))""",
        "0061736d010000000105016000017f03020100070501016600000a0a0108004201420082a70b",
    ),
    (
        "i64_div_s_by_zero", "mvp", "integer-divide-by-zero",
        r"""(module (func (export "f") (result i32) (i32.wrap_i64 (i64.div_s (i64.const 1) (i64.const 0)))))""",
        "0061736d010000000105016000017f03020100070501016600000a0a010800420142007fa70b",
    ),
    (
        "i32_div_s_overflow", "mvp", "integer-overflow",
        r"""(module (func (export "f") (result i32) (i32.div_s (i32.const 0x80000000) (i32.const -1))))""",
        "0061736d010000000105016000017f03020100070501016600000a0d010b00418080808078417f6d0b",
    ),
    (
        "i64_div_s_overflow", "mvp", "integer-overflow",
        r"""(module (func (export "f") (result i32) (i32.wrap_i64 (i64.div_s (i64.const 0x8000000000000000)
        (i64.const -1)))))""",
        "0061736d010000000105016000017f03020100070501016600000a13011100428080808080808080807f427f7fa70b",
    ),
    (
        "trunc_nan", "mvp", "invalid-conversion-to-integer",
        r"""(module (func (export "f") (result i32) (i32.trunc_f32_s (f32.const nan))))""",
        "0061736d010000000105016000017f03020100070501016600000a0a010800430000c07fa80b",
    ),
    (
        "trunc_range", "mvp", "integer-overflow",
        r"""(module (func (export "f") (result i32) (i32.trunc_f64_u (f64.const 1e30))))""",
        "0061736d010000000105016000017f03020100070501016600000a0e010c0044ea8ca039593e2946ab0b",
    ),
    (
        "i64_trunc_nan", "mvp", "invalid-conversion-to-integer",
        r"""(module (func (export "f") (result i32) (i32.wrap_i64 (i64.trunc_f64_u (f64.const nan)))))""",
        "0061736d010000000105016000017f03020100070501016600000a0f010d0044000000000000f87fb1a70b",
    ),
    (
        "i64_trunc_range", "mvp", "integer-overflow",
        r"""(module (func (export "f") (result i32) (i32.wrap_i64 (i64.trunc_f32_s (f32.const 1e30)))))""",
        "0061736d010000000105016000017f03020100070501016600000a0b01090043caf24971aea70b",
    ),
    (
        "load_out_of_bounds", "mvp", "memory-out-of-bounds",
        r"""(module (memory 1 2) (func (export "f") (result i32) (i32.load (i32.const 65533))))""",
        "0061736d010000000105016000017f03020100050401010102070501016600000a0b01090041fdff032802000b",
    ),
    (
        "load_far_out_of_bounds", "mvp", "memory-out-of-bounds",
        r"""(module (memory 1 2) (func (export "f") (result i32) (i32.load offset=4294967295 (i32.const -1))))""",
        "0061736d010000000105016000017f03020100050401010102070501016600000a0d010b00417f2802ffffffff0f0b",
    ),
    (
        "store_out_of_bounds", "mvp", "memory-out-of-bounds",
        r"""(module (memory 1 2) (func (export "f") (result i32) (i64.store (i32.const 65529) (i64.const 1))
        (i32.const 0)))""",
        "0061736d010000000105016000017f03020100050401010102070501016600000a0f010d0041f9ff03420137030041000b",
    ),
    (
        "memory_fill_out_of_bounds", "bulk", "memory-out-of-bounds",
        r"""(module (memory 1 2) (func (export "f") (result i32) (memory.fill (i32.const 65535) (i32.const 1)
        (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000105016000017f03020100050401010102070501016600000a11010f0041ffff0341014102fc0b004100"
        "0b",
    ),
    (
        "memory_copy_out_of_bounds", "bulk", "memory-out-of-bounds",
        r"""(module (memory 1 2) (func (export "f") (result i32) (memory.copy (i32.const 0) (i32.const 65535)
        (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000105016000017f03020100050401010102070501016600000a12011000410041ffff034102fc0a000041"
        "000b",
    ),
    (
        "memory_init_out_of_bounds_memory", "bulk", "memory-out-of-bounds",
        r"""(module (memory 1 2)(data "abc") (func (export "f") (result i32) (memory.init 0 (i32.const 65535)
        (i32.const 0) (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000105016000017f03020100050401010102070501016600000c01010a1201100041ffff0341004102fc08"
        "000041000b0b06010103616263",
    ),
    (
        "memory_init_out_of_bounds_segment", "bulk", "memory-out-of-bounds",
        r"""(module (memory 1 2)(data "abc") (func (export "f") (result i32) (memory.init 0 (i32.const 0)
        (i32.const 2) (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000105016000017f03020100050401010102070501016600000c01010a10010e00410041024102fc080000"
        "41000b0b06010103616263",
    ),
    (
        "memory_init_dropped", "bulk", "memory-out-of-bounds",
        r"""(module (memory 1 2)(data "abc") (func (export "f") (result i32) (data.drop 0) (memory.init 0
        (i32.const 0) (i32.const 0) (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000105016000017f03020100050401010102070501016600000c01010a13011100fc0900410041004102fc"
        "08000041000b0b06010103616263",
    ),
    (
        "table_get_out_of_bounds", "references", "table-out-of-bounds",
        r"""(module (table $t 3 funcref) (func (export "f") (result i32) (ref.is_null (table.get $t (i32.const
        3)))))""",
        "0061736d010000000105016000017f03020100040401700003070501016600000a0901070041032500d10b",
    ),
    (
        "table_set_out_of_bounds", "references", "table-out-of-bounds",
        r"""(module (table $t 3 funcref) (func (export "f") (result i32) (table.set $t (i32.const 3) (ref.null
        func)) (i32.const 0)))""",
        "0061736d010000000105016000017f03020100040401700003070501016600000a0c010a004103d070260041000b",
    ),
    (
        "table_get_extern_out_of_bounds", "references", "table-out-of-bounds",
        r"""(module (table $t 3 externref) (func (export "f") (result i32) (ref.is_null (table.get $t (i32.const
        -1)))))""",
        "0061736d010000000105016000017f030201000404016f0003070501016600000a09010700417f2500d10b",
    ),
    (
        "table_fill_out_of_bounds", "references", "table-out-of-bounds",
        r"""(module (table $t 3 funcref) (func (export "f") (result i32) (table.fill $t (i32.const 3) (ref.null
        func) (i32.const 1)) (i32.const 0)))""",
        "0061736d010000000105016000017f03020100040401700003070501016600000a0f010d004103d0704101fc110041000b",
    ),
    (
        "table_copy_out_of_bounds", "bulk", "table-out-of-bounds",
        r"""(module (table $t 3 funcref) (func (export "f") (result i32) (table.copy (i32.const 2) (i32.const 0)
        (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000105016000017f03020100040401700003070501016600000a10010e00410241004102fc0e000041000b",
    ),
    (
        "table_init_out_of_bounds_table", "passive elements", "table-out-of-bounds",
        r"""(module (table $t 3 funcref)(elem $e func $g $g) (func $g) (func (export "f") (result i32)
        (table.init $e (i32.const 2) (i32.const 0) (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000108026000006000017f03030200010404017000030705010166000109060101000200000a130202000b"
        "0e00410241004102fc0c000041000b",
    ),
    (
        "table_init_out_of_bounds_segment", "passive elements", "table-out-of-bounds",
        r"""(module (table $t 3 funcref)(elem $e func $g $g) (func $g) (func (export "f") (result i32)
        (table.init $e (i32.const 0) (i32.const 1) (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000108026000006000017f03030200010404017000030705010166000109060101000200000a130202000b"
        "0e00410041014102fc0c000041000b",
    ),
    (
        "table_init_dropped", "passive elements", "table-out-of-bounds",
        r"""(module (table $t 3 funcref)(elem $e func $g $g) (func $g) (func (export "f") (result i32)
        (elem.drop $e) (table.init $e (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 0)))""",
        "0061736d010000000108026000006000017f03030200010404017000030705010166000109060101000200000a160202000b"
        "1100fc0d00410041004101fc0c000041000b",
    ),
    (
        "call_indirect_out_of_bounds", "mvp", "undefined-element",
        r"""(module (type $v (func (result i32))) (table $t 3 funcref) (elem (i32.const 0) $g) (func $g (result
        i64) (i64.const 1)) (func (export "f") (result i32) (call_indirect (type $v) (i32.const 3))))""",
        "0061736d010000000109026000017f6000017e0303020100040401700003070501016600010907010041000b01000a0e0204"
        "0042010b070041031100000b",
    ),
    (
        "call_indirect_null", "mvp", "uninitialized-element",
        r"""(module (type $v (func (result i32))) (table $t 3 funcref) (elem (i32.const 0) $g) (func $g (result
        i64) (i64.const 1)) (func (export "f") (result i32) (call_indirect (type $v) (i32.const 1))))""",
        "0061736d010000000109026000017f6000017e0303020100040401700003070501016600010907010041000b01000a0e0204"
        "0042010b070041011100000b",
    ),
    (
        "call_indirect_type", "mvp", "indirect-call-type-mismatch",
        r"""(module (type $v (func (result i32))) (table $t 3 funcref) (elem (i32.const 0) $g) (func $g (result
        i64) (i64.const 1)) (func (export "f") (result i32) (call_indirect (type $v) (i32.const 0))))""",
        "0061736d010000000109026000017f6000017e0303020100040401700003070501016600010907010041000b01000a0e0204"
        "0042010b070041001100000b",
    ),
    (
        "return_call_indirect_out_of_bounds", "tail", "undefined-element",
        r"""(module (type $v (func (result i32))) (table $t 3 funcref) (elem (i32.const 0) $g) (func $g (result
        i64) (i64.const 1)) (func (export "f") (result i32) (return_call_indirect (type $v) (i32.const 3))))""",
        "0061736d010000000109026000017f6000017e0303020100040401700003070501016600010907010041000b01000a0e0204"
        "0042010b070041031300000b",
    ),
    (
        "return_call_indirect_null", "tail", "uninitialized-element",
        r"""(module (type $v (func (result i32))) (table $t 3 funcref) (elem (i32.const 0) $g) (func $g (result
        i64) (i64.const 1)) (func (export "f") (result i32) (return_call_indirect (type $v) (i32.const 1))))""",
        "0061736d010000000109026000017f6000017e0303020100040401700003070501016600010907010041000b01000a0e0204"
        "0042010b070041011300000b",
    ),
    (
        "return_call_indirect_type", "tail", "indirect-call-type-mismatch",
        r"""(module (type $v (func (result i32))) (table $t 3 funcref) (elem (i32.const 0) $g) (func $g (result
        i64) (i64.const 1)) (func (export "f") (result i32) (return_call_indirect (type $v) (i32.const 0))))""",
        "0061736d010000000109026000017f6000017e0303020100040401700003070501016600010907010041000b01000a0e0204"
        "0042010b070041001300000b",
    ),
    (
        "call_ref_null", "gc", "null-reference",
        r"""(module (type $v (func (result i32))) (func (export "f") (result i32) (call_ref $v (ref.null $v))))""",
        "0061736d010000000105016000017f03020100070501016600000a08010600d00014000b",
    ),
    (
        "return_call_ref_null", "gc", "null-reference",
        r"""(module (type $v (func (result i32))) (func (export "f") (result i32) (return_call_ref $v (ref.null
        $v))))""",
        "0061736d010000000105016000017f03020100070501016600000a08010600d00015000b",
    ),
    (
        "ref_as_non_null", "gc", "null-reference",
        r"""(module (type $v (func (result i32))) (func (export "f") (result i32) (drop (ref.as_non_null
        (ref.null $v))) (i32.const 0)))""",
        "0061736d010000000105016000017f03020100070501016600000a0a010800d000d41a41000b",
    ),
    (
        "struct_get_null", "gc", "null-reference",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (struct.get $s 0 (ref.null $s))))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a0a010800"
        "d000fb0200000b",
    ),
    (
        "struct_set_null", "gc", "null-reference",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (struct.set $s 0 (ref.null $s) (i32.const 1)) (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a0e010c00"
        "d0004101fb05000041000b",
    ),
    (
        "array_get_null", "gc", "null-reference",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.get $a (ref.null $a) (i32.const 0))))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a0b010900"
        "d0024100fb0b020b",
    ),
    (
        "array_set_null", "gc", "null-reference",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.set $a (ref.null $a) (i32.const 0) (i32.const 0)) (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a0f010d00"
        "d00241004100fb0e0241000b",
    ),
    (
        "array_len_null", "gc", "null-reference",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.len (ref.null array))))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a08010600"
        "d06afb0f0b",
    ),
    (
        "array_fill_null", "gc", "null-reference",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.fill $a (ref.null $a) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a11010f00"
        "d002410041004100fb100241000b",
    ),
    (
        "array_copy_null", "gc", "null-reference",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.copy $a $a (ref.null $a) (i32.const 0) (ref.null $a) (i32.const 0) (i32.const
        0)) (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a14011200"
        "d0024100d00241004100fb11020241000b",
    ),
    (
        "array_init_data_null", "gc", "null-reference",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(data "abc") (func
        (export "f") (result i32) (array.init_data $b 0 (ref.null $b) (i32.const 0) (i32.const 0) (i32.const
        0)) (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000c01010a12"
        "011000d003410041004100fb12030041000b0b06010103616263",
    ),
    (
        "array_init_elem_null", "gc", "null-reference",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(elem $e func $g
        $g) (func $g) (func (export "f") (result i32) (array.init_elem $fa $e (ref.null $fa) (i32.const 0)
        (i32.const 0) (i32.const 0)) (i32.const 0)))""",
        "0061736d01000000011b075f017f015f027e017f005e7f015e78015e70016000006000017f03030205060705010166000109"
        "060101000200000a150202000b1000d004410041004100fb13040041000b",
    ),
    (
        "i31_get_null", "gc", "null-reference",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (i31.get_s (ref.null i31))))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a08010600"
        "d06cfb1d0b",
    ),
    (
        "ref_cast_other_type", "gc", "cast-failure",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (drop (ref.cast (ref $s2) (struct.new $s (i32.const 1)))) (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a0f010d00"
        "4101fb0000fb16011a41000b",
    ),
    (
        "ref_cast_any_other_type", "gc", "cast-failure",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(func $h (result
        anyref) (struct.new $s (i32.const 1))) (func (export "f") (result i32) (drop (ref.cast (ref $s2)
        (call $h))) (i32.const 0)))""",
        "0061736d01000000011c075f017f015f027e017f005e7f015e78015e70016000016e6000017f030302050607050101660001"
        "0a140207004101fb00000b0a001000fb16011a41000b",
    ),
    (
        "ref_cast_i31", "gc", "cast-failure",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(func $h (result
        anyref) (struct.new $s (i32.const 1))) (func (export "f") (result i32) (drop (ref.cast (ref i31)
        (call $h))) (i32.const 0)))""",
        "0061736d01000000011c075f017f015f027e017f005e7f015e78015e70016000016e6000017f030302050607050101660001"
        "0a140207004101fb00000b0a001000fb166c1a41000b",
    ),
    (
        "ref_cast_null", "gc", "cast-failure",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(func $h (result
        anyref) (ref.null any)) (func (export "f") (result i32) (drop (ref.cast (ref $s2) (call $h)))
        (i32.const 0)))""",
        "0061736d01000000011c075f017f015f027e017f005e7f015e78015e70016000016e6000017f030302050607050101660001"
        "0a11020400d06e0b0a001000fb16011a41000b",
    ),
    (
        "array_get_out_of_bounds", "gc", "array-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.get $a (array.new_default $a (i32.const 3)) (i32.const 3))))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a0e010c00"
        "4103fb07024103fb0b020b",
    ),
    (
        "array_get_u_out_of_bounds", "gc", "array-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.get_u $b (array.new_default $b (i32.const 3)) (i32.const -1))))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a0e010c00"
        "4103fb0703417ffb0d030b",
    ),
    (
        "array_set_out_of_bounds", "gc", "array-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.set $a (array.new_default $a (i32.const 3)) (i32.const 3) (i32.const 0))
        (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a12011000"
        "4103fb070241034100fb0e0241000b",
    ),
    (
        "array_fill_out_of_bounds", "gc", "array-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.fill $a (array.new_default $a (i32.const 3)) (i32.const 2) (i32.const 0)
        (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a14011200"
        "4103fb0702410241004102fb100241000b",
    ),
    (
        "array_copy_out_of_bounds", "gc", "array-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.copy $a $a (array.new_default $a (i32.const 3)) (i32.const 2) (array.new_default
        $a (i32.const 3)) (i32.const 0) (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a1a011800"
        "4103fb070241024103fb070241004102fb11020241000b",
    ),
    (
        "array_copy_out_of_bounds_source", "gc", "array-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.copy $a $a (array.new_default $a (i32.const 3)) (i32.const 0) (array.new_default
        $a (i32.const 3)) (i32.const 2) (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a1a011800"
        "4103fb070241004103fb070241024102fb11020241000b",
    ),
    (
        "array_init_data_out_of_bounds_array", "gc", "array-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(data "abc") (func
        (export "f") (result i32) (array.init_data $b 0 (array.new_default $b (i32.const 3)) (i32.const 2)
        (i32.const 0) (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000c01010a15"
        "0113004103fb0703410241004102fb12030041000b0b06010103616263",
    ),
    (
        "array_init_data_out_of_bounds_segment", "gc", "segment-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(data "abc") (func
        (export "f") (result i32) (array.init_data $b 0 (array.new_default $b (i32.const 3)) (i32.const 0)
        (i32.const 2) (i32.const 2)) (i32.const 0)))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000c01010a15"
        "0113004103fb0703410041024102fb12030041000b0b06010103616263",
    ),
    (
        "array_init_elem_out_of_bounds_array", "gc", "array-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(elem $e func $g
        $g) (func $g) (func (export "f") (result i32) (array.init_elem $fa $e (array.new_default $fa
        (i32.const 3)) (i32.const 2) (i32.const 0) (i32.const 2)) (i32.const 0)))""",
        "0061736d01000000011b075f017f015f027e017f005e7f015e78015e70016000006000017f03030205060705010166000109"
        "060101000200000a180202000b13004103fb0704410241004102fb13040041000b",
    ),
    (
        "array_init_elem_out_of_bounds_segment", "gc", "segment-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(elem $e func $g
        $g) (func $g) (func (export "f") (result i32) (array.init_elem $fa $e (array.new_default $fa
        (i32.const 3)) (i32.const 0) (i32.const 1) (i32.const 2)) (i32.const 0)))""",
        "0061736d01000000011b075f017f015f027e017f005e7f015e78015e70016000006000017f03030205060705010166000109"
        "060101000200000a180202000b13004103fb0704410041014102fb13040041000b",
    ),
    (
        "array_new_data_out_of_bounds_segment", "gc", "segment-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(data "abc") (func
        (export "f") (result i32) (array.len (array.new_data $b 0 (i32.const 2) (i32.const 2)))))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000c01010a0e"
        "010c0041024102fb090300fb0f0b0b06010103616263",
    ),
    (
        "array_new_data_huge", "gc", "segment-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(data "abc") (func
        (export "f") (result i32) (array.len (array.new_data $b 0 (i32.const 2) (i32.const -1)))))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000c01010a0e"
        "010c004102417ffb090300fb0f0b0b06010103616263",
    ),
    (
        "array_new_elem_out_of_bounds_segment", "gc", "segment-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(elem $e func $g
        $g) (func $g) (func (export "f") (result i32) (array.len (array.new_elem $fa $e (i32.const 1)
        (i32.const 2)))))""",
        "0061736d01000000011b075f017f015f027e017f005e7f015e78015e70016000006000017f03030205060705010166000109"
        "060101000200000a110202000b0c0041014102fb0a0400fb0f0b",
    ),
    (
        "array_new_elem_huge", "gc", "segment-out-of-bounds",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref)))(elem $e func $g
        $g) (func $g) (func (export "f") (result i32) (array.len (array.new_elem $fa $e (i32.const 1)
        (i32.const -1)))))""",
        "0061736d01000000011b075f017f015f027e017f005e7f015e78015e70016000006000017f03030205060705010166000109"
        "060101000200000a110202000b0c004101417ffb0a0400fb0f0b",
    ),
    (
        "array_new_huge", "gc", "allocation-too-large",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.len (array.new $a (i32.const 1) (i32.const -1)))))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a0d010b00"
        "4101417ffb0602fb0f0b",
    ),
    (
        "array_new_default_huge", "gc", "allocation-too-large",
        r"""(module (type $s (struct (field (mut i32)))) (type $s2 (struct (field (mut i64)) (field i32))) (type
        $a (array (mut i32))) (type $b (array (mut i8))) (type $fa (array (mut funcref))) (func (export "f")
        (result i32) (array.len (array.new_default $a (i32.const 0x7fffffff)))))""",
        "0061736d010000000118065f017f015f027e017f005e7f015e78015e70016000017f03020105070501016600000a0f010d00"
        "41ffffffff07fb0702fb0f0b",
    ),
    (
        "atomic_load_unaligned", "threads", "unaligned-atomic",
        r"""(module (memory 1 1 shared) (func (export "f") (result i32) (i32.atomic.load (i32.const 2))))""",
        "0061736d010000000105016000017f03020100050401030101070501016600000a0a0108004102fe1002000b",
    ),
    (
        "atomic_rmw_unaligned", "threads", "unaligned-atomic",
        r"""(module (memory 1 1 shared) (func (export "f") (result i32) (i32.wrap_i64 (i64.atomic.rmw.add
        (i32.const 4) (i64.const 1)))))""",
        "0061736d010000000105016000017f03020100050401030101070501016600000a0d010b0041044201fe1f0300a70b",
    ),
    (
        "atomic_wait_unaligned", "threads", "unaligned-atomic",
        r"""(module (memory 1 1 shared) (func (export "f") (result i32) (memory.atomic.wait32 (i32.const 2)
        (i32.const 1) (i64.const 1))))""",
        "0061736d010000000105016000017f03020100050401030101070501016600000a0e010c00410241014201fe0102000b",
    ),
    (
        "atomic_notify_unaligned", "threads", "unaligned-atomic",
        r"""(module (memory 1 1 shared) (func (export "f") (result i32) (memory.atomic.notify (i32.const 2)
        (i32.const 1))))""",
        "0061736d010000000105016000017f03020100050401030101070501016600000a0c010a0041024101fe0002000b",
    ),
    (
        "atomic_load_out_of_bounds", "threads", "memory-out-of-bounds",
        r"""(module (memory 1 1 shared) (func (export "f") (result i32) (i32.atomic.load (i32.const 65536))))""",
        "0061736d010000000105016000017f03020100050401030101070501016600000a0c010a0041808004fe1002000b",
    ),
    (
        "atomic_wait_not_shared", "threads", "expected-shared-memory",
        r"""(module (memory 1 1) (func (export "f") (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const
        1) (i64.const 1))))""",
        "0061736d010000000105016000017f03020100050401010101070501016600000a0e010c00410041014201fe0102000b",
    ),
    (
        "atomic_wait64_not_shared", "threads", "expected-shared-memory",
        r"""(module (memory 1 1) (func (export "f") (result i32) (memory.atomic.wait64 (i32.const 0) (i64.const
        1) (i64.const 1))))""",
        "0061736d010000000105016000017f03020100050401010101070501016600000a0e010c00410042014201fe0203000b",
    ),
    (
        "stack", "mvp", "exhausted",
        r"""(module (func $r (export "f") (result i32) (i32.add (call $r) (call $r))))""",
        "0061736d010000000105016000017f03020100070501016600000a09010700100010006a0b",
    ),
    (
        "throw", "exceptions", "threw",
        r"""(module (tag $e) (func (export "f") (result i32) (throw $e) ))""",
        "0061736d010000000108026000006000017f030201010d03010000070501016600000a0601040008000b",
    ),
    (
        "throw_value", "exceptions", "threw",
        r"""(module (tag $e (param i32)) (func (export "f") (result i32) (throw $e (i32.const 1)) ))""",
        "0061736d0100000001090260017f006000017f030201010d03010000070501016600000a08010600410108000b",
    ),
    (
        "throw_exported", "exceptions", "threw",
        r"""(module (tag $e (export "e") (param i32)) (func (export "f") (result i32) (throw $e (i32.const 1))
        ))""",
        "0061736d0100000001090260017f006000017f030201010d0301000007090201650400016600000a08010600410108000b",
    ),
    (
        "throw_ref_null", "exnref", "null-reference",
        r"""(module (func (export "f") (result i32) (throw_ref (ref.null exn))))""",
        "0061736d010000000105016000017f03020100070501016600000a07010500d0690a0b",
    ),
    (
        "v128_load_out_of_bounds", "simd", "memory-out-of-bounds",
        r"""(module (memory 1 2) (func (export "f") (result i32) (i32x4.extract_lane 0 (v128.load (i32.const
        65521)))))""",
        "0061736d010000000105016000017f03020100050401010102070501016600000a0f010d0041f1ff03fd000400fd1b000b",
    ),
    (
        "memory64_load_out_of_bounds", "memory64", "memory-out-of-bounds",
        r"""(module (memory i64 1 2) (func (export "f") (result i32) (i32.load (i64.const -1))))""",
        "0061736d010000000105016000017f03020100050401050102070501016600000a09010700427f2802000b",
    ),
    (
        "memory64_fill_out_of_bounds", "memory64", "memory-out-of-bounds",
        r"""(module (memory i64 1 2) (func (export "f") (result i32) (memory.fill (i64.const -1) (i32.const 0)
        (i64.const 2)) (i32.const 0)))""",
        "0061736d010000000105016000017f03020100050401050102070501016600000a0f010d00427f41004202fc0b0041000b",
    ),
    (
        "table64_get_out_of_bounds", "table64", "table-out-of-bounds",
        r"""(module (table i64 1 funcref) (func (export "f") (result i32) (ref.is_null (table.get 0 (i64.const
        -1)))))""",
        "0061736d010000000105016000017f03020100040401700401070501016600000a09010700427f2500d10b",
    ),
    (
        "multimemory_load_out_of_bounds", "multi-memory", "memory-out-of-bounds",
        r"""(module (memory 2) (memory 1) (func (export "f") (result i32) (i32.load 1 (i32.const 65536))))""",
        "0061736d010000000105016000017f0302010005050200020001070501016600000a0c010a0041808004284201000b",
    ),
    (
        "start_unreachable", "mvp", "unreachable",
        r"""(module (func $s unreachable) (start $s))""",
        "0061736d01000000010401600000030201000801000a05010300000b",
    ),
    (
        "start_stack", "mvp", "exhausted",
        r"""(module (func $s (call $s) (call $s)) (start $s))""",
        "0061736d01000000010401600000030201000801000a08010600100010000b",
    ),
    (
        "data_segment_out_of_bounds", "mvp", "memory-out-of-bounds",
        r"""(module (memory 1 1) (data (i32.const 65535) "ab"))""",
        "0061736d010000000504010101010b0a010041ffff030b026162",
    ),
    (
        "data_segment_far", "mvp", "memory-out-of-bounds",
        r"""(module (memory 1 1) (data (i32.const -1) "ab"))""",
        "0061736d010000000504010101010b080100417f0b026162",
    ),
    (
        "data_segment_no_memory", "mvp", "memory-out-of-bounds",
        r"""(module (memory 0 1) (data (i32.const 0) "ab"))""",
        "0061736d010000000504010100010b08010041000b026162",
    ),
    (
        "elem_segment_out_of_bounds", "mvp", "table-out-of-bounds",
        r"""(module (table 1 1 funcref) (func $g) (elem (i32.const 1) $g))""",
        "0061736d0100000001040160000003020100040501700101010907010041010b01000a040102000b",
    ),
    (
        "elem_segment_far", "mvp", "table-out-of-bounds",
        r"""(module (table 1 1 funcref) (func $g) (elem (i32.const -1) $g))""",
        "0061736d01000000010401600000030201000405017001010109070100417f0b01000a040102000b",
    ),
    (
        "data_segment64", "memory64", "memory-out-of-bounds",
        r"""(module (memory i64 1 1) (data (i64.const -1) "ab"))""",
        "0061736d010000000504010501010b080100427f0b026162",
    ),
    (
        "start_throw", "exceptions", "threw",
        r"""(module (tag $e) (func $s (throw $e)) (start $s))""",
        "0061736d01000000010401600000030201000d030100000801000a0601040008000b",
    ),
    (
        "global_init_array_huge", "gc", "allocation-too-large",
        r"""(module (type $a (array (mut i32))) (global (ref $a) (array.new $a (i32.const 1) (i32.const -1))))""",
        "0061736d010000000104015e7f01060c016400004101417ffb06000b",
    ),
    (
        "call_indirect_typed_table_null", "gc", "uninitialized-element",
        r"""(module (type $v (func (result i32))) (table $t 3 (ref null $v)) (func (export "f") (result i32)
        (call_indirect $t (type $v) (i32.const 1))))""",
        "0061736d010000000105016000017f0302010004050163000003070501016600000a0901070041011100000b",
    ),
]

# What cannot be linked with the exports of the module "exporter", as (name, feature, text, digits). Imports are called
# "m" and the name of an export; one that is not there has the name of none.
UNLINKABLE = [
    (
        "import_func", "mvp",
        r"""(module (import "m" "f" (func)))""",
        "0061736d01000000010401600000020701016d01660000",
    ),
    (
        "import_func_i32", "mvp",
        r"""(module (import "m" "f" (func (param i32))))""",
        "0061736d0100000001050160017f00020701016d01660000",
    ),
    (
        "import_mem2", "mvp",
        r"""(module (import "m" "mem" (memory 2)))""",
        "0061736d01000000020a01016d036d656d020002",
    ),
    (
        "import_mem_max", "mvp",
        r"""(module (import "m" "mem" (memory 1 1)))""",
        "0061736d01000000020b01016d036d656d02010101",
    ),
    (
        "import_mem64", "memory64",
        r"""(module (import "m" "mem" (memory i64 1)))""",
        "0061736d01000000020a01016d036d656d020401",
    ),
    (
        "import_memshared", "threads",
        r"""(module (import "m" "mem" (memory 1 5 shared)))""",
        "0061736d01000000020b01016d036d656d02030105",
    ),
    (
        "import_tab9", "mvp",
        r"""(module (import "m" "t" (table 9 funcref)))""",
        "0061736d01000000020901016d017401700009",
    ),
    (
        "import_tab_max", "mvp",
        r"""(module (import "m" "t" (table 1 1 funcref)))""",
        "0061736d01000000020a01016d01740170010101",
    ),
    (
        "import_tab_extern", "references",
        r"""(module (import "m" "t" (table 1 externref)))""",
        "0061736d01000000020901016d0174016f0001",
    ),
    (
        "import_gi64", "mvp",
        r"""(module (import "m" "g" (global i64)))""",
        "0061736d01000000020801016d0167037e00",
    ),
    (
        "import_gmut", "mvp",
        r"""(module (import "m" "g" (global (mut i32))))""",
        "0061736d01000000020801016d0167037f01",
    ),
    (
        "import_gm_const", "mvp",
        r"""(module (import "m" "gm" (global i32)))""",
        "0061736d01000000020901016d02676d037f00",
    ),
    (
        "import_gmut64", "mvp",
        r"""(module (import "m" "gm" (global (mut i64))))""",
        "0061736d01000000020901016d02676d037e01",
    ),
    (
        "import_gfunc", "references",
        r"""(module (import "m" "g" (global funcref)))""",
        "0061736d01000000020801016d0167037000",
    ),
    (
        "import_gstruct", "gc",
        r"""(module (type $s (struct)) (import "m" "g" (global (ref $s))))""",
        "0061736d010000000103015f00020901016d016703640000",
    ),
    (
        "import_tag", "exceptions",
        r"""(module (import "m" "e" (tag)))""",
        "0061736d01000000010401600000020801016d0165040000",
    ),
]

# What is beyond the limits of every engine, as (name, feature, text, digits).
REFUSED = [
    (
        "table_huge", "mvp",
        r"""(module (table 4294967295 funcref))""",
        "0061736d010000000408017000ffffffff0f",
    ),
    (
        "memory_64_huge", "memory64",
        r"""(module (memory i64 0x10000000000))""",
        "0061736d0100000005080104808080808020",
    ),
]

# The others, as name: (feature, text, digits).
MODULES = {
    "exporter": (
        "mvp",
        r"""(module (func (export "f") (param i64)) (memory (export "mem") 1 10) (table (export "t") 3 5
        funcref) (global (export "g") i32 (i32.const 1)) (global (export "gm") (mut i32) (i32.const 1)))""",
        "0061736d0100000001050160017e00030201000405017001030505040101010a060b027f0041010b7f0141010b0718050166"
        "0000036d656d0200017401000167030002676d03010a040102000b",
    ),
    "empty": (
        "mvp",
        r"""(module)""",
        "0061736d01000000",
    ),
    "frame": (
        "mvp",
        r"""(module (memory (export "mem") 4 16))""",
        "0061736d01000000050401010410070701036d656d0200",
    ),
    "negate": (
        "mvp",
        r"""(module (import "frame" "mem" (memory 1)) (func (export "f") (result i32) (i32.store (i32.const
        131072) (i32.sub (i32.const 0) (i32.load (i32.const 0)))) (i32.const 4)) (func (export "nothing")
        (result i32) (i32.const 0)) (func (export "negative") (result i32) (i32.const -1)) (func (export
        "endless") (result i32) (i32.const 0x7fffffff)) (func (export "void")) (func (export "megabyte")
        (result i32) (i32.store (i32.const 131072) (i32.const 0x04030201)) (i32.const 131072)) (global
        (export "g") i32 (i32.const 1)))""",
        "0061736d010000000108026000017f600000020e01056672616d65036d656d0200010307060000000001000606017f004101"
        "0b073a0701660000076e6f7468696e670001086e65676174697665000207656e646c657373000304766f69640004086d6567"
        "61627974650005016703000a3e06130041808008410041002802006b36020041040b040041000b0400417f0b080041ffffff"
        "ff070b02000b1200418080084181848c20360200418080080b",
    ),
    "grow": (
        "mvp",
        r"""(module (import "frame" "mem" (memory 1)) (func (export "f") (result i32) (local $end i32)
        (local.set $end (i32.mul (memory.grow (i32.const 1)) (i32.const 65536))) (i32.store (local.get $end)
        (i32.const 0x01020304)) (i32.sub (i32.add (local.get $end) (i32.const 4)) (i32.const 131072))))""",
        "0061736d010000000105016000017f020e01056672616d65036d656d02000103020100070501016600000a25012301017f41"
        "014000418080046c210020004184868808360200200041046a418080086b0b",
    ),
    "showing_frame": (
        "mvp",
        r"""(module (memory (export "mem") 4 16) (func (export "put") (param i32 i32) (i32.store (i32.add
        (i32.const 131072) (local.get 0)) (local.get 1))) (func (export "give") (result i32) (i32.store
        (i32.const 131072) (i32.const 0x0a0b0c0d)) (i32.const 4)))""",
        "0061736d01000000010a0260027f7f006000017f0303020001050401010410071403036d656d020003707574000004676976"
        "6500010a22020e004180800820006a20013602000b110041808008418d98acd00036020041040b",
    ),
    "eye": (
        "mvp",
        r"""(module (import "frame" "put" (func $put (param i32 i32))) (memory (export "mem") 1) (func (export
        "fit") (param i32) (result i32) (i32.le_u (local.get 0) (i32.const 65536))) (func (export "look")
        (param i32) (result i32) (call $put (i32.const 0) (i32.add (i32.mul (local.get 0) (i32.const 1000))
        (i32.add (i32.load8_u (i32.const 0)) (i32.load8_u (i32.const 65535))))) (call $put (i32.const 4)
        (i32.const 0)) (i32.const 8)))""",
        "0061736d01000000010b0260027f7f0060017f017f020d01056672616d650370757400000303020101050301000107140303"
        "6d656d0200036669740001046c6f6f6b00020a2e0209002000418080044d0b22004100200041e8076c41002d000041ffff03"
        "2d00006a6a100041044100100041080b",
    ),
    "state": (
        "mvp",
        r"""(module (func $a (result i32) (i32.const 1)) (func $b (result i32) (i32.const 2)) (table (export
        "t") 4 funcref) (elem (i32.const 1) $a $a $b) (memory (export "m") 1 3) (data (i32.const 0) "\05")
        (data (i32.const 65535) "\02") (global (export "i") i32 (i32.const -5)) (global (export "l") i64
        (i64.const 0x0123456789abcdef)) (global (export "d") f64 (f64.const 1.5)) (global (export "n") f64
        (f64.const nan:0x4000000000001)) (global (export "s") f32 (f32.const -0.0)))""",
        "0061736d010000000105016000017f03030200000404017000040504010101030633057f00417b0b7e0042ef9bafcdf8acd1"
        "91010b7c0044000000000000f83f0b7c0044010000000000f47f0b7d0043000000800b071d0701740100016d020001690300"
        "016c030101640302016e0303017303040909010041010b030000010a0b02040041010b040041020b0b0f020041000b010500"
        "41ffff030b0102",
    ),
    "reads_i64": (
        "mvp",
        r"""(module (import "frame" "mem" (memory 1)) (import "g" "g" (global $g i64)) (func (export "read")
        (result i32) (i64.store (i32.const 131072) (global.get $g)) (i64.store (i32.const 131080) (i64.const
        0)) (i32.const 16)))""",
        "0061736d010000000105016000017f021502056672616d65036d656d02000101670167037e00030201000708010472656164"
        "00000a1801160041808008230037030041888008420037030041100b",
    ),
    "reads_f64": (
        "mvp",
        r"""(module (import "frame" "mem" (memory 1)) (import "g" "g" (global $g f64)) (func (export "read")
        (result i32) (f64.store (i32.const 131072) (global.get $g)) (i64.store (i32.const 131080) (i64.const
        0)) (i32.const 16)))""",
        "0061736d010000000105016000017f021502056672616d65036d656d02000101670167037c00030201000708010472656164"
        "00000a1801160041808008230039030041888008420037030041100b",
    ),
    "referring": (
        "references",
        r"""(module (func $a) (elem declare func $a) (table (export "t") 3 externref) (global (export "r")
        externref (ref.null extern)) (global (export "f") funcref (ref.func $a)) (global (export "z")
        funcref (ref.null func)))""",
        "0061736d01000000010401600000030201000404016f00030610036f00d06f0b7000d2000b7000d0700b0711040174010001"
        "72030001660301017a0302090501030001000a040102000b",
    ),
    "seated": (
        "mvp",
        r"""(module (import "frame" "mem" (memory 1)) (type $u (func (param i32) (result i32))) (table (export
        "seat") 1 funcref) (func (export "f") (result i32) (i32.store (i32.const 131072) (call_indirect
        (type $u) (i32.load (i32.const 0)) (i32.const 0))) (i32.const 4)))""",
        "0061736d01000000010a0260017f017f6000017f020e01056672616d65036d656d02000103020101040401700001070c0204"
        "736561740100016600000a17011500418080084100280200410011000036020041040b",
    ),
    "sitters": (
        "mvp",
        r"""(module (func (export "more") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))) (func
        (export "less") (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1))) (global (export "g")
        i32 (i32.const 1)))""",
        "0061736d0100000001060160017f017f03030200000606017f0041010b071303046d6f72650000046c657373000101670300"
        "0a11020700200041016a0b0700200041016b0b",
    ),
    "loop": (
        "mvp",
        r"""(module (func (export "f") (result i32) (loop $l (br $l)) (i32.const 0)))""",
        "0061736d010000000105016000017f03020100070501016600000a0b01090003400c000b41000b",
    ),
    "two": (
        "mvp",
        r"""(module (func (export "one") (result i32) (i32.const 1)) (func (export "two") (result i32)
        (i32.const 2)) (func (export "three") (result i32) (i32.const 3)) (memory (export "m1") 1) (global
        (export "g5") i32 (i32.const 5)))""",
        "0061736d010000000105016000017f03040300000005030100010606017f0041050b071f05036f6e6500000374776f000105"
        "74687265650002026d31020002673503000a1003040041010b040041020b040041030b",
    ),
    "same_names": (
        "mvp",
        r"""(module (import "m" "x" (func $a (result i32))) (import "m" "x" (func $b (result i32))) (import "m"
        "y" (func $d (result i32))) (import "m" "x" (global $g i32)) (import "m" "x" (func $c (result i32)))
        (import "m" "y" (memory 1)) (func (export "f") (result i32) (i32.store8 (i32.const 131072) (call
        $a)) (i32.store8 (i32.const 131073) (call $b)) (i32.store8 (i32.const 131074) (call $d)) (i32.store8
        (i32.const 131075) (global.get $g)) (i32.store8 (i32.const 131076) (call $c)) (i32.const 5)))""",
        "0061736d010000000105016000017f022706016d01780000016d01780000016d01790000016d0178037f00016d0178000001"
        "6d017902000103020100070501016600040a330131004180800810003a00004181800810013a00004182800810023a000041"
        "83800823003a00004184800810033a000041050b",
    ),
    "strange_names": (
        "mvp",
        r"""(module (import "__proto__" "__proto__" (func $a (result i32))) (import "__proto__" "constructor"
        (func $b (result i32))) (import "" "" (func $c (result i32))) (import "\c3\a9" "\f0\9f\98\80" (func
        $d (result i32))) (import "frame" "mem" (memory 1)) (func (export "\f0\9f\98\80") (result i32)
        (i32.store8 (i32.const 131072) (call $a)) (i32.store8 (i32.const 131073) (call $b)) (i32.store8
        (i32.const 131074) (call $c)) (i32.store8 (i32.const 131075) (call $d)) (i32.const 4)))""",
        "0061736d010000000105016000017f024a05095f5f70726f746f5f5f095f5f70726f746f5f5f0000095f5f70726f746f5f5f"
        "0b636f6e7374727563746f7200000000000002c3a904f09f98800000056672616d65036d656d0200010302010007080104f0"
        "9f988000040a2a0128004180800810003a00004181800810013a00004182800810023a00004183800810033a000041040b",
    ),
    "writes_and_traps": (
        "mvp",
        r"""(module (import "frame" "mem" (memory 1)) (func $s (i32.store (i32.const 131072) (i32.const
        0x11223344)) unreachable) (start $s) (func (export "f") (result i32) (i32.const 4)))""",
        "0061736d010000000108026000006000017f020e01056672616d65036d656d0200010303020001070501016600010801000a"
        "170210004180800841c4e6888901360200000b040041040b",
    ),
    "reads": (
        "mvp",
        r"""(module (func (export "f") (result i32) (i32.const 4)))""",
        "0061736d010000000105016000017f03020100070501016600000a0601040041040b",
    ),
    "missing_import": (
        "mvp",
        r"""(module (import "nowhere" "nothing" (func)))""",
        "0061736d01000000010401600000021301076e6f7768657265076e6f7468696e670000",
    ),
    "func_id": (
        "references",
        r"""(module (import "w" "func_id" (func $id (param funcref) (result i32))) (import "frame" "mem" (memory
        1)) (import "a" "f" (func $import (result i32))) (func $g) (elem declare func $g $import) (func
        (export "f") (result i32) (i32.store8 (i32.const 131072) (i32.eq (call $id (ref.func $g)) (call $id
        (ref.func $g)))) (i32.store8 (i32.const 131073) (i32.eq (call $id (ref.func $g)) (call $id (ref.func
        $import)))) (i32.store8 (i32.const 131074) (i32.eq (call $id (ref.func $import)) (call $id (ref.func
        $import)))) (i32.const 3)))""",
        "0061736d01000000010d03600170017f6000017f60000002200301770766756e635f69640000056672616d65036d656d0200"
        "0101610166000103030202010705010166000309060103000202010a390202000b340041808008d2021000d2021000463a00"
        "0041818008d2021000d2011000463a000041828008d2011000d2011000463a000041030b",
    ),
    "func_id_of_table": (
        "references",
        r"""(module (import "w" "func_id" (func $id (param funcref) (result i32))) (import "frame" "mem" (memory
        1)) (import "a" "t" (table $t 2 funcref)) (import "a" "f" (func $import (result i32))) (elem declare
        func $import) (func (export "f") (result i32) (i32.store8 (i32.const 131072) (i32.eq (call $id
        (table.get $t (i32.const 0))) (call $id (ref.func $import)))) (i32.store8 (i32.const 131073) (i32.eq
        (call $id (table.get $t (i32.const 1))) (call $id (ref.func $import)))) (i32.const 2)))""",
        "0061736d01000000010a02600170017f6000017f02280401770766756e635f69640000056672616d65036d656d0200010161"
        "0174017000020161016600010302010107050101660002090501030001010a2a01280041808008410025001000d201100046"
        "3a000041818008410125001000d2011000463a000041020b",
    ),
    "table_of_functions": (
        "references",
        r"""(module (func $f (export "f") (result i32) (i32.const 1)) (func $g (result i32) (i32.const 1))
        (table (export "t") funcref (elem $f $g)))""",
        "0061736d010000000105016000017f0303020000040501700102020709020166000001740100090a01020041000b00020001"
        "0a0b02040041010b040041010b",
    ),
    "extern_id": (
        "references",
        r"""(module (import "w" "extern_id" (func $id (param externref) (result i32))) (import "w" "host_value"
        (func $value (param i32) (result externref))) (import "frame" "mem" (memory 1)) (func (export "f")
        (result i32) (i32.store (i32.const 131072) (call $id (call $value (i32.load (i32.const 0)))))
        (i32.store8 (i32.const 131076) (ref.is_null (call $value (i32.const 1)))) (i32.const 5)))""",
        "0061736d01000000010f0360016f017f60017f016f6000017f022b0301770965787465726e5f6964000001770a686f73745f"
        "76616c75650001056672616d65036d656d02000103020102070501016600020a220120004180800841002802001001100036"
        "02004184800841011001d13a000041050b",
    ),
    "any_id": (
        "gc",
        r"""(module (type $s (struct)) (import "w" "any_id" (func $id (param anyref) (result i32))) (import "w"
        "extern_id" (func $extern (param externref) (result i32))) (import "frame" "mem" (memory 1)) (global
        $x (ref $s) (struct.new $s)) (func (export "f") (result i32) (i32.store8 (i32.const 131072) (i32.eq
        (call $id (global.get $x)) (call $id (global.get $x)))) (i32.store8 (i32.const 131073) (i32.eq (call
        $id (struct.new $s)) (call $id (global.get $x)))) (i32.store8 (i32.const 131074) (call $extern
        (extern.convert_any (global.get $x)))) (i32.store8 (i32.const 131075) (call $extern
        (extern.convert_any (ref.i31 (i32.const 7))))) (i32.const 4)))""",
        "0061736d010000000111045f0060016e017f60016f017f6000017f022703017706616e795f6964000101770965787465726e"
        "5f69640002056672616d65036d656d02000103020103060801640000fb00000b070501016600020a43014100418080082300"
        "100023001000463a000041818008fb0000100023001000463a0000418280082300fb1b10013a0000418380084107fb1cfb1b"
        "10013a000041040b",
    ),
}


def check():
    """The names of the modules whose digits are not what their texts are assembled to."""
    from wasmtime import wat2wasm

    rows = [(row[0], row[-2], row[-1]) for row in ENDS + UNLINKABLE + REFUSED]
    rows += [(name, text, digits) for name, (_, text, digits) in MODULES.items()]
    return [name for name, text, digits in rows if without_custom_sections(bytes(wat2wasm(text))).hex() != digits]


def without_custom_sections(module):
    kept, at = module[:8], 8
    while at < len(module):
        start, kind, size, shift = at, module[at], 0, 0
        while True:
            at += 1
            size |= (module[at] & 127) << shift
            shift += 7
            if module[at] < 128:
                break
        at += 1 + size
        if kind != 0:
            kept += module[start:at]
    return kept


if __name__ == "__main__":
    for wrong in check():
        print(wrong)
