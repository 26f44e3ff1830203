// SPDX-License-Identifier: Apache-2.0
// Handlers of the structure rows. (Spec 4.6.9)
#include "engine/gc/heap.h"
#include "engine/interpreter/handlers.h"
#include "engine/interpreter/storage_access.h"
#include "engine/runtime/gc_ops.h"

namespace heddle::engine {

namespace {

[[nodiscard]] inline const TypeLayout& layout_of(const Word* ip) {
  return *reinterpret_cast<const TypeLayout*>(ip[2]);
}

/// The slot that the new object will go to still holds the one before, as a rule: it shall not outlive its
/// use for that, unless it is a field of the new one.
void clear_destination(const Word* ip, Slot* fp) {
  const auto* const entries = reinterpret_cast<const uint16_t*>(ip + 3);
  for (uint32_t i = 0; i < field<3>(ip); ++i) {
    if (entries[2 * i] == field<0>(ip)) return;
  }
  fp[field<0>(ip)] = 0;
}

/// The way on when no cell is at hand: may collect.
[[gnu::noinline]] gc::Object* allocate_slowly(ExecContext& context, const Word* ip, Slot* fp) noexcept {
  const TypeLayout& layout = layout_of(ip);
  clear_destination(ip, fp);
  context.gc_top = fp + field<1>(ip);
  gc::Object* const object = context.heap->allocate_structure(layout);
  context.gc_top = nullptr;
  return object;
}

[[gnu::noinline]] gc::Object* allocate_default(ExecContext& context, const TypeLayout& layout,
                                               Slot* top) noexcept {
  context.gc_top = top;
  gc::Object* const object = new_structure_default(*context.heap, layout);
  context.gc_top = nullptr;
  return object;
}

[[gnu::always_inline]] inline void store_sized(uint8_t* address, Slot value, uint32_t log2) {
  switch (log2) {
    case 0: std::memcpy(address, &value, 1); break;
    case 1: std::memcpy(address, &value, 2); break;
    case 2: std::memcpy(address, &value, 4); break;
    default: std::memcpy(address, &value, 8);
  }
}

/// Stores whole slots in the fields' order, each over what the one before wrote too much. kTight: the last
/// ones would reach behind the cell, so all are stored by their size.
template <unsigned kStores, bool kTight = false>
HEDDLE_HANDLER void structure_new(HEDDLE_STATE) {
  const TypeLayout& layout = layout_of(ip);
  gc::Object* object = context->heap->take_cell(field<2>(ip));
  if (object == nullptr) [[unlikely]] {
    object = allocate_slowly(*context, ip, fp);
    if (object == nullptr) HEDDLE_TRAP_NOW(no_object_trap(*context));
  }
  object->layout = &layout;
  const uint32_t stores = kStores == 0 ? field<3>(ip) : kStores;
  const auto* entries = reinterpret_cast<const uint16_t*>(ip + 3);
  uint8_t* const bytes = object->bytes();
  for (uint32_t i = 0; i < stores; ++i) {
    const Slot value = fp[entries[2 * i]];
    const uint32_t place = entries[2 * i + 1];
    if constexpr (kTight) {
      const uint32_t offset = place & ((1u << GcHandlers::kOffsetBits) - 1);
      store_sized(bytes + offset, value, place >> GcHandlers::kOffsetBits);
    } else {
      std::memcpy(bytes + place, &value, sizeof value);
    }
  }
  a = gc::slot_of(object);
  fp[field<0>(ip)] = a;
  ip += 3 + (stores + 1) / 2;
  HEDDLE_DISPATCH();
}

HEDDLE_HANDLER void structure_new_default(HEDDLE_STATE) {
  gc::Object* const object = allocate_default(*context, layout_of(ip), fp + field<1>(ip));
  if (object == nullptr) [[unlikely]]
    HEDDLE_TRAP_NOW(no_object_trap(*context));
  a = gc::slot_of(object);
  fp[field<0>(ip)] = a;
  HEDDLE_NEXT(3);
}

template <Storage kStorage, Source kSource, Target kTarget>
HEDDLE_HANDLER void structure_get(HEDDLE_STATE) {
  const Slot reference = read_operand<Slot, kSource, 1>(ip, fp, a, f, d);
  if (reference == 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_reference);
  const uint8_t* const address = gc::object_of(reference)->bytes() + immediate32(ip);
  if constexpr (kStorage == Storage::v128) {
    std::memcpy(fp + field<0>(ip), address, 2 * sizeof(Slot));
  } else {
    write_result<kTarget>(load_stored<kStorage>(address), ip, fp, a, f, d);
  }
  HEDDLE_NEXT(2);
}

template <Storage kStorage, Source kSource>
HEDDLE_HANDLER void structure_set(HEDDLE_STATE) {
  const Slot reference = fp[field<0>(ip)];
  if (reference == 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_reference);
  uint8_t* const address = gc::object_of(reference)->bytes() + immediate32(ip);
  if constexpr (kStorage == Storage::v128) {
    std::memcpy(address, fp + field<1>(ip), 2 * sizeof(Slot));
  } else {
    using Operand = typename StorageTypes<kStorage>::Operand;
    store_stored<kStorage>(address, read_operand<Operand, kSource, 1>(ip, fp, a, f, d));
  }
  HEDDLE_NEXT(2);
}

template <Storage kStorage>
void fill_row(GcHandlers& gc) {
  constexpr unsigned row = static_cast<unsigned>(kStorage);
  constexpr bool is_vector = kStorage == Storage::v128;
  gc.structure_get[row][0][0] = structure_get<kStorage, Source::slot, Target::slot>;
  gc.structure_set[row][0] = structure_set<kStorage, Source::slot>;
  gc.structure_get[row][1][0] = structure_get<kStorage, Source::accumulator, Target::slot>;
  if constexpr (!is_vector) {
    gc.structure_get[row][0][1] = structure_get<kStorage, Source::slot, Target::accumulator>;
    gc.structure_get[row][1][1] = structure_get<kStorage, Source::accumulator, Target::accumulator>;
    gc.structure_set[row][1] = structure_set<kStorage, Source::accumulator>;
  }
}

}  // namespace

void add_structure_handlers(HandlerTable& table) {
  GcHandlers& gc = table.gc;
  gc.structure_new[0] = structure_new<0>;
  gc.structure_new[1] = structure_new<1>;
  gc.structure_new[2] = structure_new<2>;
  gc.structure_new[3] = structure_new<3>;
  gc.structure_new[4] = structure_new<4>;
  gc.structure_new_tight = structure_new<0, true>;
  gc.structure_new_default = structure_new_default;
  fill_row<Storage::s8>(gc);
  fill_row<Storage::u8>(gc);
  fill_row<Storage::s16>(gc);
  fill_row<Storage::u16>(gc);
  fill_row<Storage::i32>(gc);
  fill_row<Storage::i64>(gc);
  fill_row<Storage::f32>(gc);
  fill_row<Storage::f64>(gc);
  fill_row<Storage::v128>(gc);
}

}  // namespace heddle::engine
