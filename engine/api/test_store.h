// SPDX-License-Identifier: Apache-2.0
// What the tests of the embedding API start from: an engine, a store, a linker, and modules written as text.
#pragma once

#include <gtest/gtest.h>
#include <heddle/heddle.h>

#include <string_view>
#include <utility>

namespace heddle {

struct TestStore {
  explicit TestStore(const Config& config = {}, const StoreLimits& limits = {})
      : engine(Engine::create(config).value()),
        store(Store::create(engine, limits).value()),
        linker(engine) {}

  [[nodiscard]] Module module(std::string_view source) const {
    auto module = Module::load_text(engine, source);
    EXPECT_TRUE(module.ok()) << (module ? "" : module.error().to_string());
    return std::move(module).value();
  }

  Instance instantiate(std::string_view source) {
    auto instance = linker.instantiate(store, module(source));
    EXPECT_TRUE(instance.ok()) << instance.message();
    return std::move(instance).value();
  }

  Engine engine;
  Store store;
  Linker linker;
};

/// The kind of trap an outcome ended with; none if it did not trap.
inline TrapKind trap_of(const detail::OutcomeBase& outcome) {
  return outcome.trapped() ? outcome.trap().kind : TrapKind::none;
}

/// Did it fail as a wrong use of the API?
inline bool refused(const detail::OutcomeBase& outcome) {
  return !outcome.ok() && !outcome.trapped() && outcome.error().kind == ErrorKind::usage;
}
template <class T>
bool refused(const Result<T>& result) {
  return !result.ok() && result.error().kind == ErrorKind::usage;
}

}  // namespace heddle
