// SPDX-License-Identifier: Apache-2.0
// RunQueue: the runnable fibers of one worker, oldest first; the owner adds, everybody takes.
//
// A ring. head_ moves by compare-exchange, so each fiber is taken once; tail_ belongs to the owner. A place
// is written again only when head_ has passed it, so what a taker read before its exchange succeeded is
// right.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace heddle::threads {

class Fiber;

class RunQueue {
 public:
  static constexpr uint32_t kCapacity = 256;

  /// False if full. Owner only.
  [[nodiscard]] bool push(Fiber* fiber) noexcept {
    const uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kCapacity) return false;
    ring_[tail % kCapacity].store(fiber, std::memory_order_relaxed);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// The oldest, or null. Any thread.
  [[nodiscard]] Fiber* take() noexcept {
    uint32_t head = head_.load(std::memory_order_acquire);
    while (head != tail_.load(std::memory_order_acquire)) {
      Fiber* const fiber = ring_[head % kCapacity].load(std::memory_order_relaxed);
      if (head_.compare_exchange_weak(head, head + 1, std::memory_order_acq_rel, std::memory_order_acquire)) {
        return fiber;
      }
    }
    return nullptr;
  }

  /// A moment's truth. Any thread.
  [[nodiscard]] bool empty() const noexcept {
    return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire);
  }

 private:
  alignas(64) std::atomic<uint32_t> head_{0};
  alignas(64) std::atomic<uint32_t> tail_{0};
  std::array<std::atomic<Fiber*>, kCapacity> ring_{};
};

}  // namespace heddle::threads
