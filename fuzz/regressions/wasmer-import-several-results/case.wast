;; An imported function has two results.

(module (func (export "two") (result i32 i64) (i32.const 1) (i64.const 2)))

(register "other")

(module
  (func $two (import "other" "two") (result i32 i64))
  (func (export "two") (result i32 i64) (call $two)))

(assert_return (invoke "two") (i32.const 1) (i64.const 2))
