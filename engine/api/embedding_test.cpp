// SPDX-License-Identifier: Apache-2.0
// The tasks of an embedder, one test each: those of the wasm-c-api examples that apply, in this API.
#include <array>
#include <thread>
#include <vector>

#include "engine/api/test_store.h"

namespace heddle {
namespace {

TEST(embedding, hello) {
  TestStore test;
  int greetings = 0;
  ASSERT_TRUE(test.linker.wrap("", "hello", [&] { ++greetings; }));
  const Instance instance = test.instantiate(R"((module
    (func $hello (import "" "hello")) (func (export "run") (call $hello))))");
  EXPECT_TRUE(instance.function("run")->call().ok());
  EXPECT_EQ(greetings, 1);
}

TEST(embedding, callback) {
  TestStore test;
  const FunctionType print_type{{ValueType::Kind::i32}, {ValueType::Kind::i32}};
  auto print = [](Caller&, std::span<const Value> arguments, std::span<Value> results) -> HostResult {
    results[0] = arguments[0].i32() + 1;
    return {};
  };
  ASSERT_TRUE(test.linker.function("", "print", print_type, print));
  int captured = 42;
  ASSERT_TRUE(test.linker.wrap("", "closure", [captured] { return captured; }));
  const Instance instance = test.instantiate(R"((module
    (func $print (import "" "print") (param i32) (result i32))
    (func $closure (import "" "closure") (result i32))
    (func (export "run") (param $x i32) (param $y i32) (result i32)
      (i32.add (call $print (i32.add (local.get $x) (local.get $y))) (call $closure)))))");
  const CallResult result = instance.function("run")->call({3, 4});
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ((*result)[0], Value(3 + 4 + 1 + 42));
}

TEST(embedding, global) {
  TestStore test;
  auto constant = Global::create(test.store, {ValueType::Kind::f32, false}, 1.5f);
  auto variable = Global::create(test.store, {ValueType::Kind::i64, true}, int64_t{2});
  ASSERT_TRUE(constant && variable);
  ASSERT_TRUE(test.linker.define("", "const", *constant) && test.linker.define("", "var", *variable));
  const Instance instance = test.instantiate(R"((module
    (global $c (import "" "const") f32)
    (global $v (import "" "var") (mut i64))
    (global $e (export "own") (mut i64) (i64.const 8))
    (func (export "get") (result f32 i64) (global.get $c) (global.get $v))
    (func (export "set") (param i64) (global.set $v (local.get 0)) (global.set $e (local.get 0)))))");
  auto get = instance.typed<std::tuple<float, int64_t>()>("get");
  ASSERT_TRUE(get.ok()) << get.error().message;
  EXPECT_EQ((*get)().value(), std::make_tuple(1.5f, int64_t{2}));
  ASSERT_TRUE(variable->set(int64_t{37}));
  EXPECT_EQ((*get)().value(), std::make_tuple(1.5f, int64_t{37}));
  ASSERT_TRUE(instance.function("set")->call({int64_t{73}}).ok());
  EXPECT_EQ(variable->get()->i64(), 73);
  EXPECT_EQ(instance.global("own")->get()->i64(), 73);
  EXPECT_TRUE(refused(constant->set(2.5f))) << "immutable";
  EXPECT_TRUE(refused(variable->set(1))) << "i32 into i64";
  EXPECT_EQ(to_string(ExternType(variable->type())), "(global (mut i64))");
}

TEST(embedding, memory) {
  TestStore test;
  const Instance instance = test.instantiate(R"((module
    (memory (export "memory") 2 3)
    (data (i32.const 0x1000) "\01\02\03\04")
    (func (export "load") (param i32) (result i32) (i32.load8_s (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))))");
  const Memory memory = *instance.memory();
  const auto load = *instance.typed<int32_t(int32_t)>("load");
  const auto store = *instance.typed<void(int32_t, int32_t)>("store");
  EXPECT_EQ(memory.pages(), 2u);
  EXPECT_EQ(memory.size(), 0x20000u);
  EXPECT_EQ(memory.data().size(), 0x20000u);
  EXPECT_EQ(*memory.load<uint32_t>(0x1000), 0x04030201u);
  EXPECT_EQ(*load(0x1003), 4);
  EXPECT_EQ(trap_of(load(0x20000)), TrapKind::memory_out_of_bounds);
  ASSERT_TRUE(memory.store<uint8_t>(0x1003, 5));
  EXPECT_EQ(*load(0x1003), 5);
  ASSERT_TRUE(store(0x1002, 6).ok());
  EXPECT_EQ(memory.data()[0x1002], 6);
  EXPECT_EQ(*memory.grow(1), 2u);
  EXPECT_EQ(memory.pages(), 3u);
  EXPECT_EQ(*load(0x20000), 0);
  EXPECT_EQ(trap_of(load(0x30000)), TrapKind::memory_out_of_bounds);
  EXPECT_EQ(memory.grow(1).error().kind, ErrorKind::resource);
  EXPECT_TRUE(memory.grow(0).ok());
}

