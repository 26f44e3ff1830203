// SPDX-License-Identifier: Apache-2.0
// Ways of loading: from a copy, by taking the bytes over, and only validating; and what the statistics say.
#include <algorithm>
#include <vector>

#include "engine/api/test_store.h"

namespace heddle {
namespace {

// (module (func (export "one") (result i32) (i32.const 1)))
const std::vector<uint8_t> kValid = {0,   'a', 's',  'm', 1,  0, 0, 0, 1, 5,    1, 0x60,
                                     0,   1,   0x7f, 3,   2,  1, 0, 7, 7, 1,    3, 'o',
                                     'n', 'e', 0,    0,   10, 6, 1, 4, 0, 0x41, 1, 0x0b};

std::vector<uint8_t> invalid() {
  std::vector<uint8_t> bytes = kValid;
  bytes[bytes.size() - 3] = 0x42;  // i64.const
  return bytes;
}

TEST(module, takes_bytes_over) {
  const auto engine = Engine::create();
  std::vector<uint8_t> bytes = kValid;
  const uint8_t* const where = bytes.data();
  const auto module = Module::load(*engine, std::move(bytes));
  ASSERT_TRUE(module) << module.error().to_string();
  EXPECT_EQ(module->bytes().data(), where);
  EXPECT_TRUE(std::ranges::equal(module->bytes(), kValid));
}

TEST(module, copies_bytes_that_stay_the_callers) {
  const auto engine = Engine::create();
  std::vector<uint8_t> bytes = kValid;
  const auto module = Module::load(*engine, bytes);
  ASSERT_TRUE(module) << module.error().to_string();
  std::ranges::fill(bytes, 0xff);
  EXPECT_TRUE(std::ranges::equal(module->bytes(), kValid));
  TestStore test;
  auto instance = Instance::create(test.store, *Module::load(test.engine, module->bytes()));
  ASSERT_TRUE(instance) << instance.message();
  EXPECT_EQ(*(*instance->typed<int32_t()>("one"))(), 1);
}

TEST(module, validate_says_what_load_would) {
  const auto engine = Engine::create();
  EXPECT_TRUE(Module::validate(*engine, kValid));
  for (const std::vector<uint8_t>& bytes :
       {invalid(), std::vector<uint8_t>(), std::vector<uint8_t>{1, 2, 3}}) {
    const auto valid = Module::validate(*engine, bytes);
    const auto loaded = Module::load(*engine, bytes);
    ASSERT_FALSE(valid);
    EXPECT_EQ(valid.error().to_string(), loaded.error().to_string());
  }
  Config small;
  small.limits.module_bytes = kValid.size() - 1;
  const auto limited = Engine::create(small);
  EXPECT_EQ(Module::validate(*limited, kValid).error().kind, ErrorKind::limit);
  EXPECT_EQ(Module::load(*limited, std::vector<uint8_t>(kValid)).error().kind, ErrorKind::limit);
}

TEST(module, empty_engines_are_refused) {
  auto engine = Engine::create();
  const Engine taken = std::move(*engine);
  EXPECT_EQ(Module::validate(*engine, kValid).error().kind, ErrorKind::usage);                    // NOLINT
  EXPECT_EQ(Module::load(*engine, std::vector<uint8_t>(kValid)).error().kind, ErrorKind::usage);  // NOLINT
}

TEST(module, statistics_tell_sizes_and_times) {
  Config config;
  config.eager = true;
  const auto engine = Engine::create(config);
  LoadStatistics statistics;
  ASSERT_TRUE(Module::load(*engine, kValid, &statistics));
  EXPECT_EQ(statistics.functions, 1u);
  EXPECT_EQ(statistics.code_bytes, 4u);
  EXPECT_GT(statistics.translated_bytes, 0u);
  EXPECT_GT(statistics.decode_seconds, 0);
  EXPECT_GT(statistics.validate_seconds, 0);
  EXPECT_GT(statistics.translate_seconds, 0);
  ASSERT_TRUE(Module::validate(*engine, kValid, &statistics));
  EXPECT_EQ(statistics.functions, 1u);
  EXPECT_EQ(statistics.translated_bytes, 0u);
  ASSERT_FALSE(Module::validate(*engine, {}, &statistics));
  EXPECT_EQ(statistics.functions, 0u);
}

}  // namespace
}  // namespace heddle
