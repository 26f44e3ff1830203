// SPDX-License-Identifier: Apache-2.0
// TextWriter: escaping of strings and identifiers.
#include "engine/text/text_writer.h"

#include "engine/support/utf8.h"
#include "engine/text/lexer.h"

namespace heddle::engine {

namespace {

void append_escaped(std::string& out, std::string_view bytes, bool keep_utf8) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += c;
    } else if ((byte >= 0x20 && byte < 0x7f) || (byte >= 0x80 && keep_utf8)) {
      out += c;
    } else {
      out += '\\';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
}

}  // namespace

std::string quote_bytes(std::string_view bytes) {
  std::string out = "\"";
  append_escaped(out, bytes, false);
  return out += '"';
}

std::string quote_name(std::string_view name) {
  std::string out = "\"";
  append_escaped(out, name, is_valid_utf8(name));
  return out += '"';
}

std::string make_identifier(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(),
                                 [](char c) { return is_identifier_character(static_cast<uint8_t>(c)); });
  return plain ? "$" + std::string(name) : "$" + quote_name(name);
}

}  // namespace heddle::engine
