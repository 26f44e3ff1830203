;; Addresses: sums with constants and slots become part of the access, if the access has no offset of its own.
(module
  (memory 1)
  (func $plain (param $p i32) (result i32) (i32.load (local.get $p)))
  (func $offset (param $p i32) (result i32) (i32.load offset=8 (local.get $p)))
  (func $plus_constant (param $p i32) (result i32) (i32.load (i32.add (local.get $p) (i32.const 8))))
  (func $plus_local (param $p i32) (param $i i32) (result f64)
    (f64.load (i32.add (local.get $p) (local.get $i))))
  (func $both (param $p i32) (result i32)
    (i32.load offset=4 (i32.add (local.get $p) (i32.const 8))))
  (func $scaled (param $p i32) (param $i i32) (result i64)
    (i64.load (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 3)))))
  (func $chased (param $p i32) (result i32) (i32.load (i32.load (i32.load (local.get $p)))))
  (func $store_constant (param $p i32) (i32.store8 offset=3 (local.get $p) (i32.const -1)))
  (func $store_float (param $p i32) (f64.store (i32.add (local.get $p) (i32.const 16)) (f64.const -0.5)))
  (func $copy (param $to i32) (param $from i32) (i64.store (local.get $to) (i64.load (local.get $from))))
  (func $increment (param $p i32)
    (i32.store offset=12 (local.get $p) (i32.add (i32.load offset=12 (local.get $p)) (i32.const 1))))
  (func $accumulate (param $p i32) (param $x f64) (result f64)
    (f64.add (local.get $x) (f64.load offset=8 (local.get $p)))))

;; Listings
;;
;; plain
;;      0  i32.load.s>a                 s4 = [s0 + 0]
;;      1  return.int.a                 a
;;
;; offset
;;      0  i32.load.s>a                 s4 = [s0 + 8]
;;      1  return.int.a                 a
;;
;; plus_constant
;;      0  i32.load.s+i>a               s4 = [s0 + 8]
;;      2  return.int.a                 a
;;
;; plus_local
;;      0  f64.load.s+s>a               s5 = [s0 + s1]
;;      2  return.f64.a                 a
;;
;; both
;;      0  i32.add.si>a                 s4 = s0, 8
;;      2  i32.load.a>a                 s4 = [a + 4]
;;      3  return.int.a                 a
;;
;; scaled
;;      0  i32.shl.si>a                 s6 = s1, 3
;;      1  i32.add.as>a                 s5 = a, s0
;;      3  i64.load.a>a                 s5 = [a + 0]
;;      5  return.int.a                 a
;;
;; chased
;;      0  i32.load.s>a                 s4 = [s0 + 0]
;;      1  i32.load.a>a                 s4 = [a + 0]
;;      3  i32.load.a>a                 s4 = [a + 0]
;;      4  return.int.a                 a
;;
;; store_constant
;;      0  i32.store8.s.i               [s0 + 3] = 4294967295
;;      3  return
;;
;; store_float
;;      0  f64.store.s+i.i              [s0 + 16] = -0.5
;;      3  return
;;
;; copy
;;      0  i64.load.s>a                 s6 = [s1 + 0]
;;      2  i64.store.s.a                [s0 + 0] = a
;;      3  return
;;
;; increment
;;      0  i32.load.s>a                 s5 = [s0 + 12]
;;      1  i32.add.ai>a                 s5 = a, 1
;;      2  i32.store.s.a                [s0 + 12] = a
;;      4  return
;;
;; accumulate
;;      0  f64.load.s>a                 s6 = [s0 + 8]
;;      2  f64.add.as>a                 s5 = a, s1
;;      4  return.f64.a                 a
