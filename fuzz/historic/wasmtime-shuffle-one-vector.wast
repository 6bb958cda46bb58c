;; CVE-2023-27477: a shuffle of a vector with itself took wrong lanes on x86-64 where lanes of the second operand
;; were asked for. wasmtime 2.0.0 to 6.0.0 fail both lines; 7.0.0 is right.
(module
  (func (export "mix") (param v128) (result v128)
    (i8x16.shuffle 16 1 18 3 20 5 22 7 24 9 26 11 28 13 30 15 (local.get 0) (local.get 0)))
  (func (export "reverse") (param v128) (result v128)
    (i8x16.shuffle 31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16 (local.get 0) (local.get 0))))
(assert_return (invoke "mix" (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))
  (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))
(assert_return (invoke "reverse" (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))
  (v128.const i8x16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0))
