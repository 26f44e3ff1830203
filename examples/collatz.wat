;; SPDX-License-Identifier: Apache-2.0
;; Whose way to 1 is the longest? Halve even numbers, triple odd ones and add 1; examples/queue.sh asks many at once.
(module
  (func $steps (param $n i64) (result i32)
    (local $steps i32)
    (block $done
      (loop $next
        (br_if $done (i64.le_u (local.get $n) (i64.const 1)))
        (local.set $n
          (select
            (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1))
            (i64.shr_u (local.get $n) (i64.const 1))
            (i32.wrap_i64 (i64.and (local.get $n) (i64.const 1)))))
        (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
        (br $next)))
    (local.get $steps))

  ;; The number from $from to before $to, and its steps.
  (func (export "longest") (param $from i64) (param $to i64) (result i64 i32)
    (local $steps i32) (local $best i64) (local $most i32)
    (loop $next
      (local.set $steps (call $steps (local.get $from)))
      (if (i32.gt_u (local.get $steps) (local.get $most))
        (then
          (local.set $most (local.get $steps))
          (local.set $best (local.get $from))))
      (local.set $from (i64.add (local.get $from) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $from) (local.get $to))))
    (local.get $best) (local.get $most)))
