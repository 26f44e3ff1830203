// SPDX-License-Identifier: Apache-2.0
// Handlers of the atomic rows: loads, stores, read-modify-write, compare-exchange, wait, notify, fence.
// (Threads proposal)
//
// The order of checks is the proposal's: alignment of the effective address, shared memory (wait), bounds.
#include <atomic>
#include <type_traits>

#include "engine/interpreter/checked_access.h"
#include "engine/interpreter/handlers.h"
#include "engine/runtime/atomic_ops.h"
#include "engine/runtime/store.h"

namespace heddle::engine {

namespace {

[[nodiscard]] inline Memory& memory_of(const Instance* instance, const Word* ip) {
  return *instance->memories[ip[3]];
}

/// The effective address, aligned and in bounds, or the trap.
template <class A, unsigned kSize>
[[nodiscard, gnu::always_inline]] inline TrapKind atomic_address(const Memory& memory, const Slot* slot,
                                                                 uint64_t offset, uint64_t& address) {
  const bool fits = effective_address<A>(slot, offset, address);
  if (fits && address % kSize != 0) return TrapKind::unaligned_atomic;
  return fits && memory.contains(address, kSize) ? TrapKind::none : TrapKind::memory_out_of_bounds;
}

template <class M>
[[nodiscard]] inline M* cell(const Memory& memory, uint64_t address) {
  return reinterpret_cast<M*>(memory.base() + address);
}

template <class M, class V, class A>
HEDDLE_HANDLER void atomic_load(HEDDLE_STATE) {
  const Memory& target = memory_of(instance, ip);
  uint64_t address;
  const TrapKind trap = atomic_address<A, sizeof(M)>(target, fp + field<1>(ip), ip[2], address);
  if (trap != TrapKind::none) [[unlikely]]
    HEDDLE_TRAP_NOW(trap);
  const M value = __atomic_load_n(cell<M>(target, address), __ATOMIC_SEQ_CST);
  write_result<Target::slot>(static_cast<V>(value), ip, fp, a, f, d);
  HEDDLE_NEXT(4);
}

template <class M, class V, class A>
HEDDLE_HANDLER void atomic_store(HEDDLE_STATE) {
  const Memory& target = memory_of(instance, ip);
  uint64_t address;
  const TrapKind trap = atomic_address<A, sizeof(M)>(target, fp + field<1>(ip), ip[2], address);
  if (trap != TrapKind::none) [[unlikely]]
    HEDDLE_TRAP_NOW(trap);
  __atomic_store_n(cell<M>(target, address), static_cast<M>(read_slot<V>(fp + field<2>(ip))),
                   __ATOMIC_SEQ_CST);
  HEDDLE_NEXT(4);
}

template <class M, class V, class Op, class A>
HEDDLE_HANDLER void atomic_rmw(HEDDLE_STATE) {
  const Memory& target = memory_of(instance, ip);
  uint64_t address;
  const TrapKind trap = atomic_address<A, sizeof(M)>(target, fp + field<1>(ip), ip[2], address);
  if (trap != TrapKind::none) [[unlikely]]
    HEDDLE_TRAP_NOW(trap);
  const M old = Op::apply(cell<M>(target, address), static_cast<M>(read_slot<V>(fp + field<2>(ip))));
  write_result<Target::slot>(static_cast<V>(old), ip, fp, a, f, d);
  HEDDLE_NEXT(4);
}

template <class M, class V, class A>
HEDDLE_HANDLER void atomic_cmpxchg(HEDDLE_STATE) {
  const Memory& target = memory_of(instance, ip);
  uint64_t address;
  const TrapKind trap = atomic_address<A, sizeof(M)>(target, fp + field<1>(ip), ip[2], address);
  if (trap != TrapKind::none) [[unlikely]]
    HEDDLE_TRAP_NOW(trap);
  const M expected = static_cast<M>(read_slot<V>(fp + field<2>(ip)));
  const M replacement = static_cast<M>(read_slot<V>(fp + field<3>(ip)));
  const M old = ops::atomic_cmpxchg(cell<M>(target, address), expected, replacement);
  write_result<Target::slot>(static_cast<V>(old), ip, fp, a, f, d);
  HEDDLE_NEXT(4);
}

/// What a wait came to. Returned by value: a handler whose locals' addresses escape could not end in a tail
/// call.
struct WaitOutcome {
  TrapKind trap;
  uint32_t answer;
};

template <class M>
[[nodiscard]] WaitOutcome wait(ExecContext& context, const Memory& memory, uint64_t address, M expected,
                               int64_t timeout) {
  WaitQueues& queues = context.store->engine().wait_queues;
  WaitResult result;
  if constexpr (sizeof(M) == 4) {
    result = queues.wait32(context.waiter, memory, address, expected, timeout);
  } else {
    result = queues.wait64(context.waiter, memory, address, expected, timeout);
  }
  if (result == WaitResult::cancelled) return {TrapKind::interrupted, 0};
  if (result == WaitResult::too_many_waiters) return {TrapKind::too_many_waiters, 0};
  return {TrapKind::none, static_cast<uint32_t>(result)};
}

template <class M, class A>
HEDDLE_HANDLER void atomic_wait(HEDDLE_STATE) {
  const Memory& target = memory_of(instance, ip);
  uint64_t address;
  TrapKind trap = atomic_address<A, sizeof(M)>(target, fp + field<1>(ip), ip[2], address);
  if (trap != TrapKind::unaligned_atomic && !target.is_shared()) trap = TrapKind::expected_shared_memory;
  if (trap != TrapKind::none) [[unlikely]]
    HEDDLE_TRAP_NOW(trap);
  const M expected = read_slot<M>(fp + field<2>(ip));
  const WaitOutcome outcome =
      wait<M>(*context, target, address, expected, read_slot<int64_t>(fp + field<3>(ip)));
  if (outcome.trap != TrapKind::none) [[unlikely]]
    HEDDLE_TRAP_NOW(outcome.trap);
  write_result<Target::slot>(outcome.answer, ip, fp, a, f, d);
  HEDDLE_NEXT(4);
}

template <class M, class A>
HEDDLE_HANDLER void atomic_notify(HEDDLE_STATE) {
  const Memory& target = memory_of(instance, ip);
  uint64_t address;
  const TrapKind trap = atomic_address<A, sizeof(M)>(target, fp + field<1>(ip), ip[2], address);
  if (trap != TrapKind::none) [[unlikely]]
    HEDDLE_TRAP_NOW(trap);
  const uint32_t count = read_slot<uint32_t>(fp + field<2>(ip));
  const uint32_t woken =
      target.is_shared() ? context->store->engine().wait_queues.notify(target, address, count) : 0;
  write_result<Target::slot>(woken, ip, fp, a, f, d);
  HEDDLE_NEXT(4);
}

HEDDLE_HANDLER void atomic_fence(HEDDLE_STATE) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  HEDDLE_NEXT(2);
}

}  // namespace

