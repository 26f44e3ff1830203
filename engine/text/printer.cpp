// SPDX-License-Identifier: Apache-2.0
// The printer: finds a module's sections and names, and prints what is neither table, memory, segment nor
// code.
#include "engine/text/printer.h"

#include <algorithm>

#include "engine/text/module_printer.h"

namespace heddle::engine {

namespace {

constexpr Space kExternSpaces[] = {Space::function, Space::table, Space::memory, Space::global, Space::tag};

/// The kind of an import of a function by its exact type; the others are places in kExternSpaces.
constexpr uint8_t kExactFunction = 0x20;

/// The place of a section in the module's order, or kSectionCount.
size_t rank_of(uint8_t code) {
  const auto* row =
      std::find_if(std::begin(kSectionOrder), std::end(kSectionOrder),
                   [code](const SectionRow& r) { return static_cast<uint8_t>(r.code) == code; });
  return static_cast<size_t>(row - kSectionOrder);
}

/// The longest text that a module of `bytes` bytes may make; an ordinary one makes 3 to 20 for each.
uint64_t text_limit(size_t bytes) {
  constexpr uint64_t kLeast = 64u << 20;
  constexpr uint64_t kPerByte = 100;
  return kLeast + kPerByte * bytes;
}

}  // namespace

ModulePrinter::ModulePrinter(std::span<const uint8_t> bytes, const PrintOptions& options)
    : bytes_(bytes),
      options_(options),
      out_(options.indent, text_limit(bytes.size())),
      types_(names_, out_),
      instructions_(names_, types_, out_),
      folded_(instructions_, out_, indices_) {}

Cursor ModulePrinter::cursor_of(const Section& section) const {
  Cursor cursor(section.contents, section.offset);
  cursor.accept(FeatureSet::all());
  const size_t rank = rank_of(section.code);
  cursor.set_section(rank < kSectionCount ? kSectionOrder[rank].name.data() : "custom");
  return cursor;
}

Result<void> ModulePrinter::find_sections() {
  Cursor cursor(bytes_);
  constexpr uint32_t kMagic = 0x6d736100, kVersion = 1;
  if (cursor.read_fixed32() != kMagic) cursor.fail_at(0, ErrorKind::malformed, "magic header not detected");
  if (cursor.read_fixed32() != kVersion) cursor.fail_at(4, ErrorKind::malformed, "unknown binary version");
  size_t least_rank = 0;
  while (!cursor.failed() && !cursor.at_end()) {
    const uint64_t start = cursor.offset();
    Section section{};
    section.code = cursor.read_byte();
    const uint32_t size = cursor.read_u32();
    section.offset = cursor.offset();
    section.contents = cursor.read_bytes(size);
    if (cursor.failed()) break;
    if (section.code == 0) {
      Cursor custom(section.contents, section.offset);
      section.custom_name = custom.read_name();
      if (custom.failed()) return custom.error();
      section.contents = section.contents.subspan(section.contents.size() - custom.remaining());
      section.offset = custom.offset();
    } else {
      const size_t rank = rank_of(section.code);
      if (rank == kSectionCount) cursor.fail_at(start, ErrorKind::malformed, "malformed section id");
      if (rank < least_rank)
        cursor.fail_at(start, ErrorKind::malformed, "unexpected content after last section");
      least_rank = rank + 1;
    }
    sections_.push_back(section);
  }
  if (cursor.failed()) return cursor.error();
  return {};
}

void ModulePrinter::read_names() {
  for (const Section& section : sections_) {
    if (section.code != 0) continue;
    if (section.custom_name == "name" && options_.use_names) names_.read_name_section(section.contents);
    if (section.custom_name == "metadata.code.branch_hint") names_.read_branch_hints(section.contents);
  }
}

void ModulePrinter::count_imports(Cursor& cursor, uint64_t (&counts)[kSpaceCount]) {
  // Types are printed aside, which is the same as reading past them.
  TextWriter aside(0);
  TypePrinter types(names_, aside);
  const uint32_t count = cursor.read_count(4);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    cursor.read_name();
    cursor.read_name();
    const uint8_t code = cursor.read_byte();
    const uint8_t kind = code == kExactFunction ? uint8_t{0} : code;
    if (kind >= std::size(kExternSpaces)) return cursor.fail(ErrorKind::malformed, "malformed import kind");
    ++counts[static_cast<size_t>(kExternSpaces[kind])];
    switch (kExternSpaces[kind]) {
      case Space::table: types.table_type(cursor); break;
      case Space::memory: types.memory_type(cursor); break;
      case Space::global: types.global_type(cursor); break;
      case Space::tag: cursor.read_byte(); [[fallthrough]];
      default: cursor.read_u32();
    }
  }
}

