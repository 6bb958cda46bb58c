;; A declared local of reference type starts as null.

(module
  (table 1 funcref)

  (func (export "funcref-is-null") (result i32)
    (local funcref)
    (ref.is_null (local.get 0)))

  (func (export "externref-is-null") (result i32)
    (local externref)
    (ref.is_null (local.get 0)))

  (func (export "externref") (result externref)
    (local externref)
    (local.get 0))

  ;; Writes the local into the table and calls it: a null must not be called.
  (func (export "call-null")
    (local funcref)
    (table.set (i32.const 0) (local.get 0))
    (call_indirect (i32.const 0)))

  ;; A parameter is not a declared local: this one is right everywhere.
  (func (export "param-is-null") (param externref) (result i32)
    (ref.is_null (local.get 0)))
)

(assert_return (invoke "funcref-is-null") (i32.const 1))
(assert_return (invoke "externref-is-null") (i32.const 1))
(assert_return (invoke "externref") (ref.null extern))
(assert_trap (invoke "call-null") "uninitialized element")
(assert_return (invoke "param-is-null" (ref.null extern)) (i32.const 1))
(assert_return (invoke "param-is-null" (ref.extern 0)) (i32.const 0))
