// SPDX-License-Identifier: Apache-2.0
// Tests of the heap: what is reached survives, what is not is freed, quotas hold, nothing recurses.
#include "engine/gc/heap.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "engine/module/types.h"

namespace heddle::engine::gc {
namespace {

constexpr ValueType kI32(ValueType::Kind::i32);

class GcHeap : public ::testing::Test, public RootSource {
 protected:
  GcHeap() : heap(*this) {}

  const TypeLayout& structure(std::vector<FieldType> fields) {
    TypeDefinition definition;
    definition.kind = CompositeKind::structure;
    definition.fields = std::move(fields);
    return add(std::move(definition));
  }
  const TypeLayout& array(ValueType element) {
    TypeDefinition definition;
    definition.kind = CompositeKind::array;
    definition.fields = {{element, true}};
    return add(std::move(definition));
  }
  const TypeLayout& add(TypeDefinition definition) {
    groups.push_back(registry.add_group({std::move(definition)}, 0, {}));
    return registry.get(groups.back()->first()).layout;
  }
  /// (struct (field i32) (field anyref))
  const TypeLayout& node() { return structure({{kI32, true}, {anyref(), true}}); }
  static ValueType anyref() { return ValueType::ref(HeapType::Kind::any, true); }

  static void set(Object* object, uint32_t field, uint64_t value, size_t bytes = 8) {
    std::memcpy(object->bytes() + object->layout->field_offsets[field], &value, bytes);
  }
  static uint64_t get(const Object* object, uint32_t field, size_t bytes = 8) {
    uint64_t value = 0;
    std::memcpy(&value, object->bytes() + object->layout->field_offsets[field], bytes);
    return value;
  }
  Object* make_node(uint32_t value, uint64_t next) {
    Object* const object = heap.allocate_structure(node_layout);
    if (object == nullptr) return nullptr;
    set(object, 0, value, 4);
    set(object, 1, next);
    return object;
  }

  void show_roots(Marker& marker) override {
    marker.precise(precise);
    marker.conservative(conservative);
  }

