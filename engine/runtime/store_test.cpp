// SPDX-License-Identifier: Apache-2.0
// Tests of stores: calls and their nesting, traps, limits, interrupts, host functions, tables.
#include "engine/runtime/store.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <thread>

#include "engine/runtime/fake_tier.h"
#include "engine/runtime/table_bulk.h"
#include "engine/support/sanitizers.h"

namespace heddle::engine {
namespace {

/// A host function that is a lambda.
class Host final : public HostFunction {
 public:
  using Body = std::function<bool(ExecContext&, Slot*)>;
  explicit Host(Body body) : body_(std::move(body)) {}
  bool call(ExecContext& context, Slot* slots) noexcept override { return body_(context, slots); }

 private:
  Body body_;
};

Function* make_host(FakeWorld& world, std::vector<ValueType> parameters, std::vector<ValueType> results,
                    Host::Body body) {
  auto group = world.engine->registry.add_function(std::move(parameters), std::move(results));
  return world.store->new_host_function(std::move(group), std::make_unique<Host>(std::move(body)));
}

constexpr ValueType kI32 = ValueType::Kind::i32;
constexpr ValueType kI64 = ValueType::Kind::i64;

constexpr std::string_view kOneFunction =
    R"((module (func (export "f") (param i32 i64) (result i64) local.get 1)))";

TEST(store, calls_pass_arguments_and_results) {
  FakeWorld world;
  Instance& instance = **world.instantiate(kOneFunction);
  Function& function = *world.exported(instance, "f").function;
  world.tier->behaviour = [&](ExecContext& context, Function& called, Slot* slots) {
    EXPECT_EQ(&called, &function);
    EXPECT_EQ(slots, context.stack_top);
    EXPECT_EQ(context.entries, 1u);
    slots[0] = slots[0] * 10 + slots[1];
    return true;
  };
  Slot slots[] = {4, 2};
  EXPECT_TRUE(world.store->call(function, slots, &world.trap));
  EXPECT_EQ(slots[0], 42u);
  EXPECT_EQ(world.store->context().entries, 0u);
  EXPECT_EQ(instance.function(0), &function);
}

TEST(store, traps_carry_message_and_frames_and_leave_the_store_usable) {
  FakeWorld world;
  Function& function = *world.exported(**world.instantiate(kOneFunction), "f").function;
  Slot slots[] = {0, 0};
  world.tier->behaviour = [](ExecContext& context, Function&, Slot*) {
    context.stack_top += 100;
    context.fail(TrapKind::unreachable);
    return context.fail(TrapKind::interrupted);  // the first one stays
  };
  EXPECT_FALSE(world.store->call(function, slots, &world.trap));
  EXPECT_EQ(world.trap.kind, TrapKind::unreachable);
  EXPECT_EQ(world.trap.to_string(), "unreachable\n   0: module!fake at 0x10\n  ... 3 more frames");
  EXPECT_EQ(world.store->context().stack_top, world.store->context().stack_begin);
  world.tier->behaviour = nullptr;
  EXPECT_TRUE(world.store->call(function, slots, &world.trap));
  world.tier->behaviour = [](ExecContext& context, Function&, Slot*) {
    return context.fail(TrapKind::host_error, "disk \x1b[31mfull");
  };
  EXPECT_FALSE(world.store->call(function, slots, nullptr));
  EXPECT_FALSE(world.store->call(function, slots, &world.trap));
  EXPECT_EQ(world.trap.message, "disk \x1b[31mfull");
  EXPECT_EQ(world.trap.to_string().find('\x1b'), std::string::npos);
}

TEST(store, every_trap_has_its_message) {
  EXPECT_STREQ(to_string(TrapKind::none), "no trap");
  EXPECT_STREQ(to_string(TrapKind::memory_out_of_bounds), "out of bounds memory access");
  EXPECT_STREQ(to_string(TrapKind::host_error), "host function failed");
  EXPECT_STREQ(to_string(static_cast<TrapKind>(200)), "unknown trap");
}

TEST(store, host_functions_are_called_directly) {
  FakeWorld world;
  Function* const host =
      make_host(world, {kI32, kI32}, {kI32, kI64, kI64}, [](ExecContext& context, Slot* slots) {
        EXPECT_EQ(context.stack_top, slots + 3);
        EXPECT_EQ(context.caller, nullptr);
        slots[2] = slots[0] + slots[1];
        return true;
      });
  EXPECT_EQ(world.tier->prepared_hosts, 1);
  EXPECT_EQ(host->code->header_slot(), 3u);
  Slot slots[] = {40, 2, 0};
  EXPECT_TRUE(world.store->call(*host, slots, &world.trap));
  EXPECT_EQ(slots[2], 42u);

  Function* const failing = make_host(world, {}, {}, [](ExecContext&, Slot*) { return false; });
  EXPECT_FALSE(world.store->call(*failing, {}, &world.trap));
  EXPECT_EQ(world.trap.kind, TrapKind::host_error);
  EXPECT_TRUE(world.trap.frames.empty());
}

/// Nests host calls until that traps; how deep it got, and then that the store still works.
int exhaust_by_nesting(FakeWorld& world) {
  int depth = 0;
  Function* function = nullptr;
  function = make_host(world, {}, {}, [&](ExecContext& context, Slot*) {
    ++depth;
    Trap trap;
    if (world.store->call(*function, {}, &trap)) return true;
    return context.fail(trap.kind, trap.message);
  });
  Trap trap;
  EXPECT_FALSE(world.store->call(*function, {}, &trap));
  EXPECT_EQ(trap.kind, TrapKind::call_stack_exhausted);
  Function* const simple = make_host(world, {}, {}, [](ExecContext&, Slot*) { return true; });
  EXPECT_TRUE(world.store->call(*simple, {}, &trap));
  EXPECT_EQ(world.store->context().entries, 0u);
  return depth;
}

TEST(store, endless_nesting_traps_before_the_native_stack_ends) {
  FakeWorld world;
  EXPECT_GT(exhaust_by_nesting(world), 100);
}

void* exhaust_on_this_thread(void* world) {
  EXPECT_GT(exhaust_by_nesting(*static_cast<FakeWorld*>(world)), 10);
  return nullptr;
}

TEST(store, nesting_traps_on_a_thread_with_a_small_stack) {
  FakeWorld world;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  // The sanitizers' own frames need more.
  const size_t bytes = kAddressSanitizer || kThreadSanitizer ? size_t{1} << 20 : size_t{64} << 10;
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, bytes), 0);
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &attributes, exhaust_on_this_thread, &world), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_GT(exhaust_by_nesting(world), 10);  // and then here again
}

