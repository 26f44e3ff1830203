;; Config::preempt_at_atomics: fuel is counted anew after atomic instructions and imports; results go on in registers.
(module
  (import "" "host" (func $host (param i32) (result i32)))
  (memory 1 1 shared)
  (func $increment (param $at i32)
    (i32.atomic.store (local.get $at) (i32.add (i32.atomic.load (local.get $at)) (i32.const 1))))
  (func $fence (param $at i32) (result i32)
    (atomic.fence)
    (drop (memory.atomic.notify (local.get $at) (i32.const 1)))
    (i32.atomic.rmw.add (local.get $at) (i32.const 1)))
  (func $calls (param $at i32) (result i32)
    (call $host (call $host (local.get $at)))))
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
;;
;; calls
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      2  fuel                         2
;;      4  copy                         s4 = s0
;;      6  call_import                  base s4, header s5, function 0
;;      8  reload                       header s1
;;     10  fuel                         1
;;     12  call_import                  base s4, header s5, function 0
;;     14  reload                       header s1
;;     16  fuel                         1
;;     18  return.int.a                 a
