// SPDX-License-Identifier: Apache-2.0
// Value: one WebAssembly value with its type: a number, a vector, or a reference.
#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstdint>
#include <string>

#include <heddle/export.h>
#include <heddle/handle.h>
#include <heddle/value_type.h>

namespace heddle {

class Function;

/// What a reference refers to, whatever type it is seen as.
enum class ReferenceKind : uint8_t { null, function, host, i31, structure, array, exception };

/// 128 bits; byte 0 is the least significant, as in guest memory.
struct V128 {
  std::array<uint8_t, 16> bytes{};
  friend bool operator==(const V128&, const V128&) = default;
};

/// Plain data, but for references to functions and to a store's objects, which are handles (see handle.h).
///
/// A reference to an object keeps it alive until the last copy of the Value is gone (or the store is).
/// An externref is a pointer the host chose; Heddle never follows it, and the host keeps alive what it points
/// to. The null pointer is the null reference. Its two highest bits must be clear, as addresses' are; passing
/// another one to a store is refused.
class HEDDLE_API Value {
 public:
  Value() noexcept : type_(ValueType::Kind::i32) {}
  /// Integers of up to 32 bits become i32, of 64 bits i64; signed or not, the bits are kept.
  template <std::integral T>
  Value(T value) noexcept  // NOLINT: implicit by design
      : type_(sizeof(T) == 8 ? ValueType::Kind::i64 : ValueType::Kind::i32) {
    bits_[0] = sizeof(T) == 8 ? static_cast<uint64_t>(value) : static_cast<uint32_t>(value);
  }
  Value(float value) noexcept : type_(ValueType::Kind::f32) {
    bits_[0] = std::bit_cast<uint32_t>(value);
  }  // NOLINT
  Value(double value) noexcept : type_(ValueType::Kind::f64) {
    bits_[0] = std::bit_cast<uint64_t>(value);
  }  // NOLINT
  Value(V128 value) noexcept : type_(ValueType::Kind::v128), bits_(std::bit_cast<Bits>(value)) {}  // NOLINT
  /// A reference to a function; null if the handle is empty.
  Value(const Function& function);  // NOLINT: implicit by design
  [[nodiscard]] static Value externref(void* pointer) noexcept;
  /// The same pointer in the hierarchy of anyref, as any.convert_extern gives it.
  [[nodiscard]] static Value anyref(void* pointer) noexcept;
  /// A small integer as a reference. The value's highest bit is lost.
  [[nodiscard]] static Value i31(uint32_t value) noexcept;
  /// The null reference of a family: func, extern_, any (also for struct_, array, i31, eq) or exn.
  [[nodiscard]] static Value null(HeapType::Kind family) noexcept;

  /// The exact type: a null reference has its family's bottom type, a function its own type.
  [[nodiscard]] ValueType type() const noexcept { return type_; }
  [[nodiscard]] bool is_null() const noexcept { return type_.is_ref() && bits_[0] == 0; }
  /// REQUIRES: type() is a reference.
  [[nodiscard]] ReferenceKind reference_kind() const noexcept;

  // REQUIRES for each: type() is that type. Signed and unsigned views show the same bits.
  [[nodiscard]] int32_t i32() const noexcept { return static_cast<int32_t>(bits(ValueType::Kind::i32)); }
  [[nodiscard]] uint32_t u32() const noexcept { return static_cast<uint32_t>(bits(ValueType::Kind::i32)); }
  [[nodiscard]] int64_t i64() const noexcept { return static_cast<int64_t>(bits(ValueType::Kind::i64)); }
  [[nodiscard]] uint64_t u64() const noexcept { return bits(ValueType::Kind::i64); }
  [[nodiscard]] float f32() const noexcept { return std::bit_cast<float>(f32_bits()); }
  [[nodiscard]] double f64() const noexcept { return std::bit_cast<double>(f64_bits()); }
  [[nodiscard]] uint32_t f32_bits() const noexcept {
    return static_cast<uint32_t>(bits(ValueType::Kind::f32));
  }
  [[nodiscard]] uint64_t f64_bits() const noexcept { return bits(ValueType::Kind::f64); }
  [[nodiscard]] V128 v128() const noexcept { return std::bit_cast<V128>(bits_); }
  /// The host's pointer, of externref() or anyref(); null for the null reference and what is not the host's.
  [[nodiscard]] void* externref() const noexcept {
    return reinterpret_cast<void*>(link_ == nullptr ? bits_[0] : 0);  // NOLINT: a payload
  }
  /// The integer of a reference of ReferenceKind::i31, sign-extended.
  [[nodiscard]] int32_t i31() const noexcept { return static_cast<int32_t>(bits_[0]) >> 1; }
  /// The function referred to; an empty handle if null or not a function.
  [[nodiscard]] Function function() const;

  /// Same type and same bits: NaNs equal themselves, 0.0 and -0.0 differ.
  friend bool operator==(const Value&, const Value&) = default;

 private:
  friend struct detail::Access;
  using Bits = std::array<uint64_t, 2>;
  Value(ValueType type, Bits bits, std::shared_ptr<detail::StoreLink> link) noexcept
      : type_(type), bits_(bits), link_(std::move(link)) {}

  [[nodiscard]] uint64_t bits([[maybe_unused]] ValueType::Kind kind) const noexcept {
    assert(type_.kind() == kind);
    return bits_[0];
  }

  ValueType type_;
  Bits bits_{};
  /// Of what belongs to a store. The host's pointers have none, and stand in bits_ as they are; all else that
  /// is a reference stands there as in a slot, beside its ReferenceKind. The link of an object is its root
  /// too.
  std::shared_ptr<detail::StoreLink> link_;
};

/// The text format's literal, e.g. "42", "-0.5", "nan:0x200000", "null", "func"; parses back for numbers.
[[nodiscard]] HEDDLE_API std::string to_string(const Value& value);

}  // namespace heddle
