// SPDX-License-Identifier: Apache-2.0
// Store::Objects: what a store owns, and the limiter that counts it. Private to store.cpp and
// instantiate.cpp.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "engine/runtime/roots.h"
#include "engine/runtime/store.h"

namespace heddle::engine {

/// Counts what the store's memories and tables hold. Outlives the store with a shared memory that it created.
/// Threads: any; a shared memory may be grown by another store's thread.
class StoreLimiter final : public GrowthLimiter {
 public:
  bool reserve_memory(uint64_t bytes) override { return memory.reserve(bytes); }
  bool reserve_table(uint64_t elements) override { return table.reserve(elements); }
  void release_memory(uint64_t bytes) override { memory.release(bytes); }
  void release_table(uint64_t elements) override { table.release(elements); }

  struct Account {
    std::atomic<uint64_t> limit{UINT64_MAX};
    std::atomic<uint64_t> used{0};

    bool reserve(uint64_t amount) noexcept {
      uint64_t present = used.load(std::memory_order_relaxed);
      do {
        const uint64_t most = limit.load(std::memory_order_relaxed);
        if (present > most || amount > most - present) return false;
      } while (!used.compare_exchange_weak(present, present + amount, std::memory_order_relaxed));
      return true;
    }
    void release(uint64_t amount) noexcept { used.fetch_sub(amount, std::memory_order_relaxed); }
  };
  Account memory;
  Account table;
};

struct Store::Objects {
  /// A host function with everything that must live as long as it.
  struct Host {
    std::shared_ptr<TypeRegistry::Group> group;
    std::unique_ptr<HostFunction> body;
    FunctionCode code;
    Function function;
  };

  Objects(const ExecContext& context, const TypeRegistry& registry) : roots(context, registry), heap(roots) {
    roots.instances = &instances;
    roots.tables = &tables;
    roots.globals = &globals;
  }

  /// A tag of the host with its type.
  struct HostTag {
    std::shared_ptr<TypeRegistry::Group> group;
    Tag tag;
  };

  std::shared_ptr<StoreLimiter> limiter = std::make_shared<StoreLimiter>();
  uint32_t instance_limit = 0;
  std::vector<std::unique_ptr<Instance>> instances;
  std::vector<std::unique_ptr<Table>> tables;
  std::vector<std::unique_ptr<Global>> globals;
  std::vector<std::unique_ptr<Host>> hosts;
  std::vector<std::unique_ptr<HostTag>> tags;
  uint8_t* stack = nullptr;  ///< the reservation, guard page included
  uint64_t stack_reserved = 0;
  StoreRoots roots;
  gc::Heap heap;
};

}  // namespace heddle::engine
