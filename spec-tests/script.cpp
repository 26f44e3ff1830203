// SPDX-License-Identifier: Apache-2.0
// The parser of .wast scripts: one pass, one explicit stack of open threads, no recursion.
#include "spec-tests/script.h"

#include <algorithm>
#include <array>

#include "engine/support/try.h"
#include "spec-tests/script_values.h"

namespace heddle::spec {

using engine::Lexer;
using engine::Token;
using engine::TokenKind;

namespace {

constexpr std::array<std::string_view, 17> kKindNames = {"module",
                                                         "module definition",
                                                         "module instance",
                                                         "register",
                                                         "action",
                                                         "assert_return",
                                                         "assert_trap",
                                                         "assert_exhaustion",
                                                         "assert_exception",
                                                         "assert_unlinkable",
                                                         "assert_invalid",
                                                         "assert_malformed",
                                                         "assert_invalid_custom",
                                                         "assert_malformed_custom",
                                                         "thread",
                                                         "wait",
                                                         "malformed directive"};

constexpr std::string_view kModuleFields[] = {"type",   "rec", "import", "func",  "table", "memory",
                                              "global", "tag", "export", "start", "elem",  "data"};

class ScriptParser {
 public:
  explicit ScriptParser(Script& script) : script_(script), lexer_(script.source) {}

  void parse() {
    if (is_bare_module()) {
      parse_bare_module();
      return;
    }
    while (parse_next()) {
    }
  }

 private:
  [[nodiscard]] bool is_bare_module() {
    if (!lexer_.peek().is(TokenKind::left_paren)) return false;
    return std::ranges::find(kModuleFields, lexer_.peek_second().text) != std::end(kModuleFields);
  }

  void parse_bare_module() {
    const Token start = lexer_.peek();
    Command command;
    command.kind = CommandKind::module;
    command.line = start.line;
    command.column = start.column;
    command.begin = start.offset;
    command.end = script_.source.size();
    engine::ModuleForm form;
    form.line = start.line;
    auto bytes = engine::assemble(script_.source);
    if (bytes.ok()) {
      form.bytes = std::move(bytes).value();
    } else {
      form.error = bytes.error();
    }
    command.module = std::move(form);
    script_.commands.push_back(std::move(command));
  }

  /// One directive, the end of a thread, or the end of the file. False: stop.
  bool parse_next() {
    const Token start = lexer_.peek();
    if (lexer_.failed()) return give_up(lexer_.error());
    if (start.is(TokenKind::right_paren) && !open_threads_.empty()) return close_thread();
    if (start.is(TokenKind::end)) {
      return open_threads_.empty() ? false : give_up(lexer_.error_at(start, "a (thread ...) is not closed"));
    }
    if (!start.is(TokenKind::left_paren)) return give_up(lexer_.error_at(start, "expected a directive"));

    Command command;
    command.line = start.line;
    command.column = start.column;
    command.begin = start.offset;
    const Lexer before = lexer_;
    if (lexer_.peek_second().is_keyword("thread")) return open_thread(std::move(command), before);
    if (Result<void> parsed = parse_directive(command); !parsed.ok()) {
      return recover(std::move(command), before, parsed.error());
    }
    finish(std::move(command));
    return true;
  }

  void finish(Command command) {
    command.end = end_of_last_token();
    script_.commands.push_back(std::move(command));
  }

  /// Where the directive just read ends: the text up to the next token, without the space between.
  [[nodiscard]] uint64_t end_of_last_token() {
    if (last_end_ != 0) return std::exchange(last_end_, 0);
    const uint64_t next = lexer_.failed() ? script_.source.size() : lexer_.peek().offset;
    const std::string_view before = std::string_view(script_.source).substr(0, next);
    const size_t last = before.find_last_not_of(" \t\r\n");
    return last == std::string_view::npos ? next : last + 1;
  }

  bool give_up(Error error) {
    for (const uint32_t thread : open_threads_) {
      script_.commands[thread].body_end = static_cast<uint32_t>(script_.commands.size());
    }
    script_.error = std::move(error);
    return false;
  }

