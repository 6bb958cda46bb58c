;; Atomic operations whose operands come out of calls.

(module
  (memory (export "memory") 1)
  (func $i32 (param i32) (result i32) (local.get 0))
  (func $i64 (param i64) (result i64) (local.get 0))
  (func (export "operand") (param i32) (result i32)
    (drop (i32.atomic.rmw.or offset=4096 (i32.const 0) (call $i32 (local.get 0))))
    (i32.load offset=4096 (i32.const 0)))
  (func (export "wide") (param i64) (result i64)
    (drop (i64.atomic.rmw.xchg offset=8192 (i32.const 0) (call $i64 (local.get 0))))
    (i64.load offset=8192 (i32.const 0)))
  (func (export "address") (param i32) (result i32)
    (drop (i32.atomic.rmw.add (call $i32 (local.get 0)) (i32.const 9)))
    (i32.load (local.get 0))))
(assert_return (invoke "operand" (i32.const 0)) (i32.const 0))
(assert_return (invoke "operand" (i32.const 5)) (i32.const 5))
(assert_return (invoke "wide" (i64.const 7)) (i64.const 7))
(assert_return (invoke "address" (i32.const 64)) (i32.const 9))
