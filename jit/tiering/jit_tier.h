// SPDX-License-Identifier: Apache-2.0
// JitTier: tier 1 above the interpreter: who is compiled when, and how calls cross between the two.
//
// Policies: `always` compiles a function before its first call, on the thread that calls. `hot` lets the
// interpreter run everything first; samples (ticker.h) and calls from compiled code find what is hot, and
// threads in the background compile it. `eager_loops`, for tests: like `hot` without samples, but all loops
// of a function are compiled before its first call, so that each is entered in the middle. Threads: as Tier
// says.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/runtime/store.h"
#include "engine/runtime/tier.h"
#include "heddle/config.h"
#include "heddle/jit.h"
#include "jit/tiering/code_cache.h"
#include "jit/tiering/code_reports.h"
#include "jit/tiering/compile_queue.h"
#include "jit/tiering/function_compiler.h"
#include "jit/tiering/module_state.h"
#include "jit/tiering/ticker.h"

namespace heddle::jit {

/// What `heddle dump` shows: the IR as it is built, and after all passes; instructions before register
/// allocation, and with it; machine code.
enum class DumpStage : uint8_t { built, ir, machine, allocation, assembly };
[[nodiscard]] Result<std::string> dump(const Engine& engine, const engine::ModuleImage& module,
                                       uint32_t function, DumpStage stage);

enum class Policy : uint8_t { always, hot, eager_loops };

class JitTier final : public engine::Tier {
 public:
  /// Null if everything is to be compiled and nothing can be: the processor is too old, or the host gives no
  /// executable memory. Where that is found out later, everything is interpreted.
  [[nodiscard]] static std::unique_ptr<JitTier> create(const Config& config, engine::EngineState& engine,
                                                       std::unique_ptr<engine::InterpreterTier> interpreter);
  ~JitTier() override;

  [[nodiscard]] static JitTier& of(const engine::ExecContext& context) noexcept;
  [[nodiscard]] static bool is(const engine::Tier& tier) noexcept { return tier.name() != "interp"; }

  [[nodiscard]] std::string_view name() const noexcept override { return config_.tier; }
  [[nodiscard]] bool uses_native_stack() const noexcept override { return true; }
  void on_store(engine::ExecContext& context) override;
  void on_store_end(engine::ExecContext& context) noexcept override;
  void on_module(engine::ModuleImage& module) override;
  void on_instance(engine::Instance& instance) override;
  [[nodiscard]] engine::FunctionCode* code_of(const engine::ModuleImage& module,
                                              uint32_t function) noexcept override {
    return interpreter_->code_of(module, function);
  }
  void prepare_host(engine::FunctionCode& code) noexcept override;
  bool invoke(engine::ExecContext& context, engine::Function& function,
              engine::Slot* slots) noexcept override;
  void backtrace(engine::ExecContext& context, std::vector<Frame>& frames, uint64_t& omitted) override {
    interpreter_->backtrace(context, frames, omitted);
  }

  // For crossings (crossings.cpp).
  [[nodiscard]] engine::InterpreterTier& interpreter() noexcept { return *interpreter_; }
  /// See InterpreterTier.
  [[nodiscard]] const uint64_t* return_to_native() const noexcept { return return_to_native_; }
  /// Null if nothing has been compiled.
  [[nodiscard]] CodeCache* cache() const noexcept { return cache_.load(std::memory_order_acquire); }
  /// The function's machine code; null: it is interpreted. Counts the call, and compiles if the policy says
  /// so.
  [[nodiscard]] const void* code_for_call(engine::FunctionCode& code) noexcept;
  /// Nothing is to be compiled there; but neither does it look at the clock.
  void found_in_compiled_code(engine::ExecContext& context) noexcept {
    context.countdown = 0;
    ticker_.tick();
  }
  /// The guest is at this word of tier 0.
  void found_at(const engine::Instance& instance, const uint64_t* ip) noexcept;
  /// The first call of a function from tier 0: `always` compiles it, `eager_loops` its loops. False:
  /// interpret it.
  [[nodiscard]] bool before_first_call(engine::FunctionCode& code) noexcept;

  /// Takes everything back that belongs to a module.
  void drop(ModuleState& module) noexcept;
  [[nodiscard]] CompileStatistics statistics() const;
  /// What a stage makes of a function, as text; publishes nothing.
  [[nodiscard]] Result<std::string> dump(const engine::ModuleImage& module, uint32_t function,
                                         DumpStage stage) const;
  /// Waits for the background. For tests.
  void drain() { queue_.drain(); }

 private:
  JitTier(const Config& config, engine::EngineState& engine,
          std::unique_ptr<engine::InterpreterTier> interpreter);

  [[nodiscard]] CodeCache* make_cache() HEDDLE_EXCLUDES(mutex_);
  [[nodiscard]] PipelineOptions pipeline() const;
  [[nodiscard]] bool may_compile(const engine::FunctionCode& code) const;
  void request(engine::FunctionCode& code) noexcept;
  void request_loop(engine::FunctionCode& code, uint64_t offset) noexcept;
  void compile_all(const engine::ModuleImage& module);
  [[nodiscard]] bool compile_now(engine::FunctionCode& code) noexcept;
  void compile(engine::FunctionCode& code);
  void compile_loop(engine::FunctionCode& code, uint64_t offset);
  [[nodiscard]] std::vector<InlinedFrame> inlined_frames(const engine::FunctionCode& code,
                                                         const FunctionCompiler& compiler);
  [[nodiscard]] const CompiledCode* make(engine::FunctionCode& code, uint64_t loop_offset);
  void count(const engine::FunctionCode& code, uint64_t loop_offset, const StageTimes& times, bool made);
  void report(const CompiledCode& code);
  [[nodiscard]] std::unique_ptr<FunctionCompiler> take_compiler();
  void give_back(std::unique_ptr<FunctionCompiler> compiler);

  const Config config_;
  const Policy policy_;
  engine::EngineState& engine_;
  const std::unique_ptr<engine::InterpreterTier> interpreter_;
  const uint64_t* const return_to_native_;
  CodeReports reports_;

  mutable engine::Mutex mutex_;
  std::unique_ptr<CodeCache> owned_cache_ HEDDLE_GUARDED_BY(mutex_);
  bool has_tried_cache_ HEDDLE_GUARDED_BY(mutex_) = false;
  std::atomic<CodeCache*> cache_{nullptr};
  CompileStatistics statistics_ HEDDLE_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<FunctionCompiler>> idle_compilers_ HEDDLE_GUARDED_BY(mutex_);
  /// Of host functions, by the types of their parameters and results.
  struct Host {
    explicit Host(const engine::TypeDefinition& type) : signature(type) {}
    NativeSignature signature;
    FunctionState state;
  };
  std::map<std::string, std::unique_ptr<Host>> hosts_ HEDDLE_GUARDED_BY(mutex_);
  Ticker ticker_;
  CompileQueue queue_;  ///< last: its threads use the rest
};

}  // namespace heddle::jit
