// SPDX-License-Identifier: Apache-2.0
// The mutator: takes a module apart into sections and bodies, changes one, and writes the sizes anew.
#include "fuzz/lib/mutator.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <random>
#include <span>

#include "engine/binary/cursor.h"
#include "engine/opcodes/opcode.h"
#include "engine/text/byte_writer.h"
#include "fuzz/lib/sections.h"

namespace heddle::fuzz {

using engine::ByteWriter;
using engine::Cursor;

namespace {

using Buffer = std::vector<uint8_t>;

Buffer copy(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

std::optional<std::vector<Buffer>> take_bodies(std::span<const uint8_t> contents) {
  std::vector<Buffer> bodies;
  Cursor cursor(contents);
  const uint32_t count = cursor.read_count();
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    const uint32_t size = cursor.read_u32();
    if (cursor.failed() || size > cursor.remaining()) return {};
    bodies.push_back(copy(cursor.read_bytes(size)));
  }
  if (cursor.failed() || bodies.empty()) return {};
  return bodies;
}

class Mutation {
 public:
  Mutation(uint32_t seed, MutateBytes mutate) : random_(seed), mutate_(mutate) {}

  void change(std::vector<Section>& sections) {
    const size_t which = below(sections.size());
    Section& section = sections[which];
    const uint32_t action = below(16);
    if (action == 0) {
      sections.erase(sections.begin() + static_cast<ptrdiff_t>(which));
    } else if (action == 1) {
      sections.push_back(section);
    } else if (action < 6) {
      change_bytes(section.contents);
    } else {
      const auto code = std::find_if(sections.begin(), sections.end(),
                                     [](const Section& other) { return other.id == kCodeSection; });
      change_code(code == sections.end() ? section : *code);
    }
  }

 private:
  uint32_t below(size_t bound) { return static_cast<uint32_t>(random_() % bound); }

  void change_bytes(Buffer& buffer) {
    const size_t size = buffer.size();
    buffer.resize(size + 64);
    buffer.resize(mutate_(buffer.data(), size, buffer.size()));
  }

  void change_code(Section& code) {
    auto bodies = take_bodies(code.contents);
    if (!bodies) return change_bytes(code.contents);
    Buffer& body = (*bodies)[below(bodies->size())];
    switch (below(4)) {
      case 0: replace_opcode(body); break;
      case 1: insert_opcode(body); break;
      case 2: body = (*bodies)[below(bodies->size())]; break;
      default: change_bytes(body);
    }
    ByteWriter out;
    out.unsigned_leb(bodies->size());
    for (const Buffer& each : *bodies) out.sized(each);
    code.contents = out.take();
  }

  /// Any row whose operands may well be typed like those of the byte there.
  void replace_opcode(Buffer& body) {
    if (body.empty()) return;
    const size_t at = below(body.size());
    if (body[at] == engine::kPrefixSimd) return replace_vector_opcode(body, at);
    const uint16_t old = engine::find_opcode(body[at]);
    const size_t start = below(engine::kOpcodeCount);
    for (size_t i = 0; i < engine::kOpcodeCount; ++i) {
      const engine::OpcodeInfo& row = engine::kOpcodes[(start + i) % engine::kOpcodeCount];
      const bool alike = old == engine::kNoOpcode || (row.signature == engine::kOpcodes[old].signature &&
                                                      row.immediate == engine::kOpcodes[old].immediate);
      if (row.code > 0xff || !alike || !info(row.feature).built) continue;
      body[at] = static_cast<uint8_t>(row.code);
      return;
    }
  }

  /// Any vector row with the operands and the immediate of the one there.
  void replace_vector_opcode(Buffer& body, size_t at) {
    const std::span<const uint8_t> bytes = body;
    Cursor cursor(bytes.subspan(at + 1));
    const uint16_t old = engine::find_opcode(engine::kPrefixSimd, cursor.read_u32());
    if (cursor.failed() || old == engine::kNoOpcode) return;
    const size_t start = below(engine::kOpcodeCount);
    for (size_t i = 0; i < engine::kOpcodeCount; ++i) {
      const size_t row = (start + i) % engine::kOpcodeCount;
      const engine::OpcodeInfo& info = engine::kOpcodes[row];
      if (info.code >> 16 != engine::kPrefixSimd || info.signature != engine::kOpcodes[old].signature ||
          info.immediate != engine::kOpcodes[old].immediate) {
        continue;
      }
      ByteWriter out;
      out.opcode(static_cast<engine::Opcode>(row));
      const auto first = body.begin() + static_cast<ptrdiff_t>(at);
      body.erase(first, first + static_cast<ptrdiff_t>(body.size() - at - cursor.remaining()));
      body.insert(body.begin() + static_cast<ptrdiff_t>(at), out.bytes().begin(), out.bytes().end());
      return;
    }
  }

  void insert_opcode(Buffer& body) {
    const engine::Opcode opcode{static_cast<uint16_t>(below(engine::kOpcodeCount))};
    ByteWriter out;
    out.opcode(opcode);
    const auto at = body.begin() + static_cast<ptrdiff_t>(below(body.size() + 1));
    body.insert(at, out.bytes().begin(), out.bytes().end());
  }

  std::minstd_rand random_;
  MutateBytes mutate_;
};

}  // namespace

size_t mutate_module(uint8_t* data, size_t size, size_t max_size, uint32_t seed, MutateBytes mutate) {
  auto sections = take_apart({data, size});
  if (!sections || seed % 8 == 0) return mutate(data, size, max_size);
  Mutation(seed, mutate).change(*sections);
  const Buffer out = put_together(std::span(data, kHeaderBytes), *sections);
  if (out.size() > max_size) return mutate(data, size, max_size);
  std::memcpy(data, out.data(), out.size());
  return out.size();
}

}  // namespace heddle::fuzz
