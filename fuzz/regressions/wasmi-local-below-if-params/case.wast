;; An `if` with a parameter that is not itself a local, entered while the value
;; of a local waits below on the stack. That value has to be the same after the
;; `if`, whichever way it went and whatever was done to the local inside.

(module
  (func (export "set-inside") (param i32 i32) (result i32)
    local.get 0
    i32.const 6
    local.get 1
    if (param i32) (result i32)
      i32.const 9
      local.set 0
    end
    drop)

  (func (export "block-inside") (param i32 i32) (result i32)
    local.get 0
    i32.const 6
    local.get 1
    if (param i32) (result i32)
      block
      end
    end
    drop)

  (func (export "f64-below") (param f64 i64) (result f64 f64)
    local.get 0
    i32.const 6
    local.get 1
    i64.eqz
    if (param i32) (result i32)
      loop
      end
    end
    drop
    f64.const 0.5)
)

(assert_return (invoke "set-inside" (i32.const 7) (i32.const 0)) (i32.const 7))
(assert_return (invoke "set-inside" (i32.const 8) (i32.const 1)) (i32.const 8))
(assert_return (invoke "block-inside" (i32.const 9) (i32.const 0)) (i32.const 9))
(assert_return (invoke "block-inside" (i32.const 10) (i32.const 1)) (i32.const 10))
(assert_return (invoke "f64-below" (f64.const 1.5) (i64.const 1)) (f64.const 1.5) (f64.const 0.5))
(assert_return (invoke "f64-below" (f64.const 2.5) (i64.const 0)) (f64.const 2.5) (f64.const 0.5))
