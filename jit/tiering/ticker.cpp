// SPDX-License-Identifier: Apache-2.0
// The ticker's thread.
#include "jit/tiering/ticker.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace heddle::jit {

namespace {

/// Guests asked each time: with more of them, each is asked less often.
constexpr size_t kMostAsked = 64;
/// Ticks without a running guest after which the thread sleeps.
constexpr unsigned kIdleTicks = 50;

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

/// Without a thread nothing gets hot by samples; calls from compiled code still count.
void Ticker::wake() {
  {
    engine::MutexLock lock(mutex_);
    if (!is_asleep_.exchange(false)) return;
    if (thread_.joinable()) {
      changed_.notify_all();
      return;
    }
  }
  try {
    // Without the lock, which it takes first of all. It can't fall asleep before it is in its place: our guest
    // counts as running.
    std::thread started([this] { run(); });
    engine::MutexLock lock(mutex_);
    thread_ = std::move(started);
  } catch (const std::system_error&) {
  }
}

void Ticker::run() {
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
