// SPDX-License-Identifier: Apache-2.0
// ModulePrinter: walks a binary module's sections and prints each as text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/module_names.h"
#include "engine/text/module_sections.h"
#include "engine/text/print_folded.h"
#include "engine/text/print_instructions.h"
#include "engine/text/print_types.h"
#include "engine/text/printer.h"
#include "engine/text/text_writer.h"

namespace heddle::engine {

class ModulePrinter {
 public:
  ModulePrinter(std::span<const uint8_t> bytes, const PrintOptions& options);

  Result<std::string> print();

 private:
  struct Section {
    uint8_t code;
    std::span<const uint8_t> contents;
    uint64_t offset;  ///< of the contents
    std::string_view custom_name;
  };
  /// Finds the sections and checks their order.
  Result<void> find_sections();
  void read_names();
  /// Counts what the module defines, so that names of what it does not define are left out.
  void count_definitions();
  void count_imports(Cursor& cursor, uint64_t (&counts)[kSpaceCount]);
  [[nodiscard]] Cursor cursor_of(const Section& section) const;
  [[nodiscard]] bool leaves_text(const Section& section) const;

  void print_section(const Section& section, Cursor& cursor);
  void custom_section(const Section& section, Cursor& cursor);
  void imports(Cursor& cursor);
  void functions(Cursor& cursor);
  void tables(Cursor& cursor);
  void memories(Cursor& cursor);
  void tags(Cursor& cursor);
  void globals(Cursor& cursor);
  void exports(Cursor& cursor);
  void elements(Cursor& cursor);
  void element_segment(Cursor& cursor, uint32_t index);
  void bodies(Cursor& cursor);
  void body(Cursor& cursor, uint32_t function, uint32_t type);
  bool locals(Cursor& cursor, uint32_t function, uint64_t& next_local);
  void data_segments(Cursor& cursor);
  void tag_type(Cursor& cursor);
  void check_size(Cursor& cursor);
  void strings(std::span<const uint8_t> bytes);
  /// "(keyword $name" or "(keyword (;index;)", on a line of its own.
  void open(std::string_view keyword, Space space, uint32_t index);
  void reference(Space space, uint32_t index);
  uint32_t& defined(Space space) { return defined_[static_cast<size_t>(space)]; }

  std::span<const uint8_t> bytes_;
  PrintOptions options_;
  std::vector<Section> sections_;
  ModuleNames names_;
  TextWriter out_;
  TypePrinter types_;
  InstructionPrinter instructions_;
  IndexTypes indices_;
  uint32_t bodies_expected_ = 0;  ///< functions that are not imported
  FoldedPrinter folded_;
  uint32_t defined_[kSpaceCount] = {};  ///< printed so far
  std::string_view section_before_;     ///< the last standard section's name
};

}  // namespace heddle::engine
