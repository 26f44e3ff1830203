// SPDX-License-Identifier: Apache-2.0
// Tasks: results and traps, freshness, cancelling in every state, limits, and shutting down.
#include <gtest/gtest.h>
#include <heddle/tasks.h>
#include <heddle/wasi.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "threads/test_tiers.h"

namespace heddle::threads {
namespace {

using std::chrono::milliseconds;

/// What tasks can be in the middle of.
struct State {
  const char* name;
  const char* code;
};
constexpr State kStates[] = {
    {"busy", "(loop $l (br $l))"},
    {"calling", "(loop $l (call $nothing) (br $l))"},
    {"blocked", "(drop (memory.atomic.wait32 (i32.const 512) (i32.const 0) (i64.const -1)))"},
    {"sleeping",
     R"((i32.store (i32.const 816) (i32.const 1)) (i64.store (i32.const 824) (i64.const 100000000000))
                    (drop (call $poll (i32.const 800) (i32.const 900) (i32.const 1) (i32.const 1000))))"},
};

class TaskPoolTest : public testing::TestWithParam<Setup> {
 protected:
  TaskPool make(const std::string& text, const TaskPoolOptions& options = {}) {
    auto module = Module::load_text(engine_, text);
    if (!module) ADD_FAILURE() << module.error().to_string();
    auto pool = TaskPool::create(
        engine_, workers_, *module, [this](Linker& linker) { return define(linker); }, options);
    if (!pool) ADD_FAILURE() << pool.error().to_string();
    return std::move(*pool);
  }
  /// Exports each state, and `one`, which returns.
  TaskPool make_states(const TaskPoolOptions& options = {}) {
    std::string text = R"((module
      (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (import "test" "count" (func $count))
      (memory (export "memory") 1 1 shared) (func $nothing)
      (func (export "one") (result i32) (i32.const 1)))";
    for (const State& state : kStates) {
      text += std::string("(func (export \"") + state.name + "\") (call $count) " + state.code + ")";
    }
    return make(text + ")", options);
  }

  Result<void> define(Linker& linker) {
    wasi::Config config;
    config.blocking = workers_.blocking();
    auto context = wasi::Context::create(config);
    if (!context) return context.error();
    if (auto added = context->add_to(linker); !added) return added;
    return linker.wrap("test", "count", [this] { ++count_; });
  }
  void await_count(int count) const {
    while (count_ < count) std::this_thread::sleep_for(milliseconds(1));
  }

  Engine engine_ = engine_of(GetParam());
  Workers workers_{WorkersOptions{.threads = GetParam()}};
  std::atomic<int> count_ = 0;
};

INSTANTIATE_TEST_SUITE_P(workers, TaskPoolTest, all_setups());

Task must(Result<Task> task) {
  EXPECT_TRUE(task.ok()) << task.error().to_string();
  return *task;
}
/// Has it ended as one that was cancelled?
void expect_cancelled(const Task& task) {
  const CallResult& result = task.wait();
  ASSERT_TRUE(result.trapped()) << result.message();
  EXPECT_EQ(result.trap().kind, TrapKind::interrupted);
  EXPECT_EQ(result.trap().message, "the task was cancelled");
  EXPECT_EQ(task.state(), Task::State::done);
}

TEST_P(TaskPoolTest, results_are_those_of_the_call) {
  TaskPool pool = make(R"((module
    (func (export "add") (param i32 i64 f64) (result i64 f64)
      (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)) (local.get 2))
    (func (export "none"))))");
  std::vector<Task> tasks;
  for (int i = 0; i < 500; ++i) {
    tasks.push_back(must(pool.submit("add", {i, int64_t{i} << 32, i * 0.5})));
  }
  for (int i = 0; i < 500; ++i) {
    const CallResult& result = tasks[i].wait();
    ASSERT_TRUE(result.ok()) << result.message();
    EXPECT_EQ(*result, (std::vector<Value>{(int64_t{i} << 32) + i, i * 0.5}));
  }
  EXPECT_TRUE(must(pool.submit("none")).wait()->empty());
  EXPECT_EQ(pool.statistics().submitted, 501u);
  EXPECT_EQ(pool.statistics().done, 501u);
}

