// SPDX-License-Identifier: Apache-2.0
// What files are and when they were used: from the host's structures to the guest's, and times back.
#pragma once

#include <sys/stat.h>
#include <time.h>

#include <array>

#include "wasi/errors.h"

namespace heddle::wasi {

[[nodiscard]] FileStat to_file_stat(const struct stat& stat) noexcept;

/// The two times for utimensat. Errors: inval (a time given and asked to be now, or unknown flags).
[[nodiscard]] Expected<std::array<timespec, 2>> to_times(uint64_t accessed, uint64_t modified,
                                                         uint32_t flags);

}  // namespace heddle::wasi
