// SPDX-License-Identifier: Apache-2.0
// What kinds of files there are, and what can be done with each.
#include "wasi/descriptor.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "engine/support/try.h"

namespace heddle::wasi {

Answer Descriptor::restrict_to(uint64_t base, uint64_t inheriting) noexcept {
  if ((base & ~this->base()) != 0 || (inheriting & ~this->inheriting()) != 0) return Errno::notcapable;
  base_.fetch_and(base, std::memory_order_relaxed);
  inheriting_.fetch_and(inheriting, std::memory_order_relaxed);
  return {};
}

Answer Descriptor::set_flags(uint32_t flags) {
  if ((flags & ~fd_flags::kAll) != 0) return Errno::inval;
  const engine::MutexLock lock(turn);
  const uint32_t changed = flags ^ this->flags();
  if ((changed & ~(fd_flags::kAppend | fd_flags::kNonblock)) != 0) return Errno::notsup;
  if ((changed & fd_flags::kAppend) != 0) {
    // What the host shares with other programs keeps the host's flags.
    if (!opened_.is_non_blocking || opened_.type != FileType::regular_file) return Errno::notsup;
    const int append = (flags & fd_flags::kAppend) != 0 ? O_APPEND : 0;
    const int present = fcntl(host(), F_GETFL);
    if (fcntl(host(), F_SETFL, (present & ~O_APPEND) | append) < 0) return last_error();
  }
  flags_.store(flags, std::memory_order_relaxed);
  return {};
}

FileType type_of(const struct stat& stat) noexcept {
  switch (stat.st_mode & S_IFMT) {
    case S_IFREG: return FileType::regular_file;
    case S_IFDIR: return FileType::directory;
    case S_IFLNK: return FileType::symbolic_link;
    case S_IFCHR: return FileType::character_device;
    case S_IFBLK: return FileType::block_device;
    case S_IFSOCK: return FileType::socket_stream;
    default: return FileType::unknown;  // a pipe: WASI has no name for it
  }
}

Expected<Opened> describe(UniqueFd file) {
  struct stat stat{};
  if (fstat(file.get(), &stat) < 0) return last_error();
  Opened opened;
  opened.type = type_of(stat);
  opened.is_terminal = S_ISCHR(stat.st_mode) && isatty(file.get()) == 1;
  if (S_ISSOCK(stat.st_mode)) {
    int value = 0;
    socklen_t size = sizeof value;
    if (getsockopt(file.get(), SOL_SOCKET, SO_TYPE, &value, &size) == 0 && value == SOCK_DGRAM)
      opened.type = FileType::socket_dgram;
    value = 0;
    size = sizeof value;
    opened.is_listener = getsockopt(file.get(), SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0;
  }
  opened.file = std::move(file);
  return opened;
}

uint64_t possible_rights(const Opened& opened) noexcept {
  constexpr uint64_t kSockets = rights::sock_shutdown | rights::sock_accept;
  constexpr uint64_t kPositions = rights::fd_seek | rights::fd_tell | rights::fd_advise |
                                  rights::fd_allocate | rights::fd_filestat_set_size;
  if (opened.type == FileType::directory) return rights::kOfDirectories;
  uint64_t possible = rights::kOfFiles;
  if (opened.is_listener) {
    possible = rights::sock_accept | rights::sock_shutdown | rights::poll_fd_readwrite |
               rights::fd_fdstat_set_flags | rights::fd_filestat_get | rights::fd_read;
  } else if (opened.type == FileType::socket_stream || opened.type == FileType::socket_dgram) {
    possible &= ~(kPositions | rights::sock_accept);
  } else {
    possible &= ~kSockets;
    // A character device without positions is what programs take for a terminal.
    if (opened.is_terminal || opened.type == FileType::unknown) possible &= ~kPositions;
  }
  const int mode = opened.file ? fcntl(opened.file.get(), F_GETFL) & O_ACCMODE : O_RDWR;
  if (mode == O_WRONLY) possible &= ~rights::kReading;
  if (mode == O_RDONLY) possible &= ~rights::kWriting;
  return possible;
}

}  // namespace heddle::wasi
