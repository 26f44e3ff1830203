// SPDX-License-Identifier: Apache-2.0
// Allocation-heavy guests: binary trees, sorting a linked list, a hash map of strings; throughput and pauses.
#include <string_view>

#include "bench/micro/guest.h"

namespace heddle::bench {
namespace {

/// run(depth): builds a tree and counts its nodes.
constexpr std::string_view kTrees = R"((module
  (type $node (struct (field (ref null $node)) (field (ref null $node))))
  (func $make (param $depth i32) (result (ref $node))
    (if (i32.eqz (local.get $depth))
      (then (return (struct.new $node (ref.null $node) (ref.null $node)))))
    (struct.new $node (call $make (i32.sub (local.get $depth) (i32.const 1)))
                      (call $make (i32.sub (local.get $depth) (i32.const 1)))))
  (func $count (param $node (ref null $node)) (result i32)
    (if (ref.is_null (local.get $node)) (then (return (i32.const 0))))
    (i32.add (i32.const 1)
      (i32.add (call $count (struct.get $node 0 (local.get $node)))
               (call $count (struct.get $node 1 (local.get $node))))))
  (func (export "run") (param $depth i32) (result i32) (call $count (call $make (local.get $depth))))))";

/// run(n): a list of n pseudo-random numbers, merge-sorted into a new one; 1 if it is in order.
constexpr std::string_view kSort = R"((module
  (type $list (struct (field i32) (field (mut (ref null $list)))))
  (func $make (param $n i32) (result (ref null $list)) (local $list (ref null $list)) (local $x i32)
    (local.set $x (i32.const 12345))
    (loop $again
      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1103515245)) (i32.const 12345)))
      (local.set $list (struct.new $list (i32.shr_u (local.get $x) (i32.const 8)) (local.get $list)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $list))
  (func $merge (param $a (ref null $list)) (param $b (ref null $list)) (result (ref null $list))
    (local $first (ref null $list)) (local $last (ref null $list)) (local $new (ref null $list))
    (local.set $first (struct.new $list (i32.const 0) (ref.null $list)))
    (local.set $last (local.get $first))
    (block $done
      (loop $again
        (if (ref.is_null (local.get $a))
          (then (struct.set $list 1 (local.get $last) (local.get $b)) (br $done)))
        (if (ref.is_null (local.get $b))
          (then (struct.set $list 1 (local.get $last) (local.get $a)) (br $done)))
        (if (i32.le_s (struct.get $list 0 (local.get $a)) (struct.get $list 0 (local.get $b)))
          (then
            (local.set $new (struct.new $list (struct.get $list 0 (local.get $a)) (ref.null $list)))
            (local.set $a (struct.get $list 1 (local.get $a))))
          (else
            (local.set $new (struct.new $list (struct.get $list 0 (local.get $b)) (ref.null $list)))
            (local.set $b (struct.get $list 1 (local.get $b)))))
        (struct.set $list 1 (local.get $last) (local.get $new))
        (local.set $last (local.get $new))
        (br $again)))
    (struct.get $list 1 (local.get $first)))
  (func $sort (param $list (ref null $list)) (param $n i32) (result (ref null $list))
    (local $half i32) (local $i i32) (local $rest (ref null $list)) (local $end (ref null $list))
    (if (i32.lt_u (local.get $n) (i32.const 2)) (then (return (local.get $list))))
    (local.set $half (i32.shr_u (local.get $n) (i32.const 1)))
    (local.set $end (local.get $list))
    (local.set $i (local.get $half))
    (loop $skip
      (if (i32.gt_u (local.get $i) (i32.const 1))
        (then
          (local.set $end (struct.get $list 1 (local.get $end)))
          (local.set $i (i32.sub (local.get $i) (i32.const 1)))
          (br $skip))))
    (local.set $rest (struct.get $list 1 (local.get $end)))
    (struct.set $list 1 (local.get $end) (ref.null $list))
    (call $merge (call $sort (local.get $list) (local.get $half))
                 (call $sort (local.get $rest) (i32.sub (local.get $n) (local.get $half)))))
  (func (export "run") (param $n i32) (result i32) (local $list (ref null $list)) (local $before i32)
    (local.set $list (call $sort (call $make (local.get $n)) (local.get $n)))
    (loop $again
      (if (i32.lt_s (struct.get $list 0 (local.get $list)) (local.get $before)) (then (return (i32.const 0))))
      (local.set $before (struct.get $list 0 (local.get $list)))
      (local.set $list (struct.get $list 1 (local.get $list)))
      (br_if $again (i32.eqz (ref.is_null (local.get $list)))))
    (i32.const 1))))";

