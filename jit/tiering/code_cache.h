// SPDX-License-Identifier: Apache-2.0
// CodeCache: the machine code of an engine's modules, and the way from an address in it to what it belongs
// to.
//
// A module's code goes when the module does: nobody can run it then, since who runs it has an instance. Only
// traps, backtraces and thrown exceptions look addresses up, so a mutex is good enough; the signal handler
// does not: for it all code is one range, registered once, whose landing gets the faulting address.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "engine/runtime/function.h"
#include "engine/support/thread_annotations.h"
#include "jit/x64/emitted_code.h"
#include "jit/x64/executable_memory.h"

namespace heddle::jit {

/// A call that was inlined: the function whose body the instruction at `offset` is in, and who called it
/// there.
struct InlinedFrame {
  const engine::FunctionCode* function = nullptr;
  uint32_t offset = 0;
  uint32_t caller =
      0;  ///< a Site::wasm_offset: of the code's own function, or again inlined (kInlinedOffset)
};

/// Published code of a function, or of its rest from a loop on. Immutable.
struct CompiledCode {
  const uint8_t* begin = nullptr;
  uint32_t size = 0;
  const engine::FunctionCode* function = nullptr;
  uint32_t loop_offset = 0;  ///< module offset of the `loop` that it begins at; 0: a whole function
  uint32_t frame_bytes = 0;
  std::vector<x64::Site> sites;
  std::vector<InlinedFrame> inlined;

  [[nodiscard]] const uint8_t* end() const { return begin + size; }
  /// What is known of an address, which is one of a site; null if it is none.
  [[nodiscard]] const x64::Site* site_at(const void* pc) const;
};

/// Threads: any.
class CodeCache {
 public:
  /// For so many bytes of code, whose faults continue at the stub `fault`. Null if the host gives no such
  /// memory.
  [[nodiscard]] static std::unique_ptr<CodeCache> create(uint64_t bytes, uintptr_t fault);
  ~CodeCache();
  CodeCache(const CodeCache&) = delete;
  CodeCache& operator=(const CodeCache&) = delete;

  /// Makes code executable. Null if there is no room. It stays until it is removed.
  [[nodiscard]] const CompiledCode* add(const engine::FunctionCode& function, uint32_t loop_offset,
                                        const x64::EmittedCode& code, std::vector<InlinedFrame> inlined)
      HEDDLE_EXCLUDES(mutex_);
  /// The code that contains `pc` or ends there (return addresses may be the end); null if none does.
  [[nodiscard]] const CompiledCode* find(const void* pc) const HEDDLE_EXCLUDES(mutex_);
  /// REQUIRES: nobody runs it or ever will.
  void remove(std::span<const CompiledCode* const> codes) HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] uint64_t bytes() const HEDDLE_EXCLUDES(mutex_);

 private:
  explicit CodeCache(uint64_t bytes) : memory_(bytes) {}

  x64::ExecutableMemory memory_;  ///< thread-safe
  bool handles_faults_ = false;
  mutable engine::Mutex mutex_;
  std::map<uintptr_t, std::unique_ptr<CompiledCode>> codes_ HEDDLE_GUARDED_BY(mutex_);  ///< by their begin
  uint64_t bytes_ HEDDLE_GUARDED_BY(mutex_) = 0;
};

}  // namespace heddle::jit
