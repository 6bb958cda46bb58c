;; An element segment makes one array. `table.init` from it twice puts the same array into both places.

(module
  (type $numbers (array (mut i32)))
  (table $t 4 arrayref)
  (elem $one arrayref (item (array.new_fixed $numbers 1 (i32.const 7))))

  (func (export "same") (result i32)
    (table.init $t $one (i32.const 0) (i32.const 0) (i32.const 1))
    (table.init $t $one (i32.const 1) (i32.const 0) (i32.const 1))
    (ref.eq (table.get $t (i32.const 0)) (table.get $t (i32.const 1))))

  ;; What is written through one reference is read through the other.
  (func (export "shared") (result i32)
    (table.init $t $one (i32.const 2) (i32.const 0) (i32.const 1))
    (array.set $numbers (ref.cast (ref $numbers) (table.get $t (i32.const 2))) (i32.const 0) (i32.const 9))
    (table.init $t $one (i32.const 3) (i32.const 0) (i32.const 1))
    (array.get $numbers (ref.cast (ref $numbers) (table.get $t (i32.const 3))) (i32.const 0)))
)

(assert_return (invoke "same") (i32.const 1))
(assert_return (invoke "shared") (i32.const 9))
