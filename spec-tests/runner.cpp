// SPDX-License-Identifier: Apache-2.0
// Commands of a script: modules, actions, registration, threads. Assertions are in run_assertion.cpp.
#include "spec-tests/runner.h"

#include <fmt/format.h>

#if HEDDLE_HAS_JIT
#include <heddle/jit.h>
#endif

#include <algorithm>
#include <fstream>
#include <iterator>

#include "engine/support/try.h"
#include "spec-tests/run_assertion.h"
#include "spec-tests/script_thread.h"

namespace heddle::spec {

namespace {

/// The commands of one context, in order.
class CommandLoop {
 public:
  CommandLoop(const ScriptRun& run, Context& context) : run_(run), context_(context) {}

  /// How many directives failed.
  uint64_t run(uint32_t begin, uint32_t end) {
    for (uint32_t i = begin; i < end;) {
      const Command& command = run_.script.commands[i];
      run_.recorder.begin(command);
      execute(command, i);
      i = command.kind == CommandKind::thread ? std::max(command.body_end, i + 1) : i + 1;
    }
    threads_.join_all();
    return failures_;
  }

 private:
  void execute(const Command& command, uint32_t index) {
    if (command.is_assertion()) {
      execute_assertion(command);
      return;
    }
    if (Result<void> done = perform(command, index); !done.ok()) report(command, describe(done.error()));
  }

  void execute_assertion(const Command& command) {
    const bool judged = run_.judges(command);
    if (!judged && !has_effects(command)) return;
    const Verdict verdict = check_assertion(context_, command);
    if (!judged) return;
    if (!verdict.problem.empty()) {
      report(command, verdict.problem);
    } else if (verdict.other_words.empty()) {
      run_.recorder.passed();
    } else {
      run_.recorder.message_differs();
      if (run_.options.strict_messages) {
        report(command, verdict.other_words);
      } else {
        run_.recorder.passed();
      }
    }
  }

  void report(const Command& command, std::string message) {
    ++failures_;
    if (!run_.judges(command)) return;
    run_.recorder.failed({command.line, command.column, run_.script.excerpt(command), std::move(message)});
  }

  Result<void> perform(const Command& command, uint32_t index) {
    switch (command.kind) {
      case CommandKind::module: return instantiate_form(command);
      case CommandKind::definition: {
        HEDDLE_TRY_ASSIGN(Module module, context_.load(*command.module));
        context_.define(command.name, std::move(module));
        return {};
      }
      case CommandKind::instance: return instantiate_definition(command);
      case CommandKind::register_: return context_.register_as(command.text, command.name);
      case CommandKind::action: {
        auto outcome = context_.perform(command.action);
        if (outcome.ok()) return {};
        return failure_as_error(outcome);
      }
      case CommandKind::thread: return threads_.start(run_, context_, command, index);
      case CommandKind::wait: return threads_.wait(*command.name);
      default: return usage_error(command.text);
    }
  }

  Result<void> instantiate_form(const Command& command) {
    context_.forget_current(command.name);
    HEDDLE_TRY_ASSIGN(Module module, context_.load(*command.module));
    context_.define(command.name, module);
    return bring_to_life(command, module);
  }

  Result<void> instantiate_definition(const Command& command) {
    context_.forget_current(command.name);
    const Module* module = context_.definition(command.definition);
    if (module == nullptr) return usage_error("there is no such module definition");
    return bring_to_life(command, *module);
  }

  Result<void> bring_to_life(const Command& command, const Module& module) {
    auto instance = context_.instantiate(module);
    if (!instance.ok()) return failure_as_error(instance);
    context_.set_current(command.name, *std::move(instance));
    return {};
  }

  const ScriptRun& run_;
  Context& context_;
  ScriptThreads threads_;
  uint64_t failures_ = 0;
};

Result<std::string> read_script(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return usage_error(fmt::format("cannot read {}", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

const Compiler* available_compiler() {
#if HEDDLE_HAS_JIT
  return jit::compiler();
#else
  return nullptr;
#endif
}

Result<Engine> make_engine(const RunOptions& options) {
  Config config;
  config.tier = options.tier;
  config.compiler = available_compiler();
  if (options.tier == "auto") {
    // Figures at which scripts, which call nothing often, meet every way between the tiers.
    config.compiler_options.threads = 0;
    config.compiler_options.sample_interval = std::chrono::microseconds(0);
    config.compiler_options.hot_calls = 2;
  }
  config.fuel = options.fuel;
  config.preempt_at_atomics = options.fuel;
  config.eager = options.eager;
  config.gc_stress = options.gc_stress;
  config.custom_descriptors = options.custom_descriptors;
  config.compiler_options.checks = options.check_compiler;
  if (options.checked_memory) config.memory_mode = MemoryMode::checked;
  return Engine::create(config);
}

/// A proposal that is not on in an engine unless its Config says so is on for the scripts of its folder.
RunOptions with_proposals(RunOptions options, const std::string& path) {
  if (path.find("proposals/custom-descriptors/") != std::string::npos) options.custom_descriptors = true;
  return options;
}

}  // namespace

bool ScriptRun::judges(const Command& command) const {
  if (options.only_line == 0) return true;
  const std::string_view text = script.text(command);
  return options.only_line >= command.line &&
         options.only_line <= command.line + std::ranges::count(text, '\n');
}

uint64_t run_commands(const ScriptRun& run, Context& context, uint32_t begin, uint32_t end) {
  return CommandLoop(run, context).run(begin, end);
}

bool has_tier(const std::string& tier) {
  RunOptions options;
  options.tier = tier;
  return make_engine(options).ok();
}

Result<void> run_script(const Script& script, const RunOptions& options, Recorder& recorder) {
  HEDDLE_TRY_ASSIGN(const Engine engine, make_engine(options));
  const ScriptRun run{script, options, recorder, engine};
  HEDDLE_TRY_ASSIGN(const std::unique_ptr<Context> context, Context::create(engine, options.self_test));
  run_commands(run, *context, 0, static_cast<uint32_t>(script.commands.size()));
  if (script.error && options.only_line == 0) {
    const Error& error = *script.error;
    recorder.failed({error.line, error.column, error.excerpt.substr(0, 200),
                     "the script is malformed from here on: " + error.message});
  }
  return {};
}

Result<void> run_file(const std::string& path, const RunOptions& options, Progress& progress,
                      FailureSink& sink) {
  HEDDLE_TRY_ASSIGN(std::string source, read_script(path));
  const Script script = parse_script(std::move(source));
  Recorder recorder(progress, sink);
  const RunOptions own_options = with_proposals(options, path);
  for (uint64_t i = 0; i < options.repeat; ++i) {
    HEDDLE_TRY(run_script(script, own_options, recorder));
    progress.iteration.fetch_add(1, std::memory_order_relaxed);
  }
  return {};
}

}  // namespace heddle::spec
