// SPDX-License-Identifier: Apache-2.0
// Callees: small functions as IR, ready to be copied into those that call them, and kept from one caller to
// the next: the same few are called from everywhere.
//
// One thread at a time. What is kept takes no more than kMost small functions' memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "jit/build/function_builder.h"
#include "jit/ir/ir.h"
#include "jit/passes/dominators.h"
#include "jit/passes/passes.h"

namespace heddle::jit {

class Callees {
 public:
  /// From now on of this module; what is known of another one goes. REQUIRES: forget() is called when the
  /// module ends, since another one may have its address then.
  void use(const engine::ModuleImage& module);
  void forget();

  /// May the function be as small as that? Asks for no IR.
  [[nodiscard]] bool is_tiny(uint32_t index) const;
  /// The function's IR, already simplified, with nothing in it that is not needed; null if it is never to be
  /// inlined. Valid until the next call. REQUIRES: use() of its module, and always the same options.
  [[nodiscard]] const Function* find(uint32_t index, const BuildOptions& options);

 private:
  static constexpr size_t kMost = 512;

  [[nodiscard]] bool make(uint32_t index, const BuildOptions& options);
  void pack(Function& packed);

  const engine::ModuleImage* module_ = nullptr;
  std::vector<bool> refused_;                           ///< by function index
  std::array<std::unique_ptr<Function>, kMost> known_;  ///< at the index's remainder: the last that was made
  FunctionBuilder builder_;
  Function made_;
  Passes passes_;
  Dominators dominators_;
  std::vector<Value> new_values_;  ///< of made_'s nodes, in what is packed
  std::vector<BlockId> new_blocks_;
};

}  // namespace heddle::jit
