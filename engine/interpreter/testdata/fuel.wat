;; Fuel: each stretch without a label is paid for at its beginning.
(module
  (func $f (param $n i32) (result i32)
    (loop $l
      (if (i32.and (local.get $n) (i32.const 1))
        (then (local.set $n (i32.sub (local.get $n) (i32.const 3))))
        (else (local.set $n (i32.shr_u (local.get $n) (i32.const 1)))))
      (br_if $l (local.get $n)))
    (local.get $n)))

;; Listings
;;
;; f
;;      0  fuel                         1
;;      2  fuel                         4
;;      4  unless.i32.and.si            s0, 1 -> 13
;;      7  fuel                         5
;;      9  i32.sub.si                   s0 = s0, 3
;;     11  jump                         -> 17
;;     13  fuel                         5
;;     15  i32.shr_u.si                 s0 = s0, 1
;;     17  fuel                         3
;;     19  if_nonzero.s.back            s0 -> 2
;;     21  fuel                         2
;;     23  return.int.s                 s0
