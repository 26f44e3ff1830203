// SPDX-License-Identifier: Apache-2.0
// Call: one call of a guest: who calls, the memory it speaks of, the program it belongs to.
#pragma once

#include <heddle/host_function.h>
#include <heddle/memory.h>

#include <memory>
#include <optional>
#include <string>

#include "wasi/guest_memory.h"
#include "wasi/state.h"

namespace heddle::wasi {

/// What a function's row says of it: `slow` ones may take the host long.
enum class Pace : uint8_t { quick, slow };

class Call {
 public:
  Call(Caller& caller, detail::State& state, GuestMemory memory, Pace pace)
      : caller_(caller), state_(state), memory_(memory), pace_(pace) {
    if (pace_ == Pace::slow) state_.blocking->before_blocking();
  }
  ~Call() {
    if (pace_ == Pace::slow) state_.blocking->after_blocking();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  [[nodiscard]] detail::State& state() const noexcept { return state_; }
  [[nodiscard]] const GuestMemory& memory() const noexcept { return memory_; }

  /// The open file with the rights it needs. Errors: badf, notcapable.
  [[nodiscard]] Expected<std::shared_ptr<Descriptor>> descriptor(Fd fd, uint64_t needed) const;
  /// The same for one that must be a directory. Errors: notdir too.
  [[nodiscard]] Expected<std::shared_ptr<Descriptor>> directory(Fd fd, uint64_t needed) const;
  /// The same for calls that change what is below. Errors: rofs too.
  [[nodiscard]] Expected<std::shared_ptr<Descriptor>> writable_directory(Fd fd, uint64_t needed) const;
  /// A copy of a path. Errors: fault, nametoolong, inval (a zero byte inside).
  [[nodiscard]] Expected<std::string> path(Address address, Size size) const;
  /// The place that a path in `directory` names.
  [[nodiscard]] Expected<Place> place(const Descriptor& directory, const std::string& path) const {
    return find_place(state_.open_beneath, directory.host(), path);
  }

  /// As Blocking::wait; when interrupted, the guest will not come back from this call. It may come back on
  /// another thread: nothing that is a thread's own (a mutex, errno, signals) may be kept over it.
  [[nodiscard]] Expected<Woken> wait(std::span<pollfd> files,
                                     std::optional<std::chrono::nanoseconds> timeout);
  /// Looks for an interrupt in work that is long but does not wait. Errors: intr, and the guest stops.
  [[nodiscard]] Answer check_interrupt();
  void yield() { state_.blocking->yield(caller_); }

  /// Stops the guest when this call is over.
  void stop(Trap trap) { stop_ = std::move(trap); }
  [[nodiscard]] std::optional<Trap>& stopped() noexcept { return stop_; }

 private:
  Caller& caller_;
  detail::State& state_;
  const GuestMemory memory_;
  const Pace pace_;
  std::optional<Trap> stop_;
};

}  // namespace heddle::wasi