void add_atomic_handlers(HandlerTable& table) {
  using namespace ops;
  const auto add = [&table](Opcode opcode, Handler with_i32, Handler with_i64) {
    table.atomic[static_cast<size_t>(opcode)] = {{with_i32, with_i64}};
  };
#define WASM_ATOMIC_LOAD(name, code, text, immediate, signature, feature, access_log2, M, V) \
  add(Opcode::name, atomic_load<M, V, uint32_t>, atomic_load<M, V, uint64_t>);
#define WASM_ATOMIC_STORE(name, code, text, immediate, signature, feature, access_log2, M, V) \
  add(Opcode::name, atomic_store<M, V, uint32_t>, atomic_store<M, V, uint64_t>);
#define WASM_ATOMIC_RMW(name, code, text, immediate, signature, feature, access_log2, M, V, ...) \
  add(Opcode::name, atomic_rmw<M, V, __VA_ARGS__, uint32_t>, atomic_rmw<M, V, __VA_ARGS__, uint64_t>);
#define WASM_ATOMIC_CMPXCHG(name, code, text, immediate, signature, feature, access_log2, M, V) \
  add(Opcode::name, atomic_cmpxchg<M, V, uint32_t>, atomic_cmpxchg<M, V, uint64_t>);
#define WASM_ATOMIC_WAIT(name, code, text, immediate, signature, feature, access_log2, M) \
  add(Opcode::name, atomic_wait<M, uint32_t>, atomic_wait<M, uint64_t>);
#define WASM_ATOMIC_NOTIFY(name, code, text, immediate, signature, feature, access_log2, M) \
  add(Opcode::name, atomic_notify<M, uint32_t>, atomic_notify<M, uint64_t>);
#include "engine/opcodes/opcodes.def"
  table.single.atomic_fence = atomic_fence;
}

}  // namespace heddle::engine
