;; osr
(module
  (func $nest (param $n i32) (result i64) (local $i i32) (local $sum i64) (local $v v128)
    (i64.const 5) (i64.const 6)
    (i64.extend_i32_u (local.get $n))
    (block $done (param i64 i64) (result i64)
      (loop $outer (param i64 i64) (result i64)
        (i64.const 9)
        (local.set $i (local.get $n))
        (loop $inner (param i64 i64) (result i64 i64)
          (local.set $sum (i64.add (local.get $sum) (i64.const 2)))
          (local.set $i (i32.sub (local.get $i) (i32.const 1)))
          (br_if $inner (local.get $i)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (drop)
        (br_if $outer (local.get $n))
        (i64.add)))
    (i64.add)
    (i64.add (local.get $sum))))
;; IR
;;
;; nest: function 0 from loop at 0x35 -> i64, has calls
;; block0(v0: i64):
;;   v1: i32 = host.load v0 + 0 as i32.load, context
;;   v2: i32 = host.load v0 + 32 as i32.load, context
;;   v3: i64 = host.load v0 + 40 as i64.load, context
;;   v4: v128 = host.load v0 + 48 as v128.load, context
;;   v5: i64 = i64.const 5
;;   v6: i64 = i64.const 6
;;   v7: i64 = host.load v0 + 80 as i64.load, context
;;   v8: i64 = instance
;;   v9: i64 = host.load v8 + 40 as i64.load, constant
;;   jump block1(v6, v7, v1, v2, v3)
;; block1(v11: i64, v12: i64, v13: i32, v14: i32, v15: i64): loop depth 1
;;   v16 = poll v9
;;   v17: i64 = i64.const 9
;;   v18: i64 = instance
;;   v19: i64 = host.load v18 + 40 as i64.load, constant
;;   jump block2(v12, v17, v13, v15)
;; block2(v21: i64, v22: i64, v23: i32, v24: i64): loop depth 2
;;   v25 = poll v19
;;   v26: i64 = i64.const 2
;;   v27: i64 = i64.add v24, v26
;;   v28: i32 = i32.const 1
;;   v29: i32 = i32.sub v23, v28
;;   branch v29 block6, block3
;; block6: depth 2
;;   jump block2(v21, v22, v29, v27)
;; block3: depth 1
;;   v31: i32 = i32.const 1
;;   v32: i32 = i32.sub v13, v31
;;   branch v32 block5, block4
;; block5: depth 1
;;   jump block1(v11, v21, v32, v29, v27)
;; block4:
;;   v34: i64 = i64.add v11, v21
;;   v35: i64 = i64.add v5, v34
;;   v36: i64 = i64.add v35, v27
;;   return v36
;;
;; nest: function 0 from loop at 0x3d -> i64, has calls
;; block0(v0: i64):
;;   v1: i32 = host.load v0 + 0 as i32.load, context
;;   v2: i32 = host.load v0 + 32 as i32.load, context
;;   v3: i64 = host.load v0 + 40 as i64.load, context
;;   v4: v128 = host.load v0 + 48 as v128.load, context
;;   v5: i64 = i64.const 5
;;   v6: i64 = host.load v0 + 72 as i64.load, context
;;   v7: i64 = host.load v0 + 80 as i64.load, context
;;   v8: i64 = i64.const 9
;;   v9: i64 = instance
;;   v10: i64 = host.load v9 + 40 as i64.load, constant
;;   jump block1(v7, v8, v2, v3)
;; block1(v12: i64, v13: i64, v14: i32, v15: i64): loop depth 1
;;   v16 = poll v10
;;   v17: i64 = i64.const 2
;;   v18: i64 = i64.add v15, v17
;;   v19: i32 = i32.const 1
;;   v20: i32 = i32.sub v14, v19
;;   branch v20 block12, block2
;; block12: depth 1
;;   jump block1(v12, v13, v20, v18)
;; block2:
;;   v22: i32 = i32.const 1
;;   v23: i32 = i32.sub v1, v22
;;   branch v23 block4, block3
;; block3:
;;   v25: i64 = i64.add v6, v12
;;   jump block9(v25, v20, v18, v23)
;; block4:
;;   v27: i64 = instance
;;   v28: i64 = host.load v27 + 40 as i64.load, constant
;;   jump block5(v6, v12, v23, v20, v18)
;; block5(v30: i64, v31: i64, v32: i32, v33: i32, v34: i64): loop depth 1
;;   v35 = poll v28
;;   v36: i64 = i64.const 9
;;   v37: i64 = instance
;;   v38: i64 = host.load v37 + 40 as i64.load, constant
;;   jump block6(v31, v36, v32, v34)
;; block6(v40: i64, v41: i64, v42: i32, v43: i64): loop depth 2
;;   v44 = poll v38
;;   v45: i64 = i64.const 2
;;   v46: i64 = i64.add v43, v45
;;   v47: i32 = i32.const 1
;;   v48: i32 = i32.sub v42, v47
;;   branch v48 block11, block7
;; block11: depth 2
;;   jump block6(v40, v41, v48, v46)
;; block7: depth 1
;;   v50: i32 = i32.const 1
;;   v51: i32 = i32.sub v32, v50
;;   branch v51 block10, block8
;; block10: depth 1
;;   jump block5(v30, v40, v51, v48, v46)
;; block8:
;;   v53: i64 = i64.add v30, v40
;;   jump block9(v53, v48, v46, v51)
;; block9(v55: i64, v56: i32, v57: i64, v58: i32):
;;   v59: i64 = i64.add v5, v55
;;   v60: i64 = i64.add v59, v57
;;   return v60
