// SPDX-License-Identifier: Apache-2.0
// What the disassembler knows about each handler: its name, how many words it takes, how to print them.
#pragma once

#include <string>
#include <string_view>

#include "engine/interpreter/handlers.h"

namespace heddle::engine {

/// A pattern is printed as it is but for
///   %0 %1 %2 %3   a field of word 1, as a slot;  %6 %7 %8 %9  as a number
///   %i %u %f      the immediate in word 1's upper half: signed, unsigned, float
///   %@            the branch's target, as a position
///   %4 %5         the two lowest fields of word 2, as slots
///   %l %h         word 2's halves, signed;  %a %b  unsigned;  %L %H  floats;  %k %q  slots
///   %d            word 2 as a double;  %c  as the code of a function;  %t  as a type and a table;  %y  as a
///   type's layout %s %n %w      the next word, from word 2 on: signed, unsigned, hexadecimal;  %r  as a slot
struct Shape {
  std::string name;
  std::string_view pattern;
  unsigned words = 0;
};

/// Null for words that are no handler. A handler that several rows share has the first one's name.
[[nodiscard]] const Shape* find_shape(Word handler);

}  // namespace heddle::engine
