;; `table.fill` with a reference to a function, in a module that is not the
;; first one instantiated: the table has to hold that very function.

(module $first
  (func (export "one") (result i32) (i32.const 1))
  (func (export "two") (result i32) (i32.const 2)))
(register "first" $first)

(module $second
  (import "first" "two" (func $two (result i32)))
  (type $result (func (result i32)))
  (table 3 funcref)
  (elem declare func $two $three)

  (func $three (result i32) (i32.const 3))
  (func $four (result i32) (i32.const 4))

  (func (export "set") (result i32)
    (table.set (i32.const 0) (ref.func $two))
    (call_indirect (type $result) (i32.const 0)))

  (func (export "fill-imported") (result i32)
    (table.fill (i32.const 1) (ref.func $two) (i32.const 1))
    (call_indirect (type $result) (i32.const 1)))

  (func (export "fill-own") (result i32)
    (table.fill (i32.const 2) (ref.func $three) (i32.const 1))
    (call_indirect (type $result) (i32.const 2)))
)

(assert_return (invoke $second "set") (i32.const 2))
(assert_return (invoke $second "fill-imported") (i32.const 2))
(assert_return (invoke $second "fill-own") (i32.const 3))
