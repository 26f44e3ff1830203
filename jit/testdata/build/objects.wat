(module
  (type $point (struct (field (mut i32)) (field (mut f64)) (field i8)))
  (type $bytes (array (mut i8)))
  (func $get (param (ref null $point)) (result i32) (struct.get_s $point 2 (local.get 0)))
  (func $set (param (ref $point)) (struct.set $point 1 (local.get 0) (f64.const 2)))
  (func $element (param (ref $bytes) i32) (result i32) (array.get_u $bytes (local.get 0) (local.get 1)))
  (func $store (param (ref $bytes) i32) (array.set $bytes (local.get 0) (local.get 1) (i32.const 1)))
  (func $is_i31 (param anyref) (result i32) (ref.test (ref null i31) (local.get 0)))
  (func $is_struct (param anyref) (result i32) (ref.test (ref struct) (local.get 0)))
  (func $small (param i32) (result i32) (i31.get_s (ref.i31 (local.get 0))))
  (func $branch (param anyref) (result i31ref)
    (block $other (result anyref)
      (return (br_on_cast_fail $other anyref i31ref (local.get 0))))
    (drop) (ref.null i31)))
;; IR
;;
;; get: function 0 -> i32
;; block0(v0: i64):
;;   v1: i32 = i64.eqz v0
;;   trap_if v1 "null reference"
;;   v3: i32 = host.load v0 + 24 as i32.load8_s, object
;;   return v3
;;
;; set: function 1 ->
;; block0(v0: i64):
;;   v1: f64 = f64.const 2 (0x4000000000000000)
;;   v2: i32 = i64.eqz v0
;;   trap_if v2 "null reference"
;;   host.store v0, v1 + 16 as f64.store, object
;;   return
;;
;; element: function 2 -> i32
;; block0(v0: i64, v1: i32):
;;   v2: i32 = i64.eqz v0
;;   trap_if v2 "null reference"
;;   v4: i32 = host.load v0 + 8 as i32.load, object
;;   v5: i32 = i32.ge_u v1, v4
;;   trap_if v5 "out of bounds array access"
;;   v7: i64 = i64.extend_i32_u v1
;;   v8: i32 = host.load v0, v7 + 16 as i32.load8_u, object
;;   return v8
;;
;; store: function 3 ->
;; block0(v0: i64, v1: i32):
;;   v2: i32 = i32.const 1
;;   v3: i32 = i64.eqz v0
;;   trap_if v3 "null reference"
;;   v5: i32 = host.load v0 + 8 as i32.load, object
;;   v6: i32 = i32.ge_u v1, v5
;;   trap_if v6 "out of bounds array access"
;;   v8: i64 = i64.extend_i32_u v1
;;   host.store v0, v2, v8 + 16 as i32.store8, object
;;   return
;;
;; is_i31: function 4 -> i32
;; block0(v0: i64):
;;   v1: i64 = i64.const 1
;;   v2: i64 = i64.and v0, v1
;;   v3: i32 = i32.wrap_i64 v2
;;   v4: i32 = i64.eqz v0
;;   v5: i32 = i32.or v3, v4
;;   return v5
;;
;; is_struct: function 5 -> i32
;; block0(v0: i64):
;;   v1: i64 = i64.const 3
;;   v2: i64 = i64.and v0, v1
;;   v3: i32 = i64.eqz v2
;;   v4: i64 = i64.const 0
;;   v5: i32 = i64.ne v0, v4
;;   v6: i32 = i32.and v3, v5
;;   v7: i32 = i32.const 0
;;   branch v6 block2, block1
;; block1:
;;   jump block3(v7)
;; block2:
;;   v11: i64 = host.load v0 + 0 as i64.load, object
;;   v12: i32 = host.load v11 + 16 as i32.load8_u, object
;;   v13: i32 = i32.const 0
;;   v14: i32 = i32.eq v12, v13
;;   jump block3(v14)
;; block3(v9: i32):
;;   return v9
;;
;; small: function 6 -> i32
;; block0(v0: i32):
;;   v1: i32 = i32.const 1
;;   v2: i32 = i32.shl v0, v1
;;   v3: i32 = i32.const 1
;;   v4: i32 = i32.or v2, v3
;;   v5: i64 = i64.extend_i32_u v4
;;   v6: i32 = i64.eqz v5
;;   trap_if v6 "null reference"
;;   v8: i32 = i32.wrap_i64 v5
;;   v9: i32 = i32.const 1
;;   v10: i32 = i32.shr_s v8, v9
;;   return v10
;;
;; branch: function 7 -> i64
;; block0(v0: i64):
;;   v1: i64 = i64.const 1
;;   v2: i64 = i64.and v0, v1
;;   v3: i32 = i32.wrap_i64 v2
;;   v4: i32 = i64.eqz v0
;;   v5: i32 = i32.or v3, v4
;;   v6: i32 = i32.eqz v5
;;   branch v6 block2, block1
;; block1:
;;   return v0
;; block2:
;;   v9: i64 = i64.const 0
;;   return v9
