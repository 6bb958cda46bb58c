;; The maximum of two zeros of opposite signs, by vectors.

(module
  (func (export "f64x2.max") (param f64 f64) (result f64)
    (f64x2.extract_lane 0 (f64x2.max (f64x2.splat (local.get 0)) (f64x2.splat (local.get 1)))))
  (func (export "f32x4.max") (param f32 f32) (result f32)
    (f32x4.extract_lane 0 (f32x4.max (f32x4.splat (local.get 0)) (f32x4.splat (local.get 1)))))
  (func (export "f64x2.min") (param f64 f64) (result f64)
    (f64x2.extract_lane 0 (f64x2.min (f64x2.splat (local.get 0)) (f64x2.splat (local.get 1))))))

(assert_return (invoke "f64x2.max" (f64.const 0.0) (f64.const -0.0)) (f64.const 0.0))
(assert_return (invoke "f64x2.max" (f64.const -0.0) (f64.const 0.0)) (f64.const 0.0))
(assert_return (invoke "f64x2.max" (f64.const -0.0) (f64.const -0.0)) (f64.const -0.0))
(assert_return (invoke "f32x4.max" (f32.const 0.0) (f32.const -0.0)) (f32.const 0.0))
(assert_return (invoke "f64x2.min" (f64.const 0.0) (f64.const -0.0)) (f64.const -0.0))
