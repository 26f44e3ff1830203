;; Loops: the counter's step, its comparison and the branch back are one instruction.
(module
  (func $sum (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (local.get $i)))
      (br_if $l (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum))
  (func $down (param $n i32)
    (loop $l
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $l (local.get $n))))
  (func $down_by_adding (param $n i32)
    (loop $l
      (br_if $l (local.tee $n (i32.add (local.get $n) (i32.const -1))))))
  (func $while (param $x i64) (result i64)
    (block $out
      (loop $l
        (br_if $out (i64.eqz (local.get $x)))
        (local.set $x (i64.shr_u (local.get $x) (i64.const 1)))
        (br $l)))
    (local.get $x))
  (func $wide (param $i i64) (result i64)
    (loop $l (result i64)
      (local.set $i (i64.mul (local.get $i) (i64.const 0x123456789)))
      (br_if $l (i64.lt_u (local.get $i) (i64.const -5)))
      (local.get $i)))
  (func $float (param $x f64) (result f64)
    (loop $l
      (local.set $x (f64.mul (local.get $x) (f64.const 0.5)))
      (br_if $l (f64.gt (local.get $x) (f64.const 1e-3))))
    (local.get $x)))

;; Listings
;;
;; sum
;;      0  enter                        frame 9, header s1, zero s4, count 2
;;      2  i32.add.ss                   s5 = s5, s4
;;      3  i32.add.si                   s4 = s4, 1
;;      5  if.i32.lt_s.as.back          a, s0 -> 2
;;      7  return.int.s                 s5
;;
;; down
;;      0  i32.sub.si                   s0 = s0, 1
;;      2  if_nonzero.a.back            a -> 0
;;      4  return
;;
;; down_by_adding
;;      0  i32.add.si                   s0 = s0, -1
;;      2  if_nonzero.a.back            a -> 0
;;      4  return
;;
;; while
;;      0  if_zero.s64                  s0 -> 6
;;      2  i64.shr_u.si                 s0 = s0, 1
;;      4  jump.back                    -> 0
;;      6  return.int.s                 s0
;;
;; wide
;;      0  constant64                   s5 = 0x123456789
;;      3  i64.mul.ss                   s0 = s0, s5
;;      5  if.i64.lt_u.ai.back          a, -5 -> 0
;;      8  store.int                    s4 = a
;;     10  return.int.s                 s4
;;
;; float
;;      0  f64.mul.si                   s0 = s0, 0.5
;;      3  if.f64.gt.ai.back            a, 0.001 -> 0
;;      6  return.f64.a                 a
