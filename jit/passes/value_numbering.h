// SPDX-License-Identifier: Apache-2.0
// ValueNumbering: one walk of the dominator tree that simplifies each node and then looks whether a
// dominating one has computed it already. Loads take part: a load's key holds the version of what it reads,
// and every store makes a new one. (GVN and redundant load elimination.)
//
// Invariants: an entry of the table is visible exactly in the subtree of the block that made it; at a merge a
// version stays only if it is the same on all ways, and at a loop header only if nothing in the loop writes
// its class.
#pragma once

#include <array>
#include <vector>

#include "jit/ir/block_order.h"
#include "jit/ir/ir.h"
#include "jit/passes/dominators.h"
#include "jit/passes/replacements.h"
#include "jit/passes/scoped_table.h"
#include "jit/passes/simplify.h"

namespace heddle::jit {

class ValueNumbering final : Simplifier::Constants {
 public:
  /// Folds constants, simplifies, and replaces what a dominating node has computed or loaded already.
  /// `dominators`: gets the function's; `order`: makes it anew if edges go.
  void run(Function& function, BlockOrder& order, Dominators& dominators);

 private:
  using Versions = std::array<uint32_t, kAliases>;
  using Classes = uint8_t;  ///< a bit per alias class
  struct Scope {
    BlockId block;
    size_t table_size;
  };

  void leave_scopes(BlockId block);
  void find_loop_writes();
  [[nodiscard]] Versions versions_at_entry(BlockId block);
  void forget(Versions& versions, Classes written);
  bool number_block(BlockId block);
  void number(Value value);
  [[nodiscard]] NodeKey key_of(const Node& node) const;
  void remember_stored(const Node& node);
  Value constant(Type type, uint64_t bits) override;

  Function* function_ = nullptr;
  const Dominators* dominators_ = nullptr;
  Replacements replacements_;
  Simplifier simplifier_;
  ScopedTable table_;
  std::vector<Scope> scopes_;
  std::vector<Classes> loop_writes_;
  std::vector<Versions> leaving_;  ///< by block: versions at its end
  Versions versions_{};
  uint32_t last_version_ = 0;
  BlockId block_ = 0;
  std::vector<Value>
      nodes_;  ///< of the block at hand, as they were; the block has those that stay, and new ones
};

}  // namespace heddle::jit
