// SPDX-License-Identifier: Apache-2.0
// Handlers of the array rows. (Spec 4.6.10)
#include "engine/gc/heap.h"
#include "engine/interpreter/handlers.h"
#include "engine/interpreter/storage_access.h"
#include "engine/runtime/gc_ops.h"

namespace heddle::engine {

namespace {

[[nodiscard]] inline const TypeLayout& layout_of(const Word* ip) {
  return *reinterpret_cast<const TypeLayout*>(ip[2]);
}

[[nodiscard]] inline gc::Array* array_of(Slot reference) {
  return static_cast<gc::Array*>(gc::object_of(reference));
}

// Creation. The work is done in functions of their own, which may collect.

using Maker = Created (*)(const Word* ip, Slot* fp, ExecContext& context, Instance& instance);

[[gnu::noinline]] Created make_filled(const Word* ip, Slot* fp, ExecContext& context, Instance&) {
  const auto length = static_cast<uint32_t>(fp[field<3>(ip)]);
  return {new_array(*context.heap, layout_of(ip), length, fp + field<2>(ip))};
}

[[gnu::noinline]] Created make_default(const Word* ip, Slot* fp, ExecContext& context, Instance&) {
  return {new_array_default(*context.heap, layout_of(ip), static_cast<uint32_t>(fp[field<2>(ip)]))};
}

[[gnu::noinline]] Created make_fixed(const Word* ip, Slot* fp, ExecContext& context, Instance&) {
  return {new_array_fixed(*context.heap, layout_of(ip), static_cast<uint32_t>(ip[3]), fp + field<2>(ip))};
}

[[gnu::noinline]] Created make_from_data(const Word* ip, Slot* fp, ExecContext&, Instance& instance) {
  return new_array_data(instance, layout_of(ip), static_cast<uint32_t>(ip[3]),
                        static_cast<uint32_t>(fp[field<2>(ip)]), static_cast<uint32_t>(fp[field<3>(ip)]));
}

[[gnu::noinline]] Created make_from_elements(const Word* ip, Slot* fp, ExecContext&, Instance& instance) {
  return new_array_elements(instance, layout_of(ip), static_cast<uint32_t>(ip[3]),
                            static_cast<uint32_t>(fp[field<2>(ip)]), static_cast<uint32_t>(fp[field<3>(ip)]));
}

template <Maker kMake, unsigned kWords>
HEDDLE_HANDLER void create(HEDDLE_STATE) {
  context->gc_top = fp + field<1>(ip);
  const Created created = kMake(ip, fp, *context, *instance);
  context->gc_top = nullptr;
  if (created.object == nullptr) [[unlikely]]
    HEDDLE_TRAP_NOW(created.trap != TrapKind::none ? created.trap : no_object_trap(*context));
  a = gc::slot_of(created.object);
  fp[field<0>(ip)] = a;
  HEDDLE_NEXT(kWords);
}

// Elements.

template <Storage kStorage>
inline constexpr unsigned kElementBytes = sizeof(typename StorageTypes<kStorage>::Stored);
template <>
inline constexpr unsigned kElementBytes<Storage::v128> = 16;

template <Storage kStorage, Source kIndex, Target kTarget>
HEDDLE_HANDLER void array_get(HEDDLE_STATE) {
  const Slot reference = fp[field<1>(ip)];
  if (reference == 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_reference);
  const gc::Array* const array = array_of(reference);
  const uint32_t index = read_operand<uint32_t, kIndex, 2>(ip, fp, a, f, d);
  if (index >= array->length) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::array_out_of_bounds);
  const uint8_t* const address = array->elements() + uint64_t{index} * kElementBytes<kStorage>;
  if constexpr (kStorage == Storage::v128) {
    std::memcpy(fp + field<0>(ip), address, 2 * sizeof(Slot));
  } else {
    write_result<kTarget>(load_stored<kStorage>(address), ip, fp, a, f, d);
  }
  HEDDLE_NEXT(2);
}

template <Storage kStorage, Source kIndex, Source kValue>
HEDDLE_HANDLER void array_set(HEDDLE_STATE) {
  const Slot reference = fp[field<0>(ip)];
  if (reference == 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_reference);
  gc::Array* const array = array_of(reference);
  const uint32_t index = read_operand<uint32_t, kIndex, 2>(ip, fp, a, f, d);
  if (index >= array->length) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::array_out_of_bounds);
  uint8_t* const address = array->elements() + uint64_t{index} * kElementBytes<kStorage>;
  if constexpr (kStorage == Storage::v128) {
    std::memcpy(address, fp + field<1>(ip), 2 * sizeof(Slot));
  } else {
    using Operand = typename StorageTypes<kStorage>::Operand;
    store_stored<kStorage>(address, read_operand<Operand, kValue, 1>(ip, fp, a, f, d));
  }
  HEDDLE_NEXT(2);
}

