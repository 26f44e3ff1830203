(module
  (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $locals (param $x i64) (result i64) (local $y i64) (local $z i64)
    (local.set $y (i64.mul (local.get $x) (i64.const 3)))
    (local.tee $z (i64.sub (local.get $y) (local.get $x)))
    (drop)
    (i64.xor (local.get $z) (local.get $y)))
  (func $floats (param f32 f64) (result f64 f32)
    (f64.add (f64.promote_f32 (local.get 0)) (f64.const 1.5))
    (f32.demote_f64 (local.get 1)))
  (func $choice (param i32) (result f32) (select (f32.const 1) (f32.const 2) (local.get 0)))
  (func $wide (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1))))
;; IR
;;
;; add: function 0 -> i32
;; block0(v0: i32, v1: i32):
;;   v2: i32 = i32.add v0, v1
;;   return v2
;;
;; locals: function 1 -> i64
;; block0(v0: i64):
;;   v1: i64 = i64.const 0
;;   v2: i64 = i64.const 3
;;   v3: i64 = i64.mul v0, v2
;;   v4: i64 = i64.sub v3, v0
;;   v5: i64 = i64.xor v4, v3
;;   return v5
;;
;; floats: function 2 -> f64 f32
;; block0(v0: f32, v1: f64):
;;   v2: f64 = f64.promote_f32 v0
;;   v3: f64 = f64.const 1.5 (0x3ff8000000000000)
;;   v4: f64 = f64.add v2, v3
;;   v5: f32 = f32.demote_f64 v1
;;   return v4, v5
;;
;; choice: function 3 -> f32
;; block0(v0: i32):
;;   v1: f32 = f32.const 1 (0x3f800000)
;;   v2: f32 = f32.const 2 (0x40000000)
;;   v3: f32 = select v1, v2, v0
;;   return v3
;;
;; wide: function 4 -> i64 i64
;; block0(v0: i64, v1: i64):
;;   v2 = i64.mul_wide_u v0, v1
;;   v3: i64 = result v2 #0
;;   v4: i64 = result v2 #1
;;   return v3, v4
