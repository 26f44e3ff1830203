;; Calls: arguments stay where they were produced; tail calls move them down.
(module
  (type $unary (func (param i32) (result i32)))
  (import "host" "f" (func $host (type $unary)))
  (table $t 10 funcref)
  (global $g (mut i64) (i64.const 0))
  (func $direct (param i32) (result i32) (call $host (call $direct (i32.add (local.get 0) (i32.const 1)))))
  (func $indirect (param i32) (result i32)
    (call_indirect $t (type $unary) (local.get 0) (i32.and (local.get 0) (i32.const 7))))
  (func $reference (param (ref null $unary)) (result i32) (call_ref $unary (i32.const 3) (local.get 0)))
  (func $leaf (result i64) (global.set $g (i64.add (global.get $g) (i64.const 1))) (global.get $g))
  (func $tail (param i32 i32) (result i32) (return_call $tail (local.get 1) (local.get 0)))
  (func $tail_import (param i32) (result i32) (return_call $host (local.get 0)))
  (func $tail_indirect (param i32) (result i32)
    (return_call_indirect $t (type $unary) (local.get 0) (i32.const 2)))
  (func $tail_reference (param (ref null $unary)) (result i32)
    (return_call_ref $unary (i32.const 3) (local.get 0))))

;; Listings
;;
;; direct
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      2  i32.add.si                   s4 = s0, 1
;;      4  call.reloading               base s4, header s5, function 1
;;      7  reload                       header s1
;;      9  call_import                  base s4, header s5, function 0
;;     11  reload                       header s1
;;     13  return.int.a                 a
;;
;; indirect
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      2  i32.and.si                   s5 = s0, 7
;;      4  copy                         s4 = s0
;;      6  call_indirect                base s4, header s5, index s5, type 0, table 0
;;      9  reload                       header s1
;;     11  return.int.a                 a
;;
;; reference
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      1  constant                     s4 = 3
;;      3  call_reference               base s4, header s5, function in s0
;;      5  reload                       header s1
;;      7  return.int.a                 a
;;
;; leaf
;;      0  global.get.int               s4 = global 0
;;      2  i64.add.ai>a                 s4 = a, 1
;;      4  global.set.int.a             global 0 = a
;;      6  global.get.int               s4 = global 0
;;      8  return.int.a                 a
;;
;; tail
;;      0  enter                        frame 10, header s2, zero s5, count 0
;;      2  copy                         s5 = s1
;;      3  copy                         s6 = s0
;;      5  return_call                  from s5, header s2, count 2, to header s2, function 5
;;
;; tail_import
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      1  copy                         s4 = s0
;;      3  return_call_import           from s4, header s1, count 1, to header s1, function 0
;;
;; tail_indirect
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      1  constant                     s5 = 2
;;      3  copy                         s4 = s0
;;      5  return_call_indirect         from s4, header s1, count 1, to header s1, type 0, table 0, index s5
;;
;; tail_reference
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      1  constant                     s4 = 3
;;      3  return_call_reference        from s4, header s1, count 1, to header s1, function in s0
