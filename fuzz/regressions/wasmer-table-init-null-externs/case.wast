;; `table.init` from a segment of null references of the host that was written when the module was instantiated.

(module
  (table $t 1 externref)
  (elem $passive externref (ref.null extern))
  (func (export "init")
    (table.init $t $passive (i32.const 0) (i32.const 0) (i32.const 1)))
  (func (export "null") (result i32) (ref.is_null (table.get $t (i32.const 0)))))
(assert_return (invoke "init"))
(assert_return (invoke "null") (i32.const 1))
