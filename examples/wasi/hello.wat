;; SPDX-License-Identifier: Apache-2.0
;; The least WASI program: one line to standard output, then exit code 0.
;; Run it: heddle run examples/wasi/hello.wat
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $vectors i32) (param $count i32) (param $out i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "hello from the loom\n")
  (data (i32.const 0) "\08\00\00\00\14\00\00\00")  ;; one buffer: address 8, 20 bytes
  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))
