// SPDX-License-Identifier: Apache-2.0
// Shapes of the handlers in SimdTable, and of the native ones of relaxed rows.
#include "engine/interpreter/disassemble_names.h"

namespace heddle::engine {

namespace {

void add_ternary(ShapeTable& shapes, const TernaryHandlers& row, std::string_view text) {
  constexpr std::string_view forms[4] = {"ass", "sas", "ssa", "sss"};
  constexpr std::string_view patterns[4] = {"%0 = a, %2, %3", "%0 = %1, a, %3", "%0 = %1, %2, a",
                                            "%0 = %1, %2, %3"};
  for (unsigned i = 0; i < 8; ++i) {
    shapes.add(row.form[i / 2][i % 2], joined(text, forms[i / 2], kTargetNames[i % 2]), patterns[i / 2], 2);
  }
}

void add_shift(ShapeTable& shapes, const ShiftHandlers& row, std::string_view text) {
  constexpr std::string_view forms[2][3] = {{"ss", "sa", "si"}, {"as", "aa", "ai"}};
  constexpr std::string_view patterns[2][3] = {{"%0 = %1, %2", "%0 = %1, a", "%0 = %1, %i"},
                                               {"%0 = a, %2", "%0 = a, a", "%0 = a, %i"}};
  for (unsigned i = 0; i < 12; ++i) {
    const unsigned source = i / 6, count = i / 2 % 3, target = i % 2;
    shapes.add(row.form[source][count][target], joined(text, forms[source][count], kTargetNames[target]),
               patterns[source][count], 2);
  }
}

void add_lanes(ShapeTable& shapes, const SimdTable& simd, size_t opcode) {
  const std::string_view text = kOpcodes[opcode].text;
  constexpr std::string_view both[2][2] = {{"ss", "sa"}, {"as", "aa"}};
  constexpr std::string_view replace[2][2] = {{"%0 = %1, %2, lane %9", "%0 = %1, a, lane %9"},
                                              {"%0 = a, %2, lane %9", "%0 = a, a, lane %9"}};
  constexpr std::string_view load[2][2] = {{"%0 = [%1 + %n], %2, lane %9", "%0 = [%1 + %n], a, lane %9"},
                                           {"%0 = [a + %n], %2, lane %9", "%0 = [a + %n], a, lane %9"}};
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned first = i / 4, second = i / 2 % 2, target = i % 2;
    const std::string name = joined(text, both[first][second], kTargetNames[target]);
    shapes.add(simd.replace[opcode].form[first][second][target], name, replace[first][second], 2);
    shapes.add(simd.load_lane[opcode].guarded[first][second][target], name, load[first][second], 3);
  }
  for (unsigned i = 0; i < 2; ++i) {
    shapes.add(simd.extract[opcode].form[i], joined(text, "s", kTargetNames[i]), "%0 = %1, byte %8", 2);
    shapes.add(simd.store_lane[opcode].guarded[i], joined(text, kSourceNames[i]),
               i == 0 ? "[%0 + %n] = %1, byte %8" : "[a + %n] = %1, byte %8", 3);
    const std::string checked = joined(text, i == 0 ? "checked" : "checked64");
    shapes.add(simd.load_lane[opcode].checked[i], checked, "%0 = [%1 + %n], %2, lane %9, memory %n", 4);
    shapes.add(simd.store_lane[opcode].checked[i], checked, "[%0 + %n] = %1, byte %8, memory %n", 4);
  }
}

void add_fed(ShapeTable& shapes, const FedVectorHandlers& row, std::string_view text) {
  constexpr std::string_view patterns[2][2][2] = {
      {{"%0 = [%1 + %l], %3", "%0 = %3, [%1 + %l]"}, {"%0 = [a + %l], %3", "%0 = %3, [a + %l]"}},
      {{"%0 = [%1 + %2], %3", "%0 = %3, [%1 + %2]"}, {"", ""}}};
  for (unsigned i = 0; i < kAddresses * 4; ++i) {
    const unsigned address = i / 4, right = i / 2 % 2, target = i % 2;
    const bool in_a = address == static_cast<unsigned>(Address::accumulator) ||
                      address == static_cast<unsigned>(Address::accumulator_immediate);
    const bool two_slots = address == static_cast<unsigned>(Address::slot_slot);
    std::string name = joined("v128.load", kAddressNames[address], "+");
    name += joined(text, right ? "r" : "l", kTargetNames[target]);
    shapes.add(row.form[address][right][target], std::move(name), patterns[two_slots][in_a][right], 3);
  }
}

void add_mul_add(ShapeTable& shapes, const MulAddHandlers& row, const MulAddRow& rows) {
  const std::string text = joined(info(rows.multiply).text, "", "+add");
  for (unsigned i = 0; i < kPairs * 2; ++i) {
    const Pair pair = static_cast<Pair>(i / 2);
    const bool immediate = right_of(pair) == Source::immediate;
    const bool in_a = left_of(pair) == Source::accumulator;
    constexpr std::string_view patterns[2][2] = {{"%0 = (%1, %2), %3", "%0 = (%1, %w %w), %3"},
                                                 {"%0 = (a, %2), %3", "%0 = (a, %w %w), %3"}};
    shapes.add(row.form[i / 2][i % 2], joined(text, kPairNames[i / 2], kTargetNames[i % 2]),
               patterns[in_a][immediate], immediate ? 4 : 2);
  }
  for (unsigned i = 0; i < kAddresses * 2; ++i) {
    const Address address = static_cast<Address>(i / 2);
    const bool in_a = address == Address::accumulator || address == Address::accumulator_immediate;
    const std::string name = joined("v128.load", kAddressNames[i / 2], "+");
    shapes.add(row.fed[i / 2][i % 2], joined(name + text, "", kTargetNames[i % 2]),
               address == Address::slot_slot ? "%0 = ([%1 + %2], %3), %q"
               : in_a                        ? "%0 = ([a + %l], %3), %q"
                                             : "%0 = ([%1 + %l], %3), %q",
               3);
  }
}

}  // namespace