TEST(store, arguments_must_fit_the_guest_stack) {
  StoreLimits limits;
  limits.stack_bytes = 1;  // rounded up to a page
  FakeWorld world(limits);
  ExecContext& context = world.store->context();
  EXPECT_EQ(context.stack_end - context.stack_begin, 4096 / 8);
  context.stack_begin[511] = 1;
  Function* const wide =
      make_host(world, std::vector<ValueType>(513, kI32), {}, [](ExecContext&, Slot*) { return true; });
  std::vector<Slot> slots(513);
  EXPECT_FALSE(world.store->call(*wide, slots, &world.trap));
  EXPECT_EQ(world.trap.kind, TrapKind::call_stack_exhausted);
}

TEST(store, a_stack_beyond_the_host_is_an_error) {
  StoreLimits limits;
  limits.stack_bytes = UINT64_MAX;  // clamped; whether that much can be reserved is up to the host
  const auto store = Store::create(std::make_shared<EngineState>(), limits);
  if (!store.ok()) {
    EXPECT_EQ(store.error().kind, ErrorKind::resource);
  }
}

TEST(store, limits_count_what_all_instances_hold) {
  StoreLimits limits;
  limits.memory_bytes = 3 * 65536;
  limits.table_elements = 100;
  limits.instances = 2;
  FakeWorld world(limits);
  const std::string_view text = R"((module (memory (export "m") 1) (table (export "t") 40 funcref)))";
  Instance& first = **world.instantiate(text);
  EXPECT_EQ(world.store->memory_bytes(), 65536u);
  EXPECT_EQ(first.memories[0]->grow(2), 1);
  EXPECT_EQ(first.memories[0]->grow(1), -1);
  EXPECT_EQ(first.tables[0]->grow(61, 0), -1);
  EXPECT_EQ(first.tables[0]->grow(60, 0), 40);
  EXPECT_EQ(world.store->table_elements(), 100u);

  const Result<Instance*> second = world.instantiate(text);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::resource);
  EXPECT_EQ(world.store->memory_bytes(), 3u * 65536);  // what the failure had taken is given back
  EXPECT_EQ(world.store->table_elements(), 100u);

  ASSERT_TRUE(world.instantiate("(module)").ok());
  const Result<Instance*> third = world.instantiate("(module)");
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().kind, ErrorKind::limit);
  limits.instances = 3;
  world.store->set_limits(limits);
  EXPECT_TRUE(world.instantiate("(module)").ok());
}

