// SPDX-License-Identifier: Apache-2.0
// Translation pinned: the listings of small functions stand in testdata/*.wat behind the functions they
// belong to, as `;;` comments. HEDDLE_BLESS=1 in the environment rewrites them.
#include "engine/interpreter/disassemble.h"
#include "engine/interpreter/disassemble_shapes.h"
#include "engine/interpreter/superinstructions.h"
#include "engine/interpreter/test_world.h"
#include "engine/support/test_golden.h"

namespace heddle::engine {
namespace {

const test::GoldenFiles kGolden("engine/interpreter/testdata", ";; Listings\n");

std::string listings(std::string_view source, const WorldOptions& options) {
  const World world(options);
  const auto module = world.load(source);
  std::string text;
  for (uint32_t i = module->imported_functions; i < module->functions.size(); ++i) {
    text += ";;\n;; " + module->function_name(i) + "\n";
    text += test::commented(disassemble(*module, i));
  }
  return text;
}

TEST(interpreter_translation, listings_are_as_written) {
  if (resolve_memory_mode(MemoryMode::automatic) != MemoryMode::guarded)
    GTEST_SKIP() << "no guarded memories";
  // Superinstructions take words out of the code.
  if (!kLongHandlersMayFault) GTEST_SKIP() << "this compiler leaves rows out, so its code is longer";
  kGolden.compare(8, [](const std::string& source, const std::string& name) {
    WorldOptions options;
    options.preempt_at_atomics = name == "preempt";
    options.fuel = options.preempt_at_atomics || name == "fuel";
    options.memory_mode = name == "checked" ? MemoryMode::checked : MemoryMode::guarded;
    return listings(source, options);
  });
}

TEST(interpreter_translation, is_the_same_every_time) {
  const std::string source = kGolden.source("calls");
  const World world;
  (void)world.load("(module (type (func (param f64 f64 f64))) (type (func (param i64) (result i64 i64))))");
  EXPECT_EQ(listings(source, {}), listings(source, {}));
  const auto module = world.load(source);  // beside another module's types
  std::string text;
  for (uint32_t i = module->imported_functions; i < module->functions.size(); ++i)
    text += disassemble(*module, i);
  EXPECT_EQ(text.find("0x"), std::string::npos) << "an address?\n" << text;
}

/// The table consists of nothing but handlers.
std::vector<Word> all_handlers() {
  static_assert(sizeof(Handler) == sizeof(Word) && sizeof(HandlerTable) % sizeof(Word) == 0);
  std::vector<Word> words(sizeof(HandlerTable) / sizeof(Word));
  std::memcpy(words.data(), &handlers(), sizeof(HandlerTable));
  std::erase(words, 0);
  return words;
}

TEST(interpreter_translation, every_handler_has_a_name_and_a_length) {
  const auto words = all_handlers();
  EXPECT_GT(words.size(), 2000u);
  size_t nameless = 0;
  for (const Word word : words) {
    const Shape* shape = find_shape(word);
    nameless += shape == nullptr;
    if (shape == nullptr) continue;
    EXPECT_FALSE(shape->name.empty());
    EXPECT_TRUE(shape->words >= 1 && shape->words <= 4) << shape->name;
  }
  EXPECT_EQ(nameless, 0u);
}

TEST(interpreter_translation, a_frame_that_fits_no_stack_is_said_so) {
  // 50,000 locals and 16 times 1,000 operands.
  std::string text = "(module (type $t (func (result";
  for (int i = 0; i < 1000; ++i) text += " i64";
  text += "))) (func $many (type $t) unreachable) (func (export \"f\") (local";
  for (int i = 0; i < 50'000; ++i) text += " i64";
  text += ")";
  for (int i = 0; i < 16; ++i) text += " call $many";
  for (int i = 0; i < 16'000; ++i) text += " drop";
  const World world;
  const auto module = world.load(text + "))");
  EXPECT_EQ(disassemble(*module, 1), "frame too large\n");
}

}  // namespace
}  // namespace heddle::engine
