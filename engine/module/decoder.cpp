// SPDX-License-Identifier: Apache-2.0
// The decoder's section loop: header, order of sections, and what must agree between sections.
#include "engine/module/decoder.h"

#include <algorithm>
#include <numeric>

#include "engine/binary/locals.h"
#include "engine/support/byte_buffer.h"
#include "engine/support/escape.h"
#include "engine/support/try.h"

namespace heddle::engine {

namespace {
constexpr uint32_t kMagic = 0x6d736100;  // "\0asm"
constexpr uint32_t kVersion = 1;
constexpr const char* kExternKinds[] = {"function", "table", "memory", "global", "tag"};
}  // namespace

struct Decoder::Section {
  uint32_t rank;  ///< place in the order that the grammar prescribes; custom sections stand anywhere
  const char* name;
  void (Decoder::*decode)(Cursor&);
};

/// By section id. (Spec 5.5.2, 5.5.16)
const Decoder::Section Decoder::kSections[] = {
    {0, "custom", &Decoder::decode_custom},
    {1, "type", &Decoder::decode_types},
    {2, "import", &Decoder::decode_imports},
    {3, "function", &Decoder::decode_functions},
    {4, "table", &Decoder::decode_tables},
    {5, "memory", &Decoder::decode_memories},
    {7, "global", &Decoder::decode_globals},
    {8, "export", &Decoder::decode_exports},
    {9, "start", &Decoder::decode_start},
    {10, "element", &Decoder::decode_elements},
    {12, "code", &Decoder::decode_code},
    {13, "data", &Decoder::decode_data},
    {11, "data count", &Decoder::decode_data_count},
    {6, "tag", &Decoder::decode_tags},
};

Decoder::Decoder(std::span<const uint8_t> bytes, std::vector<uint8_t> storage, TypeRegistry& registry,
                 const DecodeLimits& limits)
    : registry_(registry), limits_(limits), module_(std::make_unique<ModuleImage>()) {
  module_->storage = std::move(storage);  // moving leaves the bytes where they are
  module_->bytes = bytes;
  module_->registry = &registry;
  module_->limits = limits;
}

Result<std::unique_ptr<ModuleImage>> Decoder::decode() {
  Cursor cursor(module_->bytes);
  if (module_->bytes.size() > kMaxModuleBytes) {
    cursor.fail(ErrorKind::limit, "module of " + std::to_string(module_->bytes.size()) +
                                      " bytes, the limit is " + std::to_string(kMaxModuleBytes));
  }
  if (!cursor.failed()) read_header(cursor);
  while (!cursor.failed() && !cursor.at_end()) {
    if (auto read = read_section(cursor); !read.ok()) return earliest(std::move(read).error());
  }
  if (cursor.failed()) return cursor.error();
  HEDDLE_TRY(check_lengths(cursor.offset()));
  sort_exports();
  return std::move(module_);
}

void Decoder::read_header(Cursor& cursor) {
  if (cursor.read_fixed32() != kMagic)
    return cursor.fail_at(0, ErrorKind::malformed, "magic header not detected");
  if (cursor.read_fixed32() != kVersion)
    return cursor.fail_at(4, ErrorKind::malformed, "unknown binary version");
}

Result<void> Decoder::read_section(Cursor& cursor) {
  const uint64_t start = cursor.offset();
  const uint8_t id = cursor.read_byte();
  if (id >= std::size(kSections)) {
    cursor.fail_at(start, ErrorKind::malformed, "malformed section id " + std::to_string(id));
    return cursor.error();
  }
  const Section& section = kSections[id];
  if (section.rank != 0 && section.rank <= last_rank_) {
    cursor.fail_at(start, ErrorKind::malformed,
                   "unexpected content after last section: " + std::string(section.name) +
                       " section twice or out of order");
    return cursor.error();
  }
  if (section.rank != 0) last_rank_ = section.rank;
  const uint32_t size = cursor.read_u32();
  if (size > cursor.remaining()) {
    cursor.set_section(section.name);
    cursor.fail_at(start, ErrorKind::malformed, "length out of bounds");
  }
  const uint64_t offset = cursor.offset();
  const auto contents = cursor.read_bytes(size);
  if (cursor.failed()) return cursor.error();

  module_->section_offsets[id] = offset;
  Cursor inner(contents, offset);
  inner.accept(limits_.features);
  inner.set_section(section.name);
  inner.set_bytes_beyond(cursor.remaining());
  (this->*section.decode)(inner);
  if (!inner.failed() && !inner.at_end()) {
    inner.set_section(section.name);
    inner.fail(ErrorKind::malformed, "section size mismatch");
  }
  if (inner.failed()) return inner.error();
  return {};
}

Result<void> Decoder::check_lengths(uint64_t end) const {
  Error error;
  error.offset = end;
  if (bodies_ != module_->functions.size() - module_->imported_functions) {
    error.section = "code";
    error.message = "function and code section have inconsistent lengths";
    return error;
  }
  if (module_->data_count && *module_->data_count != module_->data.size()) {
    error.section = "data";
    error.message = "data count and data section have inconsistent lengths";
    return error;
  }
  return {};
}

Error Decoder::earliest(Error error) const {
  std::vector<LocalRun> locals;
  Instruction instruction;
  for (size_t i = module_->imported_functions; i < module_->functions.size(); ++i) {
    const ByteRange body = module_->functions[i].body;
    if (body.size == 0 || body.offset >= error.offset) continue;  // none, or none yet
    Cursor cursor(module_->view(body), body.offset);
    cursor.accept(limits_.features);
    cursor.set_section("code", i - module_->imported_functions);
    cursor.set_bytes_beyond(module_->bytes.size() - body.offset - body.size);
    read_locals(cursor, 0, locals);
    InstructionReader reader(cursor);
    while (!cursor.at_end() && reader.next(instruction)) {
    }
    if (cursor.failed() && cursor.error().offset < error.offset) return cursor.error();
  }
  return error;
}

void Decoder::sort_exports() {
  auto& order = module_->exports_by_name;
  order.resize(module_->exports.size());
  std::iota(order.begin(), order.end(), 0);
  const auto& exports = module_->exports;
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return exports[a].name < exports[b].name; });
}

