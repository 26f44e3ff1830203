// SPDX-License-Identifier: Apache-2.0
// How fast modules come to life: decoding and validation, translation, instantiation and its tear-down.
#include <string>
#include <utility>

#include "bench/micro/guest.h"

namespace heddle::bench {
namespace {

constexpr uint32_t kFunctions = 2000;  // about a megabyte of code

void load(benchmark::State& state, const Config& config) {
  auto engine = Engine::create(config);
  if (!engine) return fail(state, engine.error().to_string());
  const Bytes bytes = many_functions_module(kFunctions);
  for (auto _ : state) {
    auto module = Module::load(*engine, bytes);
    if (!module) return fail(state, module.error().to_string());
    benchmark::DoNotOptimize(*module);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}

void decode_and_validate(benchmark::State& state) { load(state, {}); }

void decode_validate_and_translate(benchmark::State& state) {
  Config config;
  config.eager = true;
  load(state, config);
}

/// Calls every function of a fresh module once; each returns at its first branch, so lazy translation is what
/// it costs.
void translate_on_first_call(benchmark::State& state) {
  const Bytes bytes = many_functions_module(kFunctions);
  for (auto _ : state) {
    state.PauseTiming();
    {
      Guest guest;
      if (!guest.start(state, bytes)) return;
      auto all = guest.instance.typed<int32_t(int32_t)>("all");
      if (!all) return fail(state, all.error().to_string());
      state.ResumeTiming();
      auto result = all->call(0);
      state.PauseTiming();
      if (!result) return fail(state, result.message());
    }
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}

/// A store and an instance with one page of memory, made and destroyed.
void instantiate(benchmark::State& state, MemoryMode mode) {
  Config config;
  config.memory_mode = mode;
  auto engine = Engine::create(config);
  if (!engine) return fail(state, engine.error().to_string());
  auto module = Module::load(*engine, single_function_module({kI32Const, 0}, {}));
  if (!module) return fail(state, module.error().to_string());
  for (auto _ : state) {
    auto store = Store::create(*engine);
    if (!store) return fail(state, store.error().to_string());
    auto instance = Instance::create(*store, *module);
    if (!instance) return fail(state, instance.message());
    benchmark::DoNotOptimize(*instance);
  }
}

BENCHMARK(decode_and_validate)->Unit(benchmark::kMillisecond);
BENCHMARK(decode_validate_and_translate)->Unit(benchmark::kMillisecond);
BENCHMARK(translate_on_first_call)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(instantiate, guarded, MemoryMode::guarded);
BENCHMARK_CAPTURE(instantiate, checked, MemoryMode::checked);

}  // namespace
}  // namespace heddle::bench
