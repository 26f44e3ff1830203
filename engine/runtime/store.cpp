// SPDX-License-Identifier: Apache-2.0
// Store: creation of objects, calls from the host, traps made presentable.
#include "engine/runtime/store.h"

#include <algorithm>
#include <cassert>

#include "engine/runtime/signals.h"
#include "engine/runtime/store_objects.h"
#include "engine/support/bits.h"
#include "engine/support/platform.h"

namespace heddle::engine {

namespace {

constexpr uint64_t kLeastStackBytes = uint64_t{4} << 10;
constexpr uint64_t kMostStackBytes = uint64_t{64} << 30;
/// Native stack left for the host function that was entered last; a quarter of it on small stacks.
constexpr uintptr_t kNativeReserve = uintptr_t{128} << 10;

uintptr_t native_stack_position() { return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)); }

/// What compiled code may use of a stack whose end nobody has told.
constexpr uint64_t kUnknownStackBytes = uint64_t{64} << 10;
/// The largest frame of compiled code, which looks for room when it has its frame already.
constexpr uintptr_t kNativeFrameBytes = uintptr_t{64} << 10;

/// Where entering must stop on the stack that this runs on; 0 if it is not the thread's own one (a fiber's),
/// whose limit its scheduler has set.
uintptr_t native_limit_here() {
  const NativeStack stack = current_native_stack();
  const uintptr_t here = native_stack_position();
  if (here < stack.low || here >= stack.high) return 0;
  return stack.low + std::min(kNativeReserve, (stack.high - stack.low) / 4);
}

Error resource_error(std::string message) {
  Error error;
  error.kind = ErrorKind::resource;
  error.message = std::move(message);
  return error;
}

}  // namespace

Store::Store(std::shared_ptr<EngineState> engine)
    : engine_(std::move(engine)), objects_(std::make_unique<Objects>(context_, engine_->registry)) {
  context_.store = this;
  context_.heap = &objects_->heap;
  objects_->heap.stop_when(context_.requests, ExecContext::kInterrupt);
  if (engine_->tier != nullptr) engine_->tier->on_store(context_);
}

Store::~Store() {
  if (engine_->tier != nullptr) engine_->tier->on_store_end(context_);
  // Before the context: instances point to it. The limiter may live on in a shared memory.
  uint8_t* const stack = objects_->stack;
  const uint64_t reserved = objects_->stack_reserved;
  objects_.reset();
  release_address_space(stack, reserved);
}

Result<std::unique_ptr<Store>> Store::create(std::shared_ptr<EngineState> engine, const StoreLimits& limits) {
  std::unique_ptr<Store> store(new Store(std::move(engine)));
  const uint64_t guard = host_page_size();
  const uint64_t bytes = align_up(std::clamp(limits.stack_bytes, kLeastStackBytes, kMostStackBytes), guard);
  const uint64_t reserve = align_up(ExecContext::kReserveSlots * sizeof(Slot), guard);
  Objects& objects = *store->objects_;
  objects.stack = static_cast<uint8_t*>(reserve_address_space(bytes + reserve + guard));
  objects.stack_reserved = bytes + reserve + guard;
  if (objects.stack == nullptr || !commit_pages(objects.stack, bytes + reserve)) {
    return resource_error("the host has no memory for a guest stack of " + std::to_string(bytes) + " bytes");
  }
  Slot* const begin = reinterpret_cast<Slot*>(objects.stack);
  store->use_stack(begin, begin + bytes / sizeof(Slot));
  store->set_limits(limits);
  return store;
}

std::unique_ptr<Store> Store::create_on(std::shared_ptr<EngineState> engine, const StoreLimits& limits,
                                        std::span<Slot> stack) {
  assert(stack.size() > ExecContext::kReserveSlots);
  std::unique_ptr<Store> store(new Store(std::move(engine)));
  store->use_stack(stack.data(), stack.data() + stack.size() - ExecContext::kReserveSlots);
  store->set_limits(limits);
  return store;
}

void Store::use_stack(Slot* begin, Slot* end) {
  context_.stack_begin = begin;
  context_.stack_top = begin;
  context_.stack_end = end;
  context_.stack_limit.store(end, std::memory_order_relaxed);
}

/// Compiled code may go as deep on the native stack as the guest's own stack is large, if there is as much.
void Store::limit_native_stack() {
  const uintptr_t here = native_stack_position();
  const auto allowed = static_cast<uint64_t>(context_.stack_end - context_.stack_begin) * sizeof(Slot);
  const bool is_known = context_.native_stack_limit != 0;
  const uint64_t bytes = is_known ? allowed : std::min(allowed, kUnknownStackBytes);
  uintptr_t end = here - std::min<uint64_t>(bytes, here);
  if (is_known) end = std::max(end, context_.native_stack_limit + kNativeFrameBytes);
  end = align_up(end, host_page_size());
  if (end != context_.native_stack_end) context_.set_native_stack_end(end);
}

void Store::set_limits(const StoreLimits& limits) {
  objects_->limiter->memory.limit.store(limits.memory_bytes, std::memory_order_relaxed);
  objects_->limiter->table.limit.store(limits.table_elements, std::memory_order_relaxed);
  objects_->instance_limit = limits.instances;
  objects_->heap.set_limits({limits.gc_bytes, engine_->gc_stress});
}

