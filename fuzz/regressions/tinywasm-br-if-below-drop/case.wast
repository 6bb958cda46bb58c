;; A branch that is taken carries a number out of a block in which, on the other way, a local is read behind a `drop`.

(module
  (func (export "carried") (param i32) (result i32)
    (local $one i64) (local $out i32)
    (local.set $one (i64.extend_i32_u (i32.const 1)))
    (block (result i32)
      (i32.const 1)
      (br_if 0 (i32.wrap_i64 (local.get $one)))
      (drop)
      (local.get 0))
    (local.tee $out)
    (local.set $one (i64.extend_i32_u))
    (i32.wrap_i64 (local.get $one))))

(assert_return (invoke "carried" (i32.const 0)) (i32.const 1))
