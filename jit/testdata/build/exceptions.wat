(module
  (tag $e (param i32 f64)) (tag $other)
  (func $may (param i32))
  (func $catches (param $x i32) (result i32) (local $y i32)
    (block $all
    (block $handler (result i32 f64)
      (try_table (catch $e $handler) (catch_all $all)
        (call $may (local.get $x))
        (local.set $y (i32.const 3))
        (call $may (local.get $y)))
      (return (local.get $y)))
    (drop) (return (i32.add (local.get $y))))
    (i32.const -1))
  (func $throws (param f64) (throw $e (i32.const 1) (local.get 0)))
  (func $nested (result exnref)
    (block $h (result exnref)
      (try_table (catch_all_ref $h)
        (try_table (catch $other 0) (call $may (i32.const 1))))
      (ref.null exn)))
  (func $legacy (param i32) (result i32)
    (try (result i32)
      (do (call $may (local.get 0)) (i32.const 0))
      (catch $e (drop))
      (catch_all (rethrow 0))))
  (func $delegates
    (try (do (try (do (call $may (i32.const 1))) (delegate 0))) (catch_all))))
;; IR
;;
;; may: function 0 ->
;; block0(v0: i32):
;;   return
;;
;; catches: function 1 -> i32, has calls, reloads instance
;; block0(v0: i32):
;;   v1: i32 = i32.const 0
;;   v2 = call v0 function 0
;;   invoke block2, block1
;; block2:
;;   v5: i32 = i32.const 3
;;   v6 = call v5 function 0
;;   invoke block4, block3
;; block4:
;;   return v5
;; block1: handler cold
;;   jump block5(v1)
;; block3: handler cold
;;   jump block5(v5)
;; block5(v10: i32): cold
;;   v11: i64 = instance
;;   v12: i64 = host.load v11 + 40 as i64.load, constant
;;   v13: i64 = host.load v12 + exception as i64.load, context
;;   v14: i64 = host.load v13 + 8 as i64.load, object
;;   v15: i64 = instance
;;   v16: i64 = host.load v15 + 64 as i64.load, constant
;;   v17: i64 = host.load v16 + 0 as i64.load, constant
;;   v18: i32 = i64.eq v14, v17
;;   branch v18 block7, block6
;; block6: cold
;;   v31: i64 = instance
;;   v32: i64 = host.load v31 + 40 as i64.load, constant
;;   v33: i64 = i64.const 0
;;   host.store v32, v33 + exception as i64.store, context
;;   v35: i64 = host.load v32 + catches as i64.load, context
;;   v36: i64 = i64.const 1
;;   v37: i64 = i64.add v35, v36
;;   host.store v32, v37 + catches as i64.store, context
;;   v43: i32 = i32.const -1
;;   return v43
;; block7: cold
;;   v20: i64 = instance
;;   v21: i64 = host.load v20 + 40 as i64.load, constant
;;   v22: i64 = i64.const 0
;;   host.store v21, v22 + exception as i64.store, context
;;   v24: i64 = host.load v21 + catches as i64.load, context
;;   v25: i64 = i64.const 1
;;   v26: i64 = i64.add v24, v25
;;   host.store v21, v26 + catches as i64.store, context
;;   v28: i32 = host.load v13 + 16 as i32.load, object
;;   v29: f64 = host.load v13 + 24 as f64.load, object
;;   v41: i32 = i32.add v28, v10
;;   return v41
;;
;; throws: function 2 ->, has calls
;; block0(v0: f64):
;;   v1: i32 = i32.const 1
;;   v2 = call_runtime v1, v0 throw_tag 0 0
;;   trap "unreachable"
;;
;; nested: function 3 -> i64, has calls, reloads instance
;; block0:
;;   v0: i32 = i32.const 1
;;   v1 = call v0 function 0
;;   invoke block2, block1
;; block2:
;;   jump block5
;; block5:
;;   v37: i64 = i64.const 0
;;   jump block6(v37)
;; block6(v39: i64):
;;   return v39
;; block1: handler cold
;;   v5: i64 = instance
;;   v6: i64 = host.load v5 + 40 as i64.load, constant
;;   v7: i64 = host.load v6 + exception as i64.load, context
;;   v8: i64 = host.load v7 + 8 as i64.load, object
;;   v9: i64 = instance
;;   v10: i64 = host.load v9 + 64 as i64.load, constant
;;   v11: i64 = host.load v10 + 8 as i64.load, constant
;;   v12: i32 = i64.eq v8, v11
;;   branch v12 block4, block3
;; block3: cold
;;   v25: i64 = instance
;;   v26: i64 = host.load v25 + 40 as i64.load, constant
;;   v27: i64 = host.load v26 + exception as i64.load, context
;;   v28: i64 = instance
;;   v29: i64 = host.load v28 + 40 as i64.load, constant
;;   v30: i64 = i64.const 0
;;   host.store v29, v30 + exception as i64.store, context
;;   v32: i64 = host.load v29 + catches as i64.load, context
;;   v33: i64 = i64.const 1
;;   v34: i64 = i64.add v32, v33
;;   host.store v29, v34 + catches as i64.store, context
;;   jump block6(v27)
;; block4: cold
;;   v14: i64 = instance
;;   v15: i64 = host.load v14 + 40 as i64.load, constant
;;   v16: i64 = i64.const 0
;;   host.store v15, v16 + exception as i64.store, context
;;   v18: i64 = host.load v15 + catches as i64.load, context
;;   v19: i64 = i64.const 1
;;   v20: i64 = i64.add v18, v19
;;   host.store v15, v20 + catches as i64.store, context
;;   jump block5
;;
;; legacy: function 4 -> i32, has calls, reloads instance
;; block0(v0: i32):
;;   v1 = call v0 function 0
;;   invoke block2, block1
;; block2:
;;   v4: i32 = i32.const 0
;;   jump block5(v4)
;; block5(v36: i32):
;;   return v36
;; block1: handler cold
;;   v6: i64 = instance
;;   v7: i64 = host.load v6 + 40 as i64.load, constant
;;   v8: i64 = host.load v7 + exception as i64.load, context
;;   v9: i64 = host.load v8 + 8 as i64.load, object
;;   v10: i64 = instance
;;   v11: i64 = host.load v10 + 64 as i64.load, constant
;;   v12: i64 = host.load v11 + 0 as i64.load, constant
;;   v13: i32 = i64.eq v9, v12
;;   branch v13 block4, block3
;; block3: cold
;;   v26: i64 = instance
;;   v27: i64 = host.load v26 + 40 as i64.load, constant
;;   v28: i64 = i64.const 0
;;   host.store v27, v28 + exception as i64.store, context
;;   v30: i64 = host.load v27 + catches as i64.load, context
;;   v31: i64 = i64.const 1
;;   v32: i64 = i64.add v30, v31
;;   host.store v27, v32 + catches as i64.store, context
;;   v34 = call_runtime v8 throw_reference 0 0
;;   trap "unreachable"
;; block4: cold
;;   v15: i64 = instance
;;   v16: i64 = host.load v15 + 40 as i64.load, constant
;;   v17: i64 = i64.const 0
;;   host.store v16, v17 + exception as i64.store, context
;;   v19: i64 = host.load v16 + catches as i64.load, context
;;   v20: i64 = i64.const 1
;;   v21: i64 = i64.add v19, v20
;;   host.store v16, v21 + catches as i64.store, context
;;   v23: i32 = host.load v8 + 16 as i32.load, object
;;   v24: f64 = host.load v8 + 24 as f64.load, object
;;   jump block5(v23)
;;
;; delegates: function 5 ->, has calls, reloads instance
;; block0:
;;   v0: i32 = i32.const 1
;;   v1 = call v0 function 0
;;   invoke block2, block1
;; block2:
;;   jump block3
;; block3:
;;   return
;; block1: handler cold
;;   v5: i64 = instance
;;   v6: i64 = host.load v5 + 40 as i64.load, constant
;;   v7: i64 = host.load v6 + exception as i64.load, context
;;   v10: i64 = instance
;;   v11: i64 = host.load v10 + 40 as i64.load, constant
;;   v12: i64 = host.load v11 + exception as i64.load, context
;;   v13: i64 = instance
;;   v14: i64 = host.load v13 + 40 as i64.load, constant
;;   v15: i64 = i64.const 0
;;   host.store v14, v15 + exception as i64.store, context
;;   v17: i64 = host.load v14 + catches as i64.load, context
;;   v18: i64 = i64.const 1
;;   v19: i64 = i64.add v17, v18
;;   host.store v14, v19 + catches as i64.store, context
;;   jump block3
