;; The value of a local waits below the parameter of a loop that goes round once and sets the local.

(module
  (func (export "waits") (result i64) (local i64 i32)
    (local.get 0)
    (local.set 1 (i32.const 2))
    (i32.const 0)
    (loop (param i32) (result i32)
      (drop)
      (local.set 0 (i64.const 1))
      (i32.const 0)
      (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
    (drop))
  (func (export "without a round") (result i64) (local i64)
    (local.get 0)
    (i32.const 0)
    (loop (param i32) (result i32) (local.set 0 (i64.const 1)))
    (drop))
  (func (export "without parameters") (result i64) (local i64 i32)
    (local.get 0)
    (local.set 1 (i32.const 2))
    (loop
      (local.set 0 (i64.const 1))
      (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))))

(assert_return (invoke "waits") (i64.const 0))
(assert_return (invoke "without a round") (i64.const 0))
(assert_return (invoke "without parameters") (i64.const 0))
