// SPDX-License-Identifier: Apache-2.0
// FutexParker: how an OS thread sleeps, on a futex word of its own.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/runtime/blocking.h"

namespace heddle::engine {

class FutexParker final : public Parker {
 public:
  void park(int64_t deadline_ns) noexcept override;
  void unpark() noexcept override;

 private:
  static constexpr uint32_t kParked = UINT32_MAX;
  static constexpr uint32_t kEmpty = 0;
  static constexpr uint32_t kPermit = 1;  ///< an unpark() that no park() has consumed

  std::atomic<uint32_t> word_{kEmpty};
};

}  // namespace heddle::engine
