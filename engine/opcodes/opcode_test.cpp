// SPDX-License-Identifier: Apache-2.0
// The opcode table: look-ups find every row, rows are well-formed, semantics agree with signatures.
#include "engine/opcodes/opcode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace heddle::engine {
namespace {

uint16_t row_of(const OpcodeInfo& row) { return static_cast<uint16_t>(&row - kOpcodes); }

template <class Condition>
int rows_with(Condition condition) {
  return static_cast<int>(std::count_if(std::begin(kOpcodes), std::end(kOpcodes), condition));
}

bool is_sibling(Opcode opcode) {
  return opcode == Opcode::select_t || opcode == Opcode::ref_test_null || opcode == Opcode::ref_cast_null ||
         opcode == Opcode::ref_cast_desc_eq_null;
}

TEST(opcode, every_mnemonic_finds_its_row) {
  for (const OpcodeInfo& row : kOpcodes) {
    const uint16_t found = find_opcode(row.text);
    ASSERT_NE(found, kNoOpcode) << row.text;
    EXPECT_EQ(kOpcodes[found].text, row.text);
    const auto opcode = static_cast<Opcode>(row_of(row));
    EXPECT_EQ(found, is_sibling(opcode) ? row_of(row) - 1 : row_of(row)) << row.text;
  }
}

TEST(opcode, unknown_mnemonics_find_nothing) {
  for (const char* text :
       {"", "i32", "i32.ad", "i32.addd", "I32.ADD", "select_t", "ref.test_null", "get_local"}) {
    EXPECT_EQ(find_opcode(std::string_view(text)), kNoOpcode) << text;
  }
}

TEST(opcode, every_code_finds_its_row) {
  for (const OpcodeInfo& row : kOpcodes) {
    const uint32_t prefix = row.code >> 16;
    const uint16_t found = prefix == 0 ? find_opcode(static_cast<uint8_t>(row.code))
                                       : find_opcode(static_cast<uint8_t>(prefix), row.code & 0xffff);
    EXPECT_EQ(found, row_of(row)) << row.text;
  }
}

TEST(opcode, codes_without_a_row_find_nothing) {
  int one_byte = 0;
  for (unsigned byte = 0; byte < 256; ++byte)
    one_byte += find_opcode(static_cast<uint8_t>(byte)) != kNoOpcode;
  EXPECT_EQ(one_byte, rows_with([](const OpcodeInfo& row) { return row.code < 0x100; }));
  for (const uint8_t prefix : {kPrefixGc, kPrefixMisc, kPrefixSimd, kPrefixAtomic}) {
    EXPECT_EQ(find_opcode(prefix), kNoOpcode);
    EXPECT_EQ(find_opcode(prefix, 0x1000), kNoOpcode);
    EXPECT_EQ(find_opcode(prefix, 0x10000), kNoOpcode);
    EXPECT_EQ(find_opcode(prefix, UINT32_MAX), kNoOpcode);
  }
  EXPECT_EQ(find_opcode(kPrefixMisc, 18), kNoOpcode);
  EXPECT_EQ(find_opcode(kPrefixSimd, 154), kNoOpcode);
  EXPECT_EQ(find_opcode(kPrefixSimd, 0x114), kNoOpcode);
  EXPECT_EQ(find_opcode(kPrefixAtomic, 4), kNoOpcode);
  EXPECT_EQ(find_opcode(kPrefixAtomic, 0x4f), kNoOpcode);
  EXPECT_EQ(find_opcode(uint8_t{0x00}, 0), kNoOpcode);
  EXPECT_EQ(find_opcode(uint8_t{0xff}, 0), kNoOpcode);
}

TEST(opcode, names_follow_from_mnemonics) {
  static constexpr std::string_view kNames[] = {
#define WASM_OP(kind, name, ...) #name,
#include "engine/opcodes/opcodes.def"
  };
  const std::set<std::string> keywords = {"if", "else", "return", "try", "catch", "throw"};
  std::set<std::string_view> seen;
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    EXPECT_TRUE(seen.insert(kNames[i]).second) << kNames[i];
    if (is_sibling(static_cast<Opcode>(i))) continue;
    std::string expected(kOpcodes[i].text);
    std::replace(expected.begin(), expected.end(), '.', '_');
    if (keywords.count(expected) != 0) expected += '_';
    EXPECT_EQ(kNames[i], expected);
  }
}

