;; A loop that carries four numbers, of which a turn changes the last. Three numbers, or the branch without a
;; condition, are the cases that work.

(module
  (func (export "four") (param $turns i32) (result i32)
    (local $a i32) (local $b i32) (local $c i32) (local $seen i32)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1)
    loop (param i32 i32 i32 i32) (result i32 i32 i32 i32)
      local.set $seen
      drop
      drop
      drop
      local.get $a
      local.get $b
      local.get $c
      (i32.add (local.get $seen) (i32.const 10))
      (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
      (br_if 0 (local.get $turns))
    end
    drop
    drop
    drop
    drop
    local.get $seen)

  (func (export "three") (param $turns i32) (result i32)
    (local $a i32) (local $b i32) (local $seen i32)
    (i32.const 0) (i32.const 0) (i32.const 1)
    loop (param i32 i32 i32) (result i32 i32 i32)
      local.set $seen
      drop
      drop
      local.get $a
      local.get $b
      (i32.add (local.get $seen) (i32.const 10))
      (local.set $turns (i32.sub (local.get $turns) (i32.const 1)))
      (br_if 0 (local.get $turns))
    end
    drop
    drop
    drop
    local.get $seen)
)

(assert_return (invoke "four" (i32.const 1)) (i32.const 1))
(assert_return (invoke "four" (i32.const 2)) (i32.const 11))
(assert_return (invoke "four" (i32.const 3)) (i32.const 21))
(assert_return (invoke "three" (i32.const 3)) (i32.const 21))
