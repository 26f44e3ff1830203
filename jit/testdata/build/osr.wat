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
;;   jump block1(v6, v7, v1, v2, v3)
;; block1(v9: i64, v10: i64, v11: i32, v12: i32, v13: i64): loop depth 1
;;   v14 = poll
;;   v15: i64 = i64.const 9
;;   jump block2(v10, v15, v11, v13)
;; block2(v17: i64, v18: i64, v19: i32, v20: i64): loop depth 2
;;   v21 = poll
;;   v22: i64 = i64.const 2
;;   v23: i64 = i64.add v20, v22
;;   v24: i32 = i32.const 1
;;   v25: i32 = i32.sub v19, v24
;;   branch v25 block6, block3
;; block6: depth 2
;;   jump block2(v17, v18, v25, v23)
;; block3: depth 1
;;   v27: i32 = i32.const 1
;;   v28: i32 = i32.sub v11, v27
;;   branch v28 block5, block4
;; block5: depth 1
;;   jump block1(v9, v17, v28, v25, v23)
;; block4:
;;   v30: i64 = i64.add v9, v17
;;   v31: i64 = i64.add v5, v30
;;   v32: i64 = i64.add v31, v23
;;   return v32
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
;;   jump block1(v7, v8, v2, v3)
;; block1(v10: i64, v11: i64, v12: i32, v13: i64): loop depth 1
;;   v14 = poll
;;   v15: i64 = i64.const 2
;;   v16: i64 = i64.add v13, v15
;;   v17: i32 = i32.const 1
;;   v18: i32 = i32.sub v12, v17
;;   branch v18 block12, block2
;; block12: depth 1
;;   jump block1(v10, v11, v18, v16)
;; block2:
;;   v20: i32 = i32.const 1
;;   v21: i32 = i32.sub v1, v20
;;   branch v21 block4, block3
;; block3:
;;   v23: i64 = i64.add v6, v10
;;   jump block9(v23, v18, v16, v21)
;; block4:
;;   jump block5(v6, v10, v21, v18, v16)
;; block5(v26: i64, v27: i64, v28: i32, v29: i32, v30: i64): loop depth 1
;;   v31 = poll
;;   v32: i64 = i64.const 9
;;   jump block6(v27, v32, v28, v30)
;; block6(v34: i64, v35: i64, v36: i32, v37: i64): loop depth 2
;;   v38 = poll
;;   v39: i64 = i64.const 2
;;   v40: i64 = i64.add v37, v39
;;   v41: i32 = i32.const 1
;;   v42: i32 = i32.sub v36, v41
;;   branch v42 block11, block7
;; block11: depth 2
;;   jump block6(v34, v35, v42, v40)
;; block7: depth 1
;;   v44: i32 = i32.const 1
;;   v45: i32 = i32.sub v28, v44
;;   branch v45 block10, block8
;; block10: depth 1
;;   jump block5(v26, v34, v45, v42, v40)
;; block8:
;;   v47: i64 = i64.add v26, v34
;;   jump block9(v47, v42, v40, v45)
;; block9(v49: i64, v50: i32, v51: i64, v52: i32):
;;   v53: i64 = i64.add v5, v49
;;   v54: i64 = i64.add v53, v51
;;   return v54
