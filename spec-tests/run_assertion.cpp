// SPDX-License-Identifier: Apache-2.0
// How each assertion is judged.
#include "spec-tests/run_assertion.h"

#include <fmt/format.h>

#include <optional>

namespace heddle::spec {

namespace {

/// What running an action or instantiating a module came to.
struct Ran {
  std::vector<Value> values;
  std::optional<Trap> trap;
  std::optional<Error> error;
};

template <class T>
Ran ran(Outcome<T> outcome) {
  Ran result;
  if (outcome.ok()) {
    if constexpr (std::is_same_v<T, std::vector<Value>>) result.values = *std::move(outcome);
  } else if (outcome.trapped()) {
    result.trap = outcome.trap();
  } else {
    result.error = outcome.error();
  }
  return result;
}

Ran run(Context& context, const Command& command) {
  if (command.action.kind != ActionKind::none) return ran(context.perform(command.action));
  if (command.instantiates) {
    const Module* module = context.definition(command.definition);
    if (module != nullptr) return ran(context.instantiate(*module));
    return {{}, std::nullopt, usage_error("there is no such module definition")};
  }
  auto module = context.load(*command.module);
  if (!module.ok()) return {{}, std::nullopt, module.error()};
  return ran(context.instantiate(*module));
}

std::string print_values(const std::vector<Value>& values) {
  std::string out = values.empty() ? "nothing" : "";
  for (const Value& value : values) out += (out.empty() ? "" : ", ") + to_string(value);
  return out;
}

/// What happened instead.
std::string instead(const Ran& ran, bool of_module) {
  if (ran.error) return describe(*ran.error);
  if (ran.trap) return "trap: " + ran.trap->message;
  return of_module ? "it was instantiated" : "it returned " + print_values(ran.values);
}

/// Both texts may say more than the other: "uninitialized element 2", "null array reference".
bool same_trap(std::string_view expected, std::string_view got) {
  if (got.starts_with(expected) || expected.starts_with(got)) return true;
  return expected.starts_with("null ") && expected.ends_with(" reference") && got == "null reference";
}

Verdict check_return(Context& context, const Command& command) {
  const Ran ran = run(context, command);
  if (ran.trap || ran.error) return {instead(ran, false), ""};
  if (auto why = mismatch(command.expected, ran.values)) return {*std::move(why), ""};
  return {};
}

Verdict check_trap(Context& context, const Command& command) {
  const Ran ran = run(context, command);
  const bool exhaustion = command.kind == CommandKind::assert_exhaustion;
  const bool of_module = command.action.kind == ActionKind::none;
  if (!ran.trap)
    return {fmt::format("expected trap \"{}\", got: {}", command.text, instead(ran, of_module)), ""};
  const TrapKind kind = ran.trap->kind;
  const bool stopped_by_host = kind == TrapKind::interrupted || kind == TrapKind::out_of_fuel ||
                               kind == TrapKind::host_error || kind == TrapKind::exception;
  const bool right_kind = exhaustion == (kind == TrapKind::call_stack_exhausted) && !stopped_by_host;
  if (right_kind && same_trap(command.text, ran.trap->message)) return {};
  return {fmt::format("expected trap \"{}\", got trap \"{}\"", command.text, ran.trap->message), ""};
}

Verdict check_exception(Context& context, const Command& command) {
  const Ran ran = run(context, command);
  if (ran.trap && ran.trap->kind == TrapKind::exception) return {};
  return {fmt::format("expected an exception, got: {}", instead(ran, false)), ""};
}

Verdict check_unlinkable(Context& context, const Command& command) {
  const Ran ran = run(context, command);
  if (!ran.error || ran.error->kind != ErrorKind::link) {
    return {fmt::format("expected a link error \"{}\", got: {}", command.text, instead(ran, true)), ""};
  }
  if (ran.error->message.find(command.text) != std::string::npos) return {};
  return {fmt::format("expected link error \"{}\", got: {}", command.text, ran.error->message), ""};
}

/// The module must be refused, in the right phase. `unsupported` and `limit` are no answer to the question.
Verdict check_refused(Context& context, const Command& command, ErrorKind phase) {
  auto module = context.load(*command.module);
  const char* name = to_string(phase);
  if (module.ok())
    return {fmt::format("expected {} \"{}\", but the module was accepted", name, command.text), ""};
  const Error& error = module.error();
  if (error.kind != phase)
    return {fmt::format("expected {} \"{}\", got {}", name, command.text, describe(error)), ""};
  if (error.message.find(command.text) != std::string::npos) return {};
  return {"", fmt::format("expected {} \"{}\", got {}", name, command.text, describe(error))};
}

}  // namespace

Verdict check_assertion(Context& context, const Command& command) {
  switch (command.kind) {
    case CommandKind::assert_return: return check_return(context, command);
    case CommandKind::assert_trap:
    case CommandKind::assert_exhaustion: return check_trap(context, command);
    case CommandKind::assert_exception: return check_exception(context, command);
    case CommandKind::assert_unlinkable: return check_unlinkable(context, command);
    case CommandKind::assert_invalid:
    case CommandKind::assert_invalid_custom: return check_refused(context, command, ErrorKind::invalid);
    case CommandKind::assert_malformed:
    case CommandKind::assert_malformed_custom: return check_refused(context, command, ErrorKind::malformed);
    default: return {"not an assertion", ""};
  }
}

bool has_effects(const Command& command) {
  return command.action.kind != ActionKind::none || command.kind == CommandKind::assert_trap ||
         command.kind == CommandKind::assert_unlinkable;
}

std::string describe(const Error& error) {
  if (error.kind == ErrorKind::usage)
    return error.message;  // the script's mistake, or the runner's own words
  const std::string text = error.to_string();
  return text.substr(0, text.find('\n'));  // the excerpt of the source would follow
}

Error usage_error(std::string message) {
  Error error;
  error.kind = ErrorKind::usage;
  error.message = std::move(message);
  return error;
}

}  // namespace heddle::spec
