// SPDX-License-Identifier: Apache-2.0
// RuntimeCall: the table.
#include "jit/runtime_calls/runtime_call.h"

#include "jit/runtime_calls/runtime_functions.h"

namespace heddle::jit {

namespace {

constexpr RuntimeCallInfo kInfos[] = {
#define RUNTIME_CALL(name, parameters, results, immediates) {#name, parameters, results},
#include "jit/runtime_calls/runtime_calls.def"
};

constexpr x64::RuntimeFunction kFunctions[] = {
#define RUNTIME_CALL(name, ...) calls::name,
#include "jit/runtime_calls/runtime_calls.def"
};

}  // namespace

const RuntimeCallInfo& info(RuntimeCall call) noexcept { return kInfos[static_cast<size_t>(call)]; }

x64::RuntimeFunction function_of(RuntimeCall call) noexcept { return kFunctions[static_cast<size_t>(call)]; }

}  // namespace heddle::jit
