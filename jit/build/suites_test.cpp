// SPDX-License-Identifier: Apache-2.0
// The official suites, and modules given by the environment, as tests of the builder: what is valid is built,
// and verifies, guarded, checked, and from every loop.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>

#include "engine/text/lexer.h"
#include "jit/build/test_build.h"

namespace heddle::jit {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream buffer;
  buffer << stream.rdbuf();
  return buffer.str();
}

/// Files with this extension below the folder that a variable of the environment names.
std::vector<fs::path> files_below(const char* variable, std::string_view extension) {
  std::vector<fs::path> files;
  const char* root = std::getenv(variable);
  if (root == nullptr) return files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Visits the bytes of every module form of a script, whatever is asserted about it.
void walk_script(const fs::path& path, const std::function<void(std::vector<uint8_t>, uint32_t)>& visit) {
  const std::string source = read_file(path);
  engine::Lexer lexer(source);
  while (!lexer.peek().is(engine::TokenKind::end)) {
    if (lexer.peek().is(engine::TokenKind::left_paren) && lexer.peek_second().is_keyword("module")) {
      engine::Lexer copy = lexer;
      copy.next();
      copy.next();
      if (!copy.peek().is_keyword("instance")) {
        auto form = engine::parse_module_form(lexer);
        ASSERT_TRUE(form.ok()) << path << ":" << form.error().to_string();
        if (!form->error) visit(std::move(form->bytes), form->line);
        continue;
      }
    }
    lexer.next();
  }
}

struct Counts {
  size_t modules = 0;
  size_t functions = 0;
  size_t loops = 0;
  size_t unreachable_loops = 0;
  size_t nodes = 0;
};

void check_function(const engine::ModuleImage& module, uint32_t index, const std::string& place,
                    Counts& counts) {
  static Function function;
  ++counts.functions;
  for (const bool guarded : {true, false}) {
    for (const bool native : {true, false}) {
      if (!guarded && !native) continue;
      const auto built = build(module, index, {.guarded = guarded, .native_relaxed = native}, function);
      ASSERT_TRUE(built.ok()) << place << " function " << index << ": " << built.error().to_string();
      order_blocks(function);
      ASSERT_EQ(verify(function), "") << place << "\n" << print(function);
      counts.nodes += function.nodes.size();
    }
  }
  for (const uint32_t loop : test::loops_of(module, index)) {
    const auto built = build(module, index, {.osr_offset = loop}, function);
    if (!built.ok()) {
      ++counts.unreachable_loops;
      ASSERT_EQ(built.error().kind, ErrorKind::usage) << place << ": " << built.error().to_string();
      continue;
    }
    ++counts.loops;
    order_blocks(function);
    ASSERT_EQ(verify(function), "") << place << "\n" << print(function);
  }
}

void check_module(std::vector<uint8_t> bytes, const std::string& place, Counts& counts) {
  const test::LoadedModule loaded = test::load_bytes(std::move(bytes));
  if (loaded.module == nullptr) return;
  ++counts.modules;
  for (uint32_t i = loaded.module->imported_functions; i < loaded.module->functions.size(); ++i) {
    check_function(*loaded.module, i, place, counts);
    if (testing::Test::HasFatalFailure()) return;
  }
}

void report(const Counts& counts) {
  std::cout << counts.modules << " modules, " << counts.functions << " functions, " << counts.loops
            << " loops entered, " << counts.unreachable_loops << " out of reach, " << counts.nodes
            << " nodes\n";
}

TEST(jit_build_suites, every_function_of_the_suites_verifies) {
  const auto files = files_below("HEDDLE_SUITES", ".wast");
  if (files.empty()) GTEST_SKIP() << "HEDDLE_SUITES is not set";
  Counts counts;
  for (const auto& path : files) {
    walk_script(path, [&](std::vector<uint8_t> bytes, uint32_t line) {
      check_module(std::move(bytes), path.string() + ":" + std::to_string(line), counts);
    });
    if (HasFailure()) break;
  }
  report(counts);
}

TEST(jit_build_suites, every_function_of_given_modules_verifies) {
  const auto files = files_below("HEDDLE_MODULES", ".wasm");
  if (files.empty()) GTEST_SKIP() << "HEDDLE_MODULES names no folder with modules";
  Counts counts;
  for (const auto& path : files) {
    const std::string bytes = read_file(path);
    check_module({bytes.begin(), bytes.end()}, path.string(), counts);
    if (HasFailure()) break;
  }
  report(counts);
}

}  // namespace
}  // namespace heddle::jit
