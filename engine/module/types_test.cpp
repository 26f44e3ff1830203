// SPDX-License-Identifier: Apache-2.0
// Tests of the type registry: canonical rec groups, subtyping, release and reuse of ids, threads.
#include "engine/module/types.h"

#include <gtest/gtest.h>

#include <thread>

namespace heddle::engine {
namespace {

using Group = std::shared_ptr<TypeRegistry::Group>;

constexpr ValueType kI32(ValueType::Kind::i32);
constexpr ValueType kI64(ValueType::Kind::i64);

ValueType ref_to(uint32_t number, bool nullable = true) {
  return ValueType::ref(HeapType::defined(number), nullable);
}

TypeDefinition function_type(std::vector<ValueType> parameters, std::vector<ValueType> results = {}) {
  TypeDefinition definition;
  definition.parameters = std::move(parameters);
  definition.results = std::move(results);
  return definition;
}

TypeDefinition open_struct(std::vector<FieldType> fields, TypeId super = kNoType) {
  TypeDefinition definition;
  definition.kind = CompositeKind::structure;
  definition.is_final = false;
  definition.fields = std::move(fields);
  definition.super = super;
  return definition;
}

TEST(module_types, equal_functions_are_one_type) {
  TypeRegistry registry;
  const Group a = registry.add_function({kI32, kI64}, {kI32});
  const Group b = registry.add_function({kI32, kI64}, {kI32});
  const Group c = registry.add_function({kI32}, {kI64, kI32});
  EXPECT_EQ(a->first(), b->first());
  EXPECT_NE(a->first(), c->first());
  EXPECT_EQ(registry.group_count(), 2u);
  const TypeDefinition& type = registry.get(a->first());
  EXPECT_EQ(type.id, a->first());
  EXPECT_EQ(type.parameter_slots, 2u);
  EXPECT_EQ(type.result_slots, 1u);
  EXPECT_EQ(type.display, std::vector<TypeId>{a->first()});
}

TEST(module_types, what_makes_types_different) {
  TypeRegistry registry;
  std::vector<Group> groups;
  groups.push_back(registry.add_group({function_type({kI32})}, 0, {}));
  groups.push_back(registry.add_group({function_type({}, {kI32})}, 0, {}));
  groups.push_back(registry.add_group({open_struct({{kI32, false}})}, 0, {}));
  groups.push_back(registry.add_group({open_struct({{kI32, true}})}, 0, {}));
  groups.push_back(registry.add_group({function_type({kI32}), function_type({kI32})}, 0, {}));
  TypeDefinition open = function_type({kI32});
  open.is_final = false;
  groups.push_back(registry.add_group({open}, 0, {}));
  groups.push_back(registry.add_group({}, 0, {}));
  for (size_t i = 0; i < groups.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(groups[i], groups[j]) << i << " " << j;
  }
}

TEST(module_types, recursive_groups_compare_by_position) {
  TypeRegistry registry;
  // (rec (type (func (param (ref null 0)) (result (ref null 1)))) (type (struct (field (ref null 0)))))
  const auto group = [](uint32_t first) {
    return std::vector<TypeDefinition>{function_type({ref_to(first)}, {ref_to(first + 1)}),
                                       open_struct({{ref_to(first), false}})};
  };
  const Group a = registry.add_group(group(0), 0, {});
  const std::vector<TypeId> known = {a->first(), a->first() + 1};
  const Group b = registry.add_group(group(2), 2, known);
  EXPECT_EQ(a, b);
  EXPECT_EQ(registry.get(a->first()).parameters[0], ref_to(a->first()));
  EXPECT_EQ(registry.get(a->first()).results[0], ref_to(a->first() + 1));

  // The same shape, but mentioning the other group instead of itself, is another type.
  const Group c = registry.add_group(
      {function_type({ref_to(0)}, {ref_to(1)}), open_struct({{ref_to(0), false}})}, 2, known);
  EXPECT_NE(a, c);
}

TEST(module_types, displays_answer_subtyping) {
  TypeRegistry registry;
  const Group a =
      registry.add_group({open_struct({}), open_struct({{kI32, false}}, 0), open_struct({}, 0)}, 0, {});
  const TypeId base = a->first();
  const TypeId left = base + 1;
  const TypeId right = base + 2;
  EXPECT_TRUE(registry.is_subtype(left, base));
  EXPECT_TRUE(registry.is_subtype(left, left));
  EXPECT_FALSE(registry.is_subtype(base, left));
  EXPECT_FALSE(registry.is_subtype(left, right));
  EXPECT_EQ(registry.get(left).display, (std::vector<TypeId>{base, left}));
  EXPECT_EQ(registry.fault_against_supertype(left), SupertypeFault::none);

  const std::vector<TypeId> known = {base, left};
  const Group below = registry.add_group({open_struct({{kI64, false}}, 1)}, 2, known);
  EXPECT_TRUE(registry.is_subtype(below->first(), base));
  EXPECT_EQ(registry.fault_against_supertype(below->first()), SupertypeFault::structure);
}

/// The structures as (type $i (descriptor $i+1)) (type $i+1 (describes $i)).
std::vector<TypeDefinition> described(TypeDefinition type, TypeDefinition descriptor, TypeId first) {
  type.descriptor = first + 1;
  descriptor.describes = first;
  return {std::move(type), std::move(descriptor)};
}

TEST(module_types, descriptors_make_types_different) {
  TypeRegistry registry;
  const Group plain = registry.add_group({open_struct({}), open_struct({})}, 0, {});
  const Group pair = registry.add_group(described(open_struct({}), open_struct({}), 0), 0, {});
  EXPECT_NE(plain, pair);
  const std::vector<TypeId> known = {pair->first(), pair->first() + 1};
  EXPECT_EQ(registry.add_group(described(open_struct({}), open_struct({}), 2), 2, known), pair);
  EXPECT_EQ(registry.get(pair->first()).descriptor, pair->first() + 1);
  EXPECT_EQ(registry.get(pair->first() + 1).describes, pair->first());
  EXPECT_EQ(registry.get(pair->first() + 1).descriptor, kNoType);
}

TEST(module_types, exactness_makes_types_different) {
  TypeRegistry registry;
  const auto mentioning = [&](HeapType heap) {
    return registry.add_group({open_struct({}), open_struct({{ValueType::ref(heap, true), false}})}, 0, {});
  };
  const Group exact = mentioning(HeapType::exact(0));
  EXPECT_NE(mentioning(HeapType::defined(0)), exact);
  EXPECT_EQ(mentioning(HeapType::exact(0)), exact);
  EXPECT_EQ(registry.get(exact->first() + 1).fields[0].storage.heap(), HeapType::exact(exact->first()));
}

TEST(module_types, exact_types_have_no_subtypes_but_bottoms) {
  TypeRegistry registry;
  const Group group = registry.add_group({open_struct({}), open_struct({}, 0)}, 0, {});
  const HeapType base = HeapType::defined(group->first()), exact_base = HeapType::exact(group->first());
  const HeapType exact_sub = HeapType::exact(group->first() + 1);
  EXPECT_TRUE(registry.is_subtype(exact_base, base));
  EXPECT_TRUE(registry.is_subtype(exact_sub, base));
  EXPECT_TRUE(registry.is_subtype(exact_sub, HeapType(HeapType::Kind::struct_)));
  EXPECT_TRUE(registry.is_subtype(HeapType(HeapType::Kind::none), exact_base));
  EXPECT_TRUE(registry.is_subtype(HeapType(HeapType::Kind::bottom), exact_base));
  EXPECT_FALSE(registry.is_subtype(base, exact_base));
  EXPECT_FALSE(registry.is_subtype(exact_sub, exact_base));
  EXPECT_FALSE(registry.is_subtype(HeapType(HeapType::Kind::nofunc), exact_base));
  EXPECT_EQ(to_string(ValueType::ref(HeapType::exact(3), true)), "(ref null (exact 3))");
}

/// Objects of a subtype begin like those of the supertype, whichever of them is the first with a descriptor.
TEST(module_types, a_descriptor_stands_before_the_fields_of_the_first_type_that_has_one) {
  TypeRegistry registry;
  const FieldType byte{ValueType::Kind::i8, false};
  const FieldType any{ValueType::ref(HeapType::Kind::any, true), false};
  // 0 <- 1 (descriptor 3) <- 2 (descriptor 4)
  std::vector<TypeDefinition> group = {open_struct({byte}), open_struct({byte, byte, any}, 0),
                                       open_struct({byte, byte, any, byte}, 1), open_struct({}),
                                       open_struct({any}, 3)};
  group[1].descriptor = 3;
  group[2].descriptor = 4;
  group[3].describes = 1;
  group[4].describes = 2;
  const Group registered = registry.add_group(std::move(group), 0, {});
  const auto layout = [&](uint32_t i) -> const TypeLayout& {
    return registry.get(registered->first() + i).layout;
  };
  EXPECT_EQ(layout(0).descriptor_offset, 0u);
  EXPECT_EQ(layout(0).field_offsets, (std::vector<uint32_t>{8}));
  EXPECT_EQ(layout(1).descriptor_offset, 16u);
  EXPECT_EQ(layout(1).field_offsets, (std::vector<uint32_t>{8, 24, 32}));
  EXPECT_EQ(layout(1).references, (std::vector<uint32_t>{16, 32}));
  EXPECT_EQ(layout(2).descriptor_offset, 16u);
  EXPECT_EQ(layout(2).field_offsets, (std::vector<uint32_t>{8, 24, 32, 40}));
  EXPECT_EQ(layout(3).descriptor_offset, 0u);
  for (uint32_t i = 0; i < 5; ++i)
    EXPECT_EQ(registry.fault_against_supertype(registered->first() + i), SupertypeFault::none);
}

TEST(module_types, abstract_heap_types) {
  using Kind = HeapType::Kind;
  TypeRegistry registry;
  const Group function = registry.add_function({}, {});
  const Group structure = registry.add_group({open_struct({})}, 0, {});
  const HeapType f = HeapType::defined(function->first());
  const HeapType s = HeapType::defined(structure->first());
  const std::vector<std::pair<HeapType, HeapType>> yes = {
      {Kind::eq, Kind::any},
      {Kind::i31, Kind::eq},
      {Kind::struct_, Kind::any},
      {Kind::array, Kind::eq},
      {Kind::none, Kind::i31},
      {Kind::none, Kind::any},
      {Kind::none, s},
      {s, Kind::struct_},
      {s, Kind::any},
      {f, Kind::func},
      {Kind::nofunc, f},
      {Kind::nofunc, Kind::func},
      {Kind::noextern, Kind::extern_},
      {Kind::noexn, Kind::exn},
      {Kind::bottom, f},
      {Kind::bottom, Kind::any},
  };
  const std::vector<std::pair<HeapType, HeapType>> no = {
      {Kind::any, Kind::eq},      {Kind::func, Kind::any},    {Kind::none, Kind::func},   {Kind::none, f},
      {Kind::nofunc, s},          {s, Kind::array},           {f, Kind::struct_},         {Kind::struct_, s},
      {Kind::extern_, Kind::any}, {Kind::i31, Kind::struct_}, {Kind::func, Kind::bottom},
  };
  for (const auto& [sub, super] : yes)
    EXPECT_TRUE(registry.is_subtype(sub, super)) << to_string(sub) << " " << to_string(super);
  for (const auto& [sub, super] : no)
    EXPECT_FALSE(registry.is_subtype(sub, super)) << to_string(sub) << " " << to_string(super);
  EXPECT_TRUE(registry.is_subtype(ValueType::ref(f, false), ValueType::funcref()));
  EXPECT_FALSE(registry.is_subtype(ValueType::funcref(), ValueType::ref(Kind::func, false)));
  EXPECT_TRUE(registry.is_subtype(ValueType(), kI32));
  EXPECT_FALSE(registry.is_subtype(kI32, kI64));
}

TEST(module_types, release_frees_ids_for_reuse) {
  TypeRegistry registry;
  Group a = registry.add_function({kI32}, {});
  const TypeId id = a->first();
  // A group keeps alive what it mentions.
  const std::vector<TypeId> known = {id};
  Group b = registry.add_group({function_type({ref_to(0)})}, 1, known);
  a.reset();
  EXPECT_EQ(registry.group_count(), 2u);
  EXPECT_EQ(registry.get(id).parameters, std::vector<ValueType>{kI32});
  b.reset();
  EXPECT_EQ(registry.group_count(), 0u);
  const Group c = registry.add_function({kI64}, {});
  EXPECT_LT(c->first(), 2u);
}

TEST(module_types, a_long_chain_is_released_without_recursion) {
  TypeRegistry registry;
  Group last = registry.add_function({}, {});
  for (int i = 0; i < 200'000; ++i) {
    const std::vector<TypeId> known = {last->first()};
    last = registry.add_group({function_type({ref_to(0)})}, 1, known);
  }
  EXPECT_EQ(registry.group_count(), 200'001u);
  last.reset();
  EXPECT_EQ(registry.group_count(), 0u);
}

TEST(module_types, groups_outlive_the_registry) {
  Group group;
  {
    TypeRegistry registry;
    group = registry.add_function({kI32}, {});
  }
  EXPECT_EQ(group->count(), 1u);
}

TEST(module_types, a_full_registry_refuses) {
  TypeRegistry registry;
  std::vector<TypeDefinition> too_many(HeapType::kMaxTypes + 1);
  EXPECT_EQ(registry.add_group(std::move(too_many), 0, {}), nullptr);
}

TEST(module_types, threads_register_and_release_concurrently) {
  TypeRegistry registry;
  const auto work = [&registry](uint32_t seed) {
    for (uint32_t i = 0; i < 2'000; ++i) {
      const std::vector<ValueType> parameters((seed * 7 + i) % 5, kI32);
      const Group a = registry.add_function(parameters, {});
      const Group b = registry.add_function({ref_to(a->first())}, {kI64});
      ASSERT_EQ(registry.get(a->first()).parameters.size(), parameters.size());
      ASSERT_TRUE(registry.is_subtype(HeapType::defined(b->first()), HeapType::Kind::func));
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 4; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(registry.group_count(), 0u);
}

TEST(module_value_type, reads_like_the_text_format) {
  EXPECT_EQ(to_string(kI32), "i32");
  EXPECT_EQ(to_string(ValueType::funcref()), "funcref");
  EXPECT_EQ(to_string(ValueType::ref(HeapType::Kind::none, true)), "nullref");
  EXPECT_EQ(to_string(ValueType::ref(HeapType::Kind::extern_, false)), "(ref extern)");
  EXPECT_EQ(to_string(ref_to(5)), "(ref null 5)");
  EXPECT_EQ(to_string(ref_to(5, false)), "(ref 5)");
  EXPECT_EQ(to_string(ValueType(ValueType::Kind::i16)), "i16");
}

}  // namespace
}  // namespace heddle::engine
