// SPDX-License-Identifier: Apache-2.0
// `heddle run`: loads a module and runs its _start, or calls one of its functions.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "engine/api/access.h"
#include "engine/support/escape.h"
#include "tools/commands.h"
#include "tools/guest_values.h"
#include "tools/input_file.h"
#include "tools/quantities.h"
#include "tools/run_process.h"
#include "tools/run_statistics.h"
#include "tools/tier_options.h"
#include "tools/wasi_options.h"

namespace heddle::tools {

namespace {

struct RunOptions {
  std::string file;
  TierOptions tier;
  std::string invoke;
  std::string timeout;
  std::string max_memory;
  std::string stats;
  std::optional<uint64_t> fuel;
  bool checked_memory = false;
  bool custom_descriptors = false;
  RunProcessOptions process;
  WasiOptions wasi;
};

/// Where main() leaves what the guest gets, because CLI11 must not see it.
std::vector<std::string>& guest_arguments() {
  static std::vector<std::string> arguments;
  return arguments;
}

/// One `heddle run`, from the file to the exit code.
class Run {
 public:
  Run(const RunOptions& options, const std::vector<std::string>& arguments)
      : options_(options), arguments_(arguments) {}

  int operator()();

 private:
  [[nodiscard]] Result<void> load();
  [[nodiscard]] Result<void> make_store();
  [[nodiscard]] Result<void> provide_wasi(Linker& linker, const threads::Workers* workers) const;
  [[nodiscard]] StoreLimits store_limits() const;
  [[nodiscard]] std::optional<std::string> choose_function() const;
  [[nodiscard]] Outcome<void> execute(const std::string& name);
  int run_as_process();
  [[nodiscard]] Outcome<void> initialize(const Instance& instance);
  [[nodiscard]] bool exports_function(std::string_view name) const;
  void limit_time();
  int report(const Outcome<void>& outcome) const;
  void report_missing(const std::vector<ImportType>& missing) const;
  void finish_statistics();

