// SPDX-License-Identifier: Apache-2.0
// The C++ functions behind RuntimeCall, one for each row of runtime_calls.def.
#pragma once

#include "engine/runtime/instance.h"
#include "engine/runtime/slot.h"
#include "heddle/trap.h"

namespace heddle::jit::calls {

#define RUNTIME_CALL(name, ...)                                                                \
  [[nodiscard]] TrapKind name(engine::Instance* instance, engine::Slot* slots, uint64_t extra, \
                              uint64_t extra2) noexcept;
#include "jit/runtime_calls/runtime_calls.def"

}  // namespace heddle::jit::calls
