// SPDX-License-Identifier: Apache-2.0
// The "name" custom section, read leniently: what is malformed in it is skipped, because names are only for
// people.
#include <algorithm>
#include <functional>

#include "engine/module/decoder.h"

namespace heddle::engine {

namespace {

constexpr uint8_t kModuleName = 0;
constexpr uint8_t kFunctionNames = 1;
constexpr uint8_t kTagNames = 11;

/// Bytes that need not be UTF-8: whoever prints a name escapes it.
std::string_view read_raw_name(Cursor& cursor) {
  const auto bytes = cursor.read_bytes(cursor.read_u32());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void read_names(std::vector<FunctionName>& names, Cursor cursor) {
  const uint32_t count = cursor.read_count(2);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t index = cursor.read_u32();
    const std::string_view name = read_raw_name(cursor);
    if (cursor.failed()) break;
    names.push_back({index, name});
  }
  // The section must be sorted; if it is not, an index's first name wins.
  const auto before = [](const FunctionName& a, const FunctionName& b) {
    return a.index != b.index ? a.index < b.index : std::less<>()(a.name.data(), b.name.data());
  };
  std::sort(names.begin(), names.end(), before);
  const auto same = [](const FunctionName& a, const FunctionName& b) { return a.index == b.index; };
  names.erase(std::unique(names.begin(), names.end(), same), names.end());
}

}  // namespace

void decode_names(ModuleImage& module, ByteRange contents) {
  Cursor cursor(module.view(contents), contents.offset);
  while (!cursor.at_end()) {
    const uint8_t id = cursor.read_byte();
    const uint32_t size = cursor.read_u32();
    const uint64_t offset = cursor.offset();
    const auto bytes = cursor.read_bytes(size);
    if (cursor.failed()) return;
    Cursor inner(bytes, offset);
    if (id == kModuleName) module.module_name = read_raw_name(inner);
    // Only the first one that has any, lest many small ones be sorted together again and again.
    if (id == kFunctionNames && module.function_names.empty()) read_names(module.function_names, inner);
    if (id == kTagNames && module.tag_names.empty()) read_names(module.tag_names, inner);
  }
}

}  // namespace heddle::engine
