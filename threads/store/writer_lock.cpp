// SPDX-License-Identifier: Apache-2.0
// The lock is one of an open file's, which the kernel gives up when the process ends, however it does.
#include "threads/store/writer_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace heddle::threads {

namespace {

/// Locks or unlocks the whole file; 0 or what went wrong.
int set_lock(int fd, short kind) noexcept {
  struct flock lock = {};
  lock.l_type = kind;
  lock.l_whence = SEEK_SET;
  while (fcntl(fd, F_OFD_SETLKW, &lock) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

}  // namespace

StoreResult<std::unique_ptr<WriterLock>> WriterLock::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return StoreError{StoreErrorKind::unavailable, path + ": " + std::strerror(errno)};
  return std::unique_ptr<WriterLock>(new WriterLock(fd));
}

std::unique_ptr<WriterLock> WriterLock::local() { return std::unique_ptr<WriterLock>(new WriterLock(-1)); }

WriterLock::~WriterLock() {
  if (fd_ >= 0) close(fd_);
}

int WriterLock::lock() noexcept {
  threads_.lock();
  const int reason = fd_ < 0 ? 0 : set_lock(fd_, F_WRLCK);
  if (reason != 0) threads_.unlock();
  return reason;
}

void WriterLock::unlock() noexcept {
  if (fd_ >= 0) (void)set_lock(fd_, F_UNLCK);  // giving up needs no memory and does not wait
  threads_.unlock();
}

}  // namespace heddle::threads
