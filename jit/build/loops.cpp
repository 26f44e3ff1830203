// SPDX-License-Identifier: Apache-2.0
// Finding loops: one walk over the instructions with a stack of open blocks.
#include "jit/build/loops.h"

#include <algorithm>

#include "engine/binary/instruction_reader.h"

namespace heddle::jit {

namespace {

using engine::Opcode;

struct OpenBlock {
  static constexpr size_t kNoLoop = SIZE_MAX;
  size_t loop = kNoLoop;  ///< which it is
  size_t assigned = 0;    ///< locals assigned before it
};

void skip_locals(engine::Cursor& body) {
  for (uint32_t runs = body.read_count(2); runs > 0; --runs) {
    (void)body.read_u32();
    (void)body.read_value_type();
  }
}

/// Lists the locals assigned in the loop, and leaves only one entry of each to the loops around it.
void list_locals(std::vector<uint32_t>& assigned, size_t before, LoopRange& loop,
                 std::vector<uint32_t>& locals) {
  const auto first = assigned.begin() + static_cast<ptrdiff_t>(before);
  std::sort(first, assigned.end());
  assigned.erase(std::unique(first, assigned.end()), assigned.end());
  loop.first_local = static_cast<uint32_t>(locals.size());
  loop.local_count = static_cast<uint32_t>(assigned.size() - before);
  locals.insert(locals.end(), assigned.begin() + static_cast<ptrdiff_t>(before), assigned.end());
}

}  // namespace

Loops find_loops(const engine::ModuleImage& module, uint32_t function) {
  const engine::ByteRange range = module.functions[function].body;
  // Nested loops can repeat long lists more often than the input justifies.
  const uint64_t most_listed = uint64_t{16} * range.size + 4096;
  engine::Cursor body(module.view(range), range.offset);
  skip_locals(body);
  engine::InstructionReader reader(body);
  engine::Instruction instruction;
  Loops loops;
  std::vector<OpenBlock> open;
  std::vector<uint32_t> assigned;  // by the innermost open loop, and by those around it
  while (!body.at_end() && reader.next(instruction)) {
    switch (instruction.opcode) {
      case Opcode::local_set:
      case Opcode::local_tee: assigned.push_back(instruction.index); break;
      case Opcode::loop:
        open.push_back({loops.ranges.size(), assigned.size()});
        loops.ranges.push_back({.begin = instruction.offset});
        break;
      case Opcode::block:
      case Opcode::if_:
      case Opcode::try_:
      case Opcode::try_table: open.push_back({}); break;
      case Opcode::end:
      case Opcode::delegate:
        if (open.empty()) return loops;  // the function's
        if (open.back().loop != OpenBlock::kNoLoop) {
          LoopRange& loop = loops.ranges[open.back().loop];
          loop.end = instruction.offset;
          loop.assigns_any = loops.locals.size() > most_listed;
          if (!loop.assigns_any) list_locals(assigned, open.back().assigned, loop, loops.locals);
        }
        open.pop_back();
        break;
      default: break;
    }
  }
  return loops;
}

std::optional<LoopRange> innermost_loop(const engine::ModuleImage& module, uint32_t function,
                                        uint64_t offset) {
  std::optional<LoopRange> found;
  for (const LoopRange& loop : find_loops(module, function).ranges) {
    if (loop.begin <= offset && offset < loop.end) found = loop;  // inner ones come later
  }
  return found;
}

}  // namespace heddle::jit
