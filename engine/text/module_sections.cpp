// SPDX-License-Identifier: Apache-2.0
// ModuleSections: joins sections and custom sections in the binary format's order.
#include "engine/text/module_sections.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace heddle::engine {

namespace {

void write_custom(ByteWriter& out, std::string_view name, std::span<const uint8_t> contents) {
  constexpr uint8_t kCustom = 0;
  ByteWriter header;
  header.sized(name);
  out.byte(kCustom);
  out.unsigned_leb(header.size() + contents.size());
  out.append(header.bytes());
  out.append(contents);
}

}  // namespace

void ModuleSections::add_custom(CustomPlacement placement, std::string name, std::vector<uint8_t> contents) {
  // After section n comes before "before section n + 1"; both stand between the two.
  const size_t order = placement.before ? 2 * placement.rank + 1 : 2 * (placement.rank + 1);
  customs_.push_back({order, customs_.size(), std::move(name), std::move(contents)});
}

void ModuleSections::write_section(ByteWriter& out, SectionCode code) {
  ByteWriter head;
  Section& section = sections_[static_cast<size_t>(code)];
  if (code == SectionCode::start) {
    if (!start_) return;
    head.unsigned_leb(*start_);
  } else if (code == SectionCode::data_count) {
    if (!data_count_) return;
    head.unsigned_leb(count(SectionCode::data));
  } else {
    if (section.count == 0) return;
    head.unsigned_leb(section.count);
  }
  out.byte(static_cast<uint8_t>(code));
  out.unsigned_leb(head.size() + section.entries.size());
  out.append(head.bytes());
  out.append(section.entries.bytes());
}

/// Writes the custom sections up to this place.
void ModuleSections::write_customs(ByteWriter& out, size_t order) {
  while (customs_written_ < customs_.size() && customs_[customs_written_].order <= order) {
    const Custom& custom = customs_[customs_written_++];
    write_custom(out, custom.name, custom.contents);
  }
}

std::vector<uint8_t> ModuleSections::finish(std::span<const uint8_t> name_section) {
  std::sort(customs_.begin(), customs_.end(), [](const Custom& a, const Custom& b) {
    return std::tie(a.order, a.sequence) < std::tie(b.order, b.sequence);
  });
  ByteWriter out;
  constexpr uint8_t kHeader[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  out.append(kHeader);
  for (size_t rank = 0; rank < kSectionCount; ++rank) {
    write_customs(out, 2 * rank + 1);
    write_section(out, kSectionOrder[rank].code);
  }
  write_customs(out, 2 * kSectionCount);
  if (!name_section.empty()) write_custom(out, "name", name_section);
  return out.take();
}

}  // namespace heddle::engine
