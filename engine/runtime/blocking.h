// SPDX-License-Identifier: Apache-2.0
// Blocking: the seam through which a guest thread sleeps; OS threads by default, fibers once a scheduler
// plugs in.
//
// The wait queue decides who sleeps and who wakes; a Parker only knows how. Contract: unpark() may come
// before park() (then park() returns at once), exactly one unpark() is consumed by one park(), and park() may
// also return early for no reason: the caller re-checks its own state. unpark() may also come late, when the
// wait it was meant for is over and the waiter gone: a parker therefore stays valid until no notify() or
// cancel() that began before is running. Parkers that are recycled and never freed do (see parker_futex.h).
#pragma once

#include <cstdint>

namespace heddle::engine {

struct ExecContext;
struct Instance;

/// Nanoseconds of the host's monotonic clock.
[[nodiscard]] int64_t monotonic_now_ns() noexcept;

class Parker {
 public:
  virtual ~Parker() = default;
  /// Sleeps until unpark() or until its clock reaches `deadline_ns` (INT64_MAX: never). Owner only.
  virtual void park(int64_t deadline_ns) noexcept = 0;
  /// The clock of park()'s deadlines: the host's monotonic one, unless a scheduler has its own time. Owner
  /// only.
  [[nodiscard]] virtual int64_t now_ns() const noexcept { return monotonic_now_ns(); }
  /// Lets park() return. Any thread.
  virtual void unpark() noexcept = 0;
};

/// Is told where a guest is when somebody has asked for a sample.
class Sampler {
 public:
  virtual ~Sampler() = default;
  /// `ip`: the interpreter's word at which the check stands. Gives the checks until the next sample; 0: it is
  /// the last, unless somebody asks for more. Owner only.
  [[nodiscard]] virtual uint32_t sample(ExecContext& context, const Instance& instance,
                                        const uint64_t* ip) noexcept = 0;
};

/// Lets other guest threads run on this one's thread of the operating system.
class Yielder {
 public:
  virtual ~Yielder() = default;
  virtual void yield() noexcept = 0;
};

/// Asked when the fuel of a slice is used up: may let other guest threads run, then grants the next slice.
class Refueler {
 public:
  virtual ~Refueler() = default;
  /// Units until it is asked again; at least one stretch of straight code runs in any case. Owner only.
  [[nodiscard]] virtual int64_t next_slice() noexcept = 0;
};

/// Told before and after a call that may block the OS thread for long (host I/O), so that a scheduler can
/// let another worker take over. The default does nothing.
class BlockingObserver {
 public:
  virtual ~BlockingObserver() = default;
  virtual void before_blocking() noexcept {}
  virtual void after_blocking() noexcept {}
};

}  // namespace heddle::engine
