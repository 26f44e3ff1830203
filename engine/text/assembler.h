// SPDX-License-Identifier: Apache-2.0
// The assembler: WebAssembly text in, a binary module out, for the whole 3.0 text format.
//
// It assembles every instruction of the opcode table, whether or not the engine has built its feature (that
// is refused when the bytes are decoded), and checks what the text format demands: syntax, identifiers,
// ranges. Time and memory are linear in the source; nesting costs heap, never native stack.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/lexer.h"
#include "heddle/result.h"

namespace heddle::engine {

struct AssembleOptions {
  bool emit_names = true;  ///< a name section from the source's identifiers and @name annotations
};

/// Assembles a .wat file: one (module ...) form, also (module binary "...") and (module quote "..."), or bare
/// module fields.
[[nodiscard]] Result<std::vector<uint8_t>> assemble(std::string_view source,
                                                    const AssembleOptions& options = {});

/// A module form of a script.
struct ModuleForm {
  enum class Kind : uint8_t { text, binary, quote };

  std::string id;  ///< without '$'; empty if it has none
  Kind kind = Kind::text;
  bool is_definition = false;  ///< (module definition ...)
  std::vector<uint8_t> bytes;  ///< empty if `error`
  std::optional<Error> error;  ///< why the module's inside does not assemble
  uint32_t line = 0;           ///< of its opening parenthesis
};

/// At the '(' of a (module ...) form, but not (module instance ...): consumes the whole balanced form, also
/// if its inside is malformed; then ModuleForm::error says why. Fails only if the form is not closed.
[[nodiscard]] Result<ModuleForm> parse_module_form(Lexer& lexer, const AssembleOptions& options = {});

}  // namespace heddle::engine
