// SPDX-License-Identifier: Apache-2.0
// Tests of room for large files: what is there stays, and what comes in is what is read.
#include "engine/support/byte_buffer.h"

#include <gtest/gtest.h>

namespace heddle::engine {
namespace {

TEST(byte_buffer, has_room_for_as_much_as_was_asked_for) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4096}, size_t{9} << 20}) {
    std::vector<uint8_t> bytes = {1, 2, 3};
    reserve_bytes(bytes, size);
    EXPECT_GE(bytes.capacity(), size);
    EXPECT_EQ(bytes, (std::vector<uint8_t>{1, 2, 3}));
    bytes.resize(std::max<size_t>(size, 3), 7);
    EXPECT_EQ(bytes[2], 3);
    EXPECT_EQ(bytes.back(), size > 3 ? 7 : 3);
  }
}

}  // namespace
}  // namespace heddle::engine
