;; `f32.demote_f64` of `f64.promote_f32` of a signalling NaN: the highest bit of the payload has to be set afterwards. The
;; function is called often enough, before, for an optimising compiler to take it over.

(module
  (table 1 funcref)
  (elem (i32.const 0) $both)
  (type $both (func (param f32) (result f32)))

  (func $both (export "both") (type $both)
    (f32.demote_f64 (f64.promote_f32 (local.get 0))))

  (func $again
    (local $left i32)
    (local.set $left (i32.const 200000))
    (loop
      (drop (call_indirect (type $both) (f32.const 1) (i32.const 0)))
      (br_if 0 (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
  (start $again))

(assert_return (invoke "both" (f32.const 1.5)) (f32.const 1.5))
(assert_return (invoke "both" (f32.const nan:0x200000)) (f32.const nan:arithmetic))
(assert_return (invoke "both" (f32.const -nan:0x200001)) (f32.const nan:arithmetic))
