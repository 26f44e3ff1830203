(module
  (type $pair (func (param i32) (result i32 i64)))
  (import "m" "f" (func $import (param i32) (result i32)))
  (table 4 funcref)
  (func $fib (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func $pair (type $pair) (local.get 0) (i64.const 1))
  (func $uses_pair (result i64) (call $pair (call $import (i32.const 2))) (drop) (i64.extend_i32_u))
  (func $indirect (param i32) (result i32 i64) (call_indirect (type $pair) (i32.const 1) (local.get 0)))
  (func $tail (param i32) (result i32) (return_call $import (local.get 0))))
;; IR
;;
;; fib: function 1 -> i32, has calls, reloads instance
;; block0(v0: i32):
;;   v1: i32 = i32.const 2
;;   v2: i32 = i32.lt_u v0, v1
;;   branch v2 block1, block2
;; block2:
;;   v5: i32 = i32.const 1
;;   v6: i32 = i32.sub v0, v5
;;   v7: i32 = call v6 function 1
;;   v8: i32 = i32.const 2
;;   v9: i32 = i32.sub v0, v8
;;   v10: i32 = call v9 function 1
;;   v11: i32 = i32.add v7, v10
;;   jump block3(v11)
;; block1:
;;   jump block3(v0)
;; block3(v13: i32):
;;   return v13
;;
;; pair: function 2 -> i32 i64
;; block0(v0: i32):
;;   v1: i64 = i64.const 1
;;   return v0, v1
;;
;; uses_pair: function 3 -> i64, has calls, reloads instance
;; block0:
;;   v0: i32 = i32.const 2
;;   v1: i64 = instance
;;   v2: i64 = host.load v1 + 32 as i64.load, constant
;;   v3: i64 = host.load v2 + 0 as i64.load, constant
;;   v4: i32 = call_function v3, v0
;;   v5 = call v4 function 2
;;   v6: i32 = result v5 #0
;;   v7: i64 = result v5 #1
;;   v8: i64 = i64.extend_i32_u v6
;;   return v8
;;
;; indirect: function 4 -> i32 i64, has calls, reloads instance
;; block0(v0: i32):
;;   v1: i32 = i32.const 1
;;   v2: i64 = instance
;;   v3: i64 = host.load v2 + 24 as i64.load, constant
;;   v4: i64 = host.load v3 + 0 as i64.load, constant
;;   v5: i64 = i64.extend_i32_u v0
;;   v6: i64 = host.load v4 + 8 as i64.load, size
;;   v7: i32 = i64.ge_u v5, v6
;;   trap_if v7 "undefined element"
;;   v9: i64 = i64.const 3
;;   v10: i64 = i64.shl v5, v9
;;   v11: i64 = host.load v4 + 0 as i64.load, size
;;   v12: i64 = host.load v11, v10 + 0 as i64.load, table
;;   v13: i32 = i64.eqz v12
;;   trap_if v13 "uninitialized element"
;;   v15: i32 = host.load v12 + 24 as i32.load, object
;;   v16: i32 = i32.const 0
;;   v17: i32 = i32.ne v15, v16
;;   trap_if v17 "indirect call type mismatch"
;;   v19 = call_function v12, v1
;;   v20: i32 = result v19 #0
;;   v21: i64 = result v19 #1
;;   return v20, v21
;;
;; tail: function 5 -> i32, has calls
;; block0(v0: i32):
;;   v1: i64 = instance
;;   v2: i64 = host.load v1 + 32 as i64.load, constant
;;   v3: i64 = host.load v2 + 0 as i64.load, constant
;;   tail_call_function v3, v0
