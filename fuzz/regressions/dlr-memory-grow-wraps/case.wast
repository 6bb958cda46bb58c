;; `memory.grow` by so many pages that their number and the memory's size add
;; up to more than 32 bits hold: it fails, and the module goes on.

(module
  (memory 1)
  (func (export "grow") (param i32) (result i32)
    (memory.grow (local.get 0)))
  (func (export "size") (result i32)
    (memory.size))
)

(assert_return (invoke "grow" (i32.const 65536)) (i32.const -1))
(assert_return (invoke "grow" (i32.const 0xfffffffe)) (i32.const -1))
(assert_return (invoke "grow" (i32.const 0xffffffff)) (i32.const -1))
(assert_return (invoke "size") (i32.const 1))
