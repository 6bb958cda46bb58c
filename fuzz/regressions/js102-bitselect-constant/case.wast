;; `v128.bitselect` whose mask is a constant of whole bytes.

(module
  (func (export "none") (param v128 v128) (result v128)
    (v128.bitselect (local.get 0) (local.get 1) (v128.const i64x2 0 0)))
  (func (export "all") (param v128 v128) (result v128)
    (v128.bitselect (local.get 0) (local.get 1) (v128.const i64x2 -1 -1)))
  (func (export "some-bytes") (param v128 v128) (result v128)
    (v128.bitselect (local.get 0) (local.get 1) (v128.const i8x16 0 -1 0 0 -1 0 0 -1 -1 -1 -1 0 0 0 0 0)))
  (func (export "parameter") (param v128 v128 v128) (result v128)
    (v128.bitselect (local.get 0) (local.get 1) (local.get 2))))

(assert_return (invoke "none" (v128.const i32x4 1 2 3 4) (v128.const i32x4 5 6 7 8)) (v128.const i32x4 5 6 7 8))
(assert_return (invoke "all" (v128.const i32x4 1 2 3 4) (v128.const i32x4 5 6 7 8)) (v128.const i32x4 1 2 3 4))
(assert_return (invoke "some-bytes" (v128.const i32x4 1 2 3 4) (v128.const i32x4 5 6 7 8)) (v128.const i32x4 5 2 3 8))
(assert_return (invoke "parameter" (v128.const i32x4 1 2 3 4) (v128.const i32x4 5 6 7 8) (v128.const i64x2 0 0))
  (v128.const i32x4 5 6 7 8))
