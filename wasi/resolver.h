// SPDX-License-Identifier: Apache-2.0
// Paths of a guest to files of the host, never to one outside of the directory they start from.
//
// Two ways lead there, with the same outcomes: the kernel's (openat2 with RESOLVE_BENEATH), and a walk that
// opens one component after the other and follows symbolic links by hand, for kernels and sandboxes without
// openat2. Neither looks at a path first and uses it later, so a directory exchanged for a symbolic link at
// any moment leads nowhere new. Absolute paths, absolute links, and `..` above the start are refused with
// notcapable.
#pragma once

#include <sys/types.h>

#include <string>

#include "wasi/errors.h"
#include "wasi/unique_fd.h"

namespace heddle::wasi {

/// Symbolic links that one path may lead through, as in Linux.
inline constexpr int kMostLinks = 40;
/// Longest path, with the end.
inline constexpr size_t kMostPathBytes = 4096;

struct OpenHow {
  int flags = 0;       ///< as for open(2); O_CLOEXEC is added
  mode_t mode = 0;     ///< if created
  bool follow = true;  ///< go on if the last component is a symbolic link, rather than stop there
};

using OpenBeneath = Expected<UniqueFd> (*)(int directory, const std::string& path, const OpenHow& how);

[[nodiscard]] Expected<UniqueFd> open_beneath_by_kernel(int directory, const std::string& path,
                                                        const OpenHow& how);
[[nodiscard]] Expected<UniqueFd> open_beneath_by_walk(int directory, const std::string& path,
                                                      const OpenHow& how);
/// The kernel's way where there is one.
[[nodiscard]] OpenBeneath best_open_beneath() noexcept;

/// Where something is, or could be made: for the calls of the host that end in -at and follow nothing.
struct Place {
  UniqueFd parent;
  std::string name;                 ///< one component, never `..`; `.` is the directory `parent` itself
  bool has_trailing_slash = false;  ///< the guest means a directory
};

[[nodiscard]] Expected<Place> find_place(OpenBeneath open_beneath, int directory, const std::string& path);

}  // namespace heddle::wasi