void ModulePrinter::count_definitions() {
  uint64_t counts[kSpaceCount] = {};
  const auto add = [&counts](Space space, uint32_t count) { counts[static_cast<size_t>(space)] += count; };
  for (const Section& section : sections_) {
    Cursor cursor = cursor_of(section);
    switch (static_cast<SectionCode>(section.code)) {
      case SectionCode::type: {
        TextWriter aside(0);
        TypePrinter types(names_, aside);
        types.type_section(cursor);
        add(Space::type, types.type_count());
        break;
      }
      case SectionCode::import: count_imports(cursor, counts); break;
      case SectionCode::function: add(Space::function, cursor.read_u32()); break;
      case SectionCode::table: add(Space::table, cursor.read_u32()); break;
      case SectionCode::memory: add(Space::memory, cursor.read_u32()); break;
      case SectionCode::tag: add(Space::tag, cursor.read_u32()); break;
      case SectionCode::global: add(Space::global, cursor.read_u32()); break;
      case SectionCode::element: add(Space::element, cursor.read_u32()); break;
      case SectionCode::data: add(Space::data, cursor.read_u32()); break;
      default: break;
    }
  }
  for (size_t space = 0; space < kSpaceCount; ++space)
    names_.set_count(static_cast<Space>(space), counts[space]);
}

/// Whether a section can be the place that a custom section stands behind: a section without entries leaves
/// nothing in the text, and the data count follows from the code.
bool ModulePrinter::leaves_text(const Section& section) const {
  if (section.code == 0 || static_cast<SectionCode>(section.code) == SectionCode::data_count) return false;
  if (static_cast<SectionCode>(section.code) == SectionCode::start) return true;
  return cursor_of(section).read_u32() != 0;
}

Result<std::string> ModulePrinter::print() {
  Result<void> found = find_sections();
  if (!found) return std::move(found).error();
  read_names();
  count_definitions();
  out_ << "(module";
  if (!names_.module().empty()) out_ << " " << names_.module();
  out_.indent();
  for (const Section& section : sections_) {
    Cursor cursor = cursor_of(section);
    print_section(section, cursor);
    if (!cursor.failed() && !cursor.at_end()) cursor.fail(ErrorKind::malformed, "section size mismatch");
    if (cursor.failed()) return cursor.error();
    if (leaves_text(section)) section_before_ = kSectionOrder[rank_of(section.code)].name;
  }
  if (defined(Space::function) != indices_.functions.size()) {
    Error error;
    error.message = "function and code section have inconsistent lengths";
    error.offset = bytes_.size();
    return error;
  }
  out_.outdent();
  out_ << ")\n";
  return out_.take();
}

void ModulePrinter::print_section(const Section& section, Cursor& cursor) {
  if (section.code == 0) return custom_section(section, cursor);
  switch (static_cast<SectionCode>(section.code)) {
    case SectionCode::type: return types_.type_section(cursor);
    case SectionCode::import: return imports(cursor);
    case SectionCode::function: return functions(cursor);
    case SectionCode::table: return tables(cursor);
    case SectionCode::memory: return memories(cursor);
    case SectionCode::tag: return tags(cursor);
    case SectionCode::global: return globals(cursor);
    case SectionCode::export_: return exports(cursor);
    case SectionCode::start:
      out_.line() << "(start";
      reference(Space::function, cursor.read_u32());
      out_ << ")";
      return;
    case SectionCode::element: return elements(cursor);
    case SectionCode::data_count: cursor.read_u32(); return;
    case SectionCode::code: return bodies(cursor);
    case SectionCode::data: return data_segments(cursor);
  }
}

void ModulePrinter::custom_section(const Section& section, Cursor& cursor) {
  const auto contents = cursor.read_bytes(cursor.remaining());
  const bool printed_otherwise =
      section.custom_name == "name" || section.custom_name == "metadata.code.branch_hint";
  if (printed_otherwise || !options_.custom_sections) return;
  out_.line() << "(@custom " << quote_name(section.custom_name) << " ";
  if (section_before_.empty()) {
    out_ << "(before first)";
  } else {
    out_ << "(after " << section_before_ << ")";
  }
  strings(contents);
  out_ << ")";
}

