// SPDX-License-Identifier: Apache-2.0
// Tests' way to load a module, text or bytes, as far as validation.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/module/module.h"
#include "engine/text/assembler.h"
#include "engine/validation/validate.h"

namespace heddle::engine::test {

/// Decodes and validates. What failed is in the error; success is an Error without a message.
inline Error load(std::span<const uint8_t> bytes, FeatureSet features = {}) {
  TypeRegistry registry;
  DecodeLimits limits;
  limits.features = features;
  auto module = decode_module(bytes, registry, limits);
  if (!module.ok()) return module.error();
  const auto valid = validate_module(**module);
  return valid.ok() ? Error{} : valid.error();
}

inline Error load(std::string_view text, FeatureSet features = {}) {
  const auto bytes = assemble(text);
  EXPECT_TRUE(bytes.ok()) << text << "\n" << (bytes.ok() ? "" : bytes.error().to_string());
  return bytes.ok() ? load(*bytes, features) : bytes.error();
}

/// A module in text and how the error begins that it must cause; an empty one means valid.
struct TextCase {
  const char* text;
  const char* message;
};

inline void check(std::span<const TextCase> cases, ErrorKind kind = ErrorKind::invalid,
                  FeatureSet features = {}) {
  for (const TextCase& test : cases) {
    const Error error = load(std::string_view(test.text), features);
    if (*test.message == '\0') {
      EXPECT_EQ(error.message, "") << test.text;
      continue;
    }
    EXPECT_EQ(error.message.find(test.message), 0u) << test.text << "\nfound: " << error.to_string();
    EXPECT_EQ(error.kind, kind) << test.text;
    EXPECT_NE(error.offset, Error::kNoOffset) << test.text;
    EXPECT_NE(error.section, "") << test.text;
  }
}

}  // namespace heddle::engine::test