void add_simd(ShapeTable& shapes, const HandlerTable& table) {
  const SimdTable& simd = table.simd;
  for (size_t opcode = 0; opcode < kOpcodeCount; ++opcode) {
    add_ternary(shapes, simd.ternary[opcode], kOpcodes[opcode].text);
    add_shift(shapes, simd.shift[opcode], kOpcodes[opcode].text);
    add_lanes(shapes, simd, opcode);
    add_fed(shapes, simd.fed[opcode], kOpcodes[opcode].text);
  }
  for (size_t i = 0; i < std::size(kMulAdds); ++i) add_mul_add(shapes, simd.mul_add[i], kMulAdds[i]);
  for (size_t i = 0; i < kRelaxedRows; ++i) {
    OpcodeInfo row = kOpcodes[kFirstRelaxed + i];
    const std::string text = joined(row.text, "native");
    row.text = text;
    add_unary(shapes, table.native.unary[i], text);
    add_binary(shapes, table.native.binary[i], row);
    add_ternary(shapes, table.native.ternary[i], text);
  }
  constexpr std::string_view shuffles[2][2] = {{"%0 = %1, %2, %w %w", "%0 = %1, a, %w %w"},
                                               {"%0 = a, %2, %w %w", "%0 = a, a, %w %w"}};
  constexpr std::string_view forms[2][2] = {{"ss", "sa"}, {"as", "aa"}};
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned left = i / 4, right = i / 2 % 2, target = i % 2;
    shapes.add(simd.shuffle[left][right][target],
               joined("i8x16.shuffle", forms[left][right], kTargetNames[target]), shuffles[left][right], 4);
  }
  for (unsigned i = 0; i < 4; ++i) {
    shapes.add(simd.shuffle_one[i / 2][i % 2],
               joined("shuffle_one", kSourceNames[i / 2], kTargetNames[i % 2]),
               i / 2 == 0 ? "%0 = %1, %w %w" : "%0 = a, %w %w", 4);
  }
  shapes.add(simd.copy, "copy_v128", "%0 = %1", 2);
  shapes.add(simd.constant, "constant_v128", "%0 = %w %w", 4);
}

}  // namespace heddle::engine
