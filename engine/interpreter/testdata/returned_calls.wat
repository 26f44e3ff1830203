;; Returns right behind direct calls have no word 1: the call's names the frame's header.
(module
  (func $callee (param i32) (result i32) (local.get 0))
  (func $callee_f64 (result f64) (f64.const 1))
  (func $nothing (export "nothing") (call $nothing))
  (func $integer (result i32) (call $callee (i32.const 5)))
  (func $float (result f64) (call $callee_f64))
  (func $either (param i32) (block (br_if 0 (local.get 0)) (call $nothing)))
  (func $joined (param i32) (result i32)
    (if (result i32) (local.get 0) (then (call $callee (i32.const 5))) (else (i32.const 6))))
  (func $dropped (result i32) (drop (call $callee (i32.const 5))) (i32.const 6)))

;; Listings
;;
;; callee
;;      0  return.int.s                 s0
;;
;; callee_f64
;;      0  return.f64.i                 1
;;
;; nothing
;;      0  enter                        frame 6, header s0, zero s3, count 0
;;      2  call                         base s3, header s3, function 2
;;      5  return.called
;;
;; integer
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      1  constant                     s4 = 5
;;      2  call                         base s4, header s5, function 0
;;      5  return.called.int            a
;;
;; float
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      2  call                         base s4, header s5, function 1
;;      5  return.called.f64            a
;;
;; either
;;      0  enter                        frame 7, header s1, zero s4, count 0
;;      1  if_nonzero.s                 s0 -> 6
;;      3  call                         base s4, header s4, function 2
;;      6  return.called
;;
;; joined
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      1  if_zero.s                    s0 -> 9
;;      3  constant                     s4 = 5
;;      4  call                         base s4, header s5, function 0
;;      7  jump                         -> 11
;;      9  constant                     s4 = 6
;;     11  return.int.s                 s4
;;
;; dropped
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      1  constant                     s4 = 5
;;      2  call                         base s4, header s5, function 0
;;      5  return.int.i                 6
