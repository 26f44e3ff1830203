// SPDX-License-Identifier: Apache-2.0
// Schedule: what a policy answered in one run, as one line of text; and the policies that record and replay
// it.
//
// The line has a word for each answer: `2` chooses the third of those that are runnable, `s40` grants a slice
// of 40 units, and `0x7` is `0` seven times. Where only one fiber is runnable nothing is asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "heddle/result.h"
#include "threads/policy.h"

namespace heddle::threads {

class Schedule {
 public:
  struct Answers {
    bool is_slice = false;
    uint64_t value = 0;  ///< position among the runnable, or units of the slice
    uint64_t times = 1;

    bool operator==(const Answers&) const = default;
  };

  void add(bool is_slice, uint64_t value);
  /// Errors: malformed, with the word that is wrong.
  [[nodiscard]] static Result<Schedule> parse(std::string_view line);
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] const std::vector<Answers>& answers() const noexcept { return answers_; }
  bool operator==(const Schedule&) const = default;

 private:
  std::vector<Answers> answers_;  ///< no two alike in a row, as add() makes them
};

/// Answers as `asked` does, and notes it.
class RecordingPolicy final : public Policy {
 public:
  explicit RecordingPolicy(Policy& asked) : asked_(asked) {}

  [[nodiscard]] size_t choose(const Switch& at) noexcept override;
  [[nodiscard]] int64_t slice() noexcept override;
  void ended(uint64_t number) noexcept override { asked_.ended(number); }

  [[nodiscard]] const Schedule& schedule() const noexcept { return schedule_; }

 private:
  Policy& asked_;
  Schedule schedule_;
};

/// Answers as recorded. Where the record ends or does not fit what is asked, the first in the list runs.
class ReplayPolicy final : public Policy {
 public:
  explicit ReplayPolicy(Schedule schedule) : schedule_(std::move(schedule)) {}

  [[nodiscard]] size_t choose(const Switch& at) noexcept override;
  [[nodiscard]] int64_t slice() noexcept override;

  /// Has something been asked that the record has no answer for? Then this is another program, or another
  /// input.
  [[nodiscard]] bool diverged() const noexcept { return diverged_; }

 private:
  [[nodiscard]] uint64_t next(bool is_slice, uint64_t otherwise) noexcept;

  const Schedule schedule_;
  size_t place_ = 0;       ///< in schedule_.answers()
  uint64_t repeated_ = 0;  ///< how often the answer there has been given
  bool diverged_ = false;
};

}  // namespace heddle::threads
