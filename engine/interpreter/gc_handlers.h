// SPDX-License-Identifier: Apache-2.0
// GcHandlers: the handlers of structures, arrays, i31 and casts, by the shape of their operands.
#pragma once

#include <cstdint>

#include "engine/interpreter/dispatch.h"
#include "engine/interpreter/operands.h"

namespace heddle::engine {

/// How a field or element is read: the value's class, and what becomes of narrow ones.
enum class Storage : uint8_t { s8, u8, s16, u16, i32, i64, f32, f64, v128 };
inline constexpr unsigned kStorages = 9;

/// What a cast asks of a reference that is not null.
enum class CastKind : uint8_t {
  nothing,   ///< a bottom type: no reference is it
  anything,  ///< a top type: every one is
  equal,     ///< an i31, a structure or an array
  i31,
  structure,
  array,
  below,           ///< an object of the type in word 2, or of one below it
  exact,           ///< an object of the very type in word 2
  function,        ///< a function of the type in word 2, or of one below it
  exact_function,  ///< a function of the very type in word 2
};
inline constexpr unsigned kCastKinds = 10;

/// Creation: the words say where the frame's references end ("top"). Word 2 is the type's layout.
struct GcHandlers {
  /// destination, top, size class, stores | layout | two stores a word: slot, offset in the object; [0] for
  /// any number of them, [n] for n. `tight`: log2 of each store's bytes stands above its offset.
  static constexpr unsigned kMostStores = 4;
  static constexpr unsigned kOffsetBits = 14;
  Handler structure_new[kMostStores + 1] = {};
  Handler structure_new_tight = nullptr;
  Handler structure_new_default = nullptr;  ///< destination, top | layout
  Handler array_new = nullptr;              ///< destination, top, value, length | layout
  Handler array_new_default = nullptr;      ///< destination, top, length | layout
  Handler array_new_fixed = nullptr;        ///< destination, top, first element | layout | length
  Handler array_new_data = nullptr;         ///< destination, top, from, length | layout | segment
  Handler array_new_elements = nullptr;     ///< destination, top, from, length | layout | segment

  Handler structure_get[kStorages][2][2] = {};  ///< [Source][Target] destination, reference, offset
  Handler structure_set[kStorages][2] = {};     ///< [Source of the value] reference, value, offset
  /// [Source of the index][Target] destination, array, index
  Handler array_get[kStorages][3][2] = {};
  /// [index is an immediate][Source of the value] array, value, index
  Handler array_set[kStorages][2][2] = {};
  Handler array_length[2][2] = {};    ///< [Source][Target] destination, array
  Handler array_fill = nullptr;       ///< array, index, value, count
  Handler array_copy = nullptr;       ///< to array, to, from array, from | count
  Handler array_init_data = nullptr;  ///< array, to, from, count | segment
  Handler array_init_elements = nullptr;

  Handler i31_new[2][2] = {};     ///< [Source][Target] destination, value
  Handler i31_get[2][2][2] = {};  ///< [signed][Source][Target] destination, reference

  Handler test[kCastKinds][2] = {};          ///< [null passes] destination, reference | layout
  Handler cast[kCastKinds][2] = {};          ///< [null passes] -, reference | layout
  Handler branch[kCastKinds][2][2][2] = {};  ///< [null passes][branch if it fails, succeeds][forward,
                                             ///< backward] reference, -, distance | layout

  // Descriptors.
  Handler check_descriptor = nullptr;       ///< -, descriptor: traps if it is null
  Handler described_new_default = nullptr;  ///< destination, top, descriptor | layout
  Handler cast_described[2] = {};           ///< [null passes] -, reference, descriptor
  /// [null passes][branch if it fails, succeeds][forward, backward] reference, -, distance | descriptor
  Handler branch_described[2][2][2] = {};
};

struct HandlerTable;
void add_structure_handlers(HandlerTable& table);
void add_array_handlers(HandlerTable& table);
void add_reference_handlers(HandlerTable& table);
void add_descriptor_handlers(HandlerTable& table);

}  // namespace heddle::engine
