// SPDX-License-Identifier: Apache-2.0
// The end of the call stack: every way there traps with "call stack exhausted", and the store runs again.
#include <pthread.h>

#include <algorithm>
#include <memory>

#include "engine/interpreter/test_world.h"
#include "engine/support/sanitizers.h"

namespace heddle::engine {
namespace {

constexpr std::string_view kRecursive = R"((module
  (type $f (func))
  (import "" "again" (func $again))
  (table $t funcref (elem $indirect $reference $again))
  (func $direct (export "direct") (call $direct))
  (func $leafy (export "with locals") (local i64 i64 i64 f64)
    (local.set 0 (i64.const 1)) (call $leafy) (local.set 1 (local.get 0)))
  (func $ping (export "mutual") (call $pong (i32.const 1) (f64.const 2)))
  (func $pong (param i32 f64) (call $ping))
  (func $indirect (export "indirect") (call_indirect $t (type $f) (i32.const 0)))
  (func $reference (export "reference") (call_ref $f (ref.func $reference)))
  (func $host (export "via host") (call $again))
  (func $wide (export "wide") (param i64) (result i64 i64 i64 i64 i64 i64 i64 i64)
    (return_call $wide (call $first (call $wide (local.get 0)))))
  (func $first (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64) (local.get 3))
  (func (export "fine") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))))";

/// Exhausts the stack in every way, and shows after each that the store still works.
void exhaust(const StoreLimits& limits) {
  World world({.limits = limits});
  Function* via_host = nullptr;
  const External imports[] = {world.host({}, {}, [&](ExecContext& context, Slot*) {
    Trap trap;
    return world.store->call(*via_host, {}, &trap) || context.fail(trap.kind, trap.message);
  })};
  Instance& instance = world.instantiate(kRecursive, imports);
  via_host = &world.function(instance, "via host");
  for (int round = 0; round < 3; ++round) {
    for (const char* name :
         {"direct", "with locals", "mutual", "indirect", "reference", "via host", "wide", "direct"}) {
      EXPECT_EQ(world.call(world.function(instance, name), {1}), trapped(TrapKind::call_stack_exhausted))
          << name;
      // Of calls that the host made, the outermost one's frames are reported.
      EXPECT_EQ(world.trap.frames.size(), name == std::string_view("via host") ? 1u : 64u) << name;
      EXPECT_EQ(world.store->context().entries, 0u);
      EXPECT_EQ(world.store->context().stack_top, world.store->context().stack_begin);
      EXPECT_EQ(world.call(instance, "fine", {41}), returned({42})) << name;
    }
  }
}

/// Runs on a thread with this much native stack.
void on_thread(size_t native_bytes, void* (*body)(void*)) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, native_bytes), 0);
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &attributes, body, nullptr), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

/// Does so on a thread with this much native stack, or less: ThreadSanitizer keeps track of 65,536 calls and
/// writes beyond its memory when there are more.
void exhaust_on_thread(const StoreLimits& limits, size_t native_bytes) {
  static StoreLimits on_thread;
  on_thread = limits;
  on_thread(kThreadSanitizer ? std::min(native_bytes, size_t{4} << 20) : native_bytes, [](void*) -> void* {
    exhaust(on_thread);
    return nullptr;
  });
}

TEST(interpreter_exhaustion, in_every_way) { exhaust_on_thread({}, 8 << 20); }
TEST(interpreter_exhaustion, on_small_guest_stacks) { exhaust_on_thread({.stack_bytes = 64 << 10}, 8 << 20); }
TEST(interpreter_exhaustion, on_large_guest_stacks) { exhaust_on_thread({.stack_bytes = 64 << 20}, 8 << 20); }
TEST(interpreter_exhaustion, on_threads_with_little_native_stack) {
  // Sanitizers' frames are several times as large, and they need some room of their own.
  const size_t factor = kAddressSanitizer || kThreadSanitizer ? 16 : 1;
  for (const size_t bytes : {size_t{256} << 10, size_t{1} << 20}) exhaust_on_thread({}, bytes * factor);
}

/// On 64 KiB of native stack nothing but the calls themselves runs: assembling a module takes more.
TEST(interpreter_exhaustion, on_threads_with_64_kib) {
  if (kAddressSanitizer || kThreadSanitizer) GTEST_SKIP() << "sanitizers need more than that themselves";
  static World* world = nullptr;
  static Instance* instance = nullptr;
  static Function* via_host = nullptr;
  World here;
  world = &here;
  const External imports[] = {here.host({}, {}, [](ExecContext& context, Slot*) {
    Trap trap;
    return world->store->call(*via_host, {}, &trap) || context.fail(trap.kind, trap.message);
  })};
  instance = &here.instantiate(kRecursive, imports);
  via_host = &here.function(*instance, "via host");
  on_thread(64 << 10, [](void*) -> void* {
    for (const char* name : {"direct", "mutual", "indirect", "via host", "with locals", "direct"}) {
      EXPECT_EQ(world->call(*instance, name), trapped(TrapKind::call_stack_exhausted)) << name;
      EXPECT_EQ(world->call(*instance, "fine", {1}), returned({2})) << name;
    }
    return nullptr;
  });
}