template <Source kSource, Target kTarget>
HEDDLE_HANDLER void array_length(HEDDLE_STATE) {
  const Slot reference = read_operand<Slot, kSource, 1>(ip, fp, a, f, d);
  if (reference == 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_reference);
  write_result<kTarget>(array_of(reference)->length, ip, fp, a, f, d);
  HEDDLE_NEXT(2);
}

// Ranges.

[[nodiscard]] inline uint32_t count_in(const Slot* slot) { return static_cast<uint32_t>(*slot); }

HEDDLE_HANDLER void fill(HEDDLE_STATE) {
  const TrapKind trap = array_fill(*context, fp[field<0>(ip)], count_in(fp + field<1>(ip)), fp + field<2>(ip),
                                   count_in(fp + field<3>(ip)));
  if (trap != TrapKind::none) [[unlikely]]
    HEDDLE_TRAP_NOW(trap);
  HEDDLE_NEXT(2);
}

HEDDLE_HANDLER void copy(HEDDLE_STATE) {
  const TrapKind trap = array_copy(*context, fp[field<0>(ip)], count_in(fp + field<1>(ip)), fp[field<2>(ip)],
                                   count_in(fp + field<3>(ip)), count_in(fp + ip[2]));
  if (trap != TrapKind::none) [[unlikely]]
    HEDDLE_TRAP_NOW(trap);
  HEDDLE_NEXT(3);
}

using Initializer = TrapKind (*)(Instance&, uint32_t, Slot, uint32_t, uint32_t, uint32_t) noexcept;

template <Initializer kInitialize>
HEDDLE_HANDLER void initialize(HEDDLE_STATE) {
  const TrapKind trap =
      kInitialize(*instance, static_cast<uint32_t>(ip[2]), fp[field<0>(ip)], count_in(fp + field<1>(ip)),
                  count_in(fp + field<2>(ip)), count_in(fp + field<3>(ip)));
  if (trap != TrapKind::none) [[unlikely]]
    HEDDLE_TRAP_NOW(trap);
  HEDDLE_NEXT(3);
}

template <Storage kStorage, Source kIndex>
void fill_get(GcHandlers& gc) {
  auto& forms = gc.array_get[static_cast<unsigned>(kStorage)][static_cast<unsigned>(kIndex)];
  forms[0] = array_get<kStorage, kIndex, Target::slot>;
  if constexpr (kStorage != Storage::v128) forms[1] = array_get<kStorage, kIndex, Target::accumulator>;
}

template <Storage kStorage, Source kIndex>
void fill_set(GcHandlers& gc) {
  auto& forms = gc.array_set[static_cast<unsigned>(kStorage)][kIndex == Source::immediate];
  forms[0] = array_set<kStorage, kIndex, Source::slot>;
  if constexpr (kStorage != Storage::v128) forms[1] = array_set<kStorage, kIndex, Source::accumulator>;
}

template <Storage kStorage>
void fill_row(GcHandlers& gc) {
  fill_get<kStorage, Source::slot>(gc);
  fill_get<kStorage, Source::accumulator>(gc);
  fill_get<kStorage, Source::immediate>(gc);
  fill_set<kStorage, Source::slot>(gc);
  fill_set<kStorage, Source::immediate>(gc);
}

}  // namespace

void add_array_handlers(HandlerTable& table) {
  GcHandlers& gc = table.gc;
  gc.array_new = create<make_filled, 3>;
  gc.array_new_default = create<make_default, 3>;
  gc.array_new_fixed = create<make_fixed, 4>;
  gc.array_new_data = create<make_from_data, 4>;
  gc.array_new_elements = create<make_from_elements, 4>;
  gc.array_length[0][0] = array_length<Source::slot, Target::slot>;
  gc.array_length[0][1] = array_length<Source::slot, Target::accumulator>;
  gc.array_length[1][0] = array_length<Source::accumulator, Target::slot>;
  gc.array_length[1][1] = array_length<Source::accumulator, Target::accumulator>;
  gc.array_fill = fill;
  gc.array_copy = copy;
  gc.array_init_data = initialize<array_init_data>;
  gc.array_init_elements = initialize<array_init_elements>;
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
