// SPDX-License-Identifier: Apache-2.0
// The IR: one function in SSA form, as blocks with parameters. docs/JIT.md walks a function through it.
//
// Values are nodes, named by their index. A block's parameters are nodes, too; a jump hands arguments to
// them, so there are no phis. Invariants, which verify() checks:
//   1. every use is dominated by its definition;
//   2. an edge hands as many arguments as its target has parameters, of the same types;
//   3. the last node of a block, and no other, is a terminator;
//   4. a block with several successors has none with several predecessors: such edges are split;
//   5. the upper half of an i32 value means nothing (the machine keeps it zero).
// Blocks stand in reverse postorder with loops contiguous once order_blocks() has run; cold ones stand behind
// all others, but no block before those that dominate it. Not thread-safe; one compilation owns one Function,
// and reset() keeps the memory for the next.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/module/module.h"
#include "heddle/trap.h"
#include "jit/ir/block_list.h"
#include "jit/ir/operation.h"

namespace heddle::jit {

/// References and pointers are i64.
enum class Type : uint8_t { none, i32, i64, f32, f64, v128 };

[[nodiscard]] constexpr bool is_float(Type type) { return type == Type::f32 || type == Type::f64; }
/// Lives in a vector register?
[[nodiscard]] constexpr bool is_vector_class(Type type) { return is_float(type) || type == Type::v128; }
[[nodiscard]] Type type_of(ValueType type) noexcept;
[[nodiscard]] const char* to_string(Type type) noexcept;

using Value = uint32_t;    ///< index of a node
using BlockId = uint32_t;  ///< index of a block
inline constexpr Value kNoValue = UINT32_MAX;
inline constexpr BlockId kNoBlock = UINT32_MAX;

/// What a host_load or host_store touches; two of different classes never overlap. Rows that access guest
/// memory are of the class `memory`. Only `constant` may be loaded before the checks that stand in front of
/// it; for all others their base may be null, or their index too large.
enum class Alias : uint8_t {
  constant,  ///< never changes while the instance lives, not even in calls: may be loaded anywhere after its
             ///< base
  global,    ///< values of globals
  table,     ///< elements of tables
  size,      ///< sizes of tables and memories, and where a table's elements are; only calls change them
  memory,    ///< guest memory, and the size of a shared one
  object,    ///< fields of GC objects that may change
  context,   ///< ExecContext, exceptions in flight, overflow area
};
inline constexpr unsigned kAliases = 7;

struct Node {
  Operation operation = Operation::parameter;
  Type type = Type::none;
  Alias alias = Alias::constant;            ///< host_load, host_store
  TrapKind trap = TrapKind::none;           ///< trap, trap_if, trap_unless
  Operation access = Operation::parameter;  ///< host_load, host_store, check_bounds: a load or store row
  uint16_t argument_count = 0;
  uint32_t first_argument = 0;  ///< in Function::arguments
  /// Constants' bits; offsets; indices; lane of a row without memory; lower half of a v128_const or shuffle;
  /// of a relaxed SIMD row: 1, if the processor's own result is wanted.
  uint64_t immediate = 0;
  /// Upper half of a v128_const or shuffle; lane of a row with memory; first immediate of a runtime call; of
  /// other calls, tail calls too: the canonical TypeId of the callee's type, which tells parameters and
  /// results.
  uint64_t extra = 0;
  uint64_t extra2 = 0;  ///< second immediate of a runtime call; of a call_own: 1, if it stands in a loop
  uint32_t offset = 0;  ///< of the wasm instruction in the module: for traps and backtraces
  BlockId block = kNoBlock;
};

/// A Node::offset with this bit is an index into Function::inlined. (Of modules that are larger nothing is
/// inlined.)
inline constexpr uint32_t kInlinedOffset = uint32_t{1} << 31;

/// Where an inlined node comes from.
struct InlinedPosition {
  uint32_t offset = 0;    ///< of its instruction in the module
  uint32_t function = 0;  ///< whose body that is in
  uint32_t caller = 0;    ///< Node::offset of the call that was inlined: maybe inlined itself
};

struct Edge {
  BlockId target = kNoBlock;
  uint32_t first_argument = 0;  ///< in Function::arguments
  uint32_t argument_count = 0;
};

/// Where a block stands: the same in the IR and in what is selected from it.
struct BlockPlace {
  uint32_t loop_depth = 0;
  BlockId loop_header = kNoBlock;  ///< of the innermost loop that it is in; itself, if it is one
  bool is_loop_header = false;
  bool is_cold = false;     ///< leads to a trap or throw: laid out last
  bool is_handler = false;  ///< entered by a thrown exception: all registers are overwritten then
};

struct Block : BlockPlace {
  std::vector<Value> parameters;
  std::vector<Value> nodes;  ///< in order, the terminator last
  std::vector<Edge> successors;
  std::vector<BlockId> predecessors;  ///< one entry per edge
  bool has_own_calls = false;         ///< may have calls of functions of this module

  void reset();
};

struct Function {
  const engine::ModuleImage* module = nullptr;
  uint32_t index = 0;       ///< function index in the module
  uint32_t osr_offset = 0;  ///< module offset of the `loop` that this body starts at; 0: at its beginning
  std::vector<Type> results;
  std::vector<Node> nodes;
  std::vector<Value> arguments;  ///< of nodes and edges
  BlockList<Block> blocks;       ///< [0] is the entry; its parameters are the function's (of an OSR body: one
                                 ///< i64, the interpreter's frame pointer)
  std::vector<InlinedPosition> inlined;    ///< what offsets with kInlinedOffset mean
  std::vector<BlockId> order;              ///< layout; see order_blocks()
  std::vector<BlockId> reverse_postorder;  ///< of all blocks that can be reached; as old as `order`
  bool has_calls = false;                  ///< of anything: needs a frame and a stack check
  bool reloads_instance = false;  ///< calls may come back in another instance: see calling_convention.h

  void reset();
  BlockId add_block();
  /// Appends to the block, unless it is a parameter.
  Value add_node(BlockId block, const Node& node, std::span<const Value> arguments = {});
  Value add_parameter(BlockId block, Type type);
  /// Leaves `predecessors` to order_blocks().
  void add_edge(BlockId from, BlockId to, std::span<const Value> arguments = {});
  [[nodiscard]] std::span<Value> arguments_of(const Node& node) {
    return std::span(arguments).subspan(node.first_argument, node.argument_count);
  }
  [[nodiscard]] std::span<const Value> arguments_of(const Node& node) const {
    return std::span(arguments).subspan(node.first_argument, node.argument_count);
  }
  [[nodiscard]] std::span<Value> arguments_of(const Edge& edge) {
    return std::span(arguments).subspan(edge.first_argument, edge.argument_count);
  }
  [[nodiscard]] std::span<const Value> arguments_of(const Edge& edge) const {
    return std::span(arguments).subspan(edge.first_argument, edge.argument_count);
  }
};

/// Fills `order` (reverse postorder, each loop contiguous, cold blocks last), predecessors, loop depths and
/// headers, and splits critical edges. Unreachable blocks are emptied and left out of `order`. No recursion.
/// Who does it often has a BlockOrder.
void order_blocks(Function& function);

/// The first broken invariant, or an empty string. For debug builds, tests and fuzzing.
[[nodiscard]] std::string verify(const Function& function);

/// Stable text, one node a line: what `heddle dump --stage ir` and golden tests show.
/// `with_offsets`: and, behind a `;`, the module offset of the wasm instruction that each came from.
[[nodiscard]] std::string print(const Function& function, bool with_offsets = false);

}  // namespace heddle::jit