bool Decoder::within(Cursor& cursor, uint64_t count, uint32_t limit, const char* what) {
  if (count <= limit) return !cursor.failed();
  cursor.fail(ErrorKind::limit, "too many " + std::string(what) + ": " + std::to_string(count) +
                                    ", the limit is " + std::to_string(limit));
  return false;
}

Result<std::unique_ptr<ModuleImage>> decode_module(std::vector<uint8_t>&& bytes, TypeRegistry& registry,
                                                   const DecodeLimits& limits) {
  const std::span<const uint8_t> view(bytes);
  return Decoder(view, std::move(bytes), registry, limits).decode();
}

Result<std::unique_ptr<ModuleImage>> decode_module(std::span<const uint8_t> bytes, TypeRegistry& registry,
                                                   const DecodeLimits& limits) {
  std::vector<uint8_t> copy;
  reserve_bytes(copy, bytes.size());
  copy.assign(bytes.begin(), bytes.end());
  return decode_module(std::move(copy), registry, limits);
}

Result<std::unique_ptr<ModuleImage>> decode_borrowed(std::span<const uint8_t> bytes, TypeRegistry& registry,
                                                     const DecodeLimits& limits) {
  return Decoder(bytes, {}, registry, limits).decode();
}

const char* to_string(ExternKind kind) noexcept { return kExternKinds[static_cast<size_t>(kind)]; }

const Export* ModuleImage::find_export(std::string_view name) const noexcept {
  const auto found =
      std::lower_bound(exports_by_name.begin(), exports_by_name.end(), name,
                       [&](uint32_t i, std::string_view wanted) { return exports[i].name < wanted; });
  if (found == exports_by_name.end() || exports[*found].name != name) return nullptr;
  return &exports[*found];
}

namespace {

/// The name that the name section, else an export, gives to an index; null if neither does.
std::optional<std::string> find_name(const std::vector<FunctionName>& names,
                                     const std::vector<Export>& exports, ExternKind kind, uint32_t index) {
  const auto found =
      std::lower_bound(names.begin(), names.end(), index,
                       [](const FunctionName& row, uint32_t wanted) { return row.index < wanted; });
  if (found != names.end() && found->index == index) return escape_for_terminal(found->name);
  for (const Export& row : exports) {
    if (row.kind == kind && row.index == index) return escape_for_terminal(row.name);
  }
  return std::nullopt;
}

}  // namespace

std::string ModuleImage::function_name(uint32_t function) const {
  const auto name = find_name(function_names, exports, ExternKind::function, function);
  return name ? *name : "func[" + std::to_string(function) + "]";
}

std::string ModuleImage::tag_name(uint32_t tag) const {
  const auto name = find_name(tag_names, exports, ExternKind::tag, tag);
  return name ? *name : "tag[" + std::to_string(tag) + "]";
}

}  // namespace heddle::engine
