// SPDX-License-Identifier: Apache-2.0
// Guest processes under load and in want: storms of spawns, a thousand threads in every state, hosts without
// threads or memory, hosts that exit, and what is left behind.
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "engine/support/sanitizers.h"
#include "threads/test_processes.h"

/// Of a process that exits while threads run: what they use is no leak.
static bool exits_in_use = false;
/// LeakSanitizer asks, where there is one.
extern "C" int __lsan_is_turned_off() { return exits_in_use ? 1 : 0; }

namespace heddle::threads {
namespace {

constexpr bool kSlow = engine::kThreadSanitizer || engine::kAddressSanitizer;

class ProcessStormTest : public ProcessTest {};
static_assert(std::size(kStates) == 7, "one_of_a_thousand_in_every_state_exits knows which of them wait");
INSTANTIATE_TEST_SUITE_P(workers, ProcessStormTest, all_setups());

/// Each thread spawns two more; of what the limits refuse, nothing comes. The last one to end tells the
/// first.
TEST_P(ProcessStormTest, threads_that_spawn_threads) {
  ProcessOptions limits;
  limits.threads = 300;
  limits.spawns = kSlow ? 2000 : 20'000;
  const auto outcome = run(R"(
    (func $try
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (if (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0)) (then (return)))
      (call $end))
    (func $end
      (if (i32.eq (i32.atomic.rmw.sub (i32.const 0) (i32.const 1)) (i32.const 1))
        (then (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))))
    (func (export "wasi_thread_start") (param i32 i32) (call $count) (call $try) (call $try) (call $end))
    (func (export "_start") (local $alive i32)
      (call $try) (call $try)
      (loop $wait
        (if (local.tee $alive (i32.atomic.load (i32.const 0)))
          (then (drop (memory.atomic.wait32 (i32.const 0) (local.get $alive) (i64.const 1000000))) (br $wait))))))",
                           limits);
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_GE(count_, 2);
  EXPECT_LT(count_, static_cast<int>(limits.spawns));
}

