;; A constant waits below a block, whose code sets a local behind a branch that
;; is always taken.

(module
  (func (export "a") (result i32)
    (local i32)
    f32.const 1
    block
      br 0
      i32.const 3
      local.set 0
    end
    i32.reinterpret_f32))

(assert_return (invoke "a") (i32.const 0x3f800000))
