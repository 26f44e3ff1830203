// SPDX-License-Identifier: Apache-2.0
// Places in a shared memory, and how a host thread or a fiber sleeps on the words in them.
#include <heddle/sync.h>

#include <string>
#include <thread>
#include <utility>

#include "engine/api/access.h"
#include "engine/support/try.h"
#include "threads/fiber.h"
#include "threads/sync/word.h"

namespace heddle::sync {

int64_t now_ns() noexcept {
  const threads::Fiber* const fiber = threads::Fiber::current();
  return fiber != nullptr ? fiber->now_ns() : engine::monotonic_now_ns();
}

int64_t deadline_after(nanoseconds timeout) noexcept {
  int64_t deadline = 0;
  return __builtin_add_overflow(now_ns(), timeout.count(), &deadline) ? kNever : deadline;
}

namespace detail {

using heddle::detail::Access;

Place::Place(SharedMemory memory, uint64_t address)
    : memory_(std::move(memory)), address_(address), bytes_(memory_.data().data() + address) {}

Result<Place> Place::check(const SharedMemory& memory, uint64_t address, uint64_t bytes, const char* what) {
  if (memory.empty()) return heddle::detail::empty_handle("memory");
  const auto at = [&] { return std::string(what) + " at address " + std::to_string(address); };
  if (address % HEDDLE_LINE != 0) {
    return heddle::detail::usage_error(at() +
                                       ": it takes a cache line, so it must stand at a multiple of 64");
  }
  if (address > memory.size() || bytes > memory.size() - address) {
    return heddle::detail::usage_error(at() + ": its " + std::to_string(bytes) +
                                       " bytes are not in the memory of " + std::to_string(memory.size()) +
                                       " bytes");
  }
  return Place(memory, address);
}

bool Place::wait(const uint32_t& word, uint32_t expected, int64_t deadline_ns) const noexcept {
  int64_t timeout_ns = -1;
  if (deadline_ns != kNever) {
    timeout_ns = deadline_ns - now_ns();
    if (timeout_ns <= 0) return false;
  }
  engine::Waiter waiter;
  waiter.set_parker(threads::Fiber::current());
  const uint64_t address = address_ + static_cast<uint64_t>(reinterpret_cast<const uint8_t*>(&word) - bytes_);
  const engine::WaitResult result = Access::impl(memory_)->wait_queues.wait32(
      waiter, *Access::memory(memory_), address, expected, timeout_ns);
  if (result == engine::WaitResult::too_many_waiters) std::this_thread::yield();  // the caller tries again
  return result != engine::WaitResult::timed_out;
}

void Place::notify(const uint32_t& word, uint32_t count) const noexcept {
  const uint64_t address = address_ + static_cast<uint64_t>(reinterpret_cast<const uint8_t*>(&word) - bytes_);
  Access::impl(memory_)->wait_queues.notify(*Access::memory(memory_), address, count);
}

}  // namespace detail

}  // namespace heddle::sync
