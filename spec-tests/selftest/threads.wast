;; A failure inside a thread counts where it happens, and again where the thread is waited for.
(module $Mem (memory (export "shared") 1 1 shared))
(register "mem" $Mem)
(thread $T (shared (module $Mem))
  (register "mem" $Mem)
  (module (memory (import "mem" "shared") 1 1 shared)
    (func (export "load") (result i32) (i32.load (i32.const 0))))
  (assert_return (invoke "load") (i32.const 0))
  (assert_return (invoke "load") (i32.const 1))
  (thread $Inner
    (assert_unlinkable (module (memory (import "mem" "shared") 1 1 shared)) "unknown import"))
  (wait $Inner))
(wait $T)
(assert_return (invoke $Mem "nothing"))
