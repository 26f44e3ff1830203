// SPDX-License-Identifier: Apache-2.0
// Functions of the host: exceptions, wrong results, re-entry, nesting until the stack ends, destruction
// inside.
#include <optional>
#include <stdexcept>

#include "engine/api/test_store.h"

namespace heddle {
namespace {

constexpr const char* kCallHost = R"((module
  (func $host (import "" "host"))
  (memory (export "memory") 1)
  (func (export "run") (call $host))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))))";

TEST(host_function, an_exception_becomes_a_trap) {
  TestStore test;
  ASSERT_TRUE(test.linker.wrap("", "host", [] { throw std::runtime_error("no more yarn"); }));
  const Instance instance = test.instantiate(kCallHost);
  const CallResult result = instance.function("run")->call();
  ASSERT_EQ(trap_of(result), TrapKind::host_error);
  EXPECT_EQ(result.trap().message, "host function threw: no more yarn");
  EXPECT_EQ((*instance.function("add")->call({1, 2}))[0].i32(), 3) << "the store goes on";
}

TEST(host_function, ends_the_program_with_an_exit_code) {
  TestStore test;
  ASSERT_TRUE(test.linker.wrap("", "host", []() -> HostResult { return Trap::exit(42); }));
  const Instance instance = test.instantiate(kCallHost);
  const CallResult result = instance.function("run")->call();
  EXPECT_EQ(trap_of(result), TrapKind::exit);
  EXPECT_EQ(result.exit_code(), 42u);
  EXPECT_EQ(result.message(), "exit with code 42") << "no backtrace";
  const CallResult fine = instance.function("add")->call({1, 2});
  EXPECT_EQ(fine.exit_code(), std::nullopt);
  EXPECT_EQ((*fine)[0].i32(), 3) << "the store goes on";
}

TEST(host_function, no_guest_code_sees_an_exit) {
  TestStore test;
  ASSERT_TRUE(test.linker.wrap("", "host", []() -> HostResult { return Trap::exit(7); }));
  const Instance instance = test.instantiate(R"((module (func $host (import "" "host"))
    (func (export "run") (block $h (try_table (catch_all $h) (call $host))) (unreachable))))");
  EXPECT_EQ(instance.function("run")->call().exit_code(), 7u);
}

TEST(host_function, any_exception_becomes_a_trap) {
  TestStore test;
  auto throwing = [](Caller&, std::span<const Value>, std::span<Value>) -> HostResult { throw 7; };
  ASSERT_TRUE(test.linker.function("", "host", {}, throwing));
  const CallResult result = test.instantiate(kCallHost).function("run")->call();
  EXPECT_EQ(trap_of(result), TrapKind::host_error);
}

TEST(host_function, an_exception_becomes_a_trap_without_a_guest_between) {
  TestStore test;
  const auto function = Function::wrap(test.store, []() -> int32_t { throw std::runtime_error("direct"); });
  EXPECT_EQ(trap_of(function->call()), TrapKind::host_error);
}

TEST(host_function, an_error_becomes_a_trap) {
  TestStore test;
  auto reading = [](Caller& caller) -> HostResult {
    const auto memory = caller.memory();
    if (!memory) return memory.error();
    const auto value = memory->load<uint32_t>(1 << 20);
    if (!value) return value.error();
    return {};
  };
  ASSERT_TRUE(test.linker.wrap("", "host", reading));
  const CallResult result = test.instantiate(kCallHost).function("run")->call();
  ASSERT_EQ(trap_of(result), TrapKind::host_error);
  EXPECT_NE(result.trap().message.find("outside the memory"), std::string::npos) << result.message();
}

TEST(host_function, a_result_of_another_type_becomes_a_trap) {
  TestStore test;
  auto wrong = [](Caller&, std::span<const Value>, std::span<Value> results) -> HostResult {
    results[0] = 1.0;
    return {};
  };
  const auto function = Function::host(test.store, {{}, {ValueType::Kind::i32}}, wrong);
  const CallResult result = function->call();
  ASSERT_EQ(trap_of(result), TrapKind::host_error);
  EXPECT_EQ(result.trap().message, "host function's result 1: expected i32, found f64");
}

TEST(host_function, results_start_as_zeros) {
  TestStore test;
  auto nothing = [](Caller&, std::span<const Value>, std::span<Value>) -> HostResult { return {}; };
  const auto function =
      Function::host(test.store, {{}, {ValueType::Kind::i64, ValueType::externref()}}, nothing);
  const CallResult result = function->call();
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ((*result)[0], Value(int64_t{0}));
  EXPECT_TRUE((*result)[1].is_null());
}

TEST(host_function, sees_its_caller) {
  TestStore test;
  std::optional<Instance> seen;
  ASSERT_TRUE(test.linker.wrap("", "host", [&](Caller& caller) -> HostResult {
    seen = caller.instance();
    const auto memory = caller.memory();
    if (!memory) return memory.error();
    return memory->store<uint32_t>(4, 99).ok() ? HostResult() : Trap::host("can't store");
  }));
  const Instance instance = test.instantiate(kCallHost);
  const CallResult result = instance.function("run")->call();
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ(*seen, instance);
  EXPECT_EQ(*instance.memory()->load<uint32_t>(4), 99u);
}

TEST(host_function, called_by_the_host_has_no_calling_instance) {
  TestStore test;
  bool empty = false;
  const auto function = Function::wrap(test.store, [&](Caller& caller) {
    empty = caller.instance().empty() && !caller.memory().ok() && caller.store() == test.store;
  });
  ASSERT_TRUE(function->call().ok());
  EXPECT_TRUE(empty);
}