  const RunOptions& options_;
  const std::vector<std::string>& arguments_;
  std::optional<Engine> engine_;
  std::optional<Module> module_;
  std::optional<Linker> linker_;
  std::optional<Store> store_;
  std::optional<std::chrono::nanoseconds> timeout_;
  RunStatistics::Clock::time_point clock_ = RunStatistics::Clock::now();
  RunStatistics::Clock::time_point began_ = clock_;
  RunStatistics statistics_;
};

Error usage(std::string message) {
  Error error;
  error.kind = ErrorKind::usage;
  error.message = std::move(message);
  return error;
}

int Run::operator()() {
  if (const auto loaded = load(); !loaded) {
    print_error(options_.file, loaded.error());
    return kUsageError;
  }
  linker_.emplace(*engine_);
  if (const auto provided = provide_wasi(*linker_, nullptr); !provided) {
    print_error(options_.file, provided.error());
    return kUsageError;
  }
  const bool has_threads = options_.invoke.empty() && threads::wants_threads(*module_);
  auto missing = linker_->missing(*module_);
  if (has_threads) std::erase_if(missing, threads::is_provided);
  if (!missing.empty()) {
    report_missing(missing);
    return kUsageError;
  }
  if (has_threads) return run_as_process();
  if (!options_.process.trace_file.empty()) {
    print_error(options_.file, usage("--trace-threads: the program has no threads; those that have import "
                                     "wasi thread-spawn, a shared memory or both"));
    return kUsageError;
  }
  const auto name = choose_function();
  if (!name) return kUsageError;
  if (const auto made = make_store(); !made) {
    print_error(made.error().message);
    return kUsageError;
  }
  const auto outcome = execute(*name);
  std::fflush(stdout);  // results stand before what follows on standard error
  finish_statistics();
  return report(outcome);
}

Result<void> Run::load() {
  Config config;
  apply(options_.tier, config);
  config.fuel = options_.fuel.has_value() || options_.process.seed.has_value();
  // How deep calls go is the tier's, so when a function gets compiled must not depend on time.
  if (options_.process.seed && config.tier == "auto") config.tier = "jit";
  config.preempt_at_atomics = options_.process.seed.has_value();
  if (options_.checked_memory) config.memory_mode = MemoryMode::checked;
  config.custom_descriptors = options_.custom_descriptors;
  if (!options_.timeout.empty()) timeout_ = parse_duration(options_.timeout);
  auto engine = Engine::create(config);
  if (!engine) return std::move(engine).error();
  engine_ = std::move(*engine);
  auto bytes = read_module_bytes(options_.file);
  if (!bytes) return std::move(bytes).error();
  const uint64_t size = bytes->size();
  auto module = Module::load(*engine_, *std::move(bytes));
  if (!module) return std::move(module).error();
  module_ = std::move(*module);
  statistics_.load_seconds = RunStatistics::lap(clock_);
  statistics_.module_bytes = size;
  return {};
}

StoreLimits Run::store_limits() const {
  StoreLimits limits;
  if (!options_.max_memory.empty()) limits.memory_bytes = parse_size(options_.max_memory).value_or(0);
  return limits;
}

Result<void> Run::make_store() {
  auto store = Store::create(*engine_, store_limits());
  if (!store) return std::move(store).error();
  store_ = std::move(*store);
  if (options_.fuel) return store_->set_fuel(*options_.fuel);
  return {};
}

/// The guest's arguments are its own only if it is a program; --invoke makes values of them.
Result<void> Run::provide_wasi(Linker& linker, const threads::Workers* workers) const {
  if (!wasi::is_wanted_by(*module_)) return {};
  const auto arguments = options_.invoke.empty() ? arguments_ : std::vector<std::string>();
  wasi::Config config = make_wasi_config(options_.wasi, options_.file, arguments);
  if (workers != nullptr) {
    config.blocking = workers->blocking();
    config.clocks = workers->clocks();
  }
  if (options_.process.seed) config.random_seed = options_.process.seed;
  const auto context = wasi::Context::create(config);
  if (!context) return context.error();
  return context->add_to(linker);
}

/// A program with threads of its own.
int Run::run_as_process() {
  if (options_.fuel) {
    print_error("--fuel counts for one thread: programs that spawn threads take --timeout instead");
    return kUsageError;
  }
  RunProcessOptions options = options_.process;
  options.thread = store_limits();
  options.timeout = timeout_;
  options.records = !options_.stats.empty();
  const auto define = [this](Linker& linker, const threads::Workers& workers) {
    return provide_wasi(linker, &workers);
  };
  auto outcome = run_process(*engine_, *module_, options, define, statistics_);
  std::fflush(stdout);
  finish_statistics();
  if (outcome.ok()) return static_cast<int>(std::min(*outcome, kMostExitCode));
  return report(std::move(outcome).failure());
}

/// What stays of the time limit goes to the next call.
void Run::limit_time() {
  if (!timeout_) return;
  const auto left = *timeout_ - (RunStatistics::Clock::now() - began_);
  (void)store_->set_timeout(std::max<std::chrono::nanoseconds>(left, std::chrono::nanoseconds(1)));
}

std::string export_list(const Module& module) {
  std::string out;
  for (const ExportType& entry : module.exports()) {
    if (kind_of(entry.type) != ExternKind::function) continue;
    out += "\n  " + engine::escape_for_terminal(entry.name) + "  " + to_string(entry.type);
  }
  return out;
}

bool Run::exports_function(std::string_view name) const {
  const auto exports = module_->exports();
  return std::any_of(exports.begin(), exports.end(), [&](const ExportType& entry) {
    return kind_of(entry.type) == ExternKind::function && (name.empty() || entry.name == name);
  });
}

/// The function to call: what --invoke says, else _start; "" if instantiating (and _initialize) is all there
/// is to do. None, and then it has said so, if the user must choose.
std::optional<std::string> Run::choose_function() const {
  if (!options_.invoke.empty()) return options_.invoke;
  if (exports_function("_start")) return "_start";
  if (exports_function("_initialize") || !exports_function("")) return std::string();
  fmt::print(stderr, "{}: no function _start is exported; choose one with --invoke:{}\n",
             display_name(options_.file), export_list(*module_));
  return std::nullopt;
}

/// A reactor's constructors, before anything else of it. (WASI application ABI)
Outcome<void> Run::initialize(const Instance& instance) {
  if (!exports_function("_initialize") || exports_function("_start")) return {};
  const auto function = instance.typed<void()>("_initialize");
  if (!function) return function.error();
  limit_time();
  return function->call();
}

Outcome<void> Run::execute(const std::string& name) {
  limit_time();
  auto instance = linker_->instantiate(*store_, *module_);
  statistics_.instantiate_seconds = RunStatistics::lap(clock_);
  if (!instance.ok()) return std::move(instance).failure();
  if (auto initialized = initialize(*instance); !initialized.ok() || name.empty()) return initialized;
  const auto function = instance->function(name);
  if (!function) return function.error();
  if (options_.invoke.empty() && !function->type().parameters.empty())
    return usage("_start takes no parameters");
  std::vector<Value> values;
  if (!options_.invoke.empty()) {
    auto parsed = parse_arguments(function->type(), arguments_);
    if (!parsed) return usage(name + ": " + parsed.error().message);
    values = std::move(*parsed);
  }
  limit_time();
  RunStatistics::lap(clock_);
  auto results = function->call(values);
  statistics_.run_seconds = RunStatistics::lap(clock_);
  if (!results.ok()) return std::move(results).failure();
  for (const Value& value : *results) std::puts(to_string(value).c_str());
  return {};
}

/// The report of a deadlock has a line for each thread; nothing that a guest says begins like it.
std::string describe(const Trap& trap) {
  if (trap.kind != TrapKind::host_error || !trap.message.starts_with("deadlock: ")) return trap.to_string();
  std::string out;
  std::istringstream lines(trap.message);
  for (std::string line; std::getline(lines, line);)
    out += (out.empty() ? "" : "\n") + engine::escape_for_terminal(line);
  return out;
}

int Run::report(const Outcome<void>& outcome) const {
  if (outcome.ok()) return kSuccess;
  if (const auto code = outcome.exit_code()) return static_cast<int>(std::min(*code, kMostExitCode));
  if (outcome.trapped()) {
    const char* what = outcome.trap().kind == TrapKind::exception ? ": " : ": trap: ";
    print_message(display_name(options_.file) + what + describe(outcome.trap()));
    return kTrap;
  }
  print_error(options_.file, outcome.error());
  return kUsageError;
}

void Run::report_missing(const std::vector<ImportType>& missing) const {
  fmt::print(stderr, "{}: {} import{} that nothing provides:\n", display_name(options_.file), missing.size(),
             missing.size() == 1 ? "" : "s");
  bool is_wasi = false;
  const auto is_old = [](const ImportType& import) { return import.module == "wasi_unstable"; };
  for (const ImportType& import : missing) {
    fmt::print(stderr, "  {} {} {}\n", engine::escape_for_terminal(import.module),
               engine::escape_for_terminal(import.name), to_string(import.type));
    is_wasi |= import.module.starts_with("wasi:") || is_old(import);
  }
  fmt::print(
      stderr, "{}\n",
      is_wasi
          ? "heddle has WASI preview 1 (wasi_snapshot_preview1) only: build the program for wasm32-wasip1."
          : "`heddle run` provides WASI preview 1 and nothing else; a C++ program can provide more: see "
            "docs/EMBEDDING.md.");
}

void Run::finish_statistics() {
  if (options_.stats.empty()) return;
  statistics_.tier = engine_->config().tier;
  statistics_.memory_mode = engine_->memory_mode() == MemoryMode::guarded ? "guarded" : "checked";
  const engine::ModuleImage& image = *detail::Access::image(*module_);
  statistics_.functions = image.functions.size() - image.imported_functions;
  if (options_.fuel) statistics_.fuel_used = std::min<uint64_t>(*options_.fuel, INT64_MAX) - store_->fuel();
  add_compile_statistics(*engine_, statistics_);
  statistics_.print(options_.stats == "json");
}

}  // namespace

void set_guest_arguments(std::vector<std::string> arguments) { guest_arguments() = std::move(arguments); }

RunArguments split_run_arguments(const CLI::App& run, const std::vector<std::string>& arguments) {
  RunArguments out;
  size_t i = 0;
  bool has_invoke = false;
  for (; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      ++i;
      break;
    }
    if (argument.size() < 2 || argument[0] != '-') break;
    // CLI11 would take the file for the value of an option whose value is optional.
    out.host.push_back(argument == "--stats" ? "--stats=text" : argument);
    const std::string name = argument.substr(0, argument.find('='));
    has_invoke |= name == "--invoke";
    const CLI::Option* option = run.get_option_no_throw(name);
    const bool takes_next = option != nullptr && option->get_items_expected_min() > 0 && name == argument;
    if (takes_next && i + 1 < arguments.size()) out.host.push_back(arguments[++i]);
  }
  if (i < arguments.size()) out.host.push_back(arguments[i++]);  // the file
  if (!has_invoke && i < arguments.size()) {
    if (arguments[i] == "--invoke" && i + 1 < arguments.size()) {
      out.host.insert(out.host.begin(), {"--invoke", arguments[i + 1]});
      i += 2;
    } else if (arguments[i].starts_with("--invoke=")) {
      out.host.insert(out.host.begin(), arguments[i++]);
    }
  }
  if (i < arguments.size() && arguments[i] == "--") ++i;
  out.guest.assign(arguments.begin() + static_cast<ptrdiff_t>(i), arguments.end());
  return out;
}

