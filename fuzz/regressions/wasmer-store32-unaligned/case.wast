;; An atomic store of 32 bits to an address that is a multiple of two and not of four.

(module
  (memory 1)
  (func (export "store32") (param i32)
    (i64.atomic.store32 (local.get 0) (i64.const -1)))
  (func (export "store") (param i32)
    (i32.atomic.store (local.get 0) (i32.const -1)))
  (func (export "load32") (param i32) (result i64)
    (i64.atomic.load32_u (local.get 0))))

(assert_return (invoke "store32" (i32.const 4)))
(assert_trap (invoke "store" (i32.const 2)) "unaligned atomic")
(assert_trap (invoke "load32" (i32.const 2)) "unaligned atomic")
(assert_trap (invoke "store32" (i32.const 1)) "unaligned atomic")
(assert_trap (invoke "store32" (i32.const 2)) "unaligned atomic")
