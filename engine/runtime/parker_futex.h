// SPDX-License-Identifier: Apache-2.0
// FutexParker: how an OS thread sleeps, on a futex word of its own.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/runtime/blocking.h"

namespace heddle::engine {

class FutexParker final : public Parker {
 public:
  /// One for the caller alone until it is given back. Parkers are recycled and never freed, since unpark()
  /// may come late; there are as many as were ever in use at once. Any thread.
  [[nodiscard]] static FutexParker* take();
  static void give_back(FutexParker* parker) noexcept;

  void park(int64_t deadline_ns) noexcept override;
  void unpark() noexcept override;

 private:
  static constexpr uint32_t kParked = UINT32_MAX;
  static constexpr uint32_t kEmpty = 0;
  static constexpr uint32_t kPermit = 1;  ///< an unpark() that no park() has consumed

  FutexParker() = default;

  std::atomic<uint32_t> word_{kEmpty};
  FutexParker* next_free_ = nullptr;
};

}  // namespace heddle::engine
