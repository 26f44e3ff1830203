// SPDX-License-Identifier: Apache-2.0
// The text format's spelling of value types and heap types.
#include "heddle/value_type.h"

namespace heddle {

namespace {

struct AbstractName {
  HeapType::Kind kind;
  const char* name;       ///< as a heap type
  const char* shorthand;  ///< of the nullable reference to it
};

constexpr AbstractName kAbstractNames[] = {
    {HeapType::Kind::any, "any", "anyref"},
    {HeapType::Kind::eq, "eq", "eqref"},
    {HeapType::Kind::i31, "i31", "i31ref"},
    {HeapType::Kind::struct_, "struct", "structref"},
    {HeapType::Kind::array, "array", "arrayref"},
    {HeapType::Kind::none, "none", "nullref"},
    {HeapType::Kind::func, "func", "funcref"},
    {HeapType::Kind::nofunc, "nofunc", "nullfuncref"},
    {HeapType::Kind::extern_, "extern", "externref"},
    {HeapType::Kind::noextern, "noextern", "nullexternref"},
    {HeapType::Kind::exn, "exn", "exnref"},
    {HeapType::Kind::noexn, "noexn", "nullexnref"},
    {HeapType::Kind::bottom, "bottom", "(ref null bottom)"},
};

const AbstractName* find_name(HeapType::Kind kind) {
  for (const AbstractName& row : kAbstractNames) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

}  // namespace

std::string to_string(HeapType type) {
  if (type.is_exact()) return "(exact " + std::to_string(type.number()) + ")";
  if (type.is_defined()) return std::to_string(type.number());
  const AbstractName* row = find_name(type.kind());
  return row != nullptr ? row->name : "unknown";
}

std::string to_string(ValueType type) {
  switch (type.kind()) {
    case ValueType::Kind::bottom: return "unknown";
    case ValueType::Kind::i32: return "i32";
    case ValueType::Kind::i64: return "i64";
    case ValueType::Kind::f32: return "f32";
    case ValueType::Kind::f64: return "f64";
    case ValueType::Kind::v128: return "v128";
    case ValueType::Kind::i8: return "i8";
    case ValueType::Kind::i16: return "i16";
    case ValueType::Kind::ref: return "(ref " + to_string(type.heap()) + ")";
    case ValueType::Kind::ref_null: break;
  }
  if (!type.heap().is_defined()) {
    if (const AbstractName* row = find_name(type.heap().kind())) return row->shorthand;
  }
  return "(ref null " + to_string(type.heap()) + ")";
}

}  // namespace heddle
