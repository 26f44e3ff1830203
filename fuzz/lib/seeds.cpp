// SPDX-License-Identifier: Apache-2.0
// Seeds and dictionaries, instantiated from the opcode table.
#include "fuzz/lib/seeds.h"

#include <random>
#include <set>
#include <string_view>

#include "engine/opcodes/opcode.h"
#include "engine/text/byte_writer.h"
#include "engine/text/printer.h"
#include "fuzz/lib/generator.h"

namespace heddle::fuzz {

using engine::Opcode;

namespace {

constexpr uint32_t kGeneratedModules = 40;
constexpr size_t kGeneratorBytes = 600;

constexpr std::string_view kKeywords[] = {
    "module", "func",    "type",   "param",  "result", "local", "import",   "export",  "table",
    "memory", "global",  "mut",    "elem",   "data",   "start", "offset",   "item",    "declare",
    "shared", "then",    "i32",    "i64",    "f32",    "f64",   "v128",     "funcref", "externref",
    "ref",    "null",    "extern", "rec",    "sub",    "final", "array",    "struct",  "field",
    "tag",    "offset=", "align=", "nan:0x", "inf",    "0x1p",  "binary",   "quote",   "(@custom",
    "(@name", "(;",      ";)",     ";;",     "$",      "\\u{",  "pagesize", "catch",   "catch_all",
    "eq",     "any",     "none",   "i31"};

std::string quoted(std::span<const uint8_t> bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "\"";
  for (const uint8_t byte : bytes) {
    text += "\\x";
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text + "\"\n";
}

std::string quoted(std::string_view text) {
  return quoted(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace

std::vector<uint8_t> random_bytes(uint32_t seed, size_t size) {
  std::minstd_rand random(seed + 1);
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() >> 12);
  return bytes;
}

std::vector<Seed> generator_seeds(uint32_t count) {
  std::vector<Seed> seeds;
  for (uint32_t i = 0; i < count; ++i)
    seeds.push_back({"bytes-" + std::to_string(i), random_bytes(i, kGeneratorBytes)});
  return seeds;
}

std::vector<Seed> module_seeds() {
  std::vector<Seed> seeds;
  for (size_t i = 0; i < engine::kOpcodeCount; ++i) {
    auto module = module_of_row(static_cast<Opcode>(i));
    if (module.empty()) continue;
    seeds.push_back({"row-" + std::to_string(i) + "-" + std::string(engine::kOpcodes[i].text) + ".wasm",
                     std::move(module)});
  }
  for (uint32_t i = 0; i < kGeneratedModules; ++i) {
    seeds.push_back(
        {"generated-" + std::to_string(i) + ".wasm", generate_module(random_bytes(i, kGeneratorBytes))});
  }
  return seeds;
}

std::vector<Seed> text_seeds() {
  std::vector<Seed> seeds = module_seeds();
  for (Seed& seed : seeds) {
    const auto text = engine::print_module(seed.bytes);
    seed.bytes.clear();
    if (text) seed.bytes.assign(text->begin(), text->end());
    seed.name.replace(seed.name.size() - 5, 5, ".wat");
  }
  return seeds;
}

std::string binary_dictionary() {
  std::string text = "# Every opcode of the table, and the pieces around them.\n";
  text += quoted(std::string_view("\0asm\1\0\0\0", 8));
  for (size_t i = 0; i < engine::kOpcodeCount; ++i) {
    engine::ByteWriter out;
    out.opcode(static_cast<Opcode>(i));
    text += quoted(out.bytes());
  }
  for (const std::string_view leb : {"\xff\xff\xff\xff\x0f", "\xff\xff\xff\xff\x07", "\x80\x80\x80\x80\x78"})
    text += quoted(leb);
  return text;
}

std::string text_dictionary() {
  std::string text = "# Every mnemonic of the table and the keywords of the text format.\n";
  std::set<std::string_view> words(std::begin(kKeywords), std::end(kKeywords));
  for (const engine::OpcodeInfo& row : engine::kOpcodes) words.insert(row.text);
  for (const std::string_view word : words) text += quoted(word);
  return text;
}

}  // namespace heddle::fuzz
