// SPDX-License-Identifier: Apache-2.0
// What single memory operations cost inside a loop: loads, stores, atomics, notify without waiters, wait that
// need not.
#include "bench/micro/guest.h"

namespace heddle::bench {
namespace {

Config with_memory(MemoryMode mode) {
  Config config;
  config.memory_mode = mode;
  return config;
}

/// local1 += memory[parameter0 & 0xFFFC]
Bytes load_step() {
  Bytes step = {kLocalGet, 0, kI32Const};
  put_s32(step, 0xFFFC);
  put(step, {kI32And, kI32Load, 2, 0, kLocalGet, 1, kI32Add, kLocalSet, 1});
  return step;
}

/// memory[parameter0 & 0xFFFC] = parameter0
Bytes store_step() {
  Bytes step = {kLocalGet, 0, kI32Const};
  put_s32(step, 0xFFFC);
  put(step, {kI32And, kLocalGet, 0, kI32Store, 2, 0});
  return step;
}

void load_i32(benchmark::State& state, MemoryMode mode) {
  run_loop(state, load_step(), {}, with_memory(mode));
}

void store_i32(benchmark::State& state, MemoryMode mode) {
  run_loop(state, store_step(), {}, with_memory(mode));
}

void load_i32_shared(benchmark::State& state) { run_loop(state, load_step(), {.shared_memory = true}); }

/// local1 = atomically: memory[0] += 1
void atomic_add(benchmark::State& state) {
  run_loop(state, {kI32Const, 0, kI32Const, 1, kAtomic, kRmwAdd32, 2, 0, kLocalSet, 1},
           {.shared_memory = true});
}

void fence(benchmark::State& state) { run_loop(state, {kAtomic, kFence, 0}, {.shared_memory = true}); }

/// local1 = notify(0, 1), nobody waiting
void notify_empty(benchmark::State& state) {
  run_loop(state, {kI32Const, 0, kI32Const, 1, kAtomic, kNotify, 2, 0, kLocalSet, 1},
           {.shared_memory = true});
}

/// local1 = wait32(0, 1, forever), where memory holds 0: returns "not equal"
void wait_not_equal(benchmark::State& state) {
  run_loop(state, {kI32Const, 0, kI32Const, 1, kI64Const, 0x7F, kAtomic, kWait32, 2, 0, kLocalSet, 1},
           {.shared_memory = true});
}

BENCHMARK_CAPTURE(load_i32, guarded, MemoryMode::guarded);
BENCHMARK_CAPTURE(load_i32, checked, MemoryMode::checked);
BENCHMARK_CAPTURE(store_i32, guarded, MemoryMode::guarded);
BENCHMARK_CAPTURE(store_i32, checked, MemoryMode::checked);
BENCHMARK(load_i32_shared);
BENCHMARK(atomic_add);
BENCHMARK(fence);
BENCHMARK(notify_empty);
BENCHMARK(wait_not_equal);

}  // namespace
}  // namespace heddle::bench
