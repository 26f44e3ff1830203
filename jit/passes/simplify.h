// SPDX-License-Identifier: Apache-2.0
// Simplifier: what a node comes to, given its arguments: another value, a constant, or a cheaper node.
#pragma once

#include <optional>

#include "jit/ir/ir.h"

namespace heddle::jit {

class Simplifier {
 public:
  /// Where a constant that a rewrite needs comes from; it must dominate the node that is being simplified.
  class Constants {
   public:
    virtual ~Constants() = default;
    virtual Value constant(Type type, uint64_t bits) = 0;
  };

  /// From now on nodes of this function.
  void use(Function& function, Constants& constants) {
    function_ = &function;
    constants_ = &constants;
  }

  /// The value that stands for the node, or kNoValue; then the node may have become another one.
  Value simplify(Value value);

  /// Turns a branch on a known condition, or on the opposite of something, into a simpler one. True if an
  /// edge is gone.
  bool simplify_terminator(Value value);

 private:
  [[nodiscard]] std::optional<uint64_t> constant_of(Value value) const;
  [[nodiscard]] Value argument(const Node& node, unsigned which) const {
    return function_->arguments[node.first_argument + which];
  }
  void set_argument(const Node& node, unsigned which, Value value) {
    function_->arguments[node.first_argument + which] = value;
  }
  [[nodiscard]] uint64_t possible_bits(Value value) const;
  void become_constant(Node& node, uint64_t bits);
  bool fold_node(Node& node);
  void order_operands(Node& node);
  Value apply_identities(Node& node, uint64_t right);
  void strengthen(Value value, uint64_t right);
  void reassociate(Value value, uint64_t right);
  Value simplify_unary(Value value);
  void negate_comparison(Value value);
  Value simplify_binary(Value value);
  Value simplify_select(Node& node);
  Value simplify_trap(Node& node);
  bool strip_condition(const Node& node, unsigned which);
  bool keep_only(BlockId block, size_t successor);

  Function* function_ = nullptr;
  Constants* constants_ = nullptr;
};

}  // namespace heddle::jit