  TypeRegistry registry;
  std::vector<std::shared_ptr<TypeRegistry::Group>> groups;
  std::vector<uint64_t> precise;
  std::vector<uint64_t> conservative;
  Heap heap;
  const TypeLayout& node_layout = node();
};

TEST_F(GcHeap, fields_are_packed_in_order) {
  using Kind = ValueType::Kind;
  const TypeLayout& layout = structure({{Kind::i8, false},
                                        {Kind::i16, false},
                                        {Kind::i32, false},
                                        {ValueType::funcref(), false},
                                        {Kind::i8, false},
                                        {Kind::v128, false},
                                        {ValueType::externref(), false}});
  EXPECT_EQ(layout.field_offsets, (std::vector<uint32_t>{8, 10, 12, 16, 24, 32, 48}));
  EXPECT_EQ(layout.references, (std::vector<uint32_t>{48}));
  EXPECT_EQ(layout.bytes, 56u);
  TypeDefinition tag;
  tag.parameters = {kI32, Kind::v128, anyref()};
  EXPECT_EQ(add(std::move(tag)).references, (std::vector<uint32_t>{40}));
}

TEST_F(GcHeap, size_classes_cover_all_sizes) {
  for (uint32_t bytes = 1; bytes <= kGreatestCell; ++bytes) {
    const unsigned size_class = size_class_of(bytes);
    ASSERT_GE(cell_bytes(size_class), bytes);
    if (size_class > 0) {
      ASSERT_LT(cell_bytes(size_class - 1), bytes);
    }
  }
}

TEST_F(GcHeap, the_reached_survives_and_the_rest_is_freed) {
  Object* const kept = make_node(1, slot_of(make_node(2, make_i31(7))));
  Object* const dropped = make_node(3, 0);
  precise = {slot_of(kept), 0, make_i31(5), make_host(0x1000)};
  heap.collect();
  EXPECT_EQ(heap.statistics().live_bytes, 64u);
  EXPECT_EQ(get(kept, 0, 4), 1u);
  EXPECT_EQ(get(object_of(get(kept, 1)), 0, 4), 2u);
  heap.collect();  // sweeps the first one's dead
  EXPECT_EQ(heap.find_object(slot_of(dropped)), nullptr);
  EXPECT_EQ(heap.find_object(slot_of(kept)), kept);
}

TEST_F(GcHeap, cycles_die) {
  Object* const first = make_node(1, 0);
  set(first, 1, slot_of(make_node(2, slot_of(first))));
  precise = {slot_of(first)};
  heap.collect();
  EXPECT_EQ(heap.statistics().live_bytes, 64u);
  precise = {};
  heap.collect();
  EXPECT_EQ(heap.statistics().live_bytes, 0u);
}

TEST_F(GcHeap, conservative_roots_may_hold_anything) {
  Object* const object = make_node(1, 0);
  conservative = {0, 1, 2, UINT64_MAX, slot_of(object) + 8, slot_of(object) - 16, slot_of(object) + 16};
  heap.collect();
  EXPECT_EQ(heap.statistics().live_bytes, 0u);
  Object* const other = make_node(1, 0);
  conservative.push_back(slot_of(other));
  heap.collect();
  EXPECT_EQ(heap.statistics().live_bytes, 32u);
}

TEST_F(GcHeap, a_million_nodes_need_no_recursion) {
  uint64_t list = 0;
  precise = {0};
  for (uint32_t i = 0; i < 1'000'000; ++i) {
    list = slot_of(make_node(i, list));
    precise[0] = list;
  }
  heap.collect();
  EXPECT_EQ(heap.statistics().live_bytes, 32'000'000u);
  uint32_t expected = 1'000'000;
  for (uint64_t slot = list; slot != 0; slot = get(object_of(slot), 1)) {
    ASSERT_EQ(get(object_of(slot), 0, 4), --expected);
  }
  EXPECT_EQ(expected, 0u);
}

TEST_F(GcHeap, a_full_mark_stack_is_survived) {
  const TypeLayout& references = array(anyref());
  constexpr uint32_t kRows = 100;
  precise = {0};
  Array* const rows = heap.allocate_array(references, kRows);
  auto* const elements = reinterpret_cast<uint64_t*>(rows->elements());
  std::fill_n(elements, kRows, 0);
  precise[0] = slot_of(rows);
  for (uint32_t i = 0; i < kRows; ++i) {
    for (uint32_t k = 0; k < 50; ++k) elements[i] = slot_of(make_node(k, elements[i]));
  }
  heap.limit_mark_stack(8);
  heap.collect();
  EXPECT_EQ(heap.statistics().live_bytes, cell_bytes(size_class_of(16 + 8 * kRows)) + 32u * 50 * kRows);
}

TEST_F(GcHeap, arrays_of_all_sizes) {
  const TypeLayout& bytes = array(ValueType::Kind::i8);
  precise.assign(40, 0);
  uint32_t length = 0;
  for (uint64_t& root : precise) {
    Array* const made = heap.allocate_array(bytes, length);
    ASSERT_NE(made, nullptr);
    std::fill_n(made->elements(), length, static_cast<uint8_t>(length));
    root = slot_of(made);
    length = length * 3 / 2 + 7;
    if (length > 10'000'000) length = 3;
  }
  heap.collect();
  for (const uint64_t root : precise) {
    const auto* const kept = static_cast<const Array*>(heap.find_object(root));
    ASSERT_NE(kept, nullptr);
    for (uint32_t i = 0; i < kept->length; i += 97) {
      ASSERT_EQ(kept->elements()[i], static_cast<uint8_t>(kept->length));
    }
  }
  precise.clear();
  heap.collect();
  EXPECT_LE(heap.statistics().block_bytes, uint64_t{5} << 20);
}

TEST_F(GcHeap, garbage_is_reused_within_a_bounded_heap) {
  for (uint32_t i = 0; i < 2'000'000; ++i) ASSERT_NE(make_node(i, 0), nullptr);
  EXPECT_GT(heap.statistics().collections, 5u);
  EXPECT_LE(heap.statistics().block_bytes, uint64_t{9} << 20);
}

TEST_F(GcHeap, the_quota_ends_in_null_and_leaves_the_heap_usable) {
  heap.set_limits({.bytes = uint64_t{1} << 20, .collect_always = false});
  precise = {0};
  uint32_t made = 0;
  while (Object* const object = make_node(made, precise[0])) {
    precise[0] = slot_of(object);
    ASSERT_LT(++made, 40'000u);
  }
  EXPECT_GT(made, 28'000u);
  EXPECT_EQ(heap.allocate_array(array(ValueType::Kind::i64), 1 << 20), nullptr);
  EXPECT_EQ(heap.allocate_array(array(ValueType::Kind::v128), UINT32_MAX), nullptr);
  precise[0] = 0;
  EXPECT_NE(heap.allocate_array(array(ValueType::Kind::i64), 1 << 16), nullptr);
  EXPECT_NE(make_node(1, 0), nullptr);
}

/// An allocation that is due for a collection when somebody wants the guest to stop: it fails, and the heap
/// is as it was.
TEST_F(GcHeap, a_collection_can_be_stopped) {
  std::atomic<uint32_t> stop = 0;
  heap.stop_when(stop, 1);
  constexpr uint32_t kNodes = 300'000;
  precise = {0, 0};
  for (uint32_t i = 0; i < kNodes; ++i) precise[0] = slot_of(make_node(i, precise[0]));
  make_node(1, 0);  // garbage
  const auto count = [&] {
    uint32_t nodes = 0;
    for (uint64_t slot = precise[0]; slot != 0; slot = get(object_of(slot), 1)) ++nodes;
    return nodes;
  };
  for (const size_t mark_stack : {size_t{1} << 20, size_t{8}}) {
    heap.limit_mark_stack(mark_stack);
    heap.collect();
    const HeapStatistics before = heap.statistics();
    stop = 1;
    const uint32_t due = static_cast<uint32_t>(before.live_bytes / 8) + 1;
    EXPECT_EQ(heap.allocate_array(array(ValueType::Kind::i64), due), nullptr);
    EXPECT_EQ(heap.statistics().collections, before.collections);
    EXPECT_EQ(heap.statistics().live_bytes, before.live_bytes);
    EXPECT_EQ(count(), kNodes);
    heap.collect();  // who asks for it gets it
    EXPECT_EQ(heap.statistics().collections, before.collections + 1);
    stop = 0;
    EXPECT_NE(heap.allocate_array(array(ValueType::Kind::i64), due), nullptr);
    heap.collect();
    EXPECT_TRUE(heap.verify());
    EXPECT_EQ(heap.statistics().live_bytes, uint64_t{kNodes} * 32);
  }
}

TEST_F(GcHeap, tracing_a_large_array_can_be_stopped) {
  std::atomic<uint32_t> stop = 0;
  heap.stop_when(stop, 1);
  constexpr uint32_t kLength = 200'000;
  Array* const references = heap.allocate_array(array(anyref()), kLength);
  std::fill_n(reinterpret_cast<uint64_t*>(references->elements()), kLength, make_i31(1));
  precise = {slot_of(references)};
  stop = 1;
  EXPECT_EQ(heap.allocate_array(array(ValueType::Kind::i64), 1 << 20), nullptr);
  stop = 0;
  EXPECT_NE(heap.allocate_array(array(ValueType::Kind::i64), 1 << 20), nullptr);
  EXPECT_EQ(heap.find_object(precise[0]), references);
}

TEST_F(GcHeap, the_verifier_finds_what_is_no_object) {
  Object* const node = make_node(1, slot_of(make_node(2, 0)));
  const uint64_t next = get(node, 1);
  precise = {slot_of(node)};
  heap.collect();
  EXPECT_TRUE(heap.verify());
  set(node, 1, next + 16);
  EXPECT_FALSE(heap.verify());
  set(node, 1, next);
  EXPECT_TRUE(heap.verify());
}

TEST_F(GcHeap, collecting_at_every_allocation) {
  heap.set_limits({.bytes = uint64_t{1} << 20, .collect_always = true});
  precise = {0};
  for (uint32_t i = 0; i < 1000; ++i) {
    ASSERT_NE(make_node(99, 0), nullptr);
    Object* const node = make_node(i, precise[0]);
    ASSERT_NE(node, nullptr);
    precise[0] = slot_of(node);
  }
  EXPECT_EQ(heap.statistics().collections, 2000u);
  EXPECT_EQ(heap.statistics().block_bytes, kBlockBytes) << "free cells are used again";
  uint32_t expected = 1000;
  for (uint64_t slot = precise[0]; slot != 0; slot = get(object_of(slot), 1)) {
    ASSERT_EQ(get(object_of(slot), 0, 4), --expected);
  }
  EXPECT_EQ(expected, 0u);
}

TEST_F(GcHeap, an_exception_keeps_its_payload) {
  TypeDefinition tag;
  tag.parameters = {kI32, anyref(), ValueType::funcref()};
  const TypeLayout& layout = add(std::move(tag));
  const int identity = 0;
  Object* const held = make_node(1, 0);
  precise = {slot_of(held)};
  Exception* const exception = heap.allocate_exception(layout, &identity);
  exception->payload()[0] = slot_of(make_node(2, 0));  // a number that looks like an object
  exception->payload()[1] = slot_of(held);
  exception->payload()[2] = 0x123450;  // a function's address is none of the heap's business
  precise = {slot_of(exception)};
  heap.collect();
  EXPECT_EQ(heap.statistics().live_bytes, 48u + 32u);
  EXPECT_EQ(exception->tag, &identity);
}

}  // namespace
}  // namespace heddle::engine::gc
