// SPDX-License-Identifier: Apache-2.0
// A thread that waits for the signals that all others have blocked.
#include "tools/stop_signals.h"

#include <pthread.h>

#include <utility>

namespace heddle::tools {

StopSignals::StopSignals(std::function<void(int)> on_stop) : on_stop_(std::move(on_stop)) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  thread_ = std::thread([this] { listen(); });
}

StopSignals::~StopSignals() {
  over_.store(true);
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void StopSignals::listen() {
  for (int count = 1;; ++count) {
    int signal = 0;
    if (sigwait(&signals_, &signal) != 0 || over_.load()) return;
    on_stop_(count);
  }
}

}  // namespace heddle::tools
