// SPDX-License-Identifier: Apache-2.0
// Statistics: counting rows in function bodies, and the report.
#include "fuzz/lib/statistics.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "engine/binary/instruction_reader.h"
#include "engine/binary/locals.h"

namespace heddle::fuzz {

namespace {

Statistics* the_statistics = nullptr;

void print_at_exit() { std::fputs(the_statistics->to_string().c_str(), stderr); }

}  // namespace

Statistics& statistics() {
  static Statistics statistics;
  if (the_statistics == nullptr) {
    the_statistics = &statistics;
    // Registered after the object was built, so it runs before it is destroyed.
    if (std::getenv("HEDDLE_FUZZ_STATS") != nullptr) std::atexit(print_at_exit);
  }
  return statistics;
}

void Statistics::add_opcodes(const engine::ModuleImage& module) {
  std::vector<engine::LocalRun> runs;
  for (uint32_t i = module.imported_functions; i < module.functions.size(); ++i) {
    engine::Cursor cursor(module.view(module.functions[i].body));
    engine::read_locals(cursor, 0, runs);
    engine::InstructionReader reader(cursor);
    engine::Instruction instruction;
    while (!cursor.failed() && !cursor.at_end() && reader.next(instruction))
      opcodes.set(static_cast<size_t>(instruction.opcode));
  }
}

size_t Statistics::built_opcodes() const {
  size_t count = 0;
  for (const engine::OpcodeInfo& row : engine::kOpcodes) count += info(row.feature).built ? 1 : 0;
  return count;
}

std::string Statistics::to_string() const {
  std::string text = "fuzz statistics:\n";
  const auto line = [&](const char* what, uint64_t count) {
    if (count != 0) text += "  " + std::string(what) + ": " + std::to_string(count) + "\n";
  };
  line("inputs", inputs);
  line("generated", generated);
  line("assembled", assembled);
  line("decoded", decoded);
  line("validated", validated);
  line("instantiated", instantiated);
  line("calls", calls);
  line("calls that returned", returned);
  for (const auto& [message, count] : traps) line(("trap: " + message).c_str(), count);
  line("instructions executed (fuel)", instructions);
  text += "  opcode rows in valid modules: " + std::to_string(opcodes.count()) + " of " +
          std::to_string(built_opcodes()) + " built\n";
  for (size_t i = 0; i < engine::kOpcodeCount && opcodes.count() != 0; ++i) {
    if (!opcodes[i] && info(engine::kOpcodes[i].feature).built)
      text += "    never: " + std::string(engine::kOpcodes[i].text) + "\n";
  }
  return text;
}

}  // namespace heddle::fuzz
