;; Lines 3 and 4 fail; expectations.txt lists line 3, and line 5, which passes.
(module (func (export "one") (result i32) (i32.const 1)))
(assert_return (invoke "one") (i32.const 2))
(assert_return (invoke "one") (i32.const 3))
(assert_return (invoke "one") (i32.const 1))
