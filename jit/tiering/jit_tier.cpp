// SPDX-License-Identifier: Apache-2.0
// JitTier: policies, and the way from a request to published code.
#include "jit/tiering/jit_tier.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <utility>

#include "engine/api/store_link.h"
#include "engine/support/parallel.h"
#include "engine/support/platform.h"
#include "engine/support/sanitizers.h"
#include "engine/support/try.h"
#include "jit/build/builder.h"
#include "jit/build/loops.h"
#include "jit/regalloc/print_allocation.h"
#include "jit/tiering/crossings.h"
#include "jit/x64/disassemble.h"

namespace heddle::jit {

namespace {

using engine::ExecContext;
using engine::FunctionCode;
using engine::MutexLock;

/// With fewer it is not worth starting one.
constexpr uint32_t kFunctionsPerThread = 16;

#ifdef NDEBUG
constexpr bool kChecks = engine::kAddressSanitizer || engine::kThreadSanitizer;
#else
constexpr bool kChecks = true;
#endif

[[nodiscard]] Policy policy_of(const Config& config) {
  if (config.tier == "jit") return Policy::always;
  return config.compiler_options.sample_interval.count() == 0 ? Policy::eager_loops : Policy::hot;
}

/// Tells the tier of samples; one per store.
class GuestSampler final : public engine::Sampler {
 public:
  GuestSampler(ExecContext& context, Ticker& ticker) : ticker_(ticker) { watched.context = &context; }
  uint32_t sample(ExecContext& context, const engine::Instance& instance,
                  const uint64_t* ip) noexcept override {
    const Ticker::Answer answer = ticker_.answer(watched);
    if (answer.is_sample) JitTier::of(context).found_at(instance, ip);
    return answer.checks_to_next;
  }

  WatchedContext watched;

