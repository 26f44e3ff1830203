// SPDX-License-Identifier: Apache-2.0
// Tests of instantiation: constant expressions, segments, order of effects, traps on the way, the start
// function.
#include <gtest/gtest.h>

#include <vector>

#include "engine/runtime/fake_tier.h"
#include "engine/runtime/table_bulk.h"

namespace heddle::engine {
namespace {

std::vector<Slot> globals_of(const Instance& instance) {
  std::vector<Slot> values;
  for (const Global* global : instance.global_space) values.push_back(global->value[0]);
  return values;
}

TEST(instantiate, empty_module) {
  FakeWorld world;
  const Result<Instance*> instance = world.instantiate("(module)");
  ASSERT_TRUE(instance.ok());
  EXPECT_EQ(world.trap.kind, TrapKind::none);
  EXPECT_NE((*instance)->memory0_base, nullptr);
  EXPECT_EQ((*instance)->context, &world.store->context());
}

TEST(instantiate, constant_expressions) {
  FakeWorld world;
  Instance& instance = **world.instantiate(R"((module
    (global i32 (i32.const -1))
    (global i64 (i64.const -1))
    (global f32 (f32.const 1))
    (global f64 (f64.const -0))
    (global i32 (i32.add (i32.mul (i32.const 0x10000) (i32.const 0x10001)) (i32.sub (global.get 0) (i32.const 1))))
    (global i64 (i64.add (i64.mul (i64.const 3) (i64.const -5)) (i64.sub (i64.const 1) (global.get 1))))
    (global funcref (ref.null func))
    (global funcref (ref.func $f))
    (global (mut externref) (ref.null extern))
    (func $f)))");
  const std::vector<Slot> expected = {0xffffffff,
                                      UINT64_MAX,
                                      0x3f800000,
                                      uint64_t{1} << 63,
                                      0x10000 - 2,
                                      uint64_t(-13),
                                      0,
                                      reinterpret_cast<Slot>(instance.function(0)),
                                      0};
  EXPECT_EQ(globals_of(instance), expected);
}

TEST(instantiate, deep_constant_expressions_need_no_native_stack) {
  FakeWorld world;
  std::string text = "(module (global i32 ";
  constexpr int kDepth = 100'000;
  for (int i = 0; i < kDepth; ++i) text += "i32.const 1 ";
  for (int i = 1; i < kDepth; ++i) text += "i32.add ";
  Instance& instance = **world.instantiate(text + "))");
  EXPECT_EQ(globals_of(instance), std::vector<Slot>{kDepth});
}

TEST(instantiate, imports_come_first_in_their_index_spaces) {
  FakeWorld world;
  Instance& exporter = **world.instantiate(R"((module
    (func (export "f")) (global (export "g") (mut i32) (i32.const 5)) (memory (export "m") 1) (table (export "t") 2 funcref)))");
  const std::vector<External> imports = {world.exported(exporter, "g"), world.exported(exporter, "f"),
                                         world.exported(exporter, "t"), world.exported(exporter, "m")};
  Instance& instance = **world.instantiate(R"((module
    (import "m" "g" (global (mut i32))) (import "m" "f" (func)) (import "m" "t" (table 1 funcref)) (import "m" "m" (memory 1))
    (func) (global i32 (i32.const 6)) (table 3 funcref) (memory 2)
    (elem (table 0) (i32.const 1) func 0 1) ;; too long by one: nothing is written
  ))",
                                           imports);
  EXPECT_EQ(instance.globals[0], exporter.globals[0]);
  EXPECT_EQ(globals_of(instance), (std::vector<Slot>{5, 6}));
  EXPECT_EQ(instance.memory0_base, exporter.memories[0]->base());
  EXPECT_EQ(instance.memories[1]->pages(), 2u);
  EXPECT_EQ(instance.function(0), exporter.function(0));
  EXPECT_NE(instance.function(1), exporter.function(0));
  EXPECT_EQ(world.trap.kind, TrapKind::table_out_of_bounds);
  EXPECT_EQ(exporter.tables[0]->elements()[1], 0u);
}

TEST(instantiate, segments_are_written_in_order_and_dropped) {
  FakeWorld world;
  Instance& instance = **world.instantiate(R"((module
    (memory 1) (table $t 6 funcref) (func) (func)
    (global $two i32 (i32.const 2))
    (elem (i32.const 0) func 0 1 0)
    (elem (offset (global.get $two)) funcref (ref.func 1) (ref.null func))
    (elem func 0 1)
    (elem funcref (ref.null func) (ref.func 1))
    (elem declare func 0)
    (data (i32.const 0) "abcdef")
    (data (i32.const 2) "XY")
    (data "passive")))");
  ASSERT_EQ(world.trap.kind, TrapKind::none) << world.trap.to_string();
  const auto f0 = reinterpret_cast<Slot>(instance.function(0));
  const auto f1 = reinterpret_cast<Slot>(instance.function(1));
  Table& table = *instance.tables[0];
  EXPECT_EQ(std::vector<Slot>(table.elements(), table.elements() + 6),
            (std::vector<Slot>{f0, f1, f1, 0, 0, 0}));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(instance.memory0_base), 7), std::string("abXYef\0", 7));
  EXPECT_EQ(instance.dropped_elements, (std::vector<bool>{true, true, false, false, true}));
  EXPECT_EQ(instance.dropped_data, (std::vector<bool>{true, true, false}));

  EXPECT_TRUE(table_init(instance, 2, table, 4, 0, 2));
  EXPECT_TRUE(table_init(instance, 3, table, 0, 1, 1));
  EXPECT_FALSE(table_init(instance, 3, table, 0, 1, 2));
  EXPECT_FALSE(table_init(instance, 3, table, 6, 0, 1));
  EXPECT_FALSE(table_init(instance, 0, table, 0, 0, 1));
  EXPECT_TRUE(table_init(instance, 0, table, 0, 0, 0));
  EXPECT_EQ(std::vector<Slot>(table.elements(), table.elements() + 6),
            (std::vector<Slot>{f1, f1, f1, 0, f0, f1}));
  drop_elements(instance, 3);
  drop_elements(instance, 3);
  EXPECT_FALSE(table_init(instance, 3, table, 0, 0, 1));
}

