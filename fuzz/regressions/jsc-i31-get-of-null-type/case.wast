;; The number of an i31 reference whose type is that of the internal null.

(module
  (func (export "s") (param nullref) (result i32) (i31.get_s (local.get 0)))
  (func (export "u") (result i32) (i31.get_u (ref.null none))))
(assert_trap (invoke "u") "null i31 reference")
(assert_invalid (module (func (param nullexternref) (result i32) (i31.get_s (local.get 0)))) "type mismatch")
