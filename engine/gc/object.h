// SPDX-License-Identifier: Apache-2.0
// Object: a structure, array or exception on the heap of a store; and how a slot tells references apart.
//
// A reference in a slot is
//   0                      null
//   (value << 1) | 1       an i31, in the low 32 bits
//   (payload << 2) | 2     what a host passed as externref
//   a multiple of 8        an object
// so any.convert_extern and extern.convert_any change nothing. References to functions are a hierarchy of
// their own (Function addresses) and never meet these.
#pragma once

#include <cstdint>
#include <cstring>

#include "engine/module/layout.h"

namespace heddle::engine::gc {

/// What every object begins with. The layout says what follows: see TypeLayout.
struct Object {
  const TypeLayout* layout;

  [[nodiscard]] uint8_t* bytes() noexcept { return reinterpret_cast<uint8_t*>(this); }
  [[nodiscard]] const uint8_t* bytes() const noexcept { return reinterpret_cast<const uint8_t*>(this); }

  [[nodiscard]] uint64_t* payload() noexcept {  ///< of an exception: slots of the tag's parameters
    return reinterpret_cast<uint64_t*>(bytes() + TypeLayout::kPayloadOffset);
  }
};

struct Array : Object {
  uint32_t length;
  uint32_t unused;

  [[nodiscard]] uint8_t* elements() noexcept { return bytes() + TypeLayout::kElementsOffset; }
  [[nodiscard]] const uint8_t* elements() const noexcept { return bytes() + TypeLayout::kElementsOffset; }
};
static_assert(sizeof(Object) == TypeLayout::kHeaderBytes && sizeof(Array) == TypeLayout::kElementsOffset);

struct Exception : Object {
  const void* tag;  ///< the identity of the tag it was thrown with
};
static_assert(sizeof(Exception) == TypeLayout::kPayloadOffset);

[[nodiscard]] constexpr bool is_i31(uint64_t slot) { return (slot & 1) != 0; }
[[nodiscard]] constexpr bool is_host(uint64_t slot) { return (slot & 3) == 2; }
/// True for null too.
[[nodiscard]] constexpr bool is_pointer(uint64_t slot) { return (slot & 3) == 0; }

[[nodiscard]] constexpr uint64_t make_i31(uint32_t value) { return uint32_t{value << 1 | 1}; }
[[nodiscard]] constexpr int32_t i31_signed(uint64_t slot) { return static_cast<int32_t>(slot) >> 1; }
[[nodiscard]] constexpr uint32_t i31_unsigned(uint64_t slot) { return static_cast<uint32_t>(slot) >> 1; }

/// Null stays null. Payloads that use their two highest bits are lost: see fits_host().
[[nodiscard]] constexpr uint64_t make_host(uint64_t payload) { return payload == 0 ? 0 : payload << 2 | 2; }
[[nodiscard]] constexpr uint64_t host_payload(uint64_t slot) { return slot >> 2; }
[[nodiscard]] constexpr bool fits_host(uint64_t payload) { return payload >> 62 == 0; }

/// REQUIRES: an object, not null.
[[nodiscard]] inline Object* object_of(uint64_t slot) {
  return reinterpret_cast<Object*>(slot);  // NOLINT: what the slot holds
}
[[nodiscard]] inline uint64_t slot_of(const Object* object) { return reinterpret_cast<uint64_t>(object); }

}  // namespace heddle::engine::gc
