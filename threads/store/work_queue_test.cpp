// SPDX-License-Identifier: Apache-2.0
// Tests of the work queue, each with every kind of store. Claims that end are told by a clock the test moves.
#include "threads/store/work_queue.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include "threads/store/test_stores.h"

namespace heddle::threads {

namespace {

using Kind = StoreErrorKind;
using Status = TaskResult::Status;
using std::chrono::hours;
using std::chrono::milliseconds;

class EachQueue : public EachStore {
 protected:
  [[nodiscard]] WorkQueue open_queue() const { return *WorkQueue::open(open(), "work"); }
};

/// Nothing to claim now.
constexpr Wait kAtOnce = {.deadline_ns = 0, .cancellation = nullptr};

}  // namespace

TEST_P(EachQueue, hands_tasks_out_in_their_order) {
  WorkQueue queue = open_queue();
  std::vector<TaskId> ids;
  for (const char* payload : {"one", "two", "three"}) ids.push_back(*queue.enqueue(payload));
  for (const char* payload : {"one", "two", "three"}) {
    const Claim claim = *queue.claim(hours(1));
    EXPECT_EQ(*queue.payload(claim.id), payload);
    EXPECT_EQ(claim.attempt, 1u);
    ASSERT_TRUE(queue.complete(claim, {Status::done, std::string(payload) + " done"}).ok());
  }
  EXPECT_TRUE(queue.claim(hours(1), kAtOnce).is(Kind::timed_out));
  EXPECT_EQ(*queue.wait_result(ids[1]), (TaskResult{Status::done, "two done"}));
  EXPECT_TRUE(*queue.forget(ids[1]));
  EXPECT_TRUE(queue.wait_result(ids[1]).is(Kind::invalid));
}

TEST_P(EachQueue, leaves_nothing_behind) {
  const auto store = open();
  WorkQueue queue = *WorkQueue::open(store, "work");
  const TaskId id = *queue.enqueue("payload");
  ASSERT_TRUE(queue.complete(*queue.claim(hours(1)), {Status::done, ""}).ok());
  EXPECT_TRUE(*queue.forget(id));
  EXPECT_FALSE(*queue.forget(id));
  ASSERT_TRUE(queue.enqueue("nobody asks", {.wants_result = false}).ok());
  ASSERT_TRUE(queue.complete(*queue.claim(hours(1)), {Status::done, "lost"}).ok());
  EXPECT_EQ(store->scan("")->entries.size(), 0u);
}

TEST_P(EachQueue, queues_do_not_mix) {
  const auto store = open();
  WorkQueue queue = *WorkQueue::open(store, "a");
  WorkQueue other = *WorkQueue::open(store, "a.b");
  WorkQueue guest = *WorkQueue::open(store, "a", "guest/");
  ASSERT_TRUE(queue.enqueue("x").ok());
  EXPECT_TRUE(other.claim(hours(1), kAtOnce).is(Kind::timed_out));
  EXPECT_TRUE(guest.claim(hours(1), kAtOnce).is(Kind::timed_out));
  EXPECT_TRUE(queue.claim(hours(1), kAtOnce).ok());
  for (const char* name : {"", "a/b", "a b", "\xff"})
    EXPECT_TRUE(WorkQueue::open(store, name).is(Kind::invalid));
  EXPECT_TRUE(WorkQueue::open(store, std::string(65, 'x')).is(Kind::invalid));
}

TEST_P(EachQueue, task_of_a_dead_worker_comes_back_in_its_place) {
  WorkQueue queue = open_queue();
  const TaskId first = *queue.enqueue("first");
  ASSERT_TRUE(queue.enqueue("second").ok());
  const Claim dead = *queue.claim(milliseconds(1));
  // The next claim waits for the end of the first one, or comes after it; then the oldest is the first again.
  Claim again = *queue.claim(hours(1));
  if (again.id != first) again = *queue.claim(hours(1));
  EXPECT_EQ(again.id, first);
  EXPECT_EQ(again.attempt, 2u);
  EXPECT_TRUE(queue.complete(dead, {Status::done, "from the dead"}).is(Kind::lost));
  EXPECT_TRUE(queue.extend(dead, hours(1)).is(Kind::lost));
  EXPECT_TRUE(queue.retry(dead, "late").is(Kind::lost));
  ASSERT_TRUE(queue.complete(again, {Status::done, "from the living"}).ok());
  EXPECT_EQ(queue.wait_result(first)->bytes, "from the living");
  EXPECT_TRUE(queue.complete(again, {Status::done, "twice"}).is(Kind::lost));
}

TEST_P(EachQueue, gives_up_what_never_succeeds) {
  WorkQueue queue = open_queue();
  const TaskId dying = *queue.enqueue("kills its worker", {.most_attempts = 2});
  ASSERT_TRUE(queue.claim(milliseconds(1)).ok());
  ASSERT_TRUE(queue.claim(milliseconds(1)).ok());
  std::thread looker([&] { EXPECT_EQ(*queue.payload(queue.claim(hours(1))->id), "the end"); });
  EXPECT_EQ(*queue.wait_result(dying),
            (TaskResult{Status::given_up, "given up after 2 attempts: no worker has completed it in time"}));
  ASSERT_TRUE(queue.enqueue("the end").ok());
  looker.join();

  const TaskId failing = *queue.enqueue("fails", {.most_attempts = 1});
  ASSERT_TRUE(queue.retry(*queue.claim(hours(1)), "disk full").ok());
  EXPECT_EQ(queue.wait_result(failing)->bytes, "given up after 1 attempt: disk full");
  const auto letters = *queue.dead_letters();
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].id, dying);
  EXPECT_EQ(letters[1].reason, "given up after 1 attempt: disk full");

  ASSERT_TRUE(queue.revive(failing).ok());
  EXPECT_TRUE(queue.revive(failing).is(Kind::invalid));
  const Claim claim = *queue.claim(hours(1));
  EXPECT_EQ(*queue.payload(claim.id), "fails");
  ASSERT_TRUE(queue.complete(claim, {Status::failed, "but ended"}).ok());
  EXPECT_EQ(*queue.wait_result(failing), (TaskResult{Status::failed, "but ended"}));
}

