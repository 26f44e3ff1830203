// SPDX-License-Identifier: Apache-2.0
// Guest: one module with its own engine, store and instance, as most micro-benchmarks need it.
#pragma once

#include <benchmark/benchmark.h>

#include <heddle/heddle.h>

#include <cstdint>
#include <optional>

#include "bench/micro/module_writer.h"

namespace heddle::bench {

/// Everything between bytes and a callable "run". Not movable once used: the handles refer to the store.
struct Guest {
  std::optional<Engine> engine;
  std::optional<Module> module;
  std::optional<Store> store;
  Instance instance;

  /// Loads and instantiates; with `host_function`, import "host" "f" returns its argument. False after an
  /// error, which the benchmark then reports as its result.
  bool start(benchmark::State& state, const Bytes& bytes, const Config& config = {},
             bool host_function = false);
};

/// Stops the benchmark with the text of an error or a trap.
void fail(benchmark::State& state, const std::string& why);

/// The number of rounds that the loop benchmarks make in one call of the guest: enough to hide the call.
inline constexpr int32_t kRounds = 10'000;

/// Measures a loop_module(): calls "run"(kRounds) and counts every round as an item.
void run_loop(benchmark::State& state, const Bytes& step, const Surroundings& around,
              const Config& config = {});

}  // namespace heddle::bench
