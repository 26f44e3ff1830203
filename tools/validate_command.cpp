// SPDX-License-Identifier: Apache-2.0
// `heddle validate`: says whether modules are valid, and if not, where and why.
#include <memory>

#include "tools/commands.h"
#include "tools/input_file.h"

namespace heddle::tools {

namespace {

Result<void> validate(const Engine& engine, const std::string& path) {
  auto bytes = read_module_bytes(path);
  if (!bytes) return std::move(bytes).error();
  return Module::validate(engine, *bytes);
}

int validate_all(const std::vector<std::string>& paths) {
  const auto engine = Engine::create();
  if (!engine) {
    print_error(engine.error().to_string());
    return kUsageError;
  }
  int exit_code = kSuccess;
  for (const std::string& path : paths) {
    if (const auto valid = validate(*engine, path); !valid) {
      print_error(path, valid.error());
      exit_code = kUsageError;
    }
  }
  return exit_code;
}

}  // namespace

void add_validate_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("validate", "Check modules; quiet if all are valid");
  auto paths = std::make_shared<std::vector<std::string>>();
  command->add_option("FILE", *paths, "Modules in binary or text form; - is standard input")->required();
  command->footer(
      "Examples:\n"
      "  heddle validate app.wasm            exit code 0 if it is valid, 2 if not\n"
      "  heddle validate *.wasm              every invalid file is reported\n"
      "  generate | heddle validate -        from standard input");
  command->callback([paths, &exit_code] { exit_code = validate_all(*paths); });
}

}  // namespace heddle::tools
