// SPDX-License-Identifier: Apache-2.0
// Tests of import matching: every rule both ways, and the wording of refusals.
#include "engine/runtime/matching.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/runtime/fake_tier.h"

namespace heddle::engine {
namespace {

/// Exports `(module <definition exported as "e">)` and imports it as `import`; empty if that links, else the
/// error.
std::string link(const std::string& definition, const std::string& import) {
  FakeWorld world;
  const Result<Instance*> exporter = world.instantiate("(module " + definition + ")");
  if (!exporter.ok()) return exporter.error().to_string();
  const External external = world.exported(**exporter, "e");
  const Result<Instance*> importer =
      world.instantiate("(module (import \"m\" \"e\" " + import + "))", {&external, 1});
  if (importer.ok()) return "";
  EXPECT_EQ(importer.error().kind, ErrorKind::link);
  return importer.error().message;
}

constexpr const char* kFits = "";
std::string refusal(const std::string& expected, const std::string& found) {
  return "incompatible import type for \"m\" \"e\": expected " + expected + ", found " + found;
}

TEST(matching, functions_by_type) {
  const std::string f = R"((func (export "e") (param i32) (result i64) i64.const 0))";
  EXPECT_EQ(link(f, "(func (param i32) (result i64))"), kFits);
  EXPECT_EQ(link(f, "(func (param i32 i32))"),
            refusal("function (i32 i32) -> ()", "function (i32) -> (i64)"));
  EXPECT_EQ(link(f, "(global i32)"), refusal("global i32", "function (i32) -> (i64)"));
}

TEST(matching, functions_by_declared_subtypes) {
  const std::string types = "(type $a (sub (func))) (type $b (sub $a (func)))";
  FakeWorld world;
  Instance& exporter = **world.instantiate(
      "(module " + types + R"( (func (export "a") (type $a)) (func (export "b") (type $b))))");
  const External a = world.exported(exporter, "a");
  const External b = world.exported(exporter, "b");
  EXPECT_TRUE(world.instantiate("(module " + types + R"( (import "m" "b" (func (type $a)))))", {&b, 1}).ok());
  EXPECT_FALSE(
      world.instantiate("(module " + types + R"( (import "m" "a" (func (type $b)))))", {&a, 1}).ok());
}

TEST(matching, exact_functions_by_their_very_type) {
  const std::string types = "(type $a (sub (func))) (type $b (sub $a (func)))";
  DecodeLimits limits;
  limits.features.add(Feature::custom_descriptors);
  FakeWorld world;
  Instance& exporter = **world.instantiate("(module " + types + R"( (func (export "b") (type $b))))");
  const External b = world.exported(exporter, "b");
  const auto wants = [&](const std::string& type) {
    const auto bytes =
        assemble("(module " + types + R"( (import "m" "b" (func (exact (type )" + type + ")))))");
    EXPECT_TRUE(bytes.ok()) << bytes.error().to_string();
    const auto module = decode_module(*bytes, world.engine->registry, limits);
    EXPECT_TRUE(module.ok()) << module.error().to_string();
    const Result<void> matched = match_imports(**module, {&b, 1});
    return matched.ok() ? "" : matched.error().message;
  };
  EXPECT_EQ(wants("$b"), "");
  EXPECT_EQ(
      wants("$a"),
      "incompatible import type for \"m\" \"b\": expected exact function () -> (), found function () -> ()");
}

TEST(matching, limits_of_memories) {
  const std::string m = R"((memory (export "e") 2 5))";
  EXPECT_EQ(link(m, "(memory 2 5)"), kFits);
  EXPECT_EQ(link(m, "(memory 0)"), kFits);
  EXPECT_EQ(link(m, "(memory 1 6)"), kFits);
  EXPECT_EQ(link(m, "(memory 3)"), refusal("memory 3", "memory 2 5"));
  EXPECT_EQ(link(m, "(memory 2 4)"), refusal("memory 2 4", "memory 2 5"));
  EXPECT_EQ(link(m, "(memory i64 2 5)"), refusal("memory i64 2 5", "memory 2 5"));
  EXPECT_EQ(link(R"((memory (export "e") 2))", "(memory 2 5)"), refusal("memory 2 5", "memory 2"));
  EXPECT_EQ(link(R"((memory (export "e") i64 2))", "(memory i64 1)"), kFits);
}

TEST(matching, sharedness_must_agree_both_ways) {
  const std::string shared = R"((memory (export "e") 1 2 shared))";
  EXPECT_EQ(link(shared, "(memory 1 2 shared)"), kFits);
  EXPECT_EQ(link(shared, "(memory 1 2)"), refusal("memory 1 2", "memory 1 2 shared"));
  EXPECT_EQ(link(R"((memory (export "e") 1 2))", "(memory 1 2 shared)"),
            refusal("memory 1 2 shared", "memory 1 2"));
}

TEST(matching, sizes_count_as_they_are_now) {
  FakeWorld world;
  Instance& exporter =
      **world.instantiate(R"((module (memory (export "m") 1 4) (table (export "t") 1 4 funcref)))");
  const External memory = world.exported(exporter, "m");
  const External table = world.exported(exporter, "t");
  const std::string wants_memory = R"((module (import "m" "m" (memory 3))))";
  const std::string wants_table = R"((module (import "m" "t" (table 3 funcref))))";
  EXPECT_FALSE(world.instantiate(wants_memory, {&memory, 1}).ok());
  EXPECT_FALSE(world.instantiate(wants_table, {&table, 1}).ok());
  memory.memory->grow(2);
  table.table->grow(2, 0);
  EXPECT_TRUE(world.instantiate(wants_memory, {&memory, 1}).ok());
  EXPECT_TRUE(world.instantiate(wants_table, {&table, 1}).ok());
}

TEST(matching, tables_by_equal_element_type) {
  const std::string t = R"((table (export "e") 10 20 funcref))";
  EXPECT_EQ(link(t, "(table 10 funcref)"), kFits);
  EXPECT_EQ(link(t, "(table 10 externref)"), refusal("table 10 externref", "table 10 20 funcref"));
  EXPECT_EQ(link(t, "(table 11 funcref)"), refusal("table 11 funcref", "table 10 20 funcref"));
  EXPECT_EQ(link(t, "(table i64 10 funcref)"), refusal("table i64 10 funcref", "table 10 20 funcref"));
  EXPECT_NE(link(R"((type $f (func)) (table (export "e") 1 (ref null $f)))", "(table 1 funcref)"), kFits);
}

TEST(matching, globals_by_mutability_and_subtyping) {
  const std::string g = R"((global (export "e") i32 (i32.const 1)))";
  EXPECT_EQ(link(g, "(global i32)"), kFits);
  EXPECT_EQ(link(g, "(global (mut i32))"), refusal("global (mut i32)", "global i32"));
  EXPECT_EQ(link(g, "(global i64)"), refusal("global i64", "global i32"));
  const std::string f = R"((func $f) (elem declare func $f) (global (export "e") (ref func) (ref.func $f)))";
  EXPECT_EQ(link(f, "(global funcref)"), kFits);
  const std::string mutable_f =
      R"((func $f) (elem declare func $f) (global (export "e") (mut (ref func)) (ref.func $f)))";
  EXPECT_NE(link(mutable_f, "(global (mut funcref))"), kFits);
  EXPECT_EQ(link(mutable_f, "(global (mut (ref func)))"), kFits);
}

TEST(matching, missing_imports_are_unknown) {
  FakeWorld world;
  const std::string text = "(module (import \"env\" \"a\\1b[31m\" (func (param i32))))";
  const Result<Instance*> none = world.instantiate(text);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().message, "unknown import \"env\" \"a\\u{1b}[31m\": function (i32) -> ()");
  const External empty;
  const Result<Instance*> null = world.instantiate(text, {&empty, 1});
  ASSERT_FALSE(null.ok());
  EXPECT_EQ(null.error().kind, ErrorKind::link);
}

}  // namespace
}  // namespace heddle::engine
