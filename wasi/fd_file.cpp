// SPDX-License-Identifier: Apache-2.0
// Open files: position, size, times, advice, and getting them to disk.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "wasi/file_stat.h"
#include "wasi/functions.h"

namespace heddle::wasi::functions {

namespace {

/// A range that the host's signed numbers can name.
Answer check_range(uint64_t offset, uint64_t size) {
  if (offset > INT64_MAX || size > INT64_MAX - offset) return Errno::inval;
  return {};
}

/// The file with a position. Errors: spipe, if it has none.
Expected<std::shared_ptr<Descriptor>> seekable(const Call& call, Fd fd, uint64_t needed) {
  HEDDLE_TRY_ASSIGN(auto descriptor, call.state().table.find(fd));
  if (descriptor->is_directory()) return Errno::isdir;
  constexpr uint64_t kPositions = rights::fd_seek | rights::fd_tell;
  if (descriptor->host() < 0 || (possible_rights(descriptor->opened()) & kPositions) == 0)
    return Errno::spipe;
  HEDDLE_TRY(descriptor->require(needed));
  return descriptor;
}

Answer sync(const Call& call, Fd fd, uint64_t needed, int (*sync_host)(int)) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, call.descriptor(fd, needed));
  if (descriptor->host() < 0) return {};
  // A pipe or terminal has nothing to get to disk.
  if (sync_host(descriptor->host()) < 0 && errno != EINVAL && errno != EROFS) return last_error();
  return {};
}

Answer seek(const Descriptor& descriptor, int64_t offset, int whence, const Out<uint64_t>& out) {
  const off_t position = lseek(descriptor.host(), offset, whence);
  if (position < 0) return last_error();
  out.set(static_cast<uint64_t>(position));
  return {};
}

}  // namespace

Answer fd_advise(Call& call, Fd fd, uint64_t offset, uint64_t size, uint32_t advice) {
  constexpr int kAdvice[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                             POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  HEDDLE_TRY_ASSIGN(const auto descriptor, call.state().table.find(fd));
  if (!descriptor->is_storage()) return Errno::spipe;
  HEDDLE_TRY(descriptor->require(rights::fd_advise));
  if (advice >= std::size(kAdvice)) return Errno::inval;
  HEDDLE_TRY(check_range(offset, size));
  if (descriptor->is_directory()) return {};
  const int error = posix_fadvise(descriptor->host(), static_cast<off_t>(offset), static_cast<off_t>(size),
                                  kAdvice[advice]);
  return to_errno(error);
}

Answer fd_allocate(Call& call, Fd fd, uint64_t offset, uint64_t size) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, call.descriptor(fd, rights::fd_allocate));
  if (size == 0) return Errno::inval;
  HEDDLE_TRY(check_range(offset, size));
  return answer_of(fallocate(descriptor->host(), 0, static_cast<off_t>(offset), static_cast<off_t>(size)));
}

Answer fd_datasync(Call& call, Fd fd) { return sync(call, fd, rights::fd_datasync, fdatasync); }

Answer fd_sync(Call& call, Fd fd) { return sync(call, fd, rights::fd_sync, fsync); }

Answer fd_filestat_get(Call& call, Fd fd, Address out_stat) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, call.descriptor(fd, rights::fd_filestat_get));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<FileStat>(out_stat));
  FileStat answer{};
  if (descriptor->host() >= 0) {
    struct stat stat{};
    if (fstat(descriptor->host(), &stat) < 0) return last_error();
    answer = to_file_stat(stat);
  }
  answer.type = descriptor->opened().type;  // which knows a datagram socket
  out.set(answer);
  return {};
}

Answer fd_filestat_set_size(Call& call, Fd fd, uint64_t size) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, call.descriptor(fd, rights::fd_filestat_set_size));
  HEDDLE_TRY(check_range(0, size));
  return answer_of(ftruncate(descriptor->host(), static_cast<off_t>(size)));
}

Answer fd_filestat_set_times(Call& call, Fd fd, uint64_t accessed, uint64_t modified, uint32_t flags) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, call.descriptor(fd, rights::fd_filestat_set_times));
  HEDDLE_TRY_ASSIGN(const auto times, to_times(accessed, modified, flags));
  if (descriptor->opened().read_only) return Errno::rofs;
  // What the host shares with others, or is no file at all, is not for guests to date.
  if (!descriptor->is_storage()) return Errno::notsup;
  return answer_of(futimens(descriptor->host(), times.data()));
}

Answer fd_seek(Call& call, Fd fd, int64_t offset, uint32_t whence, Address out_position) {
  constexpr int kWhence[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  const bool only_tells = whence == 1 && offset == 0;
  HEDDLE_TRY_ASSIGN(const auto descriptor,
                    seekable(call, fd, only_tells ? rights::fd_tell : rights::fd_seek));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<uint64_t>(out_position));
  if (whence >= std::size(kWhence)) return Errno::inval;
  return seek(*descriptor, offset, kWhence[whence], out);
}

Answer fd_tell(Call& call, Fd fd, Address out_position) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, seekable(call, fd, rights::fd_tell));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<uint64_t>(out_position));
  return seek(*descriptor, 0, SEEK_CUR, out);
}

}  // namespace heddle::wasi::functions
