// SPDX-License-Identifier: Apache-2.0
// The pipeline, stage by stage.
#include "jit/tiering/function_compiler.h"

#include <cstdio>
#include <cstdlib>

#include "engine/support/try.h"
#include "jit/build/builder.h"
#include "jit/regalloc/checker.h"
#include "jit/x64/emitter.h"

namespace heddle::jit {

namespace {

/// In nodes or instructions, of a few dozen bytes each in every stage.
constexpr size_t kLargeFunction = size_t{1} << 15;

[[nodiscard]] Error limit_error(std::string message) {
  Error error;
  error.kind = ErrorKind::limit;
  error.message = std::move(message);
  return error;
}

/// Code that is known to be wrong must not run.
[[noreturn]] void stop(const Function& ir, const char* stage, const std::string& fault) {
  std::fprintf(stderr, "heddle: function %u is compiled wrongly (%s): %s\n", ir.index, stage, fault.c_str());
  std::abort();
}

}  // namespace

Result<void> FunctionCompiler::compile(const engine::ModuleImage& module, uint32_t function,
                                       uint32_t loop_offset, const std::atomic<bool>* is_unwanted) {
  is_unwanted_ = is_unwanted;
  times_ = {};
  since_ = Clock::now();

  BuildOptions build_options = options_.build;
  build_options.osr_offset = loop_offset;
  HEDDLE_TRY(builder_.build(module, function, build_options, ir_));
  HEDDLE_TRY(end_of(Stage::build));
  check_built();

  callees_.use(module);
  passes_.run(ir_, build_options, callees_, dominators_, options_.passes);
  HEDDLE_TRY(end_of(Stage::passes));
  check_ir("passes");

  x64::SelectOptions select_options;
  select_options.code_of = [&](uint32_t index) { return options_.code_of(module, index); };
  select_options.stubs = options_.stubs;
  select_options.features = options_.features;
  select_options.native_relaxed = options_.build.native_relaxed;
  select_options.guarded = options_.build.guarded;
  x64::select(ir_, dominators_, select_options, machine_);
  if (ir_.nodes.size() > kLargeFunction && !options_.keeps_ir) drop_ir();
  HEDDLE_TRY(end_of(Stage::select));

  if (!allocator_.allocate(machine_, allocation_)) return limit_error("too large for register allocation");
  HEDDLE_TRY(end_of(Stage::allocate));
  check_allocation();

  HEDDLE_TRY(x64::emit(machine_, allocation_, emitted_));
  return end_of(Stage::emit);
}

/// What comes next of a large function takes as much memory again.
void FunctionCompiler::drop_ir() {
  Function rest;
  rest.index = ir_.index;
  rest.inlined = std::move(ir_.inlined);
  ir_ = std::move(rest);
}

bool FunctionCompiler::is_oversized() const { return machine_.instructions.capacity() > kLargeFunction; }

Result<void> FunctionCompiler::end_of(Stage stage) {
  const auto now = Clock::now();
  times_[static_cast<size_t>(stage)] = now - since_;
  since_ = now;
  if (is_unwanted_ != nullptr && is_unwanted_->load(std::memory_order_relaxed))
    return limit_error("nobody wants it any more");
  return {};
}

/// What is compiled must not depend on whether it is checked: a copy gets the order that verify() wants.
void FunctionCompiler::check_built() const {
  if (!options_.checks) return;
  Function ordered = ir_;
  order_blocks(ordered);
  if (const std::string fault = verify(ordered); !fault.empty()) stop(ordered, "build", fault);
}

void FunctionCompiler::check_ir(const char* stage) const {
  if (!options_.checks) return;
  if (const std::string fault = verify(ir_); !fault.empty()) stop(ir_, stage, fault);
}

void FunctionCompiler::check_allocation() const {
  if (!options_.checks) return;
  if (const std::string fault = regalloc::check(machine_, allocation_); !fault.empty())
    stop(ir_, "allocation", fault);
}

}  // namespace heddle::jit
