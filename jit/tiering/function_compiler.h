// SPDX-License-Identifier: Apache-2.0
// FunctionCompiler: the pipeline: a validated function body, or its rest from a loop on, becomes machine
// code.
//
// Keeps the memory of its stages for the next function. One thread at a time.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "engine/module/module.h"
#include "engine/runtime/function.h"
#include "heddle/result.h"
#include "jit/build/function_builder.h"
#include "jit/ir/ir.h"
#include "jit/passes/callees.h"
#include "jit/passes/passes.h"
#include "jit/regalloc/linear_scan.h"
#include "jit/x64/emitted_code.h"
#include "jit/x64/machine.h"
#include "jit/x64/select.h"
#include "jit/x64/stubs.h"

namespace heddle::jit {

/// In the order in which they run.
enum class Stage : uint8_t { build, passes, select, allocate, emit };
inline constexpr unsigned kStages = 5;
using StageTimes = std::array<std::chrono::nanoseconds, kStages>;

/// Fixed per engine.
struct PipelineOptions {
  BuildOptions build{};  ///< osr_offset means nothing
  const x64::Stubs* stubs = nullptr;
  std::function<engine::FunctionCode*(const engine::ModuleImage&, uint32_t)> code_of;
  x64::CpuFeatures features = x64::host_features();
  PassOptions passes{};
  bool keeps_ir = false;  ///< ir() will be asked for, however large the function
  bool checks = false;    ///< verify the IR and every allocation: a fault ends the process
};

class FunctionCompiler {
 public:
  explicit FunctionCompiler(const PipelineOptions& options) : options_(options) {}

  /// Compiles a function; `loop_offset`: from the `loop` at this module offset on, 0: from its beginning.
  /// Errors (limit): it is too large, or nobody wants it any more, as `is_unwanted` tells between stages.
  [[nodiscard]] Result<void> compile(const engine::ModuleImage& module, uint32_t function,
                                     uint32_t loop_offset, const std::atomic<bool>* is_unwanted = nullptr);

  /// What is kept of the last function's module: must be called before that module ends.
  void forget() { callees_.forget(); }

  /// Has it compiled something so large that its memory should not be kept?
  [[nodiscard]] bool is_oversized() const;

  // Of the last function: what each stage made, and how long it took. (Of ir(), only `inlined` may be left.)
  [[nodiscard]] const Function& ir() const { return ir_; }
  [[nodiscard]] const x64::MachineFunction& machine() const { return machine_; }
  [[nodiscard]] const x64::Allocation& allocation() const { return allocation_; }
  [[nodiscard]] x64::EmittedCode& emitted() { return emitted_; }
  /// What its sites' offsets with kInlinedOffset mean.
  [[nodiscard]] const std::vector<InlinedPosition>& inlined() const { return ir_.inlined; }
  [[nodiscard]] const StageTimes& times() const { return times_; }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] Result<void> end_of(Stage stage);
  void drop_ir();
  void check_built() const;
  void check_ir(const char* stage) const;
  void check_allocation() const;

  const PipelineOptions options_;
  FunctionBuilder builder_;
  Callees callees_;
  Passes passes_;
  Dominators dominators_;
  Function ir_;
  x64::MachineFunction machine_;
  regalloc::Allocator allocator_;
  x64::Allocation allocation_;
  x64::EmittedCode emitted_;
  const std::atomic<bool>* is_unwanted_ = nullptr;
  StageTimes times_{};
  Clock::time_point since_;
};

}  // namespace heddle::jit
