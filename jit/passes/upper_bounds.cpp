// SPDX-License-Identifier: Apache-2.0
// UpperBounds: operands, then loops from the outermost on.
#include "jit/passes/upper_bounds.h"

#include <algorithm>
#include <vector>

#include "jit/passes/identities.h"

namespace heddle::jit {

namespace {

using enum Operation;

constexpr uint64_t kAny = UINT32_MAX;
/// Steps of counters beyond are downwards.
constexpr uint64_t kGreatestStep = INT32_MAX;
/// How many blocks of a loop are asked for a test, from its end on.
constexpr unsigned kMostTests = 32;

bool is_in_loop(const Function& function, const Dominators& dominators, BlockId block, BlockId header) {
  BlockId loop = function.blocks[block].loop_header;
  while (loop != kNoBlock && loop != header) loop = dominators.outer_loop(loop);
  return loop == header;
}

}  // namespace

/// A header's parameter.
struct UpperBounds::Counter {
  uint64_t first = kAny;            ///< no greater than this at first
  std::optional<uint32_t> exactly;  ///< this at first
  Value next = kNoValue;            ///< what all back edges hand over, if it is the same
  std::optional<uint32_t> step;     ///< the greatest that any of them adds; 0: none adds anything
};

UpperBounds::UpperBounds(const Function& function, const Dominators& dominators) : function_(function) {
  const bool has_loops = std::ranges::any_of(
      function.order, [&](BlockId block) { return function.blocks[block].is_loop_header; });
  if (!has_loops) return;
  for (const BlockId block : dominators.preorder()) {
    if (function.blocks[block].is_loop_header) bound(dominators, block);
  }
}

std::optional<uint32_t> UpperBounds::constant_of(Value value) const {
  const Node& node = function_.nodes[value];
  if (node.operation != i32_const) return std::nullopt;
  return static_cast<uint32_t>(node.immediate);
}

uint64_t UpperBounds::of(Value value, unsigned depth) const {
  const Node& node = function_.nodes[value];
  if (depth == 0) return kAny;
  const auto operand = [&](unsigned which) { return of(argument(value, which), depth - 1); };
  const auto constant = [&] { return constant_of(argument(value, 1)); };
  switch (node.operation) {
    case parameter: {
      const auto found = parameters_.find(value);
      return found == parameters_.end() ? kAny : found->second;
    }
    case i32_const: return static_cast<uint32_t>(node.immediate);
    case i32_load8_u: return UINT8_MAX;
    case i32_load16_u: return UINT16_MAX;
    case i32_and: return std::min(operand(0), operand(1));
    case i32_add: return std::min(operand(0) + operand(1), kAny);
    case i32_mul: return std::min(operand(0) * operand(1), kAny);
    case i32_shr_u: return constant() ? operand(0) >> (*constant() & 31) : kAny;
    case i32_shl: return constant() ? std::min(operand(0) << (*constant() & 31), kAny) : kAny;
    case i32_rem_u: return constant().value_or(0) != 0 ? *constant() - 1 : kAny;
    case i32_div_u: return constant().value_or(0) != 0 ? operand(0) / *constant() : kAny;
    case host_load:
      return node.access == i32_load8_u    ? uint64_t{UINT8_MAX}
             : node.access == i32_load16_u ? uint64_t{UINT16_MAX}
                                           : kAny;
    default: break;
  }
  if (!is_row(node.operation)) return kAny;
  const engine::RowKind kind = info(row_of(node.operation)).kind;
  return kind == engine::RowKind::compare || kind == engine::RowKind::test ? 1 : kAny;
}

void UpperBounds::bound(const Dominators& dominators, BlockId header) {
  const Block& block = function_.blocks[header];
  if (std::ranges::none_of(block.parameters,
                           [&](Value value) { return function_.nodes[value].type == Type::i32; }))
    return;
  Loop& loop = loop_;
  loop.header = header;
  loop.entries.clear();
  loop.back.clear();
  loop.latches.clear();
  for (const BlockId from : block.predecessors) {
    const bool is_back = dominators.dominates(header, from);
    for (const Edge& edge : function_.blocks[from].successors) {
      if (edge.target == header) (is_back ? loop.back : loop.entries).push_back(&edge);
    }
    if (is_back) loop.latches.push_back(from);
  }
  if (loop.latches.empty()) return;
  const auto most_rounds = rounds(dominators, loop);
  if (!most_rounds) return;
  for (size_t i = 0; i < block.parameters.size(); ++i) {
    const Counter counts = counter(loop, i);
    if (!counts.step) continue;
    const uint64_t greatest = counts.first + *counts.step * *most_rounds;
    if (greatest < kAny) parameters_.emplace(block.parameters[i], static_cast<uint32_t>(greatest));
  }
}

UpperBounds::Counter UpperBounds::counter(const Loop& loop, size_t which) const {
  const Value own = function_.blocks[loop.header].parameters[which];
  Counter counts;
  if (function_.nodes[own].type != Type::i32 || loop.entries.empty()) return counts;
  counts.first = 0;
  for (const Edge* edge : loop.entries)
    counts.first = std::max(counts.first, of(function_.arguments_of(*edge)[which]));
  if (loop.entries.size() == 1) counts.exactly = constant_of(function_.arguments_of(*loop.entries[0])[which]);
  uint32_t greatest = 0;
  bool grows = true;
  counts.next = function_.arguments_of(*loop.back[0])[which];
  for (const Edge* edge : loop.back) {
    const Value next = function_.arguments_of(*edge)[which];
    if (next != counts.next) counts.next = kNoValue;
    if (next == own) continue;
    const bool is_sum = function_.nodes[next].operation == i32_add && argument(next, 0) == own;
    const auto step = is_sum ? constant_of(argument(next, 1)) : std::nullopt;
    grows &= step && *step <= kGreatestStep;
    greatest = std::max(greatest, step.value_or(0));
  }
  if (grows) counts.step = greatest;
  return counts;
}

/// How often a back edge is taken at most. Each way to one passes the blocks that dominate all of them.
std::optional<uint64_t> UpperBounds::rounds(const Dominators& dominators, const Loop& loop) const {
  std::optional<uint64_t> least;
  BlockId block = loop.latches[0];
  for (unsigned tests = 0; tests < kMostTests; ++tests, block = dominators.immediate(block)) {
    const Block& at = function_.blocks[block];
    const Node& last = function_.nodes[at.nodes.back()];
    const bool is_passed =
        std::ranges::all_of(loop.latches, [&](BlockId latch) { return dominators.dominates(block, latch); });
    if (is_passed && at.loop_header == loop.header && last.operation == branch) {
      const bool stays[] = {is_in_loop(function_, dominators, at.successors[0].target, loop.header),
                            is_in_loop(function_, dominators, at.successors[1].target, loop.header)};
      if (stays[0] != stays[1]) {
        const auto found = rounds_by(loop, last, stays[0]);
        if (found) least = std::min(least.value_or(*found), *found);
      }
    }
    if (block == loop.header) break;
  }
  return least;
}

/// The test compares what is counted, before the step or behind it, with a constant.
std::optional<uint64_t> UpperBounds::rounds_by(const Loop& loop, const Node& branch,
                                               bool stays_if_true) const {
  const Value condition = function_.arguments[branch.first_argument];
  Operation comparison = i32_ne;
  Value tested = condition;
  uint64_t limit = 0;
  if (is_row(function_.nodes[condition].operation) &&
      info(row_of(function_.nodes[condition].operation)).kind == engine::RowKind::compare) {
    const auto right = constant_of(argument(condition, 1));
    if (!right) return std::nullopt;
    const auto opposite = opposite_of(function_.nodes[condition].operation);
    if (!stays_if_true && !opposite) return std::nullopt;
    comparison = stays_if_true ? function_.nodes[condition].operation : *opposite;
    tested = argument(condition, 0);
    limit = *right;
  } else if (!stays_if_true) {
    return std::nullopt;
  }
  const bool is_behind = function_.nodes[tested].operation == i32_add;
  const Value counted = is_behind ? argument(tested, 0) : tested;
  if (function_.nodes[counted].operation != parameter || function_.nodes[counted].block != loop.header)
    return std::nullopt;
  const Counter counts = counter(loop, function_.nodes[counted].immediate);
  const Value next = counts.next;
  if (next == kNoValue || (is_behind && tested != next)) return std::nullopt;
  if (function_.nodes[next].operation != i32_add || argument(next, 0) != counted) return std::nullopt;
  const auto step = constant_of(argument(next, 1));
  if (!step || *step == 0) return std::nullopt;
  if (comparison == i32_ne) {
    // Only if the limit is met exactly: beyond it, the count would go around.
    if (!counts.exactly) return std::nullopt;
    const bool is_upwards = *step <= kGreatestStep;
    const uint64_t by = is_upwards ? *step : (uint64_t{1} << 32) - *step;
    const uint64_t from = is_upwards ? *counts.exactly : limit, to = is_upwards ? limit : *counts.exactly;
    const bool is_met = to >= from + (is_behind ? by : 0) && (to - from) % by == 0;
    return is_met ? std::optional((to - from) / by + 1) : std::nullopt;
  }
  const bool or_equal = comparison == i32_le_u || comparison == i32_le_s;
  const bool is_signed = comparison == i32_lt_s || comparison == i32_le_s;
  if (!or_equal && !is_signed && comparison != i32_lt_u) return std::nullopt;
  // The count must not go around in the step that reaches the limit, nor in the first.
  const uint64_t end = limit + (or_equal ? 1 : 0), most = is_signed ? uint64_t{INT32_MAX} : kAny;
  if (*step > kGreatestStep || std::max(end, counts.first) + *step > most) return std::nullopt;
  return end / *step + 2;
}

}  // namespace heddle::jit
