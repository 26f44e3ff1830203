;; SPDX-License-Identifier: Apache-2.0
;; The tasks of tools/worker_test.py: work to do, tasks that wait for each other through the store, and bad ones.
(module
  (import "heddle" "store_put" (func $put (param i32 i32 i32 i32 i64 i32) (result i32)))
  (import "heddle" "store_wait" (func $wait (param i32 i32 i32 i64 i64 i32) (result i32)))
  (import "heddle" "task_argument" (func $argument (param i32 i32) (result i32)))
  (import "heddle" "task_result" (func $result (param i32 i32)))
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))
  (data (i32.const 0) "started")
  (data (i32.const 16) "go")

  ;; 3n + 1, after a while.
  (func (export "work") (param $n i32) (result i32)
    (local $i i32)
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 300000))))
    (i32.add (i32.mul (local.get $n) (i32.const 3)) (i32.const 1)))

  (func $put_key (param $key i32) (param $size i32)
    (if (call $put (local.get $key) (local.get $size) (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 0))
      (then unreachable)))
  (func $wait_key (param $key i32) (param $size i32)
    (if (call $wait (local.get $key) (local.get $size) (i32.const 0) (i64.const 0) (i64.const -1) (i32.const 0))
      (then unreachable)))

  (func (export "stuck") (result i32)
    (call $put_key (i32.const 0) (i32.const 7))
    (call $wait_key (i32.const 16) (i32.const 2))
    (i32.const 7))
  (func (export "wait_started") (call $wait_key (i32.const 0) (i32.const 7)))
  (func (export "go") (call $put_key (i32.const 16) (i32.const 2)))

  (func (export "echo")
    (local $size i32)
    (local.set $size (call $argument (i32.const 64) (i32.const 1000)))
    (call $result (i32.const 64) (local.get $size)))
  ;; 1 in a fresh instance.
  (func (export "count") (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store (i32.const 100) (i32.add (i32.load (i32.const 100)) (i32.const 1)))
    (i32.mul (global.get $calls) (i32.load (i32.const 100))))
  (func (export "trap") unreachable)
  (func (export "endless") (loop $for_ever (br $for_ever))))
