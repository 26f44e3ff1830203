// SPDX-License-Identifier: Apache-2.0
// One dual mapping of asmjit's, and a list of the holes in it.
#include "jit/x64/executable_memory.h"

#include <asmjit/core.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "engine/support/bits.h"
#include "engine/support/platform.h"

namespace heddle::jit::x64 {

namespace {

constexpr size_t kAlignment = 32;
constexpr uint8_t kBreakpoint = 0xcc;  ///< who runs what is not there shall stop

using asmjit::VirtMem::DualMapping;

}  // namespace

ExecutableMemory::ExecutableMemory(size_t capacity) noexcept {
  capacity = engine::align_up(std::max(capacity, kAlignment), engine::host_page_size());
  DualMapping mapping{};
  if (asmjit::VirtMem::allocDualMapping(&mapping, capacity, asmjit::VirtMem::MemoryFlags::kAccessRWX) != 0)
    return;
  capacity_ = capacity;
  executable_ = static_cast<uint8_t*>(mapping.rx);
  writable_ = static_cast<uint8_t*>(mapping.rw);
  free_.emplace(0, capacity);
}

ExecutableMemory::~ExecutableMemory() {
  if (capacity_ == 0) return;
  DualMapping mapping{executable_, writable_};
  (void)asmjit::VirtMem::releaseDualMapping(&mapping, capacity_);
}

Result<const void*> ExecutableMemory::add(std::span<const uint8_t> code) noexcept {
  engine::MutexLock lock(mutex_);
  const size_t bytes = engine::align_up(std::max<size_t>(code.size(), 1), kAlignment);
  const auto hole = std::ranges::find_if(free_, [bytes](const auto& each) { return each.second >= bytes; });
  if (hole == free_.end()) {
    Error error;
    error.kind = ErrorKind::resource;
    error.message = "no room for " + std::to_string(code.size()) + " bytes of machine code";
    return error;
  }
  const auto [offset, size] = *hole;
  free_.erase(hole);
  if (size > bytes) free_.emplace(offset + bytes, size - bytes);
  used_.emplace(offset, bytes);
  used_bytes_ += bytes;
  std::memcpy(writable_ + offset, code.data(), code.size());
  return static_cast<const void*>(executable_ + offset);
}

void ExecutableMemory::release(const void* code) noexcept {
  engine::MutexLock lock(mutex_);
  const auto used = used_.find(static_cast<size_t>(static_cast<const uint8_t*>(code) - executable_));
  if (used == used_.end()) return;
  auto [offset, size] = *used;
  used_.erase(used);
  used_bytes_ -= size;
  std::memset(writable_ + offset, kBreakpoint, size);
  auto next = free_.lower_bound(offset);
  if (next != free_.end() && next->first == offset + size) {
    size += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin() && std::prev(next)->first + std::prev(next)->second == offset) {
    std::prev(next)->second += size;
  } else {
    free_.emplace(offset, size);
  }
}

size_t ExecutableMemory::used_bytes() const noexcept {
  engine::MutexLock lock(mutex_);
  return used_bytes_;
}

}  // namespace heddle::jit::x64