  /// Records a directive that makes no sense and goes on behind it.
  bool recover(Command command, const Lexer& before, const Error& error) {
    lexer_ = before;
    last_end_ = 0;
    if (!lexer_.skip_form()) return give_up(lexer_.error());
    command.kind = CommandKind::malformed;
    command.text = std::to_string(error.line) + ':' + std::to_string(error.column) + ": " + error.message;
    finish(std::move(command));
    return true;
  }

  bool open_thread(Command command, const Lexer& before) {
    command.kind = CommandKind::thread;
    if (Result<void> parsed = parse_thread_head(command); !parsed.ok()) {
      return recover(std::move(command), before, parsed.error());
    }
    open_threads_.push_back(static_cast<uint32_t>(script_.commands.size()));
    script_.commands.push_back(std::move(command));
    return true;
  }

  bool close_thread() {
    const Token end = lexer_.next();
    Command& thread = script_.commands[open_threads_.back()];
    thread.end = end.offset + 1;
    thread.body_end = static_cast<uint32_t>(script_.commands.size());
    open_threads_.pop_back();
    return true;
  }

  Result<void> parse_thread_head(Command& command) {
    lexer_.next();
    lexer_.next();
    HEDDLE_TRY_ASSIGN(const Token name, expect_token(lexer_, TokenKind::identifier, "the thread's $name"));
    command.name = engine::identifier_name(name);
    while (lexer_.peek().is(TokenKind::left_paren) && lexer_.peek_second().is_keyword("shared")) {
      lexer_.next();
      lexer_.next();
      HEDDLE_TRY(expect_token(lexer_, TokenKind::left_paren, "(module $name)"));
      const Token keyword = lexer_.next();
      if (!keyword.is_keyword("module")) return lexer_.error_at(keyword, "only modules can be shared");
      HEDDLE_TRY_ASSIGN(const Token module,
                        expect_token(lexer_, TokenKind::identifier, "the module's $name"));
      command.shared.push_back(engine::identifier_name(module));
      HEDDLE_TRY(close());
      HEDDLE_TRY(close());
    }
    return {};
  }

  Result<void> close() {
    HEDDLE_TRY_ASSIGN(const Token token, expect_token(lexer_, TokenKind::right_paren, "')'"));
    last_end_ = token.offset + 1;
    return {};
  }

  Result<void> parse_directive(Command& command) {
    last_end_ = 0;
    const std::string_view word = lexer_.peek_second().text;
    if (word == "module") return parse_module(command);
    if (word == "invoke" || word == "get") {
      command.kind = CommandKind::action;
      return parse_action(command.action);
    }
    lexer_.next();
    const Token keyword = lexer_.next();
    if (word == "register") return parse_register(command);
    if (word == "wait") return parse_wait(command);
    for (auto kind = CommandKind::assert_return; kind <= CommandKind::assert_malformed_custom;
         kind = static_cast<CommandKind>(static_cast<uint8_t>(kind) + 1)) {
      if (keyword.is_keyword(to_string(kind))) {
        command.kind = kind;
        return parse_assertion(command);
      }
    }
    return lexer_.error_at(keyword, "unknown directive");
  }

  Result<void> parse_register(Command& command) {
    command.kind = CommandKind::register_;
    HEDDLE_TRY_ASSIGN(const Token name, expect_token(lexer_, TokenKind::string, "the name to register"));
    command.text = engine::decode_string(name);
    take_identifier(command.name);
    return close();
  }

  Result<void> parse_wait(Command& command) {
    command.kind = CommandKind::wait;
    HEDDLE_TRY_ASSIGN(const Token name, expect_token(lexer_, TokenKind::identifier, "the thread's $name"));
    command.name = engine::identifier_name(name);
    return close();
  }

  void take_identifier(std::optional<std::string>& into) {
    if (lexer_.peek().is(TokenKind::identifier)) into = engine::identifier_name(lexer_.next());
  }

