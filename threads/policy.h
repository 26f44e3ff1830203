// SPDX-License-Identifier: Apache-2.0
// Policies: who runs next in a deterministic run, and for how long.
//
// A policy is asked at every switch. It sees nothing but what is the same in every run of the same program,
// so that its answers follow from its seed alone. Replaying answers that were recorded is a policy, too: see
// threads/schedule.h.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <unordered_map>
#include <vector>

namespace heddle::threads {

class Fiber;

/// A fiber that may run next.
struct Runnable {
  uint64_t number = 0;  ///< counted from 1 in the order in which fibers were spawned
  Fiber* fiber = nullptr;
};

/// What happened to the fiber that ran last.
enum class SwitchReason : uint8_t {
  stopped,    ///< it has ended or waits for something
  gave_way,   ///< it yielded
  preempted,  ///< its slice is over
};

struct Switch {
  std::span<const Runnable> runnable;  ///< in the order in which they became so; never empty
  uint64_t last = 0;                   ///< who ran last; 0 at the first switch
  SwitchReason reason = SwitchReason::stopped;
};

/// Threads: one at a time; a scheduler asks on its worker's thread. What else is called, restart() for
/// example, must be called before the scheduler exists or on one of its fibers.
class Policy {
 public:
  virtual ~Policy() = default;
  /// The position in `runnable` of the fiber that runs next.
  [[nodiscard]] virtual size_t choose(const Switch& at) noexcept = 0;
  /// How many units of fuel a guest that goes on may use before others may run.
  [[nodiscard]] virtual int64_t slice() noexcept = 0;
  /// The fiber will not be seen again.
  virtual void ended(uint64_t number) noexcept { (void)number; }
};

/// All in turn.
class RoundRobinPolicy final : public Policy {
 public:
  explicit RoundRobinPolicy(int64_t slice = 1000) : slice_(slice) {}
  [[nodiscard]] size_t choose(const Switch&) noexcept override { return 0; }
  [[nodiscard]] int64_t slice() noexcept override { return slice_; }

 private:
  const int64_t slice_;
};

/// Anyone, with the same chance, for 1 to longest_slice units.
class RandomPolicy final : public Policy {
 public:
  explicit RandomPolicy(uint64_t seed, int64_t longest_slice = 100)
      : longest_slice_(static_cast<uint64_t>(longest_slice)), random_(seed) {}

  /// Goes on as one that was made with this seed.
  void restart(uint64_t seed) { random_.seed(seed); }

  [[nodiscard]] size_t choose(const Switch& at) noexcept override;
  [[nodiscard]] int64_t slice() noexcept override;

 private:
  const uint64_t longest_slice_;
  std::mt19937_64 random_;
};

struct PctOptions {
  uint64_t seed = 0;
  uint32_t depth = 3;    ///< d: how many orderings must come true for the failure that is looked for
  uint64_t steps = 100;  ///< k: about how many switches a run has
  int64_t slice = 1;     ///< one stretch of code is a step
  /// A fiber that runs on for so many steps while others could gives way: it spins, waiting for one of them.
  uint32_t patience = 1000;
};

/// Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): every fiber has a random priority and
/// the highest one runs; at d-1 random steps, whoever runs falls below all others. A failure that needs d
/// orderings among n fibers shows with a probability of at least 1/(n*k^(d-1)) in every run, which no other
/// known way of choosing promises. Whoever yields falls below all others as well, else those would never run.
class PctPolicy final : public Policy {
 public:
  explicit PctPolicy(const PctOptions& options);

  /// Goes on as one that was made with this seed.
  void restart(uint64_t seed);

  [[nodiscard]] size_t choose(const Switch& at) noexcept override;
  [[nodiscard]] int64_t slice() noexcept override { return options_.slice; }
  void ended(uint64_t number) noexcept override { priorities_.erase(number); }

 private:
  int64_t& priority(uint64_t number);
  void demote_who_would_never_stop(const Switch& at);

  const PctOptions options_;
  std::mt19937_64 random_;
  std::unordered_map<uint64_t, int64_t> priorities_;
  std::vector<uint64_t> changes_;  ///< the step at whose end the i-th priority from below is given to who ran
  uint64_t step_ = 0;
  int64_t lowest_ = 0;       ///< below it is nobody
  uint32_t runs_alone_ = 0;  ///< steps that `last` of the next switch has run though others could
};

}  // namespace heddle::threads
