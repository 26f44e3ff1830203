// SPDX-License-Identifier: Apache-2.0
// The scenarios of the synchronization tests: what threads do to a primitive, and what must then be true.
//
// Each runs with guests, with host threads, or with both on the same words. The guests' part is in
// guests/sync_guest.c.
#pragma once

#include <numeric>
#include <random>
#include <shared_mutex>

#include "threads/sync/test_world.h"

namespace heddle::sync {

inline Finding equal(const char* what, uint64_t seen, uint64_t wanted) {
  return seen == wanted
             ? Finding()
             : std::string(what) + ": " + std::to_string(seen) + " instead of " + std::to_string(wanted);
}

/// Threads add to a plain counter under a mutex.
inline Finding mutex_excludes(World& world, Mix mix) {
  constexpr uint32_t kParties = 4, kRounds = 300;
  const uint64_t mutex = world.take(), counter = world.take();
  std::vector<Party> parties;
  for (size_t i = 0; i < kParties; ++i) {
    parties.push_back(Party::of(mix, i, "mutex_rounds", {number(mutex), number(counter), number(kRounds)},
                                [&world, mutex, counter] {
                                  Mutex lock = Mutex::at(world.memory, mutex).value();
                                  for (uint32_t round = 0; round < kRounds; ++round) {
                                    std::lock_guard guard(lock);
                                    const uint32_t seen = *world.words(counter);
                                    if (round % 4 == 0) World::pause();
                                    *world.words(counter) = seen + 1;
                                  }
                                  return 0;
                                }));
  }
  if (Finding finding = world.run(std::move(parties), {mutex}); !finding.empty()) return finding;
  return equal("counter", *world.words(counter), kParties * kRounds);
}

/// The queue of the guest: a mutex, two conditions, head, tail, four items.
struct Queue {
  Queue(World& world, uint64_t address)
      : mutex(Mutex::at(world.memory, address).value()),
        not_empty(Condition::at(world.memory, address + 64).value()),
        not_full(Condition::at(world.memory, address + 128).value()),
        head(world.words(address + 192)[0]),
        tail(world.words(address + 192)[1]),
        items(world.words(address + 192) + 2) {}

  uint32_t produce(uint32_t count) {
    for (uint32_t i = 1; i <= count; ++i) {
      std::unique_lock lock(mutex);
      not_full.wait(lock, [this] { return tail - head != 4; });
      items[tail % 4] = i;
      tail = tail + 1;
      lock.unlock();
      not_empty.notify_one();
    }
    return 0;
  }
  uint32_t consume(uint32_t count) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; ++i) {
      std::unique_lock lock(mutex);
      not_empty.wait(lock, [this] { return tail != head; });
      sum += items[head % 4];
      head = head + 1;
      lock.unlock();
      not_full.notify_one();
    }
    return sum;
  }
  void pass() {
    std::unique_lock lock(mutex);
    not_empty.wait(lock, [this] { return head != 0; });
  }
  void open() {
    std::lock_guard lock(mutex);
    head = 1;
    not_empty.notify_all();
  }

  Mutex mutex;
  Condition not_empty, not_full;
  volatile uint32_t &head, &tail;
  volatile uint32_t* items;
};

/// Three producers and three consumers share a small queue; every item comes out once.
inline Finding condition_passes_items(World& world, Mix mix) {
  constexpr uint32_t kPairs = 3, kItems = 200;
  const uint64_t queue = world.take(4);
  std::vector<Party> parties;
  for (size_t i = 0; i < kPairs; ++i) {
    parties.push_back(Party::of(mix, i, "queue_produce", {number(queue), number(kItems)},
                                [&world, queue] { return Queue(world, queue).produce(kItems); }));
    parties.push_back(Party::of(mix, i, "queue_consume", {number(queue), number(kItems)},
                                [&world, queue] { return Queue(world, queue).consume(kItems); }));
  }
  uint64_t sum = 0;
  Finding finding = world.run(std::move(parties), {queue, queue + 64, queue + 128}, &sum);
  if (!finding.empty()) return finding;
  return equal("sum of items", sum, kPairs * kItems * (kItems + 1) / 2);
}

/// Some wait at a gate; one opens it for all.
inline Finding condition_wakes_all(World& world, Mix mix) {
  constexpr size_t kWaiting = 4;
  const uint64_t gate = world.take(4);
  std::vector<Party> parties;
  for (size_t i = 0; i < kWaiting; ++i) {
    parties.push_back(Party::of(mix, i, "gate_pass", {number(gate)}, [&world, gate] {
      Queue(world, gate).pass();
      return 0;
    }));
  }
  parties.push_back(Party::of(mix, kWaiting, "gate_open", {number(gate), number(kWaiting)}, [&world, gate] {
    world.await_sleepers(gate + 64, kWaiting);
    Queue(world, gate).open();
    return 0;
  }));
  return world.run(std::move(parties), {gate, gate + 64});
}

