// SPDX-License-Identifier: Apache-2.0
// Policies: the seeded ones' choices.
#include "threads/policy.h"

#include <algorithm>

namespace heddle::threads {

// Not with <random>'s distributions: what those make of a generator differs between libraries.

size_t RandomPolicy::choose(const Switch& at) noexcept { return random_() % at.runnable.size(); }

int64_t RandomPolicy::slice() noexcept {
  if (longest_slice_ <= 1) return 1;
  return static_cast<int64_t>(1 + random_() % longest_slice_);
}

PctPolicy::PctPolicy(const PctOptions& options) : options_(options) { restart(options.seed); }

void PctPolicy::restart(uint64_t seed) {
  random_.seed(seed);
  priorities_.clear();
  changes_.resize(options_.depth > 1 ? options_.depth - 1 : 0);
  for (uint64_t& change : changes_) change = 1 + random_() % std::max<uint64_t>(options_.steps, 1);
  step_ = 0;
  lowest_ = 0;
  runs_alone_ = 0;
}

/// A new fiber gets a random one, above all that change points give.
int64_t& PctPolicy::priority(uint64_t number) {
  const auto [place, is_new] = priorities_.try_emplace(number);
  if (is_new) place->second = (int64_t{1} << 32) + static_cast<int64_t>(random_() >> 2);
  return place->second;
}

void PctPolicy::demote_who_would_never_stop(const Switch& at) {
  if (at.reason != SwitchReason::preempted || at.runnable.size() == 1) runs_alone_ = 0;
  const bool spins = ++runs_alone_ > options_.patience;
  if (at.reason != SwitchReason::gave_way && !spins) return;
  if (priorities_.contains(at.last)) priorities_[at.last] = --lowest_;
  runs_alone_ = 0;
}

size_t PctPolicy::choose(const Switch& at) noexcept {
  demote_who_would_never_stop(at);
  size_t best = 0;
  int64_t best_priority = INT64_MIN;
  for (size_t i = 0; i < at.runnable.size(); ++i) {
    const int64_t own = priority(at.runnable[i].number);
    if (own > best_priority) {
      best = i;
      best_priority = own;
    }
  }
  const uint64_t number = at.runnable[best].number;
  if (number != at.last) runs_alone_ = 0;
  ++step_;
  for (size_t i = 0; i < changes_.size(); ++i) {
    if (changes_[i] == step_) priority(number) = static_cast<int64_t>(i + 1);
  }
  return best;
}

}  // namespace heddle::threads
