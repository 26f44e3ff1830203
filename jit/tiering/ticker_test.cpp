// SPDX-License-Identifier: Apache-2.0
// What the tier "auto" spares short programs, and that it finds the hot code of all others.
#include "jit/tiering/ticker.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "engine/api/access.h"
#include "engine/api/engine_impl.h"
#include "jit/tiering/jit_tier.h"
#include "jit/tiering/test_tiers.h"

namespace heddle::jit {

namespace {

[[nodiscard]] Mode automatic() {
  Mode mode{"auto", {}};
  mode.config.tier = "auto";
  mode.config.compiler = compiler();
  return mode;
}

/// Is there a ticker's thread in this process?
[[nodiscard]] bool has_ticker() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    if (std::getline(file, name) && name == "heddle ticker") return true;
  }
  return false;
}

/// A thread that has been joined may be seen for a while.
void wait_for_end_of_tickers() {
  for (int i = 0; i < 1000 && has_ticker(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ASSERT_FALSE(has_ticker());
}

[[nodiscard]] bool has_code_cache(const Engine& engine) {
  return static_cast<const JitTier&>(*detail::Access::impl(engine)->tier).cache() != nullptr;
}

constexpr std::string_view kGuest = R"((module
  (type $endless (func (param i32)))
  (table funcref (elem $turn))
  (tag $thrown)
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0)) (else
      (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "loop") (loop $l (br $l)))
  (func (export "counting loop") (local i32)
    (loop $l (br_if $l (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 2))) (i32.const 1)))))
  (func (export "jump table") (loop $l (br_table $l $l (i32.const 0))))
  (func (export "recursion") (drop (call $fib (i32.const 60))))
  (func $turn (export "tail calls") (type $endless)
    (return_call_indirect (type $endless) (local.get 0) (i32.const 0)))
  (func (export "exceptions")
    (loop $l (block $h (try_table (catch $thrown $h) (throw $thrown))) (br $l)))))";

TEST(ticker, short_guests_start_no_thread_and_make_no_code_cache) {
  wait_for_end_of_tickers();
  TierWorld world(automatic());
  const Instance instance = world.instantiate(kGuest);
  EXPECT_EQ(describe(instance.function("fib")->call({5})), "5");
  EXPECT_FALSE(has_ticker());
  EXPECT_FALSE(has_code_cache(world.engine));
}

TEST(ticker, long_guests_are_found_wherever_they_are) {
  for (const char* name : {"loop", "counting loop", "jump table", "recursion", "tail calls", "exceptions"}) {
    SCOPED_TRACE(name);
    TierWorld world(automatic());
    ASSERT_TRUE(world.store.set_timeout(std::chrono::milliseconds(50)).ok());
    const Instance instance = world.instantiate(kGuest);
    const auto guest = *instance.function(name);
    const std::vector<heddle::Value> arguments(std::string_view(name) == "tail calls" ? 1 : 0,
                                               heddle::Value(0));
    const auto compiled = [&] {
      const CompileStatistics statistics = jit::statistics(world.engine);
      return statistics.functions + statistics.loops;
    };
    // Once is enough, unless the machine has too much else to do.
    for (int i = 0; i < 100 && compiled() == 0; ++i)
      EXPECT_EQ(guest.call(arguments).trap().kind, TrapKind::interrupted);
    EXPECT_GT(compiled(), 0u);
    EXPECT_TRUE(has_code_cache(world.engine));
  }
}

TEST(ticker, short_runs_add_up) {
  wait_for_end_of_tickers();
  TierWorld world(automatic());
  const Instance instance = world.instantiate(kGuest);
  const auto fib = *instance.function("fib");
  for (int i = 0; i < 100'000 && !has_ticker(); ++i) ASSERT_EQ(describe(fib.call({12})), "144");
  EXPECT_TRUE(has_ticker());
}

TEST(ticker, guests_of_several_threads_begin_and_end_at_any_time) {
  TierWorld world(automatic());
  const Module module = Module::load_text(world.engine, kGuest).value();
  constexpr int kThreads = 4;
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) {
        Store store = Store::create(world.engine).value();
        const Instance instance = Linker(world.engine).instantiate(store, module).value();
        for (int k = 0; k < 10; ++k) right += describe(instance.function("fib")->call({15})) == "610";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, kThreads * 10 * 10);
}

}  // namespace

}  // namespace heddle::jit
