// SPDX-License-Identifier: Apache-2.0
// The clocks of guests of WASI on fibers: the host's, or in a deterministic run the fibers' own time.
#pragma once

#include <heddle/wasi_host.h>

#include <cstdint>
#include <memory>

namespace heddle::threads {

/// Serves the fibers of any scheduler; elsewhere it is wasi::host_clocks(). Where time is virtual, all clocks
/// show it, and realtime begins at a moment of its own. It stands still while anyone runs, so each look at a
/// clock takes a little: who looks until it is late enough shall see that come.
///
/// Threads: any.
class FiberClocks final : public wasi::Clocks {
 public:
  /// What a look at a clock takes where time is virtual.
  static constexpr int64_t kLookNs = 1000;

  explicit FiberClocks(uint64_t realtime_start_ns = 0) : realtime_start_(realtime_start_ns) {}

  uint64_t now(wasi::ClockId clock) noexcept override;
  uint64_t resolution(wasi::ClockId clock) noexcept override;

 private:
  const uint64_t realtime_start_;
  const std::shared_ptr<wasi::Clocks> host_ = wasi::host_clocks();
};

}  // namespace heddle::threads
