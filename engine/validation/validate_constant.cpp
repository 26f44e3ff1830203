// SPDX-License-Identifier: Apache-2.0
// Validation of constant expressions: the same type checker, fewer instructions. (Spec 3.4.15)
#include "engine/validation/function_validator.h"

namespace heddle::engine {

namespace {

constexpr Opcode kConstantOpcodes[] = {
    Opcode::end,
    Opcode::global_get,
    Opcode::ref_null,
    Opcode::ref_func,
    Opcode::i32_add,
    Opcode::i32_sub,
    Opcode::i32_mul,
    Opcode::i64_add,
    Opcode::i64_sub,
    Opcode::i64_mul,
    Opcode::v128_const,
    Opcode::struct_new,
    Opcode::array_new,
    Opcode::struct_new_default,
    Opcode::array_new_default,
    Opcode::array_new_fixed,
    Opcode::ref_i31,
    Opcode::any_convert_extern,
    Opcode::extern_convert_any,
    Opcode::struct_new_desc,
    Opcode::struct_new_default_desc,
};

constexpr auto make_constant_rows() {
  std::array<bool, kOpcodeCount> rows{};
  for (size_t i = 0; i < kOpcodeCount; ++i) rows[i] = kOpcodes[i].kind == RowKind::constant;
  for (const Opcode opcode : kConstantOpcodes) rows[static_cast<size_t>(opcode)] = true;
  return rows;
}
constexpr std::array<bool, kOpcodeCount> kIsConstant = make_constant_rows();

}  // namespace

Result<void> FunctionValidator::validate_constant(const ConstantExpression& expression, ValueType type,
                                                  uint32_t global_end, std::vector<bool>& declared) {
  reset();
  is_constant_ = true;
  global_end_ = global_end;
  declared_ = &declared;
  Frame frame{Opcode::block};
  frame.has_result = true;
  frame.result = type;
  frames_.push_back(frame);

  Cursor cursor(module_.view(expression.bytes), expression.bytes.offset);
  cursor.accept(module_.limits.features);
  InstructionReader reader(cursor);
  while (!frames_.empty() && reader.read_opcode(instruction_)) {
    const auto row = static_cast<size_t>(instruction_.opcode);
    if (!kIsConstant[row]) {
      invalid("constant expression required");
      return error_;
    }
    if (!kSteps[row](*this, reader)) return cursor.failed() ? cursor.error() : error_;
  }
  if (cursor.failed()) return cursor.error();
  return {};
}

}  // namespace heddle::engine
