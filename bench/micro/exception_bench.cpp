// SPDX-License-Identifier: Apache-2.0
// What exceptions cost: thrown and caught so many frames further out; and a try block in which nothing is
// thrown, beside the same loop without one.
#include <string>
#include <string_view>

#include "bench/micro/guest.h"
#include "engine/text/assembler.h"

namespace heddle::bench {
namespace {

constexpr std::string_view kModule = R"((module
  (tag $e (param i32))
  (func $down (param $value i32) (param $depth i32)
    (if (i32.eqz (local.get $depth)) (then (throw $e (local.get $value))))
    (call $down (local.get $value) (i32.sub (local.get $depth) (i32.const 1))))
  (func (export "throw") (param $n i32) (param $depth i32) (result i32) (local $sum i32)
    (loop $again
      (block $caught (result i32)
        (try_table (catch $e $caught) (call $down (local.get $n) (local.get $depth)))
        (unreachable))
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func $leaf (param i32) (result i32) (i32.xor (local.get 0) (i32.const 5)))
  (func (export "try") (param $n i32) (param i32) (result i32) (local $sum i32)
    (loop $again
      (block $caught
        (try_table (catch_all $caught)
          (local.set $sum (i32.add (local.get $sum) (call $leaf (local.get $n))))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "no try") (param $n i32) (param i32) (result i32) (local $sum i32)
    (loop $again
      (block $caught
        (block
          (local.set $sum (i32.add (local.get $sum) (call $leaf (local.get $n))))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))))";

void run(benchmark::State& state, const char* name, int32_t depth) {
  Guest guest;
  const auto bytes = engine::assemble(kModule);
  if (!bytes) return fail(state, bytes.error().to_string());
  if (!guest.start(state, *bytes)) return;
  auto function = guest.instance.typed<int32_t(int32_t, int32_t)>(name);
  if (!function) return fail(state, function.error().to_string());
  for (auto _ : state) {
    auto result = function->call(kRounds, depth);
    if (!result) return fail(state, result.message());
    benchmark::DoNotOptimize(*result);
  }
  state.SetItemsProcessed(state.iterations() * kRounds);
}

/// Thrown in a function called by the one that catches, and so many frames further in.
void throw_and_catch(benchmark::State& state) { run(state, "throw", static_cast<int32_t>(state.range(0))); }
void try_without_throw(benchmark::State& state) { run(state, "try", 0); }
void same_without_try(benchmark::State& state) { run(state, "no try", 0); }

BENCHMARK(throw_and_catch)->Arg(0)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK(try_without_throw);
BENCHMARK(same_without_try);

}  // namespace
}  // namespace heddle::bench
