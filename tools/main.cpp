// SPDX-License-Identifier: Apache-2.0
// The heddle command line: finds the command and hands it its arguments.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "spec-tests/wast_command.h"
#include "tools/commands.h"
#include "tools/input_file.h"

namespace heddle::tools {

namespace {

void describe(CLI::App& app) {
  app.name("heddle");
  app.description("Heddle, a WebAssembly engine built around threads");
  app.set_version_flag("--version", std::string("heddle ") + HEDDLE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "`heddle COMMAND --help` shows a command's options, with examples.\n\n"
      "Examples:\n"
      "  heddle run fib.wat --invoke fib 30\n"
      "  heddle validate app.wasm\n"
      "  heddle wasm2wat app.wasm | less\n"
      "  heddle wast suites/spec");
}

int run(const std::vector<std::string>& arguments) {
  int exit_code = kSuccess;
  CLI::App app;
  describe(app);
  add_run_command(app, exit_code);
  add_validate_command(app, exit_code);
  add_wat2wasm_command(app, exit_code);
  add_wasm2wat_command(app, exit_code);
  add_dump_command(app, exit_code);
  add_worker_command(app, exit_code);
  add_enqueue_command(app, exit_code);
  app.add_subcommand("wast", "Run the official test scripts (.wast)");

  std::vector<std::string> parsed = arguments;
  if (!arguments.empty() && arguments[0] == "run") {
    auto split = split_run_arguments(*app.get_subcommand("run"), {arguments.begin() + 1, arguments.end()});
    parsed.assign(1, "run");
    parsed.insert(parsed.end(), split.host.begin(), split.host.end());
    set_guest_arguments(std::move(split.guest));
  }
  try {
    app.parse(std::vector<std::string>(parsed.rbegin(), parsed.rend()));  // CLI11 takes them from the back
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kSuccess : kUsageError;
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    print_error("can't write to standard output");
    if (exit_code == kSuccess) return kUsageError;
  }
  return exit_code;
}

/// Where the caller has closed a standard stream, the next file to be opened would take its place, and get
/// what is meant for the stream. So something takes it that refuses, as a closed descriptor does.
void fill_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // Opened the wrong way round; it gets the lowest number, which is this one.
    (void)open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

}  // namespace heddle::tools

int main(int argc, char** argv) {
  heddle::tools::fill_closed_streams();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments[0] == "wast") {
    return heddle::spec::run_wast_command(std::span(arguments).subspan(1));
  }
  try {
    const int exit_code = heddle::tools::run(arguments);
    if constexpr (!heddle::tools::kTakesApart) {
      std::fflush(nullptr);
      std::_Exit(exit_code);
    }
    return exit_code;
  } catch (const std::exception& error) {  // fmt has no other way to say that nothing can be written
    std::fprintf(stderr, "heddle: %s\n", error.what());
    return heddle::tools::kUsageError;
  }
}