TEST(opcode, each_feature_has_as_many_rows_as_its_proposal_has_opcodes) {
  const std::map<Feature, int> expected = {
      {Feature::mvp, 172},         {Feature::sign_extension, 5},  {Feature::saturating_conversion, 8},
      {Feature::bulk_memory, 7},   {Feature::reference_types, 9}, {Feature::simd, 236},
      {Feature::relaxed_simd, 20}, {Feature::tail_calls, 2},      {Feature::function_references, 5},
      {Feature::gc, 32},           {Feature::exceptions, 3},      {Feature::legacy_exceptions, 5},
      {Feature::threads, 67},      {Feature::wide_arithmetic, 4}, {Feature::custom_descriptors, 7},
  };
  std::map<Feature, int> counted;
  for (const OpcodeInfo& row : kOpcodes) ++counted[row.feature];
  EXPECT_EQ(counted, expected);
}

TEST(opcode, all_threads_rows_but_fence_have_one_prefix_and_access_memory) {
  for (const OpcodeInfo& row : kOpcodes) {
    EXPECT_EQ(row.feature == Feature::threads, row.code >> 16 == kPrefixAtomic) << row.text;
    if (row.feature != Feature::threads) continue;
    EXPECT_EQ(accesses_memory(row), row.kind != RowKind::atomic_fence) << row.text;
  }
}

bool is_hand_validated(RowKind kind) {
  switch (kind) {
    case RowKind::control:
    case RowKind::parametric:
    case RowKind::variable:
    case RowKind::table:
    case RowKind::reference:
    case RowKind::gc:
    case RowKind::exception: return true;
    default: return false;
  }
}

TEST(opcode, signatures_are_well_formed) {
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const OpcodeInfo& row = kOpcodes[i];
    const bool by_hand = is_hand_validated(row.kind) || static_cast<Opcode>(i) == Opcode::memory_copy;
    EXPECT_EQ(row.signature.empty(), by_hand) << row.text;
    if (by_hand) continue;
    EXPECT_EQ(std::count(row.signature.begin(), row.signature.end(), ':'), 1) << row.text;
    EXPECT_EQ(row.signature.find_first_not_of("ilfdva:"), std::string_view::npos) << row.text;
    if (accesses_memory(row)) {
      EXPECT_EQ(row.signature.front(), 'a') << row.text;
      EXPECT_LE(row.access_log2, 4) << row.text;
    } else {
      EXPECT_EQ(row.access_log2, 0) << row.text;
      EXPECT_EQ(row.signature.find('a') != std::string_view::npos,
                row.kind == RowKind::memory && static_cast<Opcode>(i) != Opcode::data_drop)
          << row.text;
    }
  }
}

/// The bytes that a mnemonic says it accesses: i64.load32_u 4, v128.load16x4_s 8, i32.atomic.rmw8.add_u 1.
unsigned bytes_named_by(std::string_view text) {
  size_t end = 0;
  for (const std::string_view verb : {"load", "store", "rmw", "wait"}) {
    if (const size_t at = text.find(verb); at != std::string_view::npos) end = at + verb.size();
  }
  const std::string_view rest = text.substr(end);
  if (rest.empty() || rest[0] < '0' || rest[0] > '9') return text[0] == 'v' ? 16 : text[1] == '6' ? 8 : 4;
  if (text[0] == 'v' && rest.find('x') != std::string_view::npos) return 8;
  return static_cast<unsigned>(std::stoul(std::string(rest))) / 8;
}