TEST_P(TaskPoolTest, what_does_not_fit_is_refused) {
  TaskPool pool = make(R"((module (memory (export "memory") 1)
    (func (export "one") (param i32)) (func (export "reference") (param externref))
    (func (export "gives") (result funcref) (ref.null func))))");
  for (const auto& [name, arguments, why] :
       {std::tuple<const char*, std::vector<Value>, const char*>{"two", {}, "exports no function \"two\""},
        {"memory", {}, "exports no function \"memory\""},
        {"one", {}, "do not fit \"one\", (func (param i32))"},
        {"one", {1, 2}, "do not fit"},
        {"one", {1.5}, "do not fit"},
        {"reference", {Value::externref(nullptr)}, "references, which belong to one instance"},
        {"gives", {}, "references, which belong to one instance"}}) {
    const auto task = pool.submit(name, arguments);
    ASSERT_FALSE(task.ok()) << name;
    EXPECT_EQ(task.error().kind, ErrorKind::usage);
    EXPECT_NE(task.error().message.find(why), std::string::npos) << task.error().message;
  }
  const auto module = Module::load_text(engine_, R"((module (import "far" "away" (memory 1 1 shared))))");
  const auto missing = TaskPool::create(engine_, workers_, *module);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::link);
  EXPECT_NE(missing.error().message.find("\"far\" \"away\""), std::string::npos);
}

/// A task changes all that an instance has: memory and its size, globals, tables and their sizes, segments,
/// objects, what functions it holds; and it may leave it in the middle of a trap or a loop. Each looks first.
constexpr const char* kMutator = R"((module
    (type $cell (struct (field (mut i32))))
    (memory $m (export "memory") 1 3) (data (memory $m) (i32.const 8) "abcd") (data $passive "xyz")
    (memory $s 1 2 shared)
    (global $number (mut i64) (i64.const 5)) (global $wide (mut v128) (v128.const i64x2 1 2))
    (global $object (export "object") (mut (ref null $cell)) (ref.null $cell))
    (table $t 3 9 funcref) (elem (table $t) (i32.const 1) func $one)
    (table $others 2 4 externref) (elem $dropped funcref (ref.func $one))
    (global $started (mut i32) (i32.const 0))
    (func $one) (func $two)
    (start $begin) (func $begin (global.set $started (i32.add (global.get $started) (i32.const 1))))
    (elem declare func $two)
    (func $must (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))
    (func (export "mutate") (param $how i32) (result i32)
      (call $must (i32.eq (i32.load $m (i32.const 8)) (i32.const 0x64636261)))
      (call $must (i64.eqz (i64.load $m (i32.const 65528))))
      (call $must (i32.eq (memory.size $m) (i32.const 1)))
      (call $must (i32.eq (memory.size $s) (i32.const 1)))
      (call $must (i32.eqz (i32.atomic.load $s (i32.const 4))))
      (call $must (i64.eq (global.get $number) (i64.const 5)))
      (call $must (i64.eq (i64x2.extract_lane 1 (global.get $wide)) (i64.const 2)))
      (call $must (ref.is_null (global.get $object)))
      (call $must (i32.eq (table.size $t) (i32.const 3)))
      (call $must (ref.is_null (table.get $t (i32.const 2))))
      (call $must (i32.eqz (ref.is_null (table.get $t (i32.const 1)))))
      (call $must (i32.eq (table.size $others) (i32.const 2)))
      (call $must (i32.eq (global.get $started) (i32.const 1)))
      (memory.init $m $passive (i32.const 100) (i32.const 0) (i32.const 3))
      (table.init $t $dropped (i32.const 0) (i32.const 0) (i32.const 1))

      (i64.store $m (i32.const 8) (i64.const -1)) (i64.store $m (i32.const 65528) (i64.const -1))
      (drop (memory.grow $m (i32.const 2))) (drop (memory.grow $s (i32.const 1)))
      (i32.atomic.store $s (i32.const 4) (i32.const 9))
      (global.set $number (i64.const 6)) (global.set $wide (v128.const i64x2 3 4))
      (global.set $object (struct.new $cell (i32.const 3)))
      (table.set $t (i32.const 2) (ref.func $two)) (table.set $t (i32.const 1) (ref.null func))
      (drop (table.grow $t (ref.func $two) (i32.const 4)))
      (drop (table.grow $others (ref.null extern) (i32.const 1)))
      (data.drop $passive) (elem.drop $dropped)
      (if (i32.eq (local.get $how) (i32.const 1)) (then (drop (i32.load $m (i32.const -1)))))
      (if (i32.eq (local.get $how) (i32.const 2)) (then (loop $l (br $l))))
      (local.get $how))))";

