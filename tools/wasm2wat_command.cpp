// SPDX-License-Identifier: Apache-2.0
// `heddle wasm2wat`: prints a binary module in the text format.
#include <memory>

#include "engine/text/printer.h"
#include "tools/commands.h"
#include "tools/input_file.h"

namespace heddle::tools {

namespace {

struct Wasm2WatOptions {
  std::string input;
  std::string output = "-";
  bool folded = false;
  bool no_names = false;
};

int wasm2wat(const Wasm2WatOptions& options) {
  const auto bytes = read_module_bytes(options.input);
  if (!bytes) {
    print_error(options.input, bytes.error());
    return kUsageError;
  }
  engine::PrintOptions print_options;
  print_options.folded = options.folded;
  print_options.use_names = !options.no_names;
  const auto text = engine::print_module(*bytes, print_options);
  if (!text) {
    print_error(options.input, text.error());
    return kUsageError;
  }
  const auto* data = reinterpret_cast<const uint8_t*>(text->data());
  if (const auto written = write_file(options.output, {data, text->size()}); !written) {
    print_error(options.output, written.error());
    return kUsageError;
  }
  return kSuccess;
}

}  // namespace

void add_wasm2wat_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("wasm2wat", "Print a binary module as text");
  auto options = std::make_shared<Wasm2WatOptions>();
  command->add_option("FILE", options->input, "Module in binary (or text) form; - is standard input")
      ->required();
  command->add_option("-o,--output", options->output, "File to write (default: standard output)");
  command->add_flag("--folded", options->folded, "Expressions as (i32.add (local.get 0) (i32.const 1))");
  command->add_flag("--no-names", options->no_names, "Indices instead of the names of the name section");
  command->footer(
      "What it prints assembles to the same module again.\n\n"
      "Examples:\n"
      "  heddle wasm2wat app.wasm | less\n"
      "  heddle wasm2wat --folded app.wasm -o app.wat");
  command->callback([options, &exit_code] { exit_code = wasm2wat(*options); });
}

}  // namespace heddle::tools
