;; Code that a branch leaves behind: a block there has no parameters and no
;; results, and what is dropped after it may come from below. The module is valid.

(module
  (func (export "a") (result i32)
    i32.const 1
    i32.const 2
    br 0
    block
    end
    drop
    drop
    i32.const 1))

(assert_return (invoke "a") (i32.const 2))
