// SPDX-License-Identifier: Apache-2.0
// Validation of vector instructions beyond their signatures: lane numbers. (Spec 3.4.4, 3.4.9)
#include <algorithm>

#include "engine/validation/function_validator.h"

namespace heddle::engine {

namespace {

/// Lanes of a shape, from the mnemonic's beginning: "i16x8.extract_lane_s" has 8.
constexpr uint8_t lanes_of(std::string_view text) {
  const size_t cross = text.find('x');
  uint8_t lanes = 0;
  for (size_t i = cross + 1; i < text.size() && text[i] != '.'; ++i) {
    lanes = static_cast<uint8_t>(lanes * 10 + (text[i] - '0'));
  }
  return lanes;
}

constexpr auto make_lanes() {
  std::array<uint8_t, kOpcodeCount> lanes{};
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    if (kOpcodes[i].immediate == Immediate::lane) lanes[i] = lanes_of(kOpcodes[i].text);
    if (kOpcodes[i].immediate == Immediate::memory_argument_lane) {
      lanes[i] = static_cast<uint8_t>(16 >> kOpcodes[i].access_log2);
    }
  }
  return lanes;
}
constexpr std::array<uint8_t, kOpcodeCount> kLanes = make_lanes();

}  // namespace

bool FunctionValidator::check_simd(const Instruction& instruction) {
  const Immediate immediate = info(instruction.opcode).immediate;
  if (immediate == Immediate::lane && instruction.index >= kLanes[static_cast<size_t>(instruction.opcode)]) {
    return invalid("invalid lane index " + std::to_string(instruction.index));
  }
  if (immediate == Immediate::shuffle) {  // lanes of two vectors
    const auto found =
        std::find_if(instruction.bytes.begin(), instruction.bytes.end(), [](uint8_t i) { return i >= 32; });
    if (found != instruction.bytes.end()) return invalid("invalid lane index " + std::to_string(*found));
  }
  return check_signature(instruction);
}

bool FunctionValidator::check_simd_access(const Instruction& instruction) {
  if (info(instruction.opcode).immediate == Immediate::memory_argument_lane &&
      instruction.index >= kLanes[static_cast<size_t>(instruction.opcode)]) {
    return invalid("invalid lane index " + std::to_string(instruction.index));
  }
  return check_access(instruction);
}

}  // namespace heddle::engine