inline uint32_t barrier_rounds(World& world, uint64_t address, uint64_t written, uint32_t me, uint64_t led,
                               uint32_t parties, uint32_t rounds) {
  Barrier barrier = Barrier::at(world.memory, address).value();
  volatile uint32_t* const seen = world.words(written);
  uint32_t faults = 0;
  const auto lead = [&] { (void)apply_range(world.memory, AtomicOperation::add, led, 1, uint32_t{1}); };
  for (uint32_t round = 1; round <= rounds; ++round) {
    if ((round + me) % 3 == 0) World::pause();
    seen[me] = round;
    if (barrier.arrive_and_wait()) lead();
    for (uint32_t i = 0; i < parties; ++i) faults += seen[i] != round;
    if (barrier.enter()) {
      for (uint32_t i = 0; i < parties; ++i) seen[i] = 0;
      barrier.release();
    }
    faults += seen[me] != 0;
    if (barrier.arrive_and_wait()) lead();
  }
  return faults;
}

/// Nobody leaves a round before all have come; one leads each.
inline Finding barrier_holds(World& world, Mix mix) {
  constexpr uint32_t kParties = 4, kRounds = 60;
  const uint64_t barrier = world.take(), written = world.take(), led = world.take();
  if (auto made = Barrier::create(world.memory, barrier, kParties); !made) return made.error().to_string();
  std::vector<Party> parties;
  for (uint32_t i = 0; i < kParties; ++i) {
    parties.push_back(Party::of(mix, i, "barrier_rounds",
                                {number(barrier), number(written), number(i), number(led), number(kRounds)},
                                [&world, barrier, written, i, led] {
                                  return barrier_rounds(world, barrier, written, i, led, kParties, kRounds);
                                }));
  }
  if (Finding finding = world.faults(std::move(parties), {barrier}); !finding.empty()) return finding;
  return equal("leaders", *world.words(led), 2 * kRounds);
}

inline uint32_t rwlock_rounds(World& world, uint64_t address, uint64_t pair, uint32_t me, uint32_t rounds) {
  RwLock rwlock = RwLock::at(world.memory, address).value();
  volatile uint32_t* const numbers = world.words(pair);
  uint32_t faults = 0;
  for (uint32_t i = 0; i < rounds; ++i) {
    if ((i + me) % 3 == 0) {
      std::unique_lock lock(rwlock, std::defer_lock);
      if (i % 2 != 0 || !lock.try_lock()) lock.lock();
      const uint32_t seen = numbers[0];
      numbers[0] = seen + 1;
      World::pause();
      numbers[1] = seen + 1;
    } else {
      std::shared_lock lock(rwlock, std::defer_lock);
      if (i % 2 != 0 || !lock.try_lock()) lock.lock();
      const uint32_t seen = numbers[0];
      if (i % 4 == 0) World::pause();
      faults += seen != numbers[1];
    }
  }
  return faults;
}

/// Writers change two numbers one after the other; readers never see them differ, and no writing is lost.
inline Finding rwlock_excludes(World& world, Mix mix) {
  constexpr uint32_t kParties = 4, kRounds = 300;
  const uint64_t lock = world.take(), pair = world.take();
  std::vector<Party> parties;
  for (uint32_t i = 0; i < kParties; ++i) {
    parties.push_back(
        Party::of(mix, i, "rwlock_rounds", {number(lock), number(pair), number(i), number(kRounds)},
                  [&world, lock, pair, i] { return rwlock_rounds(world, lock, pair, i, kRounds); }));
  }
  if (Finding finding = world.faults(std::move(parties), {lock}); !finding.empty()) return finding;
  return equal("writings", *world.words(pair), kParties * kRounds / 3);
}

inline void rwlock_visit(World& world, uint64_t address, uint64_t log, uint32_t me, bool writes) {
  RwLock rwlock = RwLock::at(world.memory, address).value();
  const uint64_t counter[1] = {log};
  const uint32_t one[1] = {1};
  uint32_t place[1] = {0};
  std::unique_lock writing(rwlock, std::defer_lock);
  std::shared_lock reading(rwlock, std::defer_lock);
  writes ? writing.lock() : reading.lock();
  (void)apply_many(world.memory, AtomicOperation::add, counter, one, place);
  world.words(log)[1 + place[0]] = me;
}

