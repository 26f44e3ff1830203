(module (memory 1)
  (func $axpy (param $p i32) (param $q i32) (param $end i32) (param $a f64)
    (loop $next
      (f64.store (local.get $q)
        (f64.add (f64.load (local.get $q)) (f64.mul (local.get $a) (f64.load (local.get $p)))))
      (local.set $p (i32.add (local.get $p) (i32.const 8)))
      (local.set $q (i32.add (local.get $q) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $p) (local.get $end)))))
  (func $less (param f64 f64) (result i32) (f64.lt (local.get 0) (local.get 1)))
  (func $smaller (param f32 f32) (result f32) (f32.min (local.get 0) (local.get 1)))
  (func $convert (param i32) (result f64) (f64.convert_i32_u (local.get 0)))
  (func $truncate (param f32) (result i32) (i32.trunc_f32_s (local.get 0))))
;; CODE
;;
;; axpy:
;;   push rbp
;;   mov rbp, rsp
;;   mov rax, [r15+0x28]
;;   nop [rax+rax*1], eax
;; L0:
;;   cmp dword ptr [rax+0x08], 0x00
;;   jnz L2
;; L1:
;;   vmulsd xmm1, xmm0, qword ptr [r14+rdi*1]      ; may fault at 0x47
;;   vaddsd xmm1, xmm1, qword ptr [r14+rsi*1]      ; may fault at 0x40
;;   movsd [r14+rsi*1], xmm1                       ; may fault at 0x4c
;;   add edi, 0x08
;;   add esi, 0x08
;;   cmp edi, edx
;;   jb L0
;;   pop rbp
;;   ret
;; L2:
;;   call [data]                                   ; call at 0x3a
;;   jmp L1
;;
;; less:
;;   ucomisd xmm1, xmm0
;;   setnbe al
;;   movzx eax, al
;;   ret
;;
;; smaller:
;;   ucomiss xmm0, xmm1
;;   jz L1
;;   minss xmm0, xmm1
;; L0:
;;   ret
;; L1:
;;   jp L2
;;   orps xmm0, xmm1
;;   jmp L0
;; L2:
;;   addss xmm0, xmm1
;;   jmp L0
;;
;; convert:
;;   xorps xmm0, xmm0
;;   vcvtsi2sd xmm0, xmm0, rdi
;;   ret
;;
;; truncate:
;;   push rbp
;;   mov rbp, rsp
;;   cvttss2si eax, xmm0
;;   cmp eax, 0x01
;;   jo L1
;; L0:
;;   pop rbp
;;   ret
;; L1:
;;   ucomiss xmm0, [data]
;;   jnb L2
;;   jp L2
;;   ucomiss xmm0, [data]
;;   jb L2
;;   jmp L0
;; L2:
;;   ucomiss xmm0, [data]
;;   jp L3
;;   jmp L4
;; L3:
;;   mov r11d, 0x04
;;   call [data]                                   ; invalid conversion to integer at 0x80
;; L4:
;;   mov r11d, 0x03
;;   call [data]                                   ; integer overflow at 0x80