TEST(opcode, mnemonics_name_the_width_they_access) {
  for (const OpcodeInfo& row : kOpcodes) {
    if (!accesses_memory(row)) continue;
    EXPECT_EQ(1u << row.access_log2, bytes_named_by(row.text)) << row.text;
  }
}

TEST(opcode, a_kind_can_be_overridden_alone) {
  int binaries = 0;
#define WASM_BINARY(...) ++binaries;
#include "engine/opcodes/opcodes.def"
  EXPECT_EQ(binaries, rows_with([](const OpcodeInfo& row) { return row.kind == RowKind::binary; }));

  int accesses = 0;
  int others = 0;
#define WASM_OP(...) ++others;
#define WASM_ACCESS(...) ++accesses;
#include "engine/opcodes/opcodes.def"
  EXPECT_EQ(accesses, rows_with(accesses_memory));
  EXPECT_EQ(static_cast<size_t>(accesses + others), kOpcodeCount);
}

TEST(opcode, proposals_that_are_not_on_must_be_asked_for) {
  FeatureSet set;
  EXPECT_TRUE(set.has(Feature::gc));
  EXPECT_FALSE(set.has(Feature::custom_descriptors));
  EXPECT_TRUE(FeatureSet::built().has(Feature::custom_descriptors));
  set.add(Feature::custom_descriptors);
  EXPECT_TRUE(set.has(Feature::custom_descriptors));
  for (size_t i = 0; i < kFeatureCount; ++i) EXPECT_TRUE(FeatureSet::all().has(static_cast<Feature>(i)));
}

TEST(opcode, features_have_unique_names) {
  std::set<std::string_view> seen;
  for (const FeatureInfo& feature : kFeatures) EXPECT_TRUE(seen.insert(feature.text).second) << feature.text;
  EXPECT_EQ(info(Feature::threads).text, "threads");
}

/// The signature that a semantics column states: `Add<uint32_t>` with two operands is "ii:i", and
/// `Convert<float, int32_t>` is "i:f". Empty where the types are in the name (Wrap).
std::string signature_of(std::string_view semantics, size_t operands, bool is_predicate) {
  const auto letter = [](std::string_view type) {
    if (type == "float") return 'f';
    if (type == "double") return 'd';
    return type.find("64") != std::string_view::npos ? 'l' : 'i';
  };
  const size_t open = semantics.find('<');
  if (open == std::string_view::npos) return "";
  const std::string_view types = semantics.substr(open + 1, semantics.size() - open - 2);
  const size_t comma = types.find(", ");
  const char first = letter(types.substr(0, comma));
  // The second type of ExtendS is the part that is extended, not the operand.
  const bool converts = comma != std::string_view::npos && semantics.substr(0, open) != "ExtendS";
  const char operand = converts ? letter(types.substr(comma + 2)) : first;
  return std::string(operands, operand) + ':' + (is_predicate ? 'i' : first);
}

TEST(opcode, semantics_agree_with_signatures) {
  int checked = 0;
  const auto check = [&](std::string_view text, std::string_view signature, const std::string& stated) {
    if (stated.empty()) return;
    EXPECT_EQ(signature, stated) << text;
    ++checked;
  };
#define WASM_UNARY(name, code, text, immediate, signature, feature, ...) \
  check(text, signature, signature_of(#__VA_ARGS__, 1, false));
#define WASM_TEST(name, code, text, immediate, signature, feature, ...) \
  check(text, signature, signature_of(#__VA_ARGS__, 1, true));
#define WASM_BINARY(name, code, text, immediate, signature, feature, ...) \
  check(text, signature, signature_of(#__VA_ARGS__, 2, false));
#define WASM_COMPARE(name, code, text, immediate, signature, feature, ...) \
  check(text, signature, signature_of(#__VA_ARGS__, 2, true));
#include "engine/opcodes/opcodes.def"
  EXPECT_GT(checked, 130);
}

}  // namespace
}  // namespace heddle::engine
