(module
  (func $down (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (else (i32.const 0))))
  (func $gcd (param i32 i32) (result i32) (local i32)
    (loop $next
      (if (local.get 1)
        (then
          (local.set 2 (i32.rem_u (local.get 0) (local.get 1)))
          (local.set 0 (local.get 1))
          (local.set 1 (local.get 2))
          (br $next))))
    (local.get 0))
  (func $choose (param i32) (result i32)
    (block $default
      (block $two
        (block $one
          (block $zero (br_table $zero $one $two $default (local.get 0)))
          (return (i32.const 10)))
        (return (i32.const 20)))
      (return (i32.const 30)))
    (unreachable)))
;; CODE
;;
;; down:
;;   push rbp
;;   mov rbp, rsp
;;   mov r11, [r15+0x28]
;;   cmp rsp, [r11+0x10]
;;   jb L9
;; L0:
;;   test edi, edi
;;   jnz L1
;;   mov eax, 0x00
;;   jmp L8
;; L1:
;;   lea eax, [rdi-0x01]
;;   test eax, eax
;;   jnz L2
;;   mov eax, 0x00
;;   jmp L7
;; L2:
;;   lea eax, [rdi-0x02]
;;   test eax, eax
;;   jnz L3
;;   mov eax, 0x00
;;   jmp L6
;; L3:
;;   lea eax, [rdi-0x03]
;;   test eax, eax
;;   jnz L4
;;   mov eax, 0x00
;;   jmp L5
;; L4:
;;   add edi, 0xFFFFFFFC
;;   mov r11, 0x10000
;;   call [r11+0x08]                               ; call at 0x8000001f
;;   add eax, 0x01
;; L5:
;;   add eax, 0x01
;; L6:
;;   add eax, 0x01
;; L7:
;;   add eax, 0x01
;; L8:
;;   pop rbp
;;   ret
;; L9:
;;   call [data]                                   ; call at 0x23
;;   jmp L0
;;
;; gcd:
;;   push rbp
;;   mov rbp, rsp
;;   mov rcx, [r15+0x28]
;;   mov rax, rdi
;;   nop [rax+rax*1], eax
;; L0:
;;   cmp dword ptr [rcx+0x08], 0x00
;;   jnz L3
;; L1:
;;   test esi, esi
;;   jz L2
;;   test esi, esi
;;   jz L4
;;   xor edx, edx
;;   div esi
;;   mov rax, rsi
;;   mov rsi, rdx
;;   jmp L0
;; L2:
;;   pop rbp
;;   ret
;; L3:
;;   call [data]                                   ; call at 0x38
;;   jmp L1
;; L4:
;;   mov r11d, 0x02
;;   call [data]                                   ; integer divide by zero at 0x42
;;
;; choose:
;;   push rbp
;;   mov rbp, rsp
;;   cmp edi, 0x00
;;   jz L1
;;   cmp edi, 0x01
;;   jz L0
;;   cmp edi, 0x02
;;   jnz L2
;;   mov eax, 0x1E
;;   pop rbp
;;   ret
;; L0:
;;   mov eax, 0x14
;;   pop rbp
;;   ret
;; L1:
;;   mov eax, 0x0A
;;   pop rbp
;;   ret
;; L2:
;;   mov r11d, 0x01
;;   call [data]                                   ; unreachable at 0x73
