;; `br_table` to labels of unlike height, with a number and two vectors.

(module
  (func (export "mixed") (param i32) (result i64)
    block $outer (result i32 v128 v128)
      block $inner (result i32 v128 v128)
        v128.const i64x2 7 7
        i32.const 5
        v128.const i64x2 1 1
        v128.const i64x2 2 2
        local.get 0
        br_table $outer $inner $outer
      end
      drop
      drop
      drop
      i32.const 6
      v128.const i64x2 3 3
      v128.const i64x2 4 4
    end
    drop
    i64x2.extract_lane 0
    return)
)

(assert_return (invoke "mixed" (i32.const 0)) (i64.const 1))
(assert_return (invoke "mixed" (i32.const 1)) (i64.const 3))
(assert_return (invoke "mixed" (i32.const 2)) (i64.const 1))
