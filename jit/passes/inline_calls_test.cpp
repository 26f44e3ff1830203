// SPDX-License-Identifier: Apache-2.0
// Tests of inlining: which calls give way to their callee, and which stay.
#include "jit/build/test_build.h"
#include "jit/passes/callees.h"
#include "jit/passes/passes.h"

namespace heddle::jit {
namespace {

/// $tiny is hardly larger than a call; $small is worth inlining where it is called often; $large nowhere.
constexpr std::string_view kModule = R"((module
  (memory 1)
  (func $tiny (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $small (param i32) (result i32)
    (i32.add (i32.mul (local.get 0) (i32.load (local.get 0)))
             (i32.xor (i32.load offset=4 (local.get 0)) (i32.rotl (local.get 0) (i32.load offset=8 (local.get 0))))))
  (func $large (param i32) (result i32)
    (loop
      (i32.store (local.get 0) (i32.load offset=4 (local.get 0))) (i32.store (local.get 0) (i32.load offset=8 (local.get 0)))
      (i32.store (local.get 0) (i32.load offset=12 (local.get 0))) (i32.store (local.get 0) (i32.load offset=16 (local.get 0)))
      (i32.store (local.get 0) (i32.load offset=20 (local.get 0))) (i32.store (local.get 0) (i32.load offset=24 (local.get 0)))
      (i32.store (local.get 0) (i32.load offset=28 (local.get 0))) (i32.store (local.get 0) (i32.load offset=32 (local.get 0)))
      (i32.store (local.get 0) (i32.load offset=36 (local.get 0))) (i32.store (local.get 0) (i32.load offset=40 (local.get 0)))
      (i32.store (local.get 0) (i32.load offset=44 (local.get 0))) (i32.store (local.get 0) (i32.load offset=48 (local.get 0)))
      (br_if 0 (i32.load (local.get 0))))
    (local.get 0))
  (func $once_tiny (param i32) (result i32) (call $tiny (local.get 0)))
  (func $once_small (param i32) (result i32) (call $small (local.get 0)))
  (func $often_small (param i32) (result i32)
    (loop (br_if 0 (local.tee 0 (call $small (local.get 0))))) (local.get 0))
  (func $often_large (param i32) (result i32)
    (loop (br_if 0 (local.tee 0 (call $large (local.get 0))))) (local.get 0))
  (func $behind_a_loop (param i32) (result i32)
    (loop (br_if 0 (local.tee 0 (i32.shr_u (local.get 0) (i32.const 1))))) (call $small (local.get 0)))
  (func $recursive (param i32) (result i32)
    (if (result i32) (local.get 0) (then (call $recursive (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 7))))
))";

class Inlining : public testing::Test {
 protected:
  /// The calls that a function makes after all passes.
  size_t calls(std::string_view name, const PassOptions& options) {
    uint32_t index = 0;
    while (loaded_.module->function_name(index) != name) ++index;
    const BuildOptions build_options{};
    EXPECT_TRUE(build(*loaded_.module, index, build_options, function_).ok());
    callees_.use(*loaded_.module);
    run_passes(function_, build_options, callees_, dominators_, options);
    EXPECT_EQ(verify(function_), "") << print(function_);
    size_t found = 0;
    for (const BlockId block : function_.order) {
      for (const Value value : function_.blocks[block].nodes)
        found += function_.nodes[value].operation == Operation::call_own;
    }
    return found;
  }

  Function function_;

 private:
  const test::LoadedModule loaded_ = test::load_text(kModule);
  Callees callees_;
  Dominators dominators_;
};

TEST_F(Inlining, takes_the_place_of_calls_that_happen_often) {
  EXPECT_EQ(calls("often_small", {}), 0u);
  EXPECT_EQ(calls("often_large", {}), 1u);
  EXPECT_EQ(calls("recursive", {}), 1u);
  EXPECT_FALSE(function_.inlined.empty()) << "the first levels";
  EXPECT_EQ(calls("once_small", {}), 1u);
  EXPECT_EQ(calls("behind_a_loop", {}), 1u);
}

TEST_F(Inlining, takes_the_place_of_calls_that_are_hardly_smaller) { EXPECT_EQ(calls("once_tiny", {}), 0u); }

TEST_F(Inlining, is_everywhere_in_what_is_hot) {
  EXPECT_EQ(calls("once_small", {.is_hot = true}), 0u);
  EXPECT_EQ(calls("behind_a_loop", {.is_hot = true}), 0u);
  EXPECT_EQ(calls("often_large", {.is_hot = true}), 1u);
}

TEST_F(Inlining, can_be_switched_off) {
  for (const char* name : {"once_tiny", "once_small", "often_small", "often_large", "recursive"})
    EXPECT_EQ(calls(name, {.inline_calls = false}), 1u) << name;
}

}  // namespace
}  // namespace heddle::jit
