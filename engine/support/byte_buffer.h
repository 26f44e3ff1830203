// SPDX-License-Identifier: Apache-2.0
// Room for the bytes of a large file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle::engine {

/// bytes.reserve(size), and asks the host for huge pages where that is worth it: touching 75 MB for the first
/// time then costs 36 page faults instead of 18,000, which is a tenth of the time it takes to load such a
/// module.
void reserve_bytes(std::vector<uint8_t>& bytes, size_t size);

}  // namespace heddle::engine
