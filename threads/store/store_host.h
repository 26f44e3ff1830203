// SPDX-License-Identifier: Apache-2.0
// StoreHost: how the callers of a store sleep, and who hears of calls that block their thread.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/runtime/blocking.h"

namespace heddle::threads {

/// This one parks the fiber, and announces what blocks to the fiber's scheduler, if the caller is a fiber; on
/// a thread of its own the caller just sleeps. A host with a scheduler or a clock of its own derives from it.
///
/// Threads: every function may be called from any thread, from several at once.
class StoreHost : public engine::BlockingObserver {
 public:
  /// Who sleeps for the caller until give_back(), which may come once no unpark() is under way.
  [[nodiscard]] virtual engine::Parker& take_parker() noexcept;
  virtual void give_back(engine::Parker& parker) noexcept;
  /// The clock of the caller's deadlines, as its parker's park() uses it.
  [[nodiscard]] virtual int64_t now_ns() noexcept;

  // Around what may block the caller's thread: a round trip to a server, a commit. Never nested; between the
  // two, the caller stays on its thread.
  void before_blocking() noexcept override;
  void after_blocking() noexcept override;

  /// One for everybody.
  [[nodiscard]] static std::shared_ptr<StoreHost> standard();
};

/// Announces one call that blocks.
class BlockingCall {
 public:
  explicit BlockingCall(StoreHost& host) noexcept : host_(host) { host_.before_blocking(); }
  ~BlockingCall() { host_.after_blocking(); }
  BlockingCall(const BlockingCall&) = delete;
  BlockingCall& operator=(const BlockingCall&) = delete;

 private:
  StoreHost& host_;
};

}  // namespace heddle::threads
