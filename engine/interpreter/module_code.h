// SPDX-License-Identifier: Apache-2.0
// ModuleCode: the interpreter's code of one module, translated function by function on first call.
//
// Threads: shared by all instances. A FunctionCode's entry changes once, by a release store under the mutex,
// from "translate me" to its code; readers take it with acquire and no lock. A compiler may change it once
// more, to `call_native`, at any time.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/interpreter/code.h"
#include "engine/module/module.h"
#include "engine/runtime/function.h"
#include "engine/runtime/tier.h"
#include "engine/support/thread_annotations.h"

namespace heddle::engine {

class Translator;

/// How code is translated; fixed per engine.
struct TranslationOptions {
  bool guarded = false;             ///< memory 0 of ordinary modules is a guarded memory
  bool fuel = false;                ///< count fuel
  bool native_relaxed = false;      ///< relaxed SIMD gives what the processor gives soonest
  bool preempt_at_atomics = false;  ///< with fuel: a new stretch begins after atomic instructions and imports
};

class ModuleCode final : public TierData {
 public:
  ModuleCode(const ModuleImage& module, const TranslationOptions& options, const Word* translate_entry);
  ~ModuleCode() override;

  [[nodiscard]] FunctionCode& function(uint32_t index) noexcept { return functions_[index]; }

  /// Translates one function unless somebody has. False if its frame is too large (a limit; see
  /// kMaxFrameSlots).
  bool translate(uint32_t index) HEDDLE_EXCLUDES(mutex_);

  /// The function whose code contains this word, or null.
  [[nodiscard]] FunctionCode* find(const Word* ip) const HEDDLE_EXCLUDES(mutex_);

  /// The module offset of the wasm instruction that the code at `ip` came from: translates once more,
  /// watching, and remembers, since many threads may be stopped at the same places.
  [[nodiscard]] uint64_t offset_of(const FunctionCode& code, const Word* ip) const HEDDLE_EXCLUDES(mutex_);

  /// A loop that is compiled. Found by its header, whose handler is `enter_loop` now.
  struct Loop {
    Word handler;  ///< what stood there
    FunctionCode* function;
    NativeLoop target;
  };
  /// See InterpreterTier::attach_loop. Running code takes it up at once: one store exchanges the handler.
  bool attach_loop(const FunctionCode& code, uint64_t offset, const NativeLoop& target)
      HEDDLE_EXCLUDES(mutex_);
  /// REQUIRES: the word at `ip` is `enter_loop`. Stays where it is.
  [[nodiscard]] const Loop* loop_at(const Word* ip) const HEDDLE_EXCLUDES(mutex_);
  /// The handler that was translated there, whatever stands there now.
  [[nodiscard]] Word handler_at(const Word* ip) const HEDDLE_EXCLUDES(mutex_);

  /// The words of a translated function, for tests and the disassembler. Empty if not translated yet.
  [[nodiscard]] std::span<const Word> words(uint32_t index) const HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] uint64_t total_words() const HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] uint64_t code_bytes() const override { return total_words() * sizeof(Word); }

  [[nodiscard]] static ModuleCode& of(const ModuleImage& module) {
    return static_cast<ModuleCode&>(*module.tier_data);
  }

 private:
  struct Range {
    const Word* begin;
    uint32_t words;
    uint32_t function;
  };

  void add_chunk(size_t least) HEDDLE_REQUIRES(mutex_);
  [[nodiscard]] const Range* find_range(const Word* ip) const HEDDLE_REQUIRES(mutex_);

  const ModuleImage& module_;
  const TranslationOptions options_;
  const Word* const translate_entry_;
  std::unique_ptr<FunctionCode[]> functions_;
  mutable Mutex mutex_;
  std::unique_ptr<Translator> translator_ HEDDLE_PT_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Word[]>> chunks_ HEDDLE_GUARDED_BY(mutex_);
  size_t chunk_used_ HEDDLE_GUARDED_BY(mutex_) = 0;
  size_t chunk_size_ HEDDLE_GUARDED_BY(mutex_) = 0;
  mutable std::vector<Range> ranges_ HEDDLE_GUARDED_BY(mutex_);  ///< sorted when someone looks
  std::unordered_map<const Word*, Loop> loops_ HEDDLE_GUARDED_BY(mutex_);
  mutable bool sorted_ HEDDLE_GUARDED_BY(mutex_) = true;
  uint64_t total_words_ HEDDLE_GUARDED_BY(mutex_) = 0;
  static constexpr size_t kMostOffsets = 1024;
  mutable std::unordered_map<const Word*, uint64_t> offsets_
      HEDDLE_GUARDED_BY(mutex_);  ///< that were asked for
};

/// ModuleCode::translate for the module that `code` belongs to.
bool translate_function(FunctionCode& code);

}  // namespace heddle::engine
