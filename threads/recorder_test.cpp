// SPDX-License-Identifier: Apache-2.0
// Recordings: traces that a viewer can read, sums that are right, the same for the same seed, in bounded
// memory.
#include <gtest/gtest.h>
#include <heddle/threads.h>

#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "threads/latency_histogram.h"

namespace heddle::threads {
namespace {

using Json = nlohmann::json;

TEST(latency_histogram, percentiles_are_close_and_the_maximum_is_exact) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.percentile(500), 0U);
  for (uint64_t i = 1; i <= 1000; ++i) histogram.add(i * 1000);
  EXPECT_EQ(histogram.count(), 1000U);
  EXPECT_EQ(histogram.max(), 1'000'000U);
  for (const uint64_t per_thousand : {1, 10, 500, 900, 990}) {
    const uint64_t exact = per_thousand * 1000;
    EXPECT_GE(histogram.percentile(per_thousand), exact);
    EXPECT_LE(histogram.percentile(per_thousand), exact + exact / 32 + 1);
  }
  EXPECT_EQ(histogram.percentile(1000), 1'000'000U);
}

TEST(latency_histogram, holds_every_value_and_adds_up) {
  LatencyHistogram low;
  LatencyHistogram high;
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{31}, uint64_t{32}}) low.add(value);
  for (const uint64_t value : {uint64_t{1} << 40, UINT64_MAX - 1, UINT64_MAX}) high.add(value);
  EXPECT_EQ(low.percentile(250), 0U);
  EXPECT_EQ(low.percentile(750), 31U);
  EXPECT_EQ(high.percentile(1000), UINT64_MAX);
  low.add(high);
  EXPECT_EQ(low.count(), 7U);
  EXPECT_EQ(low.max(), UINT64_MAX);
  EXPECT_EQ(low.percentile(500), 32U);
}

/// ROUNDS handovers between two threads, by the words at 0 and 128; two more threads that only exist.
constexpr const char* kProgram = R"((module
  (import "any" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (func $await (param $address i32) (param $value i32)
    (loop $again
      (drop (memory.atomic.wait32 (local.get $address) (i32.sub (local.get $value) (i32.const 1)) (i64.const -1)))
      (br_if $again (i32.ne (i32.atomic.load (local.get $address)) (local.get $value)))))
  (func $post (param $address i32) (param $value i32)
    (i32.atomic.store (local.get $address) (local.get $value))
    (drop (memory.atomic.notify (local.get $address) (i32.const 1))))
  (func (export "wasi_thread_start") (param i32 i32) (local $i i32)
    (if (i32.eqz (local.get 1)) (then (return)))
    (loop $next
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (call $await (i32.const 0) (local.get $i))
      (call $post (i32.const 128) (local.get $i))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 100)))))
  (func (export "_start") (local $i i32)
    (drop (call $spawn (i32.const 0)))
    (drop (call $spawn (i32.const 1)))
    (drop (call $spawn (i32.const 0)))
    (drop (memory.atomic.wait32 (i32.const 256) (i32.const 0) (i64.const 1000000)))
    (loop $next
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (call $post (i32.const 0) (local.get $i))
      (call $await (i32.const 128) (local.get $i))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 100))))))
)";

std::shared_ptr<Recording> record(WorkersOptions options, size_t events, bool has_order = false) {
  Config config;
  config.fuel = config.preempt_at_atomics = has_order;
  const Engine engine = *Engine::create(config);
  const Module module = *Module::load_text(engine, kProgram);
  auto recording = std::make_shared<Recording>(RecordingOptions{.trace_events = events});
  options.recording = recording;
  const Workers workers(options);
  auto process = Process::create(engine, workers, module, {});
  EXPECT_TRUE(process.ok());
  EXPECT_TRUE(process->run(std::chrono::seconds(60)).ok());
  return recording;  // once the workers have ended
}

std::string text_of(const Recording& recording) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* const file = open_memstream(&text, &size);
  const auto written = recording.write_trace(file);
  EXPECT_TRUE(written.ok());
  std::fclose(file);
  std::string copy(text, size);
  std::free(text);
  return copy;
}

/// The entries of a trace by phase.
std::map<std::string, std::vector<Json>> entries_of(const Json& trace) {
  std::map<std::string, std::vector<Json>> entries;
  for (const Json& entry : trace["traceEvents"]) entries[entry["ph"]].push_back(entry);
  return entries;
}

size_t count(const std::vector<Json>& entries, const std::string& name) {
  return static_cast<size_t>(
      std::ranges::count_if(entries, [&](const Json& entry) { return entry["name"] == name; }));
}

class RecorderTest : public testing::TestWithParam<unsigned> {};

