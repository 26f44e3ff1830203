// SPDX-License-Identifier: Apache-2.0
// ValueType and HeapType: the types of WebAssembly values, for all of Wasm 3.0, in 32 bits each.
#pragma once

#include <cstdint>
#include <string>

#include <heddle/export.h>

namespace heddle {

/// A heap type: one of the abstract heap types, or a defined type by number. (Spec 2.3.4) A defined one may
/// be exact: then its subtypes are not meant. (Custom descriptors)
///
/// What the number of a defined type means depends on where the value comes from: straight from bytes
/// it is an index into that module's type section; everywhere after decoding (validation, run time, the
/// public API) it is an id of the engine's type registry, so that equal types have equal ids across modules.
class HeapType {
 public:
  enum class Kind : uint8_t {  // the abstract ones have their binary code
    defined = 0,
    exn = 0x69,
    array = 0x6a,
    struct_ = 0x6b,
    i31 = 0x6c,
    eq = 0x6d,
    any = 0x6e,
    extern_ = 0x6f,
    func = 0x70,
    none = 0x71,
    noextern = 0x72,
    nofunc = 0x73,
    noexn = 0x74,
    bottom = 0x01,  ///< below everything; only inside the validator, for unreachable code
  };
  /// More types than this are refused by a documented limit.
  static constexpr uint32_t kMaxTypes = 1u << 20;

  constexpr HeapType() = default;
  constexpr HeapType(Kind kind) : bits_(static_cast<uint32_t>(kind)) {}  // NOLINT: implicit by design
  [[nodiscard]] static constexpr HeapType defined(uint32_t number) { return from_bits(number << 8); }
  [[nodiscard]] static constexpr HeapType exact(uint32_t number) { return from_bits(number << 8 | kExact); }
  [[nodiscard]] static constexpr HeapType from_bits(uint32_t bits) {
    HeapType t;
    t.bits_ = bits;
    return t;
  }

  [[nodiscard]] constexpr bool is_defined() const { return kind() == Kind::defined; }
  [[nodiscard]] constexpr bool is_exact() const { return (bits_ & kExact) != 0; }
  [[nodiscard]] constexpr uint32_t number() const { return bits_ >> 8; }  ///< REQUIRES: is_defined()
  [[nodiscard]] constexpr Kind kind() const { return static_cast<Kind>(bits_ & 0x7f); }
  /// The defined type with this number, as exact as this one. REQUIRES: is_defined()
  [[nodiscard]] constexpr HeapType with_number(uint32_t number) const {
    return from_bits(number << 8 | (bits_ & kExact));
  }
  [[nodiscard]] constexpr uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(HeapType, HeapType) = default;

 private:
  static constexpr uint32_t kExact = 0x80;
  // The kind in the low seven bits, then kExact, above them the number of a defined type.
  uint32_t bits_ = static_cast<uint32_t>(Kind::func);
};

/// A value type: i32 i64 f32 f64 v128, or a reference (nullable or not) to a heap type. Storage types of
/// struct and array fields (i8, i16) use the same class. Comparing with == is type equality. (Spec 2.3.1)
class ValueType {
 public:
  enum class Kind : uint8_t {
    bottom = 0,  ///< unknown type of unreachable code; only inside the validator
    i32 = 0x7f,
    i64 = 0x7e,
    f32 = 0x7d,
    f64 = 0x7c,
    v128 = 0x7b,
    i8 = 0x78,
    i16 = 0x77,  ///< storage types only
    ref = 0x64,
    ref_null = 0x63,
  };

  constexpr ValueType() = default;
  constexpr ValueType(Kind kind)
      : kind_(kind) {}  // NOLINT: implicit by design; REQUIRES: not ref, not ref_null
  [[nodiscard]] static constexpr ValueType ref(HeapType heap, bool nullable) {
    ValueType t;
    t.kind_ = nullable ? Kind::ref_null : Kind::ref;
    t.heap_ = heap.bits();
    return t;
  }
  [[nodiscard]] static constexpr ValueType funcref() { return ref(HeapType::Kind::func, true); }
  [[nodiscard]] static constexpr ValueType externref() { return ref(HeapType::Kind::extern_, true); }

  [[nodiscard]] constexpr Kind kind() const { return kind_; }
  [[nodiscard]] constexpr bool is_ref() const { return kind_ == Kind::ref || kind_ == Kind::ref_null; }
  [[nodiscard]] constexpr bool is_nullable() const { return kind_ == Kind::ref_null; }
  [[nodiscard]] constexpr bool is_numeric() const { return kind_ >= Kind::f64 && kind_ <= Kind::i32; }
  [[nodiscard]] constexpr bool is_bottom() const { return kind_ == Kind::bottom; }
  [[nodiscard]] constexpr HeapType heap() const {
    return HeapType::from_bits(heap_);
  }  ///< REQUIRES: is_ref()
  /// A local of this type needs no initialization. (Spec 2.3.1 "defaultable")
  [[nodiscard]] constexpr bool is_defaultable() const { return kind_ != Kind::ref; }
  /// 8-byte slots a value takes: 2 for v128, else 1.
  [[nodiscard]] constexpr uint32_t slots() const { return kind_ == Kind::v128 ? 2 : 1; }
  friend constexpr bool operator==(ValueType, ValueType) = default;

 private:
  Kind kind_ = Kind::bottom;
  uint32_t heap_ = 0;
};

/// The text format's spelling; a defined type reads "(ref null 5)".
[[nodiscard]] HEDDLE_API std::string to_string(HeapType type);
[[nodiscard]] HEDDLE_API std::string to_string(ValueType type);

}  // namespace heddle
