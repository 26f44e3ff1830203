// SPDX-License-Identifier: Apache-2.0
// Value: a WebAssembly value as scripts write it and as failures print it, independent of any engine.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "engine/text/number.h"

namespace heddle::spec {

enum class ValueKind : uint8_t { i32, i64, f32, f64, v128, reference };

/// What a reference refers to, as far as a script can tell.
enum class ReferenceKind : uint8_t { null, func, extern_, host, exn, i31, struct_, array, other };

struct Value {
  ValueKind kind = ValueKind::i32;
  ReferenceKind reference = ReferenceKind::null;
  std::array<uint8_t, 16> bytes{};  ///< little-endian; the number of a (ref.extern N), the bits of a number

  /// The number of a null whose type, as written, belongs to objects: (ref.null none).
  static constexpr uint64_t kObjectNull = 1;

  [[nodiscard]] static Value number(ValueKind kind, uint64_t bits);
  [[nodiscard]] static Value reference_to(ReferenceKind kind, uint64_t number = 0);
  [[nodiscard]] uint64_t low() const { return load(0); }
  [[nodiscard]] uint64_t high() const { return load(8); }

 private:
  [[nodiscard]] uint64_t load(unsigned begin) const;
};

/// Decimal and hexadecimal: "i32 -1 (0xffffffff)". Lanes of a v128 are printed in `shape` (null: i32x4).
[[nodiscard]] std::string to_string(const Value& value, const engine::LaneShape* shape = nullptr);

/// One lane of a v128, or one number, from its bits.
[[nodiscard]] std::string print_number(bool is_float, unsigned bytes, uint64_t bits);

[[nodiscard]] const char* to_string(ReferenceKind kind) noexcept;

}  // namespace heddle::spec
