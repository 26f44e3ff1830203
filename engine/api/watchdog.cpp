// SPDX-License-Identifier: Apache-2.0
// The watchdog's thread: sleeps until the earliest deadline.
#include "engine/api/watchdog.h"

#include <unistd.h>

#include <condition_variable>
#include <map>
#include <system_error>
#include <thread>

#include "engine/api/interrupt_cell.h"

namespace heddle::detail {

using engine::MutexLock;

/// The thread with what it waits for.
class Watchdog::Sleeper {
 public:
  /// May throw std::system_error: the one way the standard library has to refuse a thread.
  Sleeper() : thread_([this] { run(); }) {}

  ~Sleeper() {
    {
      MutexLock lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  [[nodiscard]] bool is_of_this_process() const { return process_ == getpid(); }

  Ticket arm(std::shared_ptr<InterruptCell> cell, Clock::time_point deadline) HEDDLE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const Ticket ticket(deadline, next_++);
    const auto [place, inserted] = armed_.emplace(ticket, std::move(cell));
    if (place == armed_.begin()) changed_.notify_all();
    return ticket;
  }

  bool disarm(const Ticket& ticket) HEDDLE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return armed_.erase(ticket) == 0;
  }

 private:
  void run() HEDDLE_EXCLUDES(mutex_);

  engine::Mutex mutex_;
  std::condition_variable_any changed_;
  std::map<Ticket, std::shared_ptr<InterruptCell>> armed_ HEDDLE_GUARDED_BY(mutex_);
  uint64_t next_ HEDDLE_GUARDED_BY(mutex_) = 0;
  bool stop_ HEDDLE_GUARDED_BY(mutex_) = false;
  pid_t process_ = getpid();
  std::thread thread_;  // last: it uses all the others
};

void Watchdog::Sleeper::run() {
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

Watchdog::Watchdog() = default;

Watchdog::~Watchdog() {
  // A thread that fork() did not copy can't be joined, nor what it sleeps on be destroyed.
  if (sleeper_ != nullptr && !sleeper_->is_of_this_process()) (void)sleeper_.release();
}

Watchdog::Sleeper* Watchdog::sleeper() {
  if (sleeper_ != nullptr && !sleeper_->is_of_this_process()) (void)sleeper_.release();
  if (sleeper_ == nullptr) {
    try {
      sleeper_ = std::make_unique<Sleeper>();
    } catch (const std::system_error&) {
      return nullptr;
    }
  }
  return sleeper_.get();
}

bool Watchdog::start() {
  MutexLock lock(mutex_);
  return sleeper() != nullptr;
}

Watchdog::Ticket Watchdog::arm(std::shared_ptr<InterruptCell> cell, Clock::time_point deadline) {
  MutexLock lock(mutex_);
  if (Sleeper* const present = sleeper()) return present->arm(std::move(cell), deadline);
  cell->expire();
  return {deadline, UINT64_MAX};
}

bool Watchdog::disarm(const Ticket& ticket) {
  MutexLock lock(mutex_);
  return sleeper_ == nullptr || sleeper_->disarm(ticket);
}

}  // namespace heddle::detail
