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
  if (auto module = Module::load(engine, *bytes); !module) return std::move(module).error();
  return {};
}

int validate_all(const std::vector<std::string>& paths, bool custom_descriptors) {
  Config config;
  config.custom_descriptors = custom_descriptors;
  const auto engine = Engine::create(config);
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
  auto custom_descriptors = std::make_shared<bool>(false);
  command->add_flag("--custom-descriptors", *custom_descriptors, kCustomDescriptorsHelp);
  command->callback([paths, custom_descriptors, &exit_code] {
    exit_code = validate_all(*paths, *custom_descriptors);
  });
}

}  // namespace heddle::tools
