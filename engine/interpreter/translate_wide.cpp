// SPDX-License-Identifier: Apache-2.0
// Translation of the wide arithmetic rows.
#include "engine/interpreter/translator.h"

namespace heddle::engine {

void Translator::wide(const Instruction& instruction) {
  const size_t operands = info(instruction.opcode).signature.find(':');
  materialize_top(operands);
  for (size_t i = 0; i < operands; ++i) pop();
  emit(table_.wide[static_cast<size_t>(instruction.opcode)], pack(next_home()));
  for (const uint32_t home : {next_home(), next_home() + 1}) {
    push_temporary(ValueType::Kind::i64);
    forget_slot(home);
  }
}

}  // namespace heddle::engine
