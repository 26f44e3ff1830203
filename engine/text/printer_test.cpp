// SPDX-License-Identifier: Apache-2.0
// The printer: its text for small modules, names, and refusal of malformed bytes.
#include "engine/text/printer.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include "engine/text/assembler.h"

namespace heddle::engine {
namespace {

std::string print(std::string_view source, const PrintOptions& options = {}) {
  const auto bytes = assemble(source);
  if (!bytes) return "!" + bytes.error().message;
  const auto text = print_module(*bytes, options);
  return text ? *text : "!" + text.error().message;
}

std::string print_bytes(std::initializer_list<uint8_t> tail) {
  std::vector<uint8_t> bytes = {0, 'a', 's', 'm', 1, 0, 0, 0};
  bytes.insert(bytes.end(), tail);
  const auto text = print_module(bytes);
  return text ? *text : "!" + text.error().message;
}

TEST(text_printer, flat) {
  EXPECT_EQ(print("(func $f (export \"f\") (param $x i32) (result i32) (local i64 i64)"
                  "(block $b (br_if $b (local.get $x))) (i32.add (local.get 0) (i32.const 1)))"),
            "(module\n"
            "  (type (;0;) (func (param i32) (result i32)))\n"
            "  (export \"f\" (func $f))\n"
            "  (func $f (type 0) (param $x i32) (result i32)\n"
            "    (local i64 i64)\n"
            "    block $b\n"
            "      local.get $x\n"
            "      br_if $b\n"
            "    end\n"
            "    local.get $x\n"
            "    i32.const 1\n"
            "    i32.add))\n");
}

TEST(text_printer, folded) {
  EXPECT_EQ(
      print("(func (param i32) (result i32) (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))"
            "(else (block (br 0)) (i32.add (i32.const 2) (i32.const 3)))))",
            {.folded = true}),
      "(module\n"
      "  (type (;0;) (func (param i32) (result i32)))\n"
      "  (func (;0;) (type 0) (param i32) (result i32)\n"
      "    (if (result i32)\n"
      "      (i32.eqz (local.get 0))\n"
      "      (then\n"
      "        (i32.const 1))\n"
      "      (else\n"
      "        (block\n"
      "          (br 0))\n"
      "        (i32.add (i32.const 2) (i32.const 3))))))\n");
}

TEST(text_printer, module_fields) {
  EXPECT_EQ(print("(module $m (import \"a\" \"b\\\"\\n\" (global $g (mut i64))) (table 1 2 (ref null extern))"
                  "(memory i64 1 2) (tag (param i32)) (data (memory 0) (i64.const 1) \"x\\00\\ff\")"
                  "(elem (table 0) (i32.const 0) externref (ref.null extern)) (elem declare func))"),
            "(module $m\n"
            "  (type (;0;) (func (param i32)))\n"
            "  (import \"a\" \"b\\\"\\0a\" (global $g (mut i64)))\n"
            "  (table (;0;) 1 2 externref)\n"
            "  (memory (;0;) i64 1 2)\n"
            "  (tag (;0;) (type 0) (param i32))\n"
            "  (elem (;0;) (table 0) (i32.const 0) externref (ref.null extern))\n"
            "  (elem (;1;) declare func)\n"
            "  (data (;0;) (memory 0) (i64.const 1) \"x\\00\\ff\"))\n");
}

TEST(text_printer, shadowed_labels_are_numbers) {
  const std::string text = print("(func (block $a (block $a (br 1) (br 0))))");
  EXPECT_NE(text.find("br 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("br $a\n"), std::string::npos) << text;
}

TEST(text_printer, names_need_not_be_plain_or_unique) {
  const std::string text = print("(func $\"a b\") (func (@name \"a b\")) (func (call 0) (call 1))");
  EXPECT_NE(text.find("(func $\"a b\" "), std::string::npos) << text;
  EXPECT_NE(text.find("(func (;1;) (@name \"a b\") "), std::string::npos) << text;
  EXPECT_NE(text.find("call 1"), std::string::npos) << text;
  EXPECT_EQ(print("(func $f)", {.use_names = false}).find("$f"), std::string::npos);
}

TEST(text_printer, malformed_bytes_are_refused) {
  EXPECT_EQ(print_module({}).error().message, "unexpected end");
  EXPECT_EQ(print_bytes({99, 0}), "!malformed section id");
  EXPECT_EQ(print_bytes({5, 1, 0, 5, 1, 0}), "!unexpected content after last section");
  EXPECT_EQ(print_bytes({1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0}),
            "!function and code section have inconsistent lengths");
  // a body that is an `else` without an `if`
  EXPECT_EQ(print_bytes({1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 5, 1, 3, 0, 0x05, 0x0b}), "!unexpected else");
  // 2^32-1 locals of two bytes' worth
  EXPECT_EQ(print_bytes(
                {1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 10, 1, 8, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b}),
            "!the text would be far longer than the module");
}

TEST(text_printer, nesting_costs_no_stack) {
  constexpr size_t kDepth = 100000;
  std::string source = "(func ";
  for (size_t i = 0; i < kDepth; ++i) source += "(block (drop ";
  for (size_t i = 0; i < kDepth; ++i) source += "))";
  source += ")";
  const auto bytes = assemble(source);
  ASSERT_TRUE(bytes.ok());
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 128 * 1024), 0);
  pthread_t thread;
  const auto run = [](void* argument) -> void* {
    const auto& module = *static_cast<const std::vector<uint8_t>*>(argument);
    for (const bool folded : {false, true}) {
      const auto text = print_module(module, {.folded = folded});
      EXPECT_TRUE(text.ok());
      EXPECT_EQ(*assemble(*text), module);
    }
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, const_cast<std::vector<uint8_t>*>(&*bytes)), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

}  // namespace
}  // namespace heddle::engine
