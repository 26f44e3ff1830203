// SPDX-License-Identifier: Apache-2.0
// Brings a benchmark's module to life and runs the loops that most benchmarks are made of.
#include "bench/micro/guest.h"

#include <string>
#include <utility>

namespace heddle::bench {

void fail(benchmark::State& state, const std::string& why) { state.SkipWithError(why.c_str()); }

bool Guest::start(benchmark::State& state, const Bytes& bytes, const Config& config, bool host_function) {
  auto made_engine = Engine::create(config);
  if (!made_engine) return fail(state, made_engine.error().to_string()), false;
  engine = std::move(*made_engine);
  auto loaded = Module::load(*engine, bytes);
  if (!loaded) return fail(state, loaded.error().to_string()), false;
  module = std::move(*loaded);
  auto made_store = Store::create(*engine);
  if (!made_store) return fail(state, made_store.error().to_string()), false;
  store.emplace(std::move(*made_store));
  Linker linker(*engine);
  if (host_function) {
    auto defined = linker.wrap("host", "f", [](int32_t x) { return x; });
    if (!defined) return fail(state, defined.error().to_string()), false;
  }
  auto instantiated = linker.instantiate(*store, *module);
  if (!instantiated) return fail(state, instantiated.message()), false;
  instance = *instantiated;
  return true;
}

void run_loop(benchmark::State& state, const Bytes& step, const Surroundings& around, const Config& config) {
  Guest guest;
  if (!guest.start(state, loop_module(step, around), config, around.imports_host)) return;
  auto run = guest.instance.typed<int32_t(int32_t)>("run");
  if (!run) return fail(state, run.error().to_string());
  for (auto _ : state) {
    auto result = run->call(kRounds);
    if (!result) return fail(state, result.message());
    benchmark::DoNotOptimize(*result);
  }
  state.SetItemsProcessed(state.iterations() * kRounds);
}

}  // namespace heddle::bench
