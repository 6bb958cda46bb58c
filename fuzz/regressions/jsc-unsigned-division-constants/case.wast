;; Division of the two constants whose signed quotient overflows, by operators for which it does not. A local of vector
;; type keeps JavaScriptCore's interpreter from taking the functions.

(module
  (func (export "i32.rem_u") (result i32) (local v128) (i32.rem_u (i32.const 0x80000000) (i32.const -1)))
  (func (export "i32.rem_s") (result i32) (local v128) (i32.rem_s (i32.const 0x80000000) (i32.const -1)))
  (func (export "i32.div_u") (result i32) (local v128) (i32.div_u (i32.const 0x80000000) (i32.const -1)))
  (func (export "i64.rem_u") (result i64) (local v128) (i64.rem_u (i64.const 0x8000000000000000) (i64.const -1)))
  (func (export "i64.rem_s") (result i64) (local v128) (i64.rem_s (i64.const 0x8000000000000000) (i64.const -1)))
  (func (export "i64.div_u") (result i64) (local v128) (i64.div_u (i64.const 0x8000000000000000) (i64.const -1)))
  (func (export "i32.div_s") (result i32) (local v128) (i32.div_s (i32.const 0x80000000) (i32.const -1)))
  (func (export "operands") (param i32 i32) (result i32) (local v128) (i32.rem_u (local.get 0) (local.get 1))))

(assert_return (invoke "i32.rem_u") (i32.const 0x80000000))
(assert_return (invoke "i32.rem_s") (i32.const 0))
(assert_return (invoke "i32.div_u") (i32.const 0))
(assert_return (invoke "i64.rem_u") (i64.const 0x8000000000000000))
(assert_return (invoke "i64.rem_s") (i64.const 0))
(assert_return (invoke "i64.div_u") (i64.const 0))
(assert_trap (invoke "i32.div_s") "integer overflow")
(assert_return (invoke "operands" (i32.const 0x80000000) (i32.const -1)) (i32.const 0x80000000))
