;; Chains: two operations in one instruction.
(module
  (func $hash (param $h i32) (param $x i32) (result i32)
    (i32.mul (i32.xor (local.get $h) (local.get $x)) (i32.const 16777619)))
  (func $rotate (param $a i32) (param $b i32) (param $c i32) (result i32)
    (i32.rotl (i32.add (i32.add (local.get $a) (local.get $b)) (local.get $c)) (i32.const 7)))
  (func $wide (param $a i64) (param $b i64) (result i64)
    (i64.and (i64.shr_u (i64.mul (local.get $a) (local.get $b)) (i64.const 33)) (i64.const 255)))
  (func $dot (param $a f64) (param $b f64) (param $c f64) (result f64)
    (f64.add (local.get $c) (f64.mul (local.get $a) (local.get $b))))
  (func $half (param $a f32) (param $b f32) (result f32)
    (f32.mul (f32.add (local.get $a) (local.get $b)) (f32.const 0.5)))
  (func $right (param $a i32) (param $b i32) (param $c i32) (result i32)
    (i32.sub (local.get $c) (i32.mul (local.get $a) (local.get $b))))
  (func $both_constant (param $a i32) (result i32)
    (i32.add (i32.shl (local.get $a) (i32.const 4)) (i32.const 100)))
  (func $division_is_alone (param $a i32) (param $b i32) (result i32)
    (i32.add (i32.div_s (local.get $a) (local.get $b)) (i32.const 1))))

;; Listings
;;
;; hash
;;      0  i32.xor.ss>a                 s5 = s0, s1
;;      2  i32.mul.ai>a                 s5 = a, 16777619
;;      4  return.int.a                 a
;;
;; rotate
;;      0  i32.add.ss>a                 s6 = s0, s1
;;      2  i32.add.as>a                 s6 = a, s2
;;      4  i32.rotl.ai>a                s6 = a, 7
;;      6  return.int.a                 a
;;
;; wide
;;      0  i64.mul.ss>a                 s5 = s0, s1
;;      2  i64.shr_u.ai>a               s5 = a, 33
;;      4  i64.and.ai>a                 s5 = a, 255
;;      6  return.int.a                 a
;;
;; dot
;;      0  f64.mul.ss>a                 s7 = s0, s1
;;      2  f64.add.as>a                 s6 = a, s2
;;      4  return.f64.a                 a
;;
;; half
;;      0  f32.add.ss>a                 s5 = s0, s1
;;      2  f32.mul.ai>a                 s5 = a, 0.5
;;      4  return.f32.a                 a
;;
;; right
;;      0  i32.mul.ss>a                 s7 = s0, s1
;;      2  i32.sub.sa>a                 s6 = s2, a
;;      4  return.int.a                 a
;;
;; both_constant
;;      0  i32.shl.si>a                 s4 = s0, 4
;;      2  i32.add.ai>a                 s4 = a, 100
;;      4  return.int.a                 a
;;
;; division_is_alone
;;      0  i32.div_s.ss>a               s5 = s0, s1
;;      2  i32.add.ai>a                 s5 = a, 1
;;      4  return.int.a                 a
