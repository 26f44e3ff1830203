// SPDX-License-Identifier: Apache-2.0
// Tests of ranges of arrays: what an interrupt leaves, and what is checked before anything is written.
#include "engine/runtime/gc_ops.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/runtime/chunks.h"
#include "engine/runtime/fake_tier.h"

namespace heddle::engine {
namespace {

constexpr uint32_t kChunk = static_cast<uint32_t>(kChunkBytes);

struct GcOps : ::testing::Test {
  const TypeLayout& array_of(ValueType element) {
    TypeDefinition definition;
    definition.kind = CompositeKind::array;
    definition.fields = {{element, true}};
    groups.push_back(world.engine->registry.add_group({definition}, 0, {}));
    return world.engine->registry.get(groups.back()->first()).layout;
  }
  static gc::Array& array_at(const gc::Object* object) {
    return *static_cast<gc::Array*>(gc::object_of(gc::slot_of(object)));
  }
  void interrupt() { context.requests = ExecContext::kInterrupt; }

  FakeWorld world;
  std::vector<std::shared_ptr<TypeRegistry::Group>> groups;
  ExecContext& context = world.store->context();
  gc::Heap& heap = world.store->heap();
};

TEST_F(GcOps, a_fill_is_left_between_chunks) {
  gc::Object* const bytes = new_array_default(heap, array_of(ValueType::Kind::i8), 2 * kChunk + 5);
  ASSERT_NE(bytes, nullptr);
  const Slot value = 0x1ff;
  interrupt();
  EXPECT_EQ(array_fill(context, gc::slot_of(bytes), 1, &value, 2 * kChunk), TrapKind::interrupted);
  const uint8_t* const elements = array_at(bytes).elements();
  EXPECT_EQ(std::count(elements, elements + 2 * kChunk + 5, 0xff), kChunk);
  EXPECT_EQ(elements[0], 0);
  // What is one chunk is done whole, and asks nobody.
  EXPECT_EQ(array_fill(context, gc::slot_of(bytes), kChunk, &value, kChunk), TrapKind::none);
}

TEST_F(GcOps, elements_of_every_size_are_filled_across_chunks) {
  for (const auto kind : {ValueType::Kind::i8, ValueType::Kind::i16, ValueType::Kind::i32,
                          ValueType::Kind::i64, ValueType::Kind::v128}) {
    const TypeLayout& layout = array_of(kind);
    const uint32_t length = (kChunk >> layout.element_log2) + 3;
    const Slot value[2] = {0x0101010101010101, 0x0101010101010101};
    gc::Object* const array = new_array(heap, layout, length, value);
    ASSERT_NE(array, nullptr);
    const uint8_t* const elements = array_at(array).elements();
    const uint64_t bytes = uint64_t{length} << layout.element_log2;
    EXPECT_EQ(std::count(elements, elements + bytes, 1), static_cast<std::ptrdiff_t>(bytes));
  }
}

TEST_F(GcOps, an_overlapping_copy_is_right_in_both_directions) {
  const TypeLayout& layout = array_of(ValueType::Kind::i32);
  const uint32_t length = kChunk / 4 * 2 + 100;
  gc::Object* const array = new_array_default(heap, layout, length);
  ASSERT_NE(array, nullptr);
  auto* const elements = reinterpret_cast<uint32_t*>(array_at(array).elements());
  const auto number = [&] {
    for (uint32_t i = 0; i < length; ++i) elements[i] = i;
  };
  const Slot slot = gc::slot_of(array);
  number();
  EXPECT_EQ(array_copy(context, slot, 7, slot, 0, length - 7), TrapKind::none);
  for (uint32_t i = 7; i < length; ++i) ASSERT_EQ(elements[i], i - 7);
  number();
  EXPECT_EQ(array_copy(context, slot, 0, slot, 7, length - 7), TrapKind::none);
  for (uint32_t i = 0; i < length - 7; ++i) ASSERT_EQ(elements[i], i + 7);
  number();
  interrupt();
  EXPECT_EQ(array_copy(context, slot, 7, slot, 0, length - 7), TrapKind::interrupted);
  EXPECT_EQ(elements[length - 1], length - 8) << "the last chunk came first";
  EXPECT_EQ(elements[7], 7u);
}

/// An array that was not filled is nobody's, but a slot may look like its address: it must not be traced.
TEST_F(GcOps, a_new_array_that_was_interrupted_has_no_elements) {
  const TypeLayout& layout = array_of(ValueType::ref(HeapType::Kind::any, true));
  interrupt();
  const uint64_t before = heap.statistics().block_bytes;
  EXPECT_EQ(new_array_default(heap, layout, kChunk), nullptr);
  EXPECT_GT(heap.statistics().block_bytes, before);
  EXPECT_EQ(no_object_trap(context), TrapKind::interrupted);
  context.requests = 0;
  EXPECT_EQ(no_object_trap(context), TrapKind::out_of_memory);
  heap.collect();
  EXPECT_TRUE(heap.verify());
  EXPECT_EQ(heap.statistics().block_bytes, before);
}

}  // namespace
}  // namespace heddle::engine
