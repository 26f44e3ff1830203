// SPDX-License-Identifier: Apache-2.0
// Handlers of casts, tests, branches on them, and i31. (Spec 4.6.7, 4.6.8)
//
// A cast is a question about bits (see gc/object.h) or about the layout an object's header points to: never a
// walk.
#include "engine/gc/object.h"
#include "engine/interpreter/handlers.h"
#include "engine/runtime/gc_ops.h"

namespace heddle::engine {

namespace {

[[nodiscard]] inline const TypeLayout& target_of(const Word* ip) {
  return *reinterpret_cast<const TypeLayout*>(ip[2]);
}

template <CastKind kKind, bool kNullPasses>
[[nodiscard]] inline bool is_of(Slot reference, const Word* ip, const Instance* instance) {
  if (reference == 0) return kNullPasses;
  if constexpr (kKind == CastKind::nothing) {
    return false;
  } else if constexpr (kKind == CastKind::anything) {
    return true;
  } else if constexpr (kKind == CastKind::equal) {
    return !gc::is_host(reference);
  } else if constexpr (kKind == CastKind::i31) {
    return gc::is_i31(reference);
  } else if constexpr (kKind == CastKind::function) {
    return is_function_below(reference, target_of(ip), *instance);
  } else if constexpr (kKind == CastKind::exact_function) {
    return type_of_function(reference) == target_of(ip).id;
  } else {
    if (!gc::is_pointer(reference)) return false;
    const TypeLayout* const layout = gc::object_of(reference)->layout;
    if constexpr (kKind == CastKind::structure) return layout->kind == ObjectKind::structure;
    if constexpr (kKind == CastKind::array) return layout->kind == ObjectKind::array;
    const TypeLayout& target = target_of(ip);
    if (layout == &target) return true;
    if constexpr (kKind == CastKind::exact) return false;
    return layout->is_below(target.depth, target.id);
  }
}

template <CastKind kKind, bool kNullPasses>
HEDDLE_HANDLER void test(HEDDLE_STATE) {
  a = is_of<kKind, kNullPasses>(fp[field<1>(ip)], ip, instance);
  fp[field<0>(ip)] = a;
  HEDDLE_NEXT(3);
}

/// The reference stays where it is.
template <CastKind kKind, bool kNullPasses>
HEDDLE_HANDLER void cast(HEDDLE_STATE) {
  if (!is_of<kKind, kNullPasses>(fp[field<1>(ip)], ip, instance)) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::cast_failure);
  HEDDLE_NEXT(3);
}

template <CastKind kKind, bool kNullPasses, bool kWanted, bool kBackward>
HEDDLE_HANDLER void branch(HEDDLE_STATE) {
  if (is_of<kKind, kNullPasses>(fp[field<0>(ip)], ip, instance) == kWanted) {
    if constexpr (kBackward) {
      if (context->must_answer()) [[unlikely]]
        HEDDLE_POLL();
    }
    ip += distance(ip);
    HEDDLE_DISPATCH();
  }
  HEDDLE_NEXT(3);
}

// i31.

template <Source kSource, Target kTarget>
HEDDLE_HANDLER void i31_new(HEDDLE_STATE) {
  const uint64_t made = gc::make_i31(read_operand<uint32_t, kSource, 1>(ip, fp, a, f, d));
  write_result<kTarget>(made, ip, fp, a, f, d);
  HEDDLE_NEXT(2);
}

template <bool kSigned, Source kSource, Target kTarget>
HEDDLE_HANDLER void i31_get(HEDDLE_STATE) {
  const Slot reference = read_operand<Slot, kSource, 1>(ip, fp, a, f, d);
  if (reference == 0) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_reference);
  const uint32_t value =
      kSigned ? static_cast<uint32_t>(gc::i31_signed(reference)) : gc::i31_unsigned(reference);
  write_result<kTarget>(value, ip, fp, a, f, d);
  HEDDLE_NEXT(2);
}

template <CastKind kKind, bool kNullPasses>
void fill_nullable(GcHandlers& gc) {
  constexpr unsigned row = static_cast<unsigned>(kKind);
  gc.test[row][kNullPasses] = test<kKind, kNullPasses>;
  gc.cast[row][kNullPasses] = cast<kKind, kNullPasses>;
  auto& branches = gc.branch[row][kNullPasses];
  branches[0][0] = branch<kKind, kNullPasses, false, false>;
  branches[0][1] = branch<kKind, kNullPasses, false, true>;
  branches[1][0] = branch<kKind, kNullPasses, true, false>;
  branches[1][1] = branch<kKind, kNullPasses, true, true>;
}

template <CastKind kKind>
void fill_kind(GcHandlers& gc) {
  fill_nullable<kKind, false>(gc);
  fill_nullable<kKind, true>(gc);
}

template <Source kSource, Target kTarget>
void fill_i31(GcHandlers& gc) {
  constexpr unsigned source = static_cast<unsigned>(kSource);
  constexpr unsigned target = static_cast<unsigned>(kTarget);
  gc.i31_new[source][target] = i31_new<kSource, kTarget>;
  gc.i31_get[0][source][target] = i31_get<false, kSource, kTarget>;
  gc.i31_get[1][source][target] = i31_get<true, kSource, kTarget>;
}

}  // namespace

void add_reference_handlers(HandlerTable& table) {
  GcHandlers& gc = table.gc;
  fill_kind<CastKind::nothing>(gc);
  fill_kind<CastKind::anything>(gc);
  fill_kind<CastKind::equal>(gc);
  fill_kind<CastKind::i31>(gc);
  fill_kind<CastKind::structure>(gc);
  fill_kind<CastKind::array>(gc);
  fill_kind<CastKind::below>(gc);
  fill_kind<CastKind::exact>(gc);
  fill_kind<CastKind::function>(gc);
  fill_kind<CastKind::exact_function>(gc);
  fill_i31<Source::slot, Target::slot>(gc);
  fill_i31<Source::slot, Target::accumulator>(gc);
  fill_i31<Source::accumulator, Target::slot>(gc);
  fill_i31<Source::accumulator, Target::accumulator>(gc);
}

}  // namespace heddle::engine
