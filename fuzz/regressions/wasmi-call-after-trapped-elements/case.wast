;; The first segment of the third module is written before the second one traps. The function that it wrote stays in
;; the table of the first module, and works.

(module
  (table (export "table") 8 9 funcref))
(register "store")
(module $caller
  (import "store" "table" (table 7 funcref))
  (func (export "call") (result i32)
    (call_indirect (param i32) (result i32) (i32.const 0) (i32.const 0))))
(assert_trap
  (module
    (import "store" "table" (table 7 13 funcref))
    (global (mut i32) (i32.const 5))
    (elem (i32.const 0) func 0)
    (elem (i32.const -1) func)
    (func (param i32) (result i32) (global.get 0)))
  "out of bounds table access")
(assert_return (invoke $caller "call") (i32.const 5))
