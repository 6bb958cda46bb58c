;; A table whose maximum is its minimum, which another instance writes.

(module $owner
  (type $t (func (result i32)))
  (table (export "table") 2 2 funcref)
  (elem (i32.const 0) func $own)
  (func $own (result i32) (i32.const 1))
  (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0))))
(register "owner" $owner)
(assert_return (invoke $owner "call" (i32.const 0)) (i32.const 1))
(module $writer
  (type $t (func (result i32)))
  (import "owner" "table" (table $table 2 2 funcref))
  (elem (i32.const 1) func $other)
  (func $other (result i32) (i32.const 2))
  (func (export "set") (table.set $table (i32.const 0) (ref.func $other)))
  (func (export "call") (param i32) (result i32) (call_indirect $table (type $t) (local.get 0))))
(assert_return (invoke $writer "call" (i32.const 1)) (i32.const 2))
(assert_return (invoke $owner "call" (i32.const 1)) (i32.const 2))
(invoke $writer "set")
(assert_return (invoke $writer "call" (i32.const 0)) (i32.const 2))
(assert_return (invoke $owner "call" (i32.const 0)) (i32.const 2))
