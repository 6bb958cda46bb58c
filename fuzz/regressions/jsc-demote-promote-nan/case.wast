;; `f32.demote_f64` of `f64.promote_f32` of a signalling NaN: the highest bit of the payload has to be set afterwards. The
;; function is called often enough, before, for an optimising compiler to take it over.

(module
  (table 1 funcref)
  (elem (i32.const 0) $both)
  (type $both (func (param i32) (result i32)))

  (func $both (export "both") (type $both)
    (i32.reinterpret_f32 (f32.demote_f64 (f64.promote_f32 (f32.reinterpret_i32 (local.get 0))))))

  (func (export "quiet") (param i32) (result i32)
    (i32.and (i32.const 0x400000) (call_indirect (type $both) (local.get 0) (i32.const 0))))

  (func $again
    (local $left i32)
    (local.set $left (i32.const 200000))
    (loop
      (drop (call_indirect (type $both) (local.get $left) (i32.const 0)))
      (br_if 0 (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
  (start $again))

(assert_return (invoke "both" (i32.const 0x3f800000)) (i32.const 0x3f800000))
(assert_return (invoke "quiet" (i32.const 0x7fa00000)) (i32.const 0x400000))
(assert_return (invoke "quiet" (i32.const 0xffa00001)) (i32.const 0x400000))
