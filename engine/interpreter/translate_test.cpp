// SPDX-License-Identifier: Apache-2.0
// Translation pinned: the listings of small functions stand in testdata/*.wat behind the functions they
// belong to, as `;;` comments. HEDDLE_BLESS=1 in the environment rewrites them.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/interpreter/disassemble.h"
#include "engine/interpreter/disassemble_shapes.h"
#include "engine/interpreter/test_world.h"

namespace heddle::engine {
namespace {

namespace fs = std::filesystem;

const fs::path kData = fs::path(HEDDLE_SOURCE_DIR) / "engine/interpreter/testdata";
/// What is below this line was written by this test.
constexpr std::string_view kMark = ";; Listings\n";

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string listings(std::string_view source, const WorldOptions& options) {
  const World world(options);
  const auto module = world.load(source);
  std::string text(kMark);
  for (uint32_t i = module->imported_functions; i < module->functions.size(); ++i) {
    text += ";;\n;; " + module->function_name(i) + "\n";
    std::istringstream lines(disassemble(*module, i));
    for (std::string line; std::getline(lines, line);) text += ";; " + line + "\n";
  }
  return text;
}

/// The source part of a test file, and what it ends with.
std::pair<std::string, std::string> split(const std::string& text) {
  const size_t mark = text.find(kMark);
  return {text.substr(0, mark), mark == std::string::npos ? "" : text.substr(mark)};
}

TEST(interpreter_translation, listings_are_as_written) {
  if (resolve_memory_mode(MemoryMode::automatic) != MemoryMode::guarded)
    GTEST_SKIP() << "no guarded memories";
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(kData)) {
    if (entry.path().extension() == ".wat") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  ASSERT_GE(paths.size(), 8u);
  for (const fs::path& path : paths) {
    const auto [source, wanted] = split(read(path));
    WorldOptions options;
    options.preempt_at_atomics = path.stem() == "preempt";
    options.fuel = options.preempt_at_atomics || path.stem() == "fuel";
    options.memory_mode = path.stem() == "checked" ? MemoryMode::checked : MemoryMode::guarded;
    const std::string got = listings(source, options);
    if (std::getenv("HEDDLE_BLESS") != nullptr) {
      std::ofstream(path) << source << got;
    } else {
      EXPECT_EQ(got, wanted) << path.filename() << " (HEDDLE_BLESS=1 accepts what is)";
    }
  }
}

TEST(interpreter_translation, is_the_same_every_time) {
  const std::string source = split(read(kData / "calls.wat")).first;
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
