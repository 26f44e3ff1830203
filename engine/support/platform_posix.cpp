// SPDX-License-Identifier: Apache-2.0
// The platform on POSIX systems: mmap, mprotect, pthread attributes.
#include "engine/support/platform.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/support/bits.h"

namespace heddle::engine {

namespace {

/// What Linux calls a huge page on x86-64 and, with pages of 4 KiB, on AArch64.
constexpr uint64_t kHugePage = uint64_t{2} << 20;

/// Whole pages, or 0 if there is no such number.
uint64_t round_to_pages(uint64_t bytes) {
  const uint64_t page = host_page_size();
  return bytes > UINT64_MAX - page ? 0 : align_up(bytes, page);
}

NativeStack query_native_stack() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {};
  void* low = nullptr;
  size_t size = 0;
  const bool known = pthread_attr_getstack(&attributes, &low, &size) == 0;
  pthread_attr_destroy(&attributes);
  if (!known) return {};
  return {reinterpret_cast<uintptr_t>(low), reinterpret_cast<uintptr_t>(low) + size};
}

}  // namespace

uint64_t host_page_size() noexcept {
  static const uint64_t size = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return size;
}

uint32_t processor_count() noexcept {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0) {
    return static_cast<uint32_t>(CPU_COUNT(&allowed));
  }
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<uint32_t>(online) : 1;
}

void name_thread([[maybe_unused]] const char* name) noexcept {
#ifdef __linux__
  (void)pthread_setname_np(pthread_self(), name);
#endif
}

void* reserve_address_space(uint64_t bytes) noexcept {
  const uint64_t rounded = round_to_pages(bytes);
  if (rounded == 0 || rounded > SIZE_MAX) return nullptr;
  void* const begin = mmap(nullptr, rounded, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return begin == MAP_FAILED ? nullptr : begin;
}

bool commit_pages(void* begin, uint64_t bytes) noexcept {
  return bytes == 0 || mprotect(begin, bytes, PROT_READ | PROT_WRITE) == 0;
}

void zero_pages(void* begin, uint64_t bytes) noexcept {
  if (bytes != 0) madvise(begin, bytes, MADV_DONTNEED);
}

bool decommit_pages(void* begin, uint64_t bytes) noexcept {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  return bytes == 0 || mmap(begin, bytes, PROT_NONE, kFlags, -1, 0) != MAP_FAILED;
}

void release_address_space(void* begin, uint64_t bytes) noexcept {
  if (begin != nullptr) munmap(begin, round_to_pages(bytes));
}

void prefer_huge_pages(void* begin, uint64_t bytes) noexcept {
#ifdef MADV_HUGEPAGE
  const auto address = reinterpret_cast<uintptr_t>(begin);
  const uint64_t first = align_up(address, kHugePage);
  const uint64_t end = align_down(address + bytes, kHugePage);
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
#else
  (void)begin, (void)bytes;
#endif
}

NativeStack current_native_stack() noexcept {
  // For the main thread this reads /proc, so once per thread must do.
  static thread_local const NativeStack stack = query_native_stack();
  return stack;
}

}  // namespace heddle::engine
