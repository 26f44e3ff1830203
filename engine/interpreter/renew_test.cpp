// SPDX-License-Identifier: Apache-2.0
// Renewed instances: a guest that has changed every kind of state sees none of it afterwards.
#include "engine/interpreter/test_world.h"

namespace heddle::engine {
namespace {

/// `observe` folds everything a guest can see into its results; `change` alters all of it.
constexpr std::string_view kModule = R"((module
  (type $pair (struct (field (mut i32)) (field (mut i32))))
  (type $numbers (array (mut i32)))
  (import "" "shared" (memory $shared 1 1 shared))
  (memory $own 1 4)
  (memory $large 3 9)
  (data $active (memory $own) (i32.const 8) "\01\02\03\04")
  (data (memory $shared) (i32.const 16) "\05")
  (data $passive "\09\09\09\09")
  (table $functions 3 6 funcref)
  (table $objects 2 9 (ref null $pair) (struct.new $pair (i32.const 3) (i32.const 4)))
  (elem $elements (table $functions) (i32.const 0) func $one $two)
  (elem $kept func $two $one)
  (elem $pairs (ref $pair) (item (struct.new $pair (i32.const 70) (i32.const 7))))
  (global $i (mut i32) (i32.const 11))
  (global $l (mut i64) (i64.const 12))
  (global $f (mut f32) (f32.const 1.5))
  (global $d (mut f64) (f64.const 2.5))
  (global $v (mut v128) (v128.const i32x4 1 2 3 4))
  (global $r (mut funcref) (ref.func $one))
  (global $o (mut (ref $pair)) (struct.new $pair (i32.const 5) (i32.const 6)))
  (global $started (mut i32) (i32.const 0))
  (func $start (global.set $started (i32.add (global.get $started) (i32.const 1))))
  (start $start)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (type $f (func (result i32)))
  (func (export "observe") (param $room i32)
      (result i32 i32 i32 i32 i32 i32 i32 i64 f32 f64 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local.set $room (memory.grow $own (i32.const 3)))  ;; three pages of room, as at first
    (memory.size $own)
    (memory.size $large)
    (i32.load $own (i32.const 8))
    (i32.load $own (i32.const 65532))
    (i32.load $large (i32.const 131072))
    (table.size $functions)
    (global.get $i) (global.get $l) (global.get $f) (global.get $d)
    (i32x4.extract_lane 3 (global.get $v))
    (call_ref $f (ref.cast (ref $f) (global.get $r)))
    (struct.get $pair 0 (global.get $o))
    (struct.get $pair 1 (table.get $objects (i32.const 1)))
    (call_indirect $functions (type $f) (i32.const 1))
    (ref.is_null (table.get $functions (i32.const 2)))
    (global.get $started)
    (block (result i32)  ;; the passive segments are there
      (memory.init $own $passive (i32.const 100) (i32.const 0) (i32.const 4))
      (table.init $functions $kept (i32.const 0) (i32.const 0) (i32.const 2))
      (i32.load $own (i32.const 100)))
    (block (result i32)
      (table.init $objects $pairs (i32.const 0) (i32.const 0) (i32.const 1))
      (struct.get $pair 0 (table.get $objects (i32.const 0)))))
  (func (export "change")
    (drop (memory.grow $large (i32.const 5)))
    (memory.fill $own (i32.const 0) (i32.const 0xee) (i32.const 65536))
    (memory.fill $large (i32.const 0) (i32.const 0xee) (i32.const 458752))
    (drop (table.grow $functions (ref.func $two) (i32.const 2)))
    (table.fill $functions (i32.const 0) (ref.func $one) (i32.const 4))
    (table.init $objects $pairs (i32.const 1) (i32.const 0) (i32.const 1))
    (struct.set $pair 0 (table.get $objects (i32.const 1)) (i32.const -1))
    (struct.set $pair 1 (table.get $objects (i32.const 0)) (i32.const -1))
    (struct.set $pair 0 (global.get $o) (i32.const -1))
    (global.set $i (i32.const -1)) (global.set $l (i64.const -1))
    (global.set $f (f32.const -1)) (global.set $d (f64.const -1))
    (global.set $v (v128.const i64x2 -1 -1))
    (global.set $r (ref.func $two))
    (global.set $o (struct.new $pair (i32.const -1) (i32.const -1)))
    (data.drop $passive) (elem.drop $kept) (elem.drop $pairs)))
)";

class Renewed : public testing::Test {
 protected:
  Renewed() {
    MemoryType type;
    type.limits = {1, 1, false};
    type.is_shared = true;
    External shared;
    shared.kind = ExternKind::memory;
    shared.memory = *world.store->new_memory(type);
    shared_ = shared.memory;
    const External imports[] = {shared};
    instance = &world.instantiate(kModule, imports);
  }

  Outcome observe() { return world.call(*instance, "observe", {0}); }
  void renew() {
    Trap trap;
    ASSERT_TRUE(world.store->renew(*instance, &trap).ok());
    ASSERT_EQ(trap.kind, TrapKind::none);
  }

  World world;
  std::shared_ptr<Memory> shared_;
  Instance* instance = nullptr;
};

TEST_F(Renewed, instances_are_as_at_first) {
  const uint64_t bytes = world.store->memory_bytes();
  const uint64_t elements = world.store->table_elements();
  const auto first = observe();
  ASSERT_EQ(first.trap, TrapKind::none);
  for (int round = 0; round < 3; ++round) {
    renew();
    EXPECT_EQ(world.store->memory_bytes(), bytes);
    EXPECT_EQ(world.store->table_elements(), elements);
    EXPECT_EQ(observe(), first) << "after observing alone";
    renew();
    EXPECT_EQ(world.call(*instance, "change"), returned({}));
    EXPECT_EQ(world.call(*instance, "observe", {0}).trap, TrapKind::memory_out_of_bounds)
        << "the segment is dropped: what changed is seen";
    renew();
    EXPECT_EQ(observe(), first);
  }
}

TEST_F(Renewed, shared_memories_are_not_theirs_but_segments_are_written_again) {
  shared_->base()[16] = 77;
  shared_->base()[17] = 78;
  renew();
  EXPECT_EQ(shared_->base()[16], 5);
  EXPECT_EQ(shared_->base()[17], 78);
}

TEST_F(Renewed, a_trap_in_the_start_function_is_told) {
  Instance& other = world.instantiate(R"((module
    (import "" "shared" (memory 1 1 shared))
    (func $start (if (i32.load (i32.const 64)) (then (unreachable))))
    (start $start) (func (export "fine") (result i32) (i32.const 1))))",
                                      [&] {
                                        External shared;
                                        shared.kind = ExternKind::memory;
                                        shared.memory = shared_;
                                        return std::vector<External>{shared};
                                      }());
  EXPECT_EQ(world.trap.kind, TrapKind::none);
  shared_->base()[64] = 1;
  Trap trap;
  ASSERT_TRUE(world.store->renew(other, &trap).ok());
  EXPECT_EQ(trap.kind, TrapKind::unreachable);
  shared_->base()[64] = 0;
  ASSERT_TRUE(world.store->renew(other, &trap).ok());
  EXPECT_EQ(trap.kind, TrapKind::none);
  EXPECT_EQ(world.call(other, "fine"), returned({1}));
}

}  // namespace
}  // namespace heddle::engine