/// " "..."" for all bytes, in pieces that fit a line.
void ModulePrinter::strings(std::span<const uint8_t> bytes) {
  constexpr size_t kPiece = 64;
  const bool one_line = bytes.size() <= kPiece;
  out_.indent();
  for (size_t begin = 0; begin < bytes.size(); begin += kPiece) {
    const auto piece = bytes.subspan(begin, std::min(kPiece, bytes.size() - begin));
    if (one_line) {
      out_ << " ";
    } else {
      out_.line();
    }
    out_ << quote_bytes({reinterpret_cast<const char*>(piece.data()), piece.size()});
  }
  out_.outdent();
}

void ModulePrinter::open(std::string_view keyword, Space space, uint32_t index) {
  out_.line() << "(" << keyword << " " << names_.binding(space, index);
}

void ModulePrinter::reference(Space space, uint32_t index) {
  const std::string_view name = names_.find(space, index);
  out_ << " ";
  if (name.empty()) {
    out_ << index;
  } else {
    out_ << name;
  }
}

void ModulePrinter::imports(Cursor& cursor) {
  const uint32_t count = cursor.read_count(4);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    const std::string_view module = cursor.read_name();
    const std::string_view name = cursor.read_name();
    const uint8_t code = cursor.read_byte();
    const bool is_exact = code == kExactFunction;
    const uint8_t kind = is_exact ? uint8_t{0} : code;
    if (cursor.failed()) return;
    if (kind >= std::size(kExternSpaces)) {
      return cursor.fail_at(cursor.offset() - 1, ErrorKind::malformed, "malformed import kind");
    }
    const Space space = kExternSpaces[kind];
    const uint32_t index = defined(space)++;
    out_.line() << "(import " << quote_name(module) << " " << quote_name(name) << " ("
                << kSpaceWords[static_cast<size_t>(space)].keyword << " " << names_.binding(space, index);
    switch (space) {
      case Space::table: types_.table_type(cursor); break;
      case Space::memory: types_.memory_type(cursor); break;
      case Space::global: types_.global_type(cursor); break;
      case Space::tag: tag_type(cursor); break;
      default:
        indices_.functions.push_back(cursor.read_u32());
        if (is_exact) out_ << " (exact";
        types_.function_type_use(index, indices_.functions.back());
        if (is_exact) out_ << ")";
    }
    out_ << "))";
  }
}

void ModulePrinter::tag_type(Cursor& cursor) {
  if (cursor.read_byte() != 0)
    cursor.fail_at(cursor.offset() - 1, ErrorKind::malformed, "malformed tag attribute");
  indices_.tags.push_back(cursor.read_u32());
  types_.type_use(indices_.tags.back());
}

void ModulePrinter::tags(Cursor& cursor) {
  const uint32_t count = cursor.read_count(2);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    open("tag", Space::tag, defined(Space::tag)++);
    tag_type(cursor);
    out_ << ")";
  }
}

void ModulePrinter::globals(Cursor& cursor) {
  const uint32_t count = cursor.read_count(3);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    open("global", Space::global, defined(Space::global)++);
    types_.global_type(cursor);
    instructions_.expression(cursor, {});
    out_ << ")";
  }
}

void ModulePrinter::exports(Cursor& cursor) {
  const uint32_t count = cursor.read_count(3);
  for (uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    const std::string_view name = cursor.read_name();
    const uint8_t kind = cursor.read_byte();
    if (kind >= std::size(kExternSpaces)) {
      return cursor.fail_at(cursor.offset() - 1, ErrorKind::malformed, "malformed export kind");
    }
    const Space space = kExternSpaces[kind];
    out_.line() << "(export " << quote_name(name) << " (" << kSpaceWords[static_cast<size_t>(space)].keyword;
    reference(space, cursor.read_u32());
    out_ << "))";
    check_size(cursor);
  }
}

void ModulePrinter::check_size(Cursor& cursor) {
  if (out_.full()) cursor.fail(ErrorKind::limit, kTextTooLong);
}

Result<std::string> print_module(std::span<const uint8_t> bytes, const PrintOptions& options) {
  return ModulePrinter(bytes, options).print();
}

}  // namespace heddle::engine
