// SPDX-License-Identifier: Apache-2.0
// The interpreter as a Tier: attaching code to modules, entering and leaving guest code, backtraces.
#include "engine/interpreter/interpreter.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "engine/interpreter/handlers.h"
#include "engine/interpreter/module_code.h"
#include "engine/interpreter/superinstructions.h"
#include "engine/runtime/signals.h"
#include "engine/support/thread_annotations.h"

namespace heddle::engine {

namespace {

/// The machine code a guest's memory fault may come from: all handlers of guarded accesses.
[[nodiscard]] std::vector<CodeRange> guarded_handlers(const HandlerTable& table) {
  constexpr uintptr_t kLongestHandler = 768;
  const uintptr_t landing = reinterpret_cast<uintptr_t>(table.landing);
  CodeRange plain = {UINTPTR_MAX, 0, landing};
  CodeRange simd = plain;
  CodeRange* range = &plain;
  const auto include = [&](Handler handler) {
    if (handler == nullptr) return;
    range->begin = std::min(range->begin, reinterpret_cast<uintptr_t>(handler));
    range->end = std::max(range->end, reinterpret_cast<uintptr_t>(handler) + kLongestHandler);
  };
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    range = kOpcodes[i].kind == RowKind::simd ? &simd : &plain;
    for (const auto& forms : table.load[i].guarded) std::ranges::for_each(forms, include);
    for (const auto& forms : table.store[i].guarded) std::ranges::for_each(forms, include);
  }
  range = &simd;
  for (const LoadLaneHandlers& row : table.simd.load_lane) {
    for (const auto& sources : row.guarded) {
      for (const auto& targets : sources) std::ranges::for_each(targets, include);
    }
  }
  for (const StoreLaneHandlers& row : table.simd.store_lane) std::ranges::for_each(row.guarded, include);
  std::vector<CodeRange> ranges = {plain, simd};
  for (unsigned file = 0; file < kSuperinstructionFiles; ++file) {
    ranges.push_back({UINTPTR_MAX, 0, landing});
    range = &ranges.back();
    for (const Superinstruction& row : superinstructions().rows()) {
      if (row.file == file) include(row.handler);
    }
    if (range->end == 0) ranges.pop_back();
  }
  return ranges;
}

/// Runs from `ip` on until something leaves. A function of its own with nothing on its stack: a preserve_none
/// call overwrites all registers but two, and clang 19 forgets that when a sanitizer's frame uses one as its
/// base pointer.
[[gnu::noinline]] __attribute__((no_sanitize("address", "undefined", "thread"))) void run(
    const Word* ip, Slot* slots, const FunctionCode& code, ExecContext& context, Instance* instance) {
  reinterpret_cast<Handler>(*ip)(ip, slots, instance == nullptr ? nullptr : instance->memory0_base,
                                 reinterpret_cast<uint64_t>(&code), &context, instance, 0.0F, 0.0, Vector{});
}

class Interpreter final : public InterpreterTier {
 public:
  explicit Interpreter(const InterpreterOptions& options) : options_(options) {
    const SingleHandlers& single = handlers().single;
    translate_words_ = {word_of(single.translate)};
    host_words_ = {word_of(single.call_host)};
    leave_words_ = {word_of(single.leave)};
    leave_to_native_words_ = leave_words_;
    if (options.memory_mode == MemoryMode::guarded) {
      for (const CodeRange& range : guarded_handlers(handlers())) (void)register_code_range(range);
    }
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "interp"; }

  void on_module(ModuleImage& module) override {
    const TranslationOptions translation = {options_.memory_mode == MemoryMode::guarded, options_.fuel,
                                            options_.native_relaxed, options_.preempt_at_atomics};
    auto code = std::make_unique<ModuleCode>(module, translation, translate_words_.data());
    ModuleCode& added = *code;
    module.tier_data = std::move(code);
    if (!options_.eager) return;
    for (uint32_t i = module.imported_functions; i < module.functions.size(); ++i) added.translate(i);
  }

  [[nodiscard]] FunctionCode* code_of(const ModuleImage& module, uint32_t function) noexcept override {
    return &ModuleCode::of(module).function(function);
  }

  void prepare_host(FunctionCode& code) noexcept override {
    code.entry.store(host_words_.data(), std::memory_order_release);
  }

  bool invoke(ExecContext& context, Function& function, Slot* slots) noexcept override {
    return invoke_returning_to(leave_words_.data(), context, function, slots);
  }

