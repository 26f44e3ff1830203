;; SPDX-License-Identifier: Apache-2.0
;; A sum over numbers in memory, which docs/JIT.md follows through the compiler: heddle run sum.wat --invoke sum 0 4
(module
  (memory 1)
  (func $sum (export "sum") (param $from i32) (param $count i32) (result i32)
    (local $total i32)
    (block $done
      (br_if $done (i32.eqz (local.get $count)))
      (loop $next
        (local.set $total (i32.add (local.get $total) (i32.load offset=8 (local.get $from))))
        (local.set $from (i32.add (local.get $from) (i32.const 4)))
        (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
    (local.get $total))
  (data (i32.const 8) "\01\00\00\00\02\00\00\00\03\00\00\00\04\00\00\00"))
