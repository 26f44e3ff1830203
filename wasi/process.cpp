// SPDX-License-Identifier: Apache-2.0
// The end of the program, by itself or by a signal that it sends itself, and giving way to others.
#include "wasi/functions.h"

namespace heddle::wasi::functions {

void proc_exit(Call& call, uint32_t code) { call.stop(Trap::exit(code)); }

namespace {

/// What a signal does to a program that has not asked for it.
enum class Action : uint8_t { end, stop, nothing };

/// By the signals' numbers in WASI: none, hup, int, quit, ill, trap, abrt, bus, fpe, kill, usr1, segv, usr2,
/// pipe, alrm, term, chld, cont, stop, tstp, ttin, ttou, urg, xcpu, xfsz, vtalrm, prof, winch, poll, pwr,
/// sys.
constexpr uint32_t kSignals = 31;

Action default_action(uint32_t signal) {
  constexpr uint32_t kNothing = 1u << 0 | 1u << 16 | 1u << 17 | 1u << 22 | 1u << 27;
  constexpr uint32_t kStop = 1u << 18 | 1u << 19 | 1u << 20 | 1u << 21;
  if ((kNothing >> signal & 1) != 0) return Action::nothing;
  return (kStop >> signal & 1) != 0 ? Action::stop : Action::end;
}

}  // namespace

/// The guest is ended as a shell reports it, 128 and the number; the host never sees a signal.
Answer proc_raise(Call& call, uint32_t signal) {
  if (signal >= kSignals) return Errno::inval;
  switch (default_action(signal)) {
    case Action::nothing: break;
    case Action::stop: return Errno::notsup;
    case Action::end: call.stop(Trap::exit(128 + signal)); break;
  }
  return {};
}

Answer sched_yield(Call& call) {
  call.yield();
  return {};
}

}  // namespace heddle::wasi::functions
