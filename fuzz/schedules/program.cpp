// SPDX-License-Identifier: Apache-2.0
// Running a program of guests/ as `heddle run` does, and the oracle of its end.
#include "fuzz/schedules/program.h"

#include <heddle/wasi.h>

#if HEDDLE_HAS_JIT
#include <heddle/jit.h>
#endif

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <vector>

#include "engine/support/try.h"

namespace heddle::fuzz {

namespace {

constexpr const char* kScenarios[] = {"mutex",    "condition", "gate",      "barrier", "rwlock",
                                      "fairness", "once",      "semaphore", "permits", "wait",
                                      "atomics",  "allocator", "slots"};
constexpr uint32_t kTrapped = 134;
/// A run takes milliseconds. This is how long one that does not end may take.
constexpr std::chrono::seconds kTimeout{60};
constexpr uint64_t kLine = 64;

const char* policy_name(threads::Order order) {
  switch (order) {
    case threads::Order::soonest: break;
    case threads::Order::round_robin: return "round-robin";
    case threads::Order::random: return "random";
    case threads::Order::pct: return "pct";
  }
  return "";
}

Result<std::vector<uint8_t>> read(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    Error error;
    error.kind = ErrorKind::usage;
    error.message = "can't read " + file;
    return error;
  }
  return std::vector<uint8_t>(std::istreambuf_iterator<char>(stream), {});
}

/// The numbers behind `word` at the beginning of lines.
std::set<uint64_t> numbers_behind(const std::string& word, const std::string& text) {
  std::set<uint64_t> numbers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(word)) numbers.insert(std::strtoull(line.c_str() + word.size(), nullptr, 10));
  }
  return numbers;
}

/// The report counts the threads that must be stuck, and says that each waits at a line where one may.
std::string judge_deadlock(const ScheduledEnd& end) {
  const std::set<uint64_t> stuck = numbers_behind("stuck ", end.output);
  if (stuck.size() != 1) return "does not say how many threads will be stuck";
  const std::string wanted = "deadlock: all " + std::to_string(*stuck.begin()) + " threads wait for ever";
  if (!end.message.starts_with(wanted)) return "instead of \"" + wanted + "\": " + end.message;
  const std::set<uint64_t> lines = numbers_behind("line ", end.output);
  const std::string where = " waits at address ";
  size_t reported = 0;
  for (size_t at = end.message.find(where); at != std::string::npos; at = end.message.find(where, at + 1)) {
    const uint64_t address = std::strtoull(end.message.c_str() + at + where.size(), nullptr, 10);
    if (!lines.contains(address / kLine * kLine)) return "nobody can wait at " + std::to_string(address);
    ++reported;
  }
  if (reported != *stuck.begin()) return "the report tells of " + std::to_string(reported) + " threads";
  return {};
}

}  // namespace

std::span<const char* const> scenarios() noexcept { return kScenarios; }

std::string ScheduledRun::command(const std::string& file, const std::string& tier) const {
  std::string text = "heddle run --tier " + tier + " ";
  if (order == threads::Order::soonest) {
    text += "--workers " + std::to_string(workers);
  } else {
    text += "--deterministic " + std::to_string(seed) + " --policy " + policy_name(order);
  }
  return text + " " + file + " " + program + " " + std::to_string(program_seed);
}

Result<ScheduledProgram::Mode> ScheduledProgram::load_for(bool is_deterministic, const std::string& file,
                                                          const std::string& tier) {
  Config config;
  config.tier = tier;
#if HEDDLE_HAS_JIT
  config.compiler = jit::compiler();
#endif
  config.fuel = is_deterministic;
  config.preempt_at_atomics = is_deterministic;
  HEDDLE_TRY_ASSIGN(Engine engine, Engine::create(config));
  HEDDLE_TRY_ASSIGN(std::vector<uint8_t> bytes, read(file));
  HEDDLE_TRY_ASSIGN(Module module, Module::load(engine, std::move(bytes)));
  return Mode{std::move(engine), std::move(module)};
}

Result<ScheduledProgram> ScheduledProgram::load(const std::string& file, const std::string& tier) {
  HEDDLE_TRY_ASSIGN(Mode soonest, load_for(false, file, tier));
  HEDDLE_TRY_ASSIGN(Mode deterministic, load_for(true, file, tier));
  return ScheduledProgram(std::move(soonest), std::move(deterministic));
}

ScheduledEnd ScheduledProgram::run(const ScheduledRun& run) const {
  const Mode& mode = run.order == threads::Order::soonest ? soonest_ : deterministic_;
  const threads::Workers workers({.threads = run.workers, .order = run.order, .seed = run.seed});
  const auto output = std::make_shared<wasi::Buffer>();
  const auto error = std::make_shared<wasi::Buffer>();
  const auto define = [&](Linker& linker) -> Result<void> {
    wasi::Config config;
    config.arguments = {"program", run.program, std::to_string(run.program_seed)};
    config.output = wasi::Stdio::stream(output);
    config.error = wasi::Stdio::stream(error);
    config.blocking = workers.blocking();
    config.clocks = workers.clocks();
    HEDDLE_TRY_ASSIGN(auto context, wasi::Context::create(config));
    return context.add_to(linker);
  };
  auto process = threads::Process::create(mode.engine, workers, mode.module, define);
  if (!process) return {.exit_code = kTrapped, .output = {}, .message = process.error().message};
  const auto outcome = process->run(kTimeout);
  ScheduledEnd end{.exit_code = kTrapped, .output = output->written(), .message = error->written()};
  if (outcome.ok()) {
    end.exit_code = *outcome;
  } else {
    end.message += outcome.trapped() ? outcome.trap().message : outcome.message();
  }
  return end;
}

std::string ScheduledProgram::judge(const ScheduledRun& run, const ScheduledEnd& end) {
  if (run.program == "deadlock") return judge_deadlock(end);
  if (end.exit_code == 0 && end.message.empty()) return {};
  return "exit code " + std::to_string(end.exit_code) + ": " + end.message;
}

}  // namespace heddle::fuzz
