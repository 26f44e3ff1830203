// SPDX-License-Identifier: Apache-2.0
// Bulk operations on memories: chunks, so that an interrupt is noticed, and loops that ThreadSanitizer leaves
// alone.
#include "engine/runtime/memory_bulk.h"

#include <cstring>

#include "engine/runtime/chunks.h"
#include "engine/runtime/exec_context.h"
#include "engine/support/sanitizers.h"

namespace heddle::engine {

namespace {

// Under ThreadSanitizer memset and memmove would report the guest's own races as ours; volatile keeps the
// compiler from turning these loops back into them.

HEDDLE_NO_SANITIZE_THREAD void fill_unobserved(volatile uint8_t* to, uint8_t value, uint64_t size) {
  for (uint64_t i = 0; i < size; ++i) to[i] = value;
}

HEDDLE_NO_SANITIZE_THREAD void move_unobserved(volatile uint8_t* to, const volatile uint8_t* from,
                                               uint64_t size) {
  if (to <= from) {
    for (uint64_t i = 0; i < size; ++i) to[i] = from[i];
  } else {
    for (uint64_t i = size; i-- > 0;) to[i] = from[i];
  }
}

void fill_bytes(uint8_t* to, uint8_t value, uint64_t size) {
  if (kThreadSanitizer) return fill_unobserved(to, value, size);
  std::memset(to, value, size);
}

void move_bytes(uint8_t* to, const uint8_t* from, uint64_t size) {
  if (kThreadSanitizer) return move_unobserved(to, from, size);
  std::memmove(to, from, size);
}

/// in_chunks() that records the trap.
template <class Step>
bool run_in_chunks(ExecContext& context, uint64_t size, bool backwards, Step step) {
  const auto stop = [&context] { return context.interrupt_pending(); };
  return in_chunks(size, backwards, stop, step) || context.fail(TrapKind::interrupted);
}

bool segment_contains(std::span<const uint8_t> segment, uint64_t from, uint64_t size) {
  return from <= segment.size() && size <= segment.size() - from;
}

}  // namespace

bool memory_fill(Memory& memory, uint64_t address, uint8_t value, uint64_t size) noexcept {
  if (!memory.contains(address, size)) return false;
  fill_bytes(memory.base() + address, value, size);
  return true;
}

bool memory_copy(Memory& destination, uint64_t to, const Memory& source, uint64_t from,
                 uint64_t size) noexcept {
  if (!destination.contains(to, size) || !source.contains(from, size)) return false;
  move_bytes(destination.base() + to, source.base() + from, size);
  return true;
}

bool memory_init(Memory& memory, uint64_t to, std::span<const uint8_t> segment, uint64_t from,
                 uint64_t size) noexcept {
  if (!memory.contains(to, size) || !segment_contains(segment, from, size)) return false;
  if (size != 0) move_bytes(memory.base() + to, segment.data() + from, size);
  return true;
}

bool memory_fill(ExecContext& context, Memory& memory, uint64_t address, uint8_t value,
                 uint64_t size) noexcept {
  if (!memory.contains(address, size)) return context.fail(TrapKind::memory_out_of_bounds);
  uint8_t* const begin = memory.base() + address;
  return run_in_chunks(context, size, false,
                       [&](uint64_t offset, uint64_t chunk) { fill_bytes(begin + offset, value, chunk); });
}

bool memory_copy(ExecContext& context, Memory& destination, uint64_t to, const Memory& source, uint64_t from,
                 uint64_t size) noexcept {
  if (!destination.contains(to, size) || !source.contains(from, size)) {
    return context.fail(TrapKind::memory_out_of_bounds);
  }
  uint8_t* const target = destination.base() + to;
  const uint8_t* const origin = source.base() + from;
  return run_in_chunks(context, size, target > origin, [&](uint64_t offset, uint64_t chunk) {
    move_bytes(target + offset, origin + offset, chunk);
  });
}

bool memory_init(ExecContext& context, Memory& memory, uint64_t to, std::span<const uint8_t> segment,
                 uint64_t from, uint64_t size) noexcept {
  if (!memory.contains(to, size) || !segment_contains(segment, from, size)) {
    return context.fail(TrapKind::memory_out_of_bounds);
  }
  return run_in_chunks(context, size, false, [&](uint64_t offset, uint64_t chunk) {
    move_bytes(memory.base() + to + offset, segment.data() + from + offset, chunk);
  });
}

}  // namespace heddle::engine
