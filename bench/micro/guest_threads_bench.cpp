// SPDX-License-Identifier: Apache-2.0
// Guest threads: spawning, waking each other, being many and being stopped; beside the system's own threads.
#include <benchmark/benchmark.h>
#include <heddle/threads.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;
using heddle::threads::Process;
using heddle::threads::Workers;

constexpr int kRounds = 20'000;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr const char* kImports = R"((module
  (import "any" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "bench" "ready" (func $ready))
  (func $wait (param $address i32) (param $expected i32)
    (drop (memory.atomic.wait32 (local.get $address) (local.get $expected) (i64.const -1))))
  (func $post (param $address i32) (param $value i32)
    (i32.atomic.store (local.get $address) (local.get $value))
    (drop (memory.atomic.notify (local.get $address) (i32.const 1))))
)";

/// Spawns one thread after the other; each tells that it runs, and that is waited for.
constexpr const char* kSpawns = R"(
  (func (export "wasi_thread_start") (param i32 i32) (call $post (i32.const 0) (local.get 1)))
  (func (export "_start") (local $i i32)
    (loop $next
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (if (i32.le_s (call $spawn (local.get $i)) (i32.const 0)) (then (unreachable)))
      (loop $again
        (call $wait (i32.const 0) (i32.sub (local.get $i) (i32.const 1)))
        (br_if $again (i32.ne (i32.atomic.load (i32.const 0)) (local.get $i))))
      (br_if $next (i32.lt_u (local.get $i) (i32.const ROUNDS))))))
)";

/// Two threads wake each other in turn.
constexpr const char* kPair = R"(
  (func $turn (param $own i32) (param $other i32) (local $i i32)
    (loop $next
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (loop $again
        (call $wait (local.get $own) (i32.sub (local.get $i) (i32.const 1)))
        (br_if $again (i32.ne (i32.atomic.load (local.get $own)) (local.get $i))))
      (call $post (local.get $other) (local.get $i))
      (br_if $next (i32.lt_u (local.get $i) (i32.const ROUNDS)))))
  (func (export "wasi_thread_start") (param i32 i32) (call $turn (i32.const 0) (i32.const 128)))
  (func (export "_start") (drop (call $spawn (i32.const 0)))
    (call $post (i32.const 0) (i32.const 1))
    (call $turn (i32.const 128) (i32.const 0))))
)";

/// ROUNDS threads that wait for ever.
constexpr const char* kMany = R"(
  (func (export "wasi_thread_start") (param i32 i32)
    (if (i32.eq (i32.atomic.rmw.add (i32.const 64) (i32.const 1)) (i32.const LAST)) (then (call $ready)))
    (call $wait (i32.const 0) (i32.const 0)))
  (func (export "_start") (local $i i32)
    (loop $next
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (if (i32.le_s (call $spawn (local.get $i)) (i32.const 0)) (then (unreachable)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const ROUNDS))))
    (call $wait (i32.const 0) (i32.const 0))))
)";

std::string replace(std::string text, const std::string& what, int64_t number) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what)) {
    text.replace(at, what.size(), std::to_string(number));
  }
  return text;
}

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "guest_threads_bench: %s\n", why.c_str());
  std::exit(1);
}

/// One program of `rounds`, ready to run.
class Program {
 public:
  Program(const char* body, int rounds, unsigned workers) : workers_({.threads = workers}) {
    auto module = heddle::Module::load_text(
        engine_, replace(replace(std::string(kImports) + body, "ROUNDS", rounds), "LAST", rounds - 1));
    if (!module) fail(module.error().to_string());
    heddle::threads::ProcessOptions options;
    options.threads = 200'000;
    auto process = Process::create(
        engine_, workers_, *module,
        [this](heddle::Linker& linker) { return linker.wrap("bench", "ready", [this] { ready_ = true; }); },
        options);
    if (!process) fail(process.error().to_string());
    process_.emplace(std::move(*process));
  }

  void run() {
    const auto outcome = process_->run();
    if (!outcome.ok()) fail(outcome.message());
  }
  void await_ready() const {
    while (!ready_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  void stop() { process_->stop(0); }

 private:
  const heddle::Engine engine_ = *heddle::Engine::create({});
  Workers workers_;
  std::optional<Process> process_;
  std::atomic<bool> ready_ = false;
};

void run_rounds(benchmark::State& state, const char* body) {
  for (auto _ : state) {
    Program program(body, kRounds, static_cast<unsigned>(state.range(0)));
    const auto start = Clock::now();
    program.run();
    state.SetIterationTime(seconds_since(start) / kRounds);
  }
}

void guest_spawn(benchmark::State& state) { run_rounds(state, kSpawns); }
BENCHMARK(guest_spawn)->ArgName("workers")->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kNanosecond);

void system_spawn(benchmark::State& state) {
  for (auto _ : state) {
    constexpr int kThreads = 2000;
    const auto start = Clock::now();
    for (int i = 0; i < kThreads; ++i) {
      std::atomic<bool> runs = false;
      std::thread thread([&] { runs = true; });
      thread.join();
    }
    state.SetIterationTime(seconds_since(start) / kThreads);
  }
}
BENCHMARK(system_spawn)->UseManualTime()->Unit(benchmark::kNanosecond);

void guest_wake_round_trip(benchmark::State& state) { run_rounds(state, kPair); }
BENCHMARK(guest_wake_round_trip)
    ->ArgName("workers")
    ->Arg(1)
    ->Arg(2)
    ->UseManualTime()
    ->Unit(benchmark::kNanosecond);

/// std::atomic's wait and notify are futexes here.
void system_wake_round_trip(benchmark::State& state) {
  for (auto _ : state) {
    std::atomic<int> here = 0;
    std::atomic<int> there = 0;
    const auto start = Clock::now();
    std::thread other([&] {
      for (int i = 1; i <= kRounds; ++i) {
        there.wait(i - 1);
        here = i;
        here.notify_one();
      }
    });
    for (int i = 1; i <= kRounds; ++i) {
      there = i;
      there.notify_one();
      here.wait(i - 1);
    }
    other.join();
    state.SetIterationTime(seconds_since(start) / kRounds);
  }
}
BENCHMARK(system_wake_round_trip)->UseManualTime()->Unit(benchmark::kNanosecond);

int64_t resident_bytes() {
  long pages = 0;
  if (FILE* const file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return int64_t{pages} * sysconf(_SC_PAGESIZE);
}

/// Threads that all wait: what stopping them takes, and the memory of each.
void guest_cancel(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  double bytes = 0;
  for (auto _ : state) {
    Program program(kMany, count, 0);
    const int64_t before = resident_bytes();
    std::thread runner([&] { program.run(); });
    program.await_ready();
    bytes = static_cast<double>(resident_bytes() - before) / count;
    const auto start = Clock::now();
    program.stop();
    runner.join();
    state.SetIterationTime(seconds_since(start));
  }
  state.counters["bytes_per_thread"] = bytes;
}
BENCHMARK(guest_cancel)
    ->ArgName("threads")
    ->Arg(10'000)
    ->Arg(100'000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
