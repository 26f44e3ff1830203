// SPDX-License-Identifier: Apache-2.0
// Work on many bytes in pieces, so that whoever wants the guest to stop need not wait for all of it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace heddle::engine {

/// A few milliseconds' work. A multiple of every element's size.
inline constexpr uint64_t kChunkBytes = uint64_t{16} << 20;

/// Calls step(offset, size) for chunks that cover [0, size), the last one first if `backwards`. Between them
/// it asks stop(); false if that said so, and then the rest is left as it was.
template <class Stop, class Step>
[[nodiscard]] bool in_chunks(uint64_t size, bool backwards, Stop stop, Step step) {
  for (uint64_t done = 0; done < size;) {
    const uint64_t chunk = std::min(kChunkBytes, size - done);
    step(backwards ? size - done - chunk : done, chunk);
    done += chunk;
    if (done < size && stop()) return false;
  }
  return true;
}

}  // namespace heddle::engine
