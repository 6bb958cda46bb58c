;; A `select` without a type that is never reached: what it gives may be taken
;; for a value of any type. The module is valid.

(module
  (global $g (mut i64) (i64.const 1))

  (func (export "select-i64")
    unreachable
    select
    global.set $g)

  (func (export "select-f64")
    unreachable
    i32.const 1
    select
    f64.neg
    drop)

  (func (export "read") (result i64)
    global.get $g)
)

(assert_trap (invoke "select-i64") "unreachable")
(assert_trap (invoke "select-f64") "unreachable")
(assert_return (invoke "read") (i64.const 1))
