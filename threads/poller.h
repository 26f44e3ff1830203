// SPDX-License-Identifier: Apache-2.0
// Poller: one thread that watches descriptors for everybody who is parked until one is ready.
//
// It is epoll and not poll(2), whose every call costs as much as there are waiters: here a waiter costs two
// short system calls, and its wake-up does not depend on the others. epoll knows a descriptor once, so the
// poller keeps the list of those who watch it, and epoll is told what they want together. Each is told once
// and then no longer watches; EPOLLONESHOT keeps a descriptor that stays ready from waking the poller for
// nobody. Nothing stays registered that nobody watches: a number may be closed and used anew in between.
//
// No wake-up is lost: epoll tells of what was ready before it was asked, too. Deadlines are not the poller's
// matter: whoever waits parks until one (Timers).
#pragma once

#include <pthread.h>

#include <cstdint>
#include <span>
#include <unordered_map>

#include "engine/runtime/blocking.h"
#include "engine/support/thread_annotations.h"

namespace heddle::threads {

/// One descriptor that somebody waits for. Made by who waits, kept until Poller::remove().
class Watch {
 public:
  /// `events` as in poll(2); POLLERR and POLLHUP are always waited for. `parker` is unparked when they come.
  Watch(int fd, short events, engine::Parker& parker) : fd_(fd), events_(events), parker_(&parker) {}

 private:
  friend class Poller;
  int fd_;
  short events_;
  bool is_watching_ =
      false;  ///< in the list of its descriptor; guarded by the poller's mutex, as the list is
  engine::Parker* parker_;
  Watch* previous_ = nullptr;
  Watch* next_ = nullptr;
};

/// Threads: any.
class Poller {
 public:
  Poller() = default;
  /// REQUIRES: nobody watches.
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Watches all of them until they were told of or removed. A descriptor that is not open tells at once.
  /// False, and nothing is watched: the host has no descriptor, thread or memory left to do it with.
  /// REQUIRES: the descriptors stay open until remove().
  [[nodiscard]] bool add(std::span<Watch> watches) HEDDLE_EXCLUDES(mutex_);
  /// Once this is back, they unpark nobody any more.
  void remove(std::span<Watch> watches) noexcept HEDDLE_EXCLUDES(mutex_);

 private:
  /// A descriptor that is watched.
  struct File {
    Watch* first = nullptr;
    uint32_t told = 0;      ///< the events that epoll was asked for and has not reported
    bool is_known = false;  ///< to epoll
  };

  [[nodiscard]] bool start() HEDDLE_REQUIRES(mutex_);
  void stop() noexcept;
  [[nodiscard]] bool link(Watch& watch) HEDDLE_REQUIRES(mutex_);
  void unlink(Watch& watch) noexcept HEDDLE_REQUIRES(mutex_);
  [[nodiscard]] int ask_for(int fd, File& file) noexcept HEDDLE_REQUIRES(mutex_);
  void forget(int fd, const File& file) noexcept HEDDLE_REQUIRES(mutex_);
  void tell(int fd, uint32_t events) noexcept HEDDLE_EXCLUDES(mutex_);
  void run() noexcept;

  engine::Mutex mutex_;
  std::unordered_map<int, File> files_ HEDDLE_GUARDED_BY(mutex_);
  bool is_running_ HEDDLE_GUARDED_BY(mutex_) = false;
  // Set before the thread runs, and not again.
  int epoll_ = -1;
  int end_ = -1;  ///< an eventfd: readable when the thread is to end
  pthread_t thread_{};
};

}  // namespace heddle::threads
