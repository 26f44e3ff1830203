// SPDX-License-Identifier: Apache-2.0
// What tests of the builder start from: modules in text or bytes, built into IR.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/module/module.h"
#include "engine/text/assembler.h"
#include "engine/validation/validate.h"
#include "jit/build/builder.h"
#include "jit/build/loops.h"

namespace heddle::jit::test {

/// A valid module, or none.
struct LoadedModule {
  std::unique_ptr<engine::TypeRegistry> registry = std::make_unique<engine::TypeRegistry>();
  std::unique_ptr<engine::ModuleImage> module;
};

inline LoadedModule load_bytes(std::vector<uint8_t> bytes) {
  LoadedModule loaded;
  engine::DecodeLimits limits;
  limits.features = engine::FeatureSet::built();
  auto decoded = engine::decode_module(std::move(bytes), *loaded.registry, limits);
  if (decoded.ok() && engine::validate_module(**decoded).ok()) loaded.module = std::move(decoded).value();
  return loaded;
}

inline LoadedModule load_text(std::string_view text) {
  auto bytes = engine::assemble(text);
  EXPECT_TRUE(bytes.ok()) << (bytes.ok() ? "" : bytes.error().to_string());
  if (!bytes.ok()) return {};
  LoadedModule loaded = load_bytes(std::move(bytes).value());
  EXPECT_NE(loaded.module, nullptr) << text;
  return loaded;
}

/// The module offsets of a function's loops.
inline std::vector<uint32_t> loops_of(const engine::ModuleImage& module, uint32_t function) {
  std::vector<uint32_t> offsets;
  for (const LoopRange& loop : find_loops(module, function).ranges)
    offsets.push_back(static_cast<uint32_t>(loop.begin));
  return offsets;
}

}  // namespace heddle::jit::test
