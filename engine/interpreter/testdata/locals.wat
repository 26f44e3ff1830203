;; Locals: reading one emits nothing, producers write the local that is set, and values that are still meant are
;; copied out before the local changes.
(module
  (func $retarget (param $a i32) (param $b i32) (local $c i32)
    (local.set $c (i32.mul (local.get $a) (local.get $b)))
    (local.set $a (i32.load8_u (local.get $c)))
    (local.set $b (i32.clz (local.get $a))))
  (func $swap (param $a i32) (param $b i32)
    (local.get $a) (local.get $b) (local.set $a) (local.set $b))
  (func $old_value (param $i i32) (result i32)
    (local.get $i)
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (i32.add (local.get $i)))
  (func $tee_twice (param $a i64) (local $b i64) (local $c i64)
    (local.set $c (local.tee $b (i64.add (local.get $a) (i64.const 1)))))
  (func $constants (local $a i32) (local $b i64) (local $c f32) (local $d f64)
    (local.set $a (i32.const -1))
    (local.set $b (i64.const -1))
    (local.set $c (f32.const 1.5))
    (local.set $d (f64.const 0.1)))
  (func $copies (param i32 i64 f32 f64) (local i32 i64 f32 f64)
    (local.set 4 (local.get 0)) (local.set 5 (local.get 1))
    (local.set 6 (local.get 2)) (local.set 7 (local.get 3)))
  (memory 1))

;; Listings
;;
;; retarget
;;      0  enter                        frame 9, header s2, zero s5, count 1
;;      2  i32.mul.ss                   s5 = s0, s1
;;      4  i32.load8_u.a                s0 = [a + 0]
;;      6  i32.clz.a                    s1 = a
;;      8  return
;;
;; swap
;;      0  copy                         s5 = s0
;;      1  copy                         s0 = s1
;;      2  copy                         s1 = s5
;;      4  return
;;
;; old_value
;;      0  i32.add.si>a                 s5 = s0, 1
;;      2  copy                         s4 = s0
;;      3  store.int                    s0 = a
;;      5  i32.add.as>a                 s4 = a, s4
;;      7  return.int.a                 a
;;
;; tee_twice
;;      0  enter                        frame 9, header s1, zero s4, count 2
;;      2  i64.add.si                   s4 = s0, 1
;;      4  store.int                    s5 = a
;;      6  return
;;
;; constants
;;      0  enter                        frame 9, header s0, zero s3, count 4
;;      1  constant                     s3 = -1
;;      3  constant64                   s4 = 0xffffffffffffffff
;;      6  constant                     s5 = 1069547520
;;      8  constant64                   s6 = 0x3fb999999999999a
;;     11  return
;;
;; copies
;;      0  enter                        frame 13, header s4, zero s7, count 4
;;      2  copy                         s7 = s0
;;      3  copy                         s8 = s1
;;      5  copy_f32                     s9 = s2
;;      7  copy                         s10 = s3
;;      9  return
