;; Refused in the right phase with other words: passes, unless --strict-messages.
(assert_invalid (module (func (result i32))) "these words appear in no error")
