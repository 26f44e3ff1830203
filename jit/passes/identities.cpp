// SPDX-License-Identifier: Apache-2.0
// Identities: the table.
#include "jit/passes/identities.h"

#include <array>
#include <cstddef>

namespace heddle::jit {

namespace {

using enum Operation;

constexpr uint64_t kOnes32 = UINT32_MAX;
constexpr uint64_t kOnes64 = UINT64_MAX;

constexpr Identity kIdentities[] = {
    {.operation = i32_add, .commutes = true, .associates = true, .neutral = 0, .absorbing = {}},
    {.operation = i64_add, .commutes = true, .associates = true, .neutral = 0, .absorbing = {}},
    {.operation = i32_sub, .neutral = 0, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i64_sub, .neutral = 0, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i32_mul, .commutes = true, .associates = true, .neutral = 1, .absorbing = 0},
    {.operation = i64_mul, .commutes = true, .associates = true, .neutral = 1, .absorbing = 0},
    {.operation = i32_and,
     .commutes = true,
     .associates = true,
     .neutral = kOnes32,
     .absorbing = 0,
     .of_same = OfSame::operand},
    {.operation = i64_and,
     .commutes = true,
     .associates = true,
     .neutral = kOnes64,
     .absorbing = 0,
     .of_same = OfSame::operand},
    {.operation = i32_or,
     .commutes = true,
     .associates = true,
     .neutral = 0,
     .absorbing = kOnes32,
     .of_same = OfSame::operand},
    {.operation = i64_or,
     .commutes = true,
     .associates = true,
     .neutral = 0,
     .absorbing = kOnes64,
     .of_same = OfSame::operand},
    {.operation = i32_xor,
     .commutes = true,
     .associates = true,
     .neutral = 0,
     .absorbing = {},
     .of_same = OfSame::zero},
    {.operation = i64_xor,
     .commutes = true,
     .associates = true,
     .neutral = 0,
     .absorbing = {},
     .of_same = OfSame::zero},
    {.operation = i32_shl, .neutral = 0, .absorbing = {}},
    {.operation = i64_shl, .neutral = 0, .absorbing = {}},
    {.operation = i32_shr_s, .neutral = 0, .absorbing = {}},
    {.operation = i64_shr_s, .neutral = 0, .absorbing = {}},
    {.operation = i32_shr_u, .neutral = 0, .absorbing = {}},
    {.operation = i64_shr_u, .neutral = 0, .absorbing = {}},
    {.operation = i32_rotl, .neutral = 0, .absorbing = {}},
    {.operation = i64_rotl, .neutral = 0, .absorbing = {}},
    {.operation = i32_rotr, .neutral = 0, .absorbing = {}},
    {.operation = i64_rotr, .neutral = 0, .absorbing = {}},
    {.operation = i32_eq, .commutes = true, .neutral = {}, .absorbing = {}, .of_same = OfSame::one},
    {.operation = i64_eq, .commutes = true, .neutral = {}, .absorbing = {}, .of_same = OfSame::one},
    {.operation = i32_ne, .commutes = true, .neutral = {}, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i64_ne, .commutes = true, .neutral = {}, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i32_lt_s, .neutral = {}, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i64_lt_s, .neutral = {}, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i32_lt_u, .neutral = {}, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i64_lt_u, .neutral = {}, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i32_gt_s, .neutral = {}, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i64_gt_s, .neutral = {}, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i32_gt_u, .neutral = {}, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i64_gt_u, .neutral = {}, .absorbing = {}, .of_same = OfSame::zero},
    {.operation = i32_le_s, .neutral = {}, .absorbing = {}, .of_same = OfSame::one},
    {.operation = i64_le_s, .neutral = {}, .absorbing = {}, .of_same = OfSame::one},
    {.operation = i32_le_u, .neutral = {}, .absorbing = {}, .of_same = OfSame::one},
    {.operation = i64_le_u, .neutral = {}, .absorbing = {}, .of_same = OfSame::one},
    {.operation = i32_ge_s, .neutral = {}, .absorbing = {}, .of_same = OfSame::one},
    {.operation = i64_ge_s, .neutral = {}, .absorbing = {}, .of_same = OfSame::one},
    {.operation = i32_ge_u, .neutral = {}, .absorbing = {}, .of_same = OfSame::one},
    {.operation = i64_ge_u, .neutral = {}, .absorbing = {}, .of_same = OfSame::one},
};

struct Comparison {
  Operation operation;
  Operation opposite;
  Operation exchanged;
};

constexpr Comparison kComparisons[] = {
    {i32_eq, i32_ne, i32_eq},       {i32_ne, i32_eq, i32_ne},       {i32_lt_s, i32_ge_s, i32_gt_s},
    {i32_ge_s, i32_lt_s, i32_le_s}, {i32_gt_s, i32_le_s, i32_lt_s}, {i32_le_s, i32_gt_s, i32_ge_s},
    {i32_lt_u, i32_ge_u, i32_gt_u}, {i32_ge_u, i32_lt_u, i32_le_u}, {i32_gt_u, i32_le_u, i32_lt_u},
    {i32_le_u, i32_gt_u, i32_ge_u}, {i64_eq, i64_ne, i64_eq},       {i64_ne, i64_eq, i64_ne},
    {i64_lt_s, i64_ge_s, i64_gt_s}, {i64_ge_s, i64_lt_s, i64_le_s}, {i64_gt_s, i64_le_s, i64_lt_s},
    {i64_le_s, i64_gt_s, i64_ge_s}, {i64_lt_u, i64_ge_u, i64_gt_u}, {i64_ge_u, i64_lt_u, i64_le_u},
    {i64_gt_u, i64_le_u, i64_lt_u}, {i64_le_u, i64_gt_u, i64_ge_u}, {f32_eq, f32_ne, f32_eq},
    {f32_ne, f32_eq, f32_ne},       {f64_eq, f64_ne, f64_eq},       {f64_ne, f64_eq, f64_ne},
};

constexpr PowerOfTwo kPowers[] = {
    {i32_mul, i32_shl, true},     {i64_mul, i64_shl, true},    {i32_div_u, i32_shr_u, true},
    {i64_div_u, i64_shr_u, true}, {i32_rem_u, i32_and, false}, {i64_rem_u, i64_and, false},
};

/// Row of each operation in a table, plus one; 0: none.
template <class Row, size_t kCount>
constexpr std::array<uint8_t, engine::kOpcodeCount> index_rows(const Row (&rows)[kCount]) {
  static_assert(kCount < 255);
  std::array<uint8_t, engine::kOpcodeCount> index{};
  for (size_t i = 0; i < kCount; ++i)
    index[static_cast<size_t>(rows[i].operation)] = static_cast<uint8_t>(i + 1);
  return index;
}
constexpr auto kIdentityIndex = index_rows(kIdentities);
constexpr auto kComparisonIndex = index_rows(kComparisons);
constexpr auto kPowerIndex = index_rows(kPowers);

template <class Row>
const Row* find(const Row* rows, const std::array<uint8_t, engine::kOpcodeCount>& index,
                Operation operation) {
  if (!is_row(operation)) return nullptr;
  const uint8_t row = index[static_cast<size_t>(operation)];
  return row == 0 ? nullptr : &rows[row - 1];
}

}  // namespace

const Identity* identity_of(Operation operation) noexcept {
  return find(kIdentities, kIdentityIndex, operation);
}

std::optional<Operation> opposite_of(Operation comparison) noexcept {
  const Comparison* const row = find(kComparisons, kComparisonIndex, comparison);
  return row == nullptr ? std::nullopt : std::optional(row->opposite);
}

std::optional<Operation> exchanged(Operation comparison) noexcept {
  const Comparison* const row = find(kComparisons, kComparisonIndex, comparison);
  return row == nullptr ? std::nullopt : std::optional(row->exchanged);
}

const PowerOfTwo* power_of_two_form(Operation operation) noexcept {
  return find(kPowers, kPowerIndex, operation);
}

}  // namespace heddle::jit
