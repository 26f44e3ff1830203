// SPDX-License-Identifier: Apache-2.0
// Execution: runs a whole module under small limits and writes down everything a guest could notice.
#pragma once

#include <heddle/heddle.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace heddle::fuzz {

struct ExecuteOptions {
  /// Checked unless the build has no sanitizers: AddressSanitizer wants SIGSEGV for itself.
  MemoryMode memory_mode = MemoryMode::checked;
  bool eager = false;
  bool gc_stress = false;  ///< collect garbage before every allocation
  uint64_t fuel = 20'000;  ///< for each call; 0: not counted
  /// For each call of a bounded_module(), so that tiers can be compared: then what they may do differently
  /// ends an observation, to run out of stack or memory. 0: it is none.
  uint32_t steps = 0;
  /// As Config has them.
  std::string tier = "interp";
  CompilerOptions compiler{};
  uint32_t calls = 40;  ///< exported functions called at most, in order
  uint32_t rounds = 2;  ///< how often all of them, with other arguments
  /// A planted bug, to prove that the oracle can fail: flips a bit of the n-th result of the run (1 is the
  /// first); 0: none.
  uint64_t flip_result = 0;
};

/// What happened, one line for each step: instantiation, each call with results or trap and fuel left, then
/// globals, tables and digests of the memories. Equal runs have equal lines.
struct Observation {
  std::vector<std::string> lines;
  /// A wait without end was interrupted, or some limit was met where tiers differ: nothing from here on is
  /// deterministic.
  bool interrupted = false;
  bool instantiated = false;
  uint64_t calls = 0;
  uint64_t returned = 0;
  uint64_t fuel_used = 0;
  std::vector<TrapKind> traps;
};

/// Has this build a compiler, and so more than one tier?
[[nodiscard]] bool has_compiler();

/// An engine, a store and an instance from scratch. `bytes` that do not load leave one line that says why.
[[nodiscard]] Observation execute(std::span<const uint8_t> bytes, const ExecuteOptions& options);

/// The first difference; empty if there is none.
[[nodiscard]] std::string difference(const Observation& a, const Observation& b);

}  // namespace heddle::fuzz
