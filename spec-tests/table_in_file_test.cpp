// SPDX-License-Identifier: Apache-2.0
// Tests of the table in a document: its form, its place, and what is said when it is out of date.
#include "spec-tests/table_in_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace heddle::spec {
namespace {

Report report_of(uint64_t passed) {
  Report report;
  report.tiers = {"interp"};
  for (const char* group : {"threads", "spec", "spec"}) {
    FileResult file;
    file.group = group;
    file.tier = "interp";
    file.counts = {passed, 0, 1, 0};
    report.files.push_back(file);
  }
  return report;
}

constexpr const char* kTable =
    "| suite | pass | fail | skip | crash |\n"
    "| --- | --: | --: | --: | --: |\n"
    "| spec | 14 | 0 | 2 | 0 |\n"
    "| threads | 7 | 0 | 1 | 0 |\n"
    "| total | 21 | 0 | 3 | 0 |\n";

std::string document(std::string_view between) {
  return "# Title\n\n" + std::string(kTableBegin) + std::string(between) + std::string(kTableEnd) +
         "\nmore\n";
}

TEST(table_in_file, has_a_row_for_each_suite_and_the_total) {
  EXPECT_EQ(markdown_table(report_of(7)), kTable);
}

TEST(table_in_file, names_the_tiers_if_there_are_several) {
  Report report = report_of(1);
  report.tiers.emplace_back("jit");
  EXPECT_TRUE(markdown_table(report).starts_with(
      "| suite | interp: pass | interp: fail | interp: skip | interp: crash | jit: pass |"));
  EXPECT_NE(markdown_table(report).find("| spec | 2 | 0 | 2 | 0 | 0 | 0 | 0 | 0 |\n"), std::string::npos);
}

TEST(table_in_file, takes_the_place_between_the_markers) {
  const auto first = with_table(document(" what was there "), "table\n");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*first, document("\n\ntable\n\n"));
  EXPECT_EQ(*with_table(*first, "table\n"), *first);
}

TEST(table_in_file, wants_each_marker_once_and_in_order) {
  const std::string begin(kTableBegin);
  const std::string end(kTableEnd);
  for (const std::string& text : {std::string("none"), begin, end, begin + end + end, begin + begin + end}) {
    const auto made = with_table(text, "table\n");
    ASSERT_FALSE(made.ok()) << text;
    EXPECT_NE(made.error().message.find("exactly once"), std::string::npos);
  }
  const auto made = with_table(end + begin, "table\n");
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().message.find("must stand before"), std::string::npos);
}

TEST(table_in_file, is_checked_and_updated) {
  std::string pattern = (std::filesystem::temp_directory_path() / "heddle-table-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const std::string path = pattern + "/README.md";
  EXPECT_FALSE(check_table(path, report_of(7)).ok());
  std::ofstream(path) << document("\n\n| spec | 13 | 0 | 2 | 0 |\n\n");
  ASSERT_TRUE(update_table(path, report_of(7)).ok());
  EXPECT_EQ(*check_table(path, report_of(7)), "");
  EXPECT_EQ(*check_table(path, report_of(8)), path +
                                                  " says `| spec | 14 | 0 | 2 | 0 |` where this run gave "
                                                  "`| spec | 16 | 0 | 2 | 0 |`: ./dev table writes it anew");
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace heddle::spec
