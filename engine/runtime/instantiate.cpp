// SPDX-License-Identifier: Apache-2.0
// Instantiation: links, allocates and initializes an instance, in the order of spec 4.5.4; and renewal, which
// does it again with what is there already.
#include <algorithm>
#include <cassert>

#include "engine/runtime/const_expr.h"
#include "engine/runtime/matching.h"
#include "engine/runtime/memory_bulk.h"
#include "engine/runtime/store.h"
#include "engine/runtime/store_objects.h"
#include "engine/runtime/table_bulk.h"
#include "engine/support/platform.h"
#include "engine/support/try.h"

namespace heddle::engine {

namespace {

/// What memory0_base is without a memory: validated code never gets there, and if it did it would fault.
uint8_t* untouchable_page() {
  static void* const page = reserve_address_space(host_page_size());
  return static_cast<uint8_t*>(page);
}

/// The steps that make an instance's objects. Those that evaluate constant expressions may trap: the host can
/// run out of memory for what they create.
class Builder {
 public:
  Builder(Instance& instance, std::shared_ptr<GrowthLimiter> limiter)
      : instance_(instance), module_(*instance.module), limiter_(std::move(limiter)), constants_(instance) {}

  void make_spaces();
  void bind(std::span<const External> imports);
  void make_tags();
  Result<void> make_memories(MemoryMode mode);
  TrapKind make_globals();
  Result<TrapKind> make_tables();
  TrapKind evaluate_elements();
  Result<void> renew_memories();
  TrapKind renew_globals();
  TrapKind renew_tables();

 private:
  [[nodiscard]] TrapKind table_init_value(size_t table, Slot& value);

