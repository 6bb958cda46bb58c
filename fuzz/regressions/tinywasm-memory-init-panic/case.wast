;; memory.init whose source or destination and length add up past 2^32: a trap. Nothing is written.
(module
  (memory (export "memory") 1)
  (data $d "abcdefgh")
  (func (export "init") (param i32 i32 i32)
    (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))

(invoke "init" (i32.const 0) (i32.const 0) (i32.const 8))
(assert_return (invoke "load" (i32.const 7)) (i32.const 104))
(assert_trap (invoke "init" (i32.const 0) (i32.const -1) (i32.const 1)) "out of bounds memory access")
(assert_trap (invoke "init" (i32.const -8) (i32.const 0) (i32.const 8)) "out of bounds memory access")
(assert_return (invoke "load" (i32.const 0)) (i32.const 97))
(assert_trap (invoke "init" (i32.const 1) (i32.const 1) (i32.const -1)) "out of bounds memory access")
