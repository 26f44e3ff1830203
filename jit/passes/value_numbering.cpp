// SPDX-License-Identifier: Apache-2.0
// ValueNumbering: the walk, and what stands for what.
#include "jit/passes/value_numbering.h"

#include <algorithm>

namespace heddle::jit {

namespace {

using Classes = uint8_t;  ///< a bit per alias class
constexpr Classes bit(Alias alias) { return static_cast<Classes>(1u << static_cast<unsigned>(alias)); }
constexpr Classes kAllButConstant = static_cast<Classes>((1u << kAliases) - 1) & ~bit(Alias::constant);

bool lets_others_run(const Node& node) {
  return node.operation == Operation::poll || node.operation == Operation::fuel;
}

/// What a node may write. Other guest threads may run at polls and between slices of fuel: they may have
/// written a shared memory then.
Classes written_by(const Node& node) {
  switch (effect_of(node.operation)) {
    case Effect::none:
    case Effect::reads:
    case Effect::traps: return 0;
    case Effect::writes: return is_row(node.operation) ? bit(Alias::memory) : bit(node.alias);
    case Effect::anything: return lets_others_run(node) ? bit(Alias::memory) : kAllButConstant;
    case Effect::terminator: return 0;
  }
  return kAllButConstant;
}

/// What a node that reads reads; guest loads read memory.
Alias read_by(const Node& node) { return is_row(node.operation) ? Alias::memory : node.alias; }

/// The load that would give what a store of a whole value has stored, by the store's row.
Operation load_of(Operation store) {
  switch (store) {
    case Operation::i32_store: return Operation::i32_load;
    case Operation::i64_store: return Operation::i64_load;
    case Operation::f32_store: return Operation::f32_load;
    case Operation::f64_store: return Operation::f64_load;
    case Operation::v128_store: return Operation::v128_load;
    default: return Operation::parameter;
  }
}

}  // namespace

void ValueNumbering::run(Function& function, BlockOrder& order, Dominators& dominators) {
  function_ = &function;
  dominators_ = &dominators;
  replacements_.reset(function);
  simplifier_.use(function, *this);
  table_.reset(function.nodes.size());
  scopes_.clear();
  dominators.compute(function);
  find_loop_writes();
  leaving_.resize(function.blocks.size());
  last_version_ = 0;
  bool edges_changed = false;
  for (const BlockId block : dominators.preorder()) {
    leave_scopes(block);
    scopes_.push_back({block, table_.size()});
    edges_changed |= number_block(block);
  }
  replacements_.apply_to_edges();
  if (!edges_changed) return;
  order.compute(function);
  dominators.compute(function);
}

void ValueNumbering::leave_scopes(BlockId block) {
  while (!scopes_.empty() && !dominators_->dominates(scopes_.back().block, block)) {
    table_.shrink(scopes_.back().table_size);
    scopes_.pop_back();
  }
}

/// Of each loop header: what the loop, with all loops inside, may write.
void ValueNumbering::find_loop_writes() {
  loop_writes_.assign(function_->blocks.size(), 0);
  const auto& order = dominators_->postorder_reversed();
  for (size_t i = order.size(); i-- > 0;) {
    const Block& block = function_->blocks[order[i]];
    if (block.loop_header == kNoBlock) continue;
    Classes written = 0;
    for (const Value value : block.nodes) written |= written_by(function_->nodes[value]);
    loop_writes_[block.loop_header] |= written;
    // A header comes last of its loop here, when the loop's own sum is complete.
    if (!block.is_loop_header) continue;
    const BlockId outer = dominators_->outer_loop(order[i]);
    if (outer != kNoBlock) loop_writes_[outer] |= loop_writes_[order[i]];
  }
}

ValueNumbering::Versions ValueNumbering::versions_at_entry(BlockId block) {
  Versions versions{};
  const Block& entered = function_->blocks[block];
  bool first = true;
  for (const BlockId from : entered.predecessors) {
    if (entered.is_loop_header && dominators_->dominates(block, from)) continue;  // a back edge
    const Versions& leaving = leaving_[from];
    if (first) versions = leaving;
    first = false;
    if (versions == leaving) continue;
    for (unsigned i = 0; i < kAliases; ++i) {
      if (versions[i] != leaving[i]) versions[i] = ++last_version_;
    }
  }
  if (entered.is_loop_header) forget(versions, loop_writes_[block]);
  return versions;
}

void ValueNumbering::forget(Versions& versions, Classes written) {
  if (written == 0) return;
  for (unsigned i = 0; i < kAliases; ++i) {
    if ((written >> i & 1) != 0) versions[i] = ++last_version_;
  }
}

/// True if an edge is gone.
bool ValueNumbering::number_block(BlockId block) {
  versions_ = versions_at_entry(block);
  block_ = block;
  auto& kept = function_->blocks[block].nodes;
  nodes_.assign(kept.begin(), kept.end());
  kept.clear();
  bool edges_changed = false;
  for (const Value value : nodes_) {
    for (Value& argument : function_->arguments_of(function_->nodes[value]))
      argument = replacements_.of(argument);
    if (effect_of(function_->nodes[value].operation) == Effect::terminator) {
      edges_changed |= simplifier_.simplify_terminator(value);
      kept.push_back(value);
    } else {
      number(value);
    }
  }
  leaving_[block] = versions_;
  return edges_changed;
}

void ValueNumbering::number(Value value) {
  const Value simpler = simplifier_.simplify(value);
  if (simpler != kNoValue) {
    replacements_.set(value, replacements_.of(simpler));
    return;
  }
  const Node& node = function_->nodes[value];
  const Effect effect = effect_of(node.operation);
  const bool writes = effect == Effect::writes || effect == Effect::anything;
  if (!writes && node.argument_count <= NodeKey::kArguments) {
    const Value known = table_.find_or_add(key_of(node), value);
    if (known != value) return replacements_.set(value, known);  // a dominating node stands for it
  }
  function_->blocks[block_].nodes.push_back(value);
  if (writes) forget(versions_, written_by(node));
  if (effect == Effect::writes) remember_stored(node);
}

/// REQUIRES: it has no more arguments than a key.
NodeKey ValueNumbering::key_of(const Node& node) const {
  NodeKey key{.operation = node.operation,
              .access = node.access,
              .type = node.type,
              .trap = node.trap,
              .alias = node.alias,
              .immediate = node.immediate,
              .extra = node.extra};
  if (effect_of(node.operation) == Effect::reads)
    key.version = versions_[static_cast<unsigned>(read_by(node))];
  const auto arguments = function_->arguments_of(node);
  for (size_t i = 0; i < NodeKey::kArguments; ++i) {
    if (i < arguments.size()) key.arguments[i] = arguments[i];
  }
  return key;
}

void ValueNumbering::remember_stored(const Node& node) {
  const bool is_guest = is_row(node.operation);
  const Operation load = load_of(is_guest ? node.operation : node.access);
  if (load == Operation::parameter) return;
  const auto arguments = function_->arguments_of(node);
  const Value stored = arguments[1];
  NodeKey key{.operation = is_guest ? load : Operation::host_load,
              .access = is_guest ? node.access : load,
              .type = function_->nodes[stored].type,
              .alias = node.alias,
              .immediate = node.immediate,
              .extra = node.extra};
  key.version = versions_[static_cast<unsigned>(read_by(node))];
  key.arguments[0] = arguments[0];
  if (arguments.size() > 2) key.arguments[1] = arguments[2];
  table_.add(key, stored);
}

Value ValueNumbering::constant(Type type, uint64_t bits) {
  const Node made{.operation = type == Type::i32 ? Operation::i32_const : Operation::i64_const,
                  .type = type,
                  .immediate = bits,
                  .block = block_};
  const auto value = static_cast<Value>(function_->nodes.size());
  const Value known = table_.find_or_add(key_of(made), value);
  if (known != value) return known;
  function_->nodes.push_back(made);
  function_->blocks[block_].nodes.push_back(value);
  return value;
}

}  // namespace heddle::jit
