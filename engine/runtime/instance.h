// SPDX-License-Identifier: Apache-2.0
// Instance: one module brought to life in one store; the arrays that running code indexes.
//
// Belongs to one Store and so to one guest thread. Tiers read the first members directly; their order is
// fixed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/module/module.h"
#include "engine/runtime/function.h"
#include "engine/runtime/memory.h"
#include "engine/runtime/table.h"
#include "engine/runtime/tag.h"

namespace heddle::engine {

struct ExecContext;
class Store;

struct Instance {
  uint8_t* memory0_base = nullptr;  ///< of memory 0; a harmless guarded address if there is none
  Global** globals = nullptr;       ///< index space, imports first
  Memory** memories = nullptr;
  Table** tables = nullptr;
  Function** functions = nullptr;  ///< imports: always set; defined ones: null until someone asks function()
  ExecContext* context = nullptr;
  const ModuleImage* module = nullptr;
  Store* store = nullptr;
  Tag** tags = nullptr;

  std::vector<bool> dropped_elements;  ///< elem.drop, and active segments after instantiation
  std::vector<bool> dropped_data;
  /// Values of the segments that are written as expressions, evaluated once at instantiation; else empty.
  std::vector<std::vector<Slot>> element_values;

  // Owners behind the arrays above.
  std::shared_ptr<const ModuleImage> module_owner;
  std::vector<Global*> global_space;
  std::vector<Memory*> memory_space;
  std::vector<Table*> table_space;
  std::vector<Function*> function_space;
  std::vector<Tag*> tag_space;
  std::vector<std::shared_ptr<Memory>> memory_owners;
  std::vector<std::unique_ptr<Function>> own_functions;
  std::vector<std::unique_ptr<Table>> own_tables;
  std::unique_ptr<Global[]> own_globals;
  std::unique_ptr<Tag[]> own_tags;

  /// The Function of an index, made on first use (funcrefs, exports).
  [[nodiscard]] Function* function(uint32_t index);
};

}  // namespace heddle::engine
