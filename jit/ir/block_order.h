// SPDX-License-Identifier: Apache-2.0
// BlockOrder: critical edges, predecessors, loops, coldness and layout of a function, in near-linear time.
//
// A back edge leads to a block on the depth-first path; the graphs are reducible, since wasm is structured,
// so that block is its loop's header. Loops are collected innermost first, and each is one node for those
// around it (Tarjan).
#pragma once

#include <vector>

#include "jit/ir/ir.h"

namespace heddle::jit {

class BlockOrder {
 public:
  /// What order_blocks() does, in the memory of the functions before.
  void compute(Function& function);

 private:
  enum class Mark : uint8_t { unseen, on_path, done };
  static constexpr uint32_t kNoEdge = UINT32_MAX;

  /// Of the depth-first walk: it leaves the block, or comes back from what the edge leads to.
  struct Step {
    BlockId block;
    uint32_t edge;  ///< number of the successor, of a block with several; kNoEdge: leaves
  };
  struct BackEdge {
    BlockId header;
    BlockId from;
    uint32_t edge;
  };

  void walk();
  void empty_unreachable();
  void split_critical_edges();
  void split(BlockId from, size_t successor);
  void find_predecessors();
  void find_loops();
  void collect_loop(BlockId header);
  [[nodiscard]] BlockId representative(BlockId block);
  void mark_cold_blocks();
  void lay_out();
  void nest_loops();

  Function* function_ = nullptr;
  std::vector<Step> path_;
  std::vector<Step> steps_;
  std::vector<Mark> marks_;
  std::vector<uint32_t> incoming_;  ///< edges that lead to the block
  std::vector<BackEdge> back_edges_;
  std::vector<uint32_t> position_;  ///< by block: in reverse postorder
  std::vector<BlockId> merged_;     ///< union-find: the loop a block has become part of
  std::vector<BlockId> outer_;      ///< of a header: the header of the loop around
  std::vector<BlockId> work_;
  // A list of blocks for each loop, by its header.
  std::vector<BlockId> first_, last_, next_;
  std::vector<BlockId> nested_;
};

}  // namespace heddle::jit
