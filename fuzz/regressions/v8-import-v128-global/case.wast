;; An immutable global of type v128 that one module exports and another imports.

(module $giver
  (global (export "g") v128 (v128.const i64x2 1 2))
)
(register "giver" $giver)

(module
  (global $g (import "giver" "g") v128)
  (func (export "high") (result i64)
    (i64x2.extract_lane 1 (global.get $g)))
)

(assert_return (invoke "high") (i64.const 2))