  /// Any (module ...) form; the command's kind says what it stands in, `module` at top level.
  Result<void> parse_module(Command& command) {
    Lexer ahead = lexer_;
    ahead.next();
    ahead.next();
    if (ahead.peek().is_keyword("instance")) return parse_instance(command);
    HEDDLE_TRY_ASSIGN(engine::ModuleForm form, engine::parse_module_form(lexer_));
    last_end_ = 0;
    if (!command.is_assertion()) {
      command.kind = form.is_definition ? CommandKind::definition : CommandKind::module;
      if (!form.id.empty()) command.name = form.id;
    }
    command.module = std::move(form);
    return {};
  }

  Result<void> parse_instance(Command& command) {
    for (int i = 0; i < 3; ++i) lexer_.next();
    if (command.is_assertion()) {
      command.instantiates = true;
    } else {
      command.kind = CommandKind::instance;
    }
    take_identifier(command.name);
    take_identifier(command.definition);
    return close();
  }

  Result<void> parse_action(Action& action) {
    action.begin = lexer_.peek().offset;
    lexer_.next();
    const Token keyword = lexer_.next();
    if (!keyword.is_keyword("invoke") && !keyword.is_keyword("get")) {
      return lexer_.error_at(keyword, "expected (invoke ...) or (get ...)");
    }
    action.kind = keyword.text == "invoke" ? ActionKind::invoke : ActionKind::get;
    take_identifier(action.module);
    HEDDLE_TRY_ASSIGN(const Token field, expect_token(lexer_, TokenKind::string, "the export's name"));
    action.field = engine::decode_string(field);
    while (action.kind == ActionKind::invoke && lexer_.peek().is(TokenKind::left_paren)) {
      HEDDLE_TRY_ASSIGN(const Value argument, parse_constant(lexer_));
      action.arguments.push_back(argument);
    }
    HEDDLE_TRY(close());
    action.end = last_end_;
    return {};
  }

  Result<void> parse_assertion(Command& command) {
    if (!lexer_.peek().is(TokenKind::left_paren)) {
      return lexer_.error_at(lexer_.peek(), "expected a module or an action");
    }
    const bool of_module = lexer_.peek_second().is_keyword("module");
    const CommandKind kind = command.kind;
    const bool takes_module = kind >= CommandKind::assert_unlinkable || kind == CommandKind::assert_trap;
    const bool takes_action = kind < CommandKind::assert_unlinkable;
    if (of_module ? !takes_module : !takes_action) {
      return lexer_.error_at(lexer_.peek_second(), of_module ? "expected an action" : "expected a module");
    }
    HEDDLE_TRY(of_module ? parse_module(command) : parse_action(command.action));
    while (kind == CommandKind::assert_return && lexer_.peek().is(TokenKind::left_paren)) {
      HEDDLE_TRY_ASSIGN(Expected expected, parse_expected(lexer_));
      command.expected.push_back(std::move(expected));
    }
    if (kind != CommandKind::assert_return && kind != CommandKind::assert_exception) {
      HEDDLE_TRY_ASSIGN(const Token message, expect_token(lexer_, TokenKind::string, "the expected message"));
      command.text = engine::decode_string(message);
    }
    return close();
  }

  Script& script_;
  Lexer lexer_;
  std::vector<uint32_t> open_threads_;  ///< indices of thread commands whose ')' is to come
  uint64_t last_end_ = 0;               ///< end of the last ')' taken by close(), if that ended the directive
};

}  // namespace

std::string_view to_string(CommandKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

std::string Script::excerpt(const Command& command, size_t limit) const {
  std::string out;
  bool space = false;
  for (const char c : text(command)) {
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      space = true;
      continue;
    }
    if (space && !out.empty() && out.back() != '(' && c != ')') out += ' ';
    space = false;
    out += c;
    if (out.size() > limit) {
      while (!out.empty() && (out.back() & 0xc0) == 0x80)
        out.pop_back();  // not in the middle of a code point
      return out + " ...";
    }
  }
  return out;
}

Script parse_script(std::string source) {
  Script script;
  script.source = std::move(source);
  ScriptParser(script).parse();
  return script;
}

}  // namespace heddle::spec
