// SPDX-License-Identifier: Apache-2.0
// Context: opens what a Config names, and starts programs.
#include <fcntl.h>
#include <heddle/wasi.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/support/try.h"
#include "wasi/state.h"

namespace heddle::wasi {

namespace detail {

namespace {

std::vector<std::string> joined(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> out;
  for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
  return out;
}

Error error_of(ErrorKind kind, std::string message) {
  Error error;
  error.kind = kind;
  error.message = std::move(message);
  return error;
}

Error can_not(const std::string& what, int number = errno) {
  return error_of(ErrorKind::resource, "can't " + what + ": " + std::strerror(number));
}

/// Guests get C strings: what has a zero inside would be cut off.
Result<void> check_strings(const Config& config) {
  const auto has_zero = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  for (const std::string& argument : config.arguments) {
    if (has_zero(argument)) return error_of(ErrorKind::usage, "an argument has a zero byte inside");
  }
  for (const auto& [name, value] : config.environment) {
    if (name.empty() || name.find('=') != std::string::npos || has_zero(name) || has_zero(value))
      return error_of(ErrorKind::usage, "an environment variable is named \"" + name +
                                            "\": names are not empty and hold neither `=` nor a zero byte");
  }
  return {};
}

Result<void> insert(State& state, Opened opened, uint64_t inheriting = rights::kNone) {
  const uint64_t base = possible_rights(opened);
  auto descriptor = std::make_shared<Descriptor>(std::move(opened), base, inheriting, 0);
  if (state.table.insert(std::move(descriptor)).ok()) return {};
  return error_of(ErrorKind::usage, "Limits::open_files is less than what the guest has open from the start");
}

/// The host's side of a standard stream; without a descriptor: there is none.
Result<UniqueFd> open_stdio(const Stdio& stdio, int number) {
  const bool is_input = number == STDIN_FILENO;
  switch (stdio.kind()) {
    case Stdio::Kind::inherit: {
      UniqueFd copy(fcntl(number, F_DUPFD_CLOEXEC, 3));
      if (copy || errno == EBADF) return copy;  // a host may have closed its own
      return can_not("copy a standard stream");
    }
    case Stdio::Kind::descriptor: {
      UniqueFd copy(fcntl(stdio.descriptor(), F_DUPFD_CLOEXEC, 3));
      if (copy) return copy;
      return can_not("copy descriptor " + std::to_string(stdio.descriptor()));
    }
    case Stdio::Kind::path: {
      const int flags = is_input ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
      UniqueFd file(open(stdio.path().c_str(), flags | O_CLOEXEC, 0666));
      if (file) return file;
      return can_not("open \"" + stdio.path() + "\"");
    }
    case Stdio::Kind::none:
    case Stdio::Kind::stream: break;
  }
  return UniqueFd();
}

Result<void> add_stdio(State& state, const Stdio& stdio, int number) {
  HEDDLE_TRY_ASSIGN(UniqueFd file, open_stdio(stdio, number));
  Opened opened;
  opened.type = FileType::unknown;
  if (file) {
    auto described = describe(std::move(file));
    if (!described.ok()) return error_of(ErrorKind::resource, "can't look at a standard stream");
    opened = std::move(described).value();
  }
  opened.stream = stdio.stream();
  return insert(state, std::move(opened));
}

Result<void> add_directory(State& state, const Directory& directory) {
  if (directory.guest.empty()) return error_of(ErrorKind::usage, "a directory has no name for the guest");
  Opened opened;
  opened.file = UniqueFd(open(directory.host.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.file) return can_not("open the directory \"" + directory.host + "\"");
  opened.type = FileType::directory;
  opened.read_only = directory.read_only;
  opened.is_non_blocking = true;
  opened.preopened_as = directory.guest;
  return insert(state, std::move(opened), rights::kAll);
}

Result<void> add_socket(State& state, int socket) {
  UniqueFd copy(fcntl(socket, F_DUPFD_CLOEXEC, 3));
  if (!copy || fcntl(copy.get(), F_SETFL, fcntl(copy.get(), F_GETFL) | O_NONBLOCK) < 0)
    return can_not("copy socket " + std::to_string(socket));
  auto described = describe(std::move(copy));
  if (!described.ok() || !described->is_listener)
    return error_of(ErrorKind::usage, "descriptor " + std::to_string(socket) + " is no listening socket");
  described->is_non_blocking = true;
  return insert(state, std::move(described).value(), rights::kAll);
}

}  // namespace

State::State(const Config& config)
    : arguments(config.arguments),
      environment(joined(config.environment)),
      clocks(config.clocks != nullptr ? config.clocks : host_clocks()),
      blocking(config.blocking != nullptr ? config.blocking : host_blocking()),
      limits(config.limits),
      random(config.random_seed),
      table(config.limits.open_files) {}

Result<std::shared_ptr<State>> make_state(const Config& config) {
  HEDDLE_TRY(check_strings(config));
  auto state = std::make_shared<State>(config);
  HEDDLE_TRY(add_stdio(*state, config.input, STDIN_FILENO));
  HEDDLE_TRY(add_stdio(*state, config.output, STDOUT_FILENO));
  HEDDLE_TRY(add_stdio(*state, config.error, STDERR_FILENO));
  for (const Directory& directory : config.directories) HEDDLE_TRY(add_directory(*state, directory));
  for (const int socket : config.sockets) HEDDLE_TRY(add_socket(*state, socket));
  return state;
}

}  // namespace detail

Result<Context> Context::create(const Config& config) {
  HEDDLE_TRY_ASSIGN(auto state, detail::make_state(config));
  return Context(std::move(state));
}

Result<void> Context::add_to(Linker& linker, std::string_view module) const {
  return detail::add_functions(linker, module, state_);
}

bool is_wanted_by(const Module& module) {
  const auto imports = module.imports();
  return std::any_of(imports.begin(), imports.end(),
                     [](const ImportType& import) { return import.module == "wasi_snapshot_preview1"; });
}

Outcome<uint32_t> start(const Instance& instance) {
  const char* name = instance.get("_start") ? "_start" : "_initialize";
  if (!instance.get(name)) return 0u;
  auto function = instance.typed<void()>(name);
  if (!function) return std::move(function).error();
  auto outcome = function->call();
  if (const auto code = outcome.exit_code()) return *code;
  if (!outcome.ok()) return std::move(outcome).failure();
  return 0u;
}

}  // namespace heddle::wasi