TEST_P(RecorderTest, a_trace_has_tracks_runs_and_arrows) {
  const auto recording = record({.threads = GetParam()}, 100'000);
  const Json trace = Json::parse(text_of(*recording));
  EXPECT_EQ(trace["otherData"]["lost_events"], 0);
  auto entries = entries_of(trace);
  std::set<int> tracks;
  for (const Json& entry : entries["M"]) tracks.insert(entry["tid"].get<int>());
  EXPECT_EQ(tracks.size(), entries["M"].size());
  std::set<uint64_t> arrows;
  for (const Json& entry : entries["s"]) EXPECT_TRUE(arrows.insert(entry["id"].get<uint64_t>()).second);
  for (const Json& entry : entries["f"]) EXPECT_TRUE(arrows.contains(entry["id"].get<uint64_t>()));
  if (GetParam() == 1) {
    EXPECT_GE(entries["f"].size(), 200U) << "each handover is a sleep";
  }
  std::map<int, double> ends;
  for (const Json& entry : entries["X"]) {
    EXPECT_TRUE(tracks.contains(entry["tid"].get<int>()));
    double& end = ends[entry["tid"].get<int>()];
    EXPECT_GE(entry["ts"].get<double>(), end - 1e-3) << "a worker runs one thread at a time";
    end = entry["ts"].get<double>() + entry["dur"].get<double>();
  }
  EXPECT_EQ(count(entries["i"], "spawn"), 4U);
  EXPECT_EQ(count(entries["i"], "exit"), 4U);
  EXPECT_EQ(count(entries["i"], "steal"), recording->totals().steals);
  std::set<uint64_t> addresses;
  for (const Json& entry : entries["i"]) {
    if (entry["name"] == "park" && entry["args"].contains("address"))
      addresses.insert(entry["args"]["address"].get<uint64_t>());
  }
  EXPECT_EQ(addresses, (std::set<uint64_t>{0, 128, 256}));
}

TEST_P(RecorderTest, sums_are_right) {
  const auto recording = record({.threads = GetParam()}, 0);
  const RecordedTotals totals = recording->totals();
  EXPECT_EQ(totals.spawns, 4U);
  EXPECT_EQ(totals.start.count, 4U);
  EXPECT_GE(totals.switches, totals.start.count + totals.wake.count);
  EXPECT_LE(totals.wake.p50, totals.wake.p90);
  EXPECT_LE(totals.wake.p90, totals.wake.p99);
  EXPECT_LE(totals.wake.p99, totals.wake.max);
  uint64_t waits = 0;
  std::map<uint64_t, Contention> places;
  for (const Contention& place : recording->contention()) {
    waits += place.waits;
    EXPECT_EQ(place.memory, 0U);
    EXPECT_LE(place.longest, place.waited);
    places[place.address] = place;
  }
  EXPECT_EQ(waits, totals.waits);
  EXPECT_EQ(places[256].timed_out, 1U);
  EXPECT_EQ(places[256].notifies, 0U);
  EXPECT_GE(places[256].waited.count(), 1000);
  for (const uint64_t address : {0, 128}) {
    if (GetParam() == 1) {
      EXPECT_GE(places[address].waits, 99U);
    }
    EXPECT_LE(places[address].waits, 100U);
    EXPECT_EQ(places[address].notifies, places[address].waits) << "each is woken by one that counts";
    EXPECT_EQ(places[address].woken, places[address].waits);
  }
  EXPECT_TRUE(entries_of(Json::parse(text_of(*recording)))["X"].empty()) << "no trace was asked for";
}

TEST(recorder, memory_is_bounded_and_the_newest_events_stay) {
  const auto recording = record({.threads = 1}, 1);
  const Json trace = Json::parse(text_of(*recording));
  EXPECT_GT(recording->lost_events(), 0U);
  EXPECT_EQ(trace["otherData"]["lost_events"], recording->lost_events());
  auto entries = entries_of(trace);
  EXPECT_LE(entries["X"].size() + count(entries["i"], "wake"), 256U);
  EXPECT_GE(count(entries["i"], "exit"), 1U);
}

INSTANTIATE_TEST_SUITE_P(workers, RecorderTest, testing::Values(1U, 2U, 8U));

TEST(recorder, a_deterministic_run_records_the_same_again) {
  const auto options = [](uint64_t seed) {
    WorkersOptions options;
    options.order = Order::random;
    options.seed = seed;
    return options;
  };
  const std::string first = text_of(*record(options(5), 100'000, true));
  EXPECT_EQ(first, text_of(*record(options(5), 100'000, true)));
  EXPECT_NE(first, text_of(*record(options(6), 100'000, true)));
  EXPECT_EQ(entries_of(Json::parse(first))["X"].front()["name"], "thread 0");
}

TEST(recorder, a_file_that_can_not_be_written_is_an_error) {
  const Recording recording({.trace_events = 10});
  std::FILE* const full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  const auto written = recording.write_trace(full);
  std::fclose(full);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().kind, ErrorKind::resource);
}

}  // namespace
}  // namespace heddle::threads
