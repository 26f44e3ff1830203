// SPDX-License-Identifier: Apache-2.0
// `heddle validate`: says whether modules are valid, and if not, where and why; on request, how fast that
// was.
#include <chrono>
#include <memory>

#include "tools/commands.h"
#include "tools/input_file.h"
#include "tools/load_report.h"
#include "tools/tier_options.h"

namespace heddle::tools {

namespace {

struct Options {
  std::vector<std::string> paths;
  std::string stats;  ///< empty, "true" or "json"
  uint32_t threads = 0;
  bool translate = false;
  bool compile = false;
  bool custom_descriptors = false;
};

Result<void> validate(const Engine& engine, const Options& options, LoadReport& report) {
  const auto start = std::chrono::steady_clock::now();
  auto bytes = read_module_bytes(report.file);
  if (!bytes) return std::move(bytes).error();
  report.read_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report.module_bytes = bytes->size();
  if (!options.translate && !options.compile) return Module::validate(engine, *bytes, &report.load);
  auto module = Module::load(engine, *std::move(bytes), &report.load);
  if (!module) return std::move(module).error();
  return {};
}

int validate_all(const Options& options) {
  Config config;
  config.custom_descriptors = options.custom_descriptors;
  config.load_threads = options.threads;
  if (options.compile) {
    TierOptions tier;
    tier.tier = "jit";
    apply(tier, config);
  }
  config.eager = options.translate || options.compile;
  const auto engine = Engine::create(config);
  if (!engine) {
    print_error(engine.error().to_string());
    return kUsageError;
  }
  int exit_code = kSuccess;
  for (const std::string& path : options.paths) {
    LoadReport report;
    report.file = path;
    report.is_compiled = options.compile;
    if (const auto valid = validate(*engine, options, report); !valid) {
      print_error(path, valid.error());
      exit_code = kUsageError;
    } else if (!options.stats.empty()) {
      print_load_report(report, options.stats == "json");
    }
  }
  return exit_code;
}

}  // namespace

void add_validate_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("validate", "Check modules; quiet if all are valid");
  auto options = std::make_shared<Options>();
  command->add_option("FILE", options->paths, "Modules in binary or text form; - is standard input")
      ->required();
  command
      ->add_flag(
          "--stats", options->stats,
          "Print times and sizes of each valid module to standard error; --stats=json: as one line of JSON")
      ->check(CLI::IsMember({"true", "json"}));
  command->add_option("--threads", options->threads,
                      "Validate and compile on so many threads (default: the processors)");
  command->add_flag(
      "--translate", options->translate,
      "Also translate every function to the interpreter's code, as `heddle run` does on first calls");
  command
      ->add_flag(
          "--compile", options->compile,
          "Also compile every function to machine code, as `heddle run --tier jit` does on first calls")
      ->excludes("--translate");
  command->add_flag("--custom-descriptors", options->custom_descriptors, kCustomDescriptorsHelp);
  command->footer(
      "Examples:\n"
      "  heddle validate app.wasm            exit code 0 if it is valid, 2 if not\n"
      "  heddle validate *.wasm              every invalid file is reported\n"
      "  generate | heddle validate -        from standard input\n"
      "  heddle validate --stats --threads 1 --translate app.wasm\n"
      "                                      how long each stage of loading takes on one core\n"
      "  heddle validate --stats --compile app.wasm\n"
      "                                      how long compiling all of it takes, and how large it gets");
  command->callback([options, &exit_code] { exit_code = validate_all(*options); });
}

}  // namespace heddle::tools
