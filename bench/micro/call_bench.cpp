// SPDX-License-Identifier: Apache-2.0
// What crossing the border costs: calls from host to guest, typed and by values, and from guest to host and
// back.
#include <string>

#include "bench/micro/guest.h"

namespace heddle::bench {
namespace {

Bytes addition() { return single_function_module({kLocalGet, 0, kLocalGet, 1, kI32Add}, {.parameters = 2}); }

void call_typed(benchmark::State& state) {
  Guest guest;
  if (!guest.start(state, addition())) return;
  auto add = guest.instance.typed<int32_t(int32_t, int32_t)>("run");
  if (!add) return fail(state, add.error().to_string());
  int32_t sum = 0;
  for (auto _ : state) {
    auto result = add->call(sum, 1);
    if (!result) return fail(state, result.message());
    sum = *result;
  }
  benchmark::DoNotOptimize(sum);
}

void call_by_values(benchmark::State& state) {
  Guest guest;
  if (!guest.start(state, addition())) return;
  auto add = guest.instance.function("run");
  if (!add) return fail(state, add.error().to_string());
  int32_t sum = 0;
  for (auto _ : state) {
    auto result = add->call({Value(sum), Value(1)});
    if (!result) return fail(state, result.message());
    sum = result->front().i32();
  }
  benchmark::DoNotOptimize(sum);
}

/// One round: local1 = f(parameter0), f being the host's.
void call_host(benchmark::State& state) {
  run_loop(state, {kLocalGet, 0, kCall, 0, kLocalSet, 1}, {.imports_host = true});
}

/// The loop that every loop benchmark pays for; subtract it from the others.
void empty_loop(benchmark::State& state) { run_loop(state, {}, {}); }

BENCHMARK(call_typed);
BENCHMARK(call_by_values);
BENCHMARK(call_host);
BENCHMARK(empty_loop);

}  // namespace
}  // namespace heddle::bench
