// SPDX-License-Identifier: Apache-2.0
// Value: references, and how values read.
#include <heddle/value.h>

#include <cinttypes>
#include <cstdio>

#include "engine/api/access.h"
#include "engine/gc/object.h"
#include "engine/runtime/function.h"
#include "engine/text/number.h"

namespace heddle {

using detail::Access;

Value::Value(const Function& function) : Value(null(HeapType::Kind::func)) {
  const detail::Handle& handle = Access::handle(function);
  if (handle.empty() || handle.link->store == nullptr) return;
  const auto* object = static_cast<const engine::Function*>(handle.object);
  type_ = ValueType::ref(HeapType::defined(object->type), false);
  bits_ = {reinterpret_cast<uint64_t>(object), static_cast<uint64_t>(ReferenceKind::function)};
  link_ = handle.link;
}

Value Value::externref(void* pointer) noexcept {
  if (pointer == nullptr) return null(HeapType::Kind::extern_);
  return {ValueType::ref(HeapType::Kind::extern_, false), {reinterpret_cast<uint64_t>(pointer), 0}, nullptr};
}

Value Value::null(HeapType::Kind family) noexcept {
  using Kind = HeapType::Kind;
  Kind bottom = Kind::none;
  if (family == Kind::func || family == Kind::nofunc) bottom = Kind::nofunc;
  if (family == Kind::extern_ || family == Kind::noextern) bottom = Kind::noextern;
  if (family == Kind::exn || family == Kind::noexn) bottom = Kind::noexn;
  return {ValueType::ref(bottom, true), {}, nullptr};
}

Value Value::anyref(void* pointer) noexcept {
  if (pointer == nullptr) return null(HeapType::Kind::any);
  return {ValueType::ref(HeapType::Kind::any, false), {reinterpret_cast<uint64_t>(pointer), 0}, nullptr};
}

Value Value::i31(uint32_t value) noexcept {
  return {ValueType::ref(HeapType::Kind::i31, false), {engine::gc::make_i31(value), 0}, nullptr};
}

ReferenceKind Value::reference_kind() const noexcept {
  if (is_null()) return ReferenceKind::null;
  if (type_.heap() == HeapType::Kind::i31) return ReferenceKind::i31;
  return link_ == nullptr ? ReferenceKind::host : static_cast<ReferenceKind>(bits_[1]);
}

Function Value::function() const {
  if (!type_.is_ref() || reference_kind() != ReferenceKind::function) return {};
  return Access::make<Function>(link_,
                                reinterpret_cast<void*>(bits_[0]));  // NOLINT: what a funcref slot holds
}

namespace {

std::string spell_reference(const Value& value) {
  switch (value.reference_kind()) {
    case ReferenceKind::null: return "null";
    case ReferenceKind::function: return "func";
    case ReferenceKind::i31: return "i31:" + std::to_string(value.i31());
    case ReferenceKind::structure: return "struct";
    case ReferenceKind::array: return "array";
    case ReferenceKind::exception: return "exn";
    case ReferenceKind::host: break;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%s:0x%" PRIx64, to_string(value.type().heap()).c_str(),
                Access::bits(value, 0));
  return text;
}

}  // namespace

std::string to_string(const Value& value) {
  switch (value.type().kind()) {
    case ValueType::Kind::i32: return std::to_string(value.i32());
    case ValueType::Kind::i64: return std::to_string(value.i64());
    case ValueType::Kind::f32: return engine::print_f32(value.f32_bits());
    case ValueType::Kind::f64: return engine::print_f64(value.f64_bits());
    case ValueType::Kind::v128: {
      char text[64];
      const auto lane = [&](unsigned n) {
        return static_cast<uint32_t>(Access::bits(value, n / 2) >> (n % 2 * 32));
      };
      std::snprintf(text, sizeof text, "i32x4 0x%08x 0x%08x 0x%08x 0x%08x", lane(0), lane(1), lane(2),
                    lane(3));
      return text;
    }
    default: return spell_reference(value);
  }
}

}  // namespace heddle
