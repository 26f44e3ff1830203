// SPDX-License-Identifier: Apache-2.0
// Tests of the store, each with every kind of store: what one does, the others do.
#include "threads/store/store.h"

#include <algorithm>
#include <thread>

#include "threads/policy.h"
#include "threads/scheduler.h"
#include "threads/store/test_stores.h"
#include "threads/test_jobs.h"

namespace heddle::threads {

namespace {

using Kind = StoreErrorKind;

std::vector<std::string> keys_of(const ScanResult& result) {
  std::vector<std::string> keys;
  for (const Entry& entry : result.entries) keys.push_back(entry.key);
  return keys;
}

}  // namespace

TEST_P(EachStore, puts_gets_and_removes) {
  const auto store = open();
  EXPECT_FALSE(store->get("a")->has_value());
  const Version first = *store->put("a", "one");
  const Entry entry = **store->get("a");
  EXPECT_EQ(entry.key, "a");
  EXPECT_EQ(entry.value, "one");
  EXPECT_EQ(entry.version, first);
  EXPECT_TRUE(*store->remove("a"));
  EXPECT_FALSE(*store->remove("a"));
  EXPECT_FALSE(store->get("a")->has_value());
}

TEST_P(EachStore, versions_rise_and_never_come_back) {
  const auto store = open();
  const Version first = *store->put("a", "one");
  EXPECT_EQ(first, 1u);
  EXPECT_EQ(*store->put("a", "one"), 2u);
  EXPECT_EQ(*store->put("b", "other"), 3u);
  EXPECT_TRUE(*store->remove("a"));
  EXPECT_EQ(*store->put("a", "again"), 5u);
  EXPECT_EQ((*store->get("b"))->version, 3u);
}

TEST_P(EachStore, keeps_every_byte) {
  const auto store = open();
  std::string bytes(300, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i);
  const std::string key = bytes.substr(0, 256);
  ASSERT_TRUE(store->put(key, bytes).ok());
  ASSERT_TRUE(store->put("empty", "").ok());
  const std::string large(3 << 20, 'x');
  ASSERT_TRUE(store->put("large", large).ok());
  EXPECT_EQ((*store->get(key))->value, bytes);
  EXPECT_EQ((*store->get("empty"))->value, "");
  EXPECT_EQ((*store->get("large"))->value, large);
}

TEST_P(EachStore, refuses_what_was_not_expected) {
  const auto store = open();
  const Version first = *store->put("a", "one", kAbsent);
  EXPECT_TRUE(store->put("a", "two", kAbsent).is(Kind::exists));
  const Version second = *store->put("a", "two", first);
  const auto late = store->put("a", "three", first);
  ASSERT_TRUE(late.is(Kind::conflict));
  EXPECT_EQ(late.error().message, "the key 'a' has version 2, not version 1");
  EXPECT_TRUE(store->remove("a", first).is(Kind::conflict));
  EXPECT_EQ((*store->get("a"))->value, "two");
  EXPECT_TRUE(*store->remove("a", second));
  const auto gone = store->put("a", "three", second);
  ASSERT_TRUE(gone.is(Kind::conflict));
  EXPECT_EQ(gone.error().message, "the key 'a' is not there, not version 2");
}

TEST_P(EachStore, applies_a_batch_as_a_whole) {
  const auto store = open();
  const Version a = *store->put("a", "one");
  EXPECT_TRUE(store->apply({Change::put("b", "new"), Change::put("a", "two", a + 7)}).is(Kind::conflict));
  EXPECT_FALSE(store->get("b")->has_value());
  EXPECT_TRUE(store->apply({Change::put("b", "new"), Change::check("c", 1)}).is(Kind::conflict));
  EXPECT_FALSE(store->get("b")->has_value());

  const auto applied = store->apply({Change::check("a", a), Change::put("b", "new"), Change::remove("absent"),
                                     Change::remove("a", a), Change::put("b", "newer", kAbsent)});
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_EQ(applied.value().first, a + 1);
  EXPECT_EQ(applied.value().changes(), 3u);
  EXPECT_FALSE(store->get("a")->has_value());
  EXPECT_EQ((*store->get("b"))->value, "newer");
  EXPECT_EQ((*store->get("b"))->version, applied.value().revision);
  EXPECT_EQ(store->apply({})->changes(), 0u);
}

TEST_P(EachStore, stamps_keys_that_never_repeat) {
  const auto store = open();
  const auto first = store->apply({Change::append("log/", "one"), Change::append("note/", "of one")});
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(store->remove("log/" + stamp(first.value().first)).ok());
  const auto second = store->apply({Change::append("log/", "two")});
  ASSERT_TRUE(second.ok());
  EXPECT_EQ((*store->get("note/" + stamp(first.value().first)))->value, "of one");
  EXPECT_EQ((*store->get("log/" + stamp(second.value().first)))->value, "two");
  EXPECT_LT(stamp(first.value().first), stamp(second.value().first));
  EXPECT_EQ(stamp(0x1234abcd), "000000001234abcd");
}

TEST_P(EachStore, scans_in_the_order_of_bytes) {
  const auto store = open();
  const std::vector<std::string> keys = {std::string("a\0", 2), "a", "a/1", "a/10", "a/2", "a\xff",
                                         "a\xff\xff",           "b"};
  for (const std::string& key : keys) ASSERT_TRUE(store->put(key, "value of " + key).ok());
  std::vector<std::string> sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  const ScanResult all = *store->scan("");
  EXPECT_EQ(keys_of(all), sorted);
  EXPECT_EQ(all.revision, 8u);
  EXPECT_FALSE(all.more);
  EXPECT_EQ(keys_of(*store->scan("a/")), (std::vector<std::string>{"a/1", "a/10", "a/2"}));
  EXPECT_EQ(keys_of(*store->scan("a\xff")), (std::vector<std::string>{"a\xff", "a\xff\xff"}));
  EXPECT_EQ(keys_of(*store->scan("c")), std::vector<std::string>());
  EXPECT_EQ(all.entries[1].value, "value of " + sorted[1]);
  EXPECT_EQ(store->scan("", {.keys_only = true})->entries[1].value, "");
}

TEST_P(EachStore, scans_in_pieces) {
  const auto store = open();
  for (int i = 0; i < 25; ++i)
    ASSERT_TRUE(store->put("k" + stamp(static_cast<uint64_t>(i)), std::string(100, 'v')).ok());
  std::vector<std::string> seen;
  ScanResult piece;
  do {
    piece = *store->scan("k", {.after = seen.empty() ? "" : seen.back(), .most_entries = 7});
    EXPECT_LE(piece.entries.size(), 7u);
    for (const Entry& entry : piece.entries) seen.push_back(entry.key);
  } while (piece.more);
  EXPECT_EQ(seen.size(), 25u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(store->scan("k", {.after = "a"})->entries.size(), 25u);
  EXPECT_EQ(store->scan("k", {.after = "z"})->entries.size(), 0u);
  // 117 bytes each
  const ScanResult few = *store->scan("k", {.most_bytes = 300});
  EXPECT_EQ(few.entries.size(), 2u);
  EXPECT_TRUE(few.more);
  EXPECT_EQ(store->scan("k", {.most_bytes = 1})->entries.size(), 1u);
  EXPECT_FALSE(store->scan("k", {.most_entries = 25})->more);
}

TEST_P(EachStore, takes_only_new_keys_when_append_only) {
  const auto store = open({.append_only = true});
  ASSERT_TRUE(store->put("a", "one").ok());
  EXPECT_TRUE(store->put("a", "two").is(Kind::exists));
  EXPECT_TRUE(store->put("a", "two", 1).is(Kind::refused));
  EXPECT_TRUE(store->remove("a").is(Kind::refused));
  EXPECT_TRUE(store->apply({Change::put("b", "x"), Change::put("b", "y")}).is(Kind::refused));
  EXPECT_TRUE(store->apply({Change::append("log/", "x"), Change::append("log2/", "y")}).ok());
  EXPECT_EQ((*store->get("a"))->value, "one");
}

TEST_P(EachStore, refuses_what_is_beyond_the_limits) {
  const auto store = open();
  EXPECT_TRUE(store->put("", "x").is(Kind::invalid));
  EXPECT_TRUE(store->put(std::string(kMostKeyBytes, 'k'), "x").ok());
  EXPECT_TRUE(store->put(std::string(kMostKeyBytes + 1, 'k'), "x").is(Kind::too_large));
  EXPECT_TRUE(store->get(std::string(kMostKeyBytes + 1, 'k')).is(Kind::too_large));
  EXPECT_TRUE(store->apply({Change::append(std::string(kMostKeyBytes, 'k'), "x")}).is(Kind::too_large));
  EXPECT_TRUE(store->put("v", std::string(kMostValueBytes + 1, 'v')).is(Kind::too_large));
  std::vector<Change> changes(kMostBatchChanges, Change::put("k", "v"));
  EXPECT_EQ(store->apply(changes)->changes(), kMostBatchChanges);
  changes.push_back(Change::remove("k"));
  EXPECT_TRUE(store->apply(changes).is(Kind::too_large));
  EXPECT_TRUE(store->apply({Change{Change::Kind::check, "k", "", std::nullopt, false}}).is(Kind::invalid));
}

TEST_P(EachStore, wait_is_over_at_once_where_something_has_changed) {
  const auto store = open();
  const Version version = *store->put("a/1", "one");
  EXPECT_EQ(*store->wait_key("a/1", kAbsent), version);
  EXPECT_EQ(*store->wait_prefix("a/", 0), version);
  ASSERT_TRUE(store->remove("a/1").ok());
  EXPECT_EQ(*store->wait_key("a/1", version), kAbsent);
  EXPECT_EQ(*store->wait_prefix("a/", version), version + 1);
}

TEST_P(EachStore, wait_ends_at_its_deadline) {
  const auto store = open();
  const Version version = *store->put("a/1", "one");
  const Wait wait = {.deadline_ns = engine::monotonic_now_ns() + 1'000'000};
  EXPECT_TRUE(store->wait_key("a/1", version, wait).is(Kind::timed_out));
  EXPECT_TRUE(store->wait_prefix("a/", version, wait).is(Kind::timed_out));
  ASSERT_TRUE(store->put("b", "elsewhere").ok());
  EXPECT_TRUE(store->wait_prefix("a/", version, wait).is(Kind::timed_out));
}

TEST_P(EachStore, wait_hears_of_each_kind_of_change) {
  const auto store = open();
  const auto other = url() == "temporary:" ? store : open();
  Version version = kAbsent;
  for (int round = 0; round < 20; ++round) {
    std::thread writer([&] {
      if (round % 4 == 3)
        EXPECT_TRUE(other->remove("key").ok());
      else
        EXPECT_TRUE(other->put("key", std::to_string(round)).ok());
    });
    const auto seen = store->wait_key("key", version);
    writer.join();
    ASSERT_TRUE(seen.ok()) << seen.error().message;
    EXPECT_NE(seen.value(), version);
    version = seen.value();
  }
}

TEST_P(EachStore, wait_on_a_prefix_misses_nothing) {
  const auto store = open();
  const auto other = url() == "temporary:" ? store : open();
  constexpr int kPuts = 200;
  std::thread writer([&] {
    for (int i = 0; i < kPuts; ++i) {
      EXPECT_TRUE(other->put("noise/" + std::to_string(i), "").ok());
      EXPECT_TRUE(other->put("a/" + stamp(static_cast<uint64_t>(i)), "").ok());
    }
  });
  Version since = 0;
  std::string last;
  int seen = 0;
  while (seen < kPuts) {
    const auto changed = store->wait_prefix("a/", since);
    ASSERT_TRUE(changed.ok()) << changed.error().message;
    const ScanResult news = *store->scan("a/", {.after = last});
    seen += static_cast<int>(news.entries.size());
    if (!news.entries.empty()) last = news.entries.back().key;
    since = news.revision;
  }
  writer.join();
  EXPECT_EQ(seen, kPuts);
}

TEST_P(EachStore, who_is_far_behind_is_told_to_look) {
  const auto store = open();
  for (Version changes = 0; changes <= kRememberedChanges; changes += kMostBatchChanges)
    ASSERT_TRUE(store->apply(std::vector<Change>(kMostBatchChanges, Change::put("noise", ""))).ok());
  EXPECT_TRUE(store->wait_prefix("a/", 0).ok());
  // A revision out of another life of the store.
  EXPECT_TRUE(store->wait_prefix("a/", uint64_t{1} << 40).ok());
  const Wait wait = {.deadline_ns = 0};
  EXPECT_TRUE(store->wait_prefix("a/", store->scan("a/")->revision, wait).is(Kind::timed_out));
}

TEST_P(EachStore, wait_can_be_cancelled) {
  const auto store = open();
  Cancellation before;
  before.cancel();
  EXPECT_TRUE(store->wait_key("a", kAbsent, {.cancellation = &before}).is(Kind::cancelled));
  Cancellation during;
  std::thread canceller([&] { during.cancel(); });
  EXPECT_TRUE(store->wait_prefix("a", 0, {.cancellation = &during}).is(Kind::cancelled));
  canceller.join();
}

TEST_P(EachStore, many_writers_lose_no_update) {
  const auto store = open();
  constexpr int kWriters = 4;
  constexpr int kTimes = 25;
  ASSERT_TRUE(store->put("count", "0").ok());
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      for (int done = 0; done < kTimes;) {
        const Entry entry = **store->get("count");
        const auto put = store->put("count", std::to_string(std::stoi(entry.value) + 1), entry.version);
        if (put)
          ++done;
        else
          EXPECT_TRUE(put.is(Kind::conflict)) << put.error().message;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ((*store->get("count"))->value, std::to_string(kWriters * kTimes));
}

namespace {

/// Fibers that pass a token around: each waits for its turn and calls the next.
class Relay final : public Job {
 public:
  Relay(KeyValueStore& store, int place, int runners, int rounds)
      : store_(store), place_(place), runners_(runners), rounds_(rounds) {}

  void run() noexcept override {
    Version known = kAbsent;
    for (int round = 0; round < rounds_; ++round) {
      const std::string mine = "turn/" + std::to_string(place_);
      const auto turn = store_.wait_key(mine, known);
      ASSERT_TRUE(turn.ok()) << turn.error().message;
      known = *turn;
      ASSERT_TRUE(store_.put("turn/" + std::to_string((place_ + 1) % runners_), "go").ok());
    }
  }

 private:
  KeyValueStore& store_;
  const int place_, runners_, rounds_;
};

}  // namespace

TEST_P(EachStore, parks_fibers_and_not_their_threads) {
  constexpr int kRunners = 20, kRounds = 5;
  const auto store = open();
  std::vector<Relay> relays;
  for (int i = 0; i < kRunners; ++i) relays.emplace_back(*store, i, kRunners, kRounds);
  {
    Scheduler scheduler({.workers = 1});
    for (Relay& relay : relays) ASSERT_TRUE(scheduler.spawn(relay));
    ASSERT_TRUE(store->put("turn/0", "go").ok());
  }
  EXPECT_EQ(store->scan("")->revision, 1u + kRunners * kRounds);
}

TEST(key_value_store, deadlines_are_by_the_clock_of_who_waits) {
  const auto store = *open_store("temporary:");
  RoundRobinPolicy policy;
  Scheduler scheduler({.policy = &policy});
  spawn(scheduler, [&] {
    constexpr int64_t kHourNs = int64_t{3600} * 1'000'000'000;
    const Wait wait = {.deadline_ns = store->host().now_ns() + kHourNs};
    EXPECT_TRUE(store->wait_key("a", kAbsent, wait).is(Kind::timed_out));
  });
}

INSTANTIATE_TEST_SUITE_P(stores, EachStore, testing::Values("temporary", "lmdb", "redis"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace heddle::threads
