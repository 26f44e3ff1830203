;; Memories without guard pages, and everything about memory and tables that is not an access.
(module
  (memory $m 1) (memory $wide i64 1) (table $t 1 funcref) (data $d "abc") (elem $e func $access)
  (func $access (param $p i32) (param $q i64) (result i32)
    (i64.store $wide offset=0x100000000 (local.get $q) (i64.const 1))
    (i32.store8 (i32.add (local.get $p) (i32.const 4)) (i32.const 1))
    (i32.load16_s offset=2 (local.get $p)))
  (func $bulk (param $p i32)
    (memory.fill $m (local.get $p) (i32.const 0) (i32.const 16))
    (memory.copy $wide $m (i64.const 1) (local.get $p) (i32.const 3))
    (memory.init $m $d (local.get $p) (i32.const 0) (i32.const 3))
    (data.drop $d)
    (drop (memory.grow $wide (i64.const 1)))
    (drop (memory.size $m)))
  (func $tables (param $f funcref) (result funcref)
    (table.set $t (i32.const 0) (local.get $f))
    (drop (table.grow $t (ref.func $access) (i32.const 2)))
    (table.fill $t (i32.const 0) (local.get $f) (table.size $t))
    (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 1))
    (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))
    (elem.drop $e)
    (table.get $t (i32.const 0)))
  (func $atomics (param $p i32) (result i64)
    (drop (i32.atomic.rmw.add offset=4 (local.get $p) (i32.const 1)))
    (drop (memory.atomic.notify (local.get $p) (i32.const -1)))
    (atomic.fence)
    (i64.atomic.rmw.cmpxchg (local.get $p) (i64.const 1) (i64.const 2))))

;; Listings
;;
;; access
;;      0  constant                     s6 = 1
;;      2  i64.store.checked64          memory 1 [s1 + 4294967296] = s6
;;      5  i32.add.si                   s5 = s0, 4
;;      6  constant                     s6 = 1
;;      8  i32.store8.checked           memory 0 [s5 + 0] = s6
;;     11  i32.load16_s.checked         s5 = memory 0 [s0 + 2]
;;     14  return.int.a                 a
;;
;; bulk
;;      0  constant                     s6 = 16
;;      1  constant                     s5 = 0
;;      3  memory.fill                  s0, s5, s6, memory 0
;;      6  constant                     s6 = 3
;;      7  constant                     s4 = 1
;;      9  memory.copy                  s4, s0, s6, to memory 1, from memory 0
;;     12  constant                     s6 = 3
;;     13  constant                     s5 = 0
;;     15  memory.init                  s0, s5, s6, memory 0, segment 0
;;     18  data.drop                    0
;;     20  constant                     s4 = 1
;;     22  memory.grow                  s4 = s4, memory 1
;;     24  memory.size                  s4 = memory 0
;;     26  return
;;
;; tables
;;      0  constant                     s4 = 0
;;      2  table.set                    table 0 [s4] = s0
;;      4  ref.func                     s4 = function 0
;;      6  constant                     s5 = 2
;;      8  table.grow                   s4 = s4, s5, table 0
;;     11  table.size                   s6 = table 0
;;     13  constant                     s4 = 0
;;     15  table.fill                   s4, s0, s6, table 0
;;     18  constant                     s6 = 1
;;     19  constant                     s5 = 1
;;     20  constant                     s4 = 0
;;     22  table.copy                   s4, s5, s6, to table 0, from table 0
;;     25  constant                     s6 = 1
;;     26  constant                     s5 = 0
;;     27  constant                     s4 = 0
;;     29  table.init                   s4, s5, s6, table 0, segment 0
;;     32  elem.drop                    0
;;     34  constant                     s4 = 0
;;     36  table.get                    s4 = s4, table 0
;;     38  return.int.a                 a
;;
;; atomics
;;      0  constant                     s5 = 1
;;      2  i32.atomic.rmw.add           s4 = [s0 + 4], s5, s0, memory 0
;;      6  constant                     s5 = -1
;;      8  memory.atomic.notify         s4 = [s0 + 0], s5, s0, memory 0
;;     12  atomic.fence
;;     14  constant                     s6 = 2
;;     15  constant                     s5 = 1
;;     17  i64.atomic.rmw.cmpxchg       s4 = [s0 + 0], s5, s6, memory 0
;;     21  return.int.a                 a
