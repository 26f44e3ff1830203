// SPDX-License-Identifier: Apache-2.0
// Finding loops: one walk over the instructions with a stack of open blocks.
#include "jit/tiering/loops.h"

#include "engine/binary/instruction_reader.h"

namespace heddle::jit {

namespace {

using engine::Opcode;

[[nodiscard]] bool opens_block(Opcode opcode) {
  return opcode == Opcode::block || opcode == Opcode::loop || opcode == Opcode::if_ ||
         opcode == Opcode::try_ || opcode == Opcode::try_table;
}

void skip_locals(engine::Cursor& body) {
  for (uint32_t runs = body.read_count(2); runs > 0; --runs) {
    (void)body.read_u32();
    (void)body.read_value_type();
  }
}

}  // namespace

std::vector<LoopRange> find_loops(const engine::ModuleImage& module, uint32_t function) {
  constexpr size_t kNoLoop = SIZE_MAX;
  const engine::ByteRange range = module.functions[function].body;
  engine::Cursor body(module.view(range), range.offset);
  skip_locals(body);
  engine::InstructionReader reader(body);
  engine::Instruction instruction;
  std::vector<LoopRange> loops;
  std::vector<size_t> open;  // for every open block, which of the loops it is
  while (!body.at_end() && reader.next(instruction)) {
    if (opens_block(instruction.opcode)) {
      const bool is_loop = instruction.opcode == Opcode::loop;
      open.push_back(is_loop ? loops.size() : kNoLoop);
      if (is_loop) loops.push_back({instruction.offset, 0});
    } else if (instruction.opcode == Opcode::end || instruction.opcode == Opcode::delegate) {
      if (open.empty()) break;  // the function's
      if (open.back() != kNoLoop) loops[open.back()].end = instruction.offset;
      open.pop_back();
    }
  }
  return loops;
}

std::optional<LoopRange> innermost_loop(const engine::ModuleImage& module, uint32_t function,
                                        uint64_t offset) {
  std::optional<LoopRange> found;
  for (const LoopRange& loop : find_loops(module, function)) {
    if (loop.begin <= offset && offset < loop.end) found = loop;  // inner ones come later
  }
  return found;
}

}  // namespace heddle::jit
