// SPDX-License-Identifier: Apache-2.0
// Handles in wrong hands: empty, moved from, of a dead store, of another store, of another engine.
#include <filesystem>
#include <fstream>
#include <optional>

#include "engine/api/test_store.h"

namespace heddle {
namespace {

constexpr const char* kAll = R"((module
  (func (export "f") (param i32) (result i32) (local.get 0))
  (memory (export "memory") 1) (table (export "t") 1 funcref) (global (export "g") (mut i32) (i32.const 1))
  (func (export "take") (param funcref))))";

TEST(handles, empty_ones_are_refused) {
  EXPECT_TRUE(refused(Function().call()));
  EXPECT_TRUE(refused(Function().typed<void()>()));
  EXPECT_TRUE(Function().type().parameters.empty());
  EXPECT_TRUE(refused(TypedFunction<void()>().call()));
  EXPECT_TRUE(refused(Memory().grow(1)));
  EXPECT_TRUE(refused(Memory().load<int>(0)));
  EXPECT_EQ(Memory().size(), 0u);
  EXPECT_FALSE(Memory().shared().has_value());
  EXPECT_TRUE(refused(SharedMemory().notify(0, 1)));
  EXPECT_TRUE(refused(Table().get(0)));
  EXPECT_EQ(Table().size(), 0u);
  EXPECT_TRUE(refused(Global().get()));
  EXPECT_TRUE(refused(Instance().function("f")));
  EXPECT_TRUE(Instance().exports().empty());
  EXPECT_FALSE(StoreRef().alive());
  EXPECT_TRUE(refused(StoreRef().set_timeout(std::chrono::seconds(1))));
  EXPECT_TRUE(refused(Memory::create(StoreRef(), {})));
}

TEST(handles, moved_from_ones_are_refused) {
  TestStore test;
  Instance instance = test.instantiate(kAll);
  Function function = *instance.function("f");
  const Function kept = std::move(function);
  EXPECT_TRUE(refused(function.call({1})));  // NOLINT(bugprone-use-after-move): that is the test
  EXPECT_TRUE(kept.call({1}).ok());
  Store store = std::move(test.store);
  EXPECT_TRUE(refused(Instance::create(test.store, test.module(kAll))));  // NOLINT
  EXPECT_FALSE(test.store.alive());
  EXPECT_TRUE(kept.call({1}).ok()) << "handles follow a store that moves";
  Engine engine = std::move(test.engine);
  EXPECT_TRUE(refused(Store::create(test.engine)));  // NOLINT
  EXPECT_TRUE(refused(Module::load_text(test.engine, "(module)")));
  Linker linker = std::move(test.linker);
  EXPECT_TRUE(refused(test.linker.define("", "", kept)));  // NOLINT
  EXPECT_TRUE(refused(test.linker.instantiate(store, *Module::load_text(engine, "(module)"))));
  Module module = *Module::load_text(engine, kAll);
  const Module other = std::move(module);
  EXPECT_TRUE(module.imports().empty() && module.exports().empty() && module.bytes().empty());  // NOLINT
  EXPECT_TRUE(refused(Instance::create(store, module)));
}

TEST(handles, those_of_a_dead_store_are_refused) {
  std::optional<TestStore> test(std::in_place);
  const Instance instance = test->instantiate(kAll);
  const Function function = *instance.function("f");
  const auto typed = *function.typed<int32_t(int32_t)>();
  const Memory memory = *instance.memory();
  const Table table = *instance.table("t");
  const Global global = *instance.global("g");
  const Value reference = function;
  const StoreRef store = test->store;
  test.reset();
  EXPECT_TRUE(refused(function.call({1})));
  EXPECT_TRUE(refused(typed(1)));
  EXPECT_TRUE(refused(table.get(0)));
  EXPECT_TRUE(refused(global.get()));
  EXPECT_TRUE(refused(instance.function("f")));
  EXPECT_FALSE(instance.get("f").has_value());
  EXPECT_FALSE(store.alive());
  EXPECT_TRUE(refused(reference.function().call({1})));
  EXPECT_TRUE(memory.load<int>(0).ok()) << "bytes stay readable";
}

