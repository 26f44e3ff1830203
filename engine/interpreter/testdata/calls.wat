;; Calls: arguments stay where they were produced; tail calls move them down.
(module
  (type $unary (func (param i32) (result i32)))
  (import "host" "f" (func $host (type $unary)))
  (table $t 10 funcref)
  (global $g (mut i64) (i64.const 0))
  (func $direct (param i32) (result i32) (call $host (call $direct (i32.add (local.get 0) (i32.const 1)))))
  (func $indirect (param i32) (result i32)
    (call_indirect $t (type $unary) (local.get 0) (i32.and (local.get 0) (i32.const 7))))
  (func $reference (param (ref null $unary)) (result i32) (call_ref $unary (i32.const 3) (local.get 0)))
  (func $leaf (result i64) (global.set $g (i64.add (global.get $g) (i64.const 1))) (global.get $g))
  (func $tail (param i32 i32) (result i32) (return_call $tail (local.get 1) (local.get 0)))
  (func $tail_import (param i32) (result i32) (return_call $host (local.get 0)))
  (func $tail_indirect (param i32) (result i32)
    (return_call_indirect $t (type $unary) (local.get 0) (i32.const 2)))
  (func $tail_reference (param (ref null $unary)) (result i32)
    (return_call_ref $unary (i32.const 3) (local.get 0))))

