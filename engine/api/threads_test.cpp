// SPDX-License-Identifier: Apache-2.0
// Many threads: stores over one module, shared memories between guests and host, loading and dropping
// meanwhile.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "engine/api/test_store.h"

namespace heddle {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 6;

/// Runs `body(i)` on kThreads threads.
template <class Body>
void on_threads(Body body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(body, i);
  for (auto& thread : threads) thread.join();
}

TEST(api_thread, many_stores_over_one_module) {
  TestStore test;
  ASSERT_TRUE(test.linker.wrap("", "next", [](int32_t n) { return n + 1; }));
  const Module module = test.module(R"((module (import "" "next" (func $next (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (local i32)
      (loop $l
        (local.set 1 (call $next (local.get 1)))
        (br_if $l (i32.lt_u (local.get 1) (local.get 0))))
      (local.get 1))))");
  std::atomic<int> good = 0;
  on_threads([&](int i) {
    for (int round = 0; round < 20; ++round) {
      const Store store = *Store::create(test.engine);
      const auto instance = test.linker.instantiate(store, module);
      const auto run = instance->typed<int32_t(int32_t)>("run");
      good += *(*run)(i + 100) == i + 100;
    }
  });
  EXPECT_EQ(good, kThreads * 20);
}

TEST(api_thread, modules_load_and_go_while_others_run) {
  TestStore test;
  std::atomic<int> good = 0;
  on_threads([&](int i) {
    for (int32_t round = 0; round < 20; ++round) {
      const std::string source = "(module (type (func (param i32 i64 f32)))" + std::string(i % 3, ' ') +
                                 "(func (export \"f\") (result i32) (i32.const " + std::to_string(round) +
                                 ")))";
      const Module module = *Module::load_text(test.engine, source);
      const Store store = *Store::create(test.engine);
      const auto instance = Instance::create(store, module);
      good += (*instance->function("f")->call())[0].i32() == round;
    }
  });
  EXPECT_EQ(good, kThreads * 20);
}

TEST(api_thread, guests_add_up_in_a_shared_memory) {
  TestStore test;
  const SharedMemory memory = *SharedMemory::create(test.engine, {.min = 1, .max = 2});
  ASSERT_TRUE(test.linker.define("", "memory", memory));
  const Module module = test.module(R"((module (import "" "memory" (memory 1 2 shared))
    (func (export "run") (param i32)
      (loop $l
        (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $l (local.get 0))))))");
  on_threads([&](int) {
    const Store store = *Store::create(test.engine);
    const auto instance = test.linker.instantiate(store, module);
    EXPECT_TRUE(instance->function("run")->call({5000}).ok());
  });
  EXPECT_EQ(*memory.load<uint32_t>(8), 5000u * kThreads);
}

TEST(api_thread, host_wakes_guests_and_guest_wakes_host) {
  TestStore test;
  const SharedMemory memory = *SharedMemory::create(test.engine, {.min = 1, .max = 1});
  ASSERT_TRUE(test.linker.define("", "memory", memory));
  const Module module = test.module(R"((module (import "" "memory" (memory 1 1 shared))
    (func (export "wait") (result i32) (memory.atomic.wait32 (i32.const 16) (i32.const 0) (i64.const -1)))
    (func (export "wake") (result i32) (memory.atomic.notify (i32.const 32) (i32.const 1)))))");
  std::atomic<int> woken = 0;
  std::thread guests([&] {
    on_threads([&](int) {
      const Store store = *Store::create(test.engine);
      const auto instance = test.linker.instantiate(store, module);
      woken += (*instance->function("wait")->call())[0].i32() == 0;
    });
  });
  uint32_t notified = 0;
  while (notified < kThreads) notified += *memory.notify(16, 2);
  guests.join();
  EXPECT_EQ(notified, static_cast<uint32_t>(kThreads));
  EXPECT_EQ(woken, kThreads);

  std::thread host([&] { EXPECT_EQ(*memory.wait(32, 0), SharedMemory::Wait::woken); });
  const auto instance = test.linker.instantiate(test.store, module);
  while ((*instance->function("wake")->call())[0].i32() == 0) std::this_thread::yield();
  host.join();
}

TEST(api_thread, host_wait_and_notify_at_the_edges) {
  TestStore test;
  const SharedMemory memory = *SharedMemory::create(test.engine, {.min = 1, .max = 1});
  EXPECT_EQ(*memory.wait(0, 1), SharedMemory::Wait::not_equal);
  EXPECT_EQ(*memory.wait(0, 0, 0ns), SharedMemory::Wait::timed_out);
  EXPECT_EQ(*memory.wait(65532, 0, 1ms), SharedMemory::Wait::timed_out);
  EXPECT_TRUE(refused(memory.wait(65536, 0)));
  EXPECT_TRUE(refused(memory.wait(2, 0)));
  EXPECT_TRUE(refused(memory.notify(UINT64_MAX, 1)));
  EXPECT_EQ(*memory.notify(0, UINT32_MAX), 0u);
  EXPECT_TRUE(refused(SharedMemory::create(test.engine, {.min = 1})));
}

TEST(api_thread, exported_shared_memory_goes_to_other_stores) {
  TestStore test;
  const Instance first = test.instantiate(R"((module (memory (export "memory") 1 4 shared)))");
  const auto shared = first.memory()->shared();
  ASSERT_TRUE(shared.has_value());
  std::thread other([&] {
    const Store store = *Store::create(test.engine);
    const Extern import = *shared;
    const auto second = Instance::create(store, test.module(R"((module (import "" "" (memory 1 4 shared))
          (func (export "run") (result i32) (i32.store (i32.const 0) (i32.const 77)) (memory.grow (i32.const 1)))))"),
                                         {&import, 1});
    ASSERT_TRUE(second.ok()) << second.message();
    EXPECT_EQ((*second->function("run")->call())[0].i32(), 1);
  });
  other.join();
  EXPECT_EQ(*first.memory()->load<int32_t>(0), 77);
  EXPECT_EQ(first.memory()->pages(), 2u);
  EXPECT_FALSE(test.instantiate("(module (memory (export \"memory\") 1))").memory()->shared().has_value());
}

TEST(api_thread, a_store_may_move_between_threads) {
  TestStore test;
  const Instance instance = test.instantiate(R"((module (memory 1)
    (func $deep (export "deep") (call $deep))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))))");
  for (int i = 0; i < 3; ++i) {
    std::thread([&] {
      EXPECT_EQ(trap_of(instance.function("deep")->call()), TrapKind::call_stack_exhausted);
      EXPECT_EQ(trap_of(instance.function("load")->call({-4})), TrapKind::memory_out_of_bounds);
    }).join();
    EXPECT_EQ((*instance.function("load")->call({0}))[0].i32(), 0);
  }
}

}  // namespace
}  // namespace heddle
