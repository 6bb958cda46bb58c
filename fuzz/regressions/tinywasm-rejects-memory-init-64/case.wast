;; memory.init of a 64-bit memory takes a 64-bit destination and a 32-bit source and length.
(module
  (memory i64 1)
  (data $d "abcdefgh")
  (func (export "init") (param i64 i32 i32) (result i32)
    (memory.init $d (local.get 0) (local.get 1) (local.get 2))
    (i32.load8_u (i64.const 8))))

(assert_return (invoke "init" (i64.const 8) (i32.const 2) (i32.const 3)) (i32.const 99))
(assert_trap (invoke "init" (i64.const 0x1_0000_0000) (i32.const 0) (i32.const 1)) "out of bounds memory access")
