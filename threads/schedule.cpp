// SPDX-License-Identifier: Apache-2.0
// Schedules: their text, recording and replaying.
#include "threads/schedule.h"

#include <algorithm>
#include <charconv>

namespace heddle::threads {

namespace {

/// Takes a decimal number from the front of `text`.
[[nodiscard]] bool take_number(std::string_view& text, uint64_t& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

[[nodiscard]] bool parse_word(std::string_view word, Schedule::Answers& answers) {
  answers.is_slice = word.starts_with('s');
  if (answers.is_slice) word.remove_prefix(1);
  if (!take_number(word, answers.value)) return false;
  if (answers.is_slice && answers.value > INT64_MAX) return false;
  if (word.empty()) return true;
  if (!word.starts_with('x')) return false;
  word.remove_prefix(1);
  return take_number(word, answers.times) && word.empty() && answers.times != 0;
}

}  // namespace

void Schedule::add(bool is_slice, uint64_t value) {
  if (!answers_.empty() && answers_.back().is_slice == is_slice && answers_.back().value == value) {
    ++answers_.back().times;
  } else {
    answers_.push_back({is_slice, value, 1});
  }
}

Result<Schedule> Schedule::parse(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\n";
  Schedule schedule;
  for (size_t begin = line.find_first_not_of(kSpace); begin != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(kSpace, begin), line.size());
    Answers answers;
    if (!parse_word(line.substr(begin, end - begin), answers)) {
      Error error;
      error.kind = ErrorKind::malformed;
      error.message = "schedule, column " + std::to_string(begin + 1) +
                      ": a position (2), a slice (s40) or one of them repeated (2x7) belongs here";
      return error;
    }
    schedule.answers_.push_back(answers);
    begin = line.find_first_not_of(kSpace, end);
  }
  return schedule;
}

std::string Schedule::to_string() const {
  std::string text;
  for (const Answers& answers : answers_) {
    if (!text.empty()) text += ' ';
    if (answers.is_slice) text += 's';
    text += std::to_string(answers.value);
    if (answers.times > 1) text += 'x' + std::to_string(answers.times);
  }
  return text;
}

size_t RecordingPolicy::choose(const Switch& at) noexcept {
  const size_t position = std::min(asked_.choose(at), at.runnable.size() - 1);
  if (at.runnable.size() > 1) schedule_.add(false, position);
  return position;
}

int64_t RecordingPolicy::slice() noexcept {
  const int64_t units = std::max<int64_t>(asked_.slice(), 0);
  schedule_.add(true, static_cast<uint64_t>(units));
  return units;
}

uint64_t ReplayPolicy::next(bool is_slice, uint64_t otherwise) noexcept {
  const auto& answers = schedule_.answers();
  if (place_ == answers.size() || answers[place_].is_slice != is_slice) {
    diverged_ = true;
    return otherwise;
  }
  const uint64_t value = answers[place_].value;
  if (++repeated_ == answers[place_].times) {
    ++place_;
    repeated_ = 0;
  }
  return value;
}

size_t ReplayPolicy::choose(const Switch& at) noexcept {
  if (at.runnable.size() == 1) return 0;
  const uint64_t position = next(false, 0);
  if (position < at.runnable.size()) return position;
  diverged_ = true;
  return 0;
}

int64_t ReplayPolicy::slice() noexcept {
  constexpr uint64_t kSomeUnits = 1000;
  return static_cast<int64_t>(next(true, kSomeUnits));
}

}  // namespace heddle::threads
