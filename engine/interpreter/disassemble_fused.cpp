// SPDX-License-Identifier: Apache-2.0
// Shapes of fused handlers: chains, loop steps, selects on comparisons.
#include "engine/interpreter/disassemble_names.h"

namespace heddle::engine {

namespace {

/// The pattern of a chain; the inner parentheses are the first row. Immediates: the first's is in word 2's
/// low half, the second's in the high half; a double takes the whole word.
[[nodiscard]] std::string chain_pattern(Pair pair, Meeting meeting, char type) {
  const std::string_view low = type == 'd' ? "%d" : type == 'f' ? "%L" : "%l";
  const std::string_view high = type == 'd' ? "%d" : type == 'f' ? "%H" : "%h";
  const auto operand = [&](Source source, std::string_view slot) -> std::string_view {
    if (source == Source::slot) return slot;
    return source == Source::accumulator ? "a" : low;
  };
  std::string first = "(";
  first.append(operand(left_of(pair), "%1")).append(", ").append(operand(right_of(pair), "%2")).append(")");
  if (meeting == Meeting::right_of_slot) return "%0 = %3, " + first;
  return "%0 = " + first + ", " + std::string(meeting == Meeting::left_of_slot ? "%3" : high);
}

/// Patterns outlive the table that is made once; the few there are live here.
[[nodiscard]] std::string_view kept_chain_pattern(Pair pair, Meeting meeting, char type) {
  static const auto patterns = [] {
    std::unordered_map<unsigned, std::string> made;
    for (const char letter : {'i', 'f', 'd'}) {
      for (unsigned i = 0; i < kPairs * kMeetings; ++i) {
        made[static_cast<unsigned>(letter) << 8 | i] =
            chain_pattern(static_cast<Pair>(i / kMeetings), static_cast<Meeting>(i % kMeetings), letter);
      }
    }
    return made;
  }();
  const char letter = type == 'l' ? 'i' : type;
  return patterns.at(static_cast<unsigned>(letter) << 8 |
                     (static_cast<unsigned>(pair) * kMeetings + static_cast<unsigned>(meeting)));
}

template <class Set, class Rows>
void add_chains(ShapeTable& shapes, const Set& set, const Rows& rows) {
  constexpr std::string_view meetings[kMeetings] = {"s", "i", "rs"};
  const char type = info(set[0]).signature[0];
  for (size_t i = 0; i < std::size(set) * std::size(set); ++i) {
    const Opcode first = set[i / std::size(set)], second = set[i % std::size(set)];
    const ChainHandlers& row = rows[i / std::size(set)][i % std::size(set)];
    for (unsigned j = 0; j < kPairs * kMeetings * 2; ++j) {
      const unsigned pair = j / (kMeetings * 2), meeting = j / 2 % kMeetings, target = j % 2;
      const bool immediate = right_of(static_cast<Pair>(pair)) == Source::immediate ||
                             static_cast<Meeting>(meeting) == Meeting::left_of_immediate;
      std::string name = joined(info(first).text, kPairNames[pair], "+");
      name += joined(info(second).text.substr(4), meetings[meeting], kTargetNames[target]);
      shapes.add(row.form[pair][meeting][target], std::move(name),
                 kept_chain_pattern(static_cast<Pair>(pair), static_cast<Meeting>(meeting), type),
                 immediate ? 3 : 2);
    }
  }
}

void add_comparisons(ShapeTable& shapes, const FusedTable& fused, size_t opcode) {
  const std::string_view text = kOpcodes[opcode].text;
  constexpr std::string_view step_patterns[2][2] = {
      {"%0 = %1 + %l; %0, %q -> %@", "%0 = %1 + %l; %0, %h -> %@"},
      {"%0 = %1 + %k; %0, %q -> %@", "%0 = %1 + %k; %0, %h -> %@"}};
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned add_slot = i >> 3, constant = i >> 2 & 1, wanted = i >> 1 & 1, back = i & 1;
    std::string form(add_slot ? "s" : "i");
    form += constant ? "i" : "s";
    shapes.add(fused.step[opcode].form[add_slot][constant][wanted][back],
               joined(joined(wanted ? "step_if" : "step_unless", text), form, kBackNames[back]),
               step_patterns[add_slot][constant], 3);
  }
  for (unsigned i = 0; i < kPairs; ++i) {
    const Pair pair = static_cast<Pair>(i);
    const bool accumulator = left_of(pair) == Source::accumulator;
    const bool constant = right_of(pair) == Source::immediate;
    constexpr std::string_view patterns[2][2] = {{"%0 = %4, %5 ? %1 : %2", "%0 = %4, %h ? %1 : %2"},
                                                 {"%0 = a, %5 ? %1 : %2", "%0 = a, %h ? %1 : %2"}};
    shapes.add(fused.select[opcode].form[i], joined(joined("select", text), kPairNames[i]),
               patterns[accumulator][constant], 3);
  }
}

void add_fed(ShapeTable& shapes, const FusedTable& fused, Opcode load, Opcode operation) {
  const FedHandlers* row = find_fed(fused, load, operation);
  if (row == nullptr) return;
  constexpr std::string_view patterns[kAddresses] = {"%0 = [%1 + %l], %3", "%0 = [a + %l], %3",
                                                     "%0 = [%1 + %l], %3", "%0 = [a + %l], %3",
                                                     "%0 = [%1 + %2], %3"};
  for (unsigned address = 0; address < kAddresses; ++address) {
    for (unsigned right = 0; right < 2; ++right) {
      for (unsigned target = 0; target < 2; ++target) {
        std::string name = joined(info(load).text, kAddressNames[address], "+");
        name += joined(info(operation).text.substr(4), right ? "sa" : "as", kTargetNames[target]);
        shapes.add(row->form[address][right][target], std::move(name), patterns[address], 3);
      }
    }
  }
}

void add_store_steps(ShapeTable& shapes, const FusedTable& fused, size_t opcode) {
  for (unsigned source = 0; source < 2; ++source) {
    shapes.add(fused.store_step[opcode].form[source],
               joined(kOpcodes[opcode].text, kSourceNames[source], "+step"),
               source == 0 ? "[%0 + %l] = %1; %2 = %3 + %h" : "[%0 + %l] = a; %2 = %3 + %h", 3);
  }
}

}  // namespace

void add_fused(ShapeTable& shapes, const FusedTable& fused) {
  add_chains(shapes, kChained32, fused.chain32);
  add_chains(shapes, kChained64, fused.chain64);
  add_chains(shapes, kChainedF32, fused.chain_f32);
  add_chains(shapes, kChainedF64, fused.chain_f64);
  for (size_t opcode = 0; opcode < kOpcodeCount; ++opcode) {
    add_comparisons(shapes, fused, opcode);
    add_store_steps(shapes, fused, opcode);
  }
  for (const Opcode load : kFeedingLoads) {
    for (size_t operation = 0; operation < kOpcodeCount; ++operation) {
      add_fed(shapes, fused, load, static_cast<Opcode>(operation));
    }
  }
  shapes.add(fused.add_two, "i32.add_two", "%0 = %1 + %l; %2 = %3 + %h", 3);
}

}  // namespace heddle::engine
