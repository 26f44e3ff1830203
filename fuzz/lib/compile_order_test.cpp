// SPDX-License-Identifier: Apache-2.0
// The same function becomes the same machine code, whatever its compiler has compiled before.
#include <gtest/gtest.h>
#include <heddle/heddle.h>
#include <heddle/jit.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "engine/api/access.h"
#include "engine/api/engine_impl.h"
#include "fuzz/lib/generator.h"
#include "fuzz/lib/seeds.h"
#include "jit/build/loops.h"
#include "jit/tiering/crossings.h"
#include "jit/tiering/function_compiler.h"
#include "jit/tiering/jit_tier.h"

namespace heddle::fuzz {
namespace {

/// A function, or its rest from a loop on, and what was made of it at first.
struct Piece {
  const engine::ModuleImage* image = nullptr;
  uint32_t function = 0;
  uint32_t loop = 0;
  std::string made;
};

/// All that is published, as one string.
[[nodiscard]] std::string make(jit::FunctionCompiler& compiler, const Piece& piece) {
  const auto compiled = compiler.compile(*piece.image, piece.function, piece.loop);
  if (!compiled.ok()) return compiled.error().message;
  const jit::x64::EmittedCode& code = compiler.emitted();
  std::string all(code.bytes.begin(), code.bytes.end());
  for (const jit::x64::Site& site : code.sites) {
    for (const uint32_t part : {site.code_offset, site.wasm_offset, site.landing,
                                static_cast<uint32_t>(site.kind), static_cast<uint32_t>(site.trap)}) {
      all += ' ' + std::to_string(part);
    }
  }
  return all + ' ' + std::to_string(code.frame_bytes);
}

[[nodiscard]] Engine compiling_engine() {
  Config config;
  config.tier = "jit";
  config.compiler = jit::compiler();
  config.custom_descriptors = true;
  return Engine::create(config).value();
}

[[nodiscard]] jit::PipelineOptions pipeline_of(const Engine& engine) {
  auto& tier = static_cast<jit::JitTier&>(*detail::Access::impl(engine)->tier);
  jit::PipelineOptions options;
  options.build.guarded = true;
  options.stubs = jit::stubs();
  options.code_of = [&tier](const engine::ModuleImage& module, uint32_t function) {
    return tier.code_of(module, function);
  };
  options.checks = true;
  return options;
}

void add_pieces(const Module& module, std::vector<Piece>& pieces) {
  const engine::ModuleImage& image = *detail::Access::image(module);
  for (uint32_t i = image.imported_functions; i < image.functions.size(); ++i) {
    pieces.push_back({&image, i, 0, {}});
    for (const jit::LoopRange& loop : jit::find_loops(image, i).ranges)
      pieces.push_back({&image, i, static_cast<uint32_t>(loop.begin), {}});
  }
}

TEST(compile_order, shuffled_recompilation_gives_the_same_bytes) {
  const Engine engine = compiling_engine();
  std::vector<Module> modules;
  for (const Seed& seed : module_seeds()) {
    if (auto module = Module::load(engine, seed.bytes)) modules.push_back(*std::move(module));
  }
  for (uint32_t i = 0; i < 60; ++i)
    modules.push_back(Module::load(engine, generate_module(random_bytes(4'000 + i, 500))).value());
  std::vector<Piece> pieces;
  for (const Module& module : modules) add_pieces(module, pieces);
  EXPECT_GT(pieces.size(), 600u);
  // Each with a compiler of its own, then all with one that keeps its memory, in other orders.
  for (Piece& piece : pieces) {
    jit::FunctionCompiler compiler(pipeline_of(engine));
    piece.made = make(compiler, piece);
  }
  jit::FunctionCompiler shared(pipeline_of(engine));
  std::minstd_rand random(17);
  for (int round = 0; round < 2; ++round) {
    std::ranges::shuffle(pieces, random);
    for (const Piece& piece : pieces) {
      ASSERT_TRUE(make(shared, piece) == piece.made)
          << "function " << piece.function << " from " << piece.loop << " of a module of "
          << piece.image->bytes.size() << " bytes";
    }
  }
}

}  // namespace
}  // namespace heddle::fuzz
