// SPDX-License-Identifier: Apache-2.0
// TextWriter: appends lines of WebAssembly text with indentation, escaped strings and numbers.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace heddle::engine {

/// A string literal of any bytes; bytes that are not printable ASCII become \hh, but valid UTF-8 stays in
/// names.
[[nodiscard]] std::string quote_bytes(std::string_view bytes);
[[nodiscard]] std::string quote_name(std::string_view name);
/// `$name`, or `$"name"` where it has other characters than plain identifiers may have.
[[nodiscard]] std::string make_identifier(std::string_view name);

/// The reason given where TextWriter::full() ends the printing.
inline constexpr const char* kTextTooLong = "the text would be far longer than the module";

class TextWriter {
 public:
  /// `limit` is for full(): a long name that is used often, or a long type, must not make a text without
  /// bounds.
  explicit TextWriter(uint32_t indent, uint64_t limit = UINT64_MAX) : indent_(indent), limit_(limit) {}

  /// The text, and `more` bytes, are beyond the limit.
  [[nodiscard]] bool full(uint64_t more = 0) const { return out_.size() + more > limit_; }

  TextWriter& operator<<(std::string_view text) {
    out_ += text;
    return *this;
  }
  TextWriter& operator<<(uint64_t number) {
    char buffer[24];
    out_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
    return *this;
  }

  /// Begins a line at the present depth.
  TextWriter& line() {
    out_ += '\n';
    // Deeper lines are not indented further, or the text would grow with the square of the nesting.
    out_.append(std::min<size_t>(size_t{depth_} * indent_, kMostIndent), ' ');
    return *this;
  }
  void indent() { ++depth_; }
  void outdent() { --depth_; }

  [[nodiscard]] size_t size() const { return out_.size(); }
  /// Takes back what was written since the text had `size` bytes.
  [[nodiscard]] std::string cut(size_t size) {
    std::string tail = out_.substr(size);
    out_.resize(size);
    return tail;
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  static constexpr size_t kMostIndent = 60;

  std::string out_;
  uint32_t indent_;
  uint64_t limit_;
  uint32_t depth_ = 0;
};

}  // namespace heddle::engine
