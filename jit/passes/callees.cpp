// SPDX-License-Identifier: Apache-2.0
// Callees: which functions are small enough, and how little is kept of them.
#include "jit/passes/callees.h"

namespace heddle::jit {

namespace {

/// Bytes of a body beyond which nobody looks at its IR.
constexpr uint32_t kMostBodyBytes = 120;
/// And of one that is little more than the call itself.
constexpr uint32_t kTinyBodyBytes = 24;
/// Nodes that may be copied; a function that calls nothing may be larger, since its call costs the most.
constexpr size_t kMostNodes = 24;
constexpr size_t kMostLeafNodes = 48;

}  // namespace

void Callees::use(const engine::ModuleImage& module) {
  if (module_ == &module) return;
  forget();
  module_ = &module;
  refused_.resize(module.functions.size(), false);
}

void Callees::forget() {
  module_ = nullptr;
  refused_.clear();
  for (auto& callee : known_) callee.reset();
}

bool Callees::is_tiny(uint32_t index) const { return module_->functions[index].body.size <= kTinyBodyBytes; }

const Function* Callees::find(uint32_t index, const BuildOptions& options) {
  if (refused_[index] || module_->functions[index].body.size > kMostBodyBytes) return nullptr;
  std::unique_ptr<Function>& known = known_[index % kMost];
  if (known != nullptr && known->index == index) return known.get();
  if (!make(index, options)) {
    refused_[index] = true;
    return nullptr;
  }
  if (known == nullptr) known = std::make_unique<Function>();
  pack(*known);
  return known.get();
}

/// Into made_. False if it cannot be inlined anywhere.
bool Callees::make(uint32_t index, const BuildOptions& options) {
  if (!builder_.build(*module_, index, options, made_)) return false;
  passes_.simplify(made_, dominators_);
  size_t size = 0;
  for (const BlockId block : made_.order) {
    size += made_.blocks[block].nodes.size();
    if (made_.blocks[block].is_handler) return false;
    const Operation last = made_.nodes[made_.blocks[block].nodes.back()].operation;
    if (last == Operation::tail_call_own || last == Operation::tail_call_function) return false;
  }
  return size <= (made_.has_calls ? kMostNodes : kMostLeafNodes);
}

/// Blocks and nodes of made_ that are reached and needed, numbered anew in the order of the layout. `order`
/// and predecessors are the caller's business.
void Callees::pack(Function& packed) {
  packed.reset();
  packed.module = made_.module;
  packed.index = made_.index;
  packed.results = made_.results;
  packed.has_calls = made_.has_calls;
  packed.reloads_instance = made_.reloads_instance;
  new_values_.assign(made_.nodes.size(), kNoValue);
  new_blocks_.assign(made_.blocks.size(), kNoBlock);
  for (const BlockId block : made_.order) {
    const BlockId to = new_blocks_[block] = packed.add_block();
    packed.blocks[to].is_cold = made_.blocks[block].is_cold;
    packed.blocks[to].has_own_calls = made_.blocks[block].has_own_calls;
    for (const Value parameter : made_.blocks[block].parameters)
      new_values_[parameter] = packed.add_parameter(to, made_.nodes[parameter].type);
    for (const Value value : made_.blocks[block].nodes)
      new_values_[value] = packed.add_node(to, made_.nodes[value], made_.arguments_of(made_.nodes[value]));
  }
  for (const BlockId block : made_.order) {
    for (const Edge& edge : made_.blocks[block].successors)
      packed.add_edge(new_blocks_[block], new_blocks_[edge.target], made_.arguments_of(edge));
  }
  for (Value& argument : packed.arguments) argument = new_values_[argument];
}

}  // namespace heddle::jit
