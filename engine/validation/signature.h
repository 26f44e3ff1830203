// SPDX-License-Identifier: Apache-2.0
// Signature: the types of a row of the opcode table as small integers, read from its text when this compiles.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/opcodes/opcode.h"
#include "heddle/value_type.h"

namespace heddle::engine {

/// Types are kinds of ValueType, all of them numbers or vectors; the address type, 'a', reads kAddress. Empty
/// for a row whose type depends on immediates or context. A structural type, so that functions can be made
/// for one signature.
struct Signature {
  static constexpr uint8_t kAddress = 1;
  uint8_t parameter_count = 0;
  uint8_t result_count = 0;
  uint8_t parameters[4] = {};
  uint8_t results[2] = {};

  /// A type of a signature, in an instruction whose memory or table has this address type.
  [[nodiscard]] static constexpr ValueType::Kind kind_of(uint8_t code, ValueType address) {
    return code == kAddress ? address.kind() : static_cast<ValueType::Kind>(code);
  }
};

constexpr uint8_t signature_code(char letter) {
  switch (letter) {
    case 'i': return static_cast<uint8_t>(ValueType::Kind::i32);
    case 'l': return static_cast<uint8_t>(ValueType::Kind::i64);
    case 'f': return static_cast<uint8_t>(ValueType::Kind::f32);
    case 'd': return static_cast<uint8_t>(ValueType::Kind::f64);
    case 'v': return static_cast<uint8_t>(ValueType::Kind::v128);
    default: return Signature::kAddress;
  }
}

constexpr Signature parse_signature(std::string_view text) {
  Signature signature;
  const size_t colon = text.find(':');
  for (size_t i = 0; i < text.size(); ++i) {
    if (i < colon) signature.parameters[signature.parameter_count++] = signature_code(text[i]);
    if (i > colon) signature.results[signature.result_count++] = signature_code(text[i]);
  }
  return signature;
}

constexpr std::array<Signature, kOpcodeCount> parse_signatures() {
  std::array<Signature, kOpcodeCount> signatures{};
  for (size_t i = 0; i < kOpcodeCount; ++i) signatures[i] = parse_signature(kOpcodes[i].signature);
  return signatures;
}
/// By row.
inline constexpr std::array<Signature, kOpcodeCount> kSignatures = parse_signatures();

}  // namespace heddle::engine