const std::shared_ptr<gc::RootTable>& Store::handles() const noexcept { return objects_->roots.handles; }

void Store::set_constants(const std::vector<Slot>* operands) noexcept {
  objects_->roots.constants = operands;
}

uint64_t Store::memory_bytes() const noexcept {
  return objects_->limiter->memory.used.load(std::memory_order_relaxed);
}

uint64_t Store::table_elements() const noexcept {
  return objects_->limiter->table.used.load(std::memory_order_relaxed);
}

Result<Table*> Store::new_table(const TableType& type, Slot init) {
  Result<std::unique_ptr<Table>> table = Table::create(type, init, objects_->limiter);
  if (!table) return std::move(table).error();
  return objects_->tables.emplace_back(std::move(table).value()).get();
}

Result<std::shared_ptr<Memory>> Store::new_memory(const MemoryType& type) {
  return Memory::create(type, engine_->memory_mode, objects_->limiter);
}

Global* Store::new_global(const GlobalType& type, const Slot* value) {
  auto& global = objects_->globals.emplace_back(std::make_unique<Global>());
  global->type = type;
  std::copy_n(value, type.type.slots(), global->value);
  return global.get();
}

Function* Store::new_host_function(std::shared_ptr<TypeRegistry::Group> group,
                                   std::unique_ptr<HostFunction> host) {
  auto& entry = objects_->hosts.emplace_back(std::make_unique<Objects::Host>());
  const TypeDefinition& type = engine_->registry.get(group->first());
  entry->code.parameter_slots = type.parameter_slots;
  entry->code.result_slots = type.result_slots;
  entry->code.host = host.get();
  entry->code.type = group->first();
  entry->function = {&entry->code, nullptr, host.get(), group->first()};
  entry->group = std::move(group);
  entry->body = std::move(host);
  engine_->tier->prepare_host(entry->code);
  return &entry->function;
}

External Store::get_export(Instance& instance, const Export& what) {
  External external;
  external.kind = what.kind;
  switch (what.kind) {
    case ExternKind::function: external.function = instance.function(what.index); break;
    case ExternKind::table: external.table = instance.table_space[what.index]; break;
    case ExternKind::memory: external.memory = instance.memory_owners[what.index]; break;
    case ExternKind::global: external.global = instance.global_space[what.index]; break;
    case ExternKind::tag: external.tag = instance.tag_space[what.index]; break;
  }
  return external;
}

bool Store::call(Function& function, std::span<Slot> slots, Trap* trap) {
  Slot* const stack_top = context_.stack_top;
  const uintptr_t outer_limit = context_.native_stack_limit;
  if (context_.entries == 0) {
    ensure_signal_stack();
    if (const uintptr_t limit = native_limit_here(); limit != 0) context_.native_stack_limit = limit;
    if (engine_->tier->uses_native_stack()) limit_native_stack();
  }
  ++context_.entries;
  bool in_tier = false;
  const bool returned = enter(function, slots, in_tier);
  --context_.entries;
  context_.native_stack_limit = outer_limit;
  const bool ran_full = !returned && context_.trap.kind == TrapKind::out_of_memory;
  if (!returned) take_trap(trap, in_tier);
  context_.stack_top = stack_top;
  if (ran_full) clear_dead_slots();
  return returned;
}

/// What the guest left in slots that are free again looks like references to the collector: after a full heap
/// none of it shall keep the heap full. Bounded, since stacks may be huge.
void Store::clear_dead_slots() {
  constexpr ptrdiff_t kMostSlots = (ptrdiff_t{4} << 20) / sizeof(Slot);
  std::fill_n(context_.stack_top, std::min(context_.stack_end - context_.stack_top, kMostSlots), 0);
}

bool Store::enter(Function& function, std::span<Slot> slots, bool& in_tier) {
  const FunctionCode& code = *function.code;
  const uint32_t area = code.header_slot();
  assert(slots.size() >= area);
  Slot* const begin = context_.stack_top;
  if (native_stack_position() < context_.native_stack_limit ||
      static_cast<size_t>(context_.stack_end - begin) < area) {
    return context_.fail(TrapKind::call_stack_exhausted);
  }
  std::copy_n(slots.begin(), code.parameter_slots, begin);
  bool returned = false;
  if (function.host != nullptr) {
    context_.stack_top = begin + area;
    context_.caller = nullptr;
    returned = function.host->call(context_, begin);
  } else {
    in_tier = true;
    returned = engine_->tier->invoke(context_, function, begin);
  }
  if (returned) std::copy_n(begin, code.result_slots, slots.begin());
  return returned;
}

void Store::take_trap(Trap* trap, bool with_frames) {
  TrapRecord& record = context_.trap;
  if (trap != nullptr) {
    *trap = {};
    trap->kind = record.kind != TrapKind::none ? record.kind : TrapKind::host_error;
    trap->message = !record.message.empty() ? std::move(record.message) : to_string(trap->kind);
    trap->exit_code = record.exit_code;
    // A program that is done did so on purpose: nobody asks where.
    const bool is_asked = with_frames && trap->kind != TrapKind::exit;
    if (is_asked && !context_.forgoes_backtraces.load(std::memory_order_relaxed))
      engine_->tier->backtrace(context_, trap->frames, trap->omitted_frames);
  }
  record = {};
}

}  // namespace heddle::engine
