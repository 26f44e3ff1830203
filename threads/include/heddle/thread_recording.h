// SPDX-License-Identifier: Apache-2.0
// Recording: what guest threads did: a trace for a viewer, counts, latencies, and where they waited.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include <heddle/export.h>
#include <heddle/result.h>

namespace heddle::threads {

class Recorder;

struct RecordingOptions {
  /// How many events of the trace are kept, about 40 bytes each; the oldest of each worker go first. 0: none.
  size_t trace_events = 0;
};

/// How long something took. Percentiles are at most 3 % above the truth, the maximum is exact.
struct Latency {
  uint64_t count = 0;
  std::chrono::nanoseconds p50{0};
  std::chrono::nanoseconds p90{0};
  std::chrono::nanoseconds p99{0};
  std::chrono::nanoseconds max{0};
};

/// What was waited for at one address of a shared memory (memory.atomic.wait), by threads that did sleep.
struct Contention {
  uint32_t memory = 0;  ///< counted from 0 in the order in which they were first waited for
  uint64_t address = 0;
  uint64_t waits = 0;
  uint64_t timed_out = 0;  ///< of those
  std::chrono::nanoseconds waited{0};
  std::chrono::nanoseconds longest{0};
  uint64_t notifies = 0;  ///< that woke somebody
  uint64_t woken = 0;     ///< by those
};

struct RecordedTotals {
  uint64_t spawns = 0;
  uint64_t switches = 0;  ///< how often a worker took up a thread
  uint64_t steals = 0;    ///< how often it was another worker's
  uint64_t waits = 0;     ///< sleeps in memory.atomic.wait
  uint64_t notifies = 0;  ///< that woke somebody
  Latency start;          ///< from the spawn to the thread's first step
  Latency wake;           ///< from the wake-up to the next step
};

/// Give one to a Workers, which then records all its threads, by the time they go by: in deterministic runs,
/// the same seed records the same. Recording costs some 100 ns a switch; a Workers without one pays nothing.
///
/// Threads: any thread may call any function at any time; the last steps of threads are in it once the
/// Workers have ended.
class HEDDLE_API Recording {
 public:
  explicit Recording(const RecordingOptions& options = {});
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  [[nodiscard]] RecordedTotals totals() const;
  /// The addresses that were waited for, longest in all first. Beyond some thousand addresses, further ones
  /// are left out.
  [[nodiscard]] std::vector<Contention> contention() const;
  /// Writes the trace as JSON in the format of Chrome's trace viewer (chrome://tracing, ui.perfetto.dev): a
  /// track for each worker, and arrows from who woke or spawned to who ran. Errors: resource (it can not be
  /// written).
  [[nodiscard]] Result<void> write_trace(std::FILE* file) const;
  /// Events that there was no room for.
  [[nodiscard]] uint64_t lost_events() const;

  [[nodiscard]] Recorder& recorder() const noexcept { return *recorder_; }  ///< for Workers

 private:
  const std::unique_ptr<Recorder> recorder_;
};

}  // namespace heddle::threads
