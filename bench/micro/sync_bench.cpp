// SPDX-License-Identifier: Apache-2.0
// What the synchronization primitives cost guests and hosts, beside those of the operating system and of C++.
#include <heddle/heddle.h>
#include <heddle/sync.h>
#include <heddle/sync_memory.h>

#include <pthread.h>

#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/micro/guest.h"

namespace heddle::bench {
namespace {

constexpr uint64_t kLine = 1 << 20, kRegion = 4 << 20, kRegionBytes = 4 << 20, kStack = 2 << 20,
                   kStackBytes = 64 << 10;
constexpr uint32_t kSmall = 64, kCells = 64;

Bytes read_guest() {
  Bytes bytes;
  if (std::FILE* const file = std::fopen(HEDDLE_GUESTS "/sync/sync_guest.wasm", "rb")) {
    for (int byte = std::fgetc(file); byte != EOF; byte = std::fgetc(file))
      bytes.push_back(static_cast<uint8_t>(byte));
    std::fclose(file);
  }
  return bytes;
}

/// The guest of the tests of threads/sync, in as many instances over one memory as a benchmark asks for.
class SyncGuests {
 public:
  SyncGuests()
      : engine_(Engine::create().value()),
        memory(SharedMemory::create(engine_, {.min = 128, .max = 128}).value()),
        linker_(engine_),
        module_(Module::load(engine_, read_guest()).value()) {
    (void)linker_.define("env", "memory", memory);
    (void)linker_.wrap("test", "pause", [] {});
    (void)linker_.wrap("wasi_snapshot_preview1", "clock_time_get",
                       [](int32_t, int64_t, int32_t) { return 0; });
  }

  struct One {
    Store store;
    Instance instance;
    void call(benchmark::State& state, const char* name, const std::vector<Value>& arguments) {
      const CallResult result = instance.function(name)->call(arguments);
      if (!result.ok()) fail(state, result.message());
    }
  };

  One start(uint32_t number) {
    Store store = Store::create(engine_).value();
    Instance instance = linker_.instantiate(store, module_).value();
    const auto top = static_cast<uint32_t>(kStack + (number + 1) * kStackBytes);
    (void)instance.global("__stack_pointer")->set(top);
    return {std::move(store), instance};
  }

 private:
  Engine engine_;

 public:
  SharedMemory memory;

