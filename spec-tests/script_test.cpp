// SPDX-License-Identifier: Apache-2.0
// Tests of the script parser: every directive, recovery behind nonsense, and depth without recursion.
#include "spec-tests/script.h"

#include <gtest/gtest.h>

namespace heddle::spec {
namespace {

Command only(std::string source) {
  Script script = parse_script(std::move(source));
  EXPECT_FALSE(script.error) << script.error->message;
  EXPECT_EQ(script.commands.size(), 1u);
  return script.commands.empty() ? Command{} : std::move(script.commands[0]);
}

TEST(spec_script, reads_every_directive) {
  const std::pair<const char*, CommandKind> directives[] = {
      {"(module)", CommandKind::module},
      {"(module $M binary \"\\00asm\" \"\\01\\00\\00\\00\")", CommandKind::module},
      {"(module definition $M)", CommandKind::definition},
      {"(module instance $I $M)", CommandKind::instance},
      {"(register \"m\" $M)", CommandKind::register_},
      {"(invoke \"f\" (i32.const 1))", CommandKind::action},
      {"(get $M \"g\")", CommandKind::action},
      {"(assert_return (invoke \"f\") (i32.const 1))", CommandKind::assert_return},
      {"(assert_trap (invoke \"f\") \"unreachable\")", CommandKind::assert_trap},
      {"(assert_trap (module) \"unreachable\")", CommandKind::assert_trap},
      {"(assert_exhaustion (invoke \"f\") \"call stack exhausted\")", CommandKind::assert_exhaustion},
      {"(assert_exception (invoke \"f\"))", CommandKind::assert_exception},
      {"(assert_unlinkable (module) \"unknown import\")", CommandKind::assert_unlinkable},
      {"(assert_invalid (module) \"type mismatch\")", CommandKind::assert_invalid},
      {"(assert_malformed (module quote \"(\") \"unexpected\")", CommandKind::assert_malformed},
      {"(assert_invalid_custom (module quote \"\") \"x\")", CommandKind::assert_invalid_custom},
      {"(assert_malformed_custom (module quote \"\") \"x\")", CommandKind::assert_malformed_custom},
      {"(thread $T (shared (module $M)))", CommandKind::thread},
      {"(wait $T)", CommandKind::wait},
  };
  for (const auto& [source, kind] : directives) {
    const Command command = only(source);
    EXPECT_EQ(command.kind, kind) << source << ": " << command.text;
    EXPECT_EQ(command.end, std::string_view(source).size()) << source;
  }
}

TEST(spec_script, keeps_names_values_and_messages) {
  const Command instance = only("(module instance $I $M)");
  EXPECT_EQ(instance.name, "I");
  EXPECT_EQ(instance.definition, "M");
  const Command call = only(
      "(assert_return (invoke $M \"f\\\"\" (i64.const -2) (ref.null extern)) (f32.const nan:canonical))");
  EXPECT_EQ(call.action.module, "M");
  EXPECT_EQ(call.action.field, "f\"");
  ASSERT_EQ(call.action.arguments.size(), 2u);
  EXPECT_EQ(call.action.arguments[0].low(), static_cast<uint64_t>(-2));
  EXPECT_EQ(call.action.arguments[1].reference, ReferenceKind::null);
  ASSERT_EQ(call.expected.size(), 1u);
  EXPECT_EQ(call.expected[0][0].nan[0], NanClass::canonical);
  EXPECT_EQ(only("(assert_trap (invoke \"f\") \"why\")").text, "why");
}

TEST(spec_script, an_instance_with_one_name_is_of_the_latest_definition) {
  const Command command = only("(module instance $I)");
  EXPECT_EQ(command.name, "I");
  EXPECT_FALSE(command.definition);
}

TEST(spec_script, flattens_either) {
  const Command command = only(
      "(assert_return (invoke \"f\") (either (i32.const 1) (either (i32.const 2) (i32.const 3))) (i32.const "
      "4))");
  ASSERT_EQ(command.expected.size(), 2u);
  EXPECT_EQ(command.expected[0].size(), 3u);
  EXPECT_EQ(command.expected[1].size(), 1u);
}

TEST(spec_script, a_thread_spans_its_commands) {
  const Script script =
      parse_script("(thread $A (invoke \"a\") (thread $B (invoke \"b\")) (wait $B)) (wait $A)");
  ASSERT_EQ(script.commands.size(), 6u);
  EXPECT_EQ(script.commands[0].body_end, 5u);
  EXPECT_EQ(script.commands[2].kind, CommandKind::thread);
  EXPECT_EQ(script.commands[2].body_end, 4u);
  EXPECT_EQ(script.commands[5].kind, CommandKind::wait);
}

TEST(spec_script, goes_on_behind_a_malformed_directive) {
  const Script script =
      parse_script("(assert_sometimes (invoke \"f\"))\n(invoke)\n(assert_return (module))\n(invoke \"f\")");
  EXPECT_FALSE(script.error);
  ASSERT_EQ(script.commands.size(), 4u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(script.commands[i].kind, CommandKind::malformed);
  EXPECT_EQ(script.commands[0].text, "1:2: unknown directive");
  EXPECT_EQ(script.commands[3].line, 4u);
}

TEST(spec_script, gives_up_where_the_text_can_not_be_cut_into_directives) {
  for (const char* source : {"(invoke \"f\") )", "(invoke \"f\") \"text", "(invoke \"f\") (module",
                             "(invoke \"f\") word", "(invoke \"f\") (thread $T (wait $T)"}) {
    const Script script = parse_script(source);
    EXPECT_TRUE(script.error) << source;
    ASSERT_FALSE(script.commands.empty()) << source;
    EXPECT_EQ(script.commands[0].kind, CommandKind::action) << source;
  }
}

TEST(spec_script, reads_a_file_of_bare_fields_as_one_module) {
  const Command command = only("(func) (memory 0) (func (export \"f\"))");
  EXPECT_EQ(command.kind, CommandKind::module);
  ASSERT_TRUE(command.module);
  EXPECT_FALSE(command.module->error);
}

TEST(spec_script, a_malformed_module_keeps_its_error) {
  const Script script = parse_script("(module (fun)) (invoke \"f\")");
  ASSERT_EQ(script.commands.size(), 2u);
  EXPECT_EQ(script.commands[0].kind, CommandKind::module);
  EXPECT_TRUE(script.commands[0].module->error);
}

TEST(spec_script, depth_costs_no_native_stack) {
  const int depth = 200'000;
  std::string threads;
  for (int i = 0; i < depth; ++i) threads += "(thread $T ";
  EXPECT_EQ(parse_script(threads + std::string(depth, ')')).commands.size(), size_t{depth});
  EXPECT_TRUE(parse_script(threads).error);
  std::string either = "(assert_return (invoke \"f\") ";
  for (int i = 0; i < depth; ++i) either += "(either ";
  const Command command = only(either + "(i32.const 1)" + std::string(depth + 1, ')'));
  EXPECT_EQ(command.kind, CommandKind::assert_return);
  EXPECT_TRUE(parse_script(std::string(depth, '(')).error);
}

TEST(spec_script, excerpts_are_one_line) {
  const Script script = parse_script("(invoke\n  \"f\"\n\t(i32.const 1)\n)");
  EXPECT_EQ(script.excerpt(script.commands[0]), "(invoke \"f\" (i32.const 1))");
  EXPECT_EQ(script.excerpt(script.commands[0], 10), "(invoke \"f\" ...");
}

}  // namespace
}  // namespace heddle::spec
