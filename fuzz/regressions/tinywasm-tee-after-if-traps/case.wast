;; The number that waits below an `if` decides whether the function traps.

(module
  (func (export "below") (param i32) (result i32)
    (local i32)
    (local.get 0)
    (if (result i32) (i32.const 1) (then (i32.const 9)) (else (local.get 0)))
    local.tee 1
    drop
    i32.const 5
    i32.xor
    i32.const 12
    i32.eq
    (if (result i32) (then (unreachable)) (else (i32.const 7))))
)

(assert_return (invoke "below" (i32.const 1)) (i32.const 7))
