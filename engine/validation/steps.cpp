// SPDX-License-Identifier: Apache-2.0
// FunctionValidator's steps: for each row one function that reads the immediate and checks the row, and the
// checks of rows with a signature.
//
// A body costs one indirect jump per instruction: what a row's immediate looks like, which types it pops and
// pushes, and how far it may be aligned are constants of its step. Rows with the same constants share one.
#include "engine/validation/function_validator.h"

namespace heddle::engine {

template <Immediate immediate, auto handler>
bool FunctionValidator::step(FunctionValidator& self, InstructionReader& reader) {
  return reader.read<immediate>(self.instruction_) && (self.*handler)(self.instruction_);
}

/// The common case, everything there and of the very type, without a loop; else in general.
template <Signature signature>
bool FunctionValidator::apply(const Instruction& instruction, ValueType address) {
  constexpr size_t count = signature.parameter_count;
  if (height_ - base_ < count) [[unlikely]]
    return apply_signature(instruction, address);
  const ValueType* operands = operands_.data() + height_ - count;
  // The types of a signature have no heap type, so that their kinds tell all.
  for (size_t i = 0; i < count; ++i) {
    if (operands[i].kind() != Signature::kind_of(signature.parameters[i], address)) [[unlikely]]
      return apply_signature(instruction, address);
  }
  height_ -= count;
  for (size_t i = 0; i < signature.result_count; ++i) {
    const ValueType result = Signature::kind_of(signature.results[i], address);
    if constexpr (signature.result_count > count) {
      if (!push(result)) return false;
    } else {
      operands_[height_++] = result;  // where a parameter was
    }
  }
  return true;
}

template <Signature signature>
bool FunctionValidator::check(const Instruction& instruction) {
  return apply<signature>(instruction, ValueType::Kind::i32);
}

template <Signature signature, uint32_t access_log2>
bool FunctionValidator::check_access(const Instruction& instruction) {
  ValueType address;
  if (!memory_address(instruction.memory.memory, address)) return false;
  if (instruction.memory.align_log2 > access_log2) {
    return invalid("alignment must not be larger than natural");
  }
  return check_offset(instruction, address) && apply<signature>(instruction, address);
}

#define HEDDLE_STEP(immediate, ...) &FunctionValidator::step<Immediate::immediate, __VA_ARGS__>,
#define HEDDLE_STEP_OF_ROW(name, code, text, immediate, ...) \
  HEDDLE_STEP(immediate, &FunctionValidator::do_##name)
#define HEDDLE_STEP_OF_SIGNATURE(name, code, text, immediate, signature, ...) \
  HEDDLE_STEP(immediate, &FunctionValidator::check<parse_signature(signature)>)
#define HEDDLE_STEP_OF_ACCESS(name, code, text, immediate, signature, feature, access_log2, ...) \
  HEDDLE_STEP(immediate, &FunctionValidator::check_access<parse_signature(signature), access_log2>)
#define HEDDLE_STEP_OF_ATOMIC(name, code, text, immediate, ...) \
  HEDDLE_STEP(immediate, &FunctionValidator::check_atomic)

/// By row.
const FunctionValidator::Step FunctionValidator::kSteps[] = {
#define WASM_CONTROL(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_PARAMETRIC(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_VARIABLE(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_TABLE(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_REFERENCE(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_MEMORY(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_GC(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_EXCEPTION(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_CONSTANT(...) HEDDLE_STEP_OF_SIGNATURE(__VA_ARGS__)
#define WASM_UNARY(...) HEDDLE_STEP_OF_SIGNATURE(__VA_ARGS__)
#define WASM_BINARY(...) HEDDLE_STEP_OF_SIGNATURE(__VA_ARGS__)
#define WASM_TEST(...) HEDDLE_STEP_OF_SIGNATURE(__VA_ARGS__)
#define WASM_COMPARE(...) HEDDLE_STEP_OF_SIGNATURE(__VA_ARGS__)
#define WASM_WIDE(...) HEDDLE_STEP_OF_SIGNATURE(__VA_ARGS__)
#define WASM_ATOMIC_FENCE(...) HEDDLE_STEP_OF_SIGNATURE(__VA_ARGS__)
#define WASM_LOAD(...) HEDDLE_STEP_OF_ACCESS(__VA_ARGS__)
#define WASM_STORE(...) HEDDLE_STEP_OF_ACCESS(__VA_ARGS__)
#define WASM_ATOMIC_LOAD(...) HEDDLE_STEP_OF_ATOMIC(__VA_ARGS__)
#define WASM_ATOMIC_STORE(...) HEDDLE_STEP_OF_ATOMIC(__VA_ARGS__)
#define WASM_ATOMIC_RMW(...) HEDDLE_STEP_OF_ATOMIC(__VA_ARGS__)
#define WASM_ATOMIC_CMPXCHG(...) HEDDLE_STEP_OF_ATOMIC(__VA_ARGS__)
#define WASM_ATOMIC_WAIT(...) HEDDLE_STEP_OF_ATOMIC(__VA_ARGS__)
#define WASM_ATOMIC_NOTIFY(...) HEDDLE_STEP_OF_ATOMIC(__VA_ARGS__)
#define WASM_SIMD(name, code, text, immediate, ...) HEDDLE_STEP(immediate, &FunctionValidator::check_simd)
#define WASM_SIMD_ACCESS(name, code, text, immediate, ...) \
  HEDDLE_STEP(immediate, &FunctionValidator::check_simd_access)
#include "engine/opcodes/opcodes.def"
};

bool FunctionValidator::check_signature(const Instruction& instruction) {
  return apply_signature(instruction, ValueType::Kind::i32);
}

bool FunctionValidator::apply_signature(const Instruction& instruction, ValueType address) {
  static_assert(std::size(kSteps) == kOpcodeCount, "every kind of row has a step");
  const Signature& signature = kSignatures[static_cast<size_t>(instruction.opcode)];
  for (size_t i = signature.parameter_count; i > 0; --i) {
    if (!pop(Signature::kind_of(signature.parameters[i - 1], address))) return false;
  }
  for (size_t i = 0; i < signature.result_count; ++i) {
    if (!push(Signature::kind_of(signature.results[i], address))) return false;
  }
  return true;
}

}  // namespace heddle::engine