TEST(instantiate, a_segment_that_does_not_fit_traps_and_earlier_ones_stay) {
  FakeWorld world;
  const Result<Instance*> instance = world.instantiate(R"((module
    (memory 1) (data (i32.const 0) "kept") (data (i32.const 65535) "ab") (data (i32.const 8) "never")
    (func $start) (start $start)))");
  ASSERT_TRUE(instance.ok());
  EXPECT_EQ(world.trap.kind, TrapKind::memory_out_of_bounds);
  EXPECT_EQ(world.trap.message, "out of bounds memory access");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>((*instance)->memory0_base), 10),
            std::string("kept\0\0\0\0\0\0", 10));
  EXPECT_EQ((*instance)->memory0_base[65535], 0);
}

TEST(instantiate, tables_may_have_initializers) {
  FakeWorld world;
  Instance& instance = **world.instantiate(R"((module
    (func $f) (elem declare func $f) (table 3 (ref func) (ref.func $f)) (table i64 2 externref)))");
  const auto f = reinterpret_cast<Slot>(instance.function(0));
  EXPECT_EQ(std::vector<Slot>(instance.tables[0]->elements(), instance.tables[0]->elements() + 3),
            (std::vector<Slot>{f, f, f}));
  EXPECT_EQ(instance.tables[1]->elements()[1], 0u);
}

TEST(instantiate, start_runs_last_and_its_trap_is_reported) {
  FakeWorld world;
  const std::string_view text =
      R"((module (memory 1) (data (i32.const 0) "x") (func $start) (start $start)))";
  int calls = 0;
  world.tier->behaviour = [&](ExecContext& context, Function& function, Slot*) {
    ++calls;
    EXPECT_EQ(function.instance->memory0_base[0], 'x');
    return calls == 1 || context.fail(TrapKind::unreachable);
  };
  ASSERT_TRUE(world.instantiate(text).ok());
  EXPECT_EQ(world.trap.kind, TrapKind::none);
  ASSERT_TRUE(world.instantiate(text).ok());
  EXPECT_EQ(world.trap.kind, TrapKind::unreachable);
  EXPECT_EQ(world.trap.frames.size(), 1u);
  EXPECT_EQ(calls, 2);
}

TEST(instantiate, functions_of_a_trapped_instance_stay_callable) {
  FakeWorld world;
  const std::string text = R"((module (import "m" "t" (table 1 funcref)) (func $f) (memory 0)
    (elem (i32.const 0) func $f) (data (i32.const 0) "x")))";
  Instance& exporter = **world.instantiate(R"((module (table (export "t") 1 funcref)))");
  const External table = world.exported(exporter, "t");
  ASSERT_TRUE(world.instantiate(text, {&table, 1}).ok());
  EXPECT_EQ(world.trap.kind, TrapKind::memory_out_of_bounds);
  auto* const function = reinterpret_cast<Function*>(exporter.tables[0]->elements()[0]);
  ASSERT_NE(function, nullptr);
  EXPECT_TRUE(world.store->call(*function, {}, &world.trap));
}

TEST(instantiate, a_memory_the_host_cannot_give_is_an_error) {
  FakeWorld world;
  const Result<Instance*> instance = world.instantiate("(module (memory i64 0x1000000000000))");
  ASSERT_FALSE(instance.ok());
  EXPECT_EQ(instance.error().kind, ErrorKind::resource);
}

TEST(instantiate, a_memory_of_another_mode_is_refused) {
  FakeWorld world;
  world.engine->memory_mode = resolve_memory_mode(MemoryMode::automatic);
  MemoryType type;
  type.limits = {1, {}, false};
  External external;
  external.kind = ExternKind::memory;
  external.memory = Memory::create(type, MemoryMode::checked, nullptr).value();
  const Result<Instance*> instance =
      world.instantiate(R"((module (import "m" "e" (memory 1))))", {&external, 1});
  EXPECT_EQ(instance.ok(), world.engine->memory_mode == MemoryMode::checked);
  if (!instance.ok()) {
    EXPECT_EQ(instance.error().kind, ErrorKind::usage);
  }
}

}  // namespace
}  // namespace heddle::engine
