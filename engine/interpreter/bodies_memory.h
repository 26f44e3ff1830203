// SPDX-License-Identifier: Apache-2.0
// Bodies of loads and stores. How those of a guarded memory trap is told in guarded_access.h.
#pragma once

#include <cstring>

#include "engine/interpreter/checked_access.h"
#include "engine/interpreter/guarded_access.h"
#include "engine/interpreter/handler_body.h"
#include "engine/interpreter/operands.h"

namespace heddle::engine {

template <class M, class V>
struct AccessTypes {
  using InMemory = M;
  using Value = V;
};

/// The types of a load's or a store's row.
template <Opcode>
struct AccessOf;

#define WASM_LOAD(name, code, text, immediate, signature, feature, access_log2, ...) \
  template <>                                                                        \
  struct AccessOf<Opcode::name> : AccessTypes<__VA_ARGS__> {};
#define WASM_STORE WASM_LOAD
#include "engine/opcodes/opcodes.def"

template <Opcode kOpcode, Address kAddress, Target kTarget>
struct LoadGuarded {
  using V = typename AccessOf<kOpcode>::Value;
  static constexpr bool kFaults = true;
  static constexpr SlotUse kUse = slots_of_address<kAddress>(1).writes(kSlotType<V>, kTarget == Target::slot);
  HEDDLE_BODY {
    hold_ip(ip);
    const uint64_t address = effective_address<kAddress, 1>(slots, ip, fp, a);
    typename AccessOf<kOpcode>::InMemory loaded;
    std::memcpy(&loaded, probe<sizeof loaded>(memory + address, HEDDLE_PASS), sizeof loaded);
    V value = static_cast<V>(loaded);
    finish_load(ip, value);
    write_result<kTarget>(slots, value, ip, fp, a, f, d);
    ip += 2;
    return Flow::next;
  }
};

template <class V, Source kSource, class Slots>
[[nodiscard, gnu::always_inline]] inline V stored_value(const Slots& slots, const Word* ip, const Slot* fp,
                                                        uint64_t a, float f, double d) {
  if constexpr (kSource == Source::immediate) {
    V value;
    std::memcpy(&value, ip + 2, sizeof value);
    return value;
  } else {
    return read_operand<V, kSource, 1>(slots, ip, fp, a, f, d);
  }
}

template <Opcode kOpcode, Address kAddress, Source kSource>
struct StoreGuarded {
  using M = typename AccessOf<kOpcode>::InMemory;
  using V = typename AccessOf<kOpcode>::Value;
  static constexpr bool kFaults = true;
  static constexpr SlotUse kUse =
      slots_of_address<kAddress>(0).reads(1, kSlotType<V>, kSource == Source::slot);
  HEDDLE_BODY {
    hold_ip(ip);
    const uint64_t address = effective_address<kAddress, 0>(slots, ip, fp, a);
    const M value = static_cast<M>(stored_value<V, kSource>(slots, ip, fp, a, f, d));
    std::memcpy(probe<sizeof value>(memory + address, HEDDLE_PASS), &value, sizeof value);
    finish_store(ip);
    ip += kSource == Source::immediate ? 3 : 2;
    return Flow::next;
  }
};

/// A is the address' type: uint32_t or uint64_t.
template <Opcode kOpcode, class A>
struct LoadChecked {
  static constexpr SlotUse kUse =
      SlotUse().reads(1, kSlotType<A>).writes(kSlotType<typename AccessOf<kOpcode>::Value>);
  HEDDLE_BODY {
    const Memory& target = *instance->memories[immediate32(ip)];
    typename AccessOf<kOpcode>::InMemory loaded;
    uint64_t address;
    if (!checked_address<A, sizeof loaded>(target, fp + field<1>(ip), ip[2], address)) [[unlikely]] {
      return trap(TrapKind::memory_out_of_bounds, ip, fp, context, instance);
    }
    std::memcpy(&loaded, target.base() + address, sizeof loaded);
    write_result<Target::slot>(slots, static_cast<typename AccessOf<kOpcode>::Value>(loaded), ip, fp, a, f,
                               d);
    ip += 3;
    return Flow::next;
  }
};

template <Opcode kOpcode, class A>
struct StoreChecked {
  static constexpr SlotUse kUse =
      SlotUse().reads(0, kSlotType<A>).reads(1, kSlotType<typename AccessOf<kOpcode>::Value>);
  HEDDLE_BODY {
    using M = typename AccessOf<kOpcode>::InMemory;
    const Memory& target = *instance->memories[immediate32(ip)];
    uint64_t address;
    if (!checked_address<A, sizeof(M)>(target, fp + field<0>(ip), ip[2], address)) [[unlikely]] {
      return trap(TrapKind::memory_out_of_bounds, ip, fp, context, instance);
    }
    const M value = static_cast<M>(read_slot<typename AccessOf<kOpcode>::Value>(fp + field<1>(ip)));
    std::memcpy(target.base() + address, &value, sizeof value);
    ip += 3;
    return Flow::next;
  }
};

}  // namespace heddle::engine
