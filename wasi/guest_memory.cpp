// SPDX-License-Identifier: Apache-2.0
// Scattered buffers of a guest, checked and made the host's.
#include "wasi/guest_memory.h"

#include <limits.h>

#include <algorithm>

namespace heddle::wasi {

Expected<Buffers> GuestMemory::buffers(Address vectors, Size count, uint64_t most_bytes) const {
  // The array must be inside even where its end is left out: a count out of thin air is a fault, not a short
  // read.
  HEDDLE_TRY(range(vectors, uint64_t{count} * sizeof(IoVector)));
  HEDDLE_TRY_ASSIGN(const auto copied, copy<IoVector>(vectors, std::min<Size>(count, IOV_MAX)));
  Buffers out;
  out.parts.reserve(copied.size());
  for (const IoVector& each : copied) {
    HEDDLE_TRY_ASSIGN(const auto place, range(each.address, each.size));
    const auto taken = std::min<uint64_t>(place.size(), most_bytes - out.bytes);
    if (taken == 0) continue;
    out.parts.push_back({place.data(), taken});
    out.bytes += taken;
  }
  return out;
}

}  // namespace heddle::wasi
