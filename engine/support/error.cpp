// SPDX-License-Identifier: Apache-2.0
// How an Error reads: one line with place and reason, and for text the source line with a caret.
#include <heddle/result.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "engine/support/escape.h"

namespace heddle {

namespace {

/// A source line can be a megabyte; this much of it on either side of the caret is shown.
constexpr size_t kExcerptReach = 60;

std::string hexadecimal(uint64_t value) {
  char buffer[20];
  std::snprintf(buffer, sizeof buffer, "0x%llx", static_cast<unsigned long long>(value));
  return buffer;
}

/// A tab is shown as one space, so that the caret stays below its byte.
std::string printable_source(std::string_view source) {
  std::string line(source);
  std::replace(line.begin(), line.end(), '\t', ' ');
  return engine::escape_for_terminal(line);
}

size_t columns(std::string_view printable) {
  return static_cast<size_t>(
      std::count_if(printable.begin(), printable.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// Moves a cut back to the beginning of the code point it would split.
size_t code_point_start(std::string_view text, size_t index) {
  const size_t least = index < 3 ? 0 : index - 3;
  for (size_t i = index; i > least && i < text.size(); --i) {
    if ((text[i] & 0xc0) != 0x80) return i;
  }
  return index;
}

std::string excerpt_with_caret(std::string_view excerpt, uint32_t column) {
  while (!excerpt.empty() && (excerpt.back() == '\n' || excerpt.back() == '\r')) excerpt.remove_suffix(1);
  const size_t caret = std::min<size_t>(column == 0 ? 0 : column - 1, excerpt.size());
  const size_t begin = caret > kExcerptReach ? code_point_start(excerpt, caret - kExcerptReach) : 0;
  const size_t end = excerpt.size() - caret > kExcerptReach ? code_point_start(excerpt, caret + kExcerptReach)
                                                            : excerpt.size();
  const std::string before =
      (begin > 0 ? "..." : "") + printable_source(excerpt.substr(begin, caret - begin));
  const std::string after =
      printable_source(excerpt.substr(caret, end - caret)) + (end < excerpt.size() ? "..." : "");
  std::string out = "\n  " + before + after;
  if (column != 0) out += "\n  " + std::string(columns(before), ' ') + "^";
  return out;
}

}  // namespace

const char* to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::malformed: return "malformed";
    case ErrorKind::invalid: return "invalid";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::limit: return "limit";
    case ErrorKind::link: return "link";
    case ErrorKind::usage: return "usage";
    case ErrorKind::resource: return "resource";
  }
  return "error";
}

std::string Error::to_string() const {
  std::string out = heddle::to_string(kind);
  if (line != 0) {
    out += " at " + std::to_string(line);
    if (column != 0) out += ":" + std::to_string(column);
  } else if (offset != kNoOffset) {
    out += " at " + hexadecimal(offset);
  }
  if (!section.empty()) out += " in " + engine::escape_for_terminal(section);
  out += ": " + engine::escape_for_terminal(message);
  if (line != 0 && !excerpt.empty()) out += excerpt_with_caret(excerpt, column);
  return out;
}

}  // namespace heddle
