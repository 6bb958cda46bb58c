;; `table.init` of no elements from a dropped segment still has to look at where in the table it would write.

(module
  (table 4 funcref)
  (func $f)
  (elem $e func $f)
  (func (export "init") (param i32) (table.init $e (local.get 0) (i32.const 0) (i32.const 0)))
  (func (export "drop") (elem.drop $e))
)

(assert_return (invoke "init" (i32.const 4)))
(assert_trap (invoke "init" (i32.const 5)) "out of bounds table access")
(assert_return (invoke "drop"))
(assert_return (invoke "init" (i32.const 4)))
(assert_trap (invoke "init" (i32.const 5)) "out of bounds table access")
(assert_trap (invoke "init" (i32.const 2147483647)) "out of bounds table access")