  Instance& instance_;
  const ModuleImage& module_;
  std::shared_ptr<GrowthLimiter> limiter_;
  ConstantEvaluator constants_;
};

void Builder::make_spaces() {
  instance_.function_space.resize(module_.functions.size());
  instance_.table_space.resize(module_.tables.size());
  instance_.memory_space.resize(module_.memories.size());
  instance_.memory_owners.resize(module_.memories.size());
  instance_.global_space.resize(module_.globals.size());
  instance_.functions = instance_.function_space.data();
  instance_.tables = instance_.table_space.data();
  instance_.memories = instance_.memory_space.data();
  instance_.globals = instance_.global_space.data();
  instance_.tag_space.resize(module_.tags.size());
  instance_.tags = instance_.tag_space.data();
  instance_.dropped_elements.resize(module_.elements.size());
  instance_.dropped_data.resize(module_.data.size());
  instance_.element_values.resize(module_.elements.size());
}

void Builder::bind(std::span<const External> imports) {
  for (size_t i = 0; i < module_.imports.size(); ++i) {
    const uint32_t index = module_.imports[i].index;
    switch (module_.imports[i].kind) {
      case ExternKind::function: instance_.function_space[index] = imports[i].function; break;
      case ExternKind::table: instance_.table_space[index] = imports[i].table; break;
      case ExternKind::memory: instance_.memory_owners[index] = imports[i].memory; break;
      case ExternKind::global: instance_.global_space[index] = imports[i].global; break;
      case ExternKind::tag: instance_.tag_space[index] = imports[i].tag; break;
    }
  }
}

Result<void> Builder::make_memories(MemoryMode mode) {
  for (size_t i = 0; i < module_.memories.size(); ++i) {
    std::shared_ptr<Memory>& memory = instance_.memory_owners[i];
    if (i >= module_.imported_memories) {
      HEDDLE_TRY_ASSIGN(memory, Memory::create(module_.memories[i], mode, limiter_));
    }
    // Code relies on it: it was translated for the engine's mode.
    if (memory->needs_checks() != (memory_mode_of(memory->type(), mode) == MemoryMode::checked)) {
      Error error;
      error.kind = ErrorKind::usage;
      error.message = "an imported memory was created for another memory mode, so by another engine";
      return error;
    }
    instance_.memory_space[i] = memory.get();
  }
  const bool has_memory = !instance_.memory_space.empty();
  instance_.memory0_base = has_memory ? instance_.memory_space[0]->base() : untouchable_page();
  return {};
}

void Builder::make_tags() {
  const uint32_t imported = module_.imported_tags;
  instance_.own_tags = std::make_unique<Tag[]>(module_.tags.size() - imported);
  for (uint32_t i = imported; i < module_.tags.size(); ++i) {
    Tag& tag = instance_.own_tags[i - imported];
    tag = {module_.tags[i].type, &module_, i};
    instance_.tag_space[i] = &tag;
  }
}

TrapKind Builder::make_globals() {
  const size_t imported = module_.imported_globals;
  instance_.own_globals = std::make_unique<Global[]>(module_.globals.size() - imported);
  return renew_globals();
}

TrapKind Builder::renew_globals() {
  const size_t imported = module_.imported_globals;
  for (size_t i = imported; i < module_.globals.size(); ++i) {
    Global& global = instance_.own_globals[i - imported];
    global.type = module_.globals[i].type;
    const TrapKind trap = constants_.evaluate(module_.globals[i].init, global.value);
    if (trap != TrapKind::none) return trap;
    instance_.global_space[i] = &global;  // expressions further on may read it
  }
  return TrapKind::none;
}

TrapKind Builder::table_init_value(size_t table, Slot& value) {
  Slot init[2] = {0, 0};
  const auto& expression = module_.tables[table].init;
  const TrapKind trap = expression ? constants_.evaluate(*expression, init) : TrapKind::none;
  value = init[0];
  return trap;
}

Result<TrapKind> Builder::make_tables() {
  for (size_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
    Slot init = 0;
    if (const TrapKind trap = table_init_value(i, init); trap != TrapKind::none) return trap;
    HEDDLE_TRY_ASSIGN(auto table, Table::create(module_.tables[i].type, init, limiter_));
    instance_.table_space[i] = instance_.own_tables.emplace_back(std::move(table)).get();
  }
  return TrapKind::none;
}

TrapKind Builder::renew_tables() {
  for (size_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
    Slot init = 0;
    if (const TrapKind trap = table_init_value(i, init); trap != TrapKind::none) return trap;
    instance_.table_space[i]->reset(init);
  }
  return TrapKind::none;
}

Result<void> Builder::renew_memories() {
  for (size_t i = module_.imported_memories; i < module_.memories.size(); ++i) {
    if (instance_.memory_space[i]->reset()) continue;
    Error error;
    error.kind = ErrorKind::resource;
    error.message = "the host has no memory to renew an instance";
    return error;
  }
  return {};
}

TrapKind Builder::evaluate_elements() {
  for (size_t i = 0; i < module_.elements.size(); ++i) {
    const ElementSegment& segment = module_.elements[i];
    if (!segment.uses_expressions || segment.mode == SegmentMode::declarative) continue;
    std::vector<Slot>& values = instance_.element_values[i];
    values.clear();
    values.reserve(segment.expressions.size());
    for (const ConstantExpression& expression : segment.expressions) {
      Slot value[2];
      const TrapKind trap = constants_.evaluate(expression, value);
      if (trap != TrapKind::none) return trap;
      values.push_back(value[0]);
    }
  }
  return TrapKind::none;
}

/// Copies the active element segments into their tables and drops them. False if one does not fit.
bool write_elements(Instance& instance, ConstantEvaluator& constants) {
  const ModuleImage& module = *instance.module;
  for (uint32_t i = 0; i < module.elements.size(); ++i) {
    const ElementSegment& segment = module.elements[i];
    if (segment.mode == SegmentMode::passive) continue;
    if (segment.mode == SegmentMode::active) {
      Slot offset[2];
      const TrapKind trap = constants.evaluate(segment.offset, offset);
      if (trap != TrapKind::none) return instance.context->fail(trap);
      if (!table_init(instance, i, *instance.tables[segment.table], offset[0], 0, segment.size())) {
        return instance.context->fail(TrapKind::table_out_of_bounds);
      }
    }
    drop_elements(instance, i);
  }
  return true;
}

/// Drops what write_elements() would, for tables that still hold it.
void drop_written_elements(Instance& instance) {
  for (uint32_t i = 0; i < instance.module->elements.size(); ++i) {
    if (instance.module->elements[i].mode != SegmentMode::passive) drop_elements(instance, i);
  }
}

bool write_data(Instance& instance, ConstantEvaluator& constants) {
  const ModuleImage& module = *instance.module;
  for (uint32_t i = 0; i < module.data.size(); ++i) {
    const DataSegment& segment = module.data[i];
    if (segment.mode != SegmentMode::active) continue;
    Slot offset[2];
    const TrapKind trap = constants.evaluate(segment.offset, offset);
    if (trap != TrapKind::none) return instance.context->fail(trap);
    const std::span<const uint8_t> bytes = module.view(segment.bytes);
    if (!memory_init(*instance.context, *instance.memories[segment.memory], offset[0], bytes, 0,
                     bytes.size())) {
      return false;
    }
    instance.dropped_data[i] = true;
  }
  return true;
}

/// Must its tables be made anew? Own ones that nobody has written to since they were initialized need not,
/// unless they may hold objects.
bool has_changed_tables(const Instance& instance, bool has_objects) {
  if (instance.module->imported_tables != 0) return true;
  return std::ranges::any_of(instance.own_tables,
                             [&](const auto& table) { return has_objects || table->is_written(); });
}

/// build() for an instance that has lived already.
Result<TrapKind> rebuild(Instance& instance, bool with_tables) {
  instance.dropped_elements.assign(instance.dropped_elements.size(), false);
  instance.dropped_data.assign(instance.dropped_data.size(), false);
  Builder builder(instance, nullptr);
  HEDDLE_TRY(builder.renew_memories());
  TrapKind failure = builder.renew_globals();
  if (failure == TrapKind::none && with_tables) failure = builder.renew_tables();
  if (failure == TrapKind::none) failure = builder.evaluate_elements();
  return failure;
}

/// All of an instance but what its segments write. Neither an error nor a trap leaves traces elsewhere.
Result<TrapKind> build(Instance& instance, std::span<const External> imports,
                       const std::shared_ptr<GrowthLimiter>& limiter, MemoryMode mode) {
  Builder builder(instance, limiter);
  builder.make_spaces();
  builder.bind(imports);
  builder.make_tags();
  HEDDLE_TRY(builder.make_memories(mode));
  TrapKind failure = builder.make_globals();
  if (failure == TrapKind::none) {
    HEDDLE_TRY_ASSIGN(failure, builder.make_tables());
  }
  if (failure == TrapKind::none) failure = builder.evaluate_elements();
  return failure;
}

Error instance_limit_error(uint32_t limit) {
  Error error;
  error.kind = ErrorKind::limit;
  error.message = "the store's limit of " + std::to_string(limit) + " instances is reached";
  return error;
}

}  // namespace

Result<Instance*> Store::instantiate(std::shared_ptr<const ModuleImage> module,
                                     std::span<const External> imports, Trap* trap) {
  if (trap != nullptr) *trap = {};
  if (objects_->instances.size() >= objects_->instance_limit)
    return instance_limit_error(objects_->instance_limit);
  HEDDLE_TRY(match_imports(*module, imports));

  auto owner = std::make_unique<Instance>();
  Instance& instance = *owner;
  instance.context = &context_;
  instance.store = this;
  instance.module = module.get();
  instance.module_owner = std::move(module);

  objects_->roots.building = &instance;
  Result<TrapKind> built = build(instance, imports, objects_->limiter, engine_->memory_mode);
  objects_->roots.building = nullptr;
  HEDDLE_TRY_ASSIGN(const TrapKind failure, std::move(built));
  // From here on others may see parts of it, so it stays whatever happens.
  objects_->instances.push_back(std::move(owner));
  engine_->tier->on_instance(instance);
  if (failure != TrapKind::none) {
    context_.fail(failure);
    take_trap(trap, false);
  } else {
    initialize(instance, true, trap);
  }
  return &instance;
}

Result<void> Store::renew(Instance& instance, Trap* trap) {
  if (trap != nullptr) *trap = {};
  context_.exception = nullptr;
  const bool has_objects = heap().statistics().block_bytes != 0;
  const bool with_tables = has_changed_tables(instance, has_objects);
  HEDDLE_TRY_ASSIGN(const TrapKind failure, rebuild(instance, with_tables));
  if (has_objects) heap().collect();
  if (failure != TrapKind::none) {
    context_.fail(failure);
    take_trap(trap, false);
  } else {
    initialize(instance, with_tables, trap);
  }
  return {};
}

void Store::initialize(Instance& instance, bool with_tables, Trap* trap) {
  ConstantEvaluator constants(instance);
  if (!with_tables) drop_written_elements(instance);
  if ((with_tables && !write_elements(instance, constants)) || !write_data(instance, constants)) {
    return take_trap(trap, false);
  }
  for (const auto& table : instance.own_tables) table->forget_writes();
  const std::optional<uint32_t> start = instance.module->start;
  if (start) call(*instance.function(*start), {}, trap);
}

}  // namespace heddle::engine
