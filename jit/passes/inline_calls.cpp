// SPDX-License-Identifier: Apache-2.0
// Inlining: small functions of the same module take the places of calls to them.
//
// Compilers to wasm inline what they see in one unit; what is left are small functions of other units, and
// recursion, of which the first levels are worth it. A call becomes a jump to a copy of the callee's blocks,
// whose returns jump to what stood behind the call. Every copied node keeps where it came from
// (InlinedPosition), so that traps and backtraces name the functions that the program has.
//
// It pays where a call happens often: in a loop, in a recursion, or everywhere in a function that is known to
// be hot. Elsewhere only what is hardly larger than the call takes its place, since compilers that must
// compile everything spend a quarter of their time on the rest.
//
// Not inlined: calls whose exceptions this function may catch, and callees that make tail calls or catch
// exceptions.
#include <unordered_map>
#include <utility>
#include <vector>

#include "jit/passes/callees.h"
#include "jit/passes/passes.h"
#include "jit/passes/replacements.h"

namespace heddle::jit {

namespace {

/// How many nodes one function may grow by, at least and as a part of its own. Four times as much made the
/// bench programs no faster, and compiling clang took a third longer.
constexpr size_t kLeastBudget = 100;
constexpr size_t kNodesPerNode = 8;
/// Copies inside copies; a function inside itself counts, too.
constexpr unsigned kMostDepth = 3;

class InlinePass {
 public:
  InlinePass(Function& function, const BuildOptions& options, Callees& callees, bool is_hot)
      : function_(function), options_(options), callees_(callees), is_hot_(is_hot) {
    replacements_.reset(function);
    options_.osr_offset = 0;
    budget_ = kLeastBudget + function.nodes.size() / kNodesPerNode;
  }

  void run() {
    if (function_.module == nullptr) return;                       // a test's
    if (function_.module->bytes.size() >= kInlinedOffset) return;  // offsets would not fit
    bool any = false;
    // Blocks are appended while copies are made, and looked through in their turn.
    for (BlockId block = 0; block < function_.blocks.size(); ++block) {
      if (function_.blocks[block].has_own_calls) any |= inline_in(block);
    }
    if (any) replacements_.apply();
  }

 private:
  /// Inlines the block's calls that are worth it; what stands behind each is then another block, of which
  /// nobody says that it has calls.
  bool inline_in(BlockId block) {
    size_t at = 0;
    const Function* callee = next_callee(function_.blocks[block].nodes, at);
    if (callee == nullptr) return false;
    const std::vector<Value> nodes = std::exchange(function_.blocks[block].nodes, {});
    std::vector<Edge> successors = std::exchange(function_.blocks[block].successors, {});
    BlockId part = block;
    size_t begin = 0;
    for (; callee != nullptr; callee = next_callee(nodes, at)) {
      move_nodes(std::span(nodes).subspan(begin, at - begin), part);
      part = copy_behind(part, nodes[at], *callee);
      begin = ++at;
    }
    move_nodes(std::span(nodes).subspan(begin), part);
    function_.blocks[part].successors = std::move(successors);
    return true;
  }

  /// Goes on to the next call that is to be inlined. Null, at the end: there is none.
  const Function* next_callee(std::span<const Value> nodes, size_t& at) {
    for (; at + 1 < nodes.size(); ++at) {
      const Node& call = function_.nodes[nodes[at]];
      if (call.operation != Operation::call_own) continue;
      if (function_.nodes[nodes[at + 1]].operation == Operation::invoke) continue;
      if (const Function* const callee = callee_of(call); callee != nullptr) return callee;
    }
    return nullptr;
  }

  /// The callee's IR, if it is to be inlined here.
  const Function* callee_of(const Node& call) {
    if (depth_of(call.offset) >= kMostDepth) return nullptr;
    const auto index = static_cast<uint32_t>(call.immediate);
    const bool is_often = is_hot_ || call.extra2 != 0 || index == function_.index;
    if (!is_often && !callees_.is_tiny(index)) return nullptr;
    const Function* const callee = callees_.find(index, options_);
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

  /// Appends nodes of a block that is taken apart.
  void move_nodes(std::span<const Value> nodes, BlockId to) {
    for (const Value value : nodes) {
      Node& node = function_.nodes[value];
      if (node.operation == Operation::result) {
        const auto inlined = first_result_.find(function_.arguments_of(node)[0]);
        if (inlined != first_result_.end()) {
          replacements_.set(value, inlined->second + static_cast<Value>(node.immediate));
          continue;
        }
      }
      node.block = to;
      function_.blocks[to].nodes.push_back(value);
    }
  }

  /// Ends the block with a jump to a copy of the callee, which leads to the block that is returned.
  BlockId copy_behind(BlockId block, Value call, const Function& callee) {
    const BlockId behind = function_.add_block();
    receive_results(behind, call, callee);
    const auto first_node = static_cast<Value>(function_.nodes.size());
    const auto first_block = static_cast<BlockId>(function_.blocks.size());
    copy_nodes(callee, function_.nodes[call], first_block);
    copy_blocks(callee, first_node, first_block, behind);
    const std::vector<Value> arguments(function_.arguments_of(function_.nodes[call]).begin(),
                                       function_.arguments_of(function_.nodes[call]).end());
    function_.add_node(block, {.operation = Operation::jump, .offset = function_.nodes[call].offset});
    function_.add_edge(block, first_block, arguments);
    function_.has_calls |= callee.has_calls;
    function_.reloads_instance |= callee.reloads_instance;
    return behind;
  }

  /// What the call gave are parameters of the block behind it.
  void receive_results(BlockId behind, Value call, const Function& callee) {
    const auto first = static_cast<Value>(function_.nodes.size());
    for (const Type type : callee.results) function_.add_parameter(behind, type);
    if (callee.results.size() == 1) replacements_.set(call, first);
    if (!callee.results.empty()) first_result_.emplace(call, first);
  }

  /// The copy's position: where it was in its function, called from there.
  uint32_t position(const Function& callee, uint32_t offset, uint32_t caller) {
    function_.inlined.push_back({offset, callee.index, caller});
    return kInlinedOffset | static_cast<uint32_t>(function_.inlined.size() - 1);
  }

  void copy_nodes(const Function& callee, const Node& call, BlockId first_block) {
    const auto first_node = static_cast<Value>(function_.nodes.size());
    const uint32_t caller = call.offset;
    const bool is_in_loop = call.extra2 != 0;
    uint32_t last_offset = 0;
    uint32_t last_position = position(callee, 0, caller);
    for (const Node& original : callee.nodes) {
      Node node = original;
      if (node.offset != last_offset) {
        last_offset = node.offset;
        last_position = position(callee, node.offset, caller);
      }
      node.offset = last_position;
      if (is_in_loop && node.operation == Operation::call_own) node.extra2 = 1;
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
      copy.has_own_calls = original.has_own_calls;
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
  const bool is_hot_;
  Replacements replacements_;
  size_t budget_;
  std::unordered_map<Value, Value>
      first_result_;  ///< of calls that are gone: the first of the parameters instead
};

}  // namespace

void inline_calls(Function& function, const BuildOptions& options, Callees& callees, bool is_hot) {
  InlinePass(function, options, callees, is_hot).run();
}

}  // namespace heddle::jit
