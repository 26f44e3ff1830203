// SPDX-License-Identifier: Apache-2.0
// Recorder: hears what happens to the fibers of one scheduler, and keeps events, counts, latencies and what
// was waited for.
//
// Every worker has a log of its own, and all other threads share one; a log's mutex is contended only when
// somebody reads. What is noted of a fiber (FiberRecord) belongs to whoever may touch the fiber: the worker
// that runs it, or who makes it runnable.
#pragma once

#include <heddle/thread_recording.h>

#include <array>
#include <atomic>
#include <map>
#include <unordered_map>
#include <vector>

#include "engine/runtime/wait_queue.h"
#include "engine/support/thread_annotations.h"
#include "threads/clock.h"
#include "threads/event_log.h"
#include "threads/latency_histogram.h"

namespace heddle::threads {

class Fiber;
class Worker;

/// Threads: any, unless said otherwise.
class Recorder final : public engine::WaitObserver {
 public:
  explicit Recorder(const RecordingOptions& options);
  ~Recorder();

  /// Whose time it is; before all else. `clock` must outlive what is recorded.
  void start(const Clock& clock) noexcept { clock_ = &clock; }

  // From the scheduler.

  /// Somebody is about to give the fiber a permit.
  void wakes(Fiber& fiber) noexcept;
  /// It may run from now on. Owner of the fiber.
  void spawned(Fiber& fiber, uint32_t thread) noexcept;
  void woken(Fiber& fiber) noexcept;
  /// Its worker's thread, as are the next two.
  void resumes(Fiber& fiber) noexcept;
  void stopped(Fiber& fiber, RunEnd end) noexcept;
  void stole(Fiber& fiber, uint32_t victim) noexcept;

  // From wait queues, on fibers.

  void waits(const engine::Memory& memory, uint64_t address) noexcept override;
  void waited(const engine::Memory& memory, uint64_t address, engine::WaitResult result) noexcept override;
  void notifies(const engine::Memory& memory, uint64_t address, uint32_t woken) noexcept override;

  // For readers.

  [[nodiscard]] RecordedTotals totals() const;
  [[nodiscard]] std::vector<Contention> contention() const;
  [[nodiscard]] Result<void> write_trace(std::FILE* file) const;
  [[nodiscard]] uint64_t lost_events() const;

 private:
  static constexpr size_t kLogs = 257;  ///< of all workers there can be, and of all other threads
  static constexpr size_t kOutside = kLogs - 1;
  static constexpr size_t kMostAddresses = 4096;  ///< in a log

  struct Place {
    const engine::Memory* memory;
    uint64_t address;
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    size_t operator()(const Place& place) const noexcept {
      return (reinterpret_cast<uintptr_t>(place.memory) ^ place.address) * 0x9e3779b97f4a7c15u >> 16;
    }
  };
  struct Log {
    mutable engine::Mutex mutex;
    EventLog events HEDDLE_GUARDED_BY(mutex);
    uint64_t flows HEDDLE_GUARDED_BY(mutex) = 0;
    uint64_t spawns HEDDLE_GUARDED_BY(mutex) = 0;
    uint64_t switches HEDDLE_GUARDED_BY(mutex) = 0;
    uint64_t steals HEDDLE_GUARDED_BY(mutex) = 0;
    uint64_t waits HEDDLE_GUARDED_BY(mutex) = 0;
    uint64_t notifies HEDDLE_GUARDED_BY(mutex) = 0;
    LatencyHistogram start HEDDLE_GUARDED_BY(mutex);
    LatencyHistogram wake HEDDLE_GUARDED_BY(mutex);
    std::unordered_map<Place, Contention, PlaceHash> places HEDDLE_GUARDED_BY(mutex);
  };

  [[nodiscard]] int64_t now_ns() const noexcept { return clock_->now_ns(); }
  [[nodiscard]] size_t number_here() const noexcept;
  [[nodiscard]] Log& log(size_t number) noexcept;
  [[nodiscard]] Log& log_here() noexcept { return log(number_here()); }
  [[nodiscard]] uint64_t new_flow(Log& log, size_t number) noexcept HEDDLE_REQUIRES(log.mutex);
  void add(Log& log, const Event& event) noexcept HEDDLE_REQUIRES(log.mutex);
  /// Null if there are too many already.
  [[nodiscard]] Contention* place(Log& log, const engine::Memory& memory, uint64_t address)
      HEDDLE_REQUIRES(log.mutex);
  [[nodiscard]] uint32_t memory_number(const engine::Memory& memory) HEDDLE_EXCLUDES(memories_mutex_);

  template <class Visit>
  void for_each_log(Visit visit) const;

  const bool keeps_events_;
  EventBudget budget_;
  const Clock* clock_ = nullptr;
  std::array<std::atomic<Log*>, kLogs> logs_{};
  engine::Mutex memories_mutex_;
  std::vector<const engine::Memory*> memories_ HEDDLE_GUARDED_BY(memories_mutex_);
};

}  // namespace heddle::threads