TEST(interpreter_exhaustion, in_a_start_function) {
  World world;
  world.instantiate("(module (func $f (call $f)) (start $f))");
  EXPECT_EQ(world.trap.kind, TrapKind::call_stack_exhausted);
  Instance& instance = world.instantiate("(module (func (export \"f\") (result i32) (i32.const 3)))");
  EXPECT_EQ(world.call(instance, "f"), returned({3}));
}

TEST(interpreter_exhaustion, between_instances) {
  World world;
  Instance& owner = world.instantiate("(module (table (export \"t\") 2 funcref))");
  const External imports[] = {world.exported(owner, "t")};
  const auto text = [](int own, int other) {
    return "(module (type $f (func)) (import \"\" \"\" (table 2 funcref)) (func $f (export \"f\") "
           "(call_indirect (type $f) (i32.const " +
           std::to_string(other) + "))) (elem (i32.const " + std::to_string(own) + ") func $f))";
  };
  Instance& first = world.instantiate(text(0, 1), imports);
  world.instantiate(text(1, 0), imports);
  EXPECT_EQ(world.call(first, "f"), trapped(TrapKind::call_stack_exhausted));
  EXPECT_EQ(world.trap.frames.size(), 64u);
}

std::string locals(int count) {
  std::string text = "(local";
  for (int i = 0; i < count; ++i) text += " i64";
  return text + ")";
}

TEST(interpreter_exhaustion, by_large_frames) {
  const std::string source =
      "(module (func $f (export \"f\") (param i32) (result i64) " + locals(49'999) +
      "(local.set 40000 (i64.const 7)) (if (local.get 0) (then (drop (call $f (i32.sub "
      "(local.get 0) (i32.const 1)))))) (i64.add (local.get 40000) (local.get 49999))))";
  World world({.limits = {.stack_bytes = 4 << 20}});
  Instance& instance = world.instantiate(source);
  EXPECT_EQ(world.call(instance, "f", {0}), returned({7}));
  EXPECT_EQ(world.call(instance, "f", {9}), returned({7}));
  EXPECT_EQ(world.call(instance, "f", {10}), trapped(TrapKind::call_stack_exhausted));
  World small({.limits = {.stack_bytes = 64 << 10}});
  EXPECT_EQ(small.call(small.instantiate(source), "f", {0}), trapped(TrapKind::call_stack_exhausted));
}

/// A frame of more slots than a field of an instruction can number.
TEST(interpreter_exhaustion, by_frames_that_fit_no_stack) {
  std::string results;
  for (int i = 0; i < 1000; ++i) results += " i64";
  std::string body;
  for (int i = 0; i < 16; ++i) body += " call $many";
  for (int i = 0; i < 16'000; ++i) body += " drop";
  World world({.limits = {.stack_bytes = 64 << 20}});
  Instance& instance = world.instantiate(
      "(module (type $t (func (result" + results + "))) (func $many (type $t) unreachable)" +
      "(func $huge (export \"huge\") " + locals(50'000) + body + ")" +
      "(func (export \"caller\") (call $huge))" + "(func (export \"fine\") (result i32) (i32.const 1)))");
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(world.call(instance, "huge"), trapped(TrapKind::call_stack_exhausted));
    EXPECT_EQ(world.call(instance, "caller"), trapped(TrapKind::call_stack_exhausted));
    ASSERT_EQ(world.trap.frames.size(), 1u);
    EXPECT_EQ(world.trap.frames[0].function, "caller");
    EXPECT_EQ(world.call(instance, "fine"), returned({1}));
  }
}

/// Functions that call nothing skip the stack check: the reserve must hold them, up to its very end.
TEST(interpreter_exhaustion, leaves_run_in_the_reserve) {
  std::string leaf = "(func $leaf (param i64) (result i64)";
  for (int i = 0; i < 200; ++i) leaf += " local.get 0 i64.const 3 i64.mul";
  for (int i = 1; i < 200; ++i) leaf += " i64.add";
  World world({.limits = {.stack_bytes = 64 << 10}});
  Instance& instance = world.instantiate("(module " + leaf +
                                         ") (func $f (export \"f\") (param i64) (result i64) "
                                         "(i64.add (call $leaf (local.get 0)) (call $f (local.get 0)))))");
  EXPECT_EQ(world.call(instance, "f", {1}), trapped(TrapKind::call_stack_exhausted));
}

}  // namespace
}  // namespace heddle::engine
