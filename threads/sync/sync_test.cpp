// SPDX-License-Identifier: Apache-2.0
// The synchronization primitives: guests with guests, hosts with hosts, and guests with hosts on the same
// words.
#include <heddle/sync.h>

#include "threads/scheduler.h"
#include "threads/sync/test_scenarios.h"

namespace heddle::sync {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr int64_t kMillisecond = 1'000'000, kHour = 3'600'000'000'000;

class SyncTest : public testing::TestWithParam<Mix> {
 protected:
  World world_;
};

INSTANTIATE_TEST_SUITE_P(with, SyncTest, testing::Values(Mix::guests, Mix::hosts, Mix::both), name_of);

TEST_P(SyncTest, a_mutex_excludes) { EXPECT_EQ(mutex_excludes(world_, GetParam()), ""); }
TEST_P(SyncTest, a_condition_passes_every_item) { EXPECT_EQ(condition_passes_items(world_, GetParam()), ""); }
TEST_P(SyncTest, a_condition_wakes_all) { EXPECT_EQ(condition_wakes_all(world_, GetParam()), ""); }
TEST_P(SyncTest, a_barrier_holds_everybody) { EXPECT_EQ(barrier_holds(world_, GetParam()), ""); }
TEST_P(SyncTest, a_rwlock_excludes) { EXPECT_EQ(rwlock_excludes(world_, GetParam()), ""); }
TEST_P(SyncTest, a_rwlock_is_fair) { EXPECT_EQ(rwlock_is_fair(world_, GetParam()), ""); }
TEST_P(SyncTest, a_once_runs_once) { EXPECT_EQ(once_runs_once(world_, GetParam()), ""); }
TEST_P(SyncTest, a_semaphore_counts) { EXPECT_EQ(semaphore_counts(world_, GetParam()), ""); }
TEST_P(SyncTest, a_semaphore_wakes_each) { EXPECT_EQ(semaphore_wakes_each(world_, GetParam()), ""); }

class SyncPlaceTest : public testing::Test {
 protected:
  World world_;
  uint64_t line_ = world_.take(4);
};

TEST_F(SyncPlaceTest, must_be_in_the_memory_and_begin_a_line) {
  EXPECT_EQ(Mutex::at(world_.memory, line_ + 4).error().message,
            "a mutex at address " + std::to_string(line_ + 4) +
                ": it takes a cache line, so it must stand at a multiple of 64");
  const uint64_t end = world_.memory.size();
  EXPECT_EQ(RwLock::at(world_.memory, end).error().kind, ErrorKind::usage);
  EXPECT_EQ(Once::at(world_.memory, UINT64_MAX - 63).error().kind, ErrorKind::usage);
  EXPECT_EQ(Barrier::create(SharedMemory(), 0, 1).error().kind, ErrorKind::usage);
  EXPECT_TRUE(Semaphore::at(world_.memory, end - 64).ok());
}

TEST_F(SyncPlaceTest, a_mutex_that_is_held_is_not_got_in_time) {
  World::Guest guest(world_, 0);
  Mutex mutex = Mutex::at(world_.memory, line_).value();
  std::unique_lock mine(mutex);
  EXPECT_FALSE(mutex.try_lock());
  EXPECT_FALSE(mutex.try_lock_for(milliseconds(1)));
  EXPECT_FALSE(mutex.try_lock_for(milliseconds(-1)));
  EXPECT_EQ(guest("mutex_try_lock", {number(line_)}), 0u);
  EXPECT_EQ(guest("mutex_lock_for", {number(line_), kMillisecond}), 0u);
  mine.unlock();
  EXPECT_EQ(guest("mutex_lock_for", {number(line_), int64_t{0}}), 1u);
  EXPECT_FALSE(mutex.try_lock_for(milliseconds(1)));
  std::thread later([&] {
    world_.await_sleepers(line_, 1);
    guest("mutex_unlock", {number(line_)});
  });
  EXPECT_TRUE(mine.try_lock_for(hours(1)));
  later.join();
}

TEST_F(SyncPlaceTest, a_guest_gets_in_time_what_the_host_unlocks) {
  World::Guest guest(world_, 0);
  Mutex mutex = Mutex::at(world_.memory, line_).value();
  std::unique_lock mine(mutex);
  std::thread later([&] {
    world_.await_sleepers(line_, 1);
    mine.unlock();
  });
  EXPECT_EQ(guest("mutex_lock_for", {number(line_), kHour}), 1u);
  later.join();
  EXPECT_FALSE(mutex.try_lock());
}

TEST_F(SyncPlaceTest, a_condition_ends_a_wait_in_time) {
  World::Guest guest(world_, 0);
  EXPECT_EQ(guest("condition_wait_for", {number(line_), kMillisecond}), 0u);
  Queue queue(world_, line_);
  std::unique_lock lock(queue.mutex);
  EXPECT_FALSE(queue.not_empty.wait_for(lock, milliseconds(1)));
  EXPECT_TRUE(lock.owns_lock());
  std::thread later([&] {
    world_.await_sleepers(line_ + 64, 1);
    queue.not_empty.notify_one();
  });
  EXPECT_TRUE(queue.not_empty.wait_for(lock, hours(1)));
  later.join();
}

TEST_F(SyncPlaceTest, a_semaphore_gives_what_it_has) {
  World::Guest guest(world_, 0);
  Semaphore semaphore = Semaphore::create(world_.memory, line_, 1).value();
  EXPECT_TRUE(semaphore.try_acquire());
  EXPECT_FALSE(semaphore.try_acquire());
  EXPECT_FALSE(semaphore.try_acquire_for(milliseconds(1)));
  EXPECT_EQ(guest("semaphore_acquire_for", {number(line_), kMillisecond}), 0u);
  EXPECT_EQ(guest("semaphore_release", {number(line_), number(2)}), 1u);
  EXPECT_TRUE(semaphore.try_acquire_for(milliseconds(0)));
  EXPECT_EQ(guest("semaphore_acquire_for", {number(line_), int64_t{0}}), 1u);
  EXPECT_TRUE(semaphore.release(UINT32_MAX));
  EXPECT_FALSE(semaphore.release(1));
  EXPECT_EQ(guest("semaphore_release", {number(line_), number(1)}), 0u);
  std::thread sleeper(
      [&] { EXPECT_TRUE(Semaphore::at(world_.memory, line_ + 64)->try_acquire_for(hours(1))); });
  world_.await_sleepers(line_ + 64, 1);
  EXPECT_EQ(guest("semaphore_release", {number(line_ + 64), number(1)}), 1u);
  sleeper.join();
}

TEST_F(SyncPlaceTest, a_once_that_was_given_up_is_tried_again) {
  Once once = Once::at(world_.memory, line_).value();
  ASSERT_TRUE(once.begin());
  std::thread next([&] { EXPECT_TRUE(once.begin()); });
  world_.await_sleepers(line_, 1);
  once.give_up();
  next.join();
  once.end();
  EXPECT_FALSE(once.begin());
}

TEST_F(SyncPlaceTest, a_barrier_serves_more_threads_than_a_round_takes) {
  constexpr uint32_t kThreads = 6, kParties = 2, kRounds = 600;
  Barrier barrier = Barrier::create(world_.memory, line_, kParties).value();
  std::atomic<uint32_t> led{0};
  std::atomic<int> arrivals{kRounds * kParties};  // to come; while there are any, nobody goes home
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      while (arrivals-- > 0) led += barrier.arrive_and_wait();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(led, kRounds);
}

TEST_F(SyncPlaceTest, a_barrier_for_nobody_is_one_for_one) {
  Barrier barrier = Barrier::create(world_.memory, line_, 0).value();
  EXPECT_TRUE(barrier.arrive_and_wait());
  EXPECT_TRUE(barrier.arrive_and_wait());
}

/// More fibers than workers, all on one lock: if one blocked its worker, nobody would come to unlock.
TEST_F(SyncPlaceTest, fibers_park_and_leave_their_thread_to_others) {
  constexpr uint32_t kFibers = 8, kRounds = 100;
  struct Body final : threads::Job {
    void run() noexcept override {
      for (uint32_t round = 0; round < kRounds; ++round) {
        std::lock_guard guard(*mutex);
        const uint32_t seen = *counter;
        threads::Fiber::current()->yield();
        *counter = seen + 1;
      }
      arrived->release();
    }
    Mutex* mutex;
    Semaphore* arrived;
    volatile uint32_t* counter;
  };
  Mutex mutex = Mutex::at(world_.memory, line_).value();
  Semaphore arrived = Semaphore::at(world_.memory, line_ + 64).value();
  std::vector<Body> bodies(kFibers);
  threads::Scheduler scheduler({.workers = 1});
  for (Body& body : bodies) {
    body.mutex = &mutex;
    body.arrived = &arrived;
    body.counter = world_.words(line_ + 128);
    ASSERT_TRUE(scheduler.spawn(body));
  }
  for (uint32_t i = 0; i < kFibers; ++i) arrived.acquire();
  EXPECT_EQ(*world_.words(line_ + 128), kFibers * kRounds);
}

}  // namespace
}  // namespace heddle::sync