void add_run_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("run", "Run a module's _start, or call one of its functions");
  auto options = std::make_shared<RunOptions>();
  command->add_option("FILE", options->file, "Module in binary or text form; - is standard input")
      ->required();
  add_tier_options(*command, options->tier);
  command->add_option("--invoke", options->invoke,
                      "Call this export with ARGS and print its results, one a line");
  command->add_option("--fuel", options->fuel, "Trap after about this many instructions")
      ->check(count_check());
  command->add_option("--timeout", options->timeout, "Trap after this time, e.g. 500ms, 2s, 1m")
      ->check(duration_check());
  command->add_option("--max-memory", options->max_memory, "Most memory the guest may have, e.g. 64MiB")
      ->check(size_check());
  command->add_option("--stats", options->stats, "Print times and sizes to standard error, as text or json")
      ->expected(0, 1)
      ->default_str("text")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_flag("--checked-memory", options->checked_memory,
                    "Compare before every access; no guard pages");
  command->add_flag("--custom-descriptors", options->custom_descriptors, kCustomDescriptorsHelp);
  add_process_options(*command, options->process);
  add_wasi_options(*command, options->wasi);
  command->footer(
      "Options stand before the file; what follows it goes to the guest. --invoke NAME may also follow the "
      "file.\n"
      "Integers are decimal or 0x hexadecimal; floats also inf, nan and nan:0x400000; references are null.\n"
      "A guest sees no file, variable or descriptor of the host but its standard streams and what options "
      "name.\n"
      "Exit code: the guest's, 255 for what is beyond; 134 after a trap; 2 for errors of usage or "
      "loading.\n\n"
      "Examples:\n"
      "  heddle run --invoke fib fib.wat 30            call fib(30)\n"
      "  heddle run fib.wat --invoke fib 30            the same\n"
      "  heddle run --fuel 1000000 --timeout 2s app.wasm\n"
      "  heddle run --stats=json --invoke run app.wasm -5 0x10 1.5 nan\n"
      "  heddle run --dir . --env LANG=C app.wasm in.txt -v   a WASI program, its files and arguments\n"
      "  heddle run --dir-ro /srv/data::/data --stdin list.txt app.wasm\n"
      "  heddle run --workers 4 --max-threads 100 threads.wasm   a program that spawns threads "
      "(wasi-threads)\n"
      "  heddle run --stats --trace-threads trace.json threads.wasm   how long who waited, and a trace of it "
      "all\n"
      "  heddle wat2wasm x.wat -o - | heddle run -");
  command->callback([options, &exit_code] {
    auto run = std::make_unique<Run>(*options, guest_arguments());
    exit_code = (*run)();
    if constexpr (!kTakesApart) (void)run.release();
  });
}

}  // namespace heddle::tools
