// SPDX-License-Identifier: Apache-2.0
// ModuleSections: the sections of a module under assembly, joined into bytes at the end. (Spec 5.5)
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/byte_writer.h"

namespace heddle::engine {

/// Section codes, in the order of the binary format.
enum class SectionCode : uint8_t {
  type = 1,
  import = 2,
  function = 3,
  table = 4,
  memory = 5,
  tag = 13,
  global = 6,
  export_ = 7,
  start = 8,
  element = 9,
  data_count = 12,
  code = 10,
  data = 11,
};

/// A section's code and the name by which @custom annotations and printers refer to it.
struct SectionRow {
  SectionCode code;
  std::string_view name;
};
inline constexpr SectionRow kSectionOrder[] = {
    {SectionCode::type, "type"},     {SectionCode::import, "import"},        {SectionCode::function, "func"},
    {SectionCode::table, "table"},   {SectionCode::memory, "memory"},        {SectionCode::tag, "tag"},
    {SectionCode::global, "global"}, {SectionCode::export_, "export"},       {SectionCode::start, "start"},
    {SectionCode::element, "elem"},  {SectionCode::data_count, "datacount"}, {SectionCode::code, "code"},
    {SectionCode::data, "data"},
};
inline constexpr size_t kSectionCount = std::size(kSectionOrder);

/// Where a custom section goes: right before or after the place of the section at this rank of kSectionOrder.
struct CustomPlacement {
  size_t rank = kSectionCount - 1;
  bool before = false;
};

class ModuleSections {
 public:
  /// The bytes of a section's entries, to append to; count_entry() for each.
  ByteWriter& entries(SectionCode code) { return sections_[static_cast<size_t>(code)].entries; }
  void count_entry(SectionCode code, uint32_t entries = 1) {
    sections_[static_cast<size_t>(code)].count += entries;
  }
  [[nodiscard]] uint32_t count(SectionCode code) const { return sections_[static_cast<size_t>(code)].count; }

  void set_start(uint32_t function) { start_ = function; }
  [[nodiscard]] bool has_start() const { return start_.has_value(); }
  /// Some instruction names a data segment, so that the data count section is needed.
  void require_data_count() { data_count_ = true; }
  void add_custom(CustomPlacement placement, std::string name, std::vector<uint8_t> contents);

  /// The whole module. The name section, if any, goes last.
  [[nodiscard]] std::vector<uint8_t> finish(std::span<const uint8_t> name_section);

 private:
  struct Section {
    ByteWriter entries;
    uint32_t count = 0;
  };
  struct Custom {
    size_t order;
    size_t sequence;  ///< customs of one place stay in the source's order
    std::string name;
    std::vector<uint8_t> contents;
  };
  void write_section(ByteWriter& out, SectionCode code);
  void write_customs(ByteWriter& out, size_t order);

  std::array<Section, 14> sections_;
  std::optional<uint32_t> start_;
  bool data_count_ = false;
  std::vector<Custom> customs_;
  size_t customs_written_ = 0;
};

}  // namespace heddle::engine
