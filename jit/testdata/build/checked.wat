;; checked
(module
  (memory 1)
  (func $load (param i32) (result i32) (i32.load offset=4 (local.get 0)))
  (func $lane (param i32 v128) (result v128) (v128.load8_lane 3 (local.get 0) (local.get 1)))
  (func $atomic (param i32) (result i64) (i64.atomic.rmw.add offset=4 (local.get 0) (i64.const 1))))
;; IR
;;
;; load: function 0 -> i32
;; block0(v0: i32):
;;   v1: i64 = i64.extend_i32_u v0
;;   v2: i64 = instance
;;   v3: i64 = host.load v2 + 16 as i64.load, constant
;;   v4: i64 = host.load v3 + 0 as i64.load, constant
;;   v5: i64 = host.load v4 + 8 as i64.load, size
;;   v6: i64 = check_bounds v1, v5 + 4 as i32.load "out of bounds memory access"
;;   v7: i64 = instance
;;   v8: i64 = host.load v7 + 16 as i64.load, constant
;;   v9: i64 = host.load v8 + 0 as i64.load, constant
;;   v10: i64 = host.load v9 + 0 as i64.load, constant
;;   v11: i32 = host.load v10, v6 + 0 as i32.load, memory
;;   return v11
;;
;; lane: function 1 -> v128
;; block0(v0: i32, v1: v128):
;;   v2: i64 = i64.extend_i32_u v0
;;   v3: i64 = instance
;;   v4: i64 = host.load v3 + 16 as i64.load, constant
;;   v5: i64 = host.load v4 + 0 as i64.load, constant
;;   v6: i64 = host.load v5 + 8 as i64.load, size
;;   v7: i64 = check_bounds v2, v6 + 0 as v128.load8_lane "out of bounds memory access"
;;   v8: i64 = instance
;;   v9: i64 = host.load v8 + 16 as i64.load, constant
;;   v10: i64 = host.load v9 + 0 as i64.load, constant
;;   v11: i64 = host.load v10 + 0 as i64.load, constant
;;   v12: i64 = address v11, v7 + 0
;;   v13: v128 = v128.load8_lane v12, v1 offset=0 lane=3
;;   return v13
;;
;; atomic: function 2 -> i64
;; block0(v0: i32):
;;   v1: i64 = i64.const 1
;;   v2: i32 = i32.const 4
;;   v3: i32 = i32.add v0, v2
;;   v4: i32 = i32.const 7
;;   v5: i32 = i32.and v3, v4
;;   trap_if v5 "unaligned atomic"
;;   v7: i64 = i64.extend_i32_u v0
;;   v8: i64 = instance
;;   v9: i64 = host.load v8 + 16 as i64.load, constant
;;   v10: i64 = host.load v9 + 0 as i64.load, constant
;;   v11: i64 = host.load v10 + 8 as i64.load, size
;;   v12: i64 = check_bounds v7, v11 + 4 as i64.atomic.rmw.add "out of bounds memory access"
;;   v13: i64 = instance
;;   v14: i64 = host.load v13 + 16 as i64.load, constant
;;   v15: i64 = host.load v14 + 0 as i64.load, constant
;;   v16: i64 = host.load v15 + 0 as i64.load, constant
;;   v17: i64 = address v16, v12 + 0
;;   v18: i64 = i64.atomic.rmw.add v17, v1 offset=0
;;   return v18
