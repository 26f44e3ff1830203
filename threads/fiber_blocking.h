// SPDX-License-Identifier: Apache-2.0
// How guests of WASI wait on fibers: the fiber parks, and its worker goes on with another one.
#pragma once

#include <heddle/wasi_host.h>

#include <memory>

#include "threads/poller.h"

namespace heddle::threads {

class Fiber;

/// On a thread's own stack it does what wasi::host_blocking() does. Serves the fibers of any scheduler.
///
/// Threads: any.
class FiberBlocking final : public wasi::Blocking {
 public:
  wasi::Woken wait(Caller& caller, std::span<pollfd> files,
                   std::optional<std::chrono::nanoseconds> timeout) noexcept override;
  void yield(Caller& caller) noexcept override;
  void before_blocking() noexcept override;
  void after_blocking() noexcept override;

 private:
  [[nodiscard]] bool park_watching(Fiber& fiber, std::span<Watch> watches, int64_t deadline) noexcept;

  const std::shared_ptr<wasi::Blocking> host_ = wasi::host_blocking();
  Poller poller_;
};

}  // namespace heddle::threads
