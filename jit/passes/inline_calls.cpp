// SPDX-License-Identifier: Apache-2.0
// Inlining: small functions of the same module take the places of calls to them.
//
// Compilers to wasm inline what they see in one unit; what is left are small functions of other units, and
// recursion, of which the first levels are worth it. A call becomes a jump to a copy of the callee's blocks,
// whose returns jump to what stood behind the call. Every copied node keeps where it came from
// (InlinedPosition), so that traps and backtraces name the functions that the program has.
//
// Not inlined: calls whose exceptions this function may catch, and callees that make tail calls or catch
// exceptions.
#include "jit/passes/callees.h"
#include "jit/passes/passes.h"
#include "jit/passes/replacements.h"

namespace heddle::jit {

namespace {

/// How many nodes one function may grow by, at least and in proportion to its own.
constexpr size_t kLeastBudget = 400;
constexpr size_t kBudgetPerNode = 1;
/// Copies inside copies; a function inside itself counts, too.
constexpr unsigned kMostDepth = 3;

class InlinePass {
 public:
  InlinePass(Function& function, const BuildOptions& options, Callees& callees)
      : function_(function), options_(options), callees_(callees), replacements_(function) {
    options_.osr_offset = 0;
    budget_ = kLeastBudget + kBudgetPerNode * function.nodes.size();
  }

  void run() {
    if (function_.module == nullptr) return;                       // a test's
    if (function_.module->bytes.size() >= kInlinedOffset) return;  // offsets would not fit
    bool any = false;
    // Blocks are appended while copies are made, and looked through in their turn.
    for (BlockId block = 0; block < function_.blocks.size(); ++block) any |= inline_first(block);
    if (!any) return;
    replacements_.apply();
    order_blocks(function_);
  }

 private:
  /// Inlines the block's first call that is worth it; the rest of the block is then another one.
  bool inline_first(BlockId block) {
    const auto& nodes = function_.blocks[block].nodes;
    for (size_t i = 0; i + 1 < nodes.size(); ++i) {
      const Value call = nodes[i];
      if (function_.nodes[call].operation != Operation::call_own) continue;
      if (function_.nodes[nodes[i + 1]].operation == Operation::invoke) continue;
      const Function* const callee = callee_of(function_.nodes[call]);
      if (callee == nullptr) continue;
      copy_into(block, i, *callee);
      return true;
    }
    return false;
  }

  /// The callee's IR, if it is to be inlined here.
  const Function* callee_of(const Node& call) {
    if (depth_of(call.offset) >= kMostDepth) return nullptr;
    const Function* const callee = callees_.find(static_cast<uint32_t>(call.immediate), options_);
    if (callee == nullptr || callee->nodes.size() > budget_) return nullptr;
    budget_ -= callee->nodes.size();
    return callee;
  }

  unsigned depth_of(uint32_t offset) const {
    unsigned depth = 0;
    for (; (offset & kInlinedOffset) != 0; ++depth)
      offset = function_.inlined[offset & ~kInlinedOffset].caller;
    return depth;
  }

  /// Splits the block behind its call number `at`, and joins the halves by a copy of the callee.
  void copy_into(BlockId block, size_t at, const Function& callee) {
    const Value call = function_.blocks[block].nodes[at];
    const BlockId behind = split_behind(block, at);
    receive_results(behind, call, callee);
    const auto first_node = static_cast<Value>(function_.nodes.size());
    const auto first_block = static_cast<BlockId>(function_.blocks.size());
    copy_nodes(callee, function_.nodes[call].offset, first_block);
    copy_blocks(callee, first_node, first_block, behind);
    const std::vector<Value> arguments(function_.arguments_of(function_.nodes[call]).begin(),
                                       function_.arguments_of(function_.nodes[call]).end());
    function_.blocks[block].nodes.pop_back();  // the call
    function_.add_node(block, {.operation = Operation::jump, .offset = function_.nodes[call].offset});
    function_.add_edge(block, first_block, arguments);
    function_.has_calls |= callee.has_calls;
    function_.reloads_instance |= callee.reloads_instance;
  }

  /// Everything behind node number `at` becomes a block of its own.
  BlockId split_behind(BlockId block, size_t at) {
    const BlockId behind = function_.add_block();
    Block& from = function_.blocks[block];
    Block& to = function_.blocks[behind];
    to.nodes.assign(from.nodes.begin() + static_cast<std::ptrdiff_t>(at) + 1, from.nodes.end());
    from.nodes.resize(at + 1);
    to.successors = std::move(from.successors);
    from.successors.clear();
    to.is_cold = from.is_cold;
    for (const Value value : to.nodes) function_.nodes[value].block = behind;
    return behind;
  }

  /// What the call gave are parameters of the block behind it.
  void receive_results(BlockId behind, Value call, const Function& callee) {
    std::vector<Value> parameters;
    for (const Type type : callee.results) parameters.push_back(function_.add_parameter(behind, type));
    if (parameters.size() == 1) replacements_.set(call, parameters[0]);
    std::erase_if(function_.blocks[behind].nodes, [&](Value value) {
      const Node& node = function_.nodes[value];
      if (node.operation != Operation::result || function_.arguments_of(node)[0] != call) return false;
      replacements_.set(value, parameters[node.immediate]);
      return true;
    });
  }

  /// The copy's position: where it was in its function, called from there.
  uint32_t position(const Function& callee, uint32_t offset, uint32_t caller) {
    function_.inlined.push_back({offset, callee.index, caller});
    return kInlinedOffset | static_cast<uint32_t>(function_.inlined.size() - 1);
  }

  void copy_nodes(const Function& callee, uint32_t caller, BlockId first_block) {
    const auto first_node = static_cast<Value>(function_.nodes.size());
    uint32_t last_offset = 0;
    uint32_t last_position = position(callee, 0, caller);
    for (const Node& original : callee.nodes) {
      Node node = original;
      if (node.offset != last_offset) {
        last_offset = node.offset;
        last_position = position(callee, node.offset, caller);
      }
      node.offset = last_position;
      node.block += first_block;
      node.first_argument = copy_arguments(callee.arguments_of(original), first_node);
      function_.nodes.push_back(node);
    }
  }

  uint32_t copy_arguments(std::span<const Value> arguments, Value first_node) {
    const auto first = static_cast<uint32_t>(function_.arguments.size());
    for (const Value value : arguments) function_.arguments.push_back(value + first_node);
    return first;
  }

  void copy_blocks(const Function& callee, Value first_node, BlockId first_block, BlockId behind) {
    for (const Block& original : callee.blocks) {
      const BlockId block = function_.add_block();
      Block& copy = function_.blocks[block];
      for (const Value value : original.parameters) copy.parameters.push_back(value + first_node);
      for (const Value value : original.nodes) copy.nodes.push_back(value + first_node);
      copy.is_cold = original.is_cold;
      for (const Edge& edge : original.successors) {
        copy.successors.push_back({edge.target + first_block,
                                   copy_arguments(callee.arguments_of(edge), first_node),
                                   edge.argument_count});
      }
      Node& last = function_.nodes[copy.nodes.back()];
      if (last.operation != Operation::leave) continue;
      last.operation = Operation::jump;
      copy.successors.push_back({behind, last.first_argument, last.argument_count});
      last.argument_count = 0;
    }
  }

  Function& function_;
  BuildOptions options_;
  Callees& callees_;
  Replacements replacements_;
  size_t budget_;
};

}  // namespace

void inline_calls(Function& function, const BuildOptions& options, Callees& callees) {
  InlinePass(function, options, callees).run();
}

}  // namespace heddle::jit
