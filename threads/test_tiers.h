// SPDX-License-Identifier: Apache-2.0
// Tests of guest threads run on several numbers of workers in the interpreter, and on two in compiled code.
#pragma once

#include <gtest/gtest.h>
#include <heddle/heddle.h>

#include <ostream>

#if HEDDLE_HAS_JIT
#include <heddle/jit.h>
#endif

namespace heddle::threads {

/// A test's parameter.
struct Setup {
  unsigned workers = 1;
  const char* tier = "interp";

  /// For WorkersOptions.
  operator unsigned() const { return workers; }  // NOLINT: as if it were the number alone
  friend void PrintTo(const Setup& setup, std::ostream* out) { *out << setup.workers << ' ' << setup.tier; }
};

/// Compiled when hot: at the second call, and all loops are entered in the middle, whatever the time.
[[nodiscard]] inline Engine engine_of(const Setup& setup) {
  Config config;
  config.tier = setup.tier;
#if HEDDLE_HAS_JIT
  config.compiler = jit::compiler();
  config.compiler_options.threads = 0;
  config.compiler_options.sample_interval = std::chrono::microseconds(0);
  config.compiler_options.hot_calls = 2;
#endif
  return *Engine::create(config);
}

[[nodiscard]] inline auto all_setups() {
#if HEDDLE_HAS_JIT
  return testing::Values(Setup{1}, Setup{2}, Setup{8}, Setup{1, "jit"}, Setup{8, "jit"}, Setup{2, "auto"});
#else
  return testing::Values(Setup{1}, Setup{2}, Setup{8});
#endif
}

}  // namespace heddle::threads
