// SPDX-License-Identifier: Apache-2.0
// Tests of the passes: each alone and all together leave the meaning of random functions as it was; and what
// each is for.
#include "jit/passes/passes.h"
#include "jit/passes/callees.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "jit/passes/identities.h"
#include "jit/passes/test_evaluator.h"
#include "jit/passes/test_functions.h"

namespace heddle::jit {

namespace {

using test::Evaluator;
using test::FunctionMaker;

size_t count(const Function& function, Operation operation) {
  size_t found = 0;
  for (const BlockId block : function.order) {
    for (const Value value : function.blocks[block].nodes)
      found += function.nodes[value].operation == operation;
  }
  return found;
}

void keeps_the_meaning(const char* name, const PassOptions& options, uint32_t seeds) {
  for (uint32_t seed = 0; seed < seeds; ++seed) {
    Function function;
    FunctionMaker(function, seed).make();
    ASSERT_EQ(verify(function), "") << name << " seed " << seed << "\n" << print(function);
    const std::string before = print(function);
    const std::vector<uint64_t> arguments = {seed * 7, 5, 0xffffffff};
    const test::Trace wanted = Evaluator(function).run(arguments);
    Callees callees;
    Dominators dominators;
    run_passes(function, {}, callees, dominators, options);
    ASSERT_EQ(verify(function), "") << name << " seed " << seed << "\n" << before << print(function);
    ASSERT_EQ(Evaluator(function).run(arguments), wanted) << name << " seed " << seed << "\n"
                                                          << before << "\nafter\n"
                                                          << print(function);
  }
}

constexpr PassOptions kNone = {false, false, false, false, false};

TEST(jit_passes, redundant_parameters_keep_the_meaning) {
  PassOptions options = kNone;
  options.remove_parameters = true;
  keeps_the_meaning("remove_parameters", options, 1000);
}
TEST(jit_passes, value_numbering_keeps_the_meaning) {
  PassOptions options = kNone;
  options.number_values = true;
  keeps_the_meaning("number_values", options, 3000);
}
TEST(jit_passes, hoisting_keeps_the_meaning) {
  PassOptions options = kNone;
  options.hoist = true;
  keeps_the_meaning("hoist", options, 1000);
}
TEST(jit_passes, dead_code_keeps_the_meaning) {
  PassOptions options = kNone;
  options.remove_dead_code = true;
  keeps_the_meaning("remove_dead_code", options, 1000);
}
TEST(jit_passes, all_together_keep_the_meaning) { keeps_the_meaning("all", {}, 3000); }

/// A function of two i32, with the instance at hand and everything in one block so far.
class Sample {
 public:
  Sample() {
    block = function.add_block();
    left = function.add_parameter(block, Type::i32);
    right = function.add_parameter(block, Type::i32);
    base = add({.operation = Operation::instance, .type = Type::i64});
  }
  Value add(const Node& node, std::vector<Value> arguments = {}) {
    return function.add_node(block, node, arguments);
  }
  Value binary(Operation operation, Value a, Value b) {
    return add({.operation = operation, .type = Type::i32}, {a, b});
  }
  Value constant(uint32_t bits) {
    return add({.operation = Operation::i32_const, .type = Type::i32, .immediate = bits});
  }
  Value load(Alias alias, uint64_t offset) {
    return add({.operation = Operation::host_load,
                .type = Type::i32,
                .alias = alias,
                .access = Operation::i32_load,
                .immediate = offset},
               {base});
  }
  void store(Alias alias, uint64_t offset, Value value) {
    add({.operation = Operation::host_store,
         .alias = alias,
         .access = Operation::i32_store,
         .immediate = offset},
        {base, value});
  }
  void call() {
    function.has_calls = true;
    add({.operation = Operation::call_runtime,
         .type = Type::i64,
         .immediate = static_cast<uint64_t>(RuntimeCall::new_structure)});
  }
  Function& optimize(std::vector<Value> results) {
    for (size_t i = 0; i < results.size(); ++i) function.results.push_back(Type::i32);
    add({.operation = Operation::leave}, results);
    Callees callees;
    Dominators dominators;
    run_passes(function, {}, callees, dominators);
    EXPECT_EQ(verify(function), "");
    return function;
  }

