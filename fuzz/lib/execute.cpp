// SPDX-License-Identifier: Apache-2.0
// Execution: instantiate, call every export, look at what is left.
#include "fuzz/lib/execute.h"

#include <xxhash.h>

#include <algorithm>
#include <chrono>

#include "engine/api/access.h"
#include "engine/runtime/instance.h"
#include "fuzz/lib/imports.h"

#if HEDDLE_HAS_JIT
#include <heddle/jit.h>
#endif

namespace heddle::fuzz {

namespace {

[[nodiscard]] const Compiler* available_compiler() {
#if HEDDLE_HAS_JIT
  return jit::compiler();
#else
  return nullptr;
#endif
}

constexpr auto kTimeout = std::chrono::milliseconds(100);
constexpr uint64_t kMemoryBytes = 16 << 20;
constexpr uint64_t kTableElements = 10'000;
constexpr uint64_t kStackBytes = 64 << 10;
/// Where the tiers' frames differ: what a call's steps do not fill.
constexpr uint64_t kLargeStackBytes = 2 << 20;
/// More than a call's fuel can fill with small objects: only what is huge fails, and that in every run.
constexpr uint64_t kHeapBytes = 32 << 20;

/// One execution in progress.
class Run {
 public:
  Run(const ExecuteOptions& options, Engine engine, Store store)
      : options_(options), engine_(std::move(engine)), store_(std::move(store)) {}

  Observation run(std::span<const uint8_t> bytes) {
    const auto module = Module::load(engine_, bytes);
    if (!module) {
      note("load: " + module.error().to_string());
    } else if (instantiate(*module)) {
      for (uint32_t round = 0; round < options_.rounds && !seen_.interrupted; ++round) call_exports(round);
      // After an interrupt the state depends on when it came.
      if (!seen_.interrupted) look_at_state();
    }
    for (std::string& line : log_) note("host: " + std::move(line));
    return std::move(seen_);
  }

 private:
  void note(std::string line) {
    if (!seen_.interrupted) seen_.lines.push_back(std::move(line));
  }

  bool instantiate(const Module& module) {
    auto imports = make_imports(engine_, store_, module, log_);
    if (!imports) {
      note("imports: " + imports.error().message);
      return false;
    }
    if (options_.fuel != 0) (void)store_.set_fuel(options_.fuel);
    auto instance = Instance::create(store_, module, *imports);
    spend();
    if (!instance.ok()) {
      failed("instantiate", instance);
      return false;
    }
    instance_ = std::move(*instance);
    seen_.instantiated = true;
    note("instantiated" + fuel_left());
    return true;
  }

  void spend() {
    if (options_.fuel != 0) seen_.fuel_used += options_.fuel - store_.fuel();
  }

  [[nodiscard]] std::string fuel_left() const {
    return options_.fuel == 0 ? "" : ", fuel " + std::to_string(store_.fuel());
  }

  [[nodiscard]] bool depends_on_tier(TrapKind kind) const {
    return kind == TrapKind::interrupted || (options_.steps != 0 && (kind == TrapKind::call_stack_exhausted ||
                                                                     kind == TrapKind::out_of_memory));
  }

  void failed(const std::string& what, const detail::OutcomeBase& outcome) {
    if (outcome.trapped()) {
      seen_.traps.push_back(outcome.trap().kind);
      if (depends_on_tier(outcome.trap().kind)) seen_.interrupted = true;
    }
    note(what + ": " + outcome.message() + fuel_left());
  }

  void call_exports(uint32_t round) {
    uint32_t called = 0;
    for (const auto& [name, external] : instance_.exports()) {
      const auto* function = std::get_if<Function>(&external);
      if (function == nullptr) continue;
      if (called++ == options_.calls || seen_.interrupted) break;
      call(name, *function, round * 977 + called);
    }
  }

  void call(const std::string& name, const Function& function, uint64_t seed) {
    std::vector<Value> arguments;
    for (const ValueType type : function.type().parameters) {
      auto value = make_value(store_, type, seed = seed * 31 + 7);
      if (!value) return;
      arguments.push_back(*value);
    }
    refill();
    ++seen_.calls;
    auto results = function.call(arguments);
    spend();
    if (!results.ok()) return failed("call " + name, results);
    ++seen_.returned;
    std::string line = "call " + name + " =";
    for (const Value& result : *results) line += " " + describe(result);
    note(line + fuel_left());
  }

