// SPDX-License-Identifier: Apache-2.0
// FiberStacks on anonymous mappings.
#include "threads/fiber_stacks.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace heddle::threads {

namespace {

[[nodiscard]] size_t whole_pages(size_t bytes) noexcept {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (std::max(bytes, 2 * page) + page - 1) / page * page;
}

}  // namespace

FiberStacks::FiberStacks(size_t stack_bytes) : stack_bytes_(whole_pages(stack_bytes)) {}

FiberStacks::~FiberStacks() {
  engine::MutexLock lock(mutex_);
  unmap_slabs();
}

FiberStack FiberStacks::take() {
  engine::MutexLock lock(mutex_);
  if (free_.empty() && !add_slab()) return {};
  const FiberStack stack{free_.back(), stack_bytes_};
  free_.pop_back();
  if (free_.size() >= cold_) {
    arm(stack);
  } else {
    cold_ = free_.size();  // fresh, and zero as it is
  }
  return stack;
}

void FiberStacks::give_back(FiberStack stack) {
  engine::MutexLock lock(mutex_);
  free_.push_back(stack.low);
}

size_t FiberStacks::trim() {
  engine::MutexLock lock(mutex_);
  const size_t warm = free_.size() - cold_;
  if (free_.size() == slabs_.size() * kSlabStacks) {
    unmap_slabs();
    free_.clear();
    cold_ = 0;
    return warm;
  }
  for (size_t i = cold_; i < free_.size(); ++i) madvise(free_[i], stack_bytes_, MADV_DONTNEED);
  cold_ = free_.size();
  return warm;
}

/// Neighbours in one call: each call has all processors forget what they know of the process's addresses.
void FiberStacks::unmap_slabs() {
  std::ranges::sort(slabs_);
  const size_t bytes = kSlabStacks * stack_bytes_;
  for (auto first = slabs_.begin(); first != slabs_.end();) {
    auto end = first + 1;
    while (end != slabs_.end() && *end == end[-1] + bytes) ++end;
    munmap(*first, static_cast<size_t>(end - first) * bytes);
    first = end;
  }
  slabs_.clear();
}

void FiberStacks::release_below(const FiberStack& stack, const void* depth) noexcept {
  // For the frames of the call itself.
  constexpr uintptr_t kMargin = 1024;
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t end = (reinterpret_cast<uintptr_t>(depth) - kMargin) / page * page;
  const uintptr_t low = reinterpret_cast<uintptr_t>(stack.low);
  if (end > low) madvise(stack.low, end - low, MADV_DONTNEED);
}

bool FiberStacks::add_slab() {
  const size_t bytes = kSlabStacks * stack_bytes_;
  void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapped == MAP_FAILED) return false;
  // A huge page would make every stack of 512 KiB take 2 MiB.
  madvise(mapped, bytes, MADV_NOHUGEPAGE);
  uint8_t* const slab = static_cast<uint8_t*>(mapped);
  slabs_.push_back(slab);
  std::vector<uint8_t*> fresh;
  for (size_t i = kSlabStacks; i-- > 0;) fresh.push_back(slab + i * stack_bytes_);
  free_.insert(free_.begin(), fresh.begin(), fresh.end());
  cold_ += fresh.size();
  return true;
}

void FiberStacks::arm(const FiberStack& stack) noexcept {
  if (!intact(stack)) std::memset(stack.low, 0, sizeof(Canary));
}

}  // namespace heddle::threads
