// SPDX-License-Identifier: Apache-2.0
// InstructionPrinter: immediates as text, one function per kind of the opcode table.
#include <charconv>

#include "engine/support/bits.h"
#include "engine/text/number.h"
#include "engine/text/print_instructions.h"

namespace heddle::engine {

namespace {

std::string signed_number(int64_t value) { return std::to_string(value); }

std::string hexadecimal(uint32_t value) {
  char buffer[16];
  return "0x" + std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, 16).ptr);
}

}  // namespace

// In the order of enum Immediate.
const InstructionPrinter::ImmediatePrinter InstructionPrinter::kImmediatePrinters[] = {
    &InstructionPrinter::none,
    &InstructionPrinter::block_type,
    &InstructionPrinter::catch_list,
    &InstructionPrinter::label_immediate,
    &InstructionPrinter::label_table,
    &InstructionPrinter::label_cast,
    &InstructionPrinter::index<Space::function>,
    &InstructionPrinter::index<Space::type>,
    &InstructionPrinter::type_table,
    &InstructionPrinter::type_field,
    &InstructionPrinter::type_count,
    &InstructionPrinter::type_and<Space::data>,
    &InstructionPrinter::type_and<Space::element>,
    &InstructionPrinter::type_and<Space::type>,
    &InstructionPrinter::index<Space::tag>,
    &InstructionPrinter::local,
    &InstructionPrinter::index<Space::global>,
    &InstructionPrinter::target_index<Space::table>,
    &InstructionPrinter::two_indices<Space::table>,
    &InstructionPrinter::segment_and<Space::element, Space::table>,
    &InstructionPrinter::index<Space::element>,
    &InstructionPrinter::target_index<Space::memory>,
    &InstructionPrinter::two_indices<Space::memory>,
    &InstructionPrinter::segment_and<Space::data, Space::memory>,
    &InstructionPrinter::index<Space::data>,
    &InstructionPrinter::memory_argument,
    &InstructionPrinter::memory_argument_lane,
    &InstructionPrinter::lane,
    &InstructionPrinter::shuffle,
    &InstructionPrinter::i32_constant,
    &InstructionPrinter::i64_constant,
    &InstructionPrinter::f32_constant,
    &InstructionPrinter::f64_constant,
    &InstructionPrinter::v128_constant,
    &InstructionPrinter::select_types,
    &InstructionPrinter::heap_type,
    &InstructionPrinter::none,
};

void InstructionPrinter::instruction(const Instruction& instruction) {
  static_assert(std::size(kImmediatePrinters) == static_cast<size_t>(Immediate::fence) + 1);
  const OpcodeInfo& row = info(instruction.opcode);
  out_ << row.text;
  (this->*kImmediatePrinters[static_cast<size_t>(row.immediate)])(instruction);
}

void InstructionPrinter::name_or_number(Space space, uint32_t index) {
  const std::string_view name = names_.find(space, index);
  out_ << " ";
  if (name.empty()) {
    out_ << index;
  } else {
    out_ << name;
  }
}

void InstructionPrinter::block_type(const Instruction& instruction) {
  // The label is pushed after printing; its name is the one that comes next.
  const std::string_view name = labels_.next_name();
  if (!name.empty()) out_ << " " << name;
  types_.block_type(instruction.block);
}

