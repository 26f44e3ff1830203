// SPDX-License-Identifier: Apache-2.0
// GuestCall: one call of a guest to its store: its memory, its keys, its waits; and how functions of C++
// become host functions.
//
// The memory may be shared, so other threads may change the bytes at any time: what decides anything is
// copied once, and only the copy is looked at. Memories never shrink: a place that was inside stays so.
#pragma once

#include <heddle/host_function.h>
#include <heddle/linker.h>
#include <heddle/memory.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/support/try.h"
#include "threads/store/guest_store.h"
#include "threads/store/work_queue.h"

namespace heddle::threads {

using Address = uint32_t;

class GuestCall {
 public:
  GuestCall(Caller& caller, const GuestStore& guest, std::span<uint8_t> memory)
      : caller_(caller), guest_(guest), memory_(memory) {}

  [[nodiscard]] KeyValueStore& store() const noexcept { return *guest_.store; }
  [[nodiscard]] const std::string& prefix() const noexcept { return guest_.prefix; }
  /// The guest's queue whose name stands there.
  [[nodiscard]] StoreResult<WorkQueue> queue(Address name, uint32_t size) const;

  /// Errors of all: fault, if a byte would be outside.
  [[nodiscard]] StoreResult<std::span<uint8_t>> range(Address address, uint64_t size) const;
  /// A copy. Errors: too_large, beyond `most` bytes.
  [[nodiscard]] StoreResult<std::string> copy(Address address, uint32_t size, size_t most) const;
  /// A key of the guest as the store knows it.
  [[nodiscard]] StoreResult<std::string> key(Address address, uint32_t size) const;
  template <class T>
  [[nodiscard]] StoreResult<T> load(Address address) const {
    HEDDLE_TRY_ASSIGN(const auto place, range(address, sizeof(T)));
    T value;
    std::memcpy(&value, place.data(), sizeof value);
    return value;
  }

  /// A place for one result; null, where the guest does not want it, is none. To be made before anything
  /// happens, so that nothing happens whose result can't be told.
  template <class T>
  class Out {
   public:
    explicit Out(uint8_t* place) : place_(place) {}
    void set(const T& value) const noexcept {
      if (place_ != nullptr) std::memcpy(place_, &value, sizeof value);
    }

   private:
    uint8_t* place_;
  };
  template <class T>
  [[nodiscard]] StoreResult<Out<T>> out(Address address) const {
    if (address == 0) return Out<T>(nullptr);
    HEDDLE_TRY_ASSIGN(const auto place, range(address, sizeof(T)));
    return Out<T>(place.data());
  }

  /// As much of `bytes` as there is room for; gives how many there are.
  [[nodiscard]] static int64_t give(std::string_view bytes, std::span<uint8_t> room) noexcept;

  /// Runs `body(Wait)` with the guest's time-out (negative: none) and a cancellation that interrupts cause.
  template <class Body>
  auto wait(int64_t timeout_ns, const Body& body) const {
    Cancellation cancellation;
    const InterruptListener listener(caller_, [&cancellation] { cancellation.cancel(); });
    if (listener.interrupted()) cancellation.cancel();
    return body(Wait{.deadline_ns = deadline(timeout_ns), .cancellation = &cancellation});
  }

 private:
  [[nodiscard]] int64_t deadline(int64_t timeout_ns) const;

  Caller& caller_;
  const GuestStore& guest_;
  const std::span<uint8_t> memory_;
};

/// What a guest is told of an error.
template <class R>
[[nodiscard]] R to_code(StoreErrorKind kind) noexcept {
  return -1 - static_cast<R>(kind);
}

/// Defines one host function, which answers a number that is not negative, or an error's code.
template <class R, class... A>
Result<void> define_guest_function(Linker& linker, std::string_view name,
                                   const std::shared_ptr<const GuestStore>& guest,
                                   StoreResult<R> (*function)(GuestCall&, A...)) {
  return linker.wrap("heddle", name, [guest, function](Caller& caller, A... arguments) -> Outcome<R> {
    const auto memory = caller.memory();
    if (!memory)
      return Trap::host("the store needs the guest's memory: the module must export it as \"memory\"");
    GuestCall call(caller, *guest, memory->data());
    const StoreResult<R> answer = function(call, arguments...);
    if (answer) return *answer;
    if (answer.is(StoreErrorKind::cancelled)) return Trap::interrupted();
    return to_code<R>(answer.error().kind);
  });
}

/// The functions whose names begin with queue_.
Result<void> define_queue(Linker& linker, const std::shared_ptr<const GuestStore>& guest);

}  // namespace heddle::threads
