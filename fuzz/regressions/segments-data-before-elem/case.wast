;; A module puts a function into a shared table, and a later element segment is out of bounds. The
;; instantiation traps, what was written before stays, and the data segment behind it must not be written.
(module $shared (table (export "t") 4 funcref))
(register "shared" $shared)

(assert_trap
  (module
    (import "shared" "t" (table 4 funcref))
    (memory 1)
    (func $read (result i32) (i32.load8_u (i32.const 8)))
    (elem (i32.const 1) func $read)
    (elem (i32.const 4) func $read)
    (data (i32.const 8) "\07"))
  "out of bounds table access")

(module
  (import "shared" "t" (table 4 funcref))
  (func (export "call") (result i32) (call_indirect (result i32) (i32.const 1))))
(assert_return (invoke "call") (i32.const 0))