  void refill() {
    if (options_.fuel != 0) (void)store_.set_fuel(options_.fuel);
    if (options_.steps != 0)
      detail::Access::object<engine::Instance>(instance_)->global_space.back()->value[0] = options_.steps;
  }

  std::string describe(const Value& value) {
    if (++results_ == options_.flip_result) return "(flipped) " + to_string(value);
    // NaNs with all their bits; of references only whether they are null, since addresses differ.
    return to_string(value);
  }

  void look_at_state() {
    const auto& inner = *detail::Access::object<engine::Instance>(instance_);
    for (size_t i = 0; i < inner.memory_space.size(); ++i) {
      const engine::Memory& memory = *inner.memory_space[i];
      note("memory " + std::to_string(i) + ": " + std::to_string(memory.byte_size()) + " bytes, digest " +
           std::to_string(XXH3_64bits(memory.base(), memory.byte_size())));
    }
    for (size_t i = 0; i < inner.global_space.size(); ++i) {
      const engine::Global& global = *inner.global_space[i];
      const bool is_ref = global.type.type.is_ref();
      note("global " + std::to_string(i) + ": " +
           std::to_string(is_ref ? global.value[0] != 0 : global.value[0]) +
           (global.type.type.slots() == 2 ? " " + std::to_string(global.value[1]) : ""));
    }
    for (size_t i = 0; i < inner.table_space.size(); ++i) {
      engine::Table& table = *inner.table_space[i];
      std::string line = "table " + std::to_string(i) + ": " + std::to_string(table.size()) + " elements ";
      for (uint64_t k = 0; k < std::min<uint64_t>(table.size(), 64); ++k)
        line += table.elements()[k] == 0 ? '-' : 'x';
      note(std::move(line));
    }
  }

  ExecuteOptions options_;
  HostLog log_;  // before the store: host functions write into it
  Engine engine_;
  Store store_;
  Instance instance_;
  Observation seen_;
  uint64_t results_ = 0;
};

}  // namespace

bool has_compiler() { return available_compiler() != nullptr; }

Observation execute(std::span<const uint8_t> bytes, const ExecuteOptions& options) {
  Config config;
  config.memory_mode = options.memory_mode;
  config.fuel = options.fuel != 0;
  config.tier = options.tier;
  config.compiler = available_compiler();
  config.compiler_options = options.compiler;
  config.eager = options.eager;
  config.gc_stress = options.gc_stress;
  config.custom_descriptors = true;
  Observation failure;
  auto engine = Engine::create(config);
  if (!engine) {
    failure.lines.push_back("engine: " + engine.error().to_string());
    return failure;
  }
  StoreLimits limits;
  limits.memory_bytes = kMemoryBytes;
  limits.table_elements = kTableElements;
  limits.stack_bytes = options.steps == 0 ? kStackBytes : kLargeStackBytes;
  limits.gc_bytes = kHeapBytes;
  auto store = Store::create(*engine, limits);
  if (!store) {
    failure.lines.push_back("store: " + store.error().to_string());
    return failure;
  }
  (void)store->set_timeout(kTimeout);
  return Run(options, std::move(*engine), std::move(*store)).run(bytes);
}

std::string difference(const Observation& a, const Observation& b) {
  const size_t common = std::min(a.lines.size(), b.lines.size());
  for (size_t i = 0; i < common; ++i) {
    if (a.lines[i] == b.lines[i]) continue;
    return "runs differ in step " + std::to_string(i) + ":\n  " + a.lines[i] + "\n  " + b.lines[i];
  }
  if (a.interrupted || b.interrupted || a.lines.size() == b.lines.size()) return {};
  const auto& longer = a.lines.size() > b.lines.size() ? a.lines : b.lines;
  return "only one run came to step " + std::to_string(common) + ":\n  " + longer[common];
}

}  // namespace heddle::fuzz