/// While the host reads, a writer, two readers, a writer and a reader come one after the other: they enter in
/// this order, the two readers in any.
inline Finding rwlock_is_fair(World& world, Mix mix) {
  const uint64_t address = world.take(), log = world.take();
  constexpr bool kWrites[5] = {true, false, false, true, false};
  const std::atomic_ref<uint32_t> entered(*const_cast<uint32_t*>(world.words(log)));
  RwLock rwlock = RwLock::at(world.memory, address).value();
  std::shared_lock mine(rwlock);
  std::vector<std::thread> threads;
  bool overtaken = false;
  for (uint32_t i = 0; i < 5; ++i) {
    const bool writes = kWrites[i];
    threads.emplace_back([&world, mix, address, log, i, writes] {
      if (mix == Mix::hosts || (mix == Mix::both && i % 2 != 0))
        return rwlock_visit(world, address, log, i, writes);
      World::Guest(world, i)("rwlock_visit", {number(address), number(log), number(i), number(writes)});
    });
    while (world.sleepers(address) + entered != i + 1) std::this_thread::yield();
    // Nor does trying overtake.
    overtaken =
        overtaken || std::shared_lock(rwlock, std::try_to_lock) || std::unique_lock(rwlock, std::try_to_lock);
  }
  overtaken = overtaken || entered != 0;
  mine.unlock();
  for (std::thread& thread : threads) thread.join();
  if (overtaken) return "somebody has overtaken a writer";
  volatile uint32_t* const order = world.words(log) + 1;
  const bool right = order[0] == 0 && order[1] + order[2] == 3 && order[3] == 3 && order[4] == 4;
  return right ? Finding() : "not in order";
}

/// Each of many onces is done by one thread, and done when the others go on.
inline Finding once_runs_once(World& world, Mix mix) {
  constexpr uint32_t kOnces = 100, kParties = 4;
  const uint64_t onces = world.take(kOnces), numbers = world.take(7);
  std::vector<Party> parties;
  std::vector<uint64_t> lines;
  for (uint32_t i = 0; i < kOnces; ++i) lines.push_back(onces + i * 64);
  for (uint32_t i = 0; i < kParties; ++i) {
    parties.push_back(Party::of(mix, i, "once_rounds", {number(onces), number(numbers), number(kOnces)},
                                [&world, onces, numbers] {
                                  uint32_t faults = 0;
                                  for (uint32_t k = 0; k < kOnces; ++k) {
                                    volatile uint32_t& cell = world.words(numbers)[k];
                                    Once::at(world.memory, onces + k * 64).value().call([&] {
                                      const uint32_t seen = cell;
                                      World::pause();
                                      cell = seen + 42;
                                    });
                                    faults += cell != 42;
                                  }
                                  return faults;
                                }));
  }
  return world.faults(std::move(parties), lines);
}

/// Never more threads inside than there are permits, and nobody sleeps for ever.
inline Finding semaphore_counts(World& world, Mix mix) {
  constexpr uint32_t kParties = 5, kPermits = 2, kRounds = 200;
  const uint64_t semaphore = world.take(), inside = world.take();
  if (auto made = Semaphore::create(world.memory, semaphore, kPermits); !made)
    return made.error().to_string();
  std::vector<Party> parties;
  for (uint32_t i = 0; i < kParties; ++i) {
    parties.push_back(Party::of(mix, i, "semaphore_rounds",
                                {number(semaphore), number(inside), number(kPermits), number(kRounds)},
                                [&world, semaphore, inside] {
                                  Semaphore permits = Semaphore::at(world.memory, semaphore).value();
                                  auto& count = *const_cast<uint32_t*>(world.words(inside));
                                  uint32_t faults = 0;
                                  for (uint32_t round = 0; round < kRounds; ++round) {
                                    permits.acquire();
                                    faults += std::atomic_ref(count).fetch_add(1) >= kPermits;
                                    World::pause();
                                    std::atomic_ref(count).fetch_sub(1);
                                    faults += !permits.release();
                                  }
                                  return faults;
                                }));
  }
  if (Finding finding = world.faults(std::move(parties), {semaphore}); !finding.empty()) return finding;
  return equal("permits left", *world.words(semaphore), kPermits);
}

/// Some wait for permits that come one by one, quickly: each wakes one more.
inline Finding semaphore_wakes_each(World& world, Mix mix) {
  constexpr uint32_t kWaiting = 4;
  const uint64_t semaphore = world.take();
  std::vector<Party> parties;
  for (uint32_t i = 0; i < kWaiting; ++i) {
    parties.push_back(Party::of(mix, i, "semaphore_acquire", {number(semaphore)}, [&world, semaphore] {
      Semaphore::at(world.memory, semaphore)->acquire();
      return 0;
    }));
  }
  parties.push_back(Party::of(mix, kWaiting, "semaphore_release_each", {number(semaphore), number(kWaiting)},
                              [&world, semaphore] {
                                world.await_sleepers(semaphore, kWaiting);
                                for (uint32_t i = 0; i < kWaiting; ++i)
                                  Semaphore::at(world.memory, semaphore)->release();
                                return 0;
                              }));
  if (Finding finding = world.run(std::move(parties), {semaphore}); !finding.empty()) return finding;
  return equal("permits left", *world.words(semaphore), 0);
}

}  // namespace heddle::sync
