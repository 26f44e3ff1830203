// SPDX-License-Identifier: Apache-2.0
// EventLog: the last events of one worker, in chunks that all workers take from one bounded store.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

namespace heddle::threads {

enum class EventKind : uint8_t { spawn, run, wake, steal };

/// Why a run ended.
enum class RunEnd : uint8_t { park, yield, blocked, exit };

/// One thing that happened on a worker.
struct Event {
  int64_t time_ns = 0;      ///< of a run: when it began
  int64_t duration_ns = 0;  ///< of a run
  uint64_t address = 0;     ///< of a run that ended in memory.atomic.wait: where
  uint64_t flow = 0;  ///< of a spawn or wake: the arrow's name; of a run: the arrow that leads to it; 0: none
  uint32_t thread = 0;  ///< who ran, was spawned, woken or stolen
  uint32_t other = 0;   ///< of a steal: the worker it was taken from
  EventKind kind = EventKind::run;
  RunEnd end = RunEnd::park;
  bool at_address = false;
};

/// How many chunks there may be. Threads: any.
class EventBudget {
 public:
  explicit EventBudget(size_t chunks) : chunks_(chunks) {}
  [[nodiscard]] bool take() noexcept {
    size_t left = chunks_.load(std::memory_order_relaxed);
    while (left != 0 && !chunks_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) {
    }
    return left != 0;
  }

 private:
  std::atomic<size_t> chunks_;
};

/// Threads: one at a time.
class EventLog {
 public:
  static constexpr size_t kChunk = 256;

  /// When there is no chunk left, this worker's oldest one goes; each has one in any case.
  void add(const Event& event, EventBudget& budget) {
    if (used_ == kChunk) add_chunk(budget);
    (*chunks_.back())[used_++] = event;
  }

  [[nodiscard]] uint64_t lost() const noexcept { return lost_; }

  /// Oldest first; of runs, by their ends.
  template <class Visit>
  void for_each(Visit visit) const {
    for (size_t i = 0; i < chunks_.size(); ++i) {
      const size_t count = i + 1 == chunks_.size() ? used_ : kChunk;
      for (size_t k = 0; k < count; ++k) visit((*chunks_[i])[k]);
    }
  }

 private:
  using Chunk = std::array<Event, kChunk>;

  void add_chunk(EventBudget& budget) {
    if (chunks_.empty() || budget.take()) {
      chunks_.push_back(std::make_unique<Chunk>());
    } else {
      chunks_.push_back(std::move(chunks_.front()));
      chunks_.pop_front();
      lost_ += kChunk;
    }
    used_ = 0;
  }

  std::deque<std::unique_ptr<Chunk>> chunks_;
  size_t used_ = kChunk;  ///< of the last chunk
  uint64_t lost_ = 0;
};

}  // namespace heddle::threads
