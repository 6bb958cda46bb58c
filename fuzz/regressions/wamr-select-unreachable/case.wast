;; A `select` whose condition and operands are not there, since it is never
;; reached, in a function that left operands behind.

(module
  (func (export "s") (param i32) (result i64)
    f32.const 1
    f32.const 2
    unreachable
    select
    drop
    i64.const 0))

(assert_trap (invoke "s" (i32.const 0)) "unreachable")