TEST(embedding, memory_bounds) {
  TestStore test;
  const Memory memory = *Memory::create(test.store, {.min = 1, .max = 5});
  std::array<uint8_t, 4> bytes{1, 2, 3, 4};
  EXPECT_TRUE(memory.write(65532, bytes).ok());
  EXPECT_TRUE(memory.read(65532, bytes).ok());
  EXPECT_TRUE(memory.read(65536, {}).ok()) << "nothing, at the very end";
  EXPECT_TRUE(refused(memory.read(65537, {})));
  EXPECT_TRUE(refused(memory.write(65533, bytes)));
  EXPECT_TRUE(refused(memory.read(UINT64_MAX, bytes)));
  EXPECT_TRUE(refused(memory.load<uint64_t>(UINT64_MAX - 3)));
  EXPECT_EQ(memory.data()[65535], 4);
  EXPECT_TRUE(refused(Memory::create(test.store, {.min = 2, .max = 1})));
  EXPECT_TRUE(refused(Memory::create(test.store, {.min = 65537})));
  EXPECT_TRUE(refused(Memory::create(test.store, {.min = 1, .is_shared = true})));
}

TEST(embedding, multiple_values) {
  TestStore test;
  ASSERT_TRUE(
      test.linker.wrap("", "swap", [](int32_t a, int64_t b) { return std::tuple<int64_t, int32_t>(b, a); }));
  const Instance instance = test.instantiate(R"((module
    (func $swap (import "" "swap") (param i32 i64) (result i64 i32))
    (func (export "swap") (param i32 i64) (result i64 i32) (call $swap (local.get 0) (local.get 1)))
    (func (export "round_trip") (param i64 f64 f32 i32) (result i32 f32 f64 i64)
      (local.get 3) (local.get 2) (local.get 1) (local.get 0))))");
  const auto swap = *instance.typed<std::tuple<int64_t, int32_t>(int32_t, int64_t)>("swap");
  EXPECT_EQ(swap(-1, -2).value(), std::make_tuple(int64_t{-2}, -1));
  const CallResult result = instance.function("round_trip")->call({int64_t{0}, 1.0, 2.0f, 3});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, (std::vector<Value>{3, 2.0f, 1.0, int64_t{0}}));
}

TEST(embedding, reflect) {
  TestStore test;
  const Module module = test.module(R"((module $shuttle
    (import "env" "log" (func (param i32 i64)))
    (import "env" "limit" (global i32))
    (func (export "func") (param i32 f64 f32) (result i32) (unreachable))
    (global (export "global") f64 (f64.const 0))
    (table (export "table") 0 50 funcref)
    (memory (export "memory") 1)))");
  EXPECT_EQ(module.name(), "shuttle");
  const auto imports = module.imports();
  ASSERT_EQ(imports.size(), 2u);
  EXPECT_EQ(imports[0].module + "." + imports[0].name, "env.log");
  EXPECT_EQ(to_string(imports[0].type), "(func (param i32 i64))");
  EXPECT_EQ(to_string(imports[1].type), "(global i32)");
  std::string listing;
  for (const ExportType& entry : module.exports()) listing += entry.name + " " + to_string(entry.type) + "\n";
  EXPECT_EQ(listing,
            "func (func (param i32 f64 f32) (result i32))\n"
            "global (global f64)\n"
            "table (table 0 50 funcref)\n"
            "memory (memory 1)\n");
}

TEST(embedding, start_traps) {
  TestStore test;
  const Module module = test.module(R"((module $loom
    (func $start (unreachable)) (start $start)))");
  const auto instance = Instance::create(test.store, module);
  ASSERT_EQ(trap_of(instance), TrapKind::unreachable);
  ASSERT_EQ(instance.trap().frames.size(), 1u);
  EXPECT_EQ(instance.trap().frames[0].function, "start");
  EXPECT_EQ(instance.trap().frames[0].module, "loom");
}

TEST(embedding, traps) {
  TestStore test;
  ASSERT_TRUE(test.linker.wrap("", "fail", [](int32_t code) -> Outcome<int32_t> {
    return Trap::host("callback abort " + std::to_string(code));
  }));
  const Instance instance = test.instantiate(R"((module
    (func $fail (import "" "fail") (param i32) (result i32))
    (func $middle (result i32) (call $fail (i32.const 7)))
    (func (export "callback") (result i32) (call $middle))
    (func (export "unreachable") (result i32) (unreachable))))");
  const CallResult in_host = instance.function("callback")->call();
  ASSERT_EQ(trap_of(in_host), TrapKind::host_error);
  EXPECT_EQ(in_host.trap().message, "callback abort 7");
  ASSERT_EQ(in_host.trap().frames.size(), 2u);
  EXPECT_EQ(in_host.trap().frames[0].function, "middle");
  EXPECT_EQ(in_host.trap().frames[1].function, "callback");
  const CallResult in_guest = instance.function("unreachable")->call();
  ASSERT_EQ(trap_of(in_guest), TrapKind::unreachable);
  EXPECT_EQ(in_guest.trap().frames.size(), 1u);
}

