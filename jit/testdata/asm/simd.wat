(module (memory 1)
  (func $add (param $p i32) (param $q i32) (param $n i32)
    (loop $next
      (v128.store (local.get $q) (i8x16.add (v128.load (local.get $p)) (v128.load (local.get $q))))
      (local.set $p (i32.add (local.get $p) (i32.const 16)))
      (local.set $q (i32.add (local.get $q) (i32.const 16)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func $blend (param v128 v128) (result v128)
    (i16x8.shr_u (i16x8.add (i16x8.mul (local.get 0) (v128.const i16x8 3 3 3 3 3 3 3 3)) (local.get 1)) (i32.const 2)))
  (func $dot (param v128 v128) (result f32)
    (f32x4.extract_lane 0 (f32x4.add (f32x4.mul (local.get 0) (local.get 1)) (local.get 0)))))
;; CODE
;;
;; add:
;;   push rbp
;;   mov rbp, rsp
;;   mov rax, [r15+0x28]
;;   nop [rax+rax*1], eax
;; L0:
;;   cmp dword ptr [rax+0x08], 0x00
;;   jnz L2
;; L1:
;;   movups xmm0, [r14+rdi*1]                      ; may fault at 0x33
;;   vpaddb xmm0, xmm0, [r14+rsi*1]                ; may fault at 0x39
;;   movups [r14+rsi*1], xmm0                      ; may fault at 0x3f
;;   add edi, 0x10
;;   add esi, 0x10
;;   add edx, 0xFFFFFFFF
;;   jnz L0
;;   pop rbp
;;   ret
;; L2:
;;   call [data]                                   ; call at 0x2d
;;   jmp L1
;;
;; blend:
;;   vpmullw xmm0, xmm0, [data]
;;   vpaddw xmm0, xmm0, xmm1
;;   vpsrlw xmm0, xmm0, 0x02
;;   ret
;;
;; dot:
;;   vmulps xmm1, xmm0, xmm1
;;   vaddps xmm0, xmm1, xmm0
;;   ret
