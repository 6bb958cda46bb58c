;; A number waits below an `if`, one arm of which ends with `local.get`; the result goes through `local.tee` and is
;; dropped. The number is then read from the wrong local.

(module
  (func (export "tee") (param i32) (result i32)
    (local i32)
    (local.get 0)
    (if (result i32) (i32.const 1) (then (i32.const 9)) (else (local.get 0)))
    local.tee 1
    drop
    i32.const 5
    i32.xor)

  ;; The same with `local.set` is right.
  (func (export "set") (param i32) (result i32)
    (local i32)
    (local.get 0)
    (if (result i32) (i32.const 1) (then (i32.const 9)) (else (local.get 0)))
    local.set 1
    i32.const 5
    i32.xor)

  (func (export "tee-i64") (param i64) (result i64)
    (local i64)
    (local.get 0)
    (if (result i64) (i32.const 1) (then (i64.const 9)) (else (local.get 0)))
    local.tee 1
    drop
    i64.const 5
    i64.xor)
)

(assert_return (invoke "tee" (i32.const 1)) (i32.const 4))
(assert_return (invoke "set" (i32.const 1)) (i32.const 4))
(assert_return (invoke "tee-i64" (i64.const 1)) (i64.const 4))
