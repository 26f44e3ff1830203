// SPDX-License-Identifier: Apache-2.0
// The official suites as tests of the text format: what must assemble does, what must not fails as it should,
// and what was assembled prints to text that assembles to the same bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "engine/text/assembler.h"
#include "engine/text/printer.h"

namespace heddle::engine {
namespace {

/// A module form of a suite's file and the assertion it stands in, if any.
struct SuiteModule {
  std::string file;
  ModuleForm form;
  std::string assertion;  ///< e.g. assert_malformed
  std::string message;    ///< what the assertion expects
};

std::vector<std::filesystem::path> suite_files(std::string_view extension = ".wast") {
  std::vector<std::filesystem::path> files;
  const char* root = std::getenv("HEDDLE_SUITES");
  if (root == nullptr) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream buffer;
  buffer << stream.rdbuf();
  return buffer.str();
}

/// Visits every module form of a script, however deep it stands; then the message of its assertion.
void walk_script(const std::filesystem::path& path, const std::function<void(SuiteModule&)>& visit) {
  const std::string source = read_file(path);
  Lexer lexer(source);
  std::string directive;
  std::vector<SuiteModule> waiting;
  int depth = 0;
  for (; !lexer.peek().is(TokenKind::end);) {
    const Token token = lexer.peek();
    if (token.is(TokenKind::left_paren)) {
      const Token word = lexer.peek_second();
      if (word.is_keyword("module")) {
        Lexer copy = lexer;
        copy.next();
        copy.next();
        if (!copy.peek().is_keyword("instance")) {
          auto form = parse_module_form(lexer);
          ASSERT_TRUE(form.ok()) << path << ":" << form.error().to_string();
          waiting.push_back({path.string(), std::move(form).value(), directive, ""});
          if (depth == 0) {
            for (auto& module : waiting) visit(module);
            waiting.clear();
          }
          continue;
        }
      }
      if (word.is(TokenKind::keyword) && word.text.starts_with("assert_")) directive = word.text;
      ++depth;
    } else if (token.is(TokenKind::right_paren)) {
      if (--depth == 0) {
        for (auto& module : waiting) visit(module);
        waiting.clear();
        directive.clear();
      }
    } else if (token.is(TokenKind::string) && depth == 1) {
      for (auto& module : waiting) module.message = decode_string(token);
    }
    lexer.next();
  }
  ASSERT_FALSE(lexer.failed()) << path << ": " << lexer.error().to_string();
}

bool is_malformed_text(const SuiteModule& module) {
  return module.assertion.starts_with("assert_malformed") && module.form.kind != ModuleForm::Kind::binary;
}

/// The threads proposal's old copy of memory.wast wants limits of 32 bits; in Wasm 3.0 the text has 64 bits,
/// and the core's memory.wast demands that the same text assembles.
bool is_known_conflict(const SuiteModule& module) {
  return module.file.ends_with("proposals/threads/memory.wast") &&
         module.message == "i32 constant out of range" && !module.form.error;
}

TEST(text_suites, modules_assemble_and_malformed_text_is_refused) {
  const auto files = suite_files();
  if (files.empty()) GTEST_SKIP() << "HEDDLE_SUITES is not set";
  size_t assembled = 0, refused = 0, wrong = 0;
  for (const auto& path : files) {
    walk_script(path, [&](SuiteModule& module) {
      const ModuleForm& form = module.form;
      const std::string place = module.file + ":" + std::to_string(form.line);
      const bool refused_later = module.assertion.starts_with("assert_invalid_custom");
      if (is_malformed_text(module) || refused_later) {
        ++refused;
        if (form.error && form.error->message.starts_with(module.message)) return;
        if (is_known_conflict(module)) return;
        ++wrong;
        ADD_FAILURE() << place << ": expected \"" << module.message << "\", got "
                      << (form.error ? form.error->to_string() : "success");
      } else if (form.error) {
        ++wrong;
        ADD_FAILURE() << place << ": " << form.error->to_string();
      } else {
        ++assembled;
      }
    });
  }
  std::cout << assembled << " modules assembled, " << refused << " malformed texts, " << wrong << " wrong\n";
}

std::string first_difference(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  const size_t common = std::min(a.size(), b.size());
  const auto place =
      static_cast<size_t>(std::mismatch(a.begin(), a.begin() + common, b.begin()).first - a.begin());
  return "sizes " + std::to_string(a.size()) + " and " + std::to_string(b.size()) + ", first difference at " +
         std::to_string(place);
}

void check_round_trip(const SuiteModule& module, bool folded) {
  const std::string place = module.file + ":" + std::to_string(module.form.line);
  const auto text = print_module(module.form.bytes, {.folded = folded});
  ASSERT_TRUE(text.ok()) << place << ": " << text.error().to_string();
  const auto bytes = assemble(*text);
  ASSERT_TRUE(bytes.ok()) << place << ": " << bytes.error().to_string() << "\n" << text->substr(0, 5000);
  EXPECT_EQ(module.form.bytes, *bytes)
      << place << (folded ? " folded: " : ": ") << first_difference(module.form.bytes, *bytes) << "\n"
      << text->substr(0, 3000);
}

TEST(text_suites, printed_modules_assemble_to_the_same_bytes) {
  const auto files = suite_files();
  if (files.empty()) GTEST_SKIP() << "HEDDLE_SUITES is not set";
  size_t modules = 0;
  for (const auto& path : files) {
    walk_script(path, [&](SuiteModule& module) {
      if (module.form.error || module.form.kind == ModuleForm::Kind::binary) return;
      ++modules;
      check_round_trip(module, false);
      check_round_trip(module, true);
    });
  }
  std::cout << modules << " modules printed and assembled again, flat and folded\n";
}

/// Binary modules may have encodings that text can't tell apart; after one round there are none left.
TEST(text_suites, binary_modules_print_or_are_refused) {
  const auto files = suite_files();
  if (files.empty()) GTEST_SKIP() << "HEDDLE_SUITES is not set";
  size_t printed = 0, refused = 0;
  for (const auto& path : files) {
    walk_script(path, [&](SuiteModule& module) {
      if (module.form.error || module.form.kind != ModuleForm::Kind::binary) return;
      const std::string place = module.file + ":" + std::to_string(module.form.line);
      const auto text = print_module(module.form.bytes, {});
      if (!text) {
        EXPECT_TRUE(module.assertion.starts_with("assert_malformed"))
            << place << ": " << text.error().to_string();
        ++refused;
        return;
      }
      ++printed;
      const auto bytes = assemble(*text);
      ASSERT_TRUE(bytes.ok()) << place << ": " << bytes.error().to_string() << "\n" << *text;
      const auto again = print_module(*bytes, {});
      ASSERT_TRUE(again.ok()) << place << ": " << again.error().to_string();
      EXPECT_EQ(*text, *again) << place;
    });
  }
  std::cout << printed << " binary modules printed, " << refused << " refused\n";
}

TEST(text_suites, whole_files_assemble) {
  const auto files = suite_files(".wat");
  if (files.empty()) GTEST_SKIP() << "HEDDLE_SUITES is not set, or has no .wat files";
  for (const auto& path : files) {
    const auto bytes = assemble(read_file(path));
    EXPECT_TRUE(bytes.ok()) << path << ": " << (bytes.ok() ? "" : bytes.error().to_string());
  }
}

}  // namespace
}  // namespace heddle::engine
