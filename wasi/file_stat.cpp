// SPDX-License-Identifier: Apache-2.0
// File attributes and times between host and guest.
#include "wasi/file_stat.h"

#include "engine/support/try.h"
#include "wasi/descriptor.h"

namespace heddle::wasi {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

/// WASI has no time before 1970.
uint64_t nanoseconds(const timespec& time) noexcept {
  if (time.tv_sec < 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * kSecond + static_cast<uint64_t>(time.tv_nsec);
}

Expected<timespec> to_time(uint64_t time, bool is_given, bool is_now) {
  if (is_given && is_now) return Errno::inval;
  if (is_now) return timespec{0, UTIME_NOW};
  if (!is_given) return timespec{0, UTIME_OMIT};
  return timespec{static_cast<time_t>(time / kSecond), static_cast<long>(time % kSecond)};
}

}  // namespace

FileStat to_file_stat(const struct stat& stat) noexcept {
  FileStat out{};
  out.device = stat.st_dev;
  out.inode = stat.st_ino;
  out.type = type_of(stat);
  out.links = stat.st_nlink;
  out.size = static_cast<uint64_t>(stat.st_size);
  out.accessed = nanoseconds(stat.st_atim);
  out.modified = nanoseconds(stat.st_mtim);
  out.changed = nanoseconds(stat.st_ctim);
  return out;
}

Expected<std::array<timespec, 2>> to_times(uint64_t accessed, uint64_t modified, uint32_t flags) {
  if ((flags & ~time_flags::kAll) != 0) return Errno::inval;
  const auto has = [flags](uint32_t flag) { return (flags & flag) != 0; };
  std::array<timespec, 2> times{};
  HEDDLE_TRY_ASSIGN(times[0], to_time(accessed, has(time_flags::kAccessed), has(time_flags::kAccessedNow)));
  HEDDLE_TRY_ASSIGN(times[1], to_time(modified, has(time_flags::kModified), has(time_flags::kModifiedNow)));
  return times;
}

}  // namespace heddle::wasi