  bool invoke_for_native(ExecContext& context, Function& function, Slot* slots) noexcept override {
    return invoke_returning_to(leave_to_native_words_.data(), context, function, slots);
  }

  [[nodiscard]] const Word* return_to_native() const noexcept override {
    return leave_to_native_words_.data();
  }

  void backtrace(ExecContext& context, std::vector<Frame>& frames, uint64_t& omitted) override {
    leave_frames(context);
    omitted = context.trap.omitted;
    for (const TrapFrame& frame : context.trap.frames) {
      const FunctionCode& code = *frame.code;
      const uint64_t offset = frame.ip != nullptr ? offset_at(code, frame.ip) : frame.offset;
      frames.push_back({code.module->function_name(code.index), code.index, offset,
                        std::string(code.module->module_name)});
    }
  }

  [[nodiscard]] const Word* entry_to(NativeCall call) override {
    MutexLock lock(native_mutex_);
    for (const auto& words : native_words_) {
      if ((*words)[1] == reinterpret_cast<Word>(call)) return words->data();
    }
    native_words_.push_back(std::make_unique<NativeWords>(
        NativeWords{word_of(handlers().single.call_native), reinterpret_cast<Word>(call)}));
    return native_words_.back()->data();
  }

  [[nodiscard]] const Word* entry_of_untranslated() const noexcept override {
    return translate_words_.data();
  }

  bool translate(const FunctionCode& code) override {
    return ModuleCode::of(*code.module).translate(code.index);
  }

  [[nodiscard]] FunctionCode* function_at(const ModuleImage& module, const Word* ip) noexcept override {
    return ModuleCode::of(module).find(ip);
  }

  [[nodiscard]] uint64_t offset_at(const FunctionCode& code, const Word* ip) noexcept override {
    return ModuleCode::of(*code.module).offset_of(code, ip);
  }

  bool attach_loop(const FunctionCode& code, uint64_t offset, const NativeLoop& loop) override {
    return ModuleCode::of(*code.module).attach_loop(code, offset, loop);
  }

  void leave_frames(ExecContext& context) override {
    const Word* ip = std::exchange(context.trap.ip, nullptr);
    Slot* fp = context.trap.fp;
    Instance* instance = context.trap.instance;
    while (ip != nullptr && instance != nullptr) {
      const FunctionCode* code = ModuleCode::of(*instance->module).find(ip);
      if (code == nullptr) return;  // leave_words_: somebody else called
      context.trap.add_frame({code, ip, 0});
      const Slot* header = fp + code->header_slot();
      const Word* return_address = reinterpret_cast<const Word*>(header[0]);
      fp = reinterpret_cast<Slot*>(header[1]);
      ip = return_address - 1;
      if (fp != nullptr && *return_address == word_of(handlers().single.reload)) {
        instance = reinterpret_cast<Instance*>(fp[field<0>(return_address) + 2]);
        ip = return_address;
      }
    }
  }

 private:
  [[nodiscard]] static bool invoke_returning_to(const Word* return_address, ExecContext& context,
                                                Function& function, Slot* slots) noexcept {
    const FunctionCode& code = *function.code;
    Slot* header = slots + code.header_slot();
    if (header + kHeaderSlots > context.stack_end) return context.fail(TrapKind::call_stack_exhausted);
    if (context.interrupt_pending()) return context.fail(TrapKind::interrupted);
    header[0] = reinterpret_cast<Slot>(return_address);
    header[1] = 0;
    Instance* instance = function.instance;
    const Word* ip = code.entry.load(std::memory_order_acquire);
    run(ip, slots, code, context, instance);
    return context.trap.kind == TrapKind::none;
  }

  const InterpreterOptions options_;
  std::array<Word, 1> translate_words_{};
  std::array<Word, 1> host_words_{};
  std::array<Word, 1> leave_words_{};
  std::array<Word, 1> leave_to_native_words_{};
  using NativeWords = std::array<Word, 2>;
  Mutex native_mutex_;
  std::vector<std::unique_ptr<NativeWords>> native_words_ HEDDLE_GUARDED_BY(native_mutex_);
};

}  // namespace

void record_trap(ExecContext* context, Instance* instance, const Word* ip, Slot* fp, TrapKind kind) noexcept {
  TrapRecord& record = context->trap;
  if (record.kind == TrapKind::none) record.kind = kind;
  record.ip = ip;
  record.fp = fp;
  record.instance = instance;
}

std::unique_ptr<InterpreterTier> make_interpreter(const InterpreterOptions& options) {
  return std::make_unique<Interpreter>(options);
}

}  // namespace heddle::engine
