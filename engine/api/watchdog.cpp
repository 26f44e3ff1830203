// SPDX-License-Identifier: Apache-2.0
// The watchdog's thread: sleeps until the earliest deadline.
#include "engine/api/watchdog.h"

#include <system_error>

#include "engine/api/interrupt_cell.h"

namespace heddle::detail {

using engine::MutexLock;

Watchdog::~Watchdog() {
  std::thread thread;
  {
    MutexLock lock(mutex_);
    stop_ = true;
    thread = std::move(thread_);
  }
  changed_.notify_all();
  if (thread.joinable()) thread.join();
}

bool Watchdog::start() {
  MutexLock lock(mutex_);
  if (thread_.joinable()) return true;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    return false;  // the one way the standard library has to say so
  }
  return true;
}

Watchdog::Ticket Watchdog::arm(std::shared_ptr<InterruptCell> cell, Clock::time_point deadline) {
  MutexLock lock(mutex_);
  const Ticket ticket(deadline, next_++);
  const auto [place, inserted] = armed_.emplace(ticket, std::move(cell));
  if (place == armed_.begin()) changed_.notify_all();
  return ticket;
}

bool Watchdog::disarm(const Ticket& ticket) {
  MutexLock lock(mutex_);
  return armed_.erase(ticket) == 0;
}

void Watchdog::run() {
  MutexLock lock(mutex_);
  while (!stop_) {
    if (armed_.empty()) {
      changed_.wait(mutex_);
    } else if (const auto first = armed_.begin(); first->first.first > Clock::now()) {
      const auto deadline = first->first.first;  // a copy: the entry may go while we sleep
      changed_.wait_until(mutex_, deadline);
    } else {
      // Under the lock, so that disarm() knows for certain whether the interrupt has happened.
      first->second->expire();
      armed_.erase(first);
    }
  }
}

}  // namespace heddle::detail
