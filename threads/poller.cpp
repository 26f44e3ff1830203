// SPDX-License-Identifier: Apache-2.0
// The poller's thread, and what epoll is told of each descriptor.
#include "threads/poller.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace heddle::threads {

namespace {

// Both calls have the same events.
static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLPRI == POLLPRI && EPOLLERR == POLLERR &&
              EPOLLHUP == POLLHUP);

/// What a watch is told of without asking.
constexpr uint32_t kAlways = EPOLLERR | EPOLLHUP;
constexpr size_t kEventsAtOnce = 256;

[[nodiscard]] uint32_t bits(short events) noexcept { return static_cast<uint16_t>(events); }

void close_if_open(int& fd) noexcept {
  if (fd >= 0) close(fd);
  fd = -1;
}

}  // namespace

Poller::~Poller() { stop(); }

/// Nothing is opened and no thread runs until somebody waits for a descriptor.
bool Poller::start() {
  if (is_running_) return true;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  end_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event end{};
  end.events = EPOLLIN;
  end.data.fd = end_;
  const auto enter = [](void* self) -> void* {
    static_cast<Poller*>(self)->run();
    return nullptr;
  };
  is_running_ = epoll_ >= 0 && end_ >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, end_, &end) == 0 &&
                pthread_create(&thread_, nullptr, enter, this) == 0;
  if (!is_running_) {
    close_if_open(epoll_);
    close_if_open(end_);
  }
  return is_running_;
}

void Poller::stop() noexcept {
  {
    engine::MutexLock lock(mutex_);
    if (!is_running_) return;
    is_running_ = false;
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(end_, &one, sizeof one);
  pthread_join(thread_, nullptr);
  close_if_open(epoll_);
  close_if_open(end_);
}

bool Poller::add(std::span<Watch> watches) {
  engine::MutexLock lock(mutex_);
  if (!start()) return false;
  for (Watch& watch : watches) {
    if (link(watch)) continue;
    for (Watch& each : watches) unlink(each);
    return false;
  }
  return true;
}

void Poller::remove(std::span<Watch> watches) noexcept {
  engine::MutexLock lock(mutex_);
  for (Watch& watch : watches) unlink(watch);
}

bool Poller::link(Watch& watch) {
  File& file = files_[watch.fd_];
  watch.previous_ = nullptr;
  watch.next_ = file.first;
  if (file.first != nullptr) file.first->previous_ = &watch;
  file.first = &watch;
  watch.is_watching_ = true;
  switch (ask_for(watch.fd_, file)) {
    case 0: return true;
    // A file that has no way of not being ready. Who waits for it has seen that it is not as wanted; as with
    // poll(2), it will never be.
    case EPERM: return true;
    case EBADF: watch.parker_->unpark(); return true;
    default: return false;
  }
}

/// Takes a watch out of its list, if it is in. Who is left need not be told of less.
void Poller::unlink(Watch& watch) noexcept {
  if (!watch.is_watching_) return;
  watch.is_watching_ = false;
  const auto found = files_.find(watch.fd_);
  File& file = found->second;
  (watch.previous_ == nullptr ? file.first : watch.previous_->next_) = watch.next_;
  if (watch.next_ != nullptr) watch.next_->previous_ = watch.previous_;
  if (file.first != nullptr) return;
  forget(watch.fd_, file);
  files_.erase(found);
}

/// Asks epoll for all that the watches of a descriptor want, unless it was asked already. An errno, 0: done.
int Poller::ask_for(int fd, File& file) noexcept {
  epoll_event event{};
  event.data.fd = fd;
  event.events = EPOLLONESHOT | kAlways;
  for (const Watch* each = file.first; each != nullptr; each = each->next_)
    event.events |= bits(each->events_);
  if ((event.events & ~file.told) == 0) return 0;
  int result = epoll_ctl(epoll_, file.is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  // Somebody closed it although it was watched, and the number is another file's now.
  if (result != 0 && errno == ENOENT) result = epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  if (result != 0) return errno;
  file.is_known = true;
  file.told = event.events;
  return 0;
}

void Poller::forget(int fd, const File& file) noexcept {
  epoll_event ignored{};
  if (file.is_known) (void)epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, &ignored);
}

/// Wakes those who wait for one of the events, and asks epoll again for the others.
void Poller::tell(int fd, uint32_t events) noexcept {
  engine::MutexLock lock(mutex_);
  const auto found = files_.find(fd);
  if (found == files_.end()) return;  // removed meanwhile
  found->second.told = 0;
  Watch* next = nullptr;
  for (Watch* watch = found->second.first; watch != nullptr; watch = next) {
    next = watch->next_;
    if ((events & (bits(watch->events_) | kAlways)) == 0) continue;
    // Under the lock: it may be gone as soon as remove() can look.
    engine::Parker* const parker = watch->parker_;
    unlink(*watch);
    parker->unpark();
  }
  const auto left = files_.find(fd);
  if (left == files_.end() || ask_for(fd, left->second) == 0) return;
  // They can't be told later, so they look now; what is wrong they will find themselves.
  for (Watch* watch = left->second.first; watch != nullptr; watch = watch->next_) watch->parker_->unpark();
}

void Poller::run() noexcept {
  std::array<epoll_event, kEventsAtOnce> events;
  for (;;) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      if (event.data.fd == end_) return;
      tell(event.data.fd, event.events);
    }
  }
}

}  // namespace heddle::threads
