// SPDX-License-Identifier: Apache-2.0
// The command line: options in, selection, run, expectations, report out.
#include "spec-tests/wast_command.h"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "engine/support/escape.h"
#include "engine/support/try.h"
#include "spec-tests/expectations.h"
#include "spec-tests/isolate.h"
#include "spec-tests/progress_line.h"
#include "spec-tests/repro.h"
#include "spec-tests/selection.h"
#include "spec-tests/table_in_file.h"
#include "spec-tests/usage_error.h"

namespace heddle::spec {

namespace {

constexpr int kAsExpected = 0;
constexpr int kUnexpected = 1;
constexpr int kUsage = 2;

/// Every tier that `--tier all` would mean, were it built.
constexpr const char* kTierNames[] = {"interp", "jit", "auto"};

struct Options {
  SelectionOptions selection;
  IsolationOptions isolation;
  RunOptions run;
  std::vector<std::string> tiers{"interp"};
  std::string report = "table";
  std::string output;
  std::string repro;
  std::string expectations;
  std::string updated_table;  ///< document whose table this run writes
  std::string checked_table;  ///< document whose table must be this run's
  bool isolate = true;
  bool list = false;
};

void declare_options(CLI::App& app, Options& options, double& timeout, uint64_t& seed) {
  app.add_option("PATH", options.selection.paths,
                 "Scripts, and folders of them (default: the official suites)");
  app.add_option("--tier", options.tiers, "Tiers to run on, separated by commas, or `all`")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("-j,--jobs", options.isolation.jobs, "Child processes at a time (default: the processors)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--filter", options.selection.filter,
                 "Only paths that match this extended regular expression");
  app.add_option("--exclude", options.selection.exclude, "No paths that match this one");
  app.add_option("--line", options.run.only_line,
                 "Judge only the directives in this line; what they need runs, too");
  app.add_option("--report", options.report, "table, json, junit or html")
      ->check(CLI::IsMember({"table", "json", "junit", "html"}));
  app.add_option("--output", options.output, "Write the report to this file");
  app.add_option("--repro", options.repro, "Write a small script for each failure into this folder");
  app.add_option("--timeout", timeout, "Seconds per file, tier and repetition; 0: none (default: 60)")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--repeat", options.run.repeat, "Run each script so many times; counts are sums")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--shuffle", seed, "Run the files in an order drawn from this seed");
  app.add_flag("--list", options.list, "Print the selected scripts and stop");
  app.add_option("--expectations", options.expectations,
                 "File of known failures, or `none` (default: spec-tests/expectations/TIER.txt)");
  app.add_flag("--strict-messages", options.run.strict_messages,
               "A refusal in other words than the suite's fails");
  app.add_flag("--check-compiler", options.run.check_compiler,
               "Prove what the compiler makes of each function: a fault is a crash");
  app.add_flag("--checked-memory", options.run.checked_memory,
               "Explicit bounds checks instead of guard pages");
  app.add_flag("--fuel", options.run.fuel, "Code that counts fuel, with plenty of it");
  app.add_flag("--eager", options.run.eager, "Translate all functions before the first call");
  app.add_flag("--gc-stress", options.run.gc_stress, "Collect garbage before every allocation");
  app.add_flag("--custom-descriptors", options.run.custom_descriptors,
               "The proposal is on for scripts outside of its folder, too");
  app.add_flag("!--no-isolate", options.isolate, "Run in this process: for debuggers; no time limits");
  auto* update = app.add_option("--update-table", options.updated_table,
                                "Write the table by suite into this file, between its markers");
  app.add_option("--check-table", options.checked_table, "The table in this file must be what the run gives")
      ->excludes(update);
  app.add_flag("--self-test", options.run.self_test)->group("");  // hidden: lets scripts import "selftest"
  app.footer(
      "Examples:\n"
      "  heddle wast --tier interp ../shared/suites/spec ../shared/suites/threads\n"
      "  heddle wast --report html --output report.html\n"
      "  heddle wast --tier interp --check-table README.md ../shared/suites/spec ../shared/suites/threads\n"
      "  heddle wast --repeat 300 --filter 'MP|wait' ../shared/suites/threads\n"
      "  heddle wast --no-isolate --line 412 ../shared/suites/spec/f32.wast");
}

/// Nothing: go on. Else the exit status (0 for --help).
std::optional<int> parse_options(std::span<const std::string> arguments, Options& options) {
  CLI::App app("Runs WebAssembly test scripts (.wast) and compares with what they expect.", "heddle wast");
  double timeout = 60;
  uint64_t seed = 0;
  options.isolation.jobs = std::max(1u, std::thread::hardware_concurrency());
  declare_options(app, options, timeout, seed);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {  // CLI11 reports by exceptions
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAsExpected : kUsage;
  }
  options.isolation.timeout = std::chrono::duration<double>(timeout);
  if (app.count("--shuffle") > 0) options.selection.shuffle_seed = seed;
  return std::nullopt;
}

Result<void> settle_tiers(Options& options) {
  if (options.tiers == std::vector<std::string>{"all"}) {
    options.tiers.clear();
    for (const char* tier : kTierNames) {
      if (has_tier(tier)) options.tiers.emplace_back(tier);
    }
  }
  std::vector<std::string> unique;
  for (const std::string& tier : options.tiers) {
    if (std::ranges::find(unique, tier) == unique.end()) unique.push_back(tier);
  }
  options.tiers = std::move(unique);
  for (const std::string& tier : options.tiers) {
    if (!has_tier(tier)) return usage(fmt::format("this build has no tier '{}'", tier));
  }
  return {};
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return usage(fmt::format("cannot read {}", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<std::map<std::string, Expectations>> load_expectations(const Options& options) {
  std::map<std::string, Expectations> by_tier;
  for (const std::string& tier : options.tiers) {
    if (options.expectations == "none") {
      by_tier[tier];
      continue;
    }
    const std::string shown = options.expectations.empty()
                                  ? fmt::format("spec-tests/expectations/{}.txt", tier)
                                  : options.expectations;
    const std::string path =
        options.expectations.empty() ? std::string(HEDDLE_SOURCE_DIR) + '/' + shown : shown;
    std::error_code error;
    if (options.expectations.empty() && !std::filesystem::exists(path, error)) {
      by_tier[tier];  // an installed heddle has no sources beside it: nothing is expected to fail
      continue;
    }
    HEDDLE_TRY_ASSIGN(const std::string text, read_text(path));
    HEDDLE_TRY_ASSIGN(by_tier[tier], Expectations::parse(text, shown));
  }
  return by_tier;
}

/// Says which directive was running when a child died.
void name_directive(const std::string& path, Failure& failure) {
  auto source = read_text(path);
  if (!source.ok() || failure.line == 0) return;
  const Script script = parse_script(*std::move(source));
  for (const Command& command : script.commands) {
    if (command.line == failure.line && command.column == failure.column)
      failure.directive = script.excerpt(command);
  }
}

class Run {
 public:
  Run(const Options& options, const std::vector<SelectedFile>& files,
      std::map<std::string, Expectations> expectations)
      : options_(options), expectations_(std::move(expectations)) {
    report_.tiers = options.tiers;
    report_.repeat = options.run.repeat;
    for (const SelectedFile& file : files) {
      for (const std::string& tier : options.tiers) {
        Job job{report_.files.size(), file.path, options.run};
        job.options.tier = tier;
        jobs_.push_back(std::move(job));
        FileResult result;
        result.path = file.path;
        result.group = file.group;
        result.tier = tier;
        report_.files.push_back(std::move(result));
      }
    }
  }

  Result<Report> execute() {
    const auto started = std::chrono::steady_clock::now();
    ProgressLine progress(jobs_.size());
    const auto done = [&](JobResult job) {
      const FileResult& file = judge(std::move(job));
      progress.advance(file.path, file.counts.fail + file.counts.crash);
    };
    if (options_.isolate) {
      HEDDLE_TRY(run_isolated(jobs_, options_.isolation, done));
    } else {
      for (const Job& job : jobs_) done(run_here(job));
    }
    complain_about_stale_entries();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return std::move(report_);
  }

 private:
  const FileResult& judge(JobResult job) {
    FileResult& file = report_.files[job.number];
    file.status = job.status;
    file.seconds = job.seconds;
    file.message_mismatches = job.message_mismatches;
    file.counts.pass = job.passed;
    std::optional<Failure> death;
    if (job.status != FileStatus::done) {
      death = std::move(job.failures.back());
      job.failures.pop_back();
      name_directive(file.path, *death);
      ++file.counts.crash;
    }
    expectations_.at(file.tier).apply(std::move(job.failures), file, options_.run.only_line);
    if (death) file.failures.push_back(*std::move(death));
    return file;
  }

  void complain_about_stale_entries() {
    const bool everything = options_.selection.filter.empty() && options_.selection.exclude.empty();
    if (!everything) return;
    std::vector<std::string> folders;
    for (const std::string& path : options_.selection.paths) {
      std::error_code error;
      if (!std::filesystem::is_directory(path, error)) continue;
      folders.push_back(std::filesystem::weakly_canonical(path, error).generic_string());
    }
    for (const auto& [tier, expectations] : expectations_) {
      for (std::string& complaint : expectations.stale(folders))
        report_.complaints.push_back(std::move(complaint));
    }
  }

  const Options& options_;
  std::map<std::string, Expectations> expectations_;
  std::vector<Job> jobs_;
  Report report_;
};

/// A table of less than everything would mislead.
Result<void> check_table_options(const Options& options) {
  if (options.updated_table.empty() && options.checked_table.empty()) return {};
  const bool everything = options.selection.filter.empty() && options.selection.exclude.empty() &&
                          options.run.only_line == 0 && options.run.repeat == 1;
  if (everything) return {};
  return usage(
      "a table in a file is of all directives of all scripts: it goes with none of --filter, --exclude, "
      "--line and --repeat");
}

/// Writes or checks the table in a document. A run with unexpected results writes none.
Result<void> settle_table(Report& report, const Options& options) {
  if (!options.checked_table.empty()) {
    HEDDLE_TRY_ASSIGN(std::string complaint, check_table(options.checked_table, report));
    if (complaint.empty()) return {};
    // The other forms have no place for it.
    if (options.report != "table")
      fmt::print(stderr, "heddle wast: {}\n", engine::escape_for_terminal(complaint));
    report.complaints.push_back(std::move(complaint));
  }
  if (options.updated_table.empty() || !report.clean()) return {};
  return update_table(options.updated_table, report);
}

std::string render(const Report& report, const std::string& form, bool color) {
  if (form == "json") return report_json(report);
  if (form == "junit") return report_junit(report);
  if (form == "html") return report_html(report);
  TableStyle style;
  style.color = color;
  return report_table(report, style) + machine_lines(report);
}

Result<void> publish(const Report& report, const Options& options) {
  if (!options.repro.empty()) {
    HEDDLE_TRY_ASSIGN(const std::vector<std::string> written, write_repros(report, options.repro));
    for (const std::string& name : written)
      fmt::print(stderr, "repro: {}\n", engine::escape_for_terminal(name));
  }
  const bool to_file = !options.output.empty() && options.output != "-";
  const std::string text = render(report, options.report, !to_file && wants_color(STDOUT_FILENO));
  if (!to_file) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (std::fflush(stdout) != 0) return usage("cannot write the report");
    return {};
  }
  std::ofstream file(options.output, std::ios::binary);
  file << text;
  file.close();
  if (!file) return usage(fmt::format("cannot write {}", options.output));
  fmt::print("{}", machine_lines(report));
  return {};
}

Result<int> run(Options& options) {
  HEDDLE_TRY(settle_tiers(options));
  if (options.selection.paths.empty()) options.selection.paths = default_paths();
  if (options.selection.paths.empty()) {
    return usage("no suites found: give paths, or set HEDDLE_SUITES, or run spec-tests/fetch build/suites");
  }
  HEDDLE_TRY(check_table_options(options));
  HEDDLE_TRY_ASSIGN(const std::vector<SelectedFile> files, select_files(options.selection));
  if (options.list) {
    for (const SelectedFile& file : files) fmt::print("{}\n", engine::escape_for_terminal(file.path));
    return kAsExpected;
  }
  HEDDLE_TRY_ASSIGN(auto expectations, load_expectations(options));
  HEDDLE_TRY_ASSIGN(Report report, Run(options, files, std::move(expectations)).execute());
  HEDDLE_TRY(settle_table(report, options));
  HEDDLE_TRY(publish(report, options));
  return report.clean() ? kAsExpected : kUnexpected;
}

}  // namespace

int run_wast_command(std::span<const std::string> arguments) {
  if (!arguments.empty() && arguments[0] == "--child") return run_child(arguments.subspan(1));
  Options options;
  if (const std::optional<int> status = parse_options(arguments, options)) return *status;
  const Result<int> status = run(options);
  if (status.ok()) return *status;
  fmt::print(stderr, "heddle wast: {}\n", engine::escape_for_terminal(status.error().message));
  return kUsage;
}

}  // namespace heddle::spec
