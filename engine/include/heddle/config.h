// SPDX-License-Identifier: Apache-2.0
// Config and limits: everything an embedder can choose, with defaults that suit most.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace heddle {

class Compiler;

/// How a guest's accesses to memory are kept inside it.
enum class MemoryMode : uint8_t {
  automatic,  ///< guarded where the host allows it, else checked
  guarded,    ///< guard pages and a signal handler: fastest; 8 GiB of address space per 32-bit memory
  checked,    ///< a comparison before every access: no signal handler, no large reservations
};

/// Which of the results that the specification allows relaxed SIMD instructions have. They differ from each
/// other only where the specification says so: swizzle indices from 16 on; truncation of what does not fit an
/// i32; masks of laneselect that are not all ones or zeros; min and max of NaN or of zeros of both signs; the
/// product of two Q15 -1; dot products whose right operand has its top bit. Multiply-add rounds twice in
/// both.
enum class RelaxedSimd : uint8_t {
  deterministic,  ///< those of the specification's deterministic profile, on every machine
  native,         ///< those the processor gives soonest; machines may differ
};

/// Modules beyond these are refused at load with ErrorKind::limit.
struct ModuleLimits {
  uint64_t module_bytes = uint64_t{1} << 30;  ///< 4 GiB are refused in any case
  uint32_t types = 1u << 20;
  uint32_t functions = 4'000'000;
  uint32_t imports = 1'000'000;
  uint32_t exports = 1'000'000;
  uint32_t globals = 1'000'000;
  uint32_t tables = 100'000;
  uint32_t memories = 10'000;
  uint32_t segments = 1'000'000;      ///< element and data segments, each
  uint32_t function_locals = 50'000;  ///< parameters included
  uint32_t function_bytes = 128u << 20;
  uint32_t parameters = 1'000;
  uint32_t results = 1'000;
};

/// How a compiler works. The defaults suit most; small figures have tests meet every path.
struct CompilerOptions {
  /// Threads that compile in the background for the tier "auto"; 0: whoever finds something hot compiles it.
  uint32_t threads = 1;
  /// Machine code of all modules together. What finds no room stays in the interpreter.
  uint64_t code_bytes = uint64_t{256} << 20;
  /// A function of more bytes of wasm code stays in the interpreter.
  uint32_t function_bytes = 1u << 20;
  /// How often running guests are asked where they are; zero: at every check, for tests that must not depend
  /// on time.
  std::chrono::microseconds sample_interval{1000};
  /// So many samples make a function, and the loop it was found in, hot.
  uint32_t hot_samples = 2;
  /// So many calls from compiled code make a function hot.
  uint32_t hot_calls = 200;
  /// Compile only the functions first_function <= index < end_function of every module: for finding the one
  /// that is compiled wrongly.
  uint32_t first_function = 0;
  uint32_t end_function = UINT32_MAX;
  /// Prove what the compiler makes: verify its values after each stage and run every register allocation
  /// symbolically. A fault ends the process. Debug builds do it always.
  bool checks = false;
  /// Tell `perf` the names of compiled functions: in /tmp/perf-PID.map.
  bool perf_map = false;
  /// Tell `perf inject` what perf_map says and the code with it: in jit-PID.dump of this folder. Empty: no.
  std::string jitdump_folder;
  /// Tell a debugger the names of compiled functions, by the interface of GDB. Costs a copy of their code.
  bool debugger = false;
};

/// How an engine works. Fixed once the engine exists, because compiled code depends on it.
struct Config {
  /// Who executes. "interp": the interpreter. "jit": every function is compiled before its first call.
  /// "auto": the interpreter first, compiled code for what gets hot. "jit" and "auto" need a compiler.
  std::string tier = "interp";
  const Compiler* compiler = nullptr;  ///< heddle::jit::compiler() of <heddle/jit.h>
  CompilerOptions compiler_options{};
  MemoryMode memory_mode = MemoryMode::automatic;
  bool fuel = false;  ///< count fuel; see StoreRef::set_fuel
  /// With fuel: count it anew after every atomic instruction and every call of an import by name, so that a
  /// scheduler that lets guests take turns by fuel (a deterministic run) can have others run between any two
  /// of them. Costs one more count for each; changes no result. Errors: usage, without fuel.
  bool preempt_at_atomics = false;
  /// Translate (with the tier "jit": compile) all functions when a module is loaded, not on their first call.
  bool eager = false;
  /// Threads on which a large module is validated, and compiled if that is `eager`; 1: the caller's only; 0:
  /// one per processor.
  uint32_t load_threads = 0;
  RelaxedSimd relaxed_simd = RelaxedSimd::deterministic;
  /// Accept modules that use custom descriptors and exact types, a proposal that may still change. It also
  /// lifts a rule of the standard: br_on_cast may cast to a type that is not below the one it comes from.
  bool custom_descriptors = false;
  bool gc_stress =
      false;  ///< collect garbage before every allocation: slow; finds forgotten references in tests
  ModuleLimits limits{};
};

/// What the guests of one store may take. Growing beyond fails as the guest expects (-1), creating is
/// refused.
struct StoreLimits {
  uint64_t memory_bytes = UINT64_MAX;    ///< all memories together
  uint64_t table_elements = 10'000'000;  ///< all tables together
  uint32_t instances = 10'000;
  uint64_t stack_bytes = uint64_t{1} << 20;  ///< the guest's call stack; fixed when the store is created
  /// The heap of structures, arrays and exceptions; a guest that needs more traps with
  /// TrapKind::out_of_memory.
  uint64_t gc_bytes = uint64_t{1} << 30;
};

}  // namespace heddle