  Function function;
  BlockId block;
  Value left;
  Value right;
  Value base;
};

TEST(jit_passes, equal_values_are_computed_once) {
  Sample sample;
  const Value a = sample.binary(Operation::i32_mul, sample.left, sample.right);
  const Value b = sample.binary(Operation::i32_mul, sample.left, sample.right);
  EXPECT_EQ(count(sample.optimize({a, b}), Operation::i32_mul), 1u);
}

TEST(jit_passes, loads_are_merged_until_something_of_their_class_is_stored) {
  Sample sample;
  const Value a = sample.load(Alias::global, 8);
  sample.store(Alias::table, 8, sample.left);
  const Value b = sample.load(Alias::global, 8);
  sample.store(Alias::global, 16, sample.left);
  const Value c = sample.load(Alias::global, 8);
  EXPECT_EQ(count(sample.optimize({a, b, c}), Operation::host_load), 2u);
}

TEST(jit_passes, what_was_stored_is_not_loaded) {
  Sample sample;
  sample.store(Alias::global, 8, sample.right);
  EXPECT_EQ(count(sample.optimize({sample.load(Alias::global, 8)}), Operation::host_load), 0u);
}

TEST(jit_passes, calls_leave_constants_alone) {
  Sample sample;
  const Value a = sample.load(Alias::constant, 8);
  sample.call();
  const Value b = sample.load(Alias::constant, 8);
  EXPECT_EQ(count(sample.optimize({a, b}), Operation::host_load), 1u);
}

TEST(jit_passes, constants_are_gathered_and_strength_is_reduced) {
  Sample sample;
  const Value sum =
      sample.binary(Operation::i32_sub, sample.binary(Operation::i32_add, sample.left, sample.constant(20)),
                    sample.constant(12));
  const Value product = sample.binary(Operation::i32_mul, sample.constant(8), sample.right);
  const Function& function = sample.optimize({sum, product});
  EXPECT_EQ(count(function, Operation::i32_add), 1u);
  EXPECT_EQ(count(function, Operation::i32_sub), 0u);
  EXPECT_EQ(count(function, Operation::i32_mul), 0u);
  EXPECT_EQ(count(function, Operation::i32_shl), 1u);
}

TEST(jit_passes, loads_of_the_instance_leave_loops) {
  Sample sample;
  const BlockId header = sample.function.add_block();
  const Value start[] = {sample.left};
  sample.add({.operation = Operation::jump});
  sample.function.add_edge(sample.block, header, start);
  sample.block = header;
  const Value counter = sample.function.add_parameter(header, Type::i32);
  sample.add({.operation = Operation::poll}, {sample.base});
  const Value step = sample.load(Alias::constant, 64);
  const Value next = sample.binary(Operation::i32_sub, counter, step);
  sample.add({.operation = Operation::branch}, {next});
  const BlockId latch = sample.function.add_block();
  const BlockId after = sample.function.add_block();
  sample.function.add_edge(header, latch);
  sample.function.add_edge(header, after);
  const Value again[] = {next};
  sample.function.add_node(latch, {.operation = Operation::jump});
  sample.function.add_edge(latch, header, again);
  sample.block = after;
  const Function& function = sample.optimize({next});
  for (const Value value : function.blocks[header].nodes) {
    EXPECT_NE(function.nodes[value].operation, Operation::host_load);
  }
  EXPECT_EQ(count(function, Operation::host_load), 1u);
}

uint64_t apply(Operation operation, uint64_t left, uint64_t right) {
  return *fold(row_of(operation), left, right);
}

TEST(jit_identities, hold_for_random_operands) {
  std::mt19937_64 random(1);
  for (size_t i = 0; i < engine::kOpcodeCount; ++i) {
    const Operation operation = static_cast<Operation>(i);
    const Identity* const identity = identity_of(operation);
    if (identity == nullptr) continue;
    const uint64_t mask = info(row_of(operation)).signature[0] == 'i' ? UINT32_MAX : UINT64_MAX;
    for (int round = 0; round < 200; ++round) {
      const uint64_t x = random() & mask;
      const uint64_t y = random() & mask;
      const uint64_t z = random() & mask;
      const std::string_view text = text_of(operation);
      if (identity->neutral) {
        ASSERT_EQ(apply(operation, x, *identity->neutral), x) << text;
      }
      if (identity->absorbing) {
        ASSERT_EQ(apply(operation, x, *identity->absorbing), *identity->absorbing) << text;
      }
      if (identity->commutes) {
        ASSERT_EQ(apply(operation, x, y), apply(operation, y, x)) << text;
      }
      if (identity->associates) {
        const uint64_t left_first = apply(operation, apply(operation, x, y), z);
        ASSERT_EQ(left_first, apply(operation, x, apply(operation, y, z))) << text;
      }
      if (identity->of_same != OfSame::unknown) {
        const uint64_t same = identity->of_same == OfSame::operand ? x
                              : identity->of_same == OfSame::one   ? 1
                                                                   : 0;
        ASSERT_EQ(apply(operation, x, x), same) << text;
      }
    }
  }
}

TEST(jit_identities, comparisons_and_powers_hold_for_random_operands) {
  std::mt19937_64 random(2);
  for (size_t i = 0; i < engine::kOpcodeCount; ++i) {
    const Operation operation = static_cast<Operation>(i);
    for (int round = 0; round < 200; ++round) {
      const uint64_t x = round % 4 == 0 ? round : random();
      const uint64_t y = round % 3 == 0 ? round : random();
      if (const auto other = opposite_of(operation)) {
        ASSERT_NE(apply(operation, x, y), apply(*other, x, y)) << text_of(operation);
      }
      if (const auto other = exchanged(operation)) {
        ASSERT_EQ(apply(operation, x, y), apply(*other, y, x)) << text_of(operation);
      }
      const PowerOfTwo* const form = power_of_two_form(operation);
      if (form == nullptr) continue;
      const unsigned exponent = round % 32;
      const uint64_t power = uint64_t{1} << exponent;
      ASSERT_EQ(apply(operation, x, power), apply(form->instead, x, form->by_exponent ? exponent : power - 1))
          << text_of(operation);
    }
  }
}

}  // namespace

}  // namespace heddle::jit
