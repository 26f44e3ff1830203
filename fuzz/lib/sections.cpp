// SPDX-License-Identifier: Apache-2.0
// Sections: one walk over their sizes.
#include "fuzz/lib/sections.h"

#include "engine/binary/cursor.h"
#include "engine/text/byte_writer.h"
#include "fuzz/lib/oracles.h"

namespace heddle::fuzz {

std::optional<std::vector<Section>> take_apart(std::span<const uint8_t> bytes) {
  if (bytes.size() < kHeaderBytes || !looks_like_module(bytes)) return {};
  std::vector<Section> sections;
  engine::Cursor cursor(bytes.subspan(kHeaderBytes));
  while (!cursor.at_end()) {
    Section section;
    section.id = cursor.read_byte();
    const uint32_t size = cursor.read_u32();
    if (cursor.failed() || size > cursor.remaining()) return {};
    const auto contents = cursor.read_bytes(size);
    section.contents.assign(contents.begin(), contents.end());
    sections.push_back(std::move(section));
  }
  if (sections.empty()) return {};
  return sections;
}

std::vector<uint8_t> put_together(std::span<const uint8_t> header, std::span<const Section> sections) {
  engine::ByteWriter out;
  out.append(header);
  for (const Section& section : sections) {
    out.byte(section.id);
    out.sized(section.contents);
  }
  return out.take();
}

}  // namespace heddle::fuzz
