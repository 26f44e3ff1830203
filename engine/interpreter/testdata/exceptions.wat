;; Exceptions: a try block emits nothing; calls and throws lead to the regions behind the code.
(module
  (tag $e (param i32))
  (tag $f)
  (func $callee (param i32))
  (func $catches (param i32) (result i32)
    (block $h (result i32)
      (try_table (catch $e $h)
        (call $callee (local.get 0))
        (if (local.get 0) (then (throw $e (i32.const 7)))))
      (call $callee (i32.const 1))
      (i32.const 2)))
  (func $references (result i32 exnref)
    (block $all (result exnref)
      (block $h (result i32 exnref)
        (try_table (catch_ref $e $h)
          (try_table (catch_ref $f $all) (catch_all_ref $all) (call $callee (i32.const 0)))
          (call $callee (i32.const 1)))
        (return (i32.const 0) (ref.null exn)))
      (return))
    (throw_ref))
  (func $legacy (result i32)
    (try (result i32)
      (do
        (try (do (call $callee (i32.const 3))) (delegate 0))
        (i32.const 1))
      (catch $e (drop) (rethrow 0))
      (catch_all (i32.const 4)))))
;; Listings
;;
;; callee
;;      0  return
;;
;; catches
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      1  copy                         s4 = s0
;;      3  call.reloading               base s4, header s5, function 0
;;      6  reload                       header s1, catch by 23
;;      8  if_zero.s                    s0 -> 15
;;     10  constant                     s4 = 7
;;     12  throw                        s4, header s1, tag 0, catch by 23
;;     15  constant                     s4 = 1
;;     16  call                         base s4, header s5, function 0
;;     19  constant                     s4 = 2
;;     21  return.int.s                 s4
;;     23  catch_region                 tag 0 -> 21 (s4)
;;
;; references
;;      0  enter                        frame 9, header s2, zero s5, count 0
;;      1  constant                     s5 = 0
;;      3  call.reloading               base s5, header s6, function 0
;;      6  reload                       header s2, catch by 28
;;      8  constant                     s5 = 1
;;     10  call.reloading               base s5, header s6, function 0
;;     13  reload                       header s2, catch by 24
;;     15  constant                     s5 = 0
;;     16  constant                     s6 = 0
;;     18  return_many                  s5, count 2
;;     20  return_many                  s5, count 2
;;     22  throw_ref                    s5, header s2
;;     24  catch_region                 tag 0 -> 20 (s5, exception s6)
;;     28  catch_region                 tag 1 -> 22 (s5, exception s5), all -> 22 (s5, exception s5), catch by 24
;;
;; legacy
;;      0  enter                        frame 8, header s1, zero s4, count 0
;;      1  constant                     s4 = 3
;;      3  call.reloading               base s4, header s5, function 0
;;      6  reload                       header s1, catch by 17
;;      8  constant                     s4 = 1
;;      9  jump                         -> 15
;;     11  throw_ref                    s4, header s1
;;     13  constant                     s4 = 4
;;     15  return.int.s                 s4
;;     17  catch_region                 tag 0 -> 11 (s5, exception s4), all -> 13 (s5, exception s4)
