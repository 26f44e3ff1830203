// SPDX-License-Identifier: Apache-2.0
// Store: the owner of all run-time objects of one guest thread, and of its ExecContext and limits.
//
// Threads: one thread at a time. Only interrupt() may come from elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/gc/heap.h"
#include "engine/gc/root_table.h"
#include "engine/runtime/exec_context.h"
#include "engine/runtime/instance.h"
#include "engine/runtime/tier.h"

namespace heddle::engine {

struct StoreLimits {
  uint64_t memory_bytes = UINT64_MAX;
  uint64_t table_elements = 10'000'000;
  uint32_t instances = 10'000;
  uint64_t stack_bytes = uint64_t{1} << 20;  ///< guest stack (slots)
  uint64_t gc_bytes = uint64_t{1} << 30;     ///< heap of structures, arrays and exceptions
};

/// What an import may be bound to, and what an export is.
struct External {
  ExternKind kind = ExternKind::function;
  Function* function = nullptr;
  Table* table = nullptr;
  std::shared_ptr<Memory> memory;
  Global* global = nullptr;
  Tag* tag = nullptr;
};

/// Shared by all stores of an engine.
struct EngineState {
  TypeRegistry registry;
  WaitQueues wait_queues;
  std::unique_ptr<Tier> tier;
  MemoryMode memory_mode = MemoryMode::automatic;
  bool fuel = false;       ///< code counts fuel
  bool gc_stress = false;  ///< heaps collect before every allocation
};

class Store {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Store>> create(std::shared_ptr<EngineState> engine,
                                                             const StoreLimits& limits);
  /// As create(), with a guest stack that is the caller's and outlives the store: readable and writable, and
  /// larger than ExecContext::kReserveSlots. limits.stack_bytes means nothing then.
  [[nodiscard]] static std::unique_ptr<Store> create_on(std::shared_ptr<EngineState> engine,
                                                        const StoreLimits& limits, std::span<Slot> stack);
  ~Store();

  [[nodiscard]] EngineState& engine() noexcept { return *engine_; }
  [[nodiscard]] ExecContext& context() noexcept { return context_; }
  [[nodiscard]] gc::Heap& heap() noexcept { return *context_.heap; }
  /// Where the host's references to objects are kept alive. Shared: handles may outlive the store.
  [[nodiscard]] const std::shared_ptr<gc::RootTable>& handles() const noexcept;
  /// Keeps a constant expression's operands alive; null when it has been evaluated.
  void set_constants(const std::vector<Slot>* operands) noexcept;

  /// Links, allocates, initializes and runs the start function. On a trap during initialization the instance
  /// stays in the store (others may hold its functions), is returned, and `trap` says why; `trap` is reset
  /// otherwise. Errors are of kind link, limit, resource or usage. `imports` in the order of module.imports.
  [[nodiscard]] Result<Instance*> instantiate(std::shared_ptr<const ModuleImage> module,
                                              std::span<const External> imports, Trap* trap);

  /// Makes an instance as if it had just been instantiated, and runs its start function again: own globals,
  /// tables, memories and segments are as at first. `trap` as for instantiate(). Errors (resource): the
  /// instance must not be used any more. REQUIRES: it was instantiated without a trap, no call is running,
  /// and nobody else holds what it owns, above all its memories.
  [[nodiscard]] Result<void> renew(Instance& instance, Trap* trap);

  /// The instance's export by index in module.exports.
  [[nodiscard]] External get_export(Instance& instance, const Export& what);

  [[nodiscard]] Result<Table*> new_table(const TableType& type, Slot init);
  [[nodiscard]] Result<std::shared_ptr<Memory>> new_memory(const MemoryType& type);
  [[nodiscard]] Global* new_global(const GlobalType& type, const Slot* value);
  /// Takes ownership of `host`; `group` keeps the type alive.
  [[nodiscard]] Function* new_host_function(std::shared_ptr<TypeRegistry::Group> group,
                                            std::unique_ptr<HostFunction> host);

  /// A tag of the host; `group` keeps its type alive.
  [[nodiscard]] Tag* new_tag(std::shared_ptr<TypeRegistry::Group> group);
  /// An exception with `payload` (the slots of the tag's parameters). Null if there is no room for it.
  [[nodiscard]] gc::Exception* new_exception(const Tag& tag, const Slot* payload) noexcept;
  /// The exception that a call's trap of kind exception is about; forgets it.
  [[nodiscard]] gc::Exception* take_exception() noexcept {
    return std::exchange(context_.exception, nullptr);
  }

  /// Calls a function. `slots` holds arguments and receives results (max of both). False after a trap. Host
  /// functions may call again; nesting ends in a trap before the native stack does.
  bool call(Function& function, std::span<Slot> slots, Trap* trap);

  /// Limits what is allocated from now on. The guest stack keeps the size it was created with.
  void set_limits(const StoreLimits& limits);
  /// Bytes of memory and elements of tables that the store's objects hold right now.
  [[nodiscard]] uint64_t memory_bytes() const noexcept;
  [[nodiscard]] uint64_t table_elements() const noexcept;

  /// Stops the guest, or, if none runs, the next one that is called; stays until context().clear_interrupt().
  /// Any thread.
  void interrupt() noexcept { context_.request_interrupt(); }

 private:
  explicit Store(std::shared_ptr<EngineState> engine);
  void use_stack(Slot* begin, Slot* end);
  void limit_native_stack();
  bool enter(Function& function, std::span<Slot> slots, bool& in_tier);
  void clear_dead_slots();
  void take_trap(Trap* trap, bool with_frames);
  void initialize(Instance& instance, bool with_tables, Trap* trap);

  std::shared_ptr<EngineState> engine_;
  ExecContext context_;
  struct Objects;
  std::unique_ptr<Objects> objects_;
};

}  // namespace heddle::engine
