// SPDX-License-Identifier: Apache-2.0
// Asking for the time.
#include "wasi/functions.h"

namespace heddle::wasi::functions {

namespace {

Expected<ClockId> known(uint32_t clock) {
  if (clock > static_cast<uint32_t>(ClockId::thread_cputime)) return Errno::inval;
  return static_cast<ClockId>(clock);
}

}  // namespace

Answer clock_res_get(Call& call, uint32_t clock, Address out_resolution) {
  HEDDLE_TRY_ASSIGN(const auto resolution, call.memory().out<uint64_t>(out_resolution));
  HEDDLE_TRY_ASSIGN(const ClockId id, known(clock));
  resolution.set(call.state().clocks->resolution(id));
  return {};
}

Answer clock_time_get(Call& call, uint32_t clock, uint64_t /*precision*/, Address out_time) {
  HEDDLE_TRY_ASSIGN(const auto time, call.memory().out<uint64_t>(out_time));
  HEDDLE_TRY_ASSIGN(const ClockId id, known(clock));
  time.set(call.state().clocks->now(id));
  return {};
}

}  // namespace heddle::wasi::functions
