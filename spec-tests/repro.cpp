// SPDX-License-Identifier: Apache-2.0
// How a script is reduced to one failing directive.
#include "spec-tests/repro.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "spec-tests/run_assertion.h"

namespace heddle::spec {

namespace {

constexpr uint32_t kNone = UINT32_MAX;

/// One reduction. A module that has no name, is not registered and not current when the directive runs can't
/// be reached by it, and neither can the actions on such a module.
class Reduction {
 public:
  Reduction(const Script& script, uint32_t target) : script_(script), target_(target) {}

  std::string reduce() {
    find_registered_modules();
    std::string out;
    for (uint32_t i = 0; i < target_;) {
      const Command& command = script_.commands[i];
      out += keep(command, i);
      i = command.kind == CommandKind::thread ? std::max(command.body_end, i + 1) : i + 1;
    }
    return out + std::string(script_.text(script_.commands[target_])) + '\n';
  }

 private:
  void find_registered_modules() {
    uint32_t current = kNone;
    for (uint32_t i = 0; i < target_; ++i) {
      const Command& command = script_.commands[i];
      if (makes_instance(command)) current = i;
      if (command.kind == CommandKind::register_ && !command.name && current != kNone)
        registered_.insert(current);
    }
    last_ = current;
  }

  static bool makes_instance(const Command& command) {
    return command.kind == CommandKind::module || command.kind == CommandKind::instance;
  }

  [[nodiscard]] bool is_reachable(uint32_t index) const {
    return index == last_ || registered_.contains(index) || (index != kNone && script_.commands[index].name);
  }

  std::string keep(const Command& command, uint32_t index) {
    if (makes_instance(command)) {
      current_ = index;
      return is_reachable(index) || command.kind == CommandKind::instance ? text(command) : "";
    }
    if (command.kind == CommandKind::assert_invalid || command.kind == CommandKind::assert_malformed ||
        command.kind == CommandKind::assert_malformed_custom ||
        command.kind == CommandKind::assert_invalid_custom || command.kind == CommandKind::malformed) {
      return "";
    }
    if (command.action.kind == ActionKind::none) return text(command);
    if (!command.action.module && !is_reachable(current_)) return "";
    // What it returned does not matter here; a trap has to stay expected.
    if (command.kind != CommandKind::assert_return) return text(command);
    const Action& action = command.action;
    return script_.source.substr(action.begin, action.end - action.begin) + '\n';
  }

  [[nodiscard]] std::string text(const Command& command) const {
    return std::string(script_.text(command)) + '\n';
  }

  const Script& script_;
  uint32_t target_;
  uint32_t current_ = kNone;
  uint32_t last_ = kNone;
  std::set<uint32_t> registered_;
};

Result<Script> read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return usage_error(fmt::format("cannot read {}", path));
  return parse_script(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace

std::string reduce_script(const Script& script, uint32_t line) {
  const auto& commands = script.commands;
  const auto found = std::ranges::find(commands, line, &Command::line);
  if (found == commands.end()) return {};
  auto target = static_cast<uint32_t>(found - commands.begin());
  // Inside a thread: the outermost thread, and all behind it, is the smallest whole.
  for (uint32_t i = 0; i <= target; ++i) {
    if (commands[i].kind == CommandKind::thread && commands[i].body_end > target) {
      return script.source.substr(0, script.commands.back().end) + '\n';
    }
  }
  return Reduction(script, target).reduce();
}

Result<std::vector<std::string>> write_repros(const Report& report, const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return usage_error(fmt::format("cannot make {}: {}", folder, error.message()));
  std::vector<std::string> written;
  for (const FileResult& file : report.files) {
    if (file.failures.empty()) continue;
    auto script = read_whole(file.path);
    if (!script.ok()) return script.error();
    for (const Failure& failure : file.failures) {
      const std::string reduced = reduce_script(*script, failure.line);
      if (reduced.empty()) continue;
      const std::string name =
          (fs::path(folder) / fmt::format("{}-{}.wast", fs::path(file.path).stem().string(), failure.line))
              .string();
      std::string message = failure.message.substr(0, failure.message.find('\n'));
      std::ofstream out(name, std::ios::binary);
      out << fmt::format(";; from {}:{}:{}\n;; {}\n;; heddle wast --tier {} {}\n\n", file.path, failure.line,
                         failure.column, message, file.tier, name)
          << reduced;
      if (!out) return usage_error(fmt::format("cannot write {}", name));
      written.push_back(name);
    }
  }
  return written;
}

}  // namespace heddle::spec