/// run(n): counts n numbers modulo 4093, as decimal strings, in a hash map; how many entries it has.
constexpr std::string_view kStrings = R"((module
  (type $bytes (array (mut i8)))
  (type $entry (struct (field (ref $bytes)) (field i32) (field (mut i32)) (field (ref null $entry))))
  (type $buckets (array (mut (ref null $entry))))
  (func $text (param $x i32) (result (ref $bytes)) (local $text (ref $bytes)) (local $i i32)
    (local.set $text (array.new_default $bytes (i32.const 8)))
    (loop $again
      (array.set $bytes (local.get $text) (local.get $i) (i32.add (i32.const 48) (i32.rem_u (local.get $x) (i32.const 10))))
      (local.set $x (i32.div_u (local.get $x) (i32.const 10)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
    (local.get $text))
  (func $hash (param $text (ref $bytes)) (result i32) (local $h i32) (local $i i32)
    (local.set $h (i32.const 0x811c9dc5))
    (loop $again
      (local.set $h (i32.mul (i32.xor (local.get $h) (array.get_u $bytes (local.get $text) (local.get $i))) (i32.const 0x01000193)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (local.get $text)))))
    (local.get $h))
  (func $equal (param $a (ref $bytes)) (param $b (ref $bytes)) (result i32) (local $i i32)
    (if (i32.ne (array.len (local.get $a)) (array.len (local.get $b))) (then (return (i32.const 0))))
    (loop $again
      (if (i32.ne (array.get_u $bytes (local.get $a) (local.get $i)) (array.get_u $bytes (local.get $b) (local.get $i)))
        (then (return (i32.const 0))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (local.get $a)))))
    (i32.const 1))
  (func (export "run") (param $n i32) (result i32)
    (local $map (ref $buckets)) (local $key (ref $bytes)) (local $h i32) (local $e (ref null $entry)) (local $size i32)
    (local.set $map (array.new_default $buckets (i32.const 1024)))
    (loop $again
      (local.set $key (call $text (i32.rem_u (i32.mul (local.get $n) (i32.const 7919)) (i32.const 4093))))
      (local.set $h (call $hash (local.get $key)))
      (local.set $e (array.get $buckets (local.get $map) (i32.and (local.get $h) (i32.const 1023))))
      (block $stored
        (loop $search
          (if (i32.eqz (ref.is_null (local.get $e)))
            (then
              (if (i32.eq (struct.get $entry 1 (local.get $e)) (local.get $h))
                (then (if (call $equal (struct.get $entry 0 (local.get $e)) (local.get $key))
                  (then
                    (struct.set $entry 2 (local.get $e) (i32.add (struct.get $entry 2 (local.get $e)) (i32.const 1)))
                    (br $stored)))))
              (local.set $e (struct.get $entry 3 (local.get $e)))
              (br $search))))
        (local.set $size (i32.add (local.get $size) (i32.const 1)))
        (array.set $buckets (local.get $map) (i32.and (local.get $h) (i32.const 1023))
          (struct.new $entry (local.get $key) (local.get $h) (i32.const 1)
            (array.get $buckets (local.get $map) (i32.and (local.get $h) (i32.const 1023))))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $size))))";

/// Calls run(argument); reports what was allocated, and how long the guest stood still for it.
void run_gc(benchmark::State& state, std::string_view text, int32_t argument, int32_t expected,
            int64_t items_per_call) {
  auto engine = Engine::create();
  if (!engine) return fail(state, engine.error().to_string());
  auto module = Module::load_text(*engine, text);
  if (!module) return fail(state, module.error().to_string());
  auto store = Store::create(*engine);
  if (!store) return fail(state, store.error().to_string());
  auto instance = Instance::create(*store, *module, {});
  if (!instance) return fail(state, instance.message());
  auto run = instance->typed<int32_t(int32_t)>("run");
  if (!run) return fail(state, run.error().to_string());
  for (auto _ : state) {
    auto result = run->call(argument);
    if (!result) return fail(state, result.message());
    if (*result != expected) return fail(state, "wrong result");
  }
  const GcStatistics gc = store->gc_statistics();
  const auto microseconds = [](std::chrono::nanoseconds time) {
    return static_cast<double>(time.count()) / 1e3;
  };
  const double collections = static_cast<double>(gc.collections);
  state.SetItemsProcessed(state.iterations() * items_per_call);
  state.counters["MB_allocated/s"] =
      benchmark::Counter(static_cast<double>(gc.allocated_bytes) / 1e6, benchmark::Counter::kIsRate);
  state.counters["collections"] = collections;
  state.counters["pause_mean_us"] = collections == 0 ? 0 : microseconds(gc.pauses) / collections;
  state.counters["pause_longest_us"] = microseconds(gc.longest_pause);
  state.counters["heap_MB"] = static_cast<double>(gc.heap_bytes) / 1e6;
}

/// Items are nodes.
void gc_binary_trees(benchmark::State& state) { run_gc(state, kTrees, 16, (1 << 17) - 1, (1 << 17) - 1); }
/// Items are elements sorted.
void gc_list_sort(benchmark::State& state) { run_gc(state, kSort, 100'000, 1, 100'000); }
/// Items are strings counted.
void gc_string_map(benchmark::State& state) { run_gc(state, kStrings, 200'000, 4093, 200'000); }

BENCHMARK(gc_binary_trees)->Unit(benchmark::kMillisecond);
BENCHMARK(gc_list_sort)->Unit(benchmark::kMillisecond);
BENCHMARK(gc_string_map)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace heddle::bench
