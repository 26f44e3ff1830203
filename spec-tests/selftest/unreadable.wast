;; Line 4 ends the script: a string that is never closed.
(module (func (export "ok")))
(assert_return (invoke "ok"))
(assert_return (invoke "ok