TEST(store, a_shared_memory_outlives_its_store) {
  std::shared_ptr<Memory> memory;
  {
    FakeWorld world;
    MemoryType type;
    type.limits = {1, 2, false};
    type.is_shared = true;
    memory = world.store->new_memory(type).value();
  }
  EXPECT_EQ(memory->grow(1), 1);
}

TEST(store, interrupt_poisons_and_clears) {
  FakeWorld world;
  ExecContext& context = world.store->context();
  EXPECT_EQ(context.stack_limit.load(), context.stack_end);
  world.store->interrupt();
  EXPECT_TRUE(context.interrupt_pending());
  EXPECT_EQ(context.stack_limit.load(), nullptr);
  context.clear_interrupt();
  EXPECT_FALSE(context.interrupt_pending());
  EXPECT_EQ(context.stack_limit.load(), context.stack_end);
}

TEST(thread_store, interrupt_reaches_a_guest_that_waits) {
  FakeWorld world;
  Function& function = *world.exported(**world.instantiate(kOneFunction), "f").function;
  MemoryType type;
  type.limits = {1, 1, false};
  type.is_shared = true;
  const std::shared_ptr<Memory> memory = world.store->new_memory(type).value();
  world.tier->behaviour = [&](ExecContext& context, Function&, Slot*) {
    const WaitResult result = world.engine->wait_queues.wait32(context.waiter, *memory, 0, 0, -1);
    return result == WaitResult::cancelled ? context.fail(TrapKind::interrupted) : true;
  };
  for (int round = 0; round < 100; ++round) {
    std::thread other([&] {
      if (round % 2 == 0) {
        while (world.engine->wait_queues.waiting_at(*memory, 0) == 0) std::this_thread::yield();
      }
      world.store->interrupt();
    });
    Slot slots[2] = {};
    EXPECT_FALSE(world.store->call(function, slots, &world.trap));
    EXPECT_EQ(world.trap.kind, TrapKind::interrupted);
    other.join();
    world.store->context().clear_interrupt();
  }
}

TEST(thread_store, clearing_never_leaves_half_an_interrupt) {
  FakeWorld world;
  ExecContext& context = world.store->context();
  for (int round = 0; round < 2000; ++round) {
    std::thread other([&] { world.store->interrupt(); });
    context.clear_interrupt();
    other.join();
    // Noticed by loops and by calls, or forgotten. Poison alone is fine, since a call looks twice.
    if (context.interrupt_pending()) {
      EXPECT_EQ(context.stack_limit.load(), nullptr);
    }
    context.clear_interrupt();
  }
}

TEST(store, tables_grow_within_type_and_host) {
  FakeWorld world;
  TableType type;
  type.element = ValueType::funcref();
  type.limits = {2, 5, false};
  Table& table = **world.store->new_table(type, 7);
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table.grow(3, 9), 2);
  EXPECT_EQ(table.grow(0, 9), 5);
  EXPECT_EQ(table.grow(1, 9), -1);
  EXPECT_EQ(std::vector<Slot>(table.elements(), table.elements() + 5), (std::vector<Slot>{7, 7, 9, 9, 9}));

  type.limits = {0, {}, false};
  Table& large = **world.store->new_table(type, 0);
  EXPECT_EQ(large.grow(UINT32_MAX, 0), -1);  // the store's limit
  EXPECT_EQ(large.grow(UINT64_MAX, 0), -1);
  for (int64_t i = 0; i < 10'000; ++i) ASSERT_EQ(large.grow(1, static_cast<Slot>(i)), i);
  for (Slot i = 0; i < 10'000; ++i) ASSERT_EQ(large.elements()[i], i);
}

TEST(store, table_bulk_operations_check_first) {
  FakeWorld world;
  TableType type;
  type.element = ValueType::externref();
  type.limits = {6, {}, true};
  Table& table = **world.store->new_table(type, 0);
  for (Slot i = 0; i < 6; ++i) table.written_elements()[i] = i + 1;
  EXPECT_FALSE(table_fill(table, 5, 9, 2));
  EXPECT_FALSE(table_fill(table, UINT64_MAX, 9, 2));
  EXPECT_FALSE(table_copy(table, 0, table, 4, 3));
  EXPECT_FALSE(table_copy(table, 4, table, 0, 3));
  EXPECT_TRUE(table_fill(table, 6, 9, 0));
  EXPECT_FALSE(table_fill(table, 7, 9, 0));
  EXPECT_TRUE(table_copy(table, 1, table, 0, 4));
  EXPECT_TRUE(table_fill(table, 0, 9, 1));
  EXPECT_EQ(std::vector<Slot>(table.elements(), table.elements() + 6), (std::vector<Slot>{9, 1, 2, 3, 4, 6}));
}

}  // namespace
}  // namespace heddle::engine