TEST(host_function, may_call_back_into_the_same_instance) {
  TestStore test;
  std::optional<Instance> instance;
  int32_t sum = 0;
  ASSERT_TRUE(test.linker.wrap("", "host", [&]() -> HostResult {
    auto result = instance->function("add")->call({20, 22});
    if (!result.ok()) return std::move(result).failure();
    sum = (*result)[0].i32();
    return {};
  }));
  instance = test.instantiate(kCallHost);
  const CallResult result = instance->function("run")->call();
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ(sum, 42);
}

TEST(host_function, may_use_another_store_inside) {
  TestStore test;
  ASSERT_TRUE(test.linker.wrap("", "host", [&]() -> HostResult {
    auto store = Store::create(test.engine);
    Linker linker(test.engine);
    (void)linker.wrap("", "host", [] {});
    auto inner = linker.instantiate(*store, test.module(kCallHost));
    if (!inner.ok()) return std::move(inner).failure();
    auto result = inner->function("run")->call();
    return result.ok() ? HostResult() : HostResult(std::move(result).failure());
  }));
  EXPECT_TRUE(test.instantiate(kCallHost).function("run")->call().ok());
}

TEST(host_function, a_trap_of_an_inner_call_keeps_its_frames) {
  TestStore test;
  std::optional<Instance> instance;
  ASSERT_TRUE(test.linker.wrap("", "back", [&]() -> HostResult {
    auto result = instance->function("inner")->call();
    return result.ok() ? HostResult() : HostResult(std::move(result).failure());
  }));
  instance = test.instantiate(R"((module
    (func $back (import "" "back"))
    (func (export "inner") (drop (i32.div_u (i32.const 1) (i32.const 0))))
    (func (export "outer") (call $back))))");
  const CallResult result = instance->function("outer")->call();
  ASSERT_EQ(trap_of(result), TrapKind::integer_divide_by_zero);
  ASSERT_EQ(result.trap().frames.size(), 2u);
  EXPECT_EQ(result.trap().frames[0].function, "inner");
  EXPECT_EQ(result.trap().frames[1].function, "outer");
}

TEST(host_function, may_swallow_the_trap_of_an_inner_call) {
  TestStore test;
  std::optional<Instance> instance;
  ASSERT_TRUE(test.linker.wrap("", "try", [&] { return instance->function("inner")->call().ok() ? 1 : 0; }));
  instance = test.instantiate(R"((module
    (func $try (import "" "try") (result i32))
    (func (export "inner") (unreachable))
    (func (export "outer") (result i32) (i32.add (call $try) (i32.const 10)))))");
  const CallResult result = instance->function("outer")->call();
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ((*result)[0].i32(), 10);
}

TEST(host_function, endless_nesting_traps_and_the_store_goes_on) {
  TestStore test;
  std::optional<Instance> instance;
  int deepest = 0;
  ASSERT_TRUE(test.linker.wrap("", "again", [&]() -> HostResult {
    ++deepest;
    auto result = instance->function("run")->call();
    return result.ok() ? HostResult() : HostResult(std::move(result).failure());
  }));
  instance = test.instantiate(R"((module
    (func $again (import "" "again"))
    (func (export "run") (call $again))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))))");
  for (int round = 0; round < 3; ++round) {
    const CallResult result = instance->function("run")->call();
    ASSERT_EQ(trap_of(result), TrapKind::call_stack_exhausted) << result.message();
    EXPECT_LE(result.trap().frames.size(), 64u);
    EXPECT_EQ((*instance->function("add")->call({1, 2}))[0].i32(), 3);
  }
  EXPECT_GT(deepest, 10);
}

TEST(host_function, may_destroy_the_store_that_runs_it) {
  TestStore test;
  std::optional<Store> store = std::move(test.store);
  bool alive_inside = false;
  ASSERT_TRUE(test.linker.wrap("", "host", [&](Caller& caller) {
    store.reset();
    alive_inside = caller.store().alive();
  }));
  auto instance = test.linker.instantiate(*store, test.module(kCallHost));
  ASSERT_TRUE(instance.ok());
  EXPECT_TRUE(instance->function("run")->call().ok()) << "it ends with the outermost call";
  EXPECT_TRUE(alive_inside);
  EXPECT_TRUE(refused(instance->function("run")));
}

TEST(host_function, destroyed_with_its_store_it_may_own_handles_on_it) {
  TestStore test;
  auto guard = std::make_shared<Instance>();
  const std::weak_ptr<Instance> watch = guard;
  ASSERT_TRUE(test.linker.wrap("", "host", [guard] { (void)guard->function("add"); }));
  *guard = test.instantiate(kCallHost);
  guard.reset();
  test.linker = Linker(test.engine);
  EXPECT_FALSE(watch.expired());
  {
    const Store dying = std::move(test.store);
  }
  EXPECT_TRUE(watch.expired()) << "the callback went with the store, although it holds a handle on it";
}

TEST(host_function, wide_values_take_two_slots) {
  TestStore test;
  const auto function = Function::wrap(
      test.store, [](int32_t a, V128 b, int32_t c) { return std::tuple<V128, int32_t>(b, a - c); });
  const auto typed = function->typed<std::tuple<V128, int32_t>(int32_t, V128, int32_t)>();
  ASSERT_TRUE(typed.ok());
  V128 wide;
  for (size_t i = 0; i < 16; ++i) wide.bytes[i] = static_cast<uint8_t>(i * 17);
  const auto result = (*typed)(50, wide, 8);
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ(std::get<0>(*result), wide);
  EXPECT_EQ(std::get<1>(*result), 42);
  const CallResult untyped = function->call({50, wide, 8});
  EXPECT_EQ(*untyped, (std::vector<Value>{wide, 42}));
}

}  // namespace
}  // namespace heddle
