// SPDX-License-Identifier: Apache-2.0
// Room for the bytes of a large file, on huge pages.
#include "engine/support/byte_buffer.h"

#include "engine/support/platform.h"

namespace heddle::engine {

void reserve_bytes(std::vector<uint8_t>& bytes, size_t size) {
  bytes.reserve(size);
  prefer_huge_pages(bytes.data(), bytes.capacity());
}

}  // namespace heddle::engine
