;; `f64.copysign` whose sign comes from a negative constant and whose magnitude is zero. The function is called
;; often enough, before, for an optimising compiler to take it over.

(module
  (global $left (mut i32) (i32.const 30))
  (table 1 funcref)
  (elem (i32.const 0) $sign)

  (func $sign (export "sign") (result f64 f32 i64)
    (local f64)
    (call $again)
    (f64.copysign (local.get 0) (f64.const -5e111))
    (f32.const 0)
    (i64.const 0))
  (type $three (func (result f64 f32 i64)))

  (func $again
    (if (i32.eqz (global.get $left)) (then (return)))
    (global.set $left (i32.sub (global.get $left) (i32.const 1)))
    (call_indirect (type $three) (i32.const 0))
    (drop) (drop) (drop))
  (start $again)
)

(assert_return (invoke "sign") (f64.const -0.0) (f32.const 0.0) (i64.const 0))
