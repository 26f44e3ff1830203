// SPDX-License-Identifier: Apache-2.0
// Store: the owner of everything one guest thread uses; StoreRef: a way to name it; InterruptHandle: a way to
// stop it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include <heddle/engine.h>
#include <heddle/export.h>
#include <heddle/result.h>

namespace heddle {

namespace detail {
class InterruptCell;
}

/// Stops the guest of one store from outside.
///
/// Threads: any thread, any time, also after the store is gone (then it does nothing).
class HEDDLE_API InterruptHandle {
 public:
  InterruptHandle() = default;
  /// The guest traps with TrapKind::interrupted at its next loop iteration or call, within a bulk operation,
  /// or at once if it sleeps in atomic.wait. If none runs, the next call traps. One request stops one
  /// outermost call.
  void interrupt() const noexcept;

 private:
  friend class StoreRef;
  explicit InterruptHandle(std::shared_ptr<detail::InterruptCell> cell) : cell_(std::move(cell)) {}
  std::shared_ptr<detail::InterruptCell> cell_;
};

/// What garbage collection has done in a store so far.
struct GcStatistics {
  uint64_t collections = 0;
  std::chrono::nanoseconds pauses{0};  ///< of all collections together
  std::chrono::nanoseconds longest_pause{0};
  uint64_t allocated_bytes = 0;  ///< ever
  uint64_t live_bytes = 0;       ///< after the last collection
  uint64_t heap_bytes = 0;       ///< taken from the host now
};

/// Names a store without owning it; host functions get one through Caller. Every function returns
/// ErrorKind::usage once the store is gone.
///
/// Threads: a store and all its handles belong to one thread at a time. It may move between threads while no
/// call is running; stores of one engine run in parallel.
class HEDDLE_API StoreRef {
 public:
  StoreRef() = default;

  /// Sets the fuel left; one unit pays for about one instruction, and at zero the guest traps with
  /// TrapKind::out_of_fuel at the same place on every run. A new store has none. Values beyond 2^63-1 count
  /// as that. Errors: usage, if Config::fuel is off.
  Result<void> set_fuel(uint64_t units);
  Result<void> add_fuel(uint64_t units);
  /// What is left; 0 when fuel is off or the store is gone.
  [[nodiscard]] uint64_t fuel() const noexcept;

  /// From now on, an outermost call that runs longer is interrupted. Zero: no limit (as at first).
  Result<void> set_timeout(std::chrono::nanoseconds per_call);

  /// Replaces the limits; what already exists stays, and stack_bytes has no effect any more.
  Result<void> set_limits(const StoreLimits& limits);

  /// Frees what neither guest nor host can reach. Guests' allocations do it as needed.
  Result<void> collect_garbage();
  /// Zeros if the store is gone.
  [[nodiscard]] GcStatistics gc_statistics() const noexcept;

  /// For another thread. Empty (does nothing) if the store is gone.
  [[nodiscard]] InterruptHandle interrupt_handle() const;
  /// Forgets an interrupt that found no call to stop.
  void clear_interrupt() noexcept;

  /// Does the store still exist?
  [[nodiscard]] bool alive() const noexcept;
  explicit operator bool() const noexcept { return alive(); }
  friend bool operator==(const StoreRef&, const StoreRef&) = default;

 protected:
  friend struct detail::Access;
  explicit StoreRef(std::shared_ptr<detail::StoreLink> link) : link_(std::move(link)) {}
  std::shared_ptr<detail::StoreLink> link_;
};

/// Owns instances, functions, tables, globals and unshared memories; they live until the store is destroyed.
/// Destroying it inside one of its own host functions is allowed: it dies when the outermost call returns.
class HEDDLE_API Store : public StoreRef {
 public:
  /// Errors: resource (no room for the stack), usage (engine moved from).
  [[nodiscard]] static Result<Store> create(const Engine& engine, const StoreLimits& limits = {});
  ~Store();
  Store(Store&&) noexcept = default;
  Store& operator=(Store&& other) noexcept;

 private:
  friend struct detail::Access;
  explicit Store(std::shared_ptr<detail::StoreLink> link) : StoreRef(std::move(link)) {}
};

}  // namespace heddle
