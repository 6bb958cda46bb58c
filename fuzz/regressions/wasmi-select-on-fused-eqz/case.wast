;; `select` whose condition is `i32.eqz` of a local, or a comparison of a local
;; with zero. The condition has to be computed from the local.

(module
  (global $one (mut i32) (i32.const 1))

  (func (export "eqz-of-param") (param i32) (result i32)
    (select (i32.const 10) (i32.const 20) (i32.eqz (local.get 0))))

  (func (export "eqz-of-local") (result i32)
    (local i32)
    (select (global.get $one) (i32.const 0) (i32.eqz (local.get 0))))

  (func (export "ne-zero") (param i32) (result i32)
    (select (global.get $one) (i32.const 20) (i32.ne (local.get 0) (i32.const 0))))

  ;; The selected value guards a division, as compilers write it: a divisor of
  ;; zero is replaced by one.
  (func (export "guarded-division") (param i32) (result i32)
    (i32.div_u
      (global.get $one)
      (select (i32.const 1) (local.get 0) (i32.eqz (local.get 0)))))
)

(assert_return (invoke "eqz-of-param" (i32.const 0)) (i32.const 10))
(assert_return (invoke "eqz-of-param" (i32.const 1)) (i32.const 20))
(assert_return (invoke "eqz-of-local") (i32.const 1))
(assert_return (invoke "ne-zero" (i32.const 0)) (i32.const 20))
(assert_return (invoke "ne-zero" (i32.const 1)) (i32.const 1))
(assert_return (invoke "guarded-division" (i32.const 0)) (i32.const 1))
(assert_return (invoke "guarded-division" (i32.const 1)) (i32.const 1))
(assert_return (invoke "guarded-division" (i32.const 2)) (i32.const 0))
