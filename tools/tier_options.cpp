// SPDX-License-Identifier: Apache-2.0
// Options of tiers; the only file of the tools that asks whether there is a compiler.
#include "tools/tier_options.h"

#if HEDDLE_HAS_JIT
#include <heddle/jit.h>

#include "engine/api/access.h"
#include "jit/tiering/jit_tier.h"
#endif

#include <charconv>

namespace heddle::tools {

namespace {

/// "FIRST:END" into the two numbers; what is wrong with it, or nothing.
std::string parse_range(const std::string& text, uint32_t& first, uint32_t& end) {
  const char* const last = text.data() + text.size();
  const auto middle = std::from_chars(text.data(), last, first);
  if (middle.ec != std::errc() || middle.ptr == last || *middle.ptr != ':') return "is not FIRST:END";
  const auto rest = std::from_chars(middle.ptr + 1, last, end);
  return rest.ec != std::errc() || rest.ptr != last ? "is not FIRST:END" : "";
}

std::string check_range(const std::string& text) {
  uint32_t first = 0;
  uint32_t end = 0;
  const std::string fault = parse_range(text, first, end);
  return fault.empty() ? fault : "\"" + text + "\" " + fault;
}

}  // namespace

void add_tier_options(CLI::App& command, TierOptions& options) {
  command
      .add_option("--tier", options.tier,
                  "Who executes. interp: the interpreter; jit: everything is compiled before its first call; "
                  "auto: what gets hot is compiled")
      ->capture_default_str();
  command
      .add_option(
          "--compile-only", options.functions,
          "Compile only functions with an index from FIRST to END - 1: finds out which is compiled wrongly")
      ->type_name("FIRST:END")
      ->check(check_range);
  command.add_flag("--check-compiler", options.checks,
                   "Prove what the compiler makes of each function, and end the process if it is wrong");
  command.add_flag("--perf-map", options.perf_map,
                   "Tell `perf report` the names of compiled functions, in /tmp/perf-PID.map");
  command
      .add_option(
          "--jitdump", options.jitdump,
          "Write jit-PID.dump with compiled functions into this folder, for `perf record -k mono` and "
          "`perf inject --jit`")
      ->type_name("FOLDER")
      ->check(CLI::ExistingDirectory);
  command.add_flag("--gdb", options.debugger, "Tell GDB the names of compiled functions");
}

void apply(const TierOptions& options, Config& config) {
  config.tier = options.tier;
#if HEDDLE_HAS_JIT
  config.compiler = jit::compiler();
#endif
  CompilerOptions& compiler = config.compiler_options;
  compiler.checks = options.checks;
  compiler.perf_map = options.perf_map;
  compiler.jitdump_folder = options.jitdump;
  compiler.debugger = options.debugger;
  if (options.functions.empty()) return;
  (void)parse_range(options.functions, compiler.first_function, compiler.end_function);
}

#if HEDDLE_HAS_JIT
const char* default_tier() noexcept { return "auto"; }

void add_compile_statistics(const Engine& engine, RunStatistics& statistics) {
  if (engine.config().tier == "interp") return;
  const jit::CompileStatistics compiled = jit::statistics(engine);
  const auto seconds = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
  };
  statistics.compiled = {{"functions_compiled", compiled.functions},
                         {"loops_compiled", compiled.loops},
                         {"functions_refused", compiled.refused},
                         {"compiled_wasm_bytes", compiled.wasm_bytes},
                         {"code_bytes", compiled.code_bytes}};
  statistics.compile_seconds = {
      {"compile_seconds", seconds(compiled.total)},     {"build_seconds", seconds(compiled.build)},
      {"passes_seconds", seconds(compiled.passes)},     {"select_seconds", seconds(compiled.select)},
      {"allocate_seconds", seconds(compiled.allocate)}, {"emit_seconds", seconds(compiled.emit)}};
}

Result<std::string> dump_stage(const Engine& engine, const Module& module, uint32_t function,
                               const std::string& stage) {
  const auto which = stage == "built"        ? jit::DumpStage::built
                     : stage == "ir"         ? jit::DumpStage::ir
                     : stage == "machine"    ? jit::DumpStage::machine
                     : stage == "allocation" ? jit::DumpStage::allocation
                                             : jit::DumpStage::assembly;
  return jit::dump(engine, *detail::Access::image(module), function, which);
}
#else
const char* default_tier() noexcept { return "interp"; }
void add_compile_statistics(const Engine&, RunStatistics&) {}
Result<std::string> dump_stage(const Engine&, const Module&, uint32_t, const std::string&) {
  return std::string();
}
#endif

bool is_compiler_stage(const std::string& stage) {
  return stage == "built" || stage == "ir" || stage == "machine" || stage == "allocation" || stage == "asm";
}

}  // namespace heddle::tools
