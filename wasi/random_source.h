// SPDX-License-Identifier: Apache-2.0
// RandomSource: where random_get's bytes come from: the operating system, or a seed that repeats.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/support/thread_annotations.h"
#include "wasi/errors.h"

namespace heddle::wasi {

/// Threads: every function may be called from any thread; with a seed, who gets which numbers then depends on
/// the threads' order.
class RandomSource {
 public:
  explicit RandomSource(std::optional<uint64_t> seed)
      : is_seeded_(seed.has_value()), state_(seed.value_or(0)) {}

  [[nodiscard]] Answer fill(std::span<uint8_t> bytes) HEDDLE_EXCLUDES(mutex_);

 private:
  [[nodiscard]] uint64_t next() HEDDLE_REQUIRES(mutex_);

  const bool is_seeded_;
  engine::Mutex mutex_;
  uint64_t state_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::wasi
