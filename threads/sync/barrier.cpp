// SPDX-License-Identifier: Apache-2.0
// Barrier: threads/guest/heddle/barrier.h, for hosts.
#include "engine/support/try.h"
#include "threads/sync/word.h"

namespace heddle::sync {

static_assert(Barrier::kBytes == sizeof(heddle_barrier));

Result<Barrier> Barrier::at(const SharedMemory& memory, uint64_t address) {
  HEDDLE_TRY_ASSIGN(auto place, detail::Place::check(memory, address, kBytes, "a barrier"));
  return Barrier(std::move(place));
}

Result<Barrier> Barrier::create(const SharedMemory& memory, uint64_t address, uint32_t parties) {
  HEDDLE_TRY_ASSIGN(auto barrier, at(memory, address));
  auto& words = barrier.place_.as<heddle_barrier>();
  store(words.parties, parties != 0 ? parties : 1);
  store(words.state.whole, uint64_t{0});
  return barrier;
}

bool Barrier::enter() noexcept {
  auto& words = place_.as<heddle_barrier>();
  uint32_t& round = words.state.part.generation;
  const auto is_over = [&](uint32_t generation) { return load(words.state.whole) >> 32 != generation; };
  uint64_t state = load(words.state.whole);
  for (;;) {
    const auto arrived = static_cast<uint32_t>(state);
    const auto generation = static_cast<uint32_t>(state >> 32);
    const uint32_t parties = load(words.parties);
    if (arrived >= parties) {  // this round is complete, but not yet released
      place_.wait(round, generation, kNever);
      state = load(words.state.whole);
    } else if (compare_exchange(words.state.whole, state, state + 1)) {
      if (arrived + 1 == parties) return true;
      while (!is_over(generation)) place_.wait(round, generation, kNever);
      return false;
    }
  }
}

void Barrier::release() noexcept {
  auto& words = place_.as<heddle_barrier>();
  const uint64_t state = load(words.state.whole);  // nobody else changes a complete round
  store(words.state.whole, ((state >> 32) + 1) << 32);
  place_.notify(words.state.part.generation, kEverybody);
}

bool Barrier::arrive_and_wait() noexcept {
  if (!enter()) return false;
  release();
  return true;
}

}  // namespace heddle::sync
