// SPDX-License-Identifier: Apache-2.0
// ExecContext: everything one guest thread of execution needs besides its frame: stack, interrupt, fuel,
// trap, waiter.
//
// One per Store. Owned and touched by the thread that runs the store; the members marked "any thread" may be
// written by others (interrupt). Tiers address the first members directly, so they come first and stay.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/runtime/slot.h"
#include "engine/runtime/wait_queue.h"
#include "heddle/trap.h"

namespace heddle::engine {

namespace gc {
struct Exception;
class Heap;
}  // namespace gc
struct FunctionCode;
struct Instance;
class Sampler;
class Store;

/// A frame that is gone already, for a backtrace: of compiled code at `offset`, or of tier 0 at its word
/// `ip`.
struct TrapFrame {
  const FunctionCode* code = nullptr;
  const uint64_t* ip = nullptr;
  uint64_t offset = 0;
};

/// What stopped the guest, as recorded by whoever noticed; Store turns it into a public Trap with names.
struct TrapRecord {
  TrapKind kind = TrapKind::none;
  std::string message;           ///< only from hosts
  uint32_t exit_code = 0;        ///< only of kind exit
  const uint64_t* ip = nullptr;  ///< interpreter word of the trapping instruction, if it was guest code
  Slot* fp = nullptr;            ///< its frame
  Instance* instance = nullptr;
  /// Frames inside of that one which were left already, innermost first: what compiled code called and was.
  /// At most kMostFrames; then they are only counted.
  std::vector<TrapFrame> frames;
  uint64_t omitted = 0;
  static constexpr size_t kMostFrames = 64;

  void add_frame(const TrapFrame& frame) {
    if (frames.size() < kMostFrames) {
      frames.push_back(frame);
    } else {
      ++omitted;
    }
  }
};

/// Where a thrown exception continues: written by whoever unwinds, read by the handler that threw.
struct Landing {
  const uint64_t* ip = nullptr;
  Slot* fp = nullptr;
  Instance* instance = nullptr;
};

struct ExecContext {
  /// Slots that a stack keeps beyond stack_end: small functions that call nothing are entered unchecked.
  static constexpr uint32_t kReserveSlots = 512;

  /// Lowest address that a new frame may not reach. A request poisons it to null so that the next call takes
  /// its slow path; the poison may also come late, when the request has been answered. Any thread may write
  /// null; only the owner restores it.
  std::atomic<Slot*> stack_limit{nullptr};
  /// What others want of the guest; polled by every loop back-edge. Any thread.
  std::atomic<uint32_t> requests{0};
  static constexpr uint32_t kInterrupt = 1;
  static constexpr uint32_t kYield = 2;
  static constexpr uint32_t kSample = 4;
  static constexpr uint32_t kCountdown = 8;
  /// Compiled code enters no function with less native stack; poisoned to UINTPTR_MAX along with stack_limit.
  /// Any thread may write the poison.
  std::atomic<uintptr_t> native_limit{0};
  /// Stack pointer at the innermost entry into compiled code from C++; null outside of any.
  void* native_frame = nullptr;
  /// Stack pointer where compiled code last left for C++. Between here and native_frame, frames may hold
  /// references.
  void* native_exit = nullptr;
  /// Where compiled code hands over arguments and results that registers have no room for; two slots each.
  Slot* overflow = nullptr;
  /// The true native_limit; only stores of engines with a compiler have one.
  uintptr_t native_stack_end = 0;
  /// Remaining fuel, with a refueler only that of the present slice; counted only by code translated with
  /// fuel.
  int64_t fuel = 0;
  /// First free slot for a new entry from the host; tiers raise it while a host function runs.
  Slot* stack_top = nullptr;
  /// Native stack below which nothing more may be entered (host -> guest -> host nesting).
  uintptr_t native_stack_limit = 0;
  Slot* stack_begin = nullptr;
  Slot* stack_end = nullptr;  ///< the true limit, restored after an interrupt
  TrapRecord trap;
  /// Traps need not say where they happened, for nobody will ask: looking names up is most of what a trap
  /// takes. Any thread.
  std::atomic<bool> forgoes_backtraces{false};
  Waiter waiter;
  Yielder* yielder = nullptr;    ///< null: requests to yield are forgotten
  Sampler* sampler = nullptr;    ///< null: requests for samples are forgotten
  Refueler* refueler = nullptr;  ///< asked between slices; null: all fuel is one slice. See set_refueler()
  int64_t fuel_beyond = 0;       ///< fuel that is not in the present slice; 0 without a refueler
  Store* store = nullptr;
  uint32_t entries = 0;  ///< nesting of host -> guest entries
  Instance* caller =
      nullptr;  ///< set by tiers before HostFunction::call: the calling instance, null if the host called
  /// Thrown and not caught yet; after a trap of kind exception, the uncaught one, until the next is thrown.
  gc::Exception* exception = nullptr;
  Landing landing;
  uint64_t catches = 0;  ///< exceptions caught so far: tells whether a host's failure still is one
  std::vector<Slot> overflow_slots;  ///< owns `overflow`

