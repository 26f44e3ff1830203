// SPDX-License-Identifier: Apache-2.0
// Every oracle over all seeds and two thousand generated modules, without libFuzzer; and proof that they can
// fail.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "engine/support/sanitizers.h"
#include "engine/text/assembler.h"
#include "fuzz/lib/generator.h"
#include "fuzz/lib/mutator.h"
#include "fuzz/lib/oracles.h"
#include "fuzz/lib/seeds.h"
#include "fuzz/lib/statistics.h"

namespace heddle::fuzz {
namespace {

constexpr uint32_t kModules = engine::kAddressSanitizer || engine::kThreadSanitizer ? 400 : 2'000;

/// The second run of the oracle: other bounds checks where no sanitizer wants the signals.
ExecuteOptions other_engine() {
  ExecuteOptions options;
  options.eager = true;
  options.gc_stress = true;
  if (!engine::kAddressSanitizer && !engine::kThreadSanitizer) options.memory_mode = MemoryMode::automatic;
  return options;
}

std::string_view as_text(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<uint8_t> assembled(std::string_view source) {
  auto bytes = engine::assemble(source);
  EXPECT_TRUE(bytes.ok()) << bytes.error().to_string();
  return std::move(bytes).value();
}

TEST(fuzz_smoke, every_built_row_has_a_valid_seed) {
  statistics() = {};
  for (const Seed& seed : module_seeds()) {
    const auto before = statistics().validated;
    EXPECT_EQ(check_decode(seed.bytes), "") << seed.name;
    EXPECT_EQ(statistics().validated, before + 1) << seed.name << " is not valid";
  }
  EXPECT_EQ(statistics().opcodes.count(), statistics().built_opcodes()) << statistics().to_string();
}

TEST(fuzz_smoke, seeds_run_the_same_twice) {
  for (const Seed& seed : module_seeds())
    EXPECT_EQ(check_exec(seed.bytes, {}, other_engine()), "") << seed.name;
  for (const Seed& seed : text_seeds()) EXPECT_EQ(check_wat(as_text(seed.bytes)), "") << seed.name;
}

TEST(fuzz_smoke, generated_modules_run_the_same_twice) {
  statistics() = {};
  for (uint32_t i = 0; i < kModules; ++i) {
    const auto bytes = random_bytes(1'000 + i, 200 + i % 800);
    ASSERT_EQ(check_exec_any(bytes, {}, other_engine()), "") << "random_bytes(" << 1'000 + i << ")";
    if (i % 8 == 0) {
      ASSERT_EQ(check_decode(generate_module(bytes)), "") << i;
    }
  }
  const Statistics& stats = statistics();
  // Not vacuous: all were valid and run, most calls return, and every row of the table turned up.
  EXPECT_EQ(stats.generated, kModules);
  EXPECT_EQ(stats.instantiated, kModules);
  EXPECT_GT(stats.returned, kModules / 2) << stats.to_string();
  EXPECT_GT(stats.instructions, uint64_t{kModules} * 50) << stats.to_string();
  EXPECT_GE(stats.opcodes.count() * 100, stats.built_opcodes() * 95) << stats.to_string();
  if (std::getenv("HEDDLE_FUZZ_STATS") != nullptr) std::puts(stats.to_string().c_str());
}

TEST(fuzz_smoke, tiers_run_seeds_and_generated_modules_the_same) {
  if (!has_compiler()) GTEST_SKIP() << "this build has one tier";
  statistics() = {};
  for (const Seed& seed : module_seeds()) EXPECT_EQ(check_tiers(seed.bytes), "") << seed.name;
  for (uint32_t i = 0; i < kModules / 4; ++i) {
    ASSERT_EQ(check_tiers_any(random_bytes(9'000 + i, 200 + i % 800)), "")
        << "random_bytes(" << 9'000 + i << ")";
  }
  const Statistics& stats = statistics();
  EXPECT_GT(stats.instantiated, kModules / 4);
  EXPECT_GT(stats.returned * 2, stats.calls) << stats.to_string();
  if (std::getenv("HEDDLE_FUZZ_STATS") != nullptr) std::puts(stats.to_string().c_str());
}

TEST(fuzz_smoke, garbage_is_refused_in_peace) {
  for (uint32_t i = 0; i < 2'000; ++i) {
    auto bytes = random_bytes(i, 1 + i % 90);
    EXPECT_EQ(check_decode(bytes), "");
    EXPECT_EQ(check_wat(as_text(bytes)), "");
    auto module = generate_module(random_bytes(i % 50, 300));
    module[(i * 7919) % module.size()] ^= static_cast<uint8_t>(1 << i % 8);
    EXPECT_EQ(check_decode(module), "") << "bit " << i;
  }
}

size_t flip_a_byte(uint8_t* data, size_t size, size_t max_size) {
  if (size == 0 && max_size > 0) return data[0] = 1, 1;
  data[size / 2] ^= 0x15;
  return size;
}

TEST(fuzz_smoke, mutated_modules_often_stay_valid) {
  statistics() = {};
  uint32_t tried = 0;
  for (uint32_t i = 0; i < 400; ++i) {
    auto bytes = generate_module(random_bytes(i % 20, 400));
    const size_t size = bytes.size();
    bytes.resize(size + 200);
    bytes.resize(mutate_module(bytes.data(), size, bytes.size(), i * 2654435761u, flip_a_byte));
    EXPECT_EQ(check_decode(bytes), "") << i;
    ++tried;
  }
  EXPECT_GT(statistics().validated * 20, tried) << statistics().to_string();
}

// The oracles themselves: a planted fault must be reported.

constexpr const char* kAnswer = R"((module
  (memory 1)
  (func (export "answer") (param i32) (result i32)
    (i32.store (i32.const 0) (local.get 0)) (i32.const 42))))";

TEST(fuzz_oracle, reports_a_flipped_result) {
  const auto bytes = assembled(kAnswer);
  EXPECT_EQ(check_exec(bytes), "");
  ExecuteOptions planted;
  planted.flip_result = 1;
  const std::string failure = check_exec(bytes, {}, planted);
  EXPECT_NE(failure.find("runs differ in step 1"), std::string::npos) << failure;
}

TEST(fuzz_oracle, reports_other_results_memory_traps_fuel_and_globals) {
  const Observation answer = execute(assembled(kAnswer), {});
  EXPECT_EQ(difference(answer, answer), "");
  const char* const others[] = {
      R"((module (memory 1) (func (export "answer") (param i32) (result i32)
        (i32.store (i32.const 0) (local.get 0)) (i32.const 43))))",
      R"((module (memory 1) (func (export "answer") (param i32) (result i32)
        (i32.store (i32.const 4) (local.get 0)) (i32.const 42))))",
      R"((module (memory 1) (func (export "answer") (param i32) (result i32) unreachable)))",
      R"((module (memory 1) (func (export "answer") (param i32) (result i32)
        (i32.store (i32.const 0) (local.get 0)) (drop (i32.clz (local.get 0))) (nop) (block) (i32.const 42))))",
      R"((module (memory 1) (global i32 (i32.const 1)) (func (export "answer") (param i32) (result i32)
        (i32.store (i32.const 0) (local.get 0)) (i32.const 42))))",
  };
  for (const char* other : others) {
    // The first line holds the fuel after instantiation; all of these modules instantiate alike.
    EXPECT_NE(difference(answer, execute(assembled(other), {})), "") << other;
  }
}

TEST(fuzz_oracle, an_endless_wait_ends_and_is_no_difference) {
  const auto bytes = assembled(R"((module (memory 1 1 shared) (func (export "wait") (result i32)
    (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))");
  EXPECT_TRUE(execute(bytes, {}).interrupted);
  EXPECT_EQ(check_exec(bytes), "");
}

}  // namespace
}  // namespace heddle::fuzz
