// SPDX-License-Identifier: Apache-2.0
// What the synchronization tests run in: one shared memory, and parties on threads of their own, guests or
// hosts.
//
// A scenario returns a Finding: what went wrong, or nothing. So the same scenario proves that a primitive is
// right, and that a primitive with a planted bug is found out.
#pragma once

#include <gtest/gtest.h>
#include <heddle/heddle.h>
#include <heddle/sync.h>
#include <heddle/sync_memory.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/api/access.h"

namespace heddle::sync {

using Finding = std::string;

/// Who takes part in a scenario.
enum class Mix { guests, hosts, both };

inline std::string name_of(const testing::TestParamInfo<Mix>& info) {
  return info.param == Mix::guests ? "guests" : info.param == Mix::hosts ? "hosts" : "both";
}

/// One thread's part: a call of the guest, or a function of the host; either gives a number of faults or a
/// result.
struct Party {
  const char* name = nullptr;
  std::vector<Value> arguments;
  std::function<uint32_t()> host;

  static Party guest(const char* name, std::vector<Value> arguments) {
    return {name, std::move(arguments), {}};
  }
  static Party on_host(std::function<uint32_t()> body) { return {nullptr, {}, std::move(body)}; }
  /// By the mix, and if it is both, alternating.
  static Party of(Mix mix, size_t number, const char* name, std::vector<Value> arguments,
                  std::function<uint32_t()> body) {
    const bool is_guest = mix == Mix::guests || (mix == Mix::both && number % 2 == 0);
    return is_guest ? guest(name, std::move(arguments)) : on_host(std::move(body));
  }
};

inline Value number(uint64_t value) { return Value(static_cast<uint32_t>(value)); }

/// Memory: the guest's own data below kArena, then what scenarios take(), stacks at kStacks, a region at
/// kRegion.
class World {
 public:
  static constexpr uint64_t kArena = 1 << 20, kStacks = 2 << 20, kRegion = 4 << 20, kRegionBytes = 4 << 20;
  static constexpr uint64_t kStackBytes = 32 << 10, kThreadLocalBytes = 1 << 10;

  explicit World(const std::string& module = "sync_guest")
      : engine(Engine::create().value()),
        memory(SharedMemory::create(engine, {.min = 128, .max = 128}).value()),
        linker_(engine),
        module_(Module::load(engine, read_file(module)).value()) {
    EXPECT_TRUE(linker_.define("env", "memory", memory).ok());
    EXPECT_TRUE(linker_.wrap("test", "pause", [] { World::pause(); }).ok());
    const auto clock = [memory = memory](int32_t, int64_t, int32_t at) {
      const auto now = std::chrono::steady_clock::now().time_since_epoch();
      (void)memory.store<uint64_t>(static_cast<uint32_t>(at), std::chrono::nanoseconds(now).count());
      return 0;
    };
    EXPECT_TRUE(linker_.wrap("wasi_snapshot_preview1", "clock_time_get", clock).ok());
    // The first instance writes the guest's data; what it does not do is have a stack of its own.
    Store store = Store::create(engine).value();
    EXPECT_TRUE(linker_.instantiate(store, module_).ok());
  }

  /// Lets others come between.
  static void pause() { std::this_thread::yield(); }

  /// Zeroed lines of the memory.
  uint64_t take(uint64_t lines = 1) {
    next_ += lines * 64;
    return next_ - lines * 64;
  }
  volatile uint32_t* words(uint64_t address) const {
    return reinterpret_cast<volatile uint32_t*>(memory.data().data() + address);
  }

  /// Runs all parties at once and adds up what they give in `sum`. Finds traps, and, where nobody goes on any
  /// more because all sleep on words of `lines`, that.
  Finding run(std::vector<Party> parties, const std::vector<uint64_t>& lines, uint64_t* sum = nullptr) {
    Running running(parties.size());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < parties.size(); ++i) {
      threads.emplace_back([this, &running, &party = parties[i], i] { run_party(party, i, running); });
    }
    running.start.arrive_and_wait();
    Finding stuck = watch(running, lines);
    for (std::thread& thread : threads) thread.join();
    if (sum != nullptr) *sum = running.sum;
    return stuck.empty() ? running.finding : stuck;
  }
  /// The sum itself is a number of faults.
  Finding faults(std::vector<Party> parties, const std::vector<uint64_t>& lines) {
    uint64_t faults = 0;
    Finding finding = run(std::move(parties), lines, &faults);
    return finding.empty() && faults != 0 ? std::to_string(faults) + " faults" : finding;
  }

  /// Threads that sleep on words of a line.
  uint32_t sleepers(uint64_t line) const {
    auto& queues = detail_impl()->wait_queues;
    uint32_t count = 0;
    for (uint64_t word = line; word < line + 64; word += 4) {
      count += queues.waiting_at(*heddle::detail::Access::memory(memory), word);
    }
    return count;
  }
  void await_sleepers(uint64_t line, uint32_t count) const {
    while (sleepers(line) != count) std::this_thread::yield();
  }

