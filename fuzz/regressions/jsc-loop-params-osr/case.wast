;; Floating-point numbers that a loop carries as its parameters, while the loop runs long enough for a better compiler
;; to take over in the middle of it.

(module
  (func (export "carried") (param i32) (result f32 f64)
    (f32.const 1) (f64.const 7)
    (loop (param f32 f64) (result f32 f64)
      (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if 0)))

  ;; The same on integers.
  (func (export "integers") (param i32) (result i32 i64)
    (i32.const 1) (i64.const 7)
    (loop (param i32 i64) (result i32 i64)
      (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if 0)))

  ;; The same in locals.
  (func (export "locals") (param i32) (result f32 f64)
    (local f32 f64)
    (local.set 1 (f32.const 1)) (local.set 2 (f64.const 7))
    (loop
      (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if 0))
    (local.get 1) (local.get 2)))

(assert_return (invoke "carried" (i32.const 3000000)) (f32.const 1) (f64.const 7))
(assert_return (invoke "integers" (i32.const 3000000)) (i32.const 1) (i64.const 7))
(assert_return (invoke "locals" (i32.const 3000000)) (f32.const 1) (f64.const 7))
