// SPDX-License-Identifier: Apache-2.0
// Every vector semantics type as it runs, against the lane-by-lane reference.
#include "engine/runtime/vector_ops.h"

#include <gtest/gtest.h>

#include "engine/runtime/test_vector_rows.h"

namespace heddle::engine {

namespace ops {
namespace {

/// The same rows as reference::vector_rows(), instantiated here: with what the handlers run.
std::vector<VectorRow> running_rows() {
  return {
#define WASM_SIMD(name, code, text, immediate, signature, feature, ...) \
  VectorRowOf<__VA_ARGS__>::make(Opcode::name),
#define WASM_SIMD_ACCESS(...)
#include "engine/opcodes/opcodes.def"
  };
}

}  // namespace
}  // namespace ops

namespace {

testing::AssertionResult same(const VectorRow& row, VectorModel running, VectorModel reference,
                              const VectorOperands& of) {
  const Vector got = running(of), wanted = reference(of);
  if (agrees(row, got, wanted)) return testing::AssertionSuccess();
  auto result = testing::AssertionFailure() << row.text() << std::hex;
  for (const Vector operand : of.operands) result << " 0x" << operand[1] << ":" << operand[0];
  return result << " gave 0x" << got[1] << ":" << got[0] << ", wanted 0x" << wanted[1] << ":" << wanted[0];
}

TEST(vector_ops, give_what_the_reference_gives) {
  const auto running = ops::running_rows();
  const auto& reference = ops::reference::vector_rows();
  ASSERT_EQ(running.size(), reference.size());
  VectorValues values;
  for (size_t i = 0; i < running.size(); ++i) {
    for (unsigned round = 0; round < 4000; ++round) {
      const VectorOperands of = {{values.next(), values.next(), values.next()}, 0, {}};
      ASSERT_TRUE(same(reference[i], running[i].apply, reference[i].apply, of));
      if (reference[i].native == nullptr) continue;
      ASSERT_TRUE(same(reference[i], running[i].native, reference[i].native, of)) << "native";
    }
  }
}

TEST(vector_ops, shuffle_takes_lanes_of_both) {
  VectorValues values;
  std::mt19937 random(1);
  for (unsigned round = 0; round < 10000; ++round) {
    Lanes<uint8_t> which = {};
    for (unsigned i = 0; i < 16; ++i) which[i] = random() % 32;
    const Vector a = values.next(), b = values.next();
    const Vector got = ops::shuffle(a, b, vector_of(which));
    const Vector wanted = ops::reference::shuffle(a, b, vector_of(which));
    ASSERT_TRUE(got[0] == wanted[0] && got[1] == wanted[1]);
  }
}

/// All 65,536 pairs of bytes, for the rows where few values are special.
TEST(vector_ops, all_pairs_of_bytes) {
  const auto running = ops::running_rows();
  const auto& reference = ops::reference::vector_rows();
  for (size_t i = 0; i < running.size(); ++i) {
    if (!reference[i].text().starts_with("i8x16") || reference[i].row().signature != "vv:v") continue;
    for (unsigned left = 0; left < 256; ++left) {
      for (unsigned right = 0; right < 256; right += 16) {
        Lanes<uint8_t> rights = {};
        for (unsigned lane = 0; lane < 16; ++lane) rights[lane] = static_cast<uint8_t>(right + lane);
        const Vector lefts = ops::Splat<uint8_t>::apply(static_cast<uint8_t>(left));
        const VectorOperands of = {{lefts, vector_of(rights), {}}, 0, {}};
        ASSERT_TRUE(same(reference[i], running[i].apply, reference[i].apply, of));
      }
    }
  }
}

/// Where the specification leaves relaxed rows no choice, both results are the same.
TEST(vector_ops, relaxed_rows_differ_only_where_they_may) {
  const auto rows = ops::running_rows();
  const Vector ones = Vector{} - 1;
  const VectorOperands small = {{Vector{0x0102030405060708, 0x0908070605040302},
                                 Vector{0x0f0e0d0c0b0a0908, 0x0706050403020100}, Vector{ones[0], 0}},
                                0,
                                {}};
  unsigned relaxed = 0;
  for (const VectorRow& row : rows) {
    if (row.native == nullptr) continue;
    ++relaxed;
    const Vector a = row.apply(small), b = row.native(small);
    EXPECT_TRUE(a[0] == b[0] && a[1] == b[1]) << row.text();
  }
  EXPECT_EQ(relaxed, 14u);
}

}  // namespace
}  // namespace heddle::engine