/// All threads are in some state when one of them exits: its code is the process's, and all are gone. Those
/// that keep a worker busy are few, or the others would have to wait long for their turn.
TEST_P(ProcessStormTest, one_of_a_thousand_in_every_state_exits) {
  const std::string count = std::to_string(kSlow ? 200 : 1000);
  std::string bodies, choice;
  for (size_t i = 0; i < std::size(kStates); ++i) {
    const std::string number = std::to_string(i);
    bodies += "(func $state" + number + " " + kStates[i].code + ")\n";
    choice += "(if (i32.eq (local.get 1) (i32.const " + number + ")) (then (call $state" + number + ")))\n";
  }
  const auto outcome = run("(func $nothing)" + bodies + R"(
    ;; The first 21 are in all states, the others wait: blocked, blocked for long, reading, sleeping.
    (func $state_of (param i32) (result i32)
      (if (i32.lt_u (local.get 0) (i32.const 21)) (then (return (i32.rem_u (local.get 0) (i32.const 7)))))
      (local.set 0 (i32.and (local.get 0) (i32.const 3)))
      (select (local.get 0) (i32.add (local.get 0) (i32.const 3)) (i32.lt_u (local.get 0) (i32.const 2))))
    (func (export "wasi_thread_start") (param i32 i32)
      (if (i32.eq (i32.atomic.rmw.add (i32.const 8) (i32.const 1)) (i32.sub (i32.const )" +
                           count + R"() (i32.const 1)))
        (then (call $exit (i32.const 33))))
      )" + choice + R"()
    (func (export "_start") (local $i i32)
      (loop $next
        (if (i32.le_s (call $spawn (call $state_of (local.get $i))) (i32.const 0)) (then (call $exit (i32.const 99))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const )" +
                           count + R"())))
      (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1)))))");
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(*outcome, 33u);
}

uint64_t resident_bytes() {
  uint64_t whole = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> whole >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

/// One thread after the other takes what the one before has left. Of what is lost under AddressSanitizer,
/// LeakSanitizer tells.
TEST_P(ProcessStormTest, spawns_without_end_take_no_memory) {
  constexpr std::string_view kBegin = R"(
    (func (export "wasi_thread_start") (param i32 i32)
      (i32.atomic.store (i32.const 0) (i32.const 1))
      (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
    (func (export "_start") (local $i i32)
      (loop $next
        (i32.atomic.store (i32.const 0) (i32.const 0))
        (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then (call $exit (i32.const 99))))
        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const )";
  constexpr std::string_view kEnd = ")))))";
  const std::string few = kSlow ? "100" : "2000", many = kSlow ? "2000" : "100000";
  ProcessOptions limits;
  limits.threads = 64;  // the one that has told the first may not have ended yet
  ASSERT_EQ(*run(std::string(kBegin) + few + std::string(kEnd), limits), 0u);
  const uint64_t before = resident_bytes();
  ASSERT_EQ(*run(std::string(kBegin) + many + std::string(kEnd), limits), 0u);
  if (!kSlow) {
    EXPECT_LE(resident_bytes(), before + (uint64_t{4} << 20));
  }
}

/// Processes come and go on the same workers, ended in different ways, while their modules are dropped.
TEST_P(ProcessStormTest, processes_come_and_go_beside_each_other) {
  constexpr int kRounds = kSlow ? 5 : 40;
  std::atomic<int> right{0};
  const auto live_one = [&](int i) {
    const std::string ending = i % 3 == 0   ? "(unreachable)"
                               : i % 3 == 1 ? "(call $exit (i32.const 7))"
                                            : "(loop $l (br $l))";
    Process process = make(R"(
      (func (export "wasi_thread_start") (param i32 i32)
        (if (i32.eq (i32.atomic.rmw.add (i32.const 0) (i32.const 1)) (i32.const 6)) (then )" +
                           ending + R"())
        (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const 100000000000))))
      (func (export "_start") (local $i i32)
        (loop $next
          (drop (call $spawn (local.get $i)))
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
        (call $count)
        (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const 100000000000)))))");
    std::thread stopper([&] {
      if (i % 3 != 2) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      process.stop(7);
    });
    const auto outcome = process.run(milliseconds(60'000));
    stopper.join();
    right += i % 3 == 0 ? outcome.trapped() && outcome.trap().kind == TrapKind::unreachable
                        : outcome.ok() && *outcome == 7;
  };
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) threads.emplace_back(live_one, i);
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(right, 6 * kRounds);
}

// What happens to the host, in a child of it: those that are killed by a signal have failed.

/// Runs `body` in a child process and gives what waitpid says; one that does not end is killed by its alarm.
template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    body();
    std::_Exit(99);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

constexpr int kSkipped = 77;

/// From now on the process gets so many threads besides this one, as a user that no other process has: root
/// may have any number.
void limit_threads(rlim_t most) {
  constexpr uid_t kNobodyElse = 54'321;
  const rlimit limit{most + 1, most + 1};
  if (setrlimit(RLIMIT_NPROC, &limit) != 0 ||
      (getuid() == 0 && setresuid(kNobodyElse, kNobodyElse, kNobodyElse) != 0))
    std::_Exit(kSkipped);
}

constexpr std::string_view kSpawnsTen = R"((module
  (import "any" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (func (export "wasi_thread_start") (param i32 i32)
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
  (func (export "_start") (local $i i32)
    (loop $next
      (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then (unreachable)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
    (loop $wait
      (local.set $i (i32.atomic.load (i32.const 0)))
      (if (i32.lt_u (local.get $i) (i32.const 10))
        (then (drop (memory.atomic.wait32 (i32.const 0) (local.get $i) (i64.const -1))) (br $wait)))))))";

enum Ending { kRan = 1, kToldWhy = 2, kOtherwise = 3 };

Ending run_ten(const Engine& engine, const WorkersOptions& options) {
  const Workers workers(options);
  auto process = Process::create(engine, workers, *Module::load_text(engine, kSpawnsTen), {});
  const auto outcome = process->run();
  if (outcome.ok()) return kRan;
  return !outcome.trapped() && outcome.error().kind == ErrorKind::resource ? kToldWhy : kOtherwise;
}

Engine engine_for(Order order) {
  Config config;
  config.fuel = order != Order::soonest;
  return *Engine::create(config);
}

TEST(process_in_want, a_host_with_few_threads_runs_on_those_and_without_any_is_an_error) {
  if (kSlow) GTEST_SKIP() << "sanitizers need threads themselves";
  const struct {
    Order order;
    rlim_t threads;
    Ending ending;
  } cases[] = {
      {Order::soonest, 0, kToldWhy},  // no watcher
      {Order::soonest, 1, kToldWhy},  // no worker
      {Order::soonest, 2, kRan},     {Order::soonest, 3, kRan},
      {Order::random, 0, kToldWhy},  {Order::random, 1, kRan},
  };
  for (const auto& each : cases) {
    const int end = in_child([&] {
      limit_threads(each.threads);
      std::_Exit(run_ten(engine_for(each.order), {.threads = 4, .order = each.order}));
    });
    if (end == kSkipped) GTEST_SKIP() << "the number of threads can't be limited here";
    EXPECT_EQ(end, each.ending) << each.threads << " threads, order " << static_cast<int>(each.order);
  }
}

TEST(process_in_want, a_host_without_memory_for_stacks_is_an_error) {
  const size_t too_much = size_t{1} << 46;
  EXPECT_EQ(run_ten(engine_for(Order::soonest), {.native_stack_bytes = too_much}), kToldWhy);
  EXPECT_EQ(run_ten(engine_for(Order::random), {.native_stack_bytes = too_much, .order = Order::random}),
            kToldWhy);
}

TEST(process_in_want, a_host_that_exits_while_threads_run_and_wait) {
  if (engine::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer forbids threads after fork()";
  const int end = in_child([] {
    exits_in_use = true;
    std::thread([] {
      const Engine engine = *Engine::create({});
      const Workers workers({.threads = 2});
      const auto module = Module::load_text(engine, R"((module
        (import "any" "memory" (memory 1 1 shared))
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (func (export "wasi_thread_start") (param i32 i32)
          (if (i32.and (local.get 0) (i32.const 1)) (then (loop $l (br $l))))
          (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1))))
        (func (export "_start") (local $i i32)
          (loop $next
            (drop (call $spawn (i32.const 0)))
            (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50))))
          (loop $l (br $l)))))");
      (void)Process::create(engine, workers, *module, {})->run();
    }).detach();
    std::this_thread::sleep_for(milliseconds(30));
    std::exit(5);
  });
  EXPECT_EQ(end, 5);
}

size_t entries_in(const char* folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

size_t mapping_count() {
  std::ifstream maps("/proc/self/maps");
  return static_cast<size_t>(std::count(std::istreambuf_iterator<char>(maps), {}, '\n'));
}

TEST(process_in_want, a_thousand_workers_and_processes_leave_nothing_behind) {
  const auto use_one = [] {
    const Engine engine = *Engine::create({});
    const Workers workers({.threads = 2});
    const auto module = Module::load_text(engine, R"((module
      (import "any" "memory" (memory 1 1 shared))
      (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
      (func (export "wasi_thread_start") (param i32 i32)
        (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1))))
      (func (export "_start") (drop (call $spawn (i32.const 0))) (drop (call $spawn (i32.const 0))))))");
    auto process = Process::create(engine, workers, *module, {});
    EXPECT_EQ(*process->run(), 0u);
  };
  for (int i = 0; i < 20; ++i) use_one();
  const size_t mappings = mapping_count(), files = entries_in("/proc/self/fd"),
               threads = entries_in("/proc/self/task");
  for (int i = 0; i < (kSlow ? 100 : 1000); ++i) use_one();
  // AddressSanitizer keeps what was freed for a while.
  EXPECT_LE(mapping_count(), mappings + (engine::kAddressSanitizer ? 200 : 50)) << "allocators keep some";
  EXPECT_EQ(entries_in("/proc/self/fd"), files);
  EXPECT_EQ(entries_in("/proc/self/task"), threads);
}

}  // namespace
}  // namespace heddle::threads
