;; Branches: tables, and operands that travel with them.
(module
  (func $table (param $i i32) (result i32)
    (block $c (block $b (block $a
      (br_table $a $b $a $c (local.get $i)))
      (return (i32.const 10)))
      (return (i32.const 11)))
    (i32.const 12))
  (func $table_with_values (param $i i32) (result i32)
    (block $a (result i32)
      (i32.const 7)
      (block $b (result i32)
        (br_table $a $b $b $a (i32.const 5) (local.get $i)))
      (i32.add)))
  (func $carry (param $x i32) (param $y i32) (result i32)
    (i32.const 1)
    (block $out (result i32)
      (drop (br_if $out (local.get $x) (i32.eq (local.get $x) (local.get $y))))
      (i32.sub (local.get $x) (local.get $y)))
    (i32.add))
  (func $early (param $x i32) (result i32)
    (if (i32.and (local.get $x) (i32.const 8)) (then (return (i32.const -1))))
    (if (i32.eqz (local.get $x)) (then (unreachable)))
    (br_if 0 (local.get $x) (i32.ge_u (local.get $x) (i32.const 100)))
    (drop)
    (i32.const 0))
  (func $choose (param $x i32) (param $y i32) (param $d f64) (result f64)
    (local.set $x (select (local.get $x) (local.get $y) (i32.lt_s (local.get $x) (local.get $y))))
    (select (local.get $d) (f64.const -1) (local.get $x)))
  (func $references (param $f funcref) (result i32)
    (if (result i32) (ref.is_null (local.get $f)) (then (i32.const 1)) (else (i32.const 2)))))

;; Listings
;;
;; table
;;      0  branch_table                 s0 -> 4, 7, 4, else 10
;;      4  return.int.i                 10
;;      7  return.int.i                 11
;;     10  return.int.i                 12
;;
;; table_with_values
;;      0  branch_table                 s0 -> 4, 7, 7, else 4
;;      4  constant                     s4 = 5
;;      5  jump                         -> 12
;;      7  constant                     s5 = 5
;;      8  jump                         -> 10
;;     10  i32.add.si                   s4 = s5, 7
;;     12  return.int.s                 s4
;;
;; carry
;;      0  unless.i32.eq.ss             s0, s1 -> 5
;;      2  copy                         s6 = s0
;;      3  jump                         -> 7
;;      5  i32.sub.ss                   s6 = s0, s1
;;      7  i32.add.si>a                 s5 = s6, 1
;;      9  return.int.a                 a
;;
;; early
;;      0  unless.i32.and.si            s0, 8 -> 6
;;      3  return.int.i                 4294967295
;;      6  if_nonzero.s                 s0 -> 10
;;      8  unreachable
;;     10  unless.i32.ge_u.si           s0, 100 -> 16
;;     13  copy                         s4 = s0
;;     14  jump                         -> 19
;;     16  return.int.i                 0
;;     19  return.int.s                 s4
;;
;; choose
;;      0  i32.lt_s.ss>a                s8 = s0, s1
;;      2  select.int.a                 s0 = a ? s0 : s1
;;      4  constant64                   s7 = 0xbff0000000000000
;;      7  select.f64.a                 s6 = a ? s2 : s7
;;      9  return.f64.a                 a
;;
;; references
;;      0  ref.is_null.s                s4 = s0
;;      2  if_zero.a                    a -> 7
;;      4  constant                     s4 = 1
;;      5  jump                         -> 9
;;      7  constant                     s4 = 2
;;      9  return.int.s                 s4
