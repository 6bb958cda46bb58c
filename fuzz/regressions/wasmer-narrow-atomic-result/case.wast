;; What was in memory before an atomic operation of 8 or 16 bits, extended by zeros.

(module
  (memory 1)
  (func (export "add16") (param i32) (result i32)
    (i32.atomic.rmw16.add_u offset=7168 (i32.const 0) (local.get 0)))
  (func (export "xchg8") (param i32) (result i32)
    (i32.atomic.rmw8.xchg_u offset=64 (i32.const 0) (local.get 0)))
  (func (export "sub16-constant") (result i64)
    (i64.atomic.rmw16.sub_u offset=128 (i32.const 0) (i64.const -1)))
  (func (export "add16-constant") (result i32)
    (i32.atomic.rmw16.add_u offset=256 (i32.const 0) (i32.const -1))))
(assert_return (invoke "add16" (i32.const -1)) (i32.const 0))
(assert_return (invoke "add16" (i32.const 0)) (i32.const 0xffff))
(assert_return (invoke "xchg8" (i32.const -1)) (i32.const 0))
(assert_return (invoke "xchg8" (i32.const 0)) (i32.const 0xff))
(assert_return (invoke "sub16-constant") (i64.const 0))
(assert_return (invoke "add16-constant") (i32.const 0))
