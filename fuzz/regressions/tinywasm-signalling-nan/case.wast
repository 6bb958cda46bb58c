;; Rounding a signalling NaN gives a NaN whose highest payload bit is set.

(module
  (func (export "ceil") (param f32) (result f32) (f32.ceil (local.get 0)))
  (func (export "trunc") (param f64) (result f64) (f64.trunc (local.get 0))))

(assert_return (invoke "ceil" (f32.const nan:0x400000)) (f32.const nan:arithmetic))
(assert_return (invoke "ceil" (f32.const -nan:0x200000)) (f32.const nan:arithmetic))
(assert_return (invoke "trunc" (f64.const -nan:0x4000000000000)) (f64.const nan:arithmetic))
