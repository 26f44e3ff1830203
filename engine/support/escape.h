// SPDX-License-Identifier: Apache-2.0
// Makes text that came from a guest safe to print.
#pragma once

#include <string>
#include <string_view>

namespace heddle::engine {

/// `text` on one line of printable UTF-8, so that a guest's names can neither forge output nor command the
/// terminal. Newline, tab and carriage return become \n \t \r; other control characters, and the invisible
/// ones that reorder or break lines, become \u{1b}; bytes that are not UTF-8 become \xff. Backslashes stay as
/// they are: the result is for people, and escaping it again changes nothing.
[[nodiscard]] std::string escape_for_terminal(std::string_view text);

/// True if a terminal shows the code point in place and does nothing else.
[[nodiscard]] bool is_printable(char32_t code_point) noexcept;

}  // namespace heddle::engine
