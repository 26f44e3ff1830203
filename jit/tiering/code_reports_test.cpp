// SPDX-License-Identifier: Apache-2.0
// Profilers and debuggers find the names of compiled functions, in the formats that they read.
#include "jit/tiering/code_reports.h"

#include <elf.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "jit/tiering/debugger_interface.h"
#include "jit/tiering/test_tiers.h"

namespace heddle::jit {

namespace {

constexpr std::string_view kNamed = R"((module
  (func $leaf_with_a_name (export "leaf") (param i32) (result i32)
    (loop $l (br_if $l (i32.lt_s (local.tee 0 (i32.add (local.get 0) (i32.const 3))) (i32.const 100)))) (local.get 0))
  (func $main_function (export "run") (result i32) (call $leaf_with_a_name (i32.const 1)))))";

[[nodiscard]] std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class T>
[[nodiscard]] T at(const uint8_t* file, size_t offset) {
  T value;
  std::memcpy(&value, file + offset, sizeof value);
  return value;
}

/// The name and the place of the one symbol of an ELF file, as who links it would find them.
[[nodiscard]] std::pair<std::string, NamedCode> symbol_of(const uint8_t* file) {
  const auto elf = at<Elf64_Ehdr>(file, 0);
  const auto section = [&](size_t i) { return at<Elf64_Shdr>(file, elf.e_shoff + i * sizeof(Elf64_Shdr)); };
  const auto* names = reinterpret_cast<const char*>(file) + section(elf.e_shstrndx).sh_offset;
  for (size_t i = 1; i < elf.e_shnum; ++i) {
    if (section(i).sh_type != SHT_SYMTAB) continue;
    EXPECT_STREQ(names + section(i).sh_name, ".symtab");
    const auto symbol = at<Elf64_Sym>(file, section(i).sh_offset + sizeof(Elf64_Sym));
    const Elf64_Shdr text = section(symbol.st_shndx);
    EXPECT_STREQ(names + text.sh_name, ".text");
    const char* const name =
        reinterpret_cast<const char*>(file) + section(section(i).sh_link).sh_offset + symbol.st_name;
    const auto* const begin = reinterpret_cast<const uint8_t*>(text.sh_addr);  // NOLINT: an address
    return {name, {begin + symbol.st_value, static_cast<uint32_t>(symbol.st_size), name}};
  }
  return {};
}

[[nodiscard]] std::vector<std::string> names_in_debugger() {
  std::vector<std::string> names;
  for (const jit_code_entry* each = __jit_debug_descriptor.first_entry; each != nullptr;
       each = each->next_entry)
    names.push_back(symbol_of(each->symfile_addr).first);
  return names;
}

TEST(code_reports, debuggers_have_a_list_of_symbol_files) {
  ASSERT_EQ(names_in_debugger(), std::vector<std::string>{});
  {
    Mode mode = compiled();
    mode.config.compiler_options.debugger = true;
    TierWorld world(mode);
    {
      const Instance instance = world.instantiate(kNamed);
      EXPECT_EQ(describe(instance.function("run")->call()), "100");
      EXPECT_EQ(describe(instance.function("leaf")->call({5})), "101");
      const std::vector<std::string> names = {"leaf_with_a_name", "main_function", "heddle stubs"};
      EXPECT_EQ(names_in_debugger(), names);
      EXPECT_EQ(__jit_debug_descriptor.version, 1u);
      EXPECT_EQ(__jit_debug_descriptor.relevant_entry, __jit_debug_descriptor.first_entry);
    }
  }
  EXPECT_EQ(names_in_debugger(), std::vector<std::string>{});
}

TEST(code_reports, a_symbol_file_says_where_its_code_is) {
  const uint8_t code[] = {0x55, 0x48, 0x89, 0xe5, 0xc3};
  const std::vector<uint8_t> file = make_symbol_file({code, sizeof code, "name"});
  const auto [name, place] = symbol_of(file.data());
  EXPECT_EQ(name, "name");
  EXPECT_EQ(place.begin, code);
  EXPECT_EQ(place.size, sizeof code);
}

TEST(code_reports, perf_has_a_line_for_each_piece_of_code) {
  Mode mode = loops_compiled();
  mode.config.compiler_options.perf_map = true;
  TierWorld world(mode);
  EXPECT_EQ(describe(world.instantiate(kNamed).function("run")->call()), "100");
  const std::filesystem::path path = "/tmp/perf-" + std::to_string(getpid()) + ".map";
  std::istringstream lines(contents(path));
  std::filesystem::remove(path);
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_NE(line.find(" heddle stubs"), std::string::npos) << line;
  ASSERT_TRUE(std::getline(lines, line));
  unsigned long long begin = 0;
  unsigned size = 0;
  char name[64] = {};
  ASSERT_EQ(std::sscanf(line.c_str(), "%llx %x %63[^\n]", &begin, &size, name), 3) << line;
  EXPECT_TRUE(std::string_view(name).starts_with("leaf_with_a_name from 0x")) << name;
  EXPECT_GT(begin, 0u);
  EXPECT_GT(size, 0u);
}

TEST(code_reports, a_jitdump_has_the_code_itself) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path();
  const std::filesystem::path path = folder / ("jit-" + std::to_string(getpid()) + ".dump");
  std::vector<uint8_t> code = {1, 2, 3, 4, 5};
  {
    CompilerOptions options;
    options.jitdump_folder = folder.string();
    CodeReports reports(options);
    ASSERT_TRUE(reports.wanted());
    reports.added({code.data(), 5, "five"});
    reports.added({code.data(), 2, "two"});
  }
  const std::string file = contents(path);
  std::filesystem::remove(path);
  const auto* const bytes = reinterpret_cast<const uint8_t*>(file.data());
  // The file's header, then records of 56 bytes with a name and the code.
  ASSERT_EQ(file.size(), 40 + (56 + 5 + 5) + (56 + 4 + 2));
  EXPECT_EQ(at<uint32_t>(bytes, 0), 0x4a695444u);
  EXPECT_EQ(at<uint32_t>(bytes, 8), 40u);
  EXPECT_EQ(at<uint32_t>(bytes, 44), 66u) << "the size of the first record";
  EXPECT_EQ(at<uint64_t>(bytes, 72), reinterpret_cast<uint64_t>(code.data()));
  EXPECT_EQ(file.substr(96, 10), std::string("five\0\1\2\3\4\5", 10));
  EXPECT_EQ(at<uint32_t>(bytes, 110), 62u);
  EXPECT_EQ(file.substr(162), std::string("two\0\1\2", 6));
}

}  // namespace

}  // namespace heddle::jit
