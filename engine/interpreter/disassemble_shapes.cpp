// SPDX-License-Identifier: Apache-2.0
// Shapes of all handlers, by walking the HandlerTable.
#include "engine/interpreter/disassemble_shapes.h"

#include "engine/interpreter/disassemble_names.h"

namespace heddle::engine {

namespace {

[[nodiscard]] unsigned words_beside_immediate(char type) { return type == 'v' ? 4 : type == 'd' ? 3 : 2; }

/// How an immediate that shares word 1 (or, a double, takes word 2) is printed, in a binary's pattern.
[[nodiscard]] std::string_view binary_pattern(Pair pair, char type) {
  if (pair == Pair::slot_slot) return "%0 = %1, %2";
  if (pair == Pair::slot_accumulator) return "%0 = %1, a";
  if (pair == Pair::accumulator_slot) return "%0 = a, %2";
  const unsigned kind = type == 'f' ? 1 : type == 'd' ? 2 : type == 'v' ? 3 : 0;
  switch (pair) {
    case Pair::slot_immediate: {
      constexpr std::string_view patterns[] = {"%0 = %1, %i", "%0 = %1, %f", "%0 = %1, %d", "%0 = %1, %w %w"};
      return patterns[kind];
    }
    case Pair::accumulator_immediate: {
      constexpr std::string_view patterns[] = {"%0 = a, %i", "%0 = a, %f", "%0 = a, %d", "%0 = a, %w %w"};
      return patterns[kind];
    }
    case Pair::immediate_slot: {
      constexpr std::string_view patterns[] = {"%0 = %i, %1", "%0 = %f, %1", "%0 = %d, %1"};
      return patterns[kind];
    }
    default: {
      constexpr std::string_view patterns[] = {"%0 = %i, a", "%0 = %f, a", "%0 = %d, a"};
      return patterns[kind];
    }
  }
}

[[nodiscard]] std::string_view branch_pattern(Pair pair, char type) {
  if (pair == Pair::slot_slot) return "%0, %1 -> %@";
  if (pair == Pair::accumulator_slot) return "a, %1 -> %@";
  const bool accumulator = left_of(pair) == Source::accumulator;
  switch (type) {
    case 'i': return accumulator ? "a, %l -> %@" : "%0, %l -> %@";
    case 'l': return accumulator ? "a, %s -> %@" : "%0, %s -> %@";
    case 'f': return accumulator ? "a, %L -> %@" : "%0, %L -> %@";
    default: return accumulator ? "a, %d -> %@" : "%0, %d -> %@";
  }
}

void add_numeric(ShapeTable& shapes, const HandlerTable& table, size_t opcode) {
  const OpcodeInfo& row = kOpcodes[opcode];
  add_unary(shapes, table.unary[opcode], row.text);
  add_binary(shapes, table.binary[opcode], row);
  const char type = row.signature.empty() ? ' ' : row.signature[0];
  for (unsigned i = 0; i < kPairs; ++i) {
    const Pair pair = static_cast<Pair>(i);
    for (unsigned bits = 0; bits < 4; ++bits) {
      shapes.add(table.branch[opcode].form[i][bits >> 1][bits & 1],
                 joined(joined(bits >> 1 ? "if" : "unless", row.text), kPairNames[i], kBackNames[bits & 1]),
                 branch_pattern(pair, type), right_of(pair) == Source::immediate ? 3 : 2);
    }
  }
}

/// The pattern of a store: the address is a slot, the accumulator, or two slots; `value` how to print what is
/// stored.
[[nodiscard]] std::string_view store_pattern(Address address, std::string_view row_text, Source source) {
  const unsigned value = source == Source::slot          ? 0
                         : source == Source::accumulator ? 1
                         : row_text.starts_with("f32")   ? 3
                         : row_text.starts_with("f64")   ? 4
                                                         : 2;
  constexpr std::string_view one_slot[] = {"[%0 + %i] = %1", "[%0 + %i] = a", "[%0 + %i] = %s",
                                           "[%0 + %i] = %L", "[%0 + %i] = %d"};
  constexpr std::string_view accumulator[] = {"[a + %i] = %1", "[a + %i] = a", "[a + %i] = %s",
                                              "[a + %i] = %L", "[a + %i] = %d"};
  constexpr std::string_view two_slots[] = {"[%0 + %2] = %1", "[%0 + %2] = a", "[%0 + %2] = %s",
                                            "[%0 + %2] = %L", "[%0 + %2] = %d"};
  constexpr std::string_view absolute[] = {"[%u] = %1", "[%u] = a", "[%u] = %s", "[%u] = %L", "[%u] = %d"};
  if (address == Address::slot_slot) return two_slots[value];
  if (address == Address::absolute) return absolute[value];
  return address == Address::slot || address == Address::slot_immediate ? one_slot[value]
                                                                        : accumulator[value];
}

[[nodiscard]] std::string_view load_pattern(Address address) {
  if (address == Address::slot_slot) return "%0 = [%1 + %2]";
  if (address == Address::absolute) return "%0 = [%u]";
  return address == Address::slot || address == Address::slot_immediate ? "%0 = [%1 + %i]" : "%0 = [a + %i]";
}

void add_memory(ShapeTable& shapes, const HandlerTable& table, size_t opcode) {
  const std::string_view text = kOpcodes[opcode].text;
  for (unsigned i = 0; i < kAddresses; ++i) {
    const Address address = static_cast<Address>(i);
    for (unsigned target = 0; target < 2; ++target) {
      shapes.add(table.load[opcode].guarded[i][target], joined(text, kAddressNames[i], kTargetNames[target]),
                 load_pattern(address), 2);
    }
    for (unsigned source = 0; source < 3; ++source) {
      shapes.add(table.store[opcode].guarded[i][source],
                 joined(joined(text, kAddressNames[i]), kSourceNames[source]),
                 store_pattern(address, text, static_cast<Source>(source)), source == 2 ? 3 : 2);
    }
  }
  shapes.add(table.wide[opcode], std::string(text), "%0", 2);
  for (unsigned is_64 = 0; is_64 < 2; ++is_64) {
    const std::string_view form = is_64 ? "checked64" : "checked";
    shapes.add(table.load[opcode].checked[is_64], joined(text, form), "%0 = memory %i [%1 + %n]", 3);
    shapes.add(table.store[opcode].checked[is_64], joined(text, form), "memory %i [%0 + %n] = %1", 3);
    shapes.add(table.atomic[opcode].form[is_64], is_64 ? joined(text, "64") : std::string(text),
               "%0 = [%1 + %n], %2, %3, memory %n", 4);
  }
}

void add_control(ShapeTable& shapes, const SingleHandlers& single) {
  shapes.add(single.enter, "enter", "frame %6, header %1, zero %2, count %9", 2);
  shapes.add(single.reload, "reload", "header %0", 2);
  shapes.add(single.unreachable, "unreachable", "", 2);
  shapes.add(single.fuel, "fuel", "%i", 2);
  shapes.add(single.branch_table, "branch_table", "%0", 2);
  for (unsigned back = 0; back < 2; ++back) {
    shapes.add(single.jump[back], joined("jump", kBackNames[back]), "-> %@", 2);
    for (unsigned bits = 0; bits < 4; ++bits) {
      const unsigned source = bits >> 1, wide = bits & 1;
      constexpr std::string_view sources[2][2] = {{"s", "s64"}, {"a", "a64"}};
      const std::string_view pattern = source ? "a -> %@" : "%0 -> %@";
      shapes.add(single.branch_zero[source][wide][back],
                 joined("if_zero", sources[source][wide], kBackNames[back]), pattern, 2);
      shapes.add(single.branch_nonzero[source][wide][back],
                 joined("if_nonzero", sources[source][wide], kBackNames[back]), pattern, 2);
    }
  }
  shapes.add(single.throw_tag, "throw", "%0, header %1, tag %n", 3);
  shapes.add(single.throw_reference, "throw_ref", "%0, header %1", 2);
  shapes.add(single.catch_region, "catch_region", "", 2);
  shapes.add(single.return_nothing, "return", "", 2);
  shapes.add(single.return_called_nothing, "return.called", "", 1);
  shapes.add(single.return_many, "return_many", "%0, count %i", 2);
  shapes.add(single.translate, "translate", "", 1);
  shapes.add(single.call_host, "call_host", "", 1);
  shapes.add(single.call_native, "call_native", "", 2);
  shapes.add(single.enter_loop, "enter_loop", "", 2);
  shapes.add(single.leave, "leave", "", 1);
}

void add_calls(ShapeTable& shapes, const SingleHandlers& single) {
  constexpr std::string_view wide[2] = {"", "64"};
  shapes.add(single.call, "call", "base %0, header %1, %c", 3);
  shapes.add(single.call_reloading, "call.reloading", "base %0, header %1, %c", 3);
  shapes.add(single.call_import, "call_import", "base %0, header %1, function %i", 2);
  shapes.add(single.call_reference, "call_reference", "base %0, header %1, function in %2", 2);
  shapes.add(single.return_call, "return_call", "from %0, header %1, count %8, to header %3, %c", 3);
  shapes.add(single.return_call_import, "return_call_import",
             "from %0, header %1, count %8, to header %3, function %n", 3);
  shapes.add(single.return_call_reference, "return_call_reference",
             "from %0, header %1, count %8, to header %3, function in %r", 3);
  for (unsigned is_64 = 0; is_64 < 2; ++is_64) {
    shapes.add(single.call_indirect[is_64], joined("call_indirect", "", wide[is_64]),
               "base %0, header %1, index %2, %t", 3);
    shapes.add(single.return_call_indirect[is_64], joined("return_call_indirect", "", wide[is_64]),
               "from %0, header %1, count %8, to header %3, %t, index %r", 4);
  }
}

void add_moves(ShapeTable& shapes, const SingleHandlers& single) {
  shapes.add(single.copy, "copy", "%0 = %1", 2);
  shapes.add(single.copy_f32, "copy_f32", "%0 = %1", 2);
  shapes.add(single.copy_range, "copy_range", "%0 = %1, count %i", 2);
  shapes.add(single.constant, "constant", "%0 = %i", 2);
  shapes.add(single.constant64, "constant64", "%0 = %w", 3);
  shapes.add(single.global_set_immediate, "global.set.i", "global %i = %w", 3);
  constexpr std::string_view names[kRegisters] = {"int", "f32", "f64", "v128"};
  constexpr std::string_view immediates[kRegisters] = {"%s", "%L", "%d", "%w"};
  for (unsigned i = 0; i < kRegisters; ++i) {
    const std::string_view returned[3] = {"%0", "a", immediates[i]};
    for (unsigned source = 0; source < 3; ++source) {
      shapes.add(single.return_one[i][source], joined(joined("return", names[i]), kSourceNames[source]),
                 returned[source], source == 2 ? 3 : 2);
    }
    for (unsigned source = 0; source < 2; ++source) {
      shapes.add(single.global_set[i][source], joined(joined("global.set", names[i]), kSourceNames[source]),
                 source == 0 ? "global %i = %1" : "global %i = a", 2);
      shapes.add(single.select[i][source], joined(joined("select", names[i]), kSourceNames[source]),
                 source == 0 ? "%0 = %1 ? %2 : %3" : "%0 = a ? %2 : %3", 2);
    }
    shapes.add(single.return_called[i], joined("return.called", names[i]), "a", 1);
    shapes.add(single.store_accumulator[i], joined("store", names[i]), "%0 = a", 2);
    shapes.add(single.global_get[i], joined("global.get", names[i]), "%0 = global %i", 2);
  }
}

void add_bulk(ShapeTable& shapes, const SingleHandlers& single) {
  shapes.add(single.reference_function, "ref.func", "%0 = function %i", 2);
  shapes.add(single.is_null[0], "ref.is_null.s", "%0 = %1", 2);
  shapes.add(single.is_null[1], "ref.is_null.a", "%0 = a", 2);
  shapes.add(single.as_non_null, "ref.as_non_null", "%1", 2);
  shapes.add(single.memory_size, "memory.size", "%0 = memory %i", 2);
  shapes.add(single.memory_grow, "memory.grow", "%0 = %1, memory %i", 2);
  shapes.add(single.memory_fill, "memory.fill", "%0, %1, %2, memory %n", 3);
  shapes.add(single.memory_copy, "memory.copy", "%0, %1, %2, to memory %a, from memory %b", 3);
  shapes.add(single.memory_init, "memory.init", "%0, %1, %2, memory %a, segment %b", 3);
  shapes.add(single.data_drop, "data.drop", "%i", 2);
  shapes.add(single.table_get, "table.get", "%0 = %1, table %i", 2);
  shapes.add(single.table_set, "table.set", "table %i [%1] = %0", 2);
  shapes.add(single.table_size, "table.size", "%0 = table %i", 2);
  shapes.add(single.table_grow, "table.grow", "%0 = %1, %2, table %n", 3);
  shapes.add(single.table_fill, "table.fill", "%0, %1, %2, table %n", 3);
  shapes.add(single.table_copy, "table.copy", "%0, %1, %2, to table %a, from table %b", 3);
  shapes.add(single.table_init, "table.init", "%0, %1, %2, table %a, segment %b", 3);
  shapes.add(single.element_drop, "elem.drop", "%i", 2);
  shapes.add(single.atomic_fence, "atomic.fence", "", 2);
}

[[nodiscard]] ShapeTable make_shapes() {
  ShapeTable shapes;
  const HandlerTable& table = handlers();
  for (size_t opcode = 0; opcode < kOpcodeCount; ++opcode) {
    add_numeric(shapes, table, opcode);
    add_memory(shapes, table, opcode);
  }
  add_control(shapes, table.single);
  add_calls(shapes, table.single);
  add_moves(shapes, table.single);
  add_bulk(shapes, table.single);
  add_simd(shapes, table);
  add_gc(shapes, table.gc);
  shapes.add(table.landing, "landing", "", 1);
  return shapes;
}

}  // namespace

void add_unary(ShapeTable& shapes, const UnaryHandlers& row, std::string_view text) {
  for (unsigned source = 0; source < 2; ++source) {
    for (unsigned target = 0; target < 2; ++target) {
      shapes.add(row.form[source][target], joined(text, kSourceNames[source], kTargetNames[target]),
                 source == 0 ? "%0 = %1" : "%0 = a", 2);
    }
  }
}

void add_binary(ShapeTable& shapes, const BinaryHandlers& row, const OpcodeInfo& info) {
  const char type = info.signature.empty() ? ' ' : info.signature[0];
  for (unsigned i = 0; i < kPairs; ++i) {
    const Pair pair = static_cast<Pair>(i);
    const bool immediate = left_of(pair) == Source::immediate || right_of(pair) == Source::immediate;
    if (row.form[i][0] == nullptr) continue;  // and a vector has no pattern for it
    for (unsigned target = 0; target < 2; ++target) {
      shapes.add(row.form[i][target], joined(info.text, kPairNames[i], kTargetNames[target]),
                 binary_pattern(pair, type), immediate ? words_beside_immediate(type) : 2);
    }
  }
}

const Shape* find_shape(Word handler) {
  static const ShapeTable shapes = make_shapes();
  return shapes.find(handler);
}

}  // namespace heddle::engine