TEST_P(TaskPoolTest, a_task_sees_nothing_of_those_before) {
  TaskPool pool = make(kMutator);
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Task> tasks;
    for (int i = 0; i < 8; ++i) tasks.push_back(must(pool.submit("mutate", {i % 4})));
    for (int i = 0; i < 8; ++i) {
      if (i % 4 == 2) tasks[i].cancel();
      const CallResult& result = tasks[i].wait();
      if (i % 4 == 1) {
        ASSERT_TRUE(result.trapped());
        EXPECT_EQ(result.trap().kind, TrapKind::memory_out_of_bounds) << result.message();
      } else if (i % 4 == 2) {
        expect_cancelled(tasks[i]);
      } else {
        ASSERT_TRUE(result.ok()) << result.message();
        EXPECT_EQ((*result)[0].i32(), i % 4);
      }
    }
  }
  // Those that are cancelled while they are made new are not used again.
  EXPECT_LE(pool.statistics().new_instances, 8u + kRounds * 2);
  const uint64_t before = pool.statistics().new_instances;
  for (int round = 0; round < kRounds; ++round) EXPECT_TRUE(must(pool.submit("mutate", {0})).wait().ok());
  EXPECT_LE(pool.statistics().new_instances, before + 1);
}

TEST_P(TaskPoolTest, a_trap_in_one_of_a_thousand_is_its_own) {
  TaskPool pool = make(R"((module (func $inner (param i32) (result i32)
      (if (i32.eq (local.get 0) (i32.const 500)) (then (unreachable)))
      (i32.mul (local.get 0) (i32.const 2)))
    (func (export "double") (param i32) (result i32) (call $inner (local.get 0)))))");
  std::vector<Task> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(must(pool.submit("double", {i})));
  for (int i = 0; i < 1000; ++i) {
    const CallResult& result = tasks[i].wait();
    ASSERT_EQ(result.ok(), i != 500) << result.message();
    if (i != 500) {
      EXPECT_EQ((*result)[0].i32(), i * 2);
      continue;
    }
    EXPECT_EQ(result.trap().kind, TrapKind::unreachable);
    ASSERT_EQ(result.trap().frames.size(), 2u);
    EXPECT_EQ(result.trap().frames[0].function, "inner");
  }
}

TEST_P(TaskPoolTest, start_functions_and_exceptions_that_fail_are_traps_of_their_tasks) {
  TaskPool started = make(R"((module (func $s (unreachable)) (start $s) (func (export "one"))))");
  for (int i = 0; i < 3; ++i) {
    const Task task = must(started.submit("one"));
    ASSERT_TRUE(task.wait().trapped());
    EXPECT_EQ(task.wait().trap().kind, TrapKind::unreachable);
  }
  TaskPool throwing = make(R"((module (tag $t (param i32)) (func (export "one") (throw $t (i32.const 1)))))");
  const Task task = must(throwing.submit("one"));
  ASSERT_TRUE(task.wait().trapped());
  EXPECT_EQ(task.wait().trap().kind, TrapKind::exception);
  EXPECT_EQ(task.wait().trap().exception, nullptr);
}

TEST_P(TaskPoolTest, tasks_are_cancelled_wherever_they_are) {
  TaskPool pool = make_states();
  for (const State& state : kStates) {
    SCOPED_TRACE(state.name);
    count_ = 0;
    std::vector<Task> tasks;
    for (int i = 0; i < 4; ++i) tasks.push_back(must(pool.submit(state.name)));
    await_count(4);
    EXPECT_EQ(tasks[0].state(), Task::State::running);
    EXPECT_FALSE(tasks[0].wait_for(milliseconds(1)));
    for (const Task& task : tasks) task.cancel();
    for (const Task& task : tasks) expect_cancelled(task);
    tasks[0].cancel();  // nothing more
  }
  // The instances that they were cancelled in are as good as new.
  EXPECT_EQ(must(pool.submit("one")).wait().value()[0].i32(), 1);
}

TEST_P(TaskPoolTest, what_is_queued_is_cancelled_at_once) {
  TaskPool pool = make_states({.running = 1});
  const Task first = must(pool.submit("busy"));
  std::vector<Task> queued;
  for (int i = 0; i < 100; ++i) queued.push_back(must(pool.submit("one")));
  for (int i = 0; i < 100; i += 2) queued[i].cancel();
  for (int i = 0; i < 100; i += 2) expect_cancelled(queued[i]);
  EXPECT_EQ(queued[1].state(), Task::State::queued);
  first.cancel();
  for (int i = 1; i < 100; i += 2) EXPECT_EQ(queued[i].wait().value()[0].i32(), 1);
  EXPECT_EQ(pool.statistics().most_running, 1u);
}

/// Threads cancel tasks that come, run and go.
TEST_P(TaskPoolTest, cancelling_races_with_everything) {
  TaskPool pool = make_states({.running = 5, .queued = 1000});
  std::vector<Task> tasks;
  for (int i = 0; i < 500; ++i) tasks.push_back(must(pool.submit(i % 3 == 0 ? kStates[i % 4].name : "one")));
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&tasks, t] {
      for (size_t i = 0; i < tasks.size(); ++i) tasks[(i * 7 + t) % tasks.size()].cancel();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (i % 3 == 0 || !tasks[i].wait().ok()) expect_cancelled(tasks[i]);
  }
  EXPECT_EQ(pool.statistics().done, 500u);
  EXPECT_LE(pool.statistics().most_running, 5u);
}

