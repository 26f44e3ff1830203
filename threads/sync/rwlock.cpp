// SPDX-License-Identifier: Apache-2.0
// RwLock: threads/guest/heddle/rwlock.h, for hosts.
#include "engine/support/try.h"
#include "threads/sync/word.h"

namespace heddle::sync {

static_assert(RwLock::kBytes == sizeof(heddle_rwlock));

Result<RwLock> RwLock::at(const SharedMemory& memory, uint64_t address) {
  HEDDLE_TRY_ASSIGN(auto place, detail::Place::check(memory, address, kBytes, "a reader-writer lock"));
  return RwLock(std::move(place));
}

void RwLock::await(const uint32_t& turn, uint32_t ticket) noexcept {
  if (load(turn) == ticket) return;
  auto& words = place_.as<heddle_rwlock>();
  add(words.sleepers, 1u);
  uint32_t& slot = words.slots[ticket % HEDDLE_RWLOCK_SLOTS];
  for (;;) {
    const uint32_t seen = load(slot);
    if (load(turn) == ticket) break;
    place_.wait(slot, seen, kNever);
  }
  subtract(words.sleepers, 1u);
}

void RwLock::call(uint32_t ticket) noexcept {
  auto& words = place_.as<heddle_rwlock>();
  if (load(words.sleepers) == 0) return;
  uint32_t& slot = words.slots[ticket % HEDDLE_RWLOCK_SLOTS];
  add(slot, 1u);
  place_.notify(slot, kEverybody);
}

// The analysis knows locks by their objects, not by words in a guest's memory: what these do is told by the
// header.

void RwLock::lock_shared() noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {
  auto& words = place_.as<heddle_rwlock>();
  const uint32_t ticket = add(words.tickets, 1u);
  await(words.read, ticket);
  store(words.read, ticket + 1);  // only the owner of the turn moves it on
  call(ticket + 1);
}

bool RwLock::try_lock_shared() noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {
  auto& words = place_.as<heddle_rwlock>();
  const uint32_t ticket = load(words.tickets);
  if (load(words.read) != ticket || !replace(words.tickets, ticket, ticket + 1)) return false;
  store(words.read, ticket + 1);
  call(ticket + 1);
  return true;
}

void RwLock::unlock_shared() noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {
  const uint32_t left = add(place_.as<heddle_rwlock>().write, 1u) + 1;
  call(left);
}

void RwLock::lock() noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {
  auto& words = place_.as<heddle_rwlock>();
  const uint32_t ticket = add(words.tickets, 1u);
  await(words.write, ticket);
}

bool RwLock::try_lock() noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {
  auto& words = place_.as<heddle_rwlock>();
  const uint32_t ticket = load(words.tickets);
  return load(words.write) == ticket && replace(words.tickets, ticket, ticket + 1);
}

void RwLock::unlock() noexcept HEDDLE_NO_THREAD_SAFETY_ANALYSIS {
  auto& words = place_.as<heddle_rwlock>();
  // First `read`, which a writer that comes next would move on; then `write`, which a reader adds to as well.
  add(words.read, 1u);
  const uint32_t left = add(words.write, 1u) + 1;
  call(left);
}

}  // namespace heddle::sync
