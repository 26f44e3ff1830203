// SPDX-License-Identifier: Apache-2.0
// Loops: one walk over the instructions with a stack of open blocks.
#include "jit/build/loops.h"

#include <algorithm>

#include "engine/binary/instruction_reader.h"

namespace heddle::jit {

namespace {

using engine::Opcode;

void skip_locals(engine::Cursor& body) {
  for (uint32_t runs = body.read_count(2); runs > 0; --runs) {
    (void)body.read_u32();
    (void)body.read_value_type();
  }
}

}  // namespace

void Loops::reset(size_t body_bytes) {
  ranges.clear();
  locals.clear();
  // Nested loops can repeat long lists more often than the input justifies.
  most_listed_ = 16 * body_bytes + 4096;
  known_ = 0;
}

void Loops::add_nest(engine::Cursor body, uint64_t begin) {
  open_loop(begin);
  walk(body);
}

void Loops::add_all(engine::Cursor body) {
  open_.push_back({});
  walk(body);
}

const LoopRange& Loops::at(uint64_t begin) const {
  return *std::ranges::lower_bound(ranges, begin, {}, &LoopRange::begin);
}

void Loops::open_loop(uint64_t begin) {
  open_.push_back({ranges.size(), assigned_.size()});
  ranges.push_back({.begin = begin});
}

void Loops::close_loop(const OpenBlock& block, uint64_t end) {
  LoopRange& loop = ranges[block.loop];
  loop.end = end;
  loop.assigns_any = locals.size() > most_listed_;
  if (!loop.assigns_any) list_locals(block.assigned, loop);
}

/// Lists the locals assigned in the loop, and leaves only one entry of each to the loops around it.
void Loops::list_locals(size_t before, LoopRange& loop) {
  const auto first = assigned_.begin() + static_cast<ptrdiff_t>(before);
  std::sort(first, assigned_.end());
  assigned_.erase(std::unique(first, assigned_.end()), assigned_.end());
  loop.first_local = static_cast<uint32_t>(locals.size());
  loop.local_count = static_cast<uint32_t>(assigned_.size() - before);
  locals.insert(locals.end(), assigned_.begin() + static_cast<ptrdiff_t>(before), assigned_.end());
}

/// Up to the end of what is open.
void Loops::walk(engine::Cursor& body) {
  engine::InstructionReader reader(body);
  engine::Instruction instruction;
  while (!open_.empty() && reader.next(instruction)) {
    switch (instruction.opcode) {
      case Opcode::local_set:
      case Opcode::local_tee: assigned_.push_back(instruction.index); break;
      case Opcode::loop: open_loop(instruction.offset); break;
      case Opcode::block:
      case Opcode::if_:
      case Opcode::try_:
      case Opcode::try_table: open_.push_back({}); break;
      case Opcode::end:
      case Opcode::delegate:
        if (open_.back().loop != kNoLoop) close_loop(open_.back(), instruction.offset);
        open_.pop_back();
        break;
      default: break;
    }
  }
  known_ = body.offset();
  assigned_.clear();
}

Loops find_loops(const engine::ModuleImage& module, uint32_t function) {
  const engine::ByteRange range = module.functions[function].body;
  engine::Cursor body(module.view(range), range.offset);
  skip_locals(body);
  Loops loops;
  loops.reset(range.size);
  loops.add_all(body);
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
