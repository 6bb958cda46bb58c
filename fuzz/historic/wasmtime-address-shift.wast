;; CVE-2023-26489: an address that is a shift to the left by a constant of at most 3 was not cut to 32 bits on
;; x86-64. The shift of the second call loses its upper bits, so that it reads at 0 (core specification 3.0,
;; section 4.3.2, `ishl`). wasmtime 0.37.0 to 6.0.0 read 4 GiB further.
(module
  (memory 1)
  (data (i32.const 0) "\07")
  (func (export "load") (param i32) (result i32)
    (i32.load8_u (i32.shl (local.get 0) (i32.const 3)))))
(assert_return (invoke "load" (i32.const 0)) (i32.const 7))
(assert_return (invoke "load" (i32.const 0x20000000)) (i32.const 7))
