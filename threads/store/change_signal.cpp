// SPDX-License-Identifier: Apache-2.0
// The counter is a futex in a page of the file that all processes map.
#include "threads/store/change_signal.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

namespace heddle::threads {

namespace {

constexpr size_t kPageBytes = 4096;
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

StoreError no_signal(const std::string& path, int reason) {
  return {StoreErrorKind::unavailable, path + ": " + std::strerror(reason)};
}

}  // namespace

StoreResult<std::unique_ptr<ChangeSignal>> ChangeSignal::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return no_signal(path, errno);
  // Growing what has this size already changes nothing, so it does not matter who comes first.
  void* page = MAP_FAILED;
  if (ftruncate(fd, kPageBytes) == 0)
    page = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  const int reason = errno;
  close(fd);
  if (page == MAP_FAILED) return no_signal(path, reason);
  return std::unique_ptr<ChangeSignal>(new ChangeSignal(page));
}

ChangeSignal::ChangeSignal(void* page) : page_(page), count_(*static_cast<std::atomic<uint32_t>*>(page)) {
  static_assert(std::atomic<uint32_t>::is_always_lock_free && sizeof(std::atomic<uint32_t>) == 4);
}

ChangeSignal::~ChangeSignal() { munmap(page_, kPageBytes); }

void ChangeSignal::announce() noexcept {
  count_.fetch_add(1, std::memory_order_seq_cst);
  syscall(SYS_futex, &count_, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void ChangeSignal::sleep(uint32_t seen, int64_t most_ns) noexcept {
  const timespec span = {static_cast<time_t>(most_ns / kNanosecondsPerSecond),
                         static_cast<long>(most_ns % kNanosecondsPerSecond)};
  syscall(SYS_futex, &count_, FUTEX_WAIT, seen, &span, nullptr, 0);
}

}  // namespace heddle::threads
