// SPDX-License-Identifier: Apache-2.0
// Assertions of scripts: what each kind demands.
#pragma once

#include <string>

#include "spec-tests/context.h"
#include "spec-tests/script.h"

namespace heddle::spec {

/// Both empty: the assertion holds.
struct Verdict {
  std::string problem;
  std::string other_words;  ///< it holds, but the message is not the one the script names
};

[[nodiscard]] Verdict check_assertion(Context& context, const Command& command);

/// Could a later directive notice that this assertion was left out?
[[nodiscard]] bool has_effects(const Command& command);

/// Kind and message, on one line.
[[nodiscard]] std::string describe(const Error& error);

[[nodiscard]] Error usage_error(std::string message);

/// A failed outcome as an Error, for commands that have only to succeed.
template <class T>
[[nodiscard]] Error failure_as_error(const Outcome<T>& outcome) {
  return outcome.trapped() ? usage_error("trap: " + outcome.trap().message) : outcome.error();
}

}  // namespace heddle::spec
