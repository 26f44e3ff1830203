// SPDX-License-Identifier: Apache-2.0
// IR pinned: what small functions become stands in jit/testdata/build/*.wat behind them, as `;;` comments.
// HEDDLE_BLESS=1 in the environment rewrites them. A file's first line may say how to build: `;; checked`,
// `;; osr`.
#include "jit/build/builder.h"

#include "engine/support/test_golden.h"
#include "jit/build/engine_layout.h"
#include "jit/build/test_build.h"

namespace heddle::jit {
namespace {

const engine::test::GoldenFiles kGolden("jit/testdata/build", ";; IR\n");

/// Offsets in structures that grow are given as names.
std::string without_offsets(std::string text) {
  const std::pair<size_t, const char*> names[] = {{layout::kContextException, "exception"},
                                                  {layout::kContextCatches, "catches"}};
  for (const auto& [offset, name] : names) {
    const std::string written = "+ " + std::to_string(offset) + " as";
    for (size_t at = text.find(written); at != std::string::npos; at = text.find(written))
      text.replace(at, written.size(), std::string("+ ") + name + " as");
  }
  return text;
}

std::string ir_of(const std::string& source) {
  const test::LoadedModule loaded = test::load_text(source);
  std::string text;
  if (loaded.module == nullptr) return text;
  const bool from_loops = source.starts_with(";; osr");
  Function function;
  for (uint32_t i = loaded.module->imported_functions; i < loaded.module->functions.size(); ++i) {
    std::vector<uint32_t> starts = {0};
    if (from_loops) starts = test::loops_of(*loaded.module, i);
    for (const uint32_t start : starts) {
      const BuildOptions options{.guarded = !source.starts_with(";; checked"), .osr_offset = start};
      const auto built = build(*loaded.module, i, options, function);
      EXPECT_TRUE(built.ok()) << (built.ok() ? "" : built.error().to_string());
      if (!built.ok()) continue;
      order_blocks(function);
      EXPECT_EQ(verify(function), "") << print(function);
      text += ";;\n;; " + loaded.module->function_name(i) + ": " +
              engine::test::commented(without_offsets(print(function))).substr(3);
    }
  }
  return text;
}

TEST(jit_build, ir_is_as_written) {
  kGolden.compare(8, [](const std::string& source, const std::string&) { return ir_of(source); });
}

TEST(jit_build, a_loop_that_is_not_there_is_an_error) {
  const auto loaded = test::load_text("(module (func unreachable (loop (br 0))) (func (loop (br 0))))");
  Function function;
  const auto unreachable = test::loops_of(*loaded.module, 0);
  auto built = build(*loaded.module, 0, {.osr_offset = unreachable[0]}, function);
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().kind, ErrorKind::usage);
  built = build(*loaded.module, 1, {.osr_offset = 1}, function);
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().kind, ErrorKind::usage);
}

/// Every edge would hand over every local.
TEST(jit_build, edges_that_hand_over_too_much_are_refused) {
  std::string text = "(module (func (param i32)";
  for (int i = 0; i < 20'000; ++i) text += "(local i32)";
  text += "(block ";
  for (int i = 0; i < 20'000; ++i) text += "(local.set " + std::to_string(i + 1) + " (local.get 0))";
  for (int i = 0; i < 1000; ++i) text += "(br_if 0 (local.get 0))";
  text += ")";
  const auto loaded = test::load_text(text + "))");
  Function function;
  const auto built = build(*loaded.module, 0, {}, function);
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().kind, ErrorKind::limit);
}

}  // namespace
}  // namespace heddle::jit
