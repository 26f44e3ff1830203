// SPDX-License-Identifier: Apache-2.0
// What is at a path: attributes, times, and where a symbolic link points.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "wasi/file_stat.h"
#include "wasi/functions.h"

namespace heddle::wasi::functions {

namespace {

/// What is at the path, without opening it for anything.
Expected<UniqueFd> look(const Call& call, const Descriptor& directory, uint32_t lookup, Address path,
                        Size path_size) {
  HEDDLE_TRY_ASSIGN(const auto text, call.path(path, path_size));
  if ((lookup & ~lookup_flags::kAll) != 0) return Errno::inval;
  return call.state().open_beneath(directory.host(), text,
                                   {O_PATH, 0, (lookup & lookup_flags::kFollow) != 0});
}

/// Also of a symbolic link itself, which futimens can't do.
Answer set_times(int file, const timespec* times) {
  if (utimensat(file, "", times, AT_EMPTY_PATH) == 0) return {};
  if (errno != EINVAL && errno != ENOENT) return last_error();
  // Linux before 5.8. The name in /proc is the file's own, so it leads nowhere else.
  const std::string name = "/proc/self/fd/" + std::to_string(file);
  return answer_of(utimensat(AT_FDCWD, name.c_str(), times, 0));
}

}  // namespace

Answer path_filestat_get(Call& call, Fd fd, uint32_t lookup, Address path, Size path_size, Address out_stat) {
  HEDDLE_TRY_ASSIGN(const auto directory, call.directory(fd, rights::path_filestat_get));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<FileStat>(out_stat));
  HEDDLE_TRY_ASSIGN(const UniqueFd file, look(call, *directory, lookup, path, path_size));
  struct stat stat{};
  if (fstat(file.get(), &stat) < 0) return last_error();
  out.set(to_file_stat(stat));
  return {};
}

Answer path_filestat_set_times(Call& call, Fd fd, uint32_t lookup, Address path, Size path_size,
                               uint64_t accessed, uint64_t modified, uint32_t flags) {
  HEDDLE_TRY_ASSIGN(const auto directory, call.writable_directory(fd, rights::path_filestat_set_times));
  HEDDLE_TRY_ASSIGN(const auto times, to_times(accessed, modified, flags));
  HEDDLE_TRY_ASSIGN(const UniqueFd file, look(call, *directory, lookup, path, path_size));
  return set_times(file.get(), times.data());
}

Answer path_readlink(Call& call, Fd fd, Address path, Size path_size, Address buffer, Size buffer_size,
                     Address out_size) {
  HEDDLE_TRY_ASSIGN(const auto directory, call.directory(fd, rights::path_readlink));
  HEDDLE_TRY_ASSIGN(const auto place, call.memory().range(buffer, buffer_size));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<Size>(out_size));
  HEDDLE_TRY_ASSIGN(const UniqueFd link, look(call, *directory, 0, path, path_size));
  struct stat stat{};
  if (fstat(link.get(), &stat) < 0) return last_error();
  if (!S_ISLNK(stat.st_mode)) return Errno::inval;
  char target[kMostPathBytes];
  const ssize_t size = readlinkat(link.get(), "", target, sizeof target);
  if (size < 0) return last_error();
  // Cut off without a word where it does not fit, as readlink(2) does.
  const size_t taken = std::min(place.size(), static_cast<size_t>(size));
  if (taken != 0) std::memcpy(place.data(), target, taken);
  out.set(static_cast<Size>(taken));
  return {};
}

}  // namespace heddle::wasi::functions
