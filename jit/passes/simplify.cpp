// SPDX-License-Identifier: Apache-2.0
// Simplifier: folding, identities, cheaper forms, and conditions without their negations.
#include "jit/passes/simplify.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "jit/passes/fold.h"
#include "jit/passes/identities.h"

namespace heddle::jit {

namespace {

using enum Operation;

constexpr uint64_t mask_of(Type type) {
  return type == Type::i32 || type == Type::f32 ? UINT32_MAX : UINT64_MAX;
}

constexpr Operation constant_row(Type type) {
  switch (type) {
    case Type::i64: return i64_const;
    case Type::f32: return f32_const;
    case Type::f64: return f64_const;
    default: return i32_const;
  }
}

bool is_scalar_constant(Operation operation) {
  return operation == i32_const || operation == i64_const || operation == f32_const || operation == f64_const;
}

}  // namespace

std::optional<uint64_t> Simplifier::constant_of(Value value) const {
  const Node& node = function_->nodes[value];
  if (!is_scalar_constant(node.operation)) return std::nullopt;
  return node.immediate & mask_of(node.type);
}

/// Bits that may be set in the value: those of what was loaded, compared, shifted or masked.
uint64_t Simplifier::possible_bits(Value value) const {
  const Node& node = function_->nodes[value];
  const uint64_t all = mask_of(node.type);
  const Operation operation = node.operation == host_load ? node.access : node.operation;
  if (!is_row(operation)) return all;
  switch (operation) {
    case i32_load8_u:
    case i64_load8_u: return UINT8_MAX;
    case i32_load16_u:
    case i64_load16_u: return UINT16_MAX;
    case i64_load32_u:
    case i64_extend_i32_u: return UINT32_MAX;
    case i32_and:
    case i64_and: return constant_of(argument(node, 1)).value_or(all);
    case i32_shr_u:
    case i64_shr_u:
      return all >> (constant_of(argument(node, 1)).value_or(0) & (node.type == Type::i32 ? 31 : 63));
    default: break;
  }
  const engine::RowKind kind = info(row_of(operation)).kind;
  return kind == engine::RowKind::compare || kind == engine::RowKind::test ? 1 : all;
}

void Simplifier::become_constant(Node& node, uint64_t bits) {
  node.operation = constant_row(node.type);
  node.immediate = bits & mask_of(node.type);
  node.argument_count = 0;
}

/// A numeric row all of whose operands, one or two, are known.
bool Simplifier::fold_node(Node& node) {
  const auto left = constant_of(argument(node, 0));
  const auto right = node.argument_count == 2 ? constant_of(argument(node, 1)) : 0;
  if (!left || !right) return false;
  const auto bits = fold(row_of(node.operation), *left, *right);
  if (bits) become_constant(node, *bits);
  return bits.has_value();
}

/// Constants stand on the right, where operands may be exchanged.
void Simplifier::order_operands(Node& node) {
  if (!constant_of(argument(node, 0)) || constant_of(argument(node, 1))) return;
  const Identity* const identity = identity_of(node.operation);
  if (const auto other = exchanged(node.operation)) {
    node.operation = *other;
  } else if (identity == nullptr || !identity->commutes) {
    return;
  }
  const Value left = argument(node, 0);
  set_argument(node, 0, argument(node, 1));
  set_argument(node, 1, left);
}

/// With a known right operand.
Value Simplifier::apply_identities(Node& node, uint64_t right) {
  const Identity* const identity = identity_of(node.operation);
  if (identity == nullptr) return kNoValue;
  if (identity->neutral == right) return argument(node, 0);
  if (identity->absorbing == right) return argument(node, 1);
  const bool is_mask = node.operation == i32_and || node.operation == i64_and;
  if (is_mask && (possible_bits(argument(node, 0)) & ~right) == 0) return argument(node, 0);
  return kNoValue;
}

/// Multiplications and divisions by powers of two; subtractions of constants become additions, which fold on.
void Simplifier::strengthen(Value value, uint64_t right) {
  const Node node = function_->nodes[value];
  Operation operation = node.operation;
  uint64_t operand = right;
  if (const PowerOfTwo* const form = power_of_two_form(operation);
      form != nullptr && std::has_single_bit(right)) {
    operation = form->instead;
    operand = form->by_exponent ? static_cast<uint64_t>(std::countr_zero(right)) : right - 1;
  } else if (operation == i32_sub || operation == i64_sub) {
    operation = operation == i32_sub ? i32_add : i64_add;
    operand = (0 - right) & mask_of(node.type);
  } else {
    return;
  }
  const Value made = constants_->constant(node.type, operand);
  function_->nodes[value].operation = operation;
  set_argument(function_->nodes[value], 1, made);
}

/// (x op c1) op c2 is x op (c1 op c2).
void Simplifier::reassociate(Value value, uint64_t right) {
  const Node node = function_->nodes[value];
  const Identity* const identity = identity_of(node.operation);
  const Node& inner = function_->nodes[argument(node, 0)];
  if (identity == nullptr || !identity->associates || inner.operation != node.operation) return;
  const auto inner_right = constant_of(argument(inner, 1));
  if (!inner_right) return;
  const Value operand = argument(inner, 0);
  const Value made = constants_->constant(node.type, *fold(row_of(node.operation), *inner_right, right));
  set_argument(function_->nodes[value], 0, operand);
  set_argument(function_->nodes[value], 1, made);
}

Value Simplifier::simplify_unary(Value value) {
  const Node& node = function_->nodes[value];
  const Node& operand = function_->nodes[argument(node, 0)];
  if (node.operation == i32_wrap_i64) {
    const bool is_extended = operand.operation == i64_extend_i32_u || operand.operation == i64_extend_i32_s;
    return is_extended ? argument(operand, 0) : kNoValue;
  }
  if (node.operation == i32_eqz) negate_comparison(value);
  return kNoValue;
}

/// A node's arguments are its own: the comparison's are copied.
void Simplifier::negate_comparison(Value value) {
  const Node comparison = function_->nodes[argument(function_->nodes[value], 0)];
  const auto opposite = opposite_of(comparison.operation);
  if (!opposite) return;
  Node& node = function_->nodes[value];
  node.operation = *opposite;
  node.first_argument = static_cast<uint32_t>(function_->arguments.size());
  node.argument_count = 2;
  const Value left = argument(comparison, 0);
  const Value right = argument(comparison, 1);
  function_->arguments.push_back(left);
  function_->arguments.push_back(right);
}

Value Simplifier::simplify_binary(Value value) {
  order_operands(function_->nodes[value]);
  const Node node = function_->nodes[value];
  const auto right = constant_of(argument(node, 1));
  if (right) {
    const Value same = apply_identities(function_->nodes[value], *right);
    if (same != kNoValue) return same;
    strengthen(value, *right);
    if (const auto now = constant_of(argument(function_->nodes[value], 1))) reassociate(value, *now);
    return kNoValue;
  }
  const Identity* const identity = identity_of(node.operation);
  if (identity == nullptr || argument(node, 0) != argument(node, 1)) return kNoValue;
  if (identity->of_same == OfSame::operand) return argument(node, 0);
  if (identity->of_same != OfSame::unknown)
    become_constant(function_->nodes[value], identity->of_same == OfSame::one ? 1 : 0);
  return kNoValue;
}

/// Replaces a condition by what it is the negation of, or compares with zero. True if it was a negation.
bool Simplifier::strip_condition(const Node& node, unsigned which) {
  bool negated = false;
  for (;;) {
    const Node& condition = function_->nodes[argument(node, which)];
    if (condition.operation == i32_eqz) {
      negated = !negated;
    } else if (condition.operation != i32_ne || constant_of(argument(condition, 1)) != 0) {
      return negated;
    }
    set_argument(node, which, argument(condition, 0));
  }
}

Value Simplifier::simplify_select(Node& node) {
  const bool negated = strip_condition(node, 2);
  if (negated) {
    const Value chosen = argument(node, 0);
    set_argument(node, 0, argument(node, 1));
    set_argument(node, 1, chosen);
  }
  if (argument(node, 0) == argument(node, 1)) return argument(node, 0);
  const auto condition = constant_of(argument(node, 2));
  if (!condition) return kNoValue;
  return argument(node, *condition != 0 ? 0 : 1);
}

/// A check that never traps becomes nothing that anybody needs: a constant.
Value Simplifier::simplify_trap(Node& node) {
  if (strip_condition(node, 0)) node.operation = node.operation == trap_if ? trap_unless : trap_if;
  const auto condition = constant_of(argument(node, 0));
  if (!condition || (*condition != 0) == (node.operation == trap_if)) return kNoValue;
  node.type = Type::i32;
  become_constant(node, 0);
  return kNoValue;
}

Value Simplifier::simplify(Value value) {
  Node& node = function_->nodes[value];
  if (node.type == Type::i32 && node.operation == i32_const) node.immediate &= UINT32_MAX;
  if (node.operation == trap_if || node.operation == trap_unless) return simplify_trap(node);
  if (!is_row(node.operation)) return kNoValue;
  if (node.operation == select || node.operation == select_t) return simplify_select(node);
  switch (info(row_of(node.operation)).kind) {
    case engine::RowKind::unary:
    case engine::RowKind::test: return fold_node(node) ? kNoValue : simplify_unary(value);
    case engine::RowKind::binary:
    case engine::RowKind::compare: return fold_node(node) ? kNoValue : simplify_binary(value);
    default: return kNoValue;
  }
}

bool Simplifier::keep_only(BlockId block, size_t successor) {
  auto& successors = function_->blocks[block].successors;
  successors[0] = successors[successor];
  successors.resize(1);
  return true;
}

bool Simplifier::simplify_terminator(Value value) {
  Node& node = function_->nodes[value];
  auto& successors = function_->blocks[node.block].successors;
  if (node.operation == branch) {
    if (strip_condition(node, 0)) std::swap(successors[0], successors[1]);
    const auto condition = constant_of(argument(node, 0));
    if (!condition) return false;
    node.operation = jump;
    node.argument_count = 0;
    return keep_only(node.block, *condition != 0 ? 0 : 1);
  }
  if (node.operation == branch_table) {
    const auto index = constant_of(argument(node, 0));
    if (!index) return false;
    node.operation = jump;
    node.argument_count = 0;
    return keep_only(node.block, std::min<uint64_t>(*index, successors.size() - 1));
  }
  return false;
}

}  // namespace heddle::jit
