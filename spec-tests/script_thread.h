// SPDX-License-Identifier: Apache-2.0
// The threads of scripts: (thread $T ...) runs its commands on an operating-system thread with a context of
// its own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>

#include "spec-tests/context.h"
#include "spec-tests/recorder.h"
#include "spec-tests/runner.h"

namespace heddle::spec {

/// What all contexts of one running script share.
struct ScriptRun {
  const Script& script;
  const RunOptions& options;
  Recorder& recorder;
  Engine engine;

  /// Does --line leave this directive in?
  [[nodiscard]] bool judges(const Command& command) const;
};

/// Runs commands [begin, end) and joins the threads they started; how many directives failed.
uint64_t run_commands(const ScriptRun& run, Context& context, uint32_t begin, uint32_t end);

/// The threads one context has started. Owned by its thread.
class ScriptThreads {
 public:
  /// More than this at once, nested ones included, is refused: a script is input, too.
  static constexpr int kMaxThreads = 1024;

  ScriptThreads() = default;
  ~ScriptThreads() { join_all(); }
  ScriptThreads(const ScriptThreads&) = delete;
  ScriptThreads& operator=(const ScriptThreads&) = delete;

  [[nodiscard]] Result<void> start(const ScriptRun& run, const Context& parent, const Command& command,
                                   uint32_t index);
  /// Joins; an error if the thread is unknown or one of its directives failed.
  [[nodiscard]] Result<void> wait(const std::string& name);
  void join_all();

 private:
  struct Running {
    std::unique_ptr<Context> context;
    std::thread thread;
    uint64_t failures = 0;  ///< valid once joined
  };
  static void join(Running& running);

  std::map<std::string, std::unique_ptr<Running>> threads_;
};

}  // namespace heddle::spec
