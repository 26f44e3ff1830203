// SPDX-License-Identifier: Apache-2.0
// Ticker: asks running guests, every so often, where they are.
//
// A guest answers at its next check in tier 0 (ExecContext::request_sample), so counting costs nothing in
// between. The thread sleeps while no guest runs, and asks a bounded number of them each time. To start and
// to join it takes as long as a short program runs; so the first samples, guests take by themselves: they
// look at the clock every so many checks.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <thread>
#include <vector>

#include "engine/runtime/exec_context.h"
#include "engine/support/thread_annotations.h"

namespace heddle::jit {

/// A store's context as the ticker sees it.
struct WatchedContext {
  engine::ExecContext* context = nullptr;
  std::atomic<bool> is_running{false};            ///< written by the guest's thread
  std::chrono::steady_clock::time_point since{};  ///< the last sample, while it looks by itself; its thread's
  size_t place = 0;                               ///< among the ticker's, under its lock
};

/// Threads: any.
class Ticker {
 public:
  explicit Ticker(std::chrono::microseconds interval) : interval_(interval) {}
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  void add(WatchedContext& watched) HEDDLE_EXCLUDES(mutex_);
  /// Afterwards the ticker does not touch it any more.
  void remove(WatchedContext& watched) HEDDLE_EXCLUDES(mutex_);
  /// A guest begins to run, or is over. Its own thread only.
  void begin(WatchedContext& watched) HEDDLE_EXCLUDES(mutex_) {
    watched.is_running.store(true, std::memory_order_seq_cst);
    if (is_asleep_.load(std::memory_order_seq_cst)) begin_unasked(watched);
  }
  void end(WatchedContext& watched) noexcept {
    watched.is_running.store(false, std::memory_order_relaxed);
    if (watched.context->sample_pending()) end_unasked(watched);
  }
  /// What a guest that answers does: takes a sample, or has only looked at the clock; and when it does next
  /// by itself.
  struct Answer {
    bool is_sample = true;
    uint32_t checks_to_next = 0;
  };
  /// Its own thread only.
  [[nodiscard]] Answer answer(WatchedContext& watched) HEDDLE_EXCLUDES(mutex_) {
    return is_asleep_.load(std::memory_order_seq_cst) ? answer_unasked(watched) : Answer{};
  }
  /// Starts the thread if no guest has yet, for one that can't look by itself.
  void tick() HEDDLE_EXCLUDES(mutex_) {
    if (is_asleep_.load(std::memory_order_seq_cst)) wake();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void begin_unasked(WatchedContext& watched) HEDDLE_EXCLUDES(mutex_);
  void end_unasked(WatchedContext& watched) noexcept;
  [[nodiscard]] Answer answer_unasked(WatchedContext& watched) HEDDLE_EXCLUDES(mutex_);
  void wake() HEDDLE_EXCLUDES(mutex_);
  void run() HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] bool ask() HEDDLE_REQUIRES(mutex_);

  const std::chrono::microseconds interval_;
  engine::Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<WatchedContext*> contexts_ HEDDLE_GUARDED_BY(mutex_);
  size_t next_ HEDDLE_GUARDED_BY(mutex_) = 0;  ///< who is asked first the next time
  bool stop_ HEDDLE_GUARDED_BY(mutex_) = false;
  std::atomic<bool> is_asleep_{true};
  std::atomic<uint32_t> unasked_samples_{0};      ///< that guests have taken by themselves
  std::atomic<Clock::rep> unsampled_{0};          ///< time that guests have run since the last of them
  std::thread thread_ HEDDLE_GUARDED_BY(mutex_);  ///< since the first guest ran
};

}  // namespace heddle::jit
