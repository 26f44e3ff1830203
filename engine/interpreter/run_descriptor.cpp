// SPDX-License-Identifier: Apache-2.0
// Handlers of structures with descriptors. (Custom descriptors proposal) A null descriptor traps before
// anything else is asked.
#include "engine/gc/heap.h"
#include "engine/interpreter/handlers.h"
#include "engine/runtime/gc_ops.h"

namespace heddle::engine {

namespace {

HEDDLE_HANDLER void check_descriptor(HEDDLE_STATE) {
  if (fp[field<1>(ip)] == 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_descriptor);
  HEDDLE_NEXT(2);
}

[[gnu::noinline]] gc::Object* allocate(ExecContext& context, const TypeLayout& layout, Slot* top,
                                       Slot descriptor) noexcept {
  context.gc_top = top;
  gc::Object* const object = new_described_default(*context.heap, layout, descriptor);
  context.gc_top = nullptr;
  return object;
}

HEDDLE_HANDLER void described_new_default(HEDDLE_STATE) {
  const Slot descriptor = fp[field<2>(ip)];
  if (descriptor == 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_descriptor);
  const TypeLayout& layout = *reinterpret_cast<const TypeLayout*>(ip[2]);
  gc::Object* const object = allocate(*context, layout, fp + field<1>(ip), descriptor);
  if (object == nullptr) [[unlikely]]
    HEDDLE_TRAP_NOW(no_object_trap(*context));
  a = gc::slot_of(object);
  fp[field<0>(ip)] = a;
  HEDDLE_NEXT(3);
}

template <bool kNullPasses>
[[nodiscard]] inline bool is_described_by(Slot reference, Slot descriptor) {
  if (reference == 0) return kNullPasses;
  return gc::is_pointer(reference) && has_descriptor(*gc::object_of(reference), descriptor);
}

/// The reference stays where it is.
template <bool kNullPasses>
HEDDLE_HANDLER void cast_described(HEDDLE_STATE) {
  const Slot descriptor = fp[field<2>(ip)];
  if (descriptor == 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_descriptor);
  if (!is_described_by<kNullPasses>(fp[field<1>(ip)], descriptor)) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::descriptor_cast_failure);
  HEDDLE_NEXT(2);
}

template <bool kNullPasses, bool kWanted, bool kBackward>
HEDDLE_HANDLER void branch_described(HEDDLE_STATE) {
  const Slot descriptor = fp[ip[2]];
  if (descriptor == 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_descriptor);
  if (is_described_by<kNullPasses>(fp[field<0>(ip)], descriptor) == kWanted) {
    if constexpr (kBackward) {
      if (context->interrupt_pending()) [[unlikely]]
        HEDDLE_TRAP_NOW(TrapKind::interrupted);
    }
    ip += distance(ip);
    HEDDLE_DISPATCH();
  }
  HEDDLE_NEXT(3);
}

template <bool kNullPasses>
void fill_nullable(GcHandlers& gc) {
  gc.cast_described[kNullPasses] = cast_described<kNullPasses>;
  auto& branches = gc.branch_described[kNullPasses];
  branches[0][0] = branch_described<kNullPasses, false, false>;
  branches[0][1] = branch_described<kNullPasses, false, true>;
  branches[1][0] = branch_described<kNullPasses, true, false>;
  branches[1][1] = branch_described<kNullPasses, true, true>;
}

}  // namespace

void add_descriptor_handlers(HandlerTable& table) {
  GcHandlers& gc = table.gc;
  gc.check_descriptor = check_descriptor;
  gc.described_new_default = described_new_default;
  fill_nullable<false>(gc);
  fill_nullable<true>(gc);
}

}  // namespace heddle::engine
