// SPDX-License-Identifier: Apache-2.0
// Validation of memory instructions: loads, stores, atomics, size, growth and bulk operations. (Spec 3.4.9)
#include "engine/validation/function_validator.h"

namespace heddle::engine {

bool FunctionValidator::address_of_memory(uint32_t memory, ValueType& address) {
  if (memory >= module_.memories.size()) return unknown("memory", memory);
  address = module_.memories[memory].limits.is_64 ? ValueType::Kind::i64 : ValueType::Kind::i32;
  return true;
}

bool FunctionValidator::check_access(const Instruction& instruction) {
  ValueType address;
  if (!memory_address(instruction.memory.memory, address)) return false;
  if (instruction.memory.align_log2 > info(instruction.opcode).access_log2) {
    return invalid("alignment must not be larger than natural");
  }
  return check_offset(instruction, address) && apply_signature(instruction, address);
}

bool FunctionValidator::check_atomic(const Instruction& instruction) {
  ValueType address;
  if (!memory_address(instruction.memory.memory, address)) return false;
  if (instruction.memory.align_log2 != info(instruction.opcode).access_log2) {
    return invalid("atomic alignment must be natural");
  }
  return check_offset(instruction, address) && apply_signature(instruction, address);
}

bool FunctionValidator::do_memory_size(const Instruction& instruction) {
  ValueType address;
  return memory_address(instruction.index, address) && apply_signature(instruction, address);
}

bool FunctionValidator::do_memory_grow(const Instruction& instruction) {
  ValueType address;
  return memory_address(instruction.index, address) && apply_signature(instruction, address);
}

bool FunctionValidator::do_memory_fill(const Instruction& instruction) {
  ValueType address;
  return memory_address(instruction.index, address) && apply_signature(instruction, address);
}

bool FunctionValidator::do_memory_copy(const Instruction& instruction) {
  ValueType destination;
  ValueType source;
  if (!memory_address(instruction.index, destination) || !memory_address(instruction.second_index, source))
    return false;
  const ValueType length = destination == source ? source : ValueType(ValueType::Kind::i32);
  return pop(length) && pop(source) && pop(destination);
}

bool FunctionValidator::check_data(uint32_t segment) {
  // Without the count, a decoder in one pass could not know it here. (Spec 5.5.16)
  if (!module_.data_count) return fail(ErrorKind::malformed, "data count section required");
  return segment < *module_.data_count || unknown("data segment", segment);
}

bool FunctionValidator::do_memory_init(const Instruction& instruction) {
  ValueType address;
  return memory_address(instruction.second_index, address) && check_data(instruction.index) &&
         apply_signature(instruction, address);
}

bool FunctionValidator::do_data_drop(const Instruction& instruction) { return check_data(instruction.index); }

}  // namespace heddle::engine
