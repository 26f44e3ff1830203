// SPDX-License-Identifier: Apache-2.0
// What the interpreter's tests start from: an engine with the interpreter, one store, modules written as
// text.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/interpreter/interpreter.h"
#include "engine/runtime/store.h"
#include "engine/text/assembler.h"
#include "engine/validation/validate.h"

namespace heddle::engine {

/// What a call came to.
struct Outcome {
  TrapKind trap = TrapKind::none;
  std::vector<Slot> results;

  bool operator==(const Outcome&) const = default;
};

/// A host function that is a lambda.
class TestHost final : public HostFunction {
 public:
  using Body = std::function<bool(ExecContext&, Slot*)>;
  explicit TestHost(Body body) : body_(std::move(body)) {}
  bool call(ExecContext& context, Slot* slots) noexcept override { return body_(context, slots); }

 private:
  Body body_;
};

struct WorldOptions {
  bool fuel = false;
  bool eager = false;
  bool gc_stress = false;
  MemoryMode memory_mode = MemoryMode::automatic;
  StoreLimits limits{};
  FeatureSet features{};  ///< what modules may use
  bool preempt_at_atomics = false;
};

/// An engine and a store. More stores of the same engine: World(other.engine).
class World {
 public:
  explicit World(const WorldOptions& options = {}) : engine(std::make_shared<EngineState>()) {
    engine->memory_mode = resolve_memory_mode(options.memory_mode);
    engine->fuel = options.fuel;
    engine->gc_stress = options.gc_stress;
    engine->tier = make_interpreter({.memory_mode = engine->memory_mode,
                                     .fuel = options.fuel,
                                     .eager = options.eager,
                                     .preempt_at_atomics = options.preempt_at_atomics});
    store = Store::create(engine, options.limits).value();
    decode_limits.features = options.features;
  }
  explicit World(std::shared_ptr<EngineState> shared, const StoreLimits& limits = {})
      : engine(std::move(shared)), store(Store::create(engine, limits).value()) {}

  /// Assembles, decodes, validates. What is wrong with the text ends the test program with a message.
  [[nodiscard]] std::shared_ptr<const ModuleImage> load(std::string_view text) const {
    auto bytes = assemble(text);
    if (!bytes) fail("assemble", bytes.error(), text);
    auto decoded = decode_module(*bytes, engine->registry, decode_limits);
    if (!decoded) fail("decode", decoded.error(), text);
    std::shared_ptr<ModuleImage> module = std::move(decoded).value();
    if (auto valid = validate_module(*module); !valid) fail("validate", valid.error(), text);
    engine->tier->on_module(*module);
    return module;
  }

  /// `trap` says how a start function ended.
  Instance& instantiate(std::shared_ptr<const ModuleImage> module, std::span<const External> imports = {}) {
    auto instance = store->instantiate(std::move(module), imports, &trap);
    if (!instance) fail("instantiate", instance.error(), "");
    return **instance;
  }
  Instance& instantiate(std::string_view text, std::span<const External> imports = {}) {
    return instantiate(load(text), imports);
  }

  [[nodiscard]] External exported(Instance& instance, std::string_view name) const {
    return store->get_export(instance, *instance.module->find_export(name));
  }
  [[nodiscard]] Function& function(Instance& instance, std::string_view name) const {
    return *exported(instance, name).function;
  }

  /// A host function as an import.
  External host(std::vector<ValueType> parameters, std::vector<ValueType> results, TestHost::Body body) {
    auto group = engine->registry.add_function(std::move(parameters), std::move(results));
    External external;
    external.function =
        store->new_host_function(std::move(group), std::make_unique<TestHost>(std::move(body)));
    return external;
  }

  /// Calls; `trap` then holds the whole trap, if any.
  Outcome call(Function& called, std::span<const Slot> arguments) {
    std::vector<Slot> slots(arguments.begin(), arguments.end());
    slots.resize(called.code->header_slot());
    Outcome outcome;
    trap = {};
    if (store->call(called, slots, &trap)) {
      slots.resize(called.code->result_slots);
      outcome.results = std::move(slots);
    } else {
      outcome.trap = trap.kind;
    }
    return outcome;
  }
  Outcome call(Function& called, std::initializer_list<Slot> arguments = {}) {
    return call(called, std::span(arguments.begin(), arguments.size()));
  }
  Outcome call(Instance& instance, std::string_view name, std::initializer_list<Slot> arguments = {}) {
    return call(function(instance, name), arguments);
  }

  std::shared_ptr<EngineState> engine;
  std::unique_ptr<Store> store;
  DecodeLimits decode_limits;
  Trap trap;

 private:
  [[noreturn]] static void fail(const char* stage, const Error& error, std::string_view text) {
    std::fprintf(stderr, "%s: %s\n%.*s\n", stage, error.to_string().c_str(),
                 static_cast<int>(std::min<size_t>(text.size(), 4000)), text.data());
    std::abort();
  }
};

/// The results of a call that returned, for EXPECT_EQ.
inline Outcome returned(std::initializer_list<Slot> results) { return {TrapKind::none, results}; }
inline Outcome trapped(TrapKind kind) { return {kind, {}}; }

inline void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << to_string(outcome.trap) << " {";
  for (const Slot slot : outcome.results) *out << " 0x" << std::hex << slot << std::dec;
  *out << " }";
}

}  // namespace heddle::engine
