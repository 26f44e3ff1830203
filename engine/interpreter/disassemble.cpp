// SPDX-License-Identifier: Apache-2.0
// Disassembly: names every handler of the table once, with a pattern that says how to print its operands.
#include "engine/interpreter/disassemble.h"

#include <cinttypes>
#include <cstdio>
#include <string_view>
#include <unordered_map>

#include "engine/interpreter/handlers.h"
#include "engine/interpreter/module_code.h"

namespace heddle::engine {

namespace {

/// Patterns: 0-3 a field as slot; # the 32-bit immediate; @ the branch target; w the next 64-bit word; = and
/// others as is.
struct Shape {
  std::string name;
  std::string_view pattern;
  unsigned words;
};

using Shapes = std::unordered_map<Word, Shape>;

constexpr std::string_view kPairNames[kPairs] = {"ss", "sa", "si", "as", "ai", "is", "ia"};
constexpr std::string_view kAddressNames[kAddresses] = {"s", "a", "s+i", "a+i", "s+s"};
constexpr std::string_view kSourceNames[3] = {"s", "a", "i"};
constexpr std::string_view kTargetNames[2] = {"", ">a"};

[[nodiscard]] std::string suffixed(std::string_view name, std::string_view form,
                                   std::string_view target = {}) {
  std::string text(name);
  return text.append(".").append(form).append(target);
}

void add(Shapes& shapes, Handler handler, std::string name, std::string_view pattern, unsigned words) {
  if (handler != nullptr) shapes.emplace(word_of(handler), Shape{std::move(name), pattern, words});
}

void add_numeric(Shapes& shapes, const HandlerTable& table, size_t opcode) {
  const OpcodeInfo& row = kOpcodes[opcode];
  for (unsigned source = 0; source < 2; ++source) {
    for (unsigned target = 0; target < 2; ++target) {
      add(shapes, table.unary[opcode].form[source][target],
          suffixed(row.text, kSourceNames[source], kTargetNames[target]), source == 0 ? "0 = 1" : "0 = a", 2);
    }
  }
  constexpr std::string_view patterns[kPairs] = {"0 = 1, 2", "0 = 1, a", "0 = 1, #", "0 = a, 2",
                                                 "0 = a, #", "0 = #, 1", "0 = #, a"};
  const bool is_double = !row.signature.empty() && row.signature[0] == 'd';
  for (unsigned pair = 0; pair < kPairs; ++pair) {
    const bool immediate = left_of(static_cast<Pair>(pair)) == Source::immediate ||
                           right_of(static_cast<Pair>(pair)) == Source::immediate;
    for (unsigned target = 0; target < 2; ++target) {
      add(shapes, table.binary[opcode].form[pair][target],
          suffixed(row.text, kPairNames[pair], kTargetNames[target]), patterns[pair],
          immediate && is_double ? 3 : 2);
    }
    for (unsigned wanted = 0; wanted < 2; ++wanted) {
      for (unsigned backward = 0; backward < 2; ++backward) {
        const bool right_immediate = right_of(static_cast<Pair>(pair)) == Source::immediate;
        std::string name = suffixed(wanted ? "if." : "unless.", row.text);
        add(shapes, table.branch[opcode].form[pair][wanted][backward],
            suffixed(name, kPairNames[pair], backward ? ".back" : ""),
            right_immediate ? "0, w -> @" : "0, 1 -> @", right_immediate ? 3 : 2);
      }
    }
  }
}

void add_memory(Shapes& shapes, const HandlerTable& table, size_t opcode) {
  const std::string_view text = kOpcodes[opcode].text;
  for (unsigned address = 0; address < kAddresses; ++address) {
    const bool two_slots = address == static_cast<unsigned>(Address::slot_slot);
    for (unsigned target = 0; target < 2; ++target) {
      add(shapes, table.load[opcode].guarded[address][target],
          suffixed(text, kAddressNames[address], kTargetNames[target]),
          two_slots ? "0 = [1 + 2]" : "0 = [1 + #]", 2);
    }
    for (unsigned source = 0; source < 3; ++source) {
      add(shapes, table.store[opcode].guarded[address][source],
          suffixed(suffixed(text, kAddressNames[address]), kSourceNames[source]),
          two_slots ? "[0 + 2] = 1" : "[0 + #] = 1", source == 2 ? 3 : 2);
    }
  }
  for (unsigned is_64 = 0; is_64 < 2; ++is_64) {
    add(shapes, table.load[opcode].checked[is_64], suffixed(text, "checked"), "0 = memory # [1 + w]", 3);
    add(shapes, table.store[opcode].checked[is_64], suffixed(text, "checked"), "memory # [0 + w] = 1", 3);
    add(shapes, table.atomic[opcode].form[is_64], std::string(text), "0 = [1 + w], 2, 3, memory w", 4);
  }
}

void add_single(Shapes& shapes, const SingleHandlers& single) {
  const auto one = [&](Handler handler, const char* name, std::string_view pattern, unsigned words) {
    add(shapes, handler, name, pattern, words);
  };
  one(single.enter, "enter", "frame 0, header 1, zero 2, count 3", 2);
  one(single.reload, "reload", "header 0", 2);
  one(single.unreachable, "unreachable", "", 2);
  one(single.fuel, "fuel", "#", 2);
  one(single.jump[0], "jump", "-> @", 2);
  one(single.jump[1], "jump.back", "-> @", 2);
  for (unsigned i = 0; i < 8; ++i) {
    const unsigned source = i >> 2, wide = i >> 1 & 1, back = i & 1;
    const std::string_view suffix = back ? "back" : "forward";
    add(shapes, single.branch_zero[source][wide][back], suffixed(source ? "if_zero.a" : "if_zero.s", suffix),
        "0 -> @", 2);
    add(shapes, single.branch_nonzero[source][wide][back],
        suffixed(source ? "if_nonzero.a" : "if_nonzero.s", suffix), "0 -> @", 2);
  }
  one(single.branch_table, "branch_table", "0, # targets", 2);
  one(single.call, "call", "base 0, header 1, code w", 3);
  one(single.call_import, "call_import", "base 0, header 1, function #", 2);
  one(single.call_indirect[0], "call_indirect", "base 0, header 1, index 2, type and table w", 3);
  one(single.call_indirect[1], "call_indirect64", "base 0, header 1, index 2, type and table w", 3);
  one(single.call_reference, "call_reference", "base 0, header 1, function 2", 2);
  one(single.return_call, "return_call", "from 0, header 1, count 2, to header 3, code w", 3);
  one(single.return_call_import, "return_call_import", "from 0, header 1, count 2, to header 3, function w",
      3);
  one(single.return_call_indirect[0], "return_call_indirect",
      "from 0, header 1, count 2, to header 3, type and table w, index w", 4);
  one(single.return_call_indirect[1], "return_call_indirect64",
      "from 0, header 1, count 2, to header 3, type and table w, index w", 4);
  one(single.return_call_reference, "return_call_reference",
      "from 0, header 1, count 2, to header 3, function w", 3);
  one(single.return_nothing, "return", "header 1", 2);
  one(single.return_many, "return_many", "0, header 1, count #", 2);
  one(single.copy, "copy", "0 = 1", 2);
  one(single.copy_f32, "copy_f32", "0 = 1", 2);
  one(single.copy_range, "copy_range", "0 = 1, count #", 2);
  one(single.constant, "constant", "0 = #", 2);
  one(single.constant64, "constant64", "0 = w", 3);
  one(single.global_set_immediate, "global.set.i", "global # = w", 3);
  one(single.reference_function, "ref.func", "0 = function #", 2);
  one(single.is_null[0], "ref.is_null.s", "0 = 1", 2);
  one(single.is_null[1], "ref.is_null.a", "0 = a", 2);
  one(single.as_non_null, "ref.as_non_null", "1", 2);
  one(single.memory_size, "memory.size", "0 = memory #", 2);
  one(single.memory_grow, "memory.grow", "0 = 1, memory #", 2);
  one(single.memory_fill, "memory.fill", "0, 1, 2, memory w", 3);
  one(single.memory_copy, "memory.copy", "0, 1, 2, memories w", 3);
  one(single.memory_init, "memory.init", "0, 1, 2, memory and segment w", 3);
  one(single.data_drop, "data.drop", "#", 2);
  one(single.table_get, "table.get", "0 = 1, table #", 2);
  one(single.table_set, "table.set", "table # [1] = 0", 2);
  one(single.table_size, "table.size", "0 = table #", 2);
  one(single.table_grow, "table.grow", "0 = 1, 2, table w", 3);
  one(single.table_fill, "table.fill", "0, 1, 2, table w", 3);
  one(single.table_copy, "table.copy", "0, 1, 2, tables w", 3);
  one(single.table_init, "table.init", "0, 1, 2, table and segment w", 3);
  one(single.element_drop, "elem.drop", "#", 2);
  one(single.atomic_fence, "atomic.fence", "", 2);
}

void add_registers(Shapes& shapes, const SingleHandlers& single) {
  constexpr std::string_view names[kRegisters] = {"int", "f32", "f64"};
  for (unsigned i = 0; i < kRegisters; ++i) {
    for (unsigned source = 0; source < 3; ++source) {
      add(shapes, single.return_one[i][source], suffixed(suffixed("return", names[i]), kSourceNames[source]),
          source == 2 ? "w, header 1" : "0, header 1", source == 2 ? 3 : 2);
    }
    for (unsigned source = 0; source < 2; ++source) {
      add(shapes, single.global_set[i][source],
          suffixed(suffixed("global.set", names[i]), kSourceNames[source]), "global # = 1", 2);
      add(shapes, single.select[i][source], suffixed(suffixed("select", names[i]), kSourceNames[source]),
          "0 = 1 ? 2 : 3", 2);
    }
    add(shapes, single.store_accumulator[i], suffixed("store", names[i]), "0 = a", 2);
    add(shapes, single.global_get[i], suffixed("global.get", names[i]), "0 = global #", 2);
  }
}

[[nodiscard]] const Shapes& shapes() {
  static const Shapes all = [] {
    Shapes made;
    const HandlerTable& table = handlers();
    for (size_t opcode = 0; opcode < kOpcodeCount; ++opcode) {
      add_numeric(made, table, opcode);
      add_memory(made, table, opcode);
    }
    add_single(made, table.single);
    add_registers(made, table.single);
    return made;
  }();
  return all;
}

[[nodiscard]] uint32_t field_at(const Word* ip, unsigned index) { return ip[1] >> (16 * index) & 0xffff; }

void print_operands(std::string& out, const Shape& shape, const Word* ip, size_t position) {
  unsigned next_word = 2;
  for (const char c : shape.pattern) {
    char buffer[32];
    if (c >= '0' && c <= '3') {
      std::snprintf(buffer, sizeof buffer, "s%" PRIu32, field_at(ip, static_cast<unsigned>(c - '0')));
    } else if (c == '#') {
      std::snprintf(buffer, sizeof buffer, "%" PRId32, static_cast<int32_t>(immediate32(ip)));
    } else if (c == '@') {
      std::snprintf(buffer, sizeof buffer, "%" PRId64, static_cast<int64_t>(position) + distance(ip));
    } else if (c == 'w' && next_word < shape.words) {
      std::snprintf(buffer, sizeof buffer, "0x%" PRIx64, ip[next_word++]);
    } else {
      buffer[0] = c;
      buffer[1] = 0;
    }
    out += buffer;
  }
}

}  // namespace

std::string disassemble(const ModuleImage& module, uint32_t function) {
  ModuleCode& code = ModuleCode::of(module);
  if (!code.translate(function)) return "frame too large\n";
  const auto words = code.words(function);
  const Word branch_table = word_of(handlers().single.branch_table);
  std::string out;
  for (size_t position = 0; position < words.size();) {
    const Word* ip = &words[position];
    const auto found = shapes().find(*ip);
    char buffer[64];
    if (found == shapes().end()) {
      std::snprintf(buffer, sizeof buffer, "%6zu  ? 0x%" PRIx64 "\n", position, *ip);
      out += buffer;
      ++position;
      continue;
    }
    std::snprintf(buffer, sizeof buffer, "%6zu  %-24s ", position, found->second.name.c_str());
    out += buffer;
    print_operands(out, found->second, ip, position);
    out += '\n';
    position += found->second.words;
    if (*ip == branch_table) position += (size_t{immediate32(ip)} + 2) / 2;
  }
  return out;
}

}  // namespace heddle::engine
