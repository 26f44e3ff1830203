;; No bug: shows what a regression looks like, and keeps the replay from being empty.
(module
  (memory (export "memory") 1)
  (func (export "store") (param i32 i64) (result i64)
    (i64.store (local.get 0) (local.get 1))
    (i64.load (local.get 0))))
