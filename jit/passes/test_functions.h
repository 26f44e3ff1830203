// SPDX-License-Identifier: Apache-2.0
// Tests' random functions: integers, host memory, calls, diamonds and counted loops, built through the IR's
// interface.
#pragma once

#include <random>
#include <vector>

#include "jit/ir/ir.h"
#include "jit/runtime_calls/runtime_call.h"

namespace heddle::jit::test {

class FunctionMaker {
 public:
  FunctionMaker(Function& function, uint32_t seed) : function_(function), random_(seed) {}

  void make() {
    function_.reset();
    block_ = function_.add_block();
    for (int i = 0; i < 3; ++i) known_.push_back(function_.add_parameter(block_, Type::i32));
    base_ = add({.operation = Operation::instance, .type = Type::i64});
    region(3);
    const Value results[] = {pick(), pick()};
    function_.results = {Type::i32, Type::i32};
    add({.operation = Operation::leave}, results);
    order_blocks(function_);
  }

 private:
  unsigned below(unsigned bound) { return std::uniform_int_distribution<unsigned>(0, bound - 1)(random_); }
  Value pick() {
    return known_[known_.size() - 1 - below(static_cast<unsigned>(std::min<size_t>(known_.size(), 12)))];
  }

  Value add(const Node& node, std::span<const Value> arguments = {}) {
    return function_.add_node(block_, node, arguments);
  }
  Value constant(uint32_t value) {
    return add({.operation = Operation::i32_const, .type = Type::i32, .immediate = value});
  }

  void region(unsigned depth) {
    for (unsigned i = 0, count = 2 + below(6); i < count; ++i) {
      const unsigned what = below(depth > 0 ? 12 : 9);
      if (what < 5)
        known_.push_back(compute());
      else if (what < 6)
        known_.push_back(constant(below(3) == 0 ? below(40) : 1u << below(8)));
      else if (what < 7)
        known_.push_back(load());
      else if (what < 8)
        store();
      else if (what < 9)
        call_or_check();
      else if (what < 11)
        diamond(depth - 1);
      else
        counted_loop(depth - 1);
    }
  }

  Value compute() {
    static constexpr Operation kBinary[] = {
        Operation::i32_add,  Operation::i32_sub,  Operation::i32_mul,   Operation::i32_and, Operation::i32_or,
        Operation::i32_xor,  Operation::i32_shl,  Operation::i32_shr_s, Operation::i32_eq,  Operation::i32_ne,
        Operation::i32_lt_s, Operation::i32_ge_u, Operation::i32_gt_u,  Operation::i32_le_s};
    if (below(6) == 0) {
      const Value argument[] = {pick()};
      return add({.operation = Operation::i32_eqz, .type = Type::i32}, argument);
    }
    if (below(8) == 0) {
      const Value arguments[] = {pick(), pick(), pick()};
      return add({.operation = Operation::select, .type = Type::i32}, arguments);
    }
    const Value arguments[] = {pick(), pick()};
    return add({.operation = kBinary[below(std::size(kBinary))], .type = Type::i32}, arguments);
  }

  Alias alias() { return static_cast<Alias>(below(3)); }

  Value load() {
    const Value arguments[] = {base_};
    return add({.operation = Operation::host_load,
                .type = Type::i32,
                .alias = alias(),
                .access = Operation::i32_load,
                .immediate = 8 * below(3)},
               arguments);
  }
  void store() {
    const Value arguments[] = {base_, pick()};
    const Alias changing = static_cast<Alias>(1 + below(2));
    add({.operation = Operation::host_store,
         .alias = changing,
         .access = Operation::i32_store,
         .immediate = 8 * below(3)},
        arguments);
  }
  void call_or_check() {
    const Value arguments[] = {base_, pick()};
    if (below(2) == 0) {
      function_.has_calls = true;
      add({.operation = Operation::call_runtime,
           .type = Type::i64,
           .immediate = static_cast<uint64_t>(RuntimeCall::new_structure)},
          arguments);
    } else {
      add({.operation = below(2) == 0 ? Operation::trap_if : Operation::trap_unless,
           .trap = TrapKind::unreachable},
          std::span(arguments).subspan(1));
    }
  }

  void diamond(unsigned depth) {
    const Value condition[] = {pick()};
    add({.operation = Operation::branch}, condition);
    const BlockId from = block_;
    const BlockId join = function_.add_block();
    const size_t before = known_.size();
    for (int arm = 0; arm < 2; ++arm) {
      block_ = function_.add_block();
      function_.add_edge(from, block_);
      region(depth);
      const Value handed[] = {pick(), known_[before - 1]};
      add({.operation = Operation::jump});
      function_.add_edge(block_, join, handed);
      known_.resize(before);
    }
    block_ = join;
    known_.push_back(function_.add_parameter(join, Type::i32));
    known_.push_back(function_.add_parameter(join, Type::i32));
  }

  /// Runs a few times; a counter and one more value go round.
  void counted_loop(unsigned depth) {
    const Value start[] = {constant(1 + below(4)), pick()};
    const BlockId header = function_.add_block();
    add({.operation = Operation::jump});
    function_.add_edge(block_, header, start);
    const size_t before = known_.size();
    block_ = header;
    const Value counter = function_.add_parameter(header, Type::i32);
    known_.push_back(function_.add_parameter(header, Type::i32));
    const Value context[] = {base_};
    add({.operation = Operation::poll}, context);
    region(depth);
    const Value step[] = {counter, constant(1)};
    const Value next = add({.operation = Operation::i32_sub, .type = Type::i32}, step);
    const Value again[] = {next};
    const Value round[] = {next, pick()};
    const Value result = pick();
    add({.operation = Operation::branch}, again);
    const BlockId latch = function_.add_block();
    const BlockId after = function_.add_block();
    function_.add_edge(block_, latch);
    function_.add_edge(block_, after);
    block_ = latch;
    add({.operation = Operation::jump});
    function_.add_edge(latch, header, round);
    block_ = after;
    known_.resize(before);
    known_.push_back(result);
  }

  Function& function_;
  std::mt19937 random_;
  BlockId block_ = 0;
  Value base_ = kNoValue;
  std::vector<Value> known_;
};

}  // namespace heddle::jit::test
