// SPDX-License-Identifier: Apache-2.0
// Runtime calls that create objects, and those that touch ranges of arrays.
//
// Creating may collect: the arguments are in slots of the caller's frame, where the collector finds what they
// refer to.
#include "engine/gc/heap.h"
#include "engine/runtime/exec_context.h"
#include "engine/runtime/gc_ops.h"
#include "jit/runtime_calls/runtime_functions.h"

namespace heddle::jit::calls {

using engine::Created;
using engine::Instance;
using engine::Slot;
using engine::TypeDefinition;
using engine::TypeLayout;

namespace {

[[nodiscard]] const TypeDefinition& type_of(const Instance& instance, uint64_t type) {
  return instance.module->registry->get(static_cast<engine::TypeId>(type));
}

[[nodiscard]] TrapKind outcome(const Instance& instance, const Created& created, Slot* slots) {
  if (created.object == nullptr)
    return created.trap != TrapKind::none ? created.trap : engine::no_object_trap(*instance.context);
  slots[0] = engine::gc::slot_of(created.object);
  return TrapKind::none;
}

[[nodiscard]] uint32_t count_in(Slot slot) { return static_cast<uint32_t>(slot); }

}  // namespace

TrapKind new_structure(Instance* instance, Slot* slots, uint64_t type, uint64_t) noexcept {
  return outcome(*instance,
                 {engine::new_structure(*instance->context->heap, type_of(*instance, type), slots)}, slots);
}

TrapKind new_structure_default(Instance* instance, Slot* slots, uint64_t type, uint64_t) noexcept {
  const TypeLayout& layout = type_of(*instance, type).layout;
  return outcome(*instance, {engine::new_structure_default(*instance->context->heap, layout)}, slots);
}

TrapKind new_described(Instance* instance, Slot* slots, uint64_t type, uint64_t) noexcept {
  const TypeDefinition& definition = type_of(*instance, type);
  uint32_t count = 0;
  for (const engine::FieldType& field : definition.fields) count += field.storage.slots();
  engine::gc::Object* const object = engine::new_structure(*instance->context->heap, definition, slots);
  if (object != nullptr) engine::set_descriptor(*object, slots[count]);
  return outcome(*instance, {object}, slots);
}

TrapKind new_described_default(Instance* instance, Slot* slots, uint64_t type, uint64_t) noexcept {
  const TypeLayout& layout = type_of(*instance, type).layout;
  return outcome(*instance, {engine::new_described_default(*instance->context->heap, layout, slots[0])},
                 slots);
}

TrapKind new_array(Instance* instance, Slot* slots, uint64_t type, uint64_t) noexcept {
  const TypeLayout& layout = type_of(*instance, type).layout;
  return outcome(*instance,
                 {engine::new_array(*instance->context->heap, layout, count_in(slots[0]), slots + 1)}, slots);
}

TrapKind new_array_default(Instance* instance, Slot* slots, uint64_t type, uint64_t) noexcept {
  const TypeLayout& layout = type_of(*instance, type).layout;
  return outcome(*instance, {engine::new_array_default(*instance->context->heap, layout, count_in(slots[0]))},
                 slots);
}

TrapKind new_array_fixed(Instance* instance, Slot* slots, uint64_t type, uint64_t length) noexcept {
  const TypeLayout& layout = type_of(*instance, type).layout;
  return outcome(
      *instance,
      {engine::new_array_fixed(*instance->context->heap, layout, static_cast<uint32_t>(length), slots)},
      slots);
}

TrapKind new_array_data(Instance* instance, Slot* slots, uint64_t type, uint64_t segment) noexcept {
  const TypeLayout& layout = type_of(*instance, type).layout;
  return outcome(*instance,
                 engine::new_array_data(*instance, layout, static_cast<uint32_t>(segment), count_in(slots[0]),
                                        count_in(slots[1])),
                 slots);
}

TrapKind new_array_elements(Instance* instance, Slot* slots, uint64_t type, uint64_t segment) noexcept {
  const TypeLayout& layout = type_of(*instance, type).layout;
  return outcome(*instance,
                 engine::new_array_elements(*instance, layout, static_cast<uint32_t>(segment),
                                            count_in(slots[0]), count_in(slots[1])),
                 slots);
}

TrapKind array_fill(Instance* instance, Slot* slots, uint64_t, uint64_t) noexcept {
  return engine::array_fill(*instance->context, slots[0], count_in(slots[1]), slots + 3, count_in(slots[2]));
}

TrapKind array_copy(Instance* instance, Slot* slots, uint64_t, uint64_t) noexcept {
  return engine::array_copy(*instance->context, slots[0], count_in(slots[1]), slots[2], count_in(slots[3]),
                            count_in(slots[4]));
}

TrapKind array_init_data(Instance* instance, Slot* slots, uint64_t segment, uint64_t) noexcept {
  return engine::array_init_data(*instance, static_cast<uint32_t>(segment), slots[0], count_in(slots[1]),
                                 count_in(slots[2]), count_in(slots[3]));
}

TrapKind array_init_elements(Instance* instance, Slot* slots, uint64_t segment, uint64_t) noexcept {
  return engine::array_init_elements(*instance, static_cast<uint32_t>(segment), slots[0], count_in(slots[1]),
                                     count_in(slots[2]), count_in(slots[3]));
}

}  // namespace heddle::jit::calls
