;; Shifts of two constants by amounts that the type's width does not hold. A local of vector type keeps JavaScriptCore's
;; interpreter from taking the functions.

(module
  (func (export "by -1") (result i32) (local v128) (i32.shr_u (i32.const -1) (i32.const -1)))
  (func (export "by 32") (result i32) (local v128) (i32.shr_u (i32.const 3) (i32.const 32)))
  (func (export "by 33") (result i32) (local v128) (i32.shr_u (i32.const 0x80000000) (i32.const 33)))
  (func (export "by 31") (result i32) (local v128) (i32.shr_u (i32.const -1) (i32.const 31)))
  (func (export "shr_s") (result i32) (local v128) (i32.shr_s (i32.const 0x80000000) (i32.const 33)))
  (func (export "shl") (result i32) (local v128) (i32.shl (i32.const 3) (i32.const 33)))
  (func (export "i64") (result i64) (local v128) (i64.shr_u (i64.const -1) (i64.const 65)))
  (func (export "operands") (param i32 i32) (result i32) (local v128) (i32.shr_u (local.get 0) (local.get 1))))

(assert_return (invoke "by -1") (i32.const 1))
(assert_return (invoke "by 32") (i32.const 3))
(assert_return (invoke "by 33") (i32.const 0x40000000))
(assert_return (invoke "by 31") (i32.const 1))
(assert_return (invoke "shr_s") (i32.const 0xc0000000))
(assert_return (invoke "shl") (i32.const 6))
(assert_return (invoke "i64") (i64.const 0x7fffffffffffffff))
(assert_return (invoke "operands" (i32.const -1) (i32.const -1)) (i32.const 1))
