// SPDX-License-Identifier: Apache-2.0
// ExecutableMemory: pages for machine code, which are never writable and executable at one address.
//
// Each piece is mapped twice: here it runs, and elsewhere, for the length of one call, it is written.
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "heddle/result.h"

namespace heddle::jit::x64 {

class ExecutableMemory {
 public:
  ExecutableMemory();
  ~ExecutableMemory();
  ExecutableMemory(const ExecutableMemory&) = delete;
  ExecutableMemory& operator=(const ExecutableMemory&) = delete;

  /// A copy of `code` that can be run. Whoever runs it on another thread must have seen its address by an
  /// acquire.
  [[nodiscard]] Result<const void*> add(std::span<const uint8_t> code) noexcept;
  /// Gives back what add() gave. Nobody may run it any more.
  void release(const void* code) noexcept;
  /// Bytes that are reserved from the host, and of these, used.
  [[nodiscard]] size_t reserved_bytes() const noexcept;
  [[nodiscard]] size_t used_bytes() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heddle::jit::x64
