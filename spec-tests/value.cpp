// SPDX-License-Identifier: Apache-2.0
// How values of scripts are built and printed.
#include "spec-tests/value.h"

#include <fmt/format.h>

namespace heddle::spec {

Value Value::number(ValueKind kind, uint64_t bits) {
  Value value;
  value.kind = kind;
  for (unsigned i = 0; i < 8; ++i) value.bytes[i] = static_cast<uint8_t>(bits >> (8 * i));
  return value;
}

Value Value::reference_to(ReferenceKind kind, uint64_t number) {
  Value value = Value::number(ValueKind::reference, number);
  value.reference = kind;
  return value;
}

uint64_t Value::load(unsigned begin) const {
  uint64_t bits = 0;
  for (unsigned i = 0; i < 8; ++i) bits |= static_cast<uint64_t>(bytes[begin + i]) << (8 * i);
  return bits;
}

std::string print_number(bool is_float, unsigned bytes, uint64_t bits) {
  if (is_float) return bytes == 4 ? engine::print_f32(static_cast<uint32_t>(bits)) : engine::print_f64(bits);
  const unsigned shift = 64 - 8 * bytes;
  return fmt::format("{}", static_cast<int64_t>(bits << shift) >> shift);
}

const char* to_string(ReferenceKind kind) noexcept {
  switch (kind) {
    case ReferenceKind::null: return "ref.null";
    case ReferenceKind::func: return "ref.func";
    case ReferenceKind::extern_: return "ref.extern";
    case ReferenceKind::host: return "ref.host";
    case ReferenceKind::exn: return "ref.exn";
    case ReferenceKind::i31: return "ref.i31";
    case ReferenceKind::struct_: return "ref.struct";
    case ReferenceKind::array: return "ref.array";
    case ReferenceKind::other: return "a reference";
  }
  return "a reference";
}

namespace {

std::string print_vector(const Value& value, const engine::LaneShape* shape) {
  if (shape == nullptr) shape = engine::find_lane_shape("i32x4");
  std::string lanes;
  for (unsigned lane = 0; lane < shape->lanes; ++lane) {
    uint64_t bits = 0;
    for (unsigned i = 0; i < shape->bytes_per_lane; ++i) {
      bits |= static_cast<uint64_t>(value.bytes[lane * shape->bytes_per_lane + i]) << (8 * i);
    }
    lanes += ' ' + print_number(shape->is_float, shape->bytes_per_lane, bits);
  }
  return fmt::format("v128 {}{} (0x{:016x}{:016x})", shape->name, lanes, value.high(), value.low());
}

}  // namespace

std::string to_string(const Value& value, const engine::LaneShape* shape) {
  const uint64_t bits = value.low();
  switch (value.kind) {
    case ValueKind::i32: return fmt::format("i32 {} (0x{:x})", static_cast<int32_t>(bits), bits);
    case ValueKind::i64: return fmt::format("i64 {} (0x{:x})", static_cast<int64_t>(bits), bits);
    case ValueKind::f32: return fmt::format("f32 {} (0x{:08x})", print_number(true, 4, bits), bits);
    case ValueKind::f64: return fmt::format("f64 {} (0x{:016x})", print_number(true, 8, bits), bits);
    case ValueKind::v128: return print_vector(value, shape);
    case ValueKind::reference: break;
  }
  const bool numbered = value.reference == ReferenceKind::extern_ || value.reference == ReferenceKind::host;
  return numbered ? fmt::format("{} {}", to_string(value.reference), bits) : to_string(value.reference);
}

}  // namespace heddle::spec
