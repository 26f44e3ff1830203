;; Fuel: each stretch without a label is paid for at its beginning.
(module
  (func $f (param $n i32) (result i32)
    (loop $l
      (if (i32.and (local.get $n) (i32.const 1))
        (then (local.set $n (i32.sub (local.get $n) (i32.const 3))))
        (else (local.set $n (i32.shr_u (local.get $n) (i32.const 1)))))
      (br_if $l (local.get $n)))
    (local.get $n)))

