;; An imported function is passed a float and, behind it, an integer.

(module
  (func (export "first f64") (param f64 i64) (result f64) (local.get 0))
  (func (export "first f32") (param f32 i32) (result f32) (local.get 0))
  (func (export "second f32") (param i32 f32) (result f32) (local.get 1))
  (func (export "floats") (param f64 f64) (result f64) (local.get 0)))

(register "other")

(module
  (func $f64 (import "other" "first f64") (param f64 i64) (result f64))
  (func $f32 (import "other" "first f32") (param f32 i32) (result f32))
  (func $second (import "other" "second f32") (param i32 f32) (result f32))
  (func $floats (import "other" "floats") (param f64 f64) (result f64))
  (func $own (param f64 i64) (result f64) (local.get 0))
  (func (export "f64") (result f64) (call $f64 (f64.const 1.5) (i64.const 7)))
  (func (export "f32") (result f32) (call $f32 (f32.const 1.5) (i32.const 7)))
  (func (export "integer first") (result f32) (call $second (i32.const 7) (f32.const 1.5)))
  (func (export "floats") (result f64) (call $floats (f64.const 1.5) (f64.const 2.5)))
  (func (export "own") (result f64) (call $own (f64.const 1.5) (i64.const 7))))

(assert_return (invoke "f64") (f64.const 1.5))
(assert_return (invoke "f32") (f32.const 1.5))
(assert_return (invoke "integer first") (f32.const 1.5))
(assert_return (invoke "floats") (f64.const 1.5))
(assert_return (invoke "own") (f64.const 1.5))
