// SPDX-License-Identifier: Apache-2.0
// Escaping of control characters and invalid UTF-8.
#include "engine/support/escape.h"

#include <cstdint>
#include <cstdio>

#include "engine/support/utf8.h"

namespace heddle::engine {

bool is_printable(char32_t code_point) noexcept {
  const auto within = [code_point](char32_t first, char32_t last) {
    return code_point >= first && code_point <= last;
  };
  if (code_point < 0x20 || within(0x7f, 0x9f)) return false;  // C0, DEL, C1
  if (code_point == 0xad || code_point == 0x61c || code_point == 0xfeff) return false;
  // Zero-width spaces and joiners, separators of lines, everything that turns the direction of text.
  if (within(0x200b, 0x200f) || within(0x2028, 0x202e) || within(0x2060, 0x206f)) return false;
  if (within(0xfff9, 0xfffb) || within(0xe0000, 0xe007f)) return false;  // annotation marks, invisible tags
  return (code_point & 0xfffe) != 0xfffe && !within(0xfdd0, 0xfdef);     // noncharacters
}

namespace {

void append_escape(std::string& out, const char* format, uint32_t value) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, format, static_cast<unsigned>(value));
  out += buffer;
}

void append_code_point(std::string& out, uint32_t code_point, std::string_view encoding) {
  if (is_printable(code_point)) {
    out += encoding;
  } else if (code_point == '\n') {
    out += "\\n";
  } else if (code_point == '\t') {
    out += "\\t";
  } else if (code_point == '\r') {
    out += "\\r";
  } else {
    append_escape(out, "\\u{%x}", code_point);
  }
}

}  // namespace

std::string escape_for_terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    size_t length = 1;
    if (const auto decoded = decode_utf8(text)) {
      length = decoded->length;
      append_code_point(out, decoded->code_point, text.substr(0, length));
    } else {
      append_escape(out, "\\x%02x", static_cast<uint8_t>(text[0]));
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace heddle::engine
