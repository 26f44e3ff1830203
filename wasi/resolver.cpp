// SPDX-License-Identifier: Apache-2.0
// Resolving by the kernel, and the split of a path into parent and last component.
#include "wasi/resolver.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string_view>

#include "engine/support/try.h"

namespace heddle::wasi {

namespace {

/// How often the kernel may say that a rename elsewhere spoiled its check of a `..`.
constexpr int kMostAttempts = 32;

int openat2(int directory, const char* path, const OpenHow& how) noexcept {
  open_how request{};
  request.flags = static_cast<uint64_t>(how.flags | O_CLOEXEC | (how.follow ? 0 : O_NOFOLLOW));
  request.mode = (how.flags & O_CREAT) != 0 ? how.mode : 0;
  request.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, directory, path, &request, sizeof request));
}

}  // namespace

Expected<UniqueFd> open_beneath_by_kernel(int directory, const std::string& path, const OpenHow& how) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const int fd = openat2(directory, path.c_str(), how);
    if (fd >= 0) return UniqueFd(fd);
    if (errno == EXDEV) return Errno::notcapable;
    if (errno != EAGAIN && errno != EINTR) return last_error();
  }
  return open_beneath_by_walk(directory, path, how);
}

OpenBeneath best_open_beneath() noexcept {
  const UniqueFd probe(openat2(AT_FDCWD, ".", {O_PATH | O_DIRECTORY, 0, true}));
  // A sandbox may forbid it with any errno it likes; what the walk can't open either fails there again.
  return probe ? open_beneath_by_kernel : open_beneath_by_walk;
}

Expected<Place> find_place(OpenBeneath open_beneath, int directory, const std::string& path) {
  if (path.empty()) return Errno::noent;
  if (path.front() == '/') return Errno::notcapable;
  Place place;
  const size_t end = path.find_last_not_of('/') + 1;
  place.has_trailing_slash = end != path.size();
  const std::string_view all(path.data(), end);
  const size_t slash = all.rfind('/');
  const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  place.name = all.substr(begin);
  std::string parent(all.substr(0, begin));
  if (place.name == "." || place.name == "..") {
    // The -at calls would follow `..` out of the directory: here it is resolved like all the rest.
    parent = all;
    place.name = ".";
  }
  if (parent.empty()) parent = ".";
  HEDDLE_TRY_ASSIGN(place.parent, open_beneath(directory, parent, {O_PATH | O_DIRECTORY, 0, true}));
  return place;
}

}  // namespace heddle::wasi