TEST(embedding, table) {
  TestStore test;
  const Instance instance = test.instantiate(R"((module
    (table (export "table") 2 10 funcref)
    (elem (i32.const 1) $f)
    (func $call (export "call_indirect") (param i32 i32) (result i32)
      (call_indirect (param i32) (result i32) (local.get 0) (local.get 1)))
    (func $f (export "f") (param i32) (result i32) (local.get 0))
    (func (export "g") (param i32) (result i32) (i32.const 666))))");
  const Table table = *instance.table("table");
  const auto call = *instance.typed<int32_t(int32_t, int32_t)>("call_indirect");
  const Function f = *instance.function("f");
  const Function g = *instance.function("g");
  EXPECT_TRUE(table.get(0)->is_null());
  EXPECT_EQ(table.get(1)->function(), f);
  EXPECT_EQ(trap_of(call(0, 0)), TrapKind::uninitialized_element);
  EXPECT_EQ(*call(7, 1), 7);
  EXPECT_EQ(trap_of(call(0, 2)), TrapKind::undefined_element);
  ASSERT_TRUE(table.set(0, g) && table.set(1, Value::null(HeapType::Kind::func)));
  EXPECT_TRUE(refused(table.set(2, f)));
  EXPECT_TRUE(refused(table.set(0, 5)));
  EXPECT_EQ(*call(7, 0), 666);
  EXPECT_EQ(trap_of(call(7, 1)), TrapKind::uninitialized_element);
  EXPECT_EQ(*table.grow(3, f), 2u);
  EXPECT_EQ(table.size(), 5u);
  EXPECT_EQ(*call(9, 4), 9);
  EXPECT_EQ(table.grow(6, f).error().kind, ErrorKind::resource);
  EXPECT_EQ(table.size(), 5u);
}

TEST(embedding, host_references) {
  TestStore test;
  int object = 0;
  auto identity = [](Caller&, std::span<const Value> arguments, std::span<Value> results) -> HostResult {
    results[0] = arguments[0];
    return {};
  };
  ASSERT_TRUE(
      test.linker.function("", "identity", {{ValueType::externref()}, {ValueType::externref()}}, identity));
  const Instance instance = test.instantiate(R"((module
    (func $identity (import "" "identity") (param externref) (result externref))
    (global (export "global") (mut externref) (ref.null extern))
    (table (export "table") 10 externref)
    (func (export "pass") (param externref) (result externref) (call $identity (local.get 0)))
    (func (export "is_null") (param externref) (result i32) (ref.is_null (local.get 0)))))");
  const auto pass = *instance.typed<void*(void*)>("pass");
  EXPECT_EQ(*pass(&object), &object);
  EXPECT_EQ(*pass(nullptr), nullptr);
  EXPECT_EQ(*(*instance.typed<int32_t(void*)>("is_null"))(nullptr), 1);
  ASSERT_TRUE(instance.global("global")->set(Value::externref(&object)));
  EXPECT_EQ(instance.global("global")->get()->externref(), &object);
  ASSERT_TRUE(instance.table("table")->set(3, Value::externref(&object)));
  EXPECT_EQ(instance.table("table")->get(3)->externref(), &object);
  EXPECT_TRUE(refused(instance.table("table")->set(3, *instance.function("pass"))));
}

TEST(embedding, function_references_come_back_as_the_same_function) {
  TestStore test;
  const Instance instance = test.instantiate(R"((module
    (func $f (export "f") (result i32) (i32.const 11))
    (elem declare func $f)
    (func (export "give") (result funcref) (ref.func $f))
    (func (export "take") (param funcref) (result i32) (ref.is_null (local.get 0)))))");
  const CallResult given = instance.function("give")->call();
  ASSERT_TRUE(given.ok());
  const Function f = (*given)[0].function();
  EXPECT_EQ(f, *instance.function("f"));
  EXPECT_EQ((*f.call())[0].i32(), 11);
  EXPECT_EQ((*instance.function("take")->call({f}))[0].i32(), 0);
  EXPECT_EQ((*instance.function("take")->call({Value::null(HeapType::Kind::func)}))[0].i32(), 1);
}

TEST(embedding, exports_of_one_instance_are_imports_of_another) {
  TestStore test;
  const Instance first = test.instantiate(R"((module
    (memory (export "memory") 1) (global (export "g") (mut i32) (i32.const 5))
    (table (export "t") 1 funcref)
    (func (export "bump") (global.set 0 (i32.add (global.get 0) (i32.const 1))))))");
  ASSERT_TRUE(test.linker.define_instance("first", first));
  const Instance second = test.instantiate(R"((module
    (import "first" "memory" (memory 1)) (import "first" "g" (global $g (mut i32)))
    (import "first" "t" (table 1 funcref)) (import "first" "bump" (func $bump))
    (func (export "run") (result i32)
      (call $bump) (i32.store (i32.const 8) (global.get $g)) (i32.load (i32.const 8)))))");
  EXPECT_EQ((*second.function("run")->call())[0].i32(), 6);
  EXPECT_EQ(*first.memory()->load<int32_t>(8), 6);
}

}  // namespace
}  // namespace heddle
