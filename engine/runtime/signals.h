// SPDX-License-Identifier: Apache-2.0
// Signals: turns a SIGSEGV or SIGBUS that guest code causes in a guarded memory into a trap; all other faults
// go on to whoever handled them before.
//
// A fault is the guest's iff (1) the faulting pc lies in a registered range of tier code, and (2) the
// faulting address lies in a live guarded reservation. Then the handler sets the pc to that range's landing
// address and returns; every other register stays as it was, but
// one that some ranges want the faulting pc in. Anything else is chained to the previously
// installed handler.
//
// Handlers run on an alternate stack, installed per thread by ThreadSignals. Registration is process-wide
// because signal dispositions are; it is reference-counted by engines and lock-free to read.
#pragma once

#include <cstdint>

namespace heddle::engine {

/// Where a fault inside [begin, end) continues.
struct CodeRange {
  uintptr_t begin;
  uintptr_t end;
  uintptr_t landing;
  bool tells_pc = false;  ///< the landing gets the faulting pc in a scratch register: r11
};

/// Installs the handlers (first call) and adds a range, unless it is there already. Ranges of static code
/// stay for ever. False if faults cannot be turned into traps here, or there are too many ranges. Any thread.
bool register_code_range(CodeRange range);

/// Removes a range again: nothing runs in it any more. Any thread.
void unregister_code_range(uintptr_t begin);

/// Adds or removes a guarded reservation. False if there are too many. Any thread.
[[nodiscard]] bool register_reservation(const void* begin, uint64_t size);
void unregister_reservation(const void* begin);

/// Can faults be turned into traps in this build and process? (False under sanitizers that own the signals.)
[[nodiscard]] bool signals_available() noexcept;

/// Gives the calling thread an alternate signal stack if it has none, and unblocks the fault signals, both at
/// the first call. Cheap when done before.
void ensure_signal_stack();

}  // namespace heddle::engine