TEST_P(EachQueue, retry_gives_back_now_or_later) {
  WorkQueue queue = open_queue();
  const TaskId id = *queue.enqueue("x");
  ASSERT_TRUE(queue.retry(*queue.claim(hours(1)), "at once").ok());
  Claim claim = *queue.claim(hours(1), kAtOnce);
  EXPECT_EQ(claim.attempt, 2u);
  ASSERT_TRUE(queue.retry(claim, "much later", hours(1)).ok());
  EXPECT_TRUE(queue.claim(hours(1), kAtOnce).is(Kind::timed_out));
  EXPECT_TRUE(queue.wait_result(id, kAtOnce).is(Kind::timed_out));
}

TEST_P(EachQueue, retry_after_a_delay_wakes_who_waits) {
  WorkQueue queue = open_queue();
  ASSERT_TRUE(queue.enqueue("x").ok());
  ASSERT_TRUE(queue.retry(*queue.claim(hours(1)), "soon", milliseconds(20)).ok());
  EXPECT_EQ(queue.claim(hours(1))->attempt, 2u);
}

TEST_P(EachQueue, extended_claim_is_the_only_one) {
  WorkQueue queue = open_queue();
  ASSERT_TRUE(queue.enqueue("x").ok());
  const Claim claim = *queue.claim(hours(1));
  const Claim extended = *queue.extend(claim, hours(2));
  EXPECT_GT(extended.due_ms, claim.due_ms);
  EXPECT_TRUE(queue.complete(claim, {}).is(Kind::lost));
  EXPECT_TRUE(queue.complete(extended, {}).ok());
}

TEST_P(EachQueue, unknown_tasks_are_refused) {
  WorkQueue queue = open_queue();
  EXPECT_TRUE(queue.wait_result(77).is(Kind::invalid));
  EXPECT_TRUE(queue.payload(77).is(Kind::lost));
  EXPECT_TRUE(queue.revive(77).is(Kind::invalid));
  const TaskId quiet = *queue.enqueue("x", {.wants_result = false});
  EXPECT_TRUE(queue.wait_result(quiet).is(Kind::invalid));
  EXPECT_FALSE(*queue.forget(quiet));
}

TEST_P(EachQueue, claim_can_be_cancelled) {
  WorkQueue queue = open_queue();
  Cancellation cancellation;
  std::thread canceller([&] { cancellation.cancel(); });
  EXPECT_TRUE(queue.claim(hours(1), {.cancellation = &cancellation}).is(Kind::cancelled));
  canceller.join();
}

TEST_P(EachQueue, many_producers_and_workers_do_each_task_once) {
  const auto shared = open();
  constexpr int kProducers = 3, kWorkers = 4, kTasks = 40;
  std::mutex mutex;
  std::map<std::string, int> done;
  std::vector<std::thread> threads;
  for (int worker = 0; worker < kWorkers; ++worker) {
    threads.emplace_back([&, worker] {
      WorkQueue queue = *WorkQueue::open(worker % 2 == 0 && url() != "temporary:" ? open() : shared, "work");
      for (;;) {
        const auto claim = queue.claim(hours(1));
        ASSERT_TRUE(claim.ok()) << claim.error().message;
        const std::string payload = *queue.payload(claim->id);
        ASSERT_TRUE(queue.complete(*claim, {Status::done, "did " + payload}).ok());
        if (payload == "stop") return;
        const std::lock_guard lock(mutex);
        ++done[payload];
      }
    });
  }
  for (int producer = 0; producer < kProducers; ++producer) {
    threads.emplace_back([&, producer] {
      WorkQueue queue = *WorkQueue::open(shared, "work");
      for (int task = 0; task < kTasks; ++task) {
        const std::string payload = std::to_string(producer) + "/" + std::to_string(task);
        const TaskId id = *queue.enqueue(payload);
        if (task % 8 != 0) continue;
        EXPECT_EQ(queue.wait_result(id)->bytes, "did " + payload);
      }
    });
  }
  for (size_t i = kWorkers; i < threads.size(); ++i) threads[i].join();
  WorkQueue queue = *WorkQueue::open(shared, "work");
  for (int worker = 0; worker < kWorkers; ++worker) ASSERT_TRUE(queue.enqueue("stop").ok());
  for (int worker = 0; worker < kWorkers; ++worker) threads[static_cast<size_t>(worker)].join();
  EXPECT_EQ(done.size(), static_cast<size_t>(kProducers * kTasks));
  EXPECT_TRUE(std::all_of(done.begin(), done.end(), [](const auto& entry) { return entry.second == 1; }));
}

INSTANTIATE_TEST_SUITE_P(stores, EachQueue, testing::Values("temporary", "lmdb", "redis"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace heddle::threads
