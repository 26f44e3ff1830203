// SPDX-License-Identifier: Apache-2.0
// The assembler: bytes of small modules, implicit types, identifiers, messages, deep nesting on a small
// stack.
#include "engine/text/assembler.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <functional>
#include <initializer_list>

namespace heddle::engine {
namespace {

constexpr AssembleOptions kNoNames{.emit_names = false};

/// The bytes behind the header, as hexadecimal; or "!" and the error's message.
std::string hex_of(std::string_view source, const AssembleOptions& options = kNoNames) {
  const auto bytes = assemble(source, options);
  if (!bytes) return "!" + bytes.error().message;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (size_t i = 8; i < bytes->size(); ++i) {
    out += kDigits[(*bytes)[i] >> 4];
    out += kDigits[(*bytes)[i] & 15];
  }
  return out;
}

/// The message of the error, which must be there.
std::string message_of(std::string_view source) {
  const auto bytes = assemble(source);
  return bytes ? "no error" : bytes.error().message;
}

/// Runs `body` on a stack of 128 KiB.
void on_small_stack(std::function<void()> body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 128 * 1024), 0);
  pthread_t thread;
  const auto run = [](void* argument) -> void* {
    (*static_cast<std::function<void()>*>(argument))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &body), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

std::string repeat(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(text_assembler, empty_modules) {
  EXPECT_EQ(hex_of(""), "");
  EXPECT_EQ(hex_of("(module)"), "");
  EXPECT_EQ(hex_of("(module $m ;; comment\n)"), "");
  EXPECT_EQ(hex_of("(module binary \"\\00asm\" \"\\01\\00\\00\\00\" \"\\00\\01\\00\")"), "000100");
  EXPECT_EQ(hex_of("(module quote \"(func)\")"), hex_of("(func)"));
}

TEST(text_assembler, a_function) {
  EXPECT_EQ(
      hex_of("(func (export \"f\") (param $x i32) (result i32) (i32.add (local.get $x) (i32.const -1)))"),
      "0106016001"
      "7f017f"
      "03020100"
      "07050101660000"
      "0a0901070020"
      "00417f6a0b");
}

TEST(text_assembler, folded_and_flat_are_the_same) {
  EXPECT_EQ(
      hex_of("(func (result i32) (if (result i32) (i32.const 1) (then (i32.const 2)) (else (i32.const 3))))"),
      hex_of("(func (result i32) i32.const 1 if (result i32) i32.const 2 else i32.const 3 end)"));
  EXPECT_EQ(hex_of("(func (block $a (loop $b (br_if $a (i32.const 0)) (br $b))))"),
            hex_of("(func block $a loop $b i32.const 0 br_if $a br $b end $b end $a)"));
  EXPECT_EQ(hex_of("(tag) (func (block $h (try_table (catch 0 $h) (catch_all $h) (throw 0))))"),
            hex_of("(tag) (func block $h try_table (catch 0 $h) (catch_all $h) throw 0 end end)"));
  EXPECT_EQ(hex_of("(tag) (func (try (do (nop)) (catch 0 (drop)) (catch_all (rethrow 0))))"),
            hex_of("(tag) (func try nop catch 0 drop catch_all rethrow 0 end)"));
  EXPECT_EQ(hex_of("(func (try $t (do (nop)) (delegate 0)))"), hex_of("(func try $t nop delegate 0)"));
  EXPECT_EQ(hex_of("(func (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3)) (drop))"),
            hex_of("(func i32.const 1 i32.const 2 i32.const 3 select (result i32) drop)"));
}

TEST(text_assembler, implicit_types_are_appended_in_order) {
  // f64 result is new; the explicit type serves the second; the block's type is new again.
  EXPECT_EQ(hex_of("(func (result f64) (block (param i32 i32)) unreachable) (func (param i32)) (type (func "
                   "(param i32)))"),
            hex_of("(type (func (param i32))) (type (func (result f64))) (type (func (param i32 i32)))"
                   "(func (type 1) (block (type 2)) unreachable) (func (type 0))"));
  // A type that is not final, or not alone in its group, is not meant by an inline type.
  EXPECT_EQ(hex_of("(type (sub (func))) (func)"),
            hex_of("(type (sub (func))) (type (func)) (func (type 1))"));
  EXPECT_EQ(hex_of("(rec (type (func)) (type (func))) (func)"),
            hex_of("(rec (type (func)) (type (func))) (type (func)) (func (type 2))"));
  EXPECT_EQ(hex_of("(rec (type (func))) (func)"), hex_of("(rec (type (func))) (func (type 0))"));
}

TEST(text_assembler, descriptors_and_exact_types) {
  EXPECT_EQ(hex_of("(rec (type $a (sub (descriptor $b) (struct))) (type $b (describes $a) (struct)))"),
            "010d014e02"
            "50004d015f00"
            "4c005f00");
  EXPECT_EQ(hex_of("(type $s (struct)) (global (mut (ref null (exact $s))) (ref.null (exact $s)))"),
            "0103015f00"
            "06090163620001d062000b");
  EXPECT_EQ(hex_of("(func $f (import \"\" \"\") (exact (type 0))) (type (func))"),
            hex_of("(import \"\" \"\" (func (exact))) (type (func))"));
  // A function type with a clause, which validation refuses, is not meant by an inline type.
  EXPECT_EQ(hex_of("(type (descriptor 0) (func)) (func)"),
            hex_of("(type (descriptor 0) (func)) (type (func)) (func (type 1))"));
}

TEST(text_assembler, forward_references) {
  EXPECT_EQ(hex_of("(start $f) (export \"g\" (global $g)) (elem (table $t) (i32.const 0) func $f)"
                   "(table $t 1 funcref) (func $f (type $v) (call $f)) (global $g i32 (i32.const 0)) (type "
                   "$v (func))"),
            hex_of("(start 0) (export \"g\" (global 0)) (elem (table 0) (i32.const 0) func 0)"
                   "(table 1 funcref) (func (type 0) (call 0)) (global i32 (i32.const 0)) (type (func))"));
  EXPECT_EQ(hex_of("(func (type $t) (local $x i32) (local.get $x) drop) (type $t (func (param i64 i64)))"),
            hex_of("(func (type 0) (local i32) (local.get 2) drop) (type (func (param i64 i64)))"));
  EXPECT_EQ(hex_of("(type $a (struct (field $x i32) (field (ref null $b)))) (type $b (array (mut i8)))"
                   "(func (param (ref $a)) (drop (struct.get $a $x (local.get 0))))"),
            hex_of("(type (struct (field i32) (field (ref null 1)))) (type (array (mut i8)))"
                   "(func (param (ref 0)) (drop (struct.get 0 0 (local.get 0))))"));
}

TEST(text_assembler, inline_segments_take_indices) {
  EXPECT_EQ(hex_of("(memory (data \"a\")) (data $d \"b\") (func (data.drop $d))"),
            hex_of("(memory 1 1) (data (i32.const 0) \"a\") (data \"b\") (func (data.drop 1))"));
  EXPECT_EQ(
      hex_of("(func $f) (table funcref (elem $f $f)) (elem $e func) (func (elem.drop $e))"),
      hex_of("(func $f) (table 2 2 funcref) (elem (i32.const 0) func 0 0) (elem func) (func (elem.drop 1))"));
}

TEST(text_assembler, memory_arguments) {
  // offset and align; the lane alone, and with a memory before it
  EXPECT_EQ(hex_of("(func (i64.load32_u offset=0x100 align=2))"),
            "010401600000030201000a0801060035018002"
            "0b");
  EXPECT_EQ(hex_of("(func (v128.load8_lane 3))"), hex_of("(func (v128.load8_lane 0 3))"));
  EXPECT_EQ(hex_of("(memory 1) (memory $m 1) (func (v128.load8_lane $m offset=1 3))"),
            hex_of("(memory 1) (memory 1) (func (v128.load8_lane 1 offset=1 align=1 3))"));
  EXPECT_EQ(message_of("(func (i32.load align=3))"), "alignment must be a power of two");
  EXPECT_EQ(message_of("(func (i32.load align=0))"), "alignment must be a power of two");
  EXPECT_EQ(message_of("(func (i32.load align=-1))"), "unknown operator align=-1");
}

TEST(text_assembler, memory_types) {
  EXPECT_EQ(hex_of("(memory i64 1 2)"),
            "0504010501"
            "02");
  EXPECT_EQ(hex_of("(memory 1 2 shared)"), "050401030102");
  EXPECT_EQ(hex_of("(memory 1 (pagesize 1))"), "050401080100");
  EXPECT_EQ(message_of("(memory 1 (pagesize 3))"), "invalid custom page size");
}

TEST(text_assembler, labels) {
  EXPECT_EQ(hex_of("(func (block $l (block $l (br $l)) (br $l)))"),
            hex_of("(func (block (block (br 0)) (br 0)))"));
  EXPECT_EQ(message_of("(func (block $l) (br $l))"), "unknown label $l");
  EXPECT_EQ(message_of("(func block $a end $b)"), "mismatching label $b of end");
  EXPECT_EQ(message_of("(func if $a else $b end)"), "mismatching label $b of else");
  EXPECT_EQ(message_of("(func block end $b)"), "mismatching label $b of end");
}

TEST(text_assembler, messages) {
  EXPECT_EQ(message_of("(func (i32.ad))"), "unknown operator i32.ad");
  EXPECT_EQ(message_of("(func (i32))"), "unexpected token i32");
  EXPECT_EQ(message_of("(func (nop)"), "unexpected token: end of the text");
  EXPECT_EQ(message_of("(module (func)"), "unexpected token: this form is not closed");
  EXPECT_EQ(message_of("(module) (module)"), "unexpected token (");
  EXPECT_EQ(message_of("(func) (import \"a\" \"b\" (func))"), "import after function");
  EXPECT_EQ(message_of("(func $f) (func $f)"), "duplicate func $f");
  EXPECT_EQ(message_of("(func (call $f))"), "unknown function $f");
  EXPECT_EQ(message_of("(func (param $x i32) (local $x i32))"), "duplicate local $x");
  EXPECT_EQ(message_of("(type (func)) (func (type 0) (param i32))"),
            "inline function type does not match type 0");
  EXPECT_EQ(message_of("(func $f) (start $f) (start $f)"), "multiple start sections");
  EXPECT_EQ(message_of("(func (i32.const 4294967296))"), "constant out of range");
  EXPECT_EQ(message_of("(func end)"), "unexpected token end");
  EXPECT_EQ(message_of("(func else)"), "unexpected token else");
}

TEST(text_assembler, errors_show_the_place) {
  const auto bytes = assemble("(module\n  (func\n    (i32.ad)))");
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().line, 3u);
  EXPECT_EQ(bytes.error().column, 6u);
  EXPECT_EQ(bytes.error().excerpt, "    (i32.ad)))");
}

TEST(text_assembler, the_first_error_of_the_text_is_reported) {
  const auto bytes = assemble("(func (i32.ad))\n(type (fnc))");
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().line, 1u);
  const auto later = assemble("(func)\n(type (fnc))\n(func (i32.ad))");
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(later.error().line, 2u);
}

