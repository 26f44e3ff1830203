// SPDX-License-Identifier: Apache-2.0
// Semaphore and Once: threads/guest/heddle/semaphore.h and once.h, for hosts.
#include "engine/support/try.h"
#include "threads/sync/word.h"

namespace heddle::sync {

static_assert(Semaphore::kBytes == sizeof(heddle_semaphore) && Once::kBytes == sizeof(heddle_once));

Result<Semaphore> Semaphore::at(const SharedMemory& memory, uint64_t address) {
  HEDDLE_TRY_ASSIGN(auto place, detail::Place::check(memory, address, kBytes, "a semaphore"));
  return Semaphore(std::move(place));
}

Result<Semaphore> Semaphore::create(const SharedMemory& memory, uint64_t address, uint32_t permits) {
  HEDDLE_TRY_ASSIGN(auto semaphore, at(memory, address));
  auto& words = semaphore.place_.as<heddle_semaphore>();
  store(words.waiters, 0u);
  store(words.count, permits);
  return semaphore;
}

bool Semaphore::try_acquire() noexcept {
  uint32_t& count = place_.as<heddle_semaphore>().count;
  uint32_t seen = load(count);
  while (seen != 0) {
    if (compare_exchange(count, seen, seen - 1)) return true;
  }
  return false;
}

bool Semaphore::acquire_until(int64_t deadline_ns) noexcept {
  auto& words = place_.as<heddle_semaphore>();
  for (bool in_time = true;;) {
    if (try_acquire()) return true;
    if (!in_time) return false;
    add(words.waiters, 1u);
    in_time = place_.wait(words.count, 0, deadline_ns);
    subtract(words.waiters, 1u);
  }
}

void Semaphore::acquire() noexcept { acquire_until(kNever); }

bool Semaphore::try_acquire_for(nanoseconds timeout) noexcept {
  return acquire_until(deadline_after(timeout));
}

bool Semaphore::release(uint32_t permits) noexcept {
  auto& words = place_.as<heddle_semaphore>();
  uint32_t seen = load(words.count);
  do {
    if (seen > UINT32_MAX - permits) return false;
  } while (!compare_exchange(words.count, seen, seen + permits));
  // A waiter counts itself before it looks at the count: either it has seen the permits, or it is seen here.
  if (load(words.waiters) != 0) place_.notify(words.count, permits);
  return true;
}

namespace {
enum OnceState : uint32_t { once_new, once_running, once_awaited, once_done };
}

Result<Once> Once::at(const SharedMemory& memory, uint64_t address) {
  HEDDLE_TRY_ASSIGN(auto place, detail::Place::check(memory, address, kBytes, "a once"));
  return Once(std::move(place));
}

bool Once::begin() noexcept {
  uint32_t& state = place_.as<heddle_once>().state;
  for (;;) {
    const uint32_t seen = load(state);
    if (seen == once_done) return false;
    if (seen == once_new) {
      if (replace<uint32_t>(state, once_new, once_running)) return true;
    } else if (seen == once_awaited || replace<uint32_t>(state, once_running, once_awaited)) {
      place_.wait(state, once_awaited, kNever);
    }
  }
}

void Once::finish(uint32_t outcome) noexcept {
  uint32_t& state = place_.as<heddle_once>().state;
  if (exchange(state, outcome) == once_awaited) place_.notify(state, kEverybody);
}

void Once::end() noexcept { finish(once_done); }

void Once::give_up() noexcept { finish(once_new); }

}  // namespace heddle::sync
