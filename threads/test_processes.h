// SPDX-License-Identifier: Apache-2.0
// What tests of guest processes start from: programs of WASI and threads, and the states a thread can be in.
#pragma once

#include <gtest/gtest.h>
#include <heddle/threads.h>
#include <heddle/wasi.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <vector>

#include "engine/support/thread_annotations.h"
#include "threads/test_tiers.h"

namespace heddle::threads {

using std::chrono::milliseconds;

/// What all programs here import.
inline constexpr std::string_view kImports = R"(
  (memory (export "memory") (import "any" "memory") 1 1 shared)
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "test" "count" (func $count))
)";

/// States a thread can be in when the process ends.
struct State {
  const char* name;
  const char* code;
};
inline constexpr State kStates[] = {
    {"blocked", "(drop (memory.atomic.wait32 (i32.const 512) (i32.const 0) (i64.const -1)))"},
    {"blocked for long",
     "(drop (memory.atomic.wait32 (i32.const 512) (i32.const 0) (i64.const 100000000000)))"},
    {"busy", "(loop $l (br $l))"},
    {"calling", "(loop $l (call $nothing) (br $l))"},
    {"filling", "(loop $l (memory.fill (i32.const 4096) (i32.const 1) (i32.const 60000)) (br $l))"},
    {"reading", R"((i32.store (i32.const 600) (i32.const 700)) (i32.store (i32.const 604) (i32.const 1))
                   (drop (call $read (i32.const 0) (i32.const 600) (i32.const 1) (i32.const 608))))"},
    {"sleeping", R"((i64.store (i32.const 800) (i64.const 0)) (i64.store (i32.const 808) (i64.const 0))
                    (i32.store (i32.const 816) (i32.const 1)) (i64.store (i32.const 824) (i64.const 100000000000))
                    (i64.store (i32.const 832) (i64.const 0)) (i64.store (i32.const 840) (i64.const 0))
                    (drop (call $poll (i32.const 800) (i32.const 900) (i32.const 1) (i32.const 1000))))"},
};

class ProcessTest : public testing::TestWithParam<Setup> {
 protected:
  Process make(std::string_view body, const ProcessOptions& limits = {}) {
    const std::string text = "(module " + std::string(kImports) + std::string(body) + ")";
    auto module = Module::load_text(engine_, text);
    if (!module) ADD_FAILURE() << module.error().to_string();
    auto process = Process::create(
        engine_, workers_, *module, [this](Linker& linker) { return define(linker); }, limits);
    if (!process) ADD_FAILURE() << process.error().to_string();
    return std::move(*process);
  }

  Outcome<uint32_t> run(std::string_view body, const ProcessOptions& limits = {}) {
    return make(body, limits).run(milliseconds(60'000));
  }

  Result<void> define(Linker& linker) {
    // Standard input is a pipe in which nothing ever arrives.
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) ADD_FAILURE();
    wasi::Config config;
    config.input = wasi::Stdio::descriptor(pipe_ends[0]);
    config.blocking = workers_.blocking();
    config.clocks = workers_.clocks();
    auto context = wasi::Context::create(config);
    close(pipe_ends[0]);
    {
      // Several threads of a test may make processes.
      engine::MutexLock lock(pipes_mutex_);
      pipes_.push_back(pipe_ends[1]);
    }
    if (!context) return context.error();
    if (auto added = context->add_to(linker); !added) return added;
    return linker.wrap("test", "count", [this] { ++count_; });
  }

  void TearDown() override {
    engine::MutexLock lock(pipes_mutex_);
    for (const int fd : pipes_) close(fd);
  }

  Engine engine_ = engine_of(GetParam());
  Workers workers_{WorkersOptions{.threads = GetParam()}};
  engine::Mutex pipes_mutex_;
  std::vector<int> pipes_ HEDDLE_GUARDED_BY(pipes_mutex_);
  std::atomic<int> count_ = 0;
};

}  // namespace heddle::threads
