// SPDX-License-Identifier: Apache-2.0
// Validation on several threads: the same verdict and the same error as on one.
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>

#include "engine/module/decoder.h"
#include "engine/text/assembler.h"
#include "engine/validation/validate.h"

namespace heddle::engine {
namespace {

/// A module of `functions` large bodies, of which those in `wrong` end in a type error.
std::vector<uint8_t> many_bodies(uint32_t functions, std::initializer_list<uint32_t> wrong) {
  std::string text = "(module\n";
  for (uint32_t i = 0; i < functions; ++i) {
    text += "(func (param i32) (result i32) local.get 0";
    for (int j = 0; j < 60; ++j) text += " i32.const 77777 i32.add";
    if (std::ranges::find(wrong, i) != wrong.end()) text += " i64.extend_i32_u";
    text += ")\n";
  }
  return assemble(text + ")").value();
}

std::string verdict(const std::vector<uint8_t>& bytes, unsigned threads) {
  TypeRegistry registry;
  auto module = decode_module(bytes, registry).value();
  const auto valid = validate_module(*module, threads);
  return valid.ok() ? "valid" : valid.error().to_string();
}

TEST(validation_thread, agrees_on_any_number_of_threads) {
  for (const auto wrong : {std::initializer_list<uint32_t>{}, {3999}, {2000, 2001, 3500}, {5, 3999}, {0}}) {
    const auto bytes = many_bodies(4000, wrong);
    ASSERT_GT(bytes.size(), size_t{1} << 20);
    const std::string alone = verdict(bytes, 1);
    EXPECT_EQ(alone == "valid", wrong.size() == 0);
    for (const unsigned threads : {0u, 2u, 3u, 16u}) {
      for (int round = 0; round < 3; ++round) EXPECT_EQ(verdict(bytes, threads), alone) << threads;
    }
  }
}

}  // namespace
}  // namespace heddle::engine
