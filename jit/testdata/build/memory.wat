(module
  (memory 1) (memory $second i64 1)
  (global $g (mut i32) (i32.const 1)) (global $c i64 (i64.const 2))
  (func $guarded (param i32) (result i64)
    (i32.store8 offset=4 (local.get 0) (i32.const 1))
    (i64.load32_s offset=8 (local.get 0)))
  (func $second (param i64) (result f64)
    (f32.store $second (local.get 0) (f32.const 0))
    (f64.load $second offset=16 (local.get 0)))
  (func $size (result i32) (drop (memory.grow (i32.const 1))) (memory.size))
  (func $fill (param i32) (memory.fill (local.get 0) (i32.const 0) (i32.const 10)))
  (func $globals (result i64)
    (global.set $g (i32.add (global.get $g) (i32.const 1)))
    (global.get $c)))
;; IR
;;
;; guarded: function 0 -> i64
;; block0(v0: i32):
;;   v1: i32 = i32.const 1
;;   v2 = i32.store8 v0, v1 offset=4
;;   v3: i64 = i64.load32_s v0 offset=8
;;   return v3
;;
;; second: function 1 -> f64
;; block0(v0: i64):
;;   v1: f32 = f32.const 0 (0x0)
;;   v2: i64 = instance
;;   v3: i64 = host.load v2 + 16 as i64.load, constant
;;   v4: i64 = host.load v3 + 8 as i64.load, constant
;;   v5: i64 = host.load v4 + 8 as i64.load, size
;;   v6: i64 = check_bounds v0, v5 + 0 as f32.store "out of bounds memory access"
;;   v7: i64 = instance
;;   v8: i64 = host.load v7 + 16 as i64.load, constant
;;   v9: i64 = host.load v8 + 8 as i64.load, constant
;;   v10: i64 = host.load v9 + 0 as i64.load, constant
;;   host.store v10, v1, v6 + 0 as f32.store, memory
;;   v12: i64 = instance
;;   v13: i64 = host.load v12 + 16 as i64.load, constant
;;   v14: i64 = host.load v13 + 8 as i64.load, constant
;;   v15: i64 = host.load v14 + 8 as i64.load, size
;;   v16: i64 = check_bounds v0, v15 + 16 as f64.load "out of bounds memory access"
;;   v17: i64 = instance
;;   v18: i64 = host.load v17 + 16 as i64.load, constant
;;   v19: i64 = host.load v18 + 8 as i64.load, constant
;;   v20: i64 = host.load v19 + 0 as i64.load, constant
;;   v21: f64 = host.load v20, v16 + 0 as f64.load, memory
;;   return v21
;;
;; size: function 2 -> i32, has calls
;; block0:
;;   v0: i32 = i32.const 1
;;   v1: i64 = i64.extend_i32_u v0
;;   v2: i64 = call_runtime v1 memory_grow 0 0
;;   v3: i32 = i32.wrap_i64 v2
;;   v4: i64 = instance
;;   v5: i64 = host.load v4 + 16 as i64.load, constant
;;   v6: i64 = host.load v5 + 0 as i64.load, constant
;;   v7: i64 = host.load v6 + 8 as i64.load, size
;;   v8: i64 = i64.const 16
;;   v9: i64 = i64.shr_u v7, v8
;;   v10: i32 = i32.wrap_i64 v9
;;   return v10
;;
;; fill: function 3 ->, has calls
;; block0(v0: i32):
;;   v1: i32 = i32.const 0
;;   v2: i32 = i32.const 10
;;   v3: i64 = i64.extend_i32_u v2
;;   v4: i64 = i64.extend_i32_u v0
;;   v5 = call_runtime v4, v1, v3 memory_fill 0 0
;;   return
;;
;; globals: function 4 -> i64
;; block0:
;;   v0: i64 = instance
;;   v1: i64 = host.load v0 + 8 as i64.load, constant
;;   v2: i64 = host.load v1 + 0 as i64.load, constant
;;   v3: i32 = host.load v2 + 0 as i32.load, global
;;   v4: i32 = i32.const 1
;;   v5: i32 = i32.add v3, v4
;;   v6: i64 = instance
;;   v7: i64 = host.load v6 + 8 as i64.load, constant
;;   v8: i64 = host.load v7 + 0 as i64.load, constant
;;   host.store v8, v5 + 0 as i32.store, global
;;   v10: i64 = instance
;;   v11: i64 = host.load v10 + 8 as i64.load, constant
;;   v12: i64 = host.load v11 + 8 as i64.load, constant
;;   v13: i64 = host.load v12 + 0 as i64.load, constant
;;   return v13