void InstructionPrinter::catch_list(const Instruction& instruction) {
  block_type(instruction);
  constexpr std::string_view kWords[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
  for (const CatchClause& clause : instruction.catches) {
    out_ << " (" << kWords[static_cast<size_t>(clause.kind)];
    const bool names_tag =
        clause.kind == CatchClause::Kind::catch_ || clause.kind == CatchClause::Kind::catch_ref;
    if (names_tag) name_or_number(Space::tag, clause.tag);
    label(clause.label);
    out_ << ")";
  }
}

void InstructionPrinter::label(uint32_t depth) {
  const std::string_view name = labels_.name_at(depth);
  out_ << " ";
  if (name.empty()) {
    out_ << depth;
  } else {
    out_ << name;
  }
}

void InstructionPrinter::label_immediate(const Instruction& instruction) { label(instruction.index); }

void InstructionPrinter::label_table(const Instruction& instruction) {
  for (const uint32_t depth : instruction.labels) {
    if (out_.full()) return;  // whoever prints the instruction reports it
    label(depth);
  }
}

void InstructionPrinter::label_cast(const Instruction& instruction) {
  label(instruction.index);
  for (const ValueType type : {instruction.cast_from, instruction.cast_to}) {
    out_ << " ";
    types_.value_type(type);
  }
}

template <Space kSpace>
void InstructionPrinter::index(const Instruction& instruction) {
  name_or_number(kSpace, instruction.index);
}

/// The first table or memory need not be named.
template <Space kSpace>
void InstructionPrinter::target_index(const Instruction& instruction) {
  if (instruction.index != 0) name_or_number(kSpace, instruction.index);
}

template <Space kSpace>
void InstructionPrinter::two_indices(const Instruction& instruction) {
  if (instruction.index == 0 && instruction.second_index == 0) return;
  name_or_number(kSpace, instruction.index);
  name_or_number(kSpace, instruction.second_index);
}

template <Space kSpace>
void InstructionPrinter::type_and(const Instruction& instruction) {
  name_or_number(Space::type, instruction.index);
  name_or_number(kSpace, instruction.second_index);
}

template <Space kSegment, Space kTarget>
void InstructionPrinter::segment_and(const Instruction& instruction) {
  if (instruction.second_index != 0) name_or_number(kTarget, instruction.second_index);
  name_or_number(kSegment, instruction.index);
}

void InstructionPrinter::type_table(const Instruction& instruction) {
  if (instruction.second_index != 0) name_or_number(Space::table, instruction.second_index);
  types_.type_use(instruction.index);
}

void InstructionPrinter::type_field(const Instruction& instruction) {
  name_or_number(Space::type, instruction.index);
  const bool defined = instruction.second_index < types_.field_count(instruction.index);
  const std::string_view name =
      defined ? names_.field(instruction.index, instruction.second_index) : std::string_view();
  out_ << " ";
  if (name.empty()) {
    out_ << instruction.second_index;
  } else {
    out_ << name;
  }
}

void InstructionPrinter::type_count(const Instruction& instruction) {
  name_or_number(Space::type, instruction.index);
  out_ << " " << instruction.second_index;
}

void InstructionPrinter::local(const Instruction& instruction) {
  const bool defined = instruction.index < local_count_;
  const std::string_view name = defined ? names_.local(function_, instruction.index) : std::string_view();
  out_ << " ";
  if (name.empty()) {
    out_ << instruction.index;
  } else {
    out_ << name;
  }
}

void InstructionPrinter::memory_argument(const Instruction& instruction) {
  const MemoryArgument& argument = instruction.memory;
  if (argument.memory != 0) name_or_number(Space::memory, argument.memory);
  if (argument.offset != 0) out_ << " offset=" << argument.offset;
  if (argument.align_log2 != info(instruction.opcode).access_log2) {
    out_ << " align=" << (uint64_t{1} << (argument.align_log2 & 63));
  }
}

void InstructionPrinter::memory_argument_lane(const Instruction& instruction) {
  memory_argument(instruction);
  lane(instruction);
}

void InstructionPrinter::lane(const Instruction& instruction) { out_ << " " << instruction.index; }

void InstructionPrinter::shuffle(const Instruction& instruction) {
  for (const uint8_t lane : instruction.bytes) out_ << " " << lane;
}

void InstructionPrinter::i32_constant(const Instruction& instruction) {
  out_ << " " << signed_number(static_cast<int32_t>(instruction.bits));
}

void InstructionPrinter::i64_constant(const Instruction& instruction) {
  out_ << " " << signed_number(static_cast<int64_t>(instruction.bits));
}

void InstructionPrinter::f32_constant(const Instruction& instruction) {
  out_ << " " << print_f32(static_cast<uint32_t>(instruction.bits));
}

void InstructionPrinter::f64_constant(const Instruction& instruction) {
  out_ << " " << print_f64(instruction.bits);
}

void InstructionPrinter::v128_constant(const Instruction& instruction) {
  out_ << " i32x4";
  for (size_t i = 0; i < 16; i += 4) {
    out_ << " " << hexadecimal(load_little_endian<uint32_t>(&instruction.bytes[i]));
  }
}

void InstructionPrinter::select_types(const Instruction& instruction) {
  out_ << " (result";
  for (const ValueType type : instruction.types) {
    out_ << " ";
    types_.value_type(type);
  }
  out_ << ")";
}

/// ref.test and the casts have two rows each, told apart by the nullability of the type in the text.
void InstructionPrinter::heap_type(const Instruction& instruction) {
  out_ << " ";
  switch (instruction.opcode) {
    case Opcode::ref_test:
    case Opcode::ref_cast:
    case Opcode::ref_cast_desc_eq: return types_.value_type(ValueType::ref(instruction.heap, false));
    case Opcode::ref_test_null:
    case Opcode::ref_cast_null:
    case Opcode::ref_cast_desc_eq_null: return types_.value_type(ValueType::ref(instruction.heap, true));
    default: return types_.heap_type(instruction.heap);
  }
}

}  // namespace heddle::engine
