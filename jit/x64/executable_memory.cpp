// SPDX-License-Identifier: Apache-2.0
// asmjit's JitAllocator, with dual mappings.
#include "jit/x64/executable_memory.h"

#include <asmjit/core.h>

#include <cstring>

namespace heddle::jit::x64 {

struct ExecutableMemory::Impl {
  Impl() : allocator(&parameters()) {}

  static const asmjit::JitAllocator::CreateParams& parameters() {
    static const asmjit::JitAllocator::CreateParams kParameters = [] {
      asmjit::JitAllocator::CreateParams made;
      made.options =
          asmjit::JitAllocatorOptions::kUseDualMapping | asmjit::JitAllocatorOptions::kFillUnusedMemory;
      made.blockSize = 1u << 20;
      return made;
    }();
    return kParameters;
  }

  asmjit::JitAllocator allocator;
};

ExecutableMemory::ExecutableMemory() : impl_(std::make_unique<Impl>()) {}
ExecutableMemory::~ExecutableMemory() = default;

Result<const void*> ExecutableMemory::add(std::span<const uint8_t> code) noexcept {
  void* executable = nullptr;
  void* writable = nullptr;
  if (const asmjit::Error error = impl_->allocator.alloc(&executable, &writable, code.size()); error != 0) {
    Error refused;
    refused.kind = ErrorKind::resource;
    refused.message = std::string("no executable memory: ") + asmjit::DebugUtils::errorAsString(error);
    return refused;
  }
  std::memcpy(writable, code.data(), code.size());
  return static_cast<const void*>(executable);
}

void ExecutableMemory::release(const void* code) noexcept {
  impl_->allocator.release(const_cast<void*>(code));
}

size_t ExecutableMemory::reserved_bytes() const noexcept {
  return impl_->allocator.statistics().reservedSize();
}
size_t ExecutableMemory::used_bytes() const noexcept { return impl_->allocator.statistics().usedSize(); }

}  // namespace heddle::jit::x64
