;; The host never returns from line 3; only a kill from outside ends this.
(module (import "selftest" "hang" (func $hang)) (func (export "hang") (call $hang)))
(assert_return (invoke "hang"))