 private:
  Linker linker_;
  Module module_;
};

/// Calls a loop of the guest, kRounds rounds each time.
void guest_loop(benchmark::State& state, const char* name, std::vector<Value> arguments, SyncGuests& guests) {
  SyncGuests::One guest = guests.start(0);
  arguments.emplace_back(uint32_t{kRounds});
  for (auto _ : state) guest.call(state, name, arguments);
  state.SetItemsProcessed(state.iterations() * kRounds);
}

template <class Body>
void host_loop(benchmark::State& state, Body body) {
  for (auto _ : state) {
    for (int32_t i = 0; i < kRounds; ++i) body();
  }
  state.SetItemsProcessed(state.iterations() * kRounds);
}

/// Runs `body` kRounds times on each of two threads.
template <class Body>
void two_threads(benchmark::State& state, Body body) {
  for (auto _ : state) {
    std::thread other([&] { body(1); });
    body(0);
    other.join();
  }
  state.SetItemsProcessed(state.iterations() * kRounds);
}

void mutex_guest(benchmark::State& state) {
  SyncGuests guests;
  guest_loop(state, "bench_mutex", {uint32_t{kLine}}, guests);
}
void mutex_host(benchmark::State& state) {
  SyncGuests guests;
  sync::Mutex mutex = sync::Mutex::at(guests.memory, kLine).value();
  host_loop(state, [&] { std::lock_guard lock(mutex); });
}
void mutex_std(benchmark::State& state) {
  std::mutex mutex;
  host_loop(state, [&] { std::lock_guard lock(mutex); });
}

void mutex_contended_guests(benchmark::State& state) {
  SyncGuests guests;
  SyncGuests::One ones[2] = {guests.start(0), guests.start(1)};
  two_threads(state,
              [&](int i) { ones[i].call(state, "bench_mutex", {uint32_t{kLine}, uint32_t{kRounds}}); });
}
void mutex_contended_hosts(benchmark::State& state) {
  SyncGuests guests;
  sync::Mutex mutex = sync::Mutex::at(guests.memory, kLine).value();
  two_threads(state, [&](int) {
    for (int32_t i = 0; i < kRounds; ++i) std::lock_guard lock(mutex);
  });
}
void mutex_contended_std(benchmark::State& state) {
  std::mutex mutex;
  two_threads(state, [&](int) {
    for (int32_t i = 0; i < kRounds; ++i) std::lock_guard lock(mutex);
  });
}

void rwlock_read_guest(benchmark::State& state) {
  SyncGuests guests;
  guest_loop(state, "bench_rwlock_read", {uint32_t{kLine}}, guests);
}
void rwlock_read_host(benchmark::State& state) {
  SyncGuests guests;
  sync::RwLock rwlock = sync::RwLock::at(guests.memory, kLine).value();
  host_loop(state, [&] {
    rwlock.lock_shared();
    rwlock.unlock_shared();
  });
}
void rwlock_read_pthread(benchmark::State& state) {
  pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
  host_loop(state, [&] {
    pthread_rwlock_rdlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
  });
}

void atomic_add_guest_one_by_one(benchmark::State& state) {
  SyncGuests guests;
  guest_loop(state, "bench_atomic_add", {uint32_t{kLine}}, guests);
}
void atomic_add_guest_batched(benchmark::State& state) {
  SyncGuests guests;
  guest_loop(state, "bench_atomic_add_range", {uint32_t{kLine}}, guests);
}
void atomic_add_host_one_by_one(benchmark::State& state) {
  SyncGuests guests;
  for (auto _ : state) {
    for (uint64_t i = 0; i < kCells; ++i) {
      (void)sync::apply_range(guests.memory, sync::AtomicOperation::add, kLine + i * 4, 1, 1u);
    }
  }
  state.SetItemsProcessed(state.iterations() * kCells);
}
void atomic_add_host_batched(benchmark::State& state) {
  SyncGuests guests;
  for (auto _ : state) (void)sync::apply_range(guests.memory, sync::AtomicOperation::add, kLine, kCells, 1u);
  state.SetItemsProcessed(state.iterations() * kCells);
}

void allocator_guest(benchmark::State& state) {
  SyncGuests guests;
  (void)sync::Allocator::create(guests.memory, kRegion, kRegionBytes);
  guest_loop(state, "bench_allocator", {uint32_t{kRegion}, uint32_t{kSmall}}, guests);
}
void allocator_host(benchmark::State& state) {
  SyncGuests guests;
  sync::Allocator allocator = sync::Allocator::create(guests.memory, kRegion, kRegionBytes).value();
  host_loop(state, [&] { (void)allocator.free(*allocator.allocate(kSmall)); });
}
void allocator_malloc(benchmark::State& state) {
  host_loop(state, [&] {
    void* block = std::malloc(kSmall);
    benchmark::DoNotOptimize(block);
    std::free(block);
  });
}

void barrier_guests(benchmark::State& state) {
  SyncGuests guests;
  (void)sync::Barrier::create(guests.memory, kLine, 2);
  SyncGuests::One ones[2] = {guests.start(0), guests.start(1)};
  two_threads(state,
              [&](int i) { ones[i].call(state, "bench_barrier", {uint32_t{kLine}, uint32_t{kRounds}}); });
}
void barrier_hosts(benchmark::State& state) {
  SyncGuests guests;
  sync::Barrier barrier = sync::Barrier::create(guests.memory, kLine, 2).value();
  two_threads(state, [&](int) {
    for (int32_t i = 0; i < kRounds; ++i) barrier.arrive_and_wait();
  });
}
void barrier_pthread(benchmark::State& state) {
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, 2);
  two_threads(state, [&](int) {
    for (int32_t i = 0; i < kRounds; ++i) pthread_barrier_wait(&barrier);
  });
  pthread_barrier_destroy(&barrier);
}

BENCHMARK(mutex_guest);
BENCHMARK(mutex_host);
BENCHMARK(mutex_std);
BENCHMARK(mutex_contended_guests)->UseRealTime();
BENCHMARK(mutex_contended_hosts)->UseRealTime();
BENCHMARK(mutex_contended_std)->UseRealTime();
BENCHMARK(rwlock_read_guest);
BENCHMARK(rwlock_read_host);
BENCHMARK(rwlock_read_pthread);
BENCHMARK(atomic_add_guest_one_by_one);
BENCHMARK(atomic_add_guest_batched);
BENCHMARK(atomic_add_host_one_by_one);
BENCHMARK(atomic_add_host_batched);
BENCHMARK(allocator_guest);
BENCHMARK(allocator_host);
BENCHMARK(allocator_malloc);
BENCHMARK(barrier_guests)->UseRealTime();
BENCHMARK(barrier_hosts)->UseRealTime();
BENCHMARK(barrier_pthread)->UseRealTime();

}  // namespace
}  // namespace heddle::bench
