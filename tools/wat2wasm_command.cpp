// SPDX-License-Identifier: Apache-2.0
// `heddle wat2wasm`: assembles the text format to a binary module.
#include <memory>

#include "engine/text/assembler.h"
#include "tools/commands.h"
#include "tools/input_file.h"

namespace heddle::tools {

namespace {

struct Wat2WasmOptions {
  std::string input;
  std::string output;
  bool no_names = false;
};

/// Where the result goes if nobody says: beside the input, with the ending .wasm.
std::string default_output(const std::string& input) {
  if (input == "-") return "-";
  const size_t dot = input.rfind('.');
  const bool has_ending = dot != std::string::npos && input.find('/', dot) == std::string::npos && dot != 0;
  return (has_ending ? input.substr(0, dot) : input) + ".wasm";
}

int wat2wasm(const Wat2WasmOptions& options) {
  const auto source = read_file(options.input);
  if (!source) {
    print_error(options.input, source.error());
    return kUsageError;
  }
  const engine::AssembleOptions assemble_options{.emit_names = !options.no_names};
  const auto bytes =
      engine::assemble({reinterpret_cast<const char*>(source->data()), source->size()}, assemble_options);
  if (!bytes) {
    print_error(options.input, bytes.error());
    return kUsageError;
  }
  const std::string output = options.output.empty() ? default_output(options.input) : options.output;
  if (const auto written = write_file(output, *bytes); !written) {
    print_error(output, written.error());
    return kUsageError;
  }
  return kSuccess;
}

}  // namespace

void add_wat2wasm_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("wat2wasm", "Assemble text to a binary module");
  auto options = std::make_shared<Wat2WasmOptions>();
  command->add_option("FILE", options->input, "Module in text form; - is standard input")->required();
  command->add_option("-o,--output", options->output,
                      "File to write; - is standard output (default: FILE.wasm)");
  command->add_flag("--no-names", options->no_names, "Leave out the name section");
  command->footer(
      "The text is checked for syntax only; `heddle validate` checks the rest.\n\n"
      "Examples:\n"
      "  heddle wat2wasm fib.wat                   writes fib.wasm\n"
      "  heddle wat2wasm fib.wat -o - | xxd        to standard output");
  command->callback([options, &exit_code] { exit_code = wat2wasm(*options); });
}

}  // namespace heddle::tools
