;; `table.copy` of no elements, or of two, while another operand waits below it
;; on the stack. Copying one element is the case that works by luck.

(module
  (table 5 funcref)
  (func (export "copy") (param $kept i32) (param $length i32) (result i32)
    local.get $kept
    i32.const 0
    i32.const 0
    local.get $length
    table.copy)
)

(assert_return (invoke "copy" (i32.const 7) (i32.const 1)) (i32.const 7))
(assert_return (invoke "copy" (i32.const 7) (i32.const 0)) (i32.const 7))
(assert_return (invoke "copy" (i32.const 7) (i32.const 2)) (i32.const 7))
(assert_return (invoke "copy" (i32.const 7) (i32.const 5)) (i32.const 7))
