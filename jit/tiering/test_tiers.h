// SPDX-License-Identifier: Apache-2.0
// What tests of the tiers start from: one guest in the interpreter, in compiled code, and in every mixture of
// both.
#pragma once

#include <gtest/gtest.h>
#include <heddle/heddle.h>
#include <heddle/jit.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::jit {

/// Engines that must not differ in what guests do.
struct Mode {
  std::string name;
  Config config;
};

[[nodiscard]] inline Mode interpreted() { return {"interp", {}}; }

[[nodiscard]] inline Mode compiled() {
  Mode mode{"jit", {}};
  mode.config.tier = "jit";
  mode.config.compiler = compiler();
  return mode;
}

/// Only functions from `first` to before `end` are compiled, before their first call.
[[nodiscard]] inline Mode compiled_in(uint32_t first, uint32_t end) {
  Mode mode = compiled();
  mode.name += " " + std::to_string(first) + ":" + std::to_string(end);
  mode.config.compiler_options.first_function = first;
  mode.config.compiler_options.end_function = end;
  return mode;
}

/// Loops are entered in the middle; functions are compiled at their second call from the host or compiled
/// code.
[[nodiscard]] inline Mode loops_compiled() {
  Mode mode{"auto", {}};
  mode.config.tier = "auto";
  mode.config.compiler = compiler();
  mode.config.compiler_options.threads = 0;
  mode.config.compiler_options.sample_interval = std::chrono::microseconds(0);
  mode.config.compiler_options.hot_calls = 2;
  return mode;
}

/// All of the above, with each part of a module's `functions` compiled.
[[nodiscard]] inline std::vector<Mode> all_modes(uint32_t functions) {
  std::vector<Mode> modes = {interpreted(), compiled(), loops_compiled()};
  for (uint32_t i = 0; i < functions; ++i) {
    modes.push_back(compiled_in(i, i + 1));
    modes.push_back(compiled_in(i, functions));
    modes.push_back(compiled_in(0, i));
  }
  return modes;
}

/// An engine, a store and a linker.
struct TierWorld {
  explicit TierWorld(const Mode& mode, const StoreLimits& limits = {})
      : engine(Engine::create(mode.config).value()),
        store(Store::create(engine, limits).value()),
        linker(engine) {}

  Instance instantiate(std::string_view text) {
    auto module = Module::load_text(engine, text);
    EXPECT_TRUE(module.ok()) << (module.ok() ? "" : module.error().to_string());
    auto instance = linker.instantiate(store, *module);
    EXPECT_TRUE(instance.ok()) << instance.message();
    return *std::move(instance);
  }

  Engine engine;
  Store store;
  Linker linker;
};

/// Results, or the trap with its backtrace, as text.
[[nodiscard]] inline std::string describe(const CallResult& outcome) {
  if (outcome.trapped()) return outcome.trap().to_string();
  if (!outcome.ok()) return "error: " + outcome.message();
  std::string text;
  for (const heddle::Value& value : *outcome) text += (text.empty() ? "" : " ") + heddle::to_string(value);
  return text;
}

}  // namespace heddle::jit