 private:
  Ticker& ticker_;
};

[[nodiscard]] WatchedContext& watched_of(const ExecContext& context) {
  return static_cast<GuestSampler*>(context.sampler)->watched;
}

[[nodiscard]] std::string signature_key(const engine::TypeDefinition& type) {
  std::string key;
  for (const ValueType value : type.parameters) key += to_string(type_of(value));
  key += ':';
  for (const ValueType value : type.results) key += to_string(type_of(value));
  return key;
}

}  // namespace

std::unique_ptr<JitTier> JitTier::create(const Config& config, engine::EngineState& engine,
                                         std::unique_ptr<engine::InterpreterTier> interpreter) {
  std::unique_ptr<JitTier> tier(new JitTier(config, engine, std::move(interpreter)));
  if (tier->policy_ == Policy::always && tier->make_cache() == nullptr) return nullptr;
  return tier;
}

JitTier::JitTier(const Config& config, engine::EngineState& engine,
                 std::unique_ptr<engine::InterpreterTier> interpreter)
    : config_(config),
      policy_(policy_of(config)),
      engine_(engine),
      interpreter_(std::move(interpreter)),
      return_to_native_(interpreter_->return_to_native()),
      reports_(config.compiler_options),
      ticker_(config.compiler_options.sample_interval),
      queue_(config.compiler_options.threads) {}

JitTier::~JitTier() = default;

JitTier& JitTier::of(const ExecContext& context) noexcept {
  return static_cast<JitTier&>(*context.store->engine().tier);
}

void JitTier::on_store(ExecContext& context) {
  if (policy_ != Policy::hot) return;
  auto* const sampler = new GuestSampler(context, ticker_);
  context.sampler = sampler;
  ticker_.add(sampler->watched);
}

void JitTier::on_store_end(ExecContext& context) noexcept {
  if (policy_ != Policy::hot) return;
  ticker_.remove(watched_of(context));
  delete static_cast<GuestSampler*>(std::exchange(context.sampler, nullptr));
}

void JitTier::on_module(engine::ModuleImage& module) {
  interpreter_->on_module(module);
  auto state = std::make_unique<ModuleState>(*this, module);
  for (uint32_t i = 0; i < module.functions.size(); ++i) {
    FunctionCode& code = *interpreter_->code_of(module, i);
    code.compiler_data = &state->function(i);
    code.native_entry.store(entry_to_other_tier(), std::memory_order_relaxed);
    if (policy_ != Policy::hot)
      code.entry.store(interpreter_->entry_to(first_call), std::memory_order_relaxed);
  }
  module.compiler_data = std::move(state);
  if (policy_ == Policy::always && config_.eager) compile_all(module);
}

/// Each thread has a compiler of its own; they share the cache.
void JitTier::compile_all(const engine::ModuleImage& module) {
  const auto functions = static_cast<uint32_t>(module.functions.size());
  std::atomic<uint32_t> next{module.imported_functions};
  const uint32_t wanted = config_.load_threads != 0 ? config_.load_threads : engine::processor_count();
  engine::run_in_parallel(std::min(wanted, functions / kFunctionsPerThread + 1), [&](unsigned) {
    for (uint32_t i = next.fetch_add(1); i < functions; i = next.fetch_add(1)) compile(*code_of(module, i));
  });
}

void JitTier::on_instance(engine::Instance& instance) {
  const auto& state = static_cast<const ModuleState&>(*instance.module->compiler_data);
  instance.context->reserve_overflow(state.overflow_slots());
}

void JitTier::prepare_host(FunctionCode& code) noexcept {
  interpreter_->prepare_host(code);
  const engine::TypeDefinition& type = engine_.registry.get(code.type);
  MutexLock lock(mutex_);
  std::unique_ptr<Host>& host = hosts_[signature_key(type)];
  if (host == nullptr) {
    host = std::make_unique<Host>(type);
    host->state.signature = &host->signature;
  }
  code.compiler_data = &host->state;
  code.native_entry.store(entry_to_other_tier(), std::memory_order_release);
}

bool JitTier::invoke(ExecContext& context, engine::Function& function, engine::Slot* slots) noexcept {
  const bool is_watched = policy_ == Policy::hot && context.entries == 1;
  if (is_watched) ticker_.begin(watched_of(context));
  FunctionCode& code = *function.code;
  const void* const native = has_native_stack(context) ? code_for_call(code) : nullptr;
  const bool returned = native == nullptr ? interpreter_->invoke(context, function, slots)
                                          : enter_from_host(context, code, function.instance, slots, native);
  if (is_watched) ticker_.end(watched_of(context));
  return returned;
}

// Who is compiled when.

bool JitTier::may_compile(const FunctionCode& code) const {
  const CompilerOptions& options = config_.compiler_options;
  const bool is_chosen = code.index >= options.first_function && code.index < options.end_function;
  return is_chosen && code.module->functions[code.index].body.size <= options.function_bytes;
}

const void* JitTier::code_for_call(FunctionCode& code) noexcept {
  FunctionState& state = FunctionState::of(code);
  Progress progress = state.progress.load(std::memory_order_acquire);
  if (progress == Progress::interpreted) {
    if (policy_ == Policy::always) {
      (void)compile_now(code);
    } else if (state.calls.fetch_add(1, std::memory_order_relaxed) + 1 >=
               config_.compiler_options.hot_calls) {
      request(code);
    }
    progress = state.progress.load(std::memory_order_acquire);
  }
  return progress == Progress::compiled ? code.native_entry.load(std::memory_order_acquire) : nullptr;
}

bool JitTier::before_first_call(FunctionCode& code) noexcept {
  if (policy_ == Policy::always && compile_now(code)) return true;
  const uint64_t* expected = interpreter_->entry_to(first_call);
  code.entry.compare_exchange_strong(expected, interpreter_->entry_of_untranslated(),
                                     std::memory_order_acq_rel);
  if (policy_ == Policy::eager_loops && interpreter_->translate(code)) {
    for (const LoopRange& loop : find_loops(*code.module, code.index).ranges) request_loop(code, loop.begin);
  }
  return false;
}

/// Every so many samples, less and less often, since finding out where in the function they are takes time.
void JitTier::found_at(const engine::Instance& instance, const uint64_t* ip) noexcept {
  FunctionCode* const code = interpreter_->function_at(*instance.module, ip);
  if (code == nullptr) return;
  const uint32_t samples = FunctionState::of(*code).samples.fetch_add(1, std::memory_order_relaxed) + 1;
  const uint32_t hot = std::max(config_.compiler_options.hot_samples, 1u);
  if (samples % hot != 0 || !std::has_single_bit(samples / hot)) return;
  request(*code);
  const uint64_t offset = interpreter_->offset_at(*code, ip);
  if (const auto loop = innermost_loop(*code->module, code->index, offset)) request_loop(*code, loop->begin);
}

void JitTier::request(FunctionCode& code) noexcept {
  FunctionState& state = FunctionState::of(code);
  Progress expected = Progress::interpreted;
  if (!state.progress.compare_exchange_strong(expected, Progress::waiting)) return;
  if (!queue_.push(state.module, [this, &code] { compile(code); })) compile(code);
}

void JitTier::request_loop(FunctionCode& code, uint64_t offset) noexcept {
  ModuleState& module = *FunctionState::of(code).module;
  if (!may_compile(code) || !module.claim_loop(offset)) return;
  if (!queue_.push(&module, [this, &code, offset] { compile_loop(code, offset); }))
    compile_loop(code, offset);
}

bool JitTier::compile_now(FunctionCode& code) noexcept {
  FunctionState& state = FunctionState::of(code);
  MutexLock lock(state.module->compiling);
  if (state.progress.load(std::memory_order_acquire) == Progress::interpreted) compile(code);
  return state.progress.load(std::memory_order_acquire) == Progress::compiled;
}

// From a request to published code.

/// What compiling needs takes longer to make than a short program to run, so it is made when something is
/// compiled. Null if it can't be, now and later.
CodeCache* JitTier::make_cache() {
  MutexLock lock(mutex_);
  if (std::exchange(has_tried_cache_, true) || !x64::is_supported_processor()) return owned_cache_.get();
  const x64::Stubs* const shared = stubs();
  if (shared == nullptr) return nullptr;
  owned_cache_ = CodeCache::create(config_.compiler_options.code_bytes, shared->fault);
  cache_.store(owned_cache_.get(), std::memory_order_release);
  if (owned_cache_ != nullptr && reports_.wanted()) {
    const auto* const begin = reinterpret_cast<const uint8_t*>(shared->begin);
    reports_.added({begin, static_cast<uint32_t>(shared->end - shared->begin), "heddle stubs"});
  }
  return owned_cache_.get();
}

PipelineOptions JitTier::pipeline() const {
  return {.build = {.guarded = engine_.memory_mode == engine::MemoryMode::guarded,
                    .fuel = config_.fuel,
                    .preempt_at_atomics = config_.preempt_at_atomics,
                    .native_relaxed = config_.relaxed_simd == RelaxedSimd::native},
          .stubs = stubs(),
          .code_of = [this](const engine::ModuleImage& module,
                            uint32_t function) { return interpreter_->code_of(module, function); },
          .passes = {.is_hot = policy_ != Policy::always},
          .checks = kChecks || config_.compiler_options.checks};
}

/// From the last store on, all callers come here.
void JitTier::compile(FunctionCode& code) {
  FunctionState& state = FunctionState::of(code);
  const CompiledCode* const made = may_compile(code) ? make(code, 0) : nullptr;
  if (made == nullptr) {
    count(code, 0, {}, false);
    state.progress.store(Progress::refused, std::memory_order_release);
    return;
  }
  code.native_entry.store(made->begin, std::memory_order_release);
  code.entry.store(interpreter_->entry_to(call_compiled), std::memory_order_release);
  state.progress.store(Progress::compiled, std::memory_order_release);
}

void JitTier::compile_loop(FunctionCode& code, uint64_t offset) {
  const CompiledCode* const made = make(code, offset);
  if (made != nullptr) (void)interpreter_->attach_loop(code, offset, {run_loop, made->begin});
}

/// Null: beyond the limits, or no room.
const CompiledCode* JitTier::make(FunctionCode& code, uint64_t loop_offset) {
  CodeCache* const cache = make_cache();
  if (cache == nullptr) return nullptr;
  std::unique_ptr<FunctionCompiler> compiler = take_compiler();
  const CompiledCode* made = nullptr;
  ModuleState& module = *FunctionState::of(code).module;
  if (compiler->compile(*code.module, code.index, static_cast<uint32_t>(loop_offset), &module.ends).ok())
    made = cache->add(code, static_cast<uint32_t>(loop_offset), compiler->emitted(),
                      inlined_frames(code, *compiler));
  if (made != nullptr) {
    if (reports_.wanted()) report(*made);
    module.own(*made);
    count(code, loop_offset, compiler->times(), true);
  }
  give_back(std::move(compiler));
  return made;
}

void JitTier::report(const CompiledCode& code) {
  std::string name = code.function->module->function_name(code.function->index);
  if (code.loop_offset != 0) {
    char text[32];
    std::snprintf(text, sizeof text, " from 0x%x", code.loop_offset);
    name += text;
  }
  reports_.added({code.begin, code.size, std::move(name)});
}

std::vector<InlinedFrame> JitTier::inlined_frames(const FunctionCode& code,
                                                  const FunctionCompiler& compiler) {
  std::vector<InlinedFrame> frames;
  for (const InlinedPosition& position : compiler.inlined())
    frames.push_back({code_of(*code.module, position.function), position.offset, position.caller});
  return frames;
}

void JitTier::count(const FunctionCode& code, uint64_t loop_offset, const StageTimes& times, bool made) {
  MutexLock lock(mutex_);
  if (!made) {
    ++statistics_.refused;
    return;
  }
  ++(loop_offset == 0 ? statistics_.functions : statistics_.loops);
  statistics_.wasm_bytes += code.module->functions[code.index].body.size;
  std::chrono::nanoseconds* const sums[kStages] = {
      &statistics_.build, &statistics_.passes, &statistics_.select, &statistics_.allocate, &statistics_.emit};
  for (unsigned i = 0; i < kStages; ++i) {
    *sums[i] += times[i];
    statistics_.total += times[i];
  }
}

std::unique_ptr<FunctionCompiler> JitTier::take_compiler() {
  MutexLock lock(mutex_);
  if (idle_compilers_.empty()) return std::make_unique<FunctionCompiler>(pipeline());
  std::unique_ptr<FunctionCompiler> compiler = std::move(idle_compilers_.back());
  idle_compilers_.pop_back();
  return compiler;
}

void JitTier::give_back(std::unique_ptr<FunctionCompiler> compiler) {
  if (compiler->is_oversized()) return;
  MutexLock lock(mutex_);
  idle_compilers_.push_back(std::move(compiler));
}

void JitTier::drop(ModuleState& module) noexcept {
  module.ends.store(true, std::memory_order_relaxed);
  queue_.forget(&module);
  {
    // Those that are at work are so for another module, and forget this one.
    MutexLock lock(mutex_);
    for (const auto& compiler : idle_compilers_) compiler->forget();
  }
  const std::vector<const CompiledCode*> codes = module.take_codes();
  if (reports_.wanted()) {
    for (const CompiledCode* const code : codes) reports_.removed(code->begin);
  }
  if (CodeCache* const filled = cache()) filled->remove(codes);
}

Result<std::string> JitTier::dump(const engine::ModuleImage& module, uint32_t function,
                                  DumpStage stage) const {
  if (stage == DumpStage::built) {
    Function ir;
    HEDDLE_TRY(build(module, function, pipeline().build, ir));
    order_blocks(ir);
    return print(ir, true);
  }
  PipelineOptions options = pipeline();
  if (options.stubs == nullptr) return detail::usage_error("the host refuses memory for machine code");
  options.keeps_ir = true;
  FunctionCompiler compiler(options);
  compiler.emitted().wants_lines = true;
  HEDDLE_TRY(compiler.compile(module, function, 0));
  switch (stage) {
    case DumpStage::built:
    case DumpStage::ir: return print(compiler.ir(), true);
    case DumpStage::machine: return x64::print(compiler.machine());
    case DumpStage::allocation: return regalloc::print(compiler.machine(), compiler.allocation());
    case DumpStage::assembly: break;
  }
  x64::EmittedCode& code = compiler.emitted();
  const auto resolve = [&compiler](uint32_t& offset) {
    if ((offset & kInlinedOffset) != 0) offset = compiler.inlined()[offset & ~kInlinedOffset].offset;
  };
  for (x64::Line& line : code.lines) resolve(line.wasm_offset);
  for (x64::Site& site : code.sites) resolve(site.wasm_offset);
  return x64::disassemble(code);
}

CompileStatistics JitTier::statistics() const {
  CompileStatistics out;
  {
    MutexLock lock(mutex_);
    out = statistics_;
  }
  if (const CodeCache* const filled = cache()) out.code_bytes = filled->bytes();
  return out;
}

}  // namespace heddle::jit
