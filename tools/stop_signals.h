// SPDX-License-Identifier: Apache-2.0
// StopSignals: SIGINT and SIGTERM as calls on an ordinary thread, for commands that end in order.
#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

namespace heddle::tools {

/// To be made before any other thread is: threads inherit that the signals are blocked.
class StopSignals {
 public:
  /// `on_stop(n)` runs for the n-th signal, n from 1, on a thread of its own.
  explicit StopSignals(std::function<void(int)> on_stop);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  void listen();
  const std::function<void(int)> on_stop_;
  sigset_t signals_;
  sigset_t before_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace heddle::tools