TEST(text_assembler, names) {
  const auto bytes =
      assemble("(module $m (func $f (param $p i32) (block $b)) (memory $\"a b\" 1) (func (@name \"n\")))");
  ASSERT_TRUE(bytes.ok()) << bytes.error().message;
  const std::string text(bytes->begin(), bytes->end());
  EXPECT_NE(text.find(std::string("\x04name\x00\x02\x01m", 9)), std::string::npos);
  EXPECT_NE(text.find(std::string("\x01\x07\x02\x00\x01"
                                  "f\x01\x01n",
                                  9)),
            std::string::npos);
  EXPECT_NE(text.find(std::string("\x02\x06\x01\x00\x01\x00\x01p", 8)), std::string::npos);
  EXPECT_NE(text.find(std::string("\x03\x06\x01\x00\x01\x00\x01"
                                  "b",
                                  8)),
            std::string::npos);
  EXPECT_NE(text.find("\x03"
                      "a b"),
            std::string::npos);
  EXPECT_EQ(hex_of("(func $f)"), hex_of("(func)"));
}

TEST(text_assembler, custom_sections_and_hints) {
  EXPECT_EQ(hex_of("(module (@custom \"c\" \"x\") (memory 1) (@custom \"b\" (before memory)))"),
            "00020162"
            "0503010001"
            "0003016378");
  EXPECT_EQ(message_of("(func (@metadata.code.branch_hint \"\\00\") (nop))"),
            "@metadata.code.branch_hint annotation: invalid target");
  EXPECT_NE(hex_of("(func (@metadata.code.branch_hint \"\\01\") (if (i32.const 0) (then)))")
                .find("6d65746164617461"),
            std::string::npos);
}

