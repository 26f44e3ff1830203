// SPDX-License-Identifier: Apache-2.0
// ProgressLine: what a run is doing, on one line of a terminal that is rewritten; silent anywhere else.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace heddle::spec {

class ProgressLine {
 public:
  /// On standard error, if that is a terminal.
  explicit ProgressLine(size_t total);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void advance(std::string_view what, uint64_t failures);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  size_t total_;
  size_t done_ = 0;
  uint64_t failures_ = 0;
  bool enabled_;
  bool shown_ = false;
  Clock::time_point started_ = Clock::now();
  Clock::time_point last_{};
};

/// May this stream be coloured? (A terminal, NO_COLOR unset or empty, TERM not dumb.)
[[nodiscard]] bool wants_color(int fd);

}  // namespace heddle::spec