  /// A guest with a stack and thread-local storage, for this thread.
  class Guest {
   public:
    Guest(World& world, size_t number) : store(Store::create(world.engine).value()) {
      Outcome<Instance> made = world.linker_.instantiate(store, world.module_);
      EXPECT_TRUE(made.ok()) << made.message();
      instance = *made;
      const uint64_t stack = kStacks + number * kStackBytes;
      EXPECT_TRUE(instance.global("__stack_pointer")->set(sync::number(stack + kStackBytes)).ok());
      EXPECT_TRUE(instance.function("__wasm_init_tls")->call({sync::number(stack)}).ok());
    }
    /// The result, which is 0 for a function without one.
    Outcome<uint64_t> call(const char* name, const std::vector<Value>& arguments) {
      CallResult result = instance.function(name)->call(arguments);
      if (!result.ok()) return std::move(result).failure();
      if (result->empty()) return uint64_t{0};
      const Value& value = (*result)[0];
      return value.type().kind() == ValueType::Kind::i64 ? value.u64() : value.u32();
    }
    /// As call(), of a function that must not trap.
    uint64_t operator()(const char* name, const std::vector<Value>& arguments) {
      Outcome<uint64_t> result = call(name, arguments);
      EXPECT_TRUE(result.ok()) << name << ": " << result.message();
      return result.ok() ? *result : UINT64_MAX;
    }
    Store store;
    Instance instance;
  };

  Engine engine;
  SharedMemory memory;

 private:
  struct Running {
    explicit Running(size_t parties) : start(static_cast<std::ptrdiff_t>(parties) + 1), unfinished(parties) {}
    std::barrier<> start;
    std::atomic<size_t> unfinished;
    std::atomic<uint64_t> sum{0};
    std::mutex mutex;
    Finding finding;
    std::vector<InterruptHandle> guests;
  };

  static std::vector<uint8_t> read_file(const std::string& module) {
    const std::string path = std::string(HEDDLE_BINARY_DIR) + "/guests/sync/" + module + ".wasm";
    std::vector<uint8_t> bytes;
    if (FILE* const file = std::fopen(path.c_str(), "rb")) {
      for (int byte = std::fgetc(file); byte != EOF; byte = std::fgetc(file))
        bytes.push_back(static_cast<uint8_t>(byte));
      std::fclose(file);
    }
    EXPECT_FALSE(bytes.empty()) << path;
    return bytes;
  }
  const std::shared_ptr<heddle::detail::EngineImpl>& detail_impl() const {
    return heddle::detail::Access::impl(memory);
  }

  void run_party(const Party& party, size_t index, Running& running) {
    if (party.host) {
      running.start.arrive_and_wait();
      running.sum += party.host();
      --running.unfinished;
      return;
    }
    Guest guest(*this, index);
    {
      std::lock_guard lock(running.mutex);
      running.guests.push_back(guest.store.interrupt_handle());
    }
    running.start.arrive_and_wait();
    const Outcome<uint64_t> result = guest.call(party.name, party.arguments);
    if (result.ok()) {
      running.sum += *result;
    } else {
      std::lock_guard lock(running.mutex);
      running.finding = result.message();
    }
    --running.unfinished;
  }

  /// Until all have finished, or all others sleep: who is asleep can be woken by nobody but one who is not.
  /// A bug may as well make a thread run in circles.
  Finding watch(Running& running, const std::vector<uint64_t>& lines) {
    constexpr std::chrono::minutes kMost(1);
    const auto begin = std::chrono::steady_clock::now();
    int still = 0;
    while (running.unfinished != 0) {
      const size_t unfinished = running.unfinished;
      uint32_t asleep = 0;
      for (const uint64_t line : lines) asleep += sleepers(line);
      // The lines are counted one after the other, so one look may count a thread twice; many in a row don't.
      still = asleep >= unfinished && unfinished == running.unfinished ? still + 1 : 0;
      if (still == 50) return rescue(running, unfinished, " threads sleep, and nobody is left to wake them");
      if (std::chrono::steady_clock::now() - begin > kMost)
        return rescue(running, unfinished, " threads have not come to an end for a minute");
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return {};
  }

  Finding rescue(Running& running, size_t unfinished, const char* what) {
    std::lock_guard lock(running.mutex);
    for (const InterruptHandle& guest : running.guests) guest.interrupt();
    Finding finding = std::to_string(unfinished) + what;
    // Host threads can't be interrupted; in the tests with planted bugs there are none.
    if (running.guests.size() < unfinished) {
      std::fprintf(stderr, "%s\n", finding.c_str());
      std::abort();
    }
    return finding;
  }

  Linker linker_;
  Module module_;
  uint64_t next_ = kArena;
};

}  // namespace heddle::sync