TEST(text_assembler, module_forms_of_a_script) {
  Lexer lexer(
      "(module definition $a (func $x)) (module $b binary \"\\00asm\") (module quote \"(fun)\") (module "
      "(func (nop) x (\"))\"))) after");
  auto form = parse_module_form(lexer);
  ASSERT_TRUE(form.ok());
  EXPECT_TRUE(form->is_definition);
  EXPECT_EQ(form->id, "a");
  EXPECT_FALSE(form->error.has_value());
  form = parse_module_form(lexer);
  ASSERT_TRUE(form.ok());
  EXPECT_EQ(form->id, "b");
  EXPECT_EQ(form->kind, ModuleForm::Kind::binary);
  EXPECT_EQ(form->bytes.size(), 4u);
  form = parse_module_form(lexer);
  ASSERT_TRUE(form.ok());
  ASSERT_TRUE(form->error.has_value());
  EXPECT_EQ(form->error->message, "unknown operator fun");
  form = parse_module_form(lexer);
  ASSERT_TRUE(form.ok());
  ASSERT_TRUE(form->error.has_value());
  EXPECT_EQ(form->error->message, "unknown operator x");
  EXPECT_TRUE(lexer.next().is_keyword("after"));
}

TEST(text_assembler, nesting_costs_no_stack) {
  on_small_stack([] {
    constexpr size_t kDepth = 100000;
    const auto succeeds = [](const std::string& source) { return assemble(source).ok(); };
    EXPECT_TRUE(succeeds("(func " + repeat("(block $l ", kDepth) + "(br $l)" + repeat(")", kDepth) + ")"));
    EXPECT_TRUE(
        succeeds("(func " + repeat("block $l ", kDepth) + "br $l " + repeat("end $l ", kDepth) + ")"));
    EXPECT_TRUE(succeeds("(func " + repeat("(drop ", kDepth) + repeat(")", kDepth) + ")"));
    EXPECT_TRUE(succeeds("(func " + repeat("(if (nop) (then ", kDepth) + repeat("))", kDepth) + ")"));
    EXPECT_TRUE(succeeds("(func " + repeat("(if ", kDepth) + repeat("(then))", kDepth) + ")"));
    EXPECT_TRUE(succeeds("(func " + repeat("(try (do ", kDepth) + repeat("))", kDepth) + ")"));
    EXPECT_FALSE(succeeds("(func " + repeat("(", kDepth)));
    EXPECT_FALSE(succeeds(repeat("(", kDepth)));
    EXPECT_FALSE(succeeds("(module " + repeat("(", kDepth) + repeat(")", kDepth) + ")"));
    EXPECT_FALSE(succeeds("(type " + repeat("(", kDepth)));
  });
}

TEST(text_assembler, work_is_linear) {
  // Each of these would take minutes if something were quadratic.
  constexpr size_t kMany = 200000;
  std::string locals = "(func ";
  std::string functions;
  for (size_t i = 0; i < kMany; ++i) {
    locals += "(local $l" + std::to_string(i) + " i32)";
    functions += "(@custom \"c\")(func $f" + std::to_string(i) + " (call $f0))";
  }
  EXPECT_TRUE(assemble(locals + "(drop (local.get $l7)))" + functions).ok());
  EXPECT_TRUE(assemble("(rec " + repeat("(type (func))", kMany) + ")").ok());
  EXPECT_TRUE(assemble("(func (block $outer " + repeat("block ", kMany) + repeat("br $outer ", kMany) +
                       repeat("end ", kMany) + "))")
                  .ok());
}

}  // namespace
}  // namespace heddle::engine
