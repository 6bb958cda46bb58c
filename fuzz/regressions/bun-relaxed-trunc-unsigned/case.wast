;; Numbers from 2^31 on are in the range of the unsigned conversion, for which the standard leaves no choice.

(module
  (func (export "constant") (result v128)
    (i32x4.relaxed_trunc_f32x4_u (v128.const f32x4 0 2147487744 4294967040 3000000000)))
  (func (export "parameter") (param v128) (result v128)
    (i32x4.relaxed_trunc_f32x4_u (local.get 0)))
  (func (export "saturating") (param v128) (result v128)
    (i32x4.trunc_sat_f32x4_u (local.get 0))))

(assert_return (invoke "constant") (v128.const i32x4 0 2147487744 4294967040 3000000000))
(assert_return (invoke "parameter" (v128.const f32x4 0 2147487744 4294967040 3000000000))
  (v128.const i32x4 0 2147487744 4294967040 3000000000))
(assert_return (invoke "saturating" (v128.const f32x4 0 2147487744 4294967040 3000000000))
  (v128.const i32x4 0 2147487744 4294967040 3000000000))
