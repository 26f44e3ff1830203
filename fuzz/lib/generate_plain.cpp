// SPDX-License-Identifier: Apache-2.0
// BodyGenerator: every row that has a signature, from the table alone; and constants and memory.copy.
#include <algorithm>
#include <string_view>

#include "fuzz/lib/body_generator.h"

namespace heddle::fuzz {

using engine::Immediate;
using engine::Opcode;
using engine::OpcodeInfo;
using engine::RowKind;

namespace {

constexpr uint32_t kMemories = std::size(ModulePlan::kMemories);
constexpr uint32_t kMultiMemoryFlag = 0x40;  // in the alignment: a memory index follows (spec 5.4.7)

bool is_atomic(const OpcodeInfo& row) {
  return row.kind >= RowKind::atomic_load && row.kind <= RowKind::atomic_notify;
}

bool names_memory(Immediate immediate) {
  return immediate == Immediate::memory || immediate == Immediate::memory_argument ||
         immediate == Immediate::memory_argument_lane || immediate == Immediate::data_memory;
}

/// Lanes of a shape: "i8x16.splat" has 16.
uint32_t lanes_of(std::string_view text) {
  uint32_t lanes = 0;
  for (size_t i = text.find('x') + 1; text[i] != '.'; ++i)
    lanes = lanes * 10 + static_cast<uint32_t>(text[i] - '0');
  return lanes;
}

}  // namespace

uint32_t BodyGenerator::choose_memory(const OpcodeInfo& row) {
  if (!names_memory(row.immediate)) return 0;
  if (row.kind == RowKind::atomic_wait && entropy_.chance(85)) return 1;  // the shared one
  return entropy_.chance(50) ? entropy_.below(kMemories) : 0;
}

void BodyGenerator::by_signature(Opcode opcode) {
  const OpcodeInfo& row = info(opcode);
  const size_t colon = row.signature.find(':');
  const std::string_view parameters = row.signature.substr(0, colon);
  const std::string_view results_of = row.signature.substr(colon + 1);
  const uint32_t memory = choose_memory(row);
  const bool is_64 = ModulePlan::kMemories[memory].is_64;
  if (names_memory(row.immediate)) {
    for (size_t i = 0; i < parameters.size(); ++i)
      memory_operand(row, parameters[i], i + 1 == parameters.size(), is_64);
  } else {
    want(Letters(parameters.begin(), parameters.end()));
  }
  out_.opcode(opcode);
  write_immediate(row, memory);
  pop(parameters.size());
  for (const TypeLetter letter : results_of) push(letter != 'a' ? letter : is_64 ? 'l' : 'i');
}

void BodyGenerator::memory_operand(const OpcodeInfo& row, TypeLetter letter, bool is_last, bool is_64) {
  if (row.kind == RowKind::memory) {
    // The last operand of a bulk instruction is its length.
    const bool grows = row.signature.back() == 'a';
    if (is_last)
      push_small(letter == 'a' && is_64, grows ? 3 : row.immediate == Immediate::memory ? 300 : 14);
    else
      push_index(letter == 'a' && is_64,
                 row.immediate == Immediate::data_memory && letter == 'i' ? 7 : 0xffff);
  } else if (letter == 'a') {
    push_index(is_64, is_atomic(row) ? 0xfff8 : 0xffff);
  } else if (is_last && row.kind == RowKind::atomic_wait) {
    push_small(true, 500);  // nanoseconds: nobody will wake it
  } else {
    push_value(letter);
  }
}

void BodyGenerator::write_immediate(const OpcodeInfo& row, uint32_t memory) {
  switch (row.immediate) {
    case Immediate::memory_argument: memory_argument(row, memory); break;
    case Immediate::memory_argument_lane:
      memory_argument(row, memory);
      out_.byte(static_cast<uint8_t>(entropy_.below(16u >> row.access_log2)));
      break;
    case Immediate::lane: out_.byte(static_cast<uint8_t>(entropy_.below(lanes_of(row.text)))); break;
    case Immediate::shuffle:
      for (unsigned i = 0; i < 16; ++i) out_.byte(static_cast<uint8_t>(entropy_.below(32)));
      break;
    case Immediate::v128_constant: vector_lanes(entropy_.chance(50)); break;
    case Immediate::memory: out_.unsigned_leb(memory); break;
    case Immediate::data: out_.unsigned_leb(entropy_.below(ModulePlan::kDataSegments)); break;
    case Immediate::data_memory:
      out_.unsigned_leb(entropy_.below(ModulePlan::kDataSegments));
      out_.unsigned_leb(memory);
      break;
    case Immediate::fence: out_.byte(0); break;
    default: break;
  }
}

void BodyGenerator::memory_argument(const OpcodeInfo& row, uint32_t memory) {
  const uint32_t align = is_atomic(row) ? row.access_log2 : entropy_.below(row.access_log2 + 1u);
  out_.unsigned_leb(align | (memory != 0 ? kMultiMemoryFlag : 0));
  if (memory != 0) out_.unsigned_leb(memory);
  if (entropy_.chance(4)) {
    out_.unsigned_leb(ModulePlan::kMemories[memory].is_64 && entropy_.chance(50) ? UINT64_MAX : UINT32_MAX);
  } else {
    out_.unsigned_leb(entropy_.byte() & (is_atomic(row) ? 0xf8 : 0xff));
  }
}

void BodyGenerator::memory_copy(Opcode opcode) {
  const uint32_t to = entropy_.below(kMemories);
  const uint32_t from = entropy_.below(kMemories);
  const bool to_64 = ModulePlan::kMemories[to].is_64;
  const bool from_64 = ModulePlan::kMemories[from].is_64;
  push_index(to_64, 0xffff);
  push_index(from_64, 0xffff);
  push_small(to_64 && from_64, 1000);
  out_.opcode(opcode);
  out_.unsigned_leb(to);
  out_.unsigned_leb(from);
  pop(3);
}

void BodyGenerator::constant(Opcode opcode) { push_constant(info(opcode).signature.back()); }

}  // namespace heddle::fuzz