  /// With the request kCountdown: checks in tier 0 until the guest is to be sampled. 0: that was the last.
  uint32_t countdown = 0;

  /// The compiler's: who called tier 0 last by InterpreterTier::invoke_for_native().
  void* native_caller = nullptr;
  /// The compiler's: what its code catches to look whether a clause takes it, and throws again if none does.
  TrapRecord caught;

  gc::Heap* heap = nullptr;  ///< the store's
  /// Set by tiers around an allocation: the end of the slots in which frames may hold references.
  Slot* gc_top = nullptr;

  /// Stops the guest at its next check, also inside atomic.wait. Any thread, async-signal-unsafe.
  void request_interrupt() noexcept;
  /// Owner only: forget a request.
  void clear_interrupt() noexcept;
  /// Has the guest call yielder->yield() at its next check. Any thread, while the store lives. Requests
  /// without pause would leave it no time for anything else.
  void request_yield() noexcept;
  /// Has the guest tell context.sampler where it is, at its next check in tier 0. Any thread, while the store
  /// lives.
  void request_sample() noexcept;
  /// Owner only: the same, at the so-manieth check from now (REQUIRES: not 0). Those before it count and go
  /// on; if one has something else to answer, the sample is taken there.
  void request_sample_after(uint32_t checks) noexcept;
  /// Owner only: forgets that.
  void cancel_sample_after() noexcept;
  /// Owner only: the slow path of a check. Yields if asked to; false if the guest is to be interrupted.
  [[nodiscard]] bool answer_requests() noexcept;
  [[nodiscard]] bool interrupt_pending() const noexcept {
    return (requests.load(std::memory_order_relaxed) & kInterrupt) != 0;
  }
  /// Owner only: compiled code may use the native stack down to `end` from now on.
  void set_native_stack_end(uintptr_t end) noexcept;
  /// Owner only: has `overflow` hold at least so many slots. REQUIRES: none of it is in use.
  void reserve_overflow(size_t slots);
  [[nodiscard]] bool sample_pending() const noexcept {
    return (requests.load(std::memory_order_relaxed) & (kSample | kCountdown)) != 0;
  }
  [[nodiscard]] bool request_pending() const noexcept {
    return requests.load(std::memory_order_relaxed) != 0;
  }
  /// Owner only, at every check in tier 0: is there anything to answer?
  [[nodiscard, gnu::always_inline]] bool must_answer() noexcept {
    const uint32_t asked = requests.load(std::memory_order_relaxed);
    return asked != 0 && !only_counts(asked);
  }
  /// Owner only, at a check that found these requests: may the guest go on?
  [[nodiscard, gnu::always_inline]] bool only_counts(uint32_t asked) noexcept {
    return asked == kCountdown && --countdown != 0;
  }

  /// Owner only: replaces all fuel that is left, REQUIRES: units >= 0. What it comes to, slice or not.
  void set_fuel(int64_t units) noexcept;
  [[nodiscard]] int64_t fuel_left() const noexcept { return fuel + fuel_beyond; }
  /// Owner only: who is asked whenever a slice of fuel is used up, first at the next stretch of code; null:
  /// nobody. What is left, and where it runs out, stays the same. `asked` must live until it is replaced.
  void set_refueler(Refueler* asked) noexcept;
  /// Owner only: the slow path of counting fuel. False if there are not `cost` units left in all.
  [[nodiscard]] bool refuel(int64_t cost) noexcept;

  /// Records a trap (the first one stays) and returns false, for `return context.fail(...)`.
  bool fail(TrapKind kind, std::string message = {}) noexcept;

 private:
  uint32_t forget(uint32_t which) noexcept;
  void poison() noexcept;
  void restore_limits() noexcept;
};

}  // namespace heddle::engine
