// SPDX-License-Identifier: Apache-2.0
// Identities: the algebra of integer rows, as one table that the simplifier and nobody else reads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "jit/ir/operation.h"

namespace heddle::jit {

/// What an operation of two equal operands is.
enum class OfSame : uint8_t { unknown, operand, zero, one };

struct Identity {
  Operation operation;
  bool commutes = false;
  bool associates = false;
  std::optional<uint64_t> neutral;    ///< x op neutral == x
  std::optional<uint64_t> absorbing;  ///< x op absorbing == absorbing
  OfSame of_same = OfSame::unknown;
};

/// Null for rows about which nothing is known.
[[nodiscard]] const Identity* identity_of(Operation operation) noexcept;

/// lt_s for ge_s and so on: the comparison that is true exactly when this one is not. Floats have that for eq
/// and ne only.
[[nodiscard]] std::optional<Operation> opposite_of(Operation comparison) noexcept;
/// gt_s for lt_s and so on: the same comparison with its operands exchanged.
[[nodiscard]] std::optional<Operation> exchanged(Operation comparison) noexcept;

/// What multiplication or unsigned division by a power of two is instead.
struct PowerOfTwo {
  Operation operation;
  Operation instead;
  bool by_exponent;  ///< the right operand becomes the exponent; else the power minus one
};
[[nodiscard]] const PowerOfTwo* power_of_two_form(Operation operation) noexcept;

}  // namespace heddle::jit
