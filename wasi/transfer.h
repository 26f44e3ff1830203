// SPDX-License-Identifier: Apache-2.0
// Reading and writing what may not be ready: wait through Blocking, then move bytes without waiting in the
// host.
#pragma once

#include "wasi/call.h"

namespace heddle::wasi {

/// What a call of the host moved, or its errno. Functions that loop around a wait call the host through one
/// that answers this and is not inlined: a fiber may go on on another thread, where errno's address found
/// before is wrong.
struct Moved {
  size_t bytes = 0;
  int error = 0;
};
/// What the host's call just answered.
[[nodiscard]] Moved moved(ssize_t returned) noexcept;

/// Reads what is there, at least a byte if there comes one; 0 is the end. Errors: again, if the guest wants
/// it.
[[nodiscard]] Expected<uint64_t> read_stream(Call& call, Descriptor& descriptor, Buffers& buffers);
/// Writes all, or, if the guest does not wait, what fits. A reader that is gone is errno pipe, and no signal.
[[nodiscard]] Expected<uint64_t> write_stream(Call& call, Descriptor& descriptor, Buffers& buffers);

/// Waits until the file is ready for `events` (POLLIN, POLLOUT), or answers again if the guest does not wait.
[[nodiscard]] Answer await_ready(Call& call, const Descriptor& descriptor, short events);

}  // namespace heddle::wasi
