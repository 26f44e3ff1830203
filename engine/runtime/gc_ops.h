// SPDX-License-Identifier: Apache-2.0
// Operations on objects that are more than a load or store: creation, and ranges of arrays, for every tier.
//
// Creation returns null when the heap is full or the guest is to stop: see no_object_trap. Whoever creates
// from guest code says first where its frames end (ExecContext::gc_top). What touches many elements looks for
// interrupts between chunks. (Spec 4.6.9, 4.6.10)
#pragma once

#include <cstdint>
#include <cstring>

#include "engine/gc/heap.h"
#include "engine/module/types.h"
#include "engine/runtime/exec_context.h"
#include "engine/runtime/slot.h"
#include "heddle/trap.h"

namespace heddle::engine {

struct Instance;

/// A new object, or why there is none; without a trap, no_object_trap() knows.
struct Created {
  gc::Object* object = nullptr;
  TrapKind trap = TrapKind::none;
};

[[nodiscard]] gc::Object* new_structure_default(gc::Heap& heap, const TypeLayout& layout) noexcept;
/// `values`: the fields' slots, one after another.
[[nodiscard]] gc::Object* new_structure(gc::Heap& heap, const TypeDefinition& type,
                                        const Slot* values) noexcept;
/// REQUIRES: the type has a descriptor, which is not null.
[[nodiscard]] gc::Object* new_described_default(gc::Heap& heap, const TypeLayout& layout,
                                                Slot descriptor) noexcept;
[[nodiscard]] gc::Object* new_array_default(gc::Heap& heap, const TypeLayout& layout,
                                            uint32_t length) noexcept;
[[nodiscard]] gc::Object* new_array(gc::Heap& heap, const TypeLayout& layout, uint32_t length,
                                    const Slot* value) noexcept;
/// `values`: the elements' slots, one after another.
[[nodiscard]] gc::Object* new_array_fixed(gc::Heap& heap, const TypeLayout& layout, uint32_t length,
                                          const Slot* values) noexcept;
[[nodiscard]] Created new_array_data(Instance& instance, const TypeLayout& layout, uint32_t segment,
                                     uint32_t from, uint32_t length) noexcept;
[[nodiscard]] Created new_array_elements(Instance& instance, const TypeLayout& layout, uint32_t segment,
                                         uint32_t from, uint32_t length) noexcept;

/// Why creation gave null.
[[nodiscard]] inline TrapKind no_object_trap(const ExecContext& context) noexcept {
  return context.interrupt_pending() ? TrapKind::interrupted : TrapKind::out_of_memory;
}

// These trap before they write anything, unless they are interrupted; array references may be null.
[[nodiscard]] TrapKind array_fill(const ExecContext& context, Slot array, uint32_t index, const Slot* value,
                                  uint32_t count) noexcept;
[[nodiscard]] TrapKind array_copy(const ExecContext& context, Slot to_array, uint32_t to, Slot from_array,
                                  uint32_t from, uint32_t count) noexcept;
[[nodiscard]] TrapKind array_init_data(Instance& instance, uint32_t segment, Slot array, uint32_t to,
                                       uint32_t from, uint32_t count) noexcept;
[[nodiscard]] TrapKind array_init_elements(Instance& instance, uint32_t segment, Slot array, uint32_t to,
                                           uint32_t from, uint32_t count) noexcept;

/// REQUIRES: the object's type has a descriptor.
inline void set_descriptor(gc::Object& object, Slot descriptor) noexcept {
  std::memcpy(object.bytes() + object.layout->descriptor_offset, &descriptor, sizeof descriptor);
}
/// Is that the object's descriptor? False if it has none: see TypeLayout::descriptor_offset.
[[nodiscard]] inline bool has_descriptor(const gc::Object& object, Slot descriptor) noexcept {
  Slot own;
  std::memcpy(&own, object.bytes() + object.layout->descriptor_offset, sizeof own);
  return own == descriptor;
}

/// The field or element at `address` as an operand; i8 and i16 are extended as asked for.
void load_storage(ValueType storage, const uint8_t* address, bool is_signed, Slot (&value)[2]) noexcept;

/// References to functions: the function's own type.
[[nodiscard]] TypeId type_of_function(Slot function) noexcept;
/// Is it the given one, or below it?
[[nodiscard]] bool is_function_below(Slot function, const TypeLayout& target,
                                     const Instance& instance) noexcept;

}  // namespace heddle::engine
