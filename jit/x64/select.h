// SPDX-License-Identifier: Apache-2.0
// Selection: from the IR to instructions of the processor over virtual registers.
#pragma once

#include <functional>

#include "engine/runtime/function.h"
#include "jit/ir/ir.h"
#include "jit/passes/dominators.h"
#include "jit/x64/machine.h"
#include "jit/x64/stubs.h"

namespace heddle::jit::x64 {

/// What the processor has beyond SSE4.1, which it must have.
struct CpuFeatures {
  bool sse42 = false;
  bool popcnt = false;
  bool lzcnt = false;
  bool bmi1 = false;
  bool bmi2 = false;
  bool avx = false;
  bool fma = false;
};

/// Of the processor this runs on. `is_supported`: has it what all code needs?
[[nodiscard]] CpuFeatures host_features() noexcept;
[[nodiscard]] bool is_supported_processor() noexcept;

struct SelectOptions {
  /// The code of a function of the module, by its index.
  std::function<engine::FunctionCode*(uint32_t)> code_of;
  const Stubs* stubs = nullptr;
  CpuFeatures features;
  bool native_relaxed = false;  ///< relaxed SIMD rows give what the processor gives
  bool guarded = true;          ///< memory 0 of the engine is guarded
};

/// Fills `out`. `dominators`: the IR's. REQUIRES: order_blocks() has run, and verify() finds nothing.
void select(const Function& ir, const Dominators& dominators, const SelectOptions& options,
            MachineFunction& out);

}  // namespace heddle::jit::x64
