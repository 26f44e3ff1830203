// SPDX-License-Identifier: Apache-2.0
// The ticker's thread.
#include "jit/tiering/ticker.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "engine/support/platform.h"

namespace heddle::jit {

namespace {

/// Guests asked each time: with more of them, each is asked less often.
constexpr size_t kMostAsked = 64;
/// Ticks without a running guest after which the thread sleeps.
constexpr unsigned kIdleTicks = 50;
/// Samples that guests take by themselves, half an interval apart. By then, counting checks has cost what the
/// thread will.
constexpr uint32_t kUnaskedSamples = 4;
/// Checks after which a guest looks at the clock.
constexpr uint32_t kChecksBetween = 128;

}  // namespace

Ticker::~Ticker() {
  std::thread thread;
  {
    engine::MutexLock lock(mutex_);
    stop_ = true;
    thread = std::move(thread_);
  }
  changed_.notify_all();
  if (thread.joinable()) thread.join();
}

void Ticker::add(WatchedContext& watched) {
  engine::MutexLock lock(mutex_);
  watched.place = contexts_.size();
  contexts_.push_back(&watched);
}

void Ticker::remove(WatchedContext& watched) {
  engine::MutexLock lock(mutex_);
  contexts_.back()->place = watched.place;
  contexts_[watched.place] = contexts_.back();
  contexts_.pop_back();
}

void Ticker::begin_unasked(WatchedContext& watched) {
  if (unasked_samples_.load(std::memory_order_relaxed) >= kUnaskedSamples) return wake();
  watched.since = Clock::now() - Clock::duration(unsampled_.load(std::memory_order_relaxed));
  watched.context->request_sample_after(kChecksBetween);
}

/// Of guests that run at a time one may overwrite what the other has run, and the sample comes later.
void Ticker::end_unasked(WatchedContext& watched) noexcept {
  watched.context->cancel_sample_after();
  unsampled_.store((Clock::now() - watched.since).count(), std::memory_order_relaxed);
}

Ticker::Answer Ticker::answer_unasked(WatchedContext& watched) {
  const Clock::time_point now = Clock::now();
  if (now - watched.since < interval_ / 2) return {false, kChecksBetween};
  watched.since = now;
  if (unasked_samples_.fetch_add(1, std::memory_order_relaxed) + 1 < kUnaskedSamples)
    return {true, kChecksBetween};
  wake();
  return {};
}

/// Without a thread nothing gets hot by samples; calls from compiled code still count.
void Ticker::wake() {
  {
    engine::MutexLock lock(mutex_);
    unasked_samples_.store(kUnaskedSamples, std::memory_order_relaxed);
    if (!is_asleep_.exchange(false)) return;
    if (thread_.joinable()) {
      changed_.notify_all();
      return;
    }
  }
  try {
    // Without the lock, which it takes first of all. It can't fall asleep before it is in its place: our
    // guest counts as running.
    std::thread started([this] { run(); });
    engine::MutexLock lock(mutex_);
    thread_ = std::move(started);
  } catch (const std::system_error&) {
  }
}

void Ticker::run() {
  engine::name_thread("heddle ticker");
  engine::MutexLock lock(mutex_);
  unsigned idle = 0;
  while (!stop_) {
    if (idle >= kIdleTicks) {
      is_asleep_.store(true, std::memory_order_seq_cst);
      // Who began since has not seen it asleep.
      if (ask()) is_asleep_.store(false, std::memory_order_seq_cst);
      while (is_asleep_.load(std::memory_order_seq_cst) && !stop_) changed_.wait(mutex_);
      idle = 0;
    } else {
      changed_.wait_for(mutex_, interval_);
      idle = ask() ? 0 : idle + 1;
    }
  }
}

/// Does any guest run?
bool Ticker::ask() {
  bool runs = false;
  const size_t count = contexts_.size();
  for (size_t i = 0, asked = 0; i < count && asked < kMostAsked; ++i) {
    if (++next_ >= count) next_ = 0;
    WatchedContext& watched = *contexts_[next_];
    if (!watched.is_running.load(std::memory_order_seq_cst)) continue;
    runs = true;
    ++asked;
    if (!watched.context->sample_pending()) watched.context->request_sample();
  }
  return runs;
}

}  // namespace heddle::jit
