// SPDX-License-Identifier: Apache-2.0
// Programs with threads that mean harm or are broken: storms of threads, closed streams, wild numbers. The
// host lives on, and so does its next program.
#include <gtest/gtest.h>
#include <heddle/threads.h>
#include <heddle/wasi.h>

#include <atomic>
#include <string>
#include <thread>

#include "threads/test_fibers.h"
#include "threads/test_tiers.h"

namespace heddle::threads {
namespace {

using std::chrono::milliseconds;

class HostileProcessTest : public testing::TestWithParam<Setup> {
 protected:
  Process make(const std::string& body, const ProcessOptions& options = {}) {
    auto module = Module::load_text(engine_, R"((module
      (import "any" "memory" (memory 1 1 shared)) (export "memory" (memory 0))
      (import "wasi" "thread-spawn" (func $wasi_spawn (param i32) (result i32)))
      (import "heddle" "thread_spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
      (import "heddle" "thread_wait" (func $wait (param i32 i64) (result i32)))
      (import "heddle" "thread_free" (func $free (param i32) (result i32)))
      (import "heddle" "thread_set_data" (func $set_data (param i32 i32 i32) (result i32)))
      (import "heddle" "thread_data" (func $data (param i32 i32 i32) (result i64)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "test" "count" (func $count (result i32)))
      (data (i32.const 1024) "storm"))" + body + ")");
    if (!module) ADD_FAILURE() << module.error().to_string();
    auto process = Process::create(
        engine_, workers_, *module, [this](Linker& linker) { return define(linker); }, options);
    if (!process) ADD_FAILURE() << process.error().to_string();
    return std::move(*process);
  }
  Result<void> define(Linker& linker) {
    wasi::Config config;
    config.output = wasi::Stdio::descriptor(output_.in.get());
    config.blocking = workers_.blocking();
    auto context = wasi::Context::create(config);
    if (!context) return context.error();
    if (auto added = context->add_to(linker); !added) return added;
    return linker.wrap("test", "count", [this] { return ++count_; });
  }
  /// Another program runs as ever.
  void expect_alive() {
    const auto outcome = make(R"((func (export "storm")) (func (export "_start")
      (call $exit (i32.add (i32.const 5) (call $wait
        (call $spawn (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 0)) (i64.const -1))))))")
                             .run(milliseconds(60'000));
    ASSERT_TRUE(outcome.ok()) << outcome.message();
    EXPECT_EQ(*outcome, 5u);
  }

  Engine engine_ = engine_of(GetParam());
  Workers workers_{WorkersOptions{.threads = GetParam()}};
  Pipe output_;
  std::atomic<int> count_ = 0;
};

INSTANTIATE_TEST_SUITE_P(workers, HostileProcessTest, all_setups());

/// Every thread starts threads without end, in every way that there is.
TEST_P(HostileProcessTest, storms_of_spawns_are_bounded_and_stopped) {
  ProcessOptions options;
  options.threads = 200;
  Process process = make(R"(
    (func $storm (export "storm")
      (loop $l
        (drop (call $wasi_spawn (i32.const 0)))
        (drop (call $spawn (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 64) (i32.const 0)))
        (drop (call $spawn (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 64) (i32.const 1)))
        (drop (call $spawn (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 64) (i32.const 2)))
        (drop (call $spawn (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 64) (i32.const 3)))
        (br_if $l (i32.ne (call $count) (i32.const 0)))))
    (func (export "wasi_thread_start") (param i32 i32) (call $storm))
    (func (export "_start") (call $storm)))",
                         options);
  std::thread stopper([&] {
    while (count_ < 3000) std::this_thread::sleep_for(milliseconds(1));
    process.stop(7);
  });
  const auto outcome = process.run();
  stopper.join();
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(*outcome, 7u);
  EXPECT_LE(process.statistics().most_live, 200u);
  expect_alive();
}

/// Threads start, await and free each other by numbers that they guess, while those come and go.
TEST_P(HostileProcessTest, guessed_numbers_do_no_harm) {
  ProcessOptions options;
  options.threads = 60;
  options.kept_bytes = 4000;
  Process process = make(R"(
    (func $next (param i32) (result i32)
      (i32.add (i32.mul (local.get 0) (i32.const 1664525)) (i32.const 1013904223)))
    (func $storm (export "storm") (local $state i32) (local $thread i32) (local $round i32)
      (local.set $state (call $count))
      (loop $l
        (local.set $state (call $next (local.get $state)))
        (local.set $thread (i32.rem_u (i32.shr_u (local.get $state) (i32.const 8)) (i32.const 90)))
        (drop (call $spawn (i32.const 1024) (i32.const 5) (i32.const 0) (i32.const 30)
          (i32.and (i32.shr_u (local.get $state) (i32.const 20)) (i32.const 3))))
        (drop (call $free (local.get $thread)))
        (drop (call $set_data (local.get $thread) (i32.const 0) (i32.and (local.get $state) (i32.const 127))))
        (drop (call $data (local.get $thread) (i32.const 2048) (i32.const 0)))
        (drop (call $wait (local.get $thread) (i64.const 1000)))
        (br_if $l (i32.lt_u (local.tee $round (i32.add (local.get $round) (i32.const 1))) (i32.const 20)))))
    (func (export "wasi_thread_start") (param i32 i32))
    (func (export "_start") (loop $l (call $storm) (br_if $l (i32.lt_u (call $count) (i32.const 400))))))",
                         options);
  const auto outcome = process.run(milliseconds(60'000));
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(*outcome, 0u);
  EXPECT_LE(process.statistics().most_live, 60u);
  expect_alive();
}

/// The reader of their output is gone: all threads are told (errno pipe, 64), and no signal ends the host.
TEST_P(HostileProcessTest, a_closed_output_is_an_error_of_each_thread) {
  output_.out = wasi::UniqueFd();
  const auto outcome = make(R"(
    (func $storm (export "storm") (result i32)
      (call $write (i32.const 1) (i32.const 2000) (i32.const 1) (i32.const 2016)))
    (func (export "wasi_thread_start") (param i32 i32)
      (if (i32.ne (call $storm) (i32.const 64)) (then (unreachable)))
      (drop (i32.atomic.rmw.add (i32.const 512) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 512) (i32.const 1))))
    (func (export "_start") (local $i i32)
      (i32.store (i32.const 2004) (i32.const 5))
      (loop $l (drop (call $wasi_spawn (i32.const 0)))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
      (loop $l (local.set $i (i32.atomic.load (i32.const 512)))
        (if (i32.lt_u (local.get $i) (i32.const 100)) (then
          (drop (memory.atomic.wait32 (i32.const 512) (local.get $i) (i64.const -1))) (br $l))))
      (call $exit (i32.const 3))))")
                           .run(milliseconds(60'000));
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(*outcome, 3u);
  expect_alive();
}

/// Nobody reads their output: threads wait for room until the program ends.
TEST_P(HostileProcessTest, a_full_output_keeps_nobody_from_ending) {
  const auto outcome = make(R"(
    (func $storm (export "storm"))
    (func (export "wasi_thread_start") (param i32 i32)
      (i32.atomic.store (i32.const 512) (i32.const 1)) (drop (memory.atomic.notify (i32.const 512) (i32.const 1)))
      (loop $l
        (drop (call $write (i32.const 1) (i32.const 2000) (i32.const 1)
          (i32.add (i32.const 2048) (i32.mul (local.get 0) (i32.const 4)))))
        (br $l)))
    (func (export "_start") (local $i i32)
      (i32.store (i32.const 2000) (i32.const 4096)) (i32.store (i32.const 2004) (i32.const 60000))
      (loop $l (drop (call $wasi_spawn (i32.const 0)))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20))))
      (drop (memory.atomic.wait32 (i32.const 512) (i32.const 0) (i64.const -1)))
      (drop (memory.atomic.wait32 (i32.const 516) (i32.const 0) (i64.const 20000000)))
      (call $exit (i32.const 4))))")
                           .run(milliseconds(60'000));
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(*outcome, 4u);
}

/// Every thread traps or exits at once: one of them decides.
TEST_P(HostileProcessTest, all_may_end_it_at_the_same_time) {
  for (int round = 0; round < 20; ++round) {
    const auto outcome = make(R"(
      (func (export "storm"))
      (func (export "wasi_thread_start") (param i32 i32)
        (drop (memory.atomic.wait32 (i32.const 512) (i32.const 0) (i64.const -1)))
        (if (i32.and (local.get 1) (i32.const 1)) (then (unreachable)))
        (call $exit (i32.const 8)))
      (func (export "_start") (local $i i32)
        (loop $l (drop (call $wasi_spawn (local.get $i)))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50))))
        (i32.atomic.store (i32.const 512) (i32.const 1)) (drop (memory.atomic.notify (i32.const 512) (i32.const -1)))
        (drop (memory.atomic.wait32 (i32.const 520) (i32.const 0) (i64.const -1)))))")
                             .run(milliseconds(60'000));
    if (outcome.ok()) {
      EXPECT_EQ(*outcome, 8u);
    } else {
      EXPECT_EQ(outcome.trap().kind, TrapKind::unreachable) << outcome.message();
    }
  }
}

}  // namespace
}  // namespace heddle::threads
