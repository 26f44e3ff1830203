// SPDX-License-Identifier: Apache-2.0
// Names of the handlers of structures, arrays, i31 and casts.
#include "engine/interpreter/disassemble_names.h"

namespace heddle::engine {

namespace {

constexpr std::string_view kStorageNames[kStorages] = {"s8",  "u8",  "s16", "u16", "i32",
                                                       "i64", "f32", "f64", "v128"};
constexpr std::string_view kCastNames[kCastKinds] = {"none",  "any",  "eq",    "i31",  "struct",
                                                     "array", "type", "exact", "func", "exact_func"};

void add_creation(ShapeTable& shapes, const GcHandlers& gc) {
  for (unsigned i = 0; i <= GcHandlers::kMostStores; ++i) {
    shapes.add(gc.structure_new[i], i == 0 ? "struct.new" : "struct.new." + std::to_string(i),
               "%0 = %y, stores %9:", 3);
  }
  shapes.add(gc.structure_new_tight, "struct.new.tight", "%0 = %y, stores %9:", 3);
  shapes.add(gc.structure_new_default, "struct.new_default", "%0 = %y", 3);
  shapes.add(gc.array_new, "array.new", "%0 = %y, value %2, length %3", 3);
  shapes.add(gc.array_new_default, "array.new_default", "%0 = %y, length %2", 3);
  shapes.add(gc.array_new_fixed, "array.new_fixed", "%0 = %y, from %2, length %n", 4);
  shapes.add(gc.array_new_data, "array.new_data", "%0 = %y, from %2, length %3, segment %n", 4);
  shapes.add(gc.array_new_elements, "array.new_elem", "%0 = %y, from %2, length %3, segment %n", 4);
}

void add_storage(ShapeTable& shapes, const GcHandlers& gc, unsigned storage) {
  const std::string_view name = kStorageNames[storage];
  for (unsigned source = 0; source < 2; ++source) {
    for (unsigned target = 0; target < 2; ++target) {
      shapes.add(gc.structure_get[storage][source][target],
                 joined(joined("struct.get", name), kSourceNames[source], kTargetNames[target]),
                 source == 0 ? "%0 = [%1 + %i]" : "%0 = [a + %i]", 2);
      shapes.add(gc.array_set[storage][source][target],
                 joined(joined(joined("array.set", name), source == 0 ? "s" : "i"), kSourceNames[target]),
                 source == 0 ? (target == 0 ? "%0[%2] = %1" : "%0[%2] = a")
                             : (target == 0 ? "%0[%i] = %1" : "%0[%i] = a"),
                 2);
    }
    shapes.add(gc.structure_set[storage][source], joined(joined("struct.set", name), kSourceNames[source]),
               source == 0 ? "[%0 + %i] = %1" : "[%0 + %i] = a", 2);
  }
  constexpr std::string_view indexed[3] = {"%0 = %1[%2]", "%0 = %1[a]", "%0 = %1[%i]"};
  for (unsigned source = 0; source < 3; ++source) {
    for (unsigned target = 0; target < 2; ++target) {
      shapes.add(gc.array_get[storage][source][target],
                 joined(joined("array.get", name), kSourceNames[source], kTargetNames[target]),
                 indexed[source], 2);
    }
  }
}

void add_ranges(ShapeTable& shapes, const GcHandlers& gc) {
  shapes.add(gc.array_fill, "array.fill", "%0[%1] = %2, count %3", 2);
  shapes.add(gc.array_copy, "array.copy", "%0[%1] = %2[%3], count %r", 3);
  shapes.add(gc.array_init_data, "array.init_data", "%0[%1], from %2, count %3, segment %n", 3);
  shapes.add(gc.array_init_elements, "array.init_elem", "%0[%1], from %2, count %3, segment %n", 3);
}

void add_unary(ShapeTable& shapes, const GcHandlers& gc) {
  for (unsigned source = 0; source < 2; ++source) {
    const std::string_view pattern = source == 0 ? "%0 = %1" : "%0 = a";
    for (unsigned target = 0; target < 2; ++target) {
      const auto add = [&](Handler handler, std::string_view name) {
        shapes.add(handler, joined(name, kSourceNames[source], kTargetNames[target]), pattern, 2);
      };
      add(gc.array_length[source][target], "array.len");
      add(gc.i31_new[source][target], "ref.i31");
      add(gc.i31_get[0][source][target], "i31.get_u");
      add(gc.i31_get[1][source][target], "i31.get_s");
    }
  }
}

void add_casts(ShapeTable& shapes, const GcHandlers& gc) {
  for (unsigned kind = 0; kind < kCastKinds; ++kind) {
    const bool names_type = kind >= static_cast<unsigned>(CastKind::below);
    for (unsigned null = 0; null < 2; ++null) {
      const std::string cast = joined(kCastNames[kind], null != 0 ? ".null" : "");
      shapes.add(gc.test[kind][null], joined("ref.test", cast), names_type ? "%0 = %1, %y" : "%0 = %1", 3);
      shapes.add(gc.cast[kind][null], joined("ref.cast", cast), names_type ? "%1, %y" : "%1", 3);
      for (unsigned bits = 0; bits < 4; ++bits) {
        shapes.add(gc.branch[kind][null][bits >> 1][bits & 1],
                   joined(bits >> 1 ? "if_cast" : "unless_cast", cast, kBackNames[bits & 1]),
                   names_type ? "%0, %y -> %@" : "%0 -> %@", 3);
      }
    }
  }
}

void add_descriptors(ShapeTable& shapes, const GcHandlers& gc) {
  shapes.add(gc.check_descriptor, "check_desc", "%1", 2);
  shapes.add(gc.described_new_default, "struct.new_default_desc", "%0 = %y, descriptor %2", 3);
  for (unsigned null = 0; null < 2; ++null) {
    const std::string_view end = null != 0 ? ".null" : "";
    shapes.add(gc.cast_described[null], joined("ref.cast_desc_eq", end), "%1, descriptor %2", 2);
    for (unsigned bits = 0; bits < 4; ++bits) {
      shapes.add(gc.branch_described[null][bits >> 1][bits & 1],
                 joined(bits >> 1 ? "if_cast_desc_eq" : "unless_cast_desc_eq", end, kBackNames[bits & 1]),
                 "%0, descriptor %r -> %@", 3);
    }
  }
}

}  // namespace

void add_gc(ShapeTable& shapes, const GcHandlers& gc) {
  add_creation(shapes, gc);
  for (unsigned storage = 0; storage < kStorages; ++storage) add_storage(shapes, gc, storage);
  add_ranges(shapes, gc);
  add_unary(shapes, gc);
  add_casts(shapes, gc);
  add_descriptors(shapes, gc);
}

}  // namespace heddle::engine
