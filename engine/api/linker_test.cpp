// SPDX-License-Identifier: Apache-2.0
// The linker's reports: everything missing at once, what does not fit, names taken.
#include <filesystem>

#include "engine/api/test_store.h"

namespace heddle {
namespace {

TEST(linker, names_all_missing_imports_with_their_types) {
  TestStore test;
  ASSERT_TRUE(test.linker.wrap("env", "known", [] {}));
  const Module module = test.module(R"((module
    (import "env" "known" (func)) (import "env" "log" (func (param i32)))
    (import "env" "\1b[1m" (memory 1 4 shared))))");
  const auto instance = test.linker.instantiate(test.store, module);
  ASSERT_FALSE(instance.ok());
  EXPECT_EQ(instance.error().kind, ErrorKind::link);
  EXPECT_EQ(
      instance.error().message,
      "unknown imports: \"env\" \"log\" (func (param i32)), \"env\" \"\\u{1b}[1m\" (memory 1 4 shared)");
  const auto missing = test.linker.missing(module);
  ASSERT_EQ(missing.size(), 2u);
  EXPECT_EQ(missing[0].name, "log");
}

TEST(linker, one_missing_import_reads_as_the_suite_says) {
  TestStore test;
  const auto instance =
      test.linker.instantiate(test.store, test.module(R"((module (import "a" "b" (func))))"));
  EXPECT_EQ(instance.error().message, "unknown import: \"a\" \"b\" (func)");
}

TEST(linker, an_import_of_another_type_is_refused) {
  TestStore test;
  ASSERT_TRUE(test.linker.wrap("a", "b", [](int32_t) {}));
  for (const char* source :
       {R"((module (import "a" "b" (func (param i64)))))",
        R"((module (import "a" "b" (func (param i32) (result i32)))))",
        R"((module (import "a" "b" (memory 1))))", R"((module (import "a" "b" (global i32))))"}) {
    const auto instance = test.linker.instantiate(test.store, test.module(source));
    ASSERT_FALSE(instance.ok()) << source;
    EXPECT_EQ(instance.error().kind, ErrorKind::link) << source;
    EXPECT_TRUE(instance.error().message.starts_with("incompatible import type")) << instance.error().message;
  }
}

TEST(linker, a_taken_name_is_refused) {
  TestStore test;
  EXPECT_TRUE(test.linker.wrap("a", "b", [] {}).ok());
  EXPECT_EQ(test.linker.wrap("a", "b", [] {}).error().message, "\"a\" \"b\" is defined already");
  EXPECT_TRUE(refused(test.linker.define("a", "c", Function())));
}

TEST(linker, clones_go_their_own_ways) {
  TestStore test;
  ASSERT_TRUE(test.linker.wrap("a", "three", [] { return 3; }));
  Linker clone = test.linker.clone();
  ASSERT_TRUE(test.linker.wrap("a", "four", [] { return 4; }));
  ASSERT_TRUE(clone.wrap("a", "four", [] { return 5; }));
  const Module module = test.module(R"((module
    (import "a" "three" (func $t (result i32))) (import "a" "four" (func $f (result i32)))
    (func (export "run") (result i32) (i32.add (call $t) (call $f)))))");
  for (const auto& [linker, sum] : {std::pair<const Linker&, int>(test.linker, 7), {clone, 8}}) {
    const auto instance = linker.instantiate(test.store, module);
    ASSERT_TRUE(instance.ok()) << instance.message();
    EXPECT_EQ(*instance->typed<int32_t()>("run")->call(), sum);
  }
  const Linker moved = std::move(clone);
  EXPECT_FALSE(clone.clone().instantiate(test.store, module).ok());  // NOLINT: empty is what is tested
}

TEST(linker, one_linker_serves_many_stores) {
  TestStore test;
  ASSERT_TRUE(test.linker.wrap("", "three", [] { return 3; }));
  const Module module = test.module(R"((module (import "" "three" (func $t (result i32)))
    (func (export "run") (result i32) (call $t))))");
  for (int i = 0; i < 5; ++i) {
    const Store store = *Store::create(test.engine);
    const auto instance = test.linker.instantiate(store, module);
    ASSERT_TRUE(instance.ok()) << instance.message();
    EXPECT_EQ((*instance->function("run")->call())[0].i32(), 3);
  }
}

TEST(engine, refuses_an_unknown_tier) {
  const auto engine = Engine::create({.tier = "warp"});
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().message, "unknown tier \"warp\": there are interp, jit and auto");
}

TEST(engine, checked_memories_work_alike) {
  TestStore test({.memory_mode = MemoryMode::checked});
  EXPECT_EQ(test.engine.memory_mode(), MemoryMode::checked);
  const Instance instance = test.instantiate(R"((module (memory 1)
    (func (export "f") (param i32) (result i32) (i32.load (local.get 0)))))");
  const auto f = *instance.typed<int32_t(int32_t)>("f");
  EXPECT_EQ(*f(65532), 0);
  EXPECT_EQ(trap_of(f(65533)), TrapKind::memory_out_of_bounds);
  EXPECT_EQ(trap_of(f(-1)), TrapKind::memory_out_of_bounds);
}

TEST(engine, eager_translation_works_alike) {
  TestStore test({.eager = true});
  const Instance instance = test.instantiate(R"((module (func (export "f") (result i32) (i32.const 5))))");
  EXPECT_EQ((*instance.function("f")->call())[0].i32(), 5);
}

TEST(module, load_errors_name_place_and_reason) {
  const Engine engine = *Engine::create();
  const auto text = Module::load_text(engine, "(module\n  (func i32.bad))");
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().line, 2u);
  EXPECT_FALSE(text.error().excerpt.empty());
  const uint8_t bytes[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 9};
  const auto binary = Module::load(engine, bytes);
  ASSERT_FALSE(binary.ok());
  EXPECT_EQ(binary.error().kind, ErrorKind::malformed);
  EXPECT_NE(binary.error().offset, Error::kNoOffset);
  const auto invalid = Module::load_text(engine, "(module (func (result i32)))");
  ASSERT_FALSE(invalid.ok());
  EXPECT_EQ(invalid.error().kind, ErrorKind::invalid);
  EXPECT_EQ(invalid.error().section, "code[0]");
}

}  // namespace
}  // namespace heddle
