;; Conversion to an internal reference of what has a subtype of externref.

(module (func (param nullexternref) (drop (any.convert_extern (local.get 0)))))
(module (func (param (ref noextern)) (drop (any.convert_extern (local.get 0)))))
(module (func (param (ref extern)) (drop (any.convert_extern (local.get 0)))))
(module
  (func (export "f") (result i32) (ref.is_null (any.convert_extern (ref.null noextern)))))
(assert_return (invoke "f") (i32.const 1))
(assert_invalid (module (func (param nullref) (drop (any.convert_extern (local.get 0))))) "type mismatch")