TEST(handles, those_of_another_store_are_refused) {
  TestStore test;
  Store second = *Store::create(test.engine);
  const Instance ours = test.instantiate(kAll);
  const Instance theirs = *Instance::create(second, test.module(kAll));
  EXPECT_TRUE(refused(ours.table("t")->set(0, *theirs.function("f"))));
  EXPECT_TRUE(refused(ours.table("t")->grow(1, *theirs.function("f"))));
  EXPECT_TRUE(refused(ours.function("take")->call({*theirs.function("f")})));
  EXPECT_TRUE(refused(Global::create(test.store, {ValueType::funcref(), true}, *theirs.function("f"))));
  const std::pair<const char*, const char*> imports[] = {
      {"f", R"((module (import "x" "f" (func (param i32) (result i32)))))"},
      {"memory", R"((module (import "x" "memory" (memory 1))))"},
      {"t", R"((module (import "x" "t" (table 1 funcref))))"},
      {"g", R"((module (import "x" "g" (global (mut i32)))))"},
  };
  for (const auto& [name, source] : imports) {
    const Extern object = *theirs.get(name);
    EXPECT_TRUE(refused(Instance::create(test.store, test.module(source), {&object, 1}))) << name;
  }
}

TEST(handles, those_of_another_engine_are_refused) {
  TestStore ours;
  TestStore theirs;
  const Instance foreign = theirs.instantiate(kAll);
  const Module module = ours.module(kAll);
  EXPECT_TRUE(refused(Instance::create(theirs.store, module)));
  EXPECT_TRUE(refused(ours.linker.instantiate(ours.store, theirs.module(kAll))));
  EXPECT_TRUE(refused(ours.linker.instantiate(theirs.store, module)));
  EXPECT_TRUE(refused(ours.instantiate(kAll).table("t")->set(0, *foreign.function("f"))));
  const Extern memory = *SharedMemory::create(theirs.engine, {.min = 1, .max = 1});
  EXPECT_TRUE(refused(Instance::create(
      ours.store, ours.module(R"((module (import "" "" (memory 1 1 shared))))"), {&memory, 1})));
}

TEST(handles, wrong_numbers_of_things_are_refused) {
  TestStore test;
  const Instance instance = test.instantiate(kAll);
  const Function function = *instance.function("f");
  EXPECT_EQ(function.call().error().message, "expected 1 arguments, found 0");
  EXPECT_EQ(function.call({1.0}).error().message, "argument 1: expected i32, found f64");
  EXPECT_TRUE(refused(function.typed<int64_t(int32_t)>()));
  EXPECT_EQ(function.typed<void()>().error().message,
            "the function is (func (param i32) (result i32)), not (func)");
  EXPECT_TRUE(refused(Instance::create(test.store, test.module(R"((module (import "" "" (func))))"))));
}

TEST(handles, exports_are_found_by_kind_and_suggested_by_name) {
  TestStore test;
  const Instance instance = test.instantiate(R"((module
    (func (export "fibonacci")) (memory (export "memory") 1) (func (export "\1b[31m"))))");
  EXPECT_EQ(instance.function("fibonaci").error().message,
            "no exported function \"fibonaci\"; did you mean \"fibonacci\"?");
  EXPECT_EQ(instance.function("memory").error().message, "export \"memory\" is a memory, not a function");
  EXPECT_EQ(instance.function("zzzzzz").error().message, "no exported function \"zzzzzz\"");
  EXPECT_EQ(instance.exports().size(), 3u);
  EXPECT_EQ(instance.function("\x1b[31n").error().message.find('\x1b'), std::string::npos);
}

size_t entries_in(const char* directory) {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory)) ++count;
  return count;
}

size_t mapping_count() {
  std::ifstream maps("/proc/self/maps");
  size_t lines = 0;
  for (std::string line; std::getline(maps, line);) ++lines;
  return lines;
}

TEST(handles, a_thousand_engines_leave_nothing_behind) {
  const auto use_one = [] {
    TestStore test;
    (void)test.store.set_timeout(std::chrono::seconds(10));
    const Instance instance = test.instantiate(kAll);
    EXPECT_EQ((*instance.function("f")->call({5}))[0].i32(), 5);
  };
  for (int i = 0; i < 20; ++i) use_one();
  const size_t mappings = mapping_count();
  const size_t files = entries_in("/proc/self/fd");
  const size_t threads = entries_in("/proc/self/task");
  for (int i = 0; i < 1000; ++i) use_one();
  EXPECT_LE(mapping_count(), mappings + 50) << "allocators keep some, engines none";
  EXPECT_EQ(entries_in("/proc/self/fd"), files);
  EXPECT_EQ(entries_in("/proc/self/task"), threads) << "every watchdog has ended";
}

}  // namespace
}  // namespace heddle
