(module (memory 1)
  (func $sum (param $p i32) (param $n i32) (result i32) (local $s i32)
    (loop $next
      (local.set $s (i32.add (local.get $s) (i32.load offset=4 (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s))
  (func $count (param $p i32)
    (i32.store offset=8 (local.get $p) (i32.add (i32.load offset=8 (local.get $p)) (i32.const 1))))
  (func $element (param $p i32) (param $i i32) (result i64)
    (i64.load (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 3)))))
  (func $masked (param $i i32) (result i32)
    (i32.load8_u offset=16 (i32.add (i32.and (local.get $i) (i32.const 255)) (i32.const 1024)))))
;; CODE
;;
;; sum:
;;   push rbp
;;   mov rbp, rsp
;;   mov rax, [r15+0x28]
;;   mov ecx, 0x00
;;   nop [rax], eax
;; L0:
;;   cmp dword ptr [rax+0x08], 0x00
;;   jnz L2
;; L1:
;;   add ecx, [r14+rdi*1+0x04]                     ; may fault at 0x39
;;   add edi, 0x04
;;   add esi, 0xFFFFFFFF
;;   jnz L0
;;   mov rax, rcx
;;   pop rbp
;;   ret
;; L2:
;;   call [data]                                   ; call at 0x33
;;   jmp L1
;;
;; count:
;;   push rbp
;;   mov rbp, rsp
;;   add dword ptr [r14+rdi*1+0x08], 0x01          ; may fault at 0x59
;;   pop rbp
;;   ret
;;
;; element:
;;   push rbp
;;   mov rbp, rsp
;;   lea eax, [rdi+rsi*8]
;;   mov rax, [r14+rax*1]                          ; may fault at 0x6d
;;   pop rbp
;;   ret
;;
;; masked:
;;   push rbp
;;   mov rbp, rsp
;;   movzx eax, dil
;;   movzx eax, byte ptr [r14+rax*1+0x410]         ; may fault at 0x7d
;;   pop rbp
;;   ret
