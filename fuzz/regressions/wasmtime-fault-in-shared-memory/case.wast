;; An instance imports a shared memory of another one, and an access is out of bounds.

(module $store
  (memory (export "memory") 1 2 shared))
(register "store" $store)

(module $user
  (import "store" "memory" (memory 1 2 shared))
  (func (export "load") (param i32) (result i32)
    (i32.load (local.get 0)))
  (func (export "add") (param i32) (result i32)
    (i32.atomic.rmw.add (local.get 0) (i32.const 1))))

(assert_return (invoke $user "load" (i32.const 65532)) (i32.const 0))
(assert_return (invoke $user "add" (i32.const 65532)) (i32.const 0))
(assert_trap (invoke $user "load" (i32.const 65536)) "out of bounds memory access")