TEST_P(TaskPoolTest, a_time_limit_is_a_trap) {
  TaskPool pool = make_states({.timeout = milliseconds(20)});
  for (const State& state : kStates) {
    const Task task = must(pool.submit(state.name));
    const CallResult& result = task.wait();
    ASSERT_TRUE(result.trapped()) << state.name;
    EXPECT_EQ(result.trap().kind, TrapKind::interrupted);
    EXPECT_EQ(result.trap().message, "the task's time limit is over");
  }
}

TEST_P(TaskPoolTest, limits_bound_what_runs_and_what_is_queued) {
  TaskPool pool = make_states({.running = 3, .queued = 4});
  std::vector<Task> tasks;
  for (int i = 0; i < 7; ++i) tasks.push_back(must(pool.submit("blocked")));
  const auto refused = pool.submit("one");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::resource);
  EXPECT_NE(refused.error().message.find("4 tasks are queued"), std::string::npos);
  await_count(3);
  EXPECT_EQ(count_, 3);
  tasks[6].cancel();  // makes room
  tasks.push_back(must(pool.submit("one")));
  EXPECT_FALSE(pool.submit("one").ok());
  for (const Task& task : tasks) task.cancel();
  for (const Task& task : tasks) (void)task.wait();
  EXPECT_EQ(pool.statistics().most_running, 3u);

  TaskPool small = make(R"((module (memory (export "memory") 1 9)
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))))",
                        {.limits = {.memory_bytes = 1 << 16}});
  EXPECT_EQ(must(small.submit("grow")).wait().value()[0].i32(), -1);
}

TEST_P(TaskPoolTest, draining_runs_all_to_their_end) {
  TaskPool pool = make_states({.running = 2});
  std::vector<Task> tasks;
  for (int i = 0; i < 300; ++i) tasks.push_back(must(pool.submit("one")));
  pool.shut_down(TaskPool::Ending::drain);
  for (const Task& task : tasks) {
    EXPECT_EQ(task.state(), Task::State::done);
    EXPECT_TRUE(task.wait().ok());
  }
  const auto late = pool.submit("one");
  ASSERT_FALSE(late.ok());
  EXPECT_NE(late.error().message.find("shut down"), std::string::npos);
  pool.shut_down(TaskPool::Ending::cancel);  // again is nothing
}

TEST_P(TaskPoolTest, shutting_down_cancels_what_is_queued_and_what_runs) {
  TaskPool pool = make_states({.running = 10});
  std::vector<Task> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(must(pool.submit(kStates[i % 4].name)));
  std::thread drainer([&] { pool.shut_down(TaskPool::Ending::drain); });
  while (pool.submit("one").ok()) {  // until the drainer has closed the pool
  }
  pool.shut_down(TaskPool::Ending::cancel);
  drainer.join();
  for (const Task& task : tasks) expect_cancelled(task);
}

TEST_P(TaskPoolTest, tasks_outlive_their_pool) {
  std::vector<Task> tasks;
  {
    TaskPool first = make_states();
    tasks.push_back(must(first.submit("one")));
    (void)tasks[0].wait();
    tasks.push_back(must(first.submit("blocked")));
    TaskPool pool = std::move(first);
    EXPECT_FALSE(first.submit("one").ok());  // NOLINT: what a pool that was moved from does
  }
  EXPECT_TRUE(tasks[0].wait().ok());
  expect_cancelled(tasks[1]);
  tasks[1].cancel();
}

/// Host functions of tasks wait for other tasks: their fibers park, so one worker is enough.
TEST_P(TaskPoolTest, tasks_wait_for_tasks) {
  const auto module = Module::load_text(engine_, R"((module
    (import "test" "sum" (func $sum (param i32) (result i32)))
    (func (export "sum") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (i32.add (local.get 0) (call $sum (i32.sub (local.get 0) (i32.const 1)))))))))");
  TaskPool* itself = nullptr;
  auto pool = TaskPool::create(engine_, workers_, *module, [&](Linker& linker) {
    return linker.wrap("test", "sum",
                       [&](int32_t n) { return (*itself->submit("sum", {n})).wait().value()[0].i32(); });
  });
  itself = &*pool;
  const Task task = must(pool->submit("sum", {50}));
  ASSERT_TRUE(task.wait().ok()) << task.wait().message();
  EXPECT_EQ((*task.wait())[0].i32(), 1275);
}

}  // namespace
}  // namespace heddle::threads
