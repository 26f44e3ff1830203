// SPDX-License-Identifier: Apache-2.0
// TypeLayout: how objects of one canonical type lie in memory, and what a cast needs to know about the type.
//
// Computed once, when the registry learns the type, and kept with its definition: an object's header points
// to it. A structure's fields stand in declared order, each at its natural alignment (v128: 8), so that a
// subtype's objects begin like its supertype's. A descriptor stands before the fields of the first type in
// the chain that has one, so its place, too, is the same in all subtypes. Offsets count from the object's
// first byte.
#pragma once

#include <cstdint>
#include <vector>

#include "heddle/value_type.h"

namespace heddle::engine {

/// What a value in an object is to the collector.
enum class Traced : uint8_t {
  no,   ///< a number, or a function
  yes,  ///< null, a tagged value, or the address of an object
};

/// The kinds of objects on the heap of a store.
enum class ObjectKind : uint8_t { structure, array, exception };

struct TypeLayout {
  /// Bytes before the fields of a structure: the pointer to this.
  static constexpr uint32_t kHeaderBytes = 8;
  /// Arrays: header, length (u32), unused (u32), elements.
  static constexpr uint32_t kLengthOffset = 8;
  static constexpr uint32_t kElementsOffset = 16;
  /// Exceptions: header, the tag's address, payload slots. A function type lays out the exceptions of its
  /// tags.
  static constexpr uint32_t kTagOffset = 8;
  static constexpr uint32_t kPayloadOffset = 16;

  const uint32_t* display = nullptr;  ///< supertypes' ids, root first, the type itself last
  uint32_t depth = 0;                 ///< how many of them
  uint32_t id = UINT32_MAX;           ///< the type's
  ObjectKind kind = ObjectKind::structure;
  uint8_t element_log2 = 0;      ///< array: log2 of an element's bytes
  Traced elements = Traced::no;  ///< array
  uint32_t bytes = 0;            ///< of the whole object; of an array without elements
  /// Structure: where its descriptor stands. 0, where the header is, if it has none: what stands there is no
  /// object's address, so a comparison with a descriptor fails without another question.
  uint32_t descriptor_offset = 0;
  std::vector<uint32_t> field_offsets;  ///< structure
  std::vector<uint32_t> references;     ///< structure, exception: offsets of what is traced

  /// Is an object of this type also one of the type with this display position and id?
  [[nodiscard]] bool is_below(uint32_t super_depth, uint32_t super_id) const noexcept {
    return depth >= super_depth && display[super_depth - 1] == super_id;
  }
};

/// log2 of the bytes that a value of this type takes in a field or element.
[[nodiscard]] uint8_t storage_log2(ValueType storage) noexcept;

}  // namespace heddle::engine
