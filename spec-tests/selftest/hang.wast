;; The guest never returns from line 4.
(module (func (export "ok")) (func (export "hang") (loop (br 0))))
(assert_return (invoke "ok"))
(assert_return (invoke "hang"))
