// SPDX-License-Identifier: Apache-2.0
// From --dir, --env and --stdin to what a WASI program gets to see.
#include "tools/wasi_options.h"

#include <cstdlib>

namespace heddle::tools {

namespace {

constexpr const char* kSeparator = "::";

std::string check_directory(const std::string& text) {
  const bool lacks_one = text.empty() || text.starts_with(kSeparator) || text.ends_with(kSeparator);
  return lacks_one ? "not HOST or HOST::GUEST: " + text : "";
}

std::string check_variable(const std::string& text) {
  return text.empty() || text[0] == '=' ? "not NAME=VALUE or NAME: " + text : "";
}

wasi::Directory parse_directory(const std::string& text, bool read_only) {
  const size_t at = text.find(kSeparator);
  if (at == std::string::npos) return {text, text, read_only};
  return {text.substr(0, at), text.substr(at + 2), read_only};
}

}  // namespace

void add_wasi_options(CLI::App& command, WasiOptions& options) {
  const auto add = [&](const char* name, std::vector<std::string>& values, const char* help,
                       std::string (*check)(const std::string&), const char* what) {
    command.add_option(name, values, help)->allow_extra_args(false)->check(CLI::Validator(check, what));
  };
  add("--dir", options.directories, "Let the guest use this directory, under its name or another",
      check_directory, "HOST[::GUEST]");
  add("--dir-ro", options.read_only_directories, "The same, for reading only", check_directory,
      "HOST[::GUEST]");
  add("--env", options.environment, "Set a variable of the guest, or give it the host's", check_variable,
      "NAME[=VALUE]");
  command.add_option("--argv0", options.program_name, "The program's name for the guest; FILE unless told")
      ->type_name("NAME");
  command.add_option("--stdin", options.input, "The guest's standard input; the host's own unless told")
      ->type_name("FILE");
}

wasi::Config make_wasi_config(const WasiOptions& options, const std::string& file,
                              const std::vector<std::string>& arguments) {
  wasi::Config config;
  config.arguments.push_back(options.program_name.empty() ? file : options.program_name);
  config.arguments.insert(config.arguments.end(), arguments.begin(), arguments.end());
  config.input = options.input.empty() ? wasi::Stdio::inherit() : wasi::Stdio::file(options.input);
  config.output = wasi::Stdio::inherit();
  config.error = wasi::Stdio::inherit();
  for (const std::string& text : options.directories)
    config.directories.push_back(parse_directory(text, false));
  for (const std::string& text : options.read_only_directories)
    config.directories.push_back(parse_directory(text, true));
  for (const std::string& text : options.environment) {
    const size_t at = text.find('=');
    const std::string name = text.substr(0, at);
    if (at != std::string::npos) {
      config.environment.emplace_back(name, text.substr(at + 1));
    } else if (const char* value = std::getenv(name.c_str()); value != nullptr) {
      config.environment.emplace_back(name, value);
    }
  }
  return config;
}

}  // namespace heddle::tools
