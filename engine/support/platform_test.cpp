// SPDX-License-Identifier: Apache-2.0
// Tests of reserving and committing address space and of the native stack's extent.
#include "engine/support/platform.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <thread>

namespace heddle::engine {
namespace {

TEST(platform, reserved_space_becomes_zeroed_memory) {
  const uint64_t page = host_page_size();
  const uint64_t bytes = uint64_t{1} << 33;
  auto* const begin = static_cast<uint8_t*>(reserve_address_space(bytes));
  ASSERT_NE(begin, nullptr);
  ASSERT_TRUE(commit_pages(begin + page, 2 * page));
  EXPECT_EQ(begin[page], 0);
  EXPECT_EQ(begin[3 * page - 1], 0);
  begin[page] = 7;
  EXPECT_TRUE(commit_pages(begin, 0));
  release_address_space(begin, bytes);
}

TEST(platform, wishing_for_huge_pages_changes_no_byte) {
  const uint64_t bytes = uint64_t{8} << 20;
  auto* const begin = static_cast<uint8_t*>(reserve_address_space(bytes));
  ASSERT_NE(begin, nullptr);
  ASSERT_TRUE(commit_pages(begin, bytes));
  begin[5] = 7;
  prefer_huge_pages(begin + 1, bytes - 2);
  prefer_huge_pages(begin + 1, 100);
  prefer_huge_pages(nullptr, 0);
  EXPECT_EQ(begin[5], 7);
  EXPECT_EQ(begin[bytes - 1], 0);
  release_address_space(begin, bytes);
}

TEST(platform, impossible_reservations_are_refused) {
  EXPECT_EQ(reserve_address_space(UINT64_MAX), nullptr);
  EXPECT_EQ(reserve_address_space(uint64_t{1} << 62), nullptr);
}

TEST(platform, native_stack_of_each_thread_holds_its_frames) {
  const auto check = [] {
    const NativeStack stack = current_native_stack();
    const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    EXPECT_LT(stack.low, here);
    EXPECT_GT(stack.high, here);
  };
  check();
  std::thread(check).join();
}

TEST(platform, threads_have_names) {
  std::thread([] {
    name_thread("heddle test");
    char name[16] = "";
    ASSERT_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    EXPECT_STREQ(name, "heddle test");
  }).join();
}

TEST(platform, counts_processors) { EXPECT_GE(processor_count(), 1u); }

}  // namespace
}  // namespace heddle::engine
