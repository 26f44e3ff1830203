(module
  (func $clamp (param i32) (result i32)
    (select (i32.const 255) (local.get 0) (i32.gt_s (local.get 0) (i32.const 255))))
  (func $is_zero (param i64) (result i32) (i64.eqz (local.get 0)))
  (func $tenth (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 10)))
  (func $divide (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $rotate (param i32 i32) (result i32) (i32.rotl (local.get 0) (local.get 1)))
  (func $mix (param i64) (result i64)
    (i64.mul (i64.xor (local.get 0) (i64.shr_u (local.get 0) (i64.const 33))) (i64.const 0xff51afd7ed558ccd))))
;; CODE
;;
;; clamp:
;;   mov eax, 0xFF
;;   cmp edi, 0xFF
;;   cmovnle edi, eax
;;   mov rax, rdi
;;   ret
;;
;; is_zero:
;;   test rdi, rdi
;;   setz al
;;   movzx eax, al
;;   ret
;;
;; tenth:
;;   mov eax, 0xCCCCCCCD
;;   imul rax, rdi
;;   shr rax, 0x23
;;   ret
;;
;; divide:
;;   push rbp
;;   mov rbp, rsp
;;   mov rax, rdi
;;   test esi, esi
;;   jz L1
;;   cmp esi, 0xFFFFFFFF
;;   jnz L0
;;   cmp eax, 0x01
;;   jo L2
;; L0:
;;   cdq
;;   idiv esi
;;   pop rbp
;;   ret
;; L1:
;;   mov r11d, 0x02
;;   call [data]                                   ; integer divide by zero at 0x4f
;; L2:
;;   mov r11d, 0x03
;;   call [data]                                   ; integer overflow at 0x4f
;;
;; rotate:
;;   mov rcx, rsi
;;   mov rax, rdi
;;   rol eax, cl
;;   ret
;;
;; mix:
;;   mov rax, rdi
;;   shr rax, 0x21
;;   xor rax, rdi
;;   mov rcx, 0xFF51AFD7ED558CCD
;;   imul rax, rcx
;;   ret
