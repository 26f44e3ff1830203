;; Config::preempt_at_atomics: fuel is counted anew after every atomic instruction, and results go on in registers.
(module
  (memory 1 1 shared)
  (func $increment (param $at i32)
    (i32.atomic.store (local.get $at) (i32.add (i32.atomic.load (local.get $at)) (i32.const 1))))
  (func $fence (param $at i32) (result i32)
    (atomic.fence)
    (drop (memory.atomic.notify (local.get $at) (i32.const 1)))
    (i32.atomic.rmw.add (local.get $at) (i32.const 1))))
;; Listings
;;
;; increment
;;      0  fuel                         3
;;      2  i32.atomic.load              s5 = [s0 + 0], s0, s0, memory 0
;;      6  fuel                         3
;;      8  i32.add.ai                   s5 = a, 1
;;     10  i32.atomic.store             s4 = [s0 + 0], s5, s0, memory 0
;;     14  fuel                         1
;;     16  return
;;
;; fence
;;      0  fuel                         1
;;      2  atomic.fence
;;      4  fuel                         3
;;      6  constant                     s5 = 1
;;      8  memory.atomic.notify         s4 = [s0 + 0], s5, s0, memory 0
;;     12  fuel                         4
;;     14  constant                     s5 = 1
;;     16  i32.atomic.rmw.add           s4 = [s0 + 0], s5, s0, memory 0
;;     20  fuel                         1
;;     22  return.int.a                 a
