// SPDX-License-Identifier: Apache-2.0
// Script: the commands of one .wast file, in a flat list, so that nested threads cost no native stack.
//
// A directive that does not follow the script grammar becomes a command of kind `malformed`: it is one
// failure, and the script goes on behind it. (Reference interpreter's README, "Scripts"; threads proposal:
// thread, wait, either.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/assembler.h"
#include "spec-tests/match_result.h"

namespace heddle::spec {

enum class CommandKind : uint8_t {
  module,      ///< (module ...): define and instantiate
  definition,  ///< (module definition ...)
  instance,    ///< (module instance $instance $module)
  register_,
  action,  ///< a lone (invoke ...) or (get ...)
  assert_return,
  assert_trap,
  assert_exhaustion,
  assert_exception,
  assert_unlinkable,
  assert_invalid,
  assert_malformed,
  assert_invalid_custom,
  assert_malformed_custom,
  thread,
  wait,
  malformed,  ///< the script itself is wrong here
};

enum class ActionKind : uint8_t { none, invoke, get };

struct Action {
  ActionKind kind = ActionKind::none;
  std::optional<std::string> module;  ///< $name; nothing: the current instance
  std::string field;
  std::vector<Value> arguments;
  uint64_t begin = 0, end = 0;  ///< the action's own text
};

struct Command {
  CommandKind kind = CommandKind::malformed;
  uint32_t line = 1, column = 1;
  uint64_t begin = 0, end = 0;      ///< the directive's text in the source
  std::optional<std::string> name;  ///< module, instance or thread it introduces, refers to (wait, register)
  std::optional<std::string> definition;  ///< instance: which definition; nothing: the latest
  bool instantiates = false;              ///< assert_trap and assert_unlinkable: a (module instance ...) form
  std::string text;                       ///< register: import name; assert_*: the message; malformed: why
  std::optional<engine::ModuleForm> module;
  Action action;
  std::vector<Expected> expected;
  std::vector<std::string> shared;  ///< thread: the modules it may see
  uint32_t body_end = 0;            ///< thread: its commands are those behind it, up to this index

  [[nodiscard]] bool is_assertion() const {
    return kind >= CommandKind::assert_return && kind <= CommandKind::assert_malformed_custom;
  }
};

struct Script {
  std::string source;
  std::vector<Command> commands;
  std::optional<Error> error;  ///< the lexer or the grammar gave up here; the commands before it are good

  /// The directive's text on one line of at most `limit` bytes.
  [[nodiscard]] std::string excerpt(const Command& command, size_t limit = 200) const;
  [[nodiscard]] std::string_view text(const Command& command) const {
    return std::string_view(source).substr(command.begin, command.end - command.begin);
  }
};

/// "assert_return" and so on.
[[nodiscard]] std::string_view to_string(CommandKind kind);

/// Reads a whole script, or a file that is a module's bare fields.
[[nodiscard]] Script parse_script(std::string source);

}  // namespace heddle::spec
