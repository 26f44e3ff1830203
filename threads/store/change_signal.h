// SPDX-License-Identifier: Apache-2.0
// ChangeSignal: a counter in a file, through which processes wake each other after a commit.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "threads/store/store_result.h"

namespace heddle::threads {

/// Threads: any.
class ChangeSignal {
 public:
  /// Of all processes that open the same file; it is made if there is none. Errors: unavailable.
  [[nodiscard]] static StoreResult<std::unique_ptr<ChangeSignal>> open(const std::string& path);
  ~ChangeSignal();
  ChangeSignal(const ChangeSignal&) = delete;
  ChangeSignal& operator=(const ChangeSignal&) = delete;

  [[nodiscard]] uint32_t value() const noexcept { return count_.load(std::memory_order_seq_cst); }
  /// Wakes whoever sleeps, in all processes.
  void announce() noexcept;
  /// Sleeps while value() is `seen`, but no longer than `most_ns`; may return early.
  void sleep(uint32_t seen, int64_t most_ns) noexcept;

 private:
  explicit ChangeSignal(void* page);
  void* const page_;
  std::atomic<uint32_t>& count_;
};

}  // namespace heddle::threads
