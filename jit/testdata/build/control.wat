(module
  (func $if (param $x i32) (result i32) (local $y i32)
    (if (local.get $x) (then (local.set $y (i32.const 7))) (else (local.set $y (i32.const 9))))
    (local.get $y))
  (func $only_then (param $x i32) (result i32)
    (if (i32.eqz (local.get $x)) (then (local.set $x (i32.const 1))))
    (local.get $x))
  (func $value (param $x i32) (result i32)
    (if (result i32) (local.get $x) (then (i32.const 1)) (else (return (i32.const 2)))))
  (func $count (param $n i32) (result i32) (local $sum i32)
    (block $out
      (loop $again
        (br_if $out (i32.eqz (local.get $n)))
        (local.set $sum (i32.add (local.get $sum) (local.get $n)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $again)))
    (local.get $sum))
  (func $no_loop (param $x i32) (result i32)
    (loop (result i32) (local.set $x (i32.const 3)) (local.get $x)))
  (func $table (param $x i32) (result i32)
    (block $two (block $one (block $zero
      (br_table $zero $one $zero $two (local.get $x)))
      (return (i32.const 10)))
      (return (i32.const 11)))
    (i32.const 12))
  (func $swap (param i32 i32 i32) (result i32 i32)
    (local.get 0) (local.get 1)
    (block (param i32 i32) (result i32 i32)
      (br_if 0 (local.get 2))
      (drop)
      (i32.const 5)))
  (func $unreachable (result i32) (block (br 0)) (unreachable)))
;; IR
;;
;; if: function 0 -> i32
;; block0(v0: i32):
;;   v1: i32 = i32.const 0
;;   branch v0 block1, block2
;; block2:
;;   v5: i32 = i32.const 9
;;   jump block3(v5)
;; block1:
;;   v3: i32 = i32.const 7
;;   jump block3(v3)
;; block3(v7: i32):
;;   return v7
;;
;; only_then: function 1 -> i32
;; block0(v0: i32):
;;   v1: i32 = i32.eqz v0
;;   branch v1 block1, block3
;; block3:
;;   jump block2(v0)
;; block1:
;;   v3: i32 = i32.const 1
;;   jump block2(v3)
;; block2(v5: i32):
;;   return v5
;;
;; value: function 2 -> i32
;; block0(v0: i32):
;;   branch v0 block1, block2
;; block2:
;;   v4: i32 = i32.const 2
;;   return v4
;; block1:
;;   v2: i32 = i32.const 1
;;   return v2
;;
;; count: function 3 -> i32, has calls
;; block0(v0: i32):
;;   v1: i32 = i32.const 0
;;   v2: i64 = instance
;;   v3: i64 = host.load v2 + 40 as i64.load, constant
;;   jump block1(v0, v1)
;; block1(v5: i32, v6: i32): loop depth 1
;;   v7 = poll v3
;;   v8: i32 = i32.eqz v5
;;   branch v8 block3, block2
;; block2: depth 1
;;   v10: i32 = i32.add v6, v5
;;   v11: i32 = i32.const 1
;;   v12: i32 = i32.sub v5, v11
;;   jump block1(v12, v10)
;; block3:
;;   return v6
;;
;; no_loop: function 4 -> i32
;; block0(v0: i32):
;;   v1: i64 = instance
;;   v2: i64 = host.load v1 + 40 as i64.load, constant
;;   jump block1(v0)
;; block1(v4: i32):
;;   v6: i32 = i32.const 3
;;   return v6
;;
;; table: function 5 -> i32
;; block0(v0: i32):
;;   branch_table v0 block4, block2, block5, block3
;; block3:
;;   v9: i32 = i32.const 12
;;   return v9
;; block5:
;;   jump block1
;; block2:
;;   v7: i32 = i32.const 11
;;   return v7
;; block4:
;;   jump block1
;; block1:
;;   v5: i32 = i32.const 10
;;   return v5
;;
;; swap: function 6 -> i32 i32
;; block0(v0: i32, v1: i32, v2: i32):
;;   branch v2 block3, block1
;; block1:
;;   v4: i32 = i32.const 5
;;   jump block2(v4)
;; block3:
;;   jump block2(v1)
;; block2(v6: i32):
;;   return v0, v6
;;
;; unreachable: function 7 -> i32
;; block0:
;;   trap "unreachable"
