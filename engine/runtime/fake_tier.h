// SPDX-License-Identifier: Apache-2.0
// FakeTier: a Tier for tests of the run time alone; what its functions do is up to the test.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/module/module.h"
#include "engine/runtime/store.h"
#include "engine/runtime/tier.h"
#include "engine/text/assembler.h"

namespace heddle::engine {

class FakeTier final : public Tier {
 public:
  using Behaviour = std::function<bool(ExecContext& context, Function& function, Slot* slots)>;

  [[nodiscard]] std::string_view name() const noexcept override { return "fake"; }
  void on_module(ModuleImage& module) override {
    auto codes = std::make_unique<Codes>();
    codes->of_function = std::vector<FunctionCode>(module.functions.size());
    for (uint32_t i = 0; i < module.functions.size(); ++i) {
      FunctionCode& code = codes->of_function[i];
      code.module = &module;
      code.index = i;
      code.parameter_slots = module.function_type(i).parameter_slots;
      code.result_slots = module.function_type(i).result_slots;
    }
    module.tier_data = std::move(codes);
  }
  [[nodiscard]] FunctionCode* code_of(const ModuleImage& module, uint32_t function) noexcept override {
    return &static_cast<Codes*>(module.tier_data.get())->of_function[function];
  }
  void prepare_host(FunctionCode&) noexcept override { ++prepared_hosts; }
  bool invoke(ExecContext& context, Function& function, Slot* slots) noexcept override {
    return !behaviour || behaviour(context, function, slots);
  }
  void backtrace(ExecContext&, std::vector<Frame>& frames, uint64_t& omitted) override {
    frames.push_back({"fake", 0, 0x10, "module"});
    omitted = 3;
  }

  Behaviour behaviour;
  int prepared_hosts = 0;

 private:
  struct Codes final : TierData {
    std::vector<FunctionCode> of_function;
  };
};

/// An engine with a FakeTier and one store.
struct FakeWorld {
  explicit FakeWorld(const StoreLimits& limits = {}) {
    auto fake = std::make_unique<FakeTier>();
    tier = fake.get();
    engine->tier = std::move(fake);
    store = Store::create(engine, limits).value();
  }

  /// A decoded module; what is wrong with the text aborts the test program.
  [[nodiscard]] std::shared_ptr<const ModuleImage> load(std::string_view text) const {
    const std::vector<uint8_t> bytes = assemble(text).value();
    std::shared_ptr<ModuleImage> module = decode_module(bytes, engine->registry).value();
    engine->tier->on_module(*module);
    return module;
  }
  [[nodiscard]] Result<Instance*> instantiate(std::string_view text, std::span<const External> imports = {}) {
    return store->instantiate(load(text), imports, &trap);
  }
  [[nodiscard]] External exported(Instance& instance, std::string_view name) const {
    return store->get_export(instance, *instance.module->find_export(name));
  }

  std::shared_ptr<EngineState> engine = std::make_shared<EngineState>();
  FakeTier* tier;
  std::unique_ptr<Store> store;
  Trap trap;
};

}  // namespace heddle::engine
