// SPDX-License-Identifier: Apache-2.0
// Batched atomics: one operation on many cells of a shared memory.
#include <heddle/sync_memory.h>

#include <string>

#include "engine/api/store_link.h"
#include "engine/support/try.h"
#include "threads/sync/word.h"

namespace heddle::sync {

namespace {

/// Replaces until nobody came between; `change` may return its argument for "leave it".
template <class T, class Change>
T update(T& cell, Change change) noexcept {
  T seen = load(cell);
  for (;;) {
    const T wanted = change(seen);
    if (wanted == seen || compare_exchange(cell, seen, wanted)) return seen;
  }
}

template <class T>
T apply(T& cell, AtomicOperation operation, T operand) noexcept {
  switch (operation) {
    case AtomicOperation::add: return add(cell, operand);
    case AtomicOperation::bit_and: return __atomic_fetch_and(&cell, operand, __ATOMIC_SEQ_CST);
    case AtomicOperation::bit_or: return __atomic_fetch_or(&cell, operand, __ATOMIC_SEQ_CST);
    case AtomicOperation::bit_xor: return __atomic_fetch_xor(&cell, operand, __ATOMIC_SEQ_CST);
    case AtomicOperation::exchange: return exchange(cell, operand);
    case AtomicOperation::max:
      return update(cell, [operand](T seen) { return seen < operand ? operand : seen; });
    case AtomicOperation::min:
      return update(cell, [operand](T seen) { return seen > operand ? operand : seen; });
  }
  return 0;
}

Result<void> check_cells(const SharedMemory& memory, uint64_t address, uint64_t count, uint64_t bytes) {
  if (memory.empty()) return heddle::detail::empty_handle("memory");
  const uint64_t size = memory.size();
  if (address % bytes != 0) {
    return heddle::detail::usage_error("atomic cell at address " + std::to_string(address) +
                                       ": must be a multiple of " + std::to_string(bytes));
  }
  if (address > size || count > (size - address) / bytes) {
    return heddle::detail::usage_error("atomic cell at address " + std::to_string(address) +
                                       ": outside the memory of " + std::to_string(size) + " bytes");
  }
  return {};
}

template <class T>
Result<void> many(const SharedMemory& memory, AtomicOperation operation, std::span<const uint64_t> addresses,
                  std::span<const T> operands, std::span<T> previous) {
  if (operands.size() != addresses.size() || (!previous.empty() && previous.size() != addresses.size())) {
    return heddle::detail::usage_error("batched atomics: " + std::to_string(addresses.size()) +
                                       " addresses, " + std::to_string(operands.size()) +
                                       " operands, room for " + std::to_string(previous.size()) +
                                       " results: must be the same");
  }
  for (const uint64_t address : addresses) HEDDLE_TRY(check_cells(memory, address, 1, sizeof(T)));
  uint8_t* const base = memory.data().data();
  for (size_t i = 0; i < addresses.size(); ++i) {
    const T before = apply(*reinterpret_cast<T*>(base + addresses[i]), operation, operands[i]);
    if (!previous.empty()) previous[i] = before;
  }
  return {};
}

template <class T>
Result<void> range(const SharedMemory& memory, AtomicOperation operation, uint64_t address, uint64_t count,
                   T operand) {
  HEDDLE_TRY(check_cells(memory, address, count, sizeof(T)));
  T* const cells = reinterpret_cast<T*>(memory.data().data() + address);
  for (uint64_t i = 0; i < count; ++i) apply(cells[i], operation, operand);
  return {};
}

}  // namespace

Result<void> apply_many(const SharedMemory& memory, AtomicOperation operation,
                        std::span<const uint64_t> addresses, std::span<const uint32_t> operands,
                        std::span<uint32_t> previous) {
  return many(memory, operation, addresses, operands, previous);
}

Result<void> apply_many(const SharedMemory& memory, AtomicOperation operation,
                        std::span<const uint64_t> addresses, std::span<const uint64_t> operands,
                        std::span<uint64_t> previous) {
  return many(memory, operation, addresses, operands, previous);
}

Result<void> apply_range(const SharedMemory& memory, AtomicOperation operation, uint64_t address,
                         uint64_t count, uint32_t operand) {
  return range(memory, operation, address, count, operand);
}

Result<void> apply_range(const SharedMemory& memory, AtomicOperation operation, uint64_t address,
                         uint64_t count, uint64_t operand) {
  return range(memory, operation, address, count, operand);
}

}  // namespace heddle::sync
