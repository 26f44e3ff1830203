// SPDX-License-Identifier: Apache-2.0
// Tests of expectations, of the reports' arithmetic and escaping, and of the reduction of scripts.
#include "spec-tests/expectations.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "spec-tests/repro.h"

namespace heddle::spec {
namespace {

Expectations parse(std::string_view text) {
  auto parsed = Expectations::parse(text, "known.txt");
  EXPECT_TRUE(parsed.ok());
  return parsed.ok() ? *std::move(parsed) : Expectations();
}

FileResult judge(std::string_view text, std::string path, const std::vector<uint32_t>& failing_lines,
                 uint32_t only_line = 0) {
  FileResult result;
  result.path = std::move(path);
  std::vector<Failure> failures;
  failures.reserve(failing_lines.size());
  for (const uint32_t line : failing_lines) failures.push_back({line, 1, "(directive)", "why"});
  parse(text).apply(std::move(failures), result, only_line);
  return result;
}

TEST(spec_expectations, a_listed_line_is_skipped_and_others_fail) {
  const FileResult result = judge("# comment\nspec/a.wast:3 because\n", "/x/spec/a.wast", {3, 4});
  EXPECT_EQ(result.counts.skip, 1u);
  EXPECT_EQ(result.counts.fail, 1u);
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_EQ(result.failures[0].line, 4u);
}

TEST(spec_expectations, an_entry_that_does_not_come_true_is_a_failure) {
  EXPECT_EQ(judge("spec/a.wast:3 because", "/x/spec/a.wast", {}).counts.fail, 1u);
  EXPECT_EQ(judge("spec/a.wast because", "/x/spec/a.wast", {}).counts.fail, 1u);
  EXPECT_EQ(judge("spec/a.wast because", "/x/spec/a.wast", {1, 2}).counts.fail, 0u);
}

TEST(spec_expectations, paths_fit_by_whole_components) {
  EXPECT_EQ(judge("spec/a.wast because", "/x/myspec/a.wast", {1}).counts.fail, 1u);
  EXPECT_EQ(judge("spec/a.wast because", "spec/a.wast", {1}).counts.fail, 0u);
}

TEST(spec_expectations, with_one_line_only_its_entries_are_judged) {
  EXPECT_EQ(judge("a.wast because\na.wast:3 because", "a.wast", {}, 9).counts.fail, 0u);
  EXPECT_EQ(judge("a.wast because\na.wast:3 because", "a.wast", {}, 3).counts.fail, 1u);
}

TEST(spec_expectations, an_entry_needs_a_reason) {
  EXPECT_FALSE(Expectations::parse("a.wast:3\n", "known.txt").ok());
}

TEST(spec_expectations, entries_for_missing_files_are_stale) {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(testing::TempDir()) / "expectations";
  fs::create_directories(root / "spec" / "legacy");
  const Expectations known =
      parse("spec/gone.wast because\nspec/legacy/gone.wast:3 because\nelsewhere/a.wast because");
  const std::string whole[] = {root.string()};
  EXPECT_EQ(known.stale(whole).size(), 2u);
  const std::string part[] = {(root / "spec" / "legacy").string()};
  EXPECT_EQ(known.stale(part).size(), 1u);
  fs::remove_all(root);
}

TEST(spec_report, markup_is_escaped) {
  EXPECT_EQ(escape_markup("<a b=\"c\">&\x01\xff"), "&lt;a b=&quot;c&quot;&gt;&amp;\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(spec_report, a_complaint_makes_a_run_unclean) {
  Report report;
  EXPECT_TRUE(report.clean());
  report.complaints.push_back("stale");
  EXPECT_FALSE(report.clean());
}

TEST(spec_repro, keeps_what_the_directive_depends_on) {
  const Script script = parse_script(
      "(module $A (func (export \"a\")))\n"
      "(module (func (export \"gone\")))\n"
      "(invoke \"gone\")\n"
      "(module (func (export \"r\")))\n"
      "(register \"r\")\n"
      "(assert_invalid (module (func (result i32))) \"type mismatch\")\n"
      "(module (func (export \"f\")))\n"
      "(assert_return (invoke \"f\"))\n"
      "(assert_return (invoke $A \"a\") (i32.const 1))\n");
  EXPECT_EQ(reduce_script(script, 9),
            "(module $A (func (export \"a\")))\n"
            "(module (func (export \"r\")))\n"
            "(register \"r\")\n"
            "(module (func (export \"f\")))\n"
            "(invoke \"f\")\n"
            "(assert_return (invoke $A \"a\") (i32.const 1))\n");
  EXPECT_EQ(reduce_script(script, 99), "");
}

TEST(spec_repro, keeps_threads_whole) {
  const Script script = parse_script("(thread $T\n(invoke \"f\")\n)\n(wait $T)");
  EXPECT_EQ(reduce_script(script, 2), "(thread $T\n(invoke \"f\")\n)\n(wait $T)\n");
}

}  // namespace
}  // namespace heddle::spec
