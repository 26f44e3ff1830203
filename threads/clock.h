// SPDX-License-Identifier: Apache-2.0
// Clocks: the time that a scheduler's fibers go by, the host's or their own.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/runtime/blocking.h"

namespace heddle::threads {

/// Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds since some fixed point; never goes back.
  [[nodiscard]] virtual int64_t now_ns() const noexcept = 0;
};

class HostClock final : public Clock {
 public:
  [[nodiscard]] int64_t now_ns() const noexcept override { return engine::monotonic_now_ns(); }
};

/// Time that stands still until somebody moves it; begins at 0.
class VirtualClock final : public Clock {
 public:
  [[nodiscard]] int64_t now_ns() const noexcept override { return now_.load(std::memory_order_acquire); }
  /// No effect if that has passed. One thread at a time.
  void advance_to(int64_t time_ns) noexcept {
    if (time_ns > now_ns()) now_.store(time_ns, std::memory_order_release);
  }

 private:
  std::atomic<int64_t> now_{0};
};

}  // namespace heddle::threads
