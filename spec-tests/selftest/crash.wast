;; The child dies in line 6; what came before counts.
(module (import "selftest" "crash" (func $crash))
  (func (export "ok") (result i32) (i32.const 1))
  (func (export "crash") (call $crash)))
(assert_return (invoke "ok") (i32.const 1))
(assert_return (invoke "crash"))
(assert_return (invoke "ok") (i32.const 1))
