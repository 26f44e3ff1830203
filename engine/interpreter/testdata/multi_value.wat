;; Several values: blocks and loops with parameters and results, functions with several results.
(module
  (type $pair (func (param i32 i32) (result i32 i32)))
  (func $swapped (type $pair) (local.get 1) (local.get 0))
  (func $three (param i64) (result i64 f32 f64) (local.get 0) (f32.const 1.5) (f64.const 2.5))
  (func $block (param i32 i32) (result i32)
    (local.get 0) (local.get 1)
    (block (type $pair) (br_if 0 (local.get 0)) (i32.const 1) (i32.add))
    (i32.sub))
  (func $loop (param $n i32) (result i32)
    (i32.const 0) (local.get $n)
    (loop $l (type $pair)
      (local.set $n)
      (i32.add (local.get $n))
      (i32.sub (local.get $n) (i32.const 1))
      (br_if $l (i32.gt_s (local.get $n) (i32.const 1))))
    (drop))
  (func $five (param i32) (result i32 i32 i32 i32 i32)
    (block (result i32 i32 i32 i32 i32)
      (i32.const 9)
      (local.get 0) (local.get 0) (local.get 0) (local.get 0) (i32.const 5)
      (br 0)))
  (func $both (result i32) (call $swapped (i32.const 1) (i32.const 2)) (i32.add)))

;; Listings
;;
;; swapped
;;      0  copy                         s5 = s1
;;      1  copy                         s6 = s0
;;      3  return_many                  s5, count 2
;;
;; three
;;      0  copy                         s6 = s0
;;      1  constant                     s7 = 1069547520
;;      3  constant64                   s8 = 0x4004000000000000
;;      6  return_many                  s6, count 3
;;
;; block
;;      0  copy                         s6 = s1
;;      1  copy                         s5 = s0
;;      3  if_nonzero.s                 s0 -> 7
;;      5  i32.add.si                   s6 = s6, 1
;;      7  i32.sub.ss>a                 s5 = s5, s6
;;      8  return.int.a                 a
;;
;; loop
;;      0  copy                         s5 = s0
;;      1  constant                     s4 = 0
;;      3  copy                         s0 = s5
;;      5  i32.add.ss                   s4 = s4, s0
;;      7  i32.sub.si                   s5 = s0, 1
;;      9  if.i32.gt_s.si.back          s0, 1 -> 3
;;     12  return.int.s                 s4
;;
;; five
;;      0  copy                         s9 = s0
;;      1  copy                         s10 = s0
;;      2  copy                         s11 = s0
;;      4  copy                         s12 = s0
;;      5  constant                     s13 = 5
;;      7  copy_range                   s8 = s9, count 5
;;      9  jump                         -> 11
;;     11  return_many                  s8, count 5
;;
;; both
;;      0  enter                        frame 9, header s1, zero s4, count 0
;;      1  constant                     s4 = 1
;;      2  constant                     s5 = 2
;;      3  call                         base s4, header s6, function 0
;;      6  i32.add.ss>a                 s4 = s4, s5
;;      7  return.int.a                 a
