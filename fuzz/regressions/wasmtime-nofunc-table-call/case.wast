;; Indirect calls through a table whose elements are references to no function at all.

(module definition
  (type $t (func (result i32)))
  (import "m" "t" (table 4 9 (ref nofunc)))
  (func (result i32)
    i32.const 0
    call_indirect (type $t)))
(module definition
  (type $t (func (result i32)))
  (import "m" "t" (table 4 9 (ref nofunc)))
  (func (result i32)
    i32.const 0
    return_call_indirect (type $t)))
