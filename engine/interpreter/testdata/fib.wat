;; Recursion: arguments are produced where the callee's frame begins, comparisons branch.
(module
  (func $fib (export "fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else
        (i32.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2))))))))

;; Listings
;;
;; fib
;;      0  enter                        frame 9, header s1, zero s4, count 0
;;      2  unless.i32.lt_s.si           s0, 2 -> 8
;;      5  copy                         s4 = s0
;;      6  jump                         -> 20
;;      8  i32.sub.si                   s4 = s0, 1
;;     10  call                         base s4, header s5, function 0
;;     13  i32.sub.si                   s5 = s0, 2
;;     15  call                         base s5, header s6, function 0
;;     18  i32.add.as                   s4 = a, s4
;;     20  return.int.s                 s4
