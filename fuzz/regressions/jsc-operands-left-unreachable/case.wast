;; Operands that are left over at the end of a function or block, in code that cannot be reached.

(assert_invalid (module (func unreachable (i32.const 0))) "type mismatch")
(assert_invalid (module (func (result i32) unreachable (i32.const 0) (i32.const 0))) "type mismatch")
(assert_invalid (module (func (block unreachable (i32.const 0)))) "type mismatch")
(assert_invalid (module (func (local i32) (return) (local.get 0))) "type mismatch")
(assert_invalid (module (func (i32.const 0))) "type mismatch")
(module (func (result i32) unreachable (i32.const 0)))
