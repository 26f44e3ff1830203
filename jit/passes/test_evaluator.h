// SPDX-License-Identifier: Apache-2.0
// Tests' way to run IR: evaluates a function of integers, host memory and opaque calls, and notes all it
// does.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "jit/ir/ir.h"
#include "jit/passes/fold.h"

namespace heddle::jit::test {

/// What a run did that anybody could see, in order; two functions mean the same if their runs are equal.
using Trace = std::vector<uint64_t>;

class Evaluator {
 public:
  explicit Evaluator(const Function& function) : function_(function), values_(function.nodes.size(), 0) {}

  Trace run(const std::vector<uint64_t>& arguments, unsigned most_blocks = 2000) {
    set_parameters(0, arguments);
    BlockId block = 0;
    for (unsigned i = 0; i < most_blocks && block != kNoBlock; ++i) block = run_block(block);
    return trace_;
  }

 private:
  static uint64_t mix(uint64_t a, uint64_t b) {
    a = (a ^ b) * 0x9e3779b97f4a7c15u;
    return a ^ a >> 31;
  }

  uint64_t value_of(const Node& node, unsigned which) const {
    return values_[function_.arguments_of(node)[which]];
  }

  void set_parameters(BlockId block, const std::vector<uint64_t>& arguments) {
    const auto& parameters = function_.blocks[block].parameters;
    for (size_t i = 0; i < parameters.size(); ++i) values_[parameters[i]] = arguments[i];
  }

  BlockId follow(BlockId from, size_t successor) {
    const Edge& edge = function_.blocks[from].successors[successor];
    std::vector<uint64_t> arguments;
    for (const Value value : function_.arguments_of(edge)) arguments.push_back(values_[value]);
    set_parameters(edge.target, arguments);
    return edge.target;
  }

  BlockId run_block(BlockId block) {
    for (const Value value : function_.blocks[block].nodes) {
      const Node& node = function_.nodes[value];
      switch (node.operation) {
        case Operation::jump: return follow(block, 0);
        case Operation::branch: return follow(block, static_cast<uint32_t>(value_of(node, 0)) != 0 ? 0 : 1);
        case Operation::leave:
          for (const Value result : function_.arguments_of(node)) trace_.push_back(values_[result]);
          return kNoBlock;
        case Operation::trap_if:
        case Operation::trap_unless:
          if ((value_of(node, 0) != 0) != (node.operation == Operation::trap_if)) break;
          trace_.push_back(0x7a9);
          return kNoBlock;
        default: values_[value] = compute(node);
      }
    }
    return kNoBlock;
  }

  uint64_t compute(const Node& node) {
    switch (node.operation) {
      case Operation::i32_const: return static_cast<uint32_t>(node.immediate);
      case Operation::i64_const: return node.immediate;
      case Operation::instance: return 1u << 20;
      case Operation::select: return value_of(node, 2) != 0 ? value_of(node, 0) : value_of(node, 1);
      case Operation::host_load: return load(node);
      case Operation::host_store: return store(node);
      case Operation::call_runtime: return call(node);
      case Operation::fuel:
      case Operation::poll: return 0;
      default: break;
    }
    return *fold(row_of(node.operation), value_of(node, 0), node.argument_count > 1 ? value_of(node, 1) : 0);
  }

  uint64_t address_of(const Node& node) const { return value_of(node, 0) + node.immediate; }

  uint64_t load(const Node& node) {
    const unsigned alias = static_cast<unsigned>(node.alias);
    const auto found = stored_[alias].find(address_of(node));
    const uint64_t value = found != stored_[alias].end() ? found->second
                                                         : mix(mix(address_of(node), alias),
                                                               node.alias == Alias::constant ? 0 : epoch_);
    return node.type == Type::i32 ? static_cast<uint32_t>(value) : value;
  }

  uint64_t store(const Node& node) {
    stored_[static_cast<unsigned>(node.alias)][address_of(node)] = value_of(node, 1);
    trace_.push_back(mix(address_of(node), value_of(node, 1)));
    return 0;
  }

  /// Changes all memory but constants, and gives something that depends on its arguments and on when it was
  /// called.
  uint64_t call(const Node& node) {
    uint64_t seen = ++epoch_;
    for (unsigned i = 0; i < node.argument_count; ++i) seen = mix(seen, value_of(node, i));
    for (unsigned alias = 1; alias < kAliases; ++alias) stored_[alias].clear();
    trace_.push_back(seen);
    return seen;
  }

  const Function& function_;
  std::vector<uint64_t> values_;
  std::map<uint64_t, uint64_t> stored_[kAliases];
  uint64_t epoch_ = 0;
  Trace trace_;
};

}  // namespace heddle::jit::test
