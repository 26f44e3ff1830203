// SPDX-License-Identifier: Apache-2.0
// Engine: what all modules and stores of an embedder share: types, compiled code, wait queues.
#pragma once

#include <memory>
#include <string_view>

#include <heddle/config.h>
#include <heddle/export.h>
#include <heddle/handle.h>
#include <heddle/result.h>

namespace heddle {

/// A counted reference on an engine; copies are the same engine. Nothing is process-wide: engines are
/// independent, and their modules, stores and memories do not mix.
///
/// Threads: every function may be called from any thread at any time.
class HEDDLE_API Engine {
 public:
  /// Errors: usage (a tier that is unknown or has no compiler), resource (guarded memories, or memory for
  /// machine code, wanted but not possible here).
  [[nodiscard]] static Result<Engine> create(const Config& config = {});

  /// REQUIRES: not moved from.
  [[nodiscard]] const Config& config() const noexcept;
  /// The mode that MemoryMode::automatic came to. REQUIRES: not moved from.
  [[nodiscard]] MemoryMode memory_mode() const noexcept;
  /// Heddle's version, e.g. "0.1.0".
  [[nodiscard]] static std::string_view version() noexcept;

  explicit operator bool() const noexcept { return impl_ != nullptr; }
  friend bool operator==(const Engine&, const Engine&) = default;

 private:
  friend struct detail::Access;
  explicit Engine(std::shared_ptr<detail::EngineImpl> impl) : impl_(std::move(impl)) {}

  std::shared_ptr<detail::EngineImpl> impl_;
};

}  // namespace heddle
