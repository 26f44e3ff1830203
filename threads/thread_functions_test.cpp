// SPDX-License-Identifier: Apache-2.0
// The functions whose names begin with thread_: what they do, and every row of their table of errors.
#include <gtest/gtest.h>
#include <heddle/memory.h>
#include <heddle/threads.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <vector>

#include "threads/test_tiers.h"

namespace heddle::threads {
namespace {

using std::chrono::milliseconds;

constexpr int32_t kAgain = -6, kBusy = -10, kDeadlock = -16, kFault = -21, kInvalid = -28, kNoEntry = -44,
                  kNoMemory = -48, kUnsupported = -58, kNoThread = -71, kTimedOut = -73;

/// What all guests here import, and names at fixed places. `is` compares, `see` tells the host.
constexpr std::string_view kFunctions = R"(
  (import "heddle" "thread_spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
  (import "heddle" "thread_wait" (func $wait (param i32 i64) (result i32)))
  (import "heddle" "thread_number" (func $number (param i32 i32) (result i32)))
  (import "heddle" "thread_result" (func $result (param i32 i32 i32) (result i64)))
  (import "heddle" "thread_set_result" (func $set_result (param i32 i32) (result i32)))
  (import "heddle" "thread_argument" (func $argument (param i32 i32) (result i64)))
  (import "heddle" "thread_data" (func $data (param i32 i32 i32) (result i64)))
  (import "heddle" "thread_set_data" (func $set_data (param i32 i32 i32) (result i32)))
  (import "heddle" "thread_memory" (func $memory (param i32 i64 i32 i32) (result i64)))
  (import "heddle" "thread_free" (func $free (param i32) (result i32)))
  (import "heddle" "thread_self" (func $self (result i32)))
  (import "heddle" "thread_parallelism" (func $parallelism (result i32)))
  (import "heddle" "thread_yield" (func $yield))
  (import "wasi" "thread-spawn" (func $wasi_spawn (param i32) (result i32)))
  (import "test" "is" (func $is (param i64 i64)))
  (import "test" "see" (func $see (param i64)))
  (import "test" "exit" (func $exit (param i32)))
)";
constexpr std::string_view kShared =
    R"((import "any" "memory" (memory 1 3 shared)) (export "memory" (memory 0)))";
constexpr std::string_view kOwn = R"((memory (export "memory") 1 3))";
constexpr std::string_view kNames = R"((data (i32.const 1024) "one     two     three   none    ")
  (func (export "wasi_thread_start") (param i32 i32)))";

class ThreadFunctionsTest : public testing::TestWithParam<Setup> {
 protected:
  Process make(std::string_view memory, std::string_view body, const ProcessOptions& options = {}) {
    return make_of("(module " + std::string(kFunctions) + std::string(memory) + std::string(kNames) +
                       std::string(body) + ")",
                   options);
  }
  Process make_of(const std::string& text, const ProcessOptions& options = {}) {
    auto module = Module::load_text(engine_, text);
    if (!module) ADD_FAILURE() << module.error().to_string();
    auto process = Process::create(
        engine_, workers_, *module, [this](Linker& linker) { return define(linker); }, options);
    if (!process) ADD_FAILURE() << process.error().to_string();
    return std::move(*process);
  }
  Outcome<uint32_t> run(std::string_view memory, std::string_view body, const ProcessOptions& options = {}) {
    return make(memory, body, options).run(milliseconds(60'000));
  }
  /// Runs to a good end, and what it did is as it should be.
  void expect_good(std::string_view memory, std::string_view body, const ProcessOptions& options = {}) {
    const auto outcome = run(memory, body, options);
    EXPECT_TRUE(outcome.ok()) << outcome.message();
    if (outcome.ok()) {
      EXPECT_EQ(*outcome, 0u);
    }
  }

  Result<void> define(Linker& linker) {
    if (auto added =
            linker.wrap("test", "is",
                        [](int64_t is, int64_t expected) -> HostResult {
                          if (is == expected) return {};
                          return Trap::host(std::to_string(is) + ", not " + std::to_string(expected));
                        });
        !added)
      return added;
    if (auto added = linker.wrap("test", "exit", [](int32_t code) -> HostResult { return Trap::exit(code); });
        !added)
      return added;
    if (auto added = linker.wrap("test", "fail",
                                 [](uint32_t line) -> HostResult {
                                   return Trap::host("line " + std::to_string(line) + " of the guest");
                                 });
        !added)
      return added;
    return linker.wrap("test", "see", [this](int64_t value) { seen_ += value; });
  }

  Engine engine_ = engine_of(GetParam());
  Workers workers_{WorkersOptions{.threads = GetParam()}};
  std::atomic<int64_t> seen_ = 0;
};

INSTANTIATE_TEST_SUITE_P(workers, ThreadFunctionsTest, all_setups());

/// `(spawn one ...)` and the like: the names stand at 1024, eight bytes each.
std::string spawn(std::string_view name, std::string_view argument = "(i32.const 0) (i32.const 0)",
                  int flags = 0) {
  const int at = name == "one" ? 1024 : name == "two" ? 1032 : name == "three" ? 1040 : 1048;
  return "(call $spawn (i32.const " + std::to_string(at) + ") (i32.const " + std::to_string(name.size()) +
         ") " + std::string(argument) + " (i32.const " + std::to_string(flags) + "))";
}
std::string isolated(std::string_view name, std::string_view argument = "(i32.const 0) (i32.const 0)") {
  return spawn(name, argument, 1);
}
std::string is32(const std::string& code, int64_t expected) {
  return "(call $is (i64.extend_i32_s " + code + ") (i64.const " + std::to_string(expected) + "))\n";
}
std::string is64(const std::string& code, int64_t expected) {
  return "(call $is " + code + " (i64.const " + std::to_string(expected) + "))\n";
}
std::string main_of(const std::string& code) {
  return "(func (export \"_start\") (local $t i32) (local $u i32) (local $i i32)\n" + code + ")";
}
/// Waits for $t: its status; then its number.
std::string joined(int status, int64_t number) {
  return is32("(call $wait (local.get $t) (i64.const -1))", status) +
         is32("(call $number (local.get $t) (i32.const 64))", 0) + is64("(i64.load (i32.const 64))", number) +
         is32("(call $free (local.get $t))", 0);
}

TEST_P(ThreadFunctionsTest, guests_of_the_header_run) {
  std::vector<uint8_t> bytes;
  const std::string path = std::string(HEDDLE_BINARY_DIR) + "/guests/thread_guest.wasm";
  if (FILE* const file = std::fopen(path.c_str(), "rb")) {
    for (int byte = std::fgetc(file); byte != EOF; byte = std::fgetc(file))
      bytes.push_back(static_cast<uint8_t>(byte));
    std::fclose(file);
  }
  ASSERT_FALSE(bytes.empty()) << path;
  const auto module = Module::load(engine_, std::move(bytes));
  ASSERT_TRUE(module.ok()) << module.error().to_string();
  auto process = Process::create(engine_, workers_, *module, [this](Linker& l) { return define(l); });
  ASSERT_TRUE(process.ok()) << process.error().to_string();
  const auto outcome = process->run(milliseconds(60'000));
  EXPECT_TRUE(outcome.ok()) << outcome.message();
}

TEST_P(ThreadFunctionsTest, shared_threads_find_their_argument_where_it_is) {
  expect_good(kShared,
              R"(
    (func (export "one") (param i32 i32) (result i32)
      (i32.store (i32.const 200) (i32.const 5))
      (i32.add (i32.load (local.get 0)) (local.get 1)))
    (func (export "two") (result i64) (i64.const -2))
    (func (export "three") (result i32) (i32.const -1)))" +
                  main_of("(i32.store (i32.const 100) (i32.const 30))"
                          "(local.set $t " +
                          spawn("one", "(i32.const 100) (i32.const 12)") + ")" + joined(0, 42) +
                          is32("(i32.load (i32.const 200))", 5) + "(local.set $t " + spawn("two") + ")" +
                          joined(0, -2) + "(local.set $t " + spawn("three") + ")" + joined(0, 4294967295)));
}

/// The thread doubles each byte of its argument, in a buffer that others of its kind would use, too.
constexpr const char* kDouble = R"(
  (func (export "one") (local i32)
    (call $is (call $argument (i32.const 300) (i32.const 2)) (i64.const 3))
    (call $is (i64.load (i32.const 300)) (i64.const 0x0201))
    (call $is (call $argument (i32.const 300) (i32.const 100)) (i64.const 3))
    (i32.store (i32.const 300) (i32.mul (i32.load (i32.const 300)) (i32.const 2)))
    (call $is (i64.extend_i32_s (call $set_result (i32.const 300) (i32.const 3))) (i64.const 0))))";

TEST_P(ThreadFunctionsTest, arguments_and_results_are_copied) {
  for (const bool is_isolated : {false, true}) {
    for (const std::string_view memory : {kShared, kOwn}) {
      if (!is_isolated && memory == kOwn) continue;
      SCOPED_TRACE(memory);
      expect_good(memory,
                  kDouble + main_of("(i32.store (i32.const 100) (i32.const 0x030201)) (local.set $t " +
                                    spawn("one", "(i32.const 100) (i32.const 3)", is_isolated ? 1 : 0) + ")" +
                                    // It was copied when the thread was spawned.
                                    "(i32.store (i32.const 100) (i32.const 0))" +
                                    is32("(call $wait (local.get $t) (i64.const -1))", 0) +
                                    is64("(call $result (local.get $t) (i32.const 400) (i32.const 2))", 3) +
                                    is64("(i64.load (i32.const 400))", 0x0402) +
                                    is64("(call $result (local.get $t) (i32.const 400) (i32.const 9))", 3) +
                                    is64("(i64.load (i32.const 400))", 0x060402) +
                                    is64("(call $result (local.get $t) (i32.const 0) (i32.const 0))", 3) +
                                    is64("(i64.load (i32.const 300))", is_isolated ? 0 : 0x060402) +
                                    is32("(call $free (local.get $t))", 0)));
    }
  }
}

TEST_P(ThreadFunctionsTest, a_thread_s_memory_is_read_within_its_bounds) {
  for (const std::string_view memory : {kShared, kOwn}) {
    SCOPED_TRACE(memory);
    const auto read = [](const char* from, int into, int size) {
      return "(call $memory (local.get $t) (i64.const " + std::string(from) + ") (i32.const " +
             std::to_string(into) + ") (i32.const " + std::to_string(size) + "))";
    };
    expect_good(memory,
                R"((func (export "one")
      (i64.store (i32.const 500) (i64.const 0x1122334455667788))
      (drop (memory.grow (i32.const 1))) (i32.store8 (i32.const 131071) (i32.const 9))))" +
                    main_of("(local.set $t " + isolated("one") + ")" +
                            is32("(call $wait (local.get $t) (i64.const -1))", 0) +
                            is64("(i64.load (i32.const 500))", 0) + is64(read("500", 600, 4), 4) +
                            is64("(i64.load (i32.const 600))", 0x55667788) +  // no byte more
                            is64(read("131071", 608, 8), 1) + is64("(i64.load (i32.const 608))", 9) +
                            is64(read("131072", 608, 8), 0) + is64(read("131073", 608, 8), kFault) +
                            is64(read("-1", 608, 8), kFault) + is64(read("500", 65535, 2), kFault) +
                            is64(read("500", -1, 0), kFault) + is64(read("0", 0, 65536), 65536) +
                            is32("(call $free (local.get $t))", 0) + is64(read("0", 0, 1), kNoThread)));
  }
}

TEST_P(ThreadFunctionsTest, the_next_isolated_thread_sees_nothing_of_the_one_before) {
  Process process = make(kOwn, R"((global $g (mut i32) (i32.const 3)) (table $tab 4 funcref)
    (data $d "x") (elem declare func $fill)
    (func $fill)
    (func (export "one")
      (call $is (i64.extend_i32_s (global.get $g)) (i64.const 3)) (global.set $g (i32.const 4))
      (call $is (i64.extend_i32_s (ref.is_null (table.get $tab (i32.const 1)))) (i64.const 1))
      (table.set $tab (i32.const 1) (ref.func $fill))
      (call $is (i64.extend_i32_s (memory.size)) (i64.const 1)) (drop (memory.grow (i32.const 1)))
      (call $is (i64.load (i32.const 40000)) (i64.const 0)) (i64.store (i32.const 40000) (i64.const -1))
      (memory.init $d (i32.const 50000) (i32.const 0) (i32.const 1)) (data.drop $d)))" +
                                   main_of("(loop $l (local.set $t " + isolated("one") + ")" + joined(0, 0) +
                                           "(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) "
                                           "(i32.const 1))) (i32.const 300))))"));
  const auto outcome = process.run(milliseconds(60'000));
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(process.statistics().spawned, 301u);
  EXPECT_LT(process.statistics().new_instances, 10u);
}

TEST_P(ThreadFunctionsTest, data_is_anybody_s) {
  expect_good(kShared,
              R"(
    (func (export "one")
      (call $is (i64.extend_i32_s (call $set_data (call $self) (i32.const 1024) (i32.const 3))) (i64.const 0))
      (i32.atomic.store (i32.const 800) (i32.const 1)) (drop (memory.atomic.notify (i32.const 800) (i32.const 1)))
      (drop (memory.atomic.wait32 (i32.const 804) (i32.const 0) (i64.const -1)))
      (call $is (call $data (call $self) (i32.const 808) (i32.const 2)) (i64.const 5))))" +
                  main_of("(local.set $t " + spawn("one") + ")" +
                          "(drop (memory.atomic.wait32 (i32.const 800) (i32.const 0) (i64.const -1)))" +
                          is64("(call $data (local.get $t) (i32.const 700) (i32.const 9))", 3) +
                          is64("(i64.load (i32.const 700))", 0x656e6f) +  // "one"
                          is32("(call $set_data (local.get $t) (i32.const 1040) (i32.const 5))", 0) +
                          "(i32.atomic.store (i32.const 804) (i32.const 1))"
                          "(drop (memory.atomic.notify (i32.const 804) (i32.const 1)))" +
                          is32("(call $wait (local.get $t) (i64.const -1))", 0) +
                          is64("(call $data (local.get $t) (i32.const 700) (i32.const 9))", 5) +
                          is32("(call $set_data (local.get $t) (i32.const 0) (i32.const 0))", 0) +
                          is64("(call $data (local.get $t) (i32.const 700) (i32.const 9))", 0)));
}

TEST_P(ThreadFunctionsTest, threads_know_themselves_and_how_many_run) {
  expect_good(kShared, "(func (export \"one\") (result i32) (call $self))" +
                           main_of(is32("(call $self)", 0) +
                                   is32("(call $parallelism)", static_cast<int>(GetParam())) +
                                   "(call $yield) (local.set $t " + spawn("one") +
                                   ") (i32.store (i32.const 90) (local.get $t))"
                                   "(drop (call $wait (local.get $t) (i64.const -1)))"
                                   "(drop (call $number (local.get $t) (i32.const 80)))" +
                                   "(call $is (i64.load (i32.const 80)) (i64.extend_i32_s (local.get $t)))"));
}

// The table of errors.

TEST_P(ThreadFunctionsTest, bad_numbers_of_threads_are_told) {
  std::string code;
  for (const char* id : {"0", "1", "-1", "123456", "536870912", "0x80000000"}) {
    const std::string t = "(i32.const " + std::string(id) + ")";
    code += is32("(call $number " + t + " (i32.const 64))", kNoThread);
    code += is64("(call $result " + t + " (i32.const 64) (i32.const 8))", kNoThread);
    code += is64("(call $data " + t + " (i32.const 64) (i32.const 8))", kNoThread);
    code += is32("(call $set_data " + t + " (i32.const 64) (i32.const 8))", kNoThread);
    code += is64("(call $memory " + t + " (i64.const 0) (i32.const 64) (i32.const 8))", kNoThread);
    code += is32("(call $free " + t + ")", kNoThread);
    for (const char* timeout : {"-1", "0", "9223372036854775807"}) {
      code += is32("(call $wait " + t + " (i64.const " + timeout + "))", kNoThread);
    }
  }
  expect_good(kOwn, main_of(code));
}

TEST_P(ThreadFunctionsTest, a_freed_thread_is_gone) {
  expect_good(kShared,
              "(func (export \"one\"))" +
                  main_of("(local.set $t " + spawn("one") + ")" + joined(0, 0) +
                          is32("(call $free (local.get $t))", kNoThread) +
                          is32("(call $wait (local.get $t) (i64.const -1))", kNoThread) +
                          is32("(call $number (local.get $t) (i32.const 64))", kNoThread) +
                          is64("(call $data (local.get $t) (i32.const 64) (i32.const 8))", kNoThread)));
}

TEST_P(ThreadFunctionsTest, bad_pointers_are_told) {
  std::string code = "(local.set $t " + isolated("one") + ")";
  for (const char* place : {"(i32.const 65530) (i32.const 7)", "(i32.const -1) (i32.const 0)",
                            "(i32.const 0) (i32.const -1)", "(i32.const -1) (i32.const -1)"}) {
    const std::string at(place);
    code += is32("(call $spawn " + at + " (i32.const 0) (i32.const 0) (i32.const 0))", kFault);
    code += is32(isolated("one", at), kFault);
    code += is32("(call $set_data (local.get $t) " + at + ")", kFault);
    code += is64("(call $data (local.get $t) " + at + ")", kFault);
    code += is64("(call $memory (local.get $t) (i64.const 0) " + at + ")", kFault);
  }
  code += is32("(call $number (local.get $t) (i32.const 65529))", kFault);
  code += is32("(call $wait (local.get $t) (i64.const -1))", 0);
  code += is64("(call $result (local.get $t) (i32.const 65530) (i32.const 7))", kFault);
  code += is64("(call $result (local.get $t) (i32.const -1) (i32.const 0))", kFault);
  expect_good(kOwn, R"((func (export "one")
      (call $is (i64.extend_i32_s (call $set_result (i32.const -1) (i32.const 2))) (i64.const -21))
      (call $is (call $argument (i32.const 65530) (i32.const 7)) (i64.const -21))))" +
                        main_of(code));
}

TEST_P(ThreadFunctionsTest, what_no_thread_can_run_is_told) {
  constexpr const char* kEntries = R"(
    (func (export "one") (param i32 i32)) (func (export "two") (param i64)) (func (export "three") (result f32)
      (f32.const 0)))";
  for (const std::string_view memory : {kShared, kOwn}) {
    expect_good(
        memory,
        kEntries + main_of(is32(spawn("none"), kNoEntry) + is32(spawn("two"), kInvalid) +
                           is32(spawn("three"), kInvalid) + is32(isolated("one"), kInvalid) +
                           is32(spawn("one", "(i32.const 0) (i32.const 0)", 4), kInvalid) +
                           is32("(call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) "
                                "(i32.const 0))",
                                kNoEntry) +
                           is32("(call $spawn (i32.const 0) (i32.const 60000) (i32.const 0) (i32.const 0) "
                                "(i32.const 0))",
                                kNoEntry) +
                           is32("(call $set_result (i32.const 0) (i32.const 0))", kUnsupported) +
                           is64("(call $argument (i32.const 0) (i32.const 0))", kUnsupported)));
  }
}

TEST_P(ThreadFunctionsTest, who_has_no_shared_memory_shares_none) {
  expect_good(kOwn, "(func (export \"one\"))" + main_of(is32(spawn("one"), kUnsupported)));
  // An isolated thread's memory is its own, but it may have isolated threads.
  expect_good(kShared, "(func (export \"one\") " + is32(spawn("two"), kUnsupported) +
                           is32("(call $wasi_spawn (i32.const 0))", -58) + "(if (i32.le_s " +
                           isolated("two") +
                           " (i32.const 0)) (then (unreachable)))) (func (export \"two\"))" +
                           main_of("(local.set $t " + isolated("one") + ")" + joined(0, 0)));
  // A shared one has no memory that would be there for others to read.
  expect_good(
      kShared,
      "(func (export \"one\"))" +
          main_of(
              "(local.set $t " + spawn("one") + ")" + is32("(call $wait (local.get $t) (i64.const -1))", 0) +
              is64("(call $memory (local.get $t) (i64.const 0) (i32.const 0) (i32.const 1))", kUnsupported)));
}

TEST_P(ThreadFunctionsTest, a_memory_of_the_host_is_not_isolated) {
  const auto module =
      Module::load_text(engine_, "(module " + std::string(kFunctions) + std::string(kShared) +
                                     std::string(kNames) + "(func (export \"one\"))" +
                                     main_of(is32(isolated("one"), kUnsupported) + "(local.set $t " +
                                             spawn("one") + ")" + joined(0, 0)) +
                                     ")");
  ASSERT_TRUE(module.ok()) << module.error().to_string();
  const auto memory = SharedMemory::create(engine_, {.min = 1, .max = 3});
  auto process = Process::create(engine_, workers_, *module, [&](Linker& linker) -> Result<void> {
    if (auto defined = linker.define("any", "memory", *memory); !defined) return defined;
    return define(linker);
  });
  ASSERT_TRUE(process.ok()) << process.error().to_string();
  const auto outcome = process->run(milliseconds(60'000));
  EXPECT_TRUE(outcome.ok()) << outcome.message();
}

TEST_P(ThreadFunctionsTest, a_thread_that_runs_is_busy) {
  expect_good(
      kShared,
      R"((func (export "one") (drop (memory.atomic.wait32 (i32.const 800) (i32.const 0) (i64.const -1)))
      (call $is (i64.extend_i32_s (call $free (call $self))) (i64.const -10))))" +
          main_of("(local.set $t " + spawn("one") + ")" + is32("(call $free (local.get $t))", kBusy) +
                  is32("(call $number (local.get $t) (i32.const 64))", kBusy) +
                  is64("(call $result (local.get $t) (i32.const 64) (i32.const 8))", kBusy) +
                  is64("(call $memory (local.get $t) (i64.const 0) (i32.const 64) (i32.const 8))", kBusy) +
                  is32("(call $wait (local.get $t) (i64.const 0))", kTimedOut) +
                  is32("(call $wait (local.get $t) (i64.const 2000000))", kTimedOut) +
                  "(i32.atomic.store (i32.const 800) (i32.const 1))"
                  "(drop (memory.atomic.notify (i32.const 800) (i32.const 1)))" +
                  is32("(call $wait (local.get $t) (i64.const 9223372036854775807))", 0) +
                  is32("(call $wait (local.get $t) (i64.const 0))", 0) +
                  is32("(call $free (local.get $t))", 0)));
}

TEST_P(ThreadFunctionsTest, nobody_waits_for_itself) {
  expect_good(kShared, R"((func (export "one")
      (call $is (i64.extend_i32_s (call $wait (call $self) (i64.const -1))) (i64.const -16))
      (call $is (i64.extend_i32_s (call $wait (call $self) (i64.const 5))) (i64.const -16))))" +
                           main_of("(local.set $t " + spawn("one") + ")" + joined(0, 0)));
}

/// Each waits for the next one; whoever comes last would close the circle, and is told.
TEST_P(ThreadFunctionsTest, waits_in_a_circle_are_told) {
  for (const int threads : {2, 3, 20}) {
    const std::string count = std::to_string(threads);
    seen_ = 0;
    expect_good(
        kShared,
        R"((func (export "one") (param $me i32) (param i32) (local $next i32)
      (drop (memory.atomic.wait32 (i32.const 800) (i32.const 0) (i64.const -1)))
      (local.set $next (i32.rem_u (i32.add (local.get $me) (i32.const 1)) (i32.const )" +
            count + R"()))
      (call $see (i64.extend_i32_s
        (call $wait (i32.load (i32.add (i32.const 2000) (i32.mul (local.get $next) (i32.const 4)))) (i64.const -1)))))
      )" +
            main_of(
                "(loop $l (i32.store (i32.add (i32.const 2000) (i32.mul (local.get $i) (i32.const 4))) " +
                spawn("one", "(local.get $i) (i32.const 0)") +
                ") (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const " +
                count + R"())))
      (i32.atomic.store (i32.const 800) (i32.const 1)) (drop (memory.atomic.notify (i32.const 800) (i32.const -1)))
      (loop $l (local.set $i (i32.sub (local.get $i) (i32.const 1)))
        (drop (call $wait (i32.load (i32.add (i32.const 2000) (i32.mul (local.get $i) (i32.const 4)))) (i64.const -1)))
        (br_if $l (local.get $i))))"));
    EXPECT_EQ(seen_, kDeadlock) << "exactly one of " << threads;
  }
}

// Endings.

TEST_P(ThreadFunctionsTest, what_an_isolated_thread_does_ends_only_itself) {
  for (const std::string_view memory : {kShared, kOwn}) {
    expect_good(memory, R"((func (export "one") (unreachable))
      (func (export "two") (call $exit (i32.const 77)))
      (func $deep (export "three") (call $deep)))" +
                            main_of("(local.set $t " + isolated("one") + ")" +
                                    is32("(call $wait (local.get $t) (i64.const -1))", 2) +
                                    is64("(call $result (local.get $t) (i32.const 700) (i32.const 8))", 11) +
                                    is64("(i64.load (i32.const 700))", 0x6168636165726e75) +
                                    "(local.set $t " + isolated("two") + ")" + joined(1, 77) +
                                    "(local.set $t " + isolated("three") + ")" + joined(2, 0)));
  }
}

TEST_P(ThreadFunctionsTest, what_a_shared_thread_does_ends_all) {
  for (const auto& [code, wanted] :
       {std::pair{"(unreachable)", "unreachable"}, {"(call $exit (i32.const 9))", ""}}) {
    const auto outcome = run(kShared, "(func (export \"one\") " + std::string(code) + ")" +
                                          main_of("(local.set $t " + spawn("one") +
                                                  ") (drop (call $wait (local.get $t) (i64.const -1)))"
                                                  "(loop $l (br $l))"));
    if (*wanted == '\0') {
      ASSERT_TRUE(outcome.ok()) << outcome.message();
      EXPECT_EQ(*outcome, 9u);
    } else {
      ASSERT_TRUE(outcome.trapped());
      EXPECT_EQ(outcome.trap().kind, TrapKind::unreachable);
    }
  }
}

/// A hundred threads wait for one that never ends, with and without a time limit; the process ends them.
TEST_P(ThreadFunctionsTest, an_exit_ends_those_who_wait) {
  const auto outcome = run(kShared, R"(
    (func (export "one") (loop $l (call $yield) (br $l)))
    (func (export "two") (drop (call $wait (i32.const 1) (i64.const -1))))
    (func (export "three") (drop (call $wait (i32.const 1) (i64.const 100000000000)))))" +
                                        main_of("(drop " + spawn("one") + ") (loop $l (drop " + spawn("two") +
                                                ") (drop " + spawn("three") +
                                                ") (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) "
                                                "(i32.const 1))) (i32.const 50))))"
                                                "(drop (call $wait (i32.const 1) (i64.const 1000000)))"
                                                "(call $exit (i32.const 6))"));
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(*outcome, 6u);
}

TEST_P(ThreadFunctionsTest, a_deadlock_through_a_wait_is_reported) {
  const auto outcome = run(kShared, R"((func $sleep (export "one")
      (drop (memory.atomic.wait32 (i32.const 800) (i32.const 0) (i64.const -1)))))" +
                                        main_of("(drop (call $wait " + spawn("one") + " (i64.const -1)))"));
  ASSERT_TRUE(outcome.trapped()) << outcome.message();
  const std::string& report = outcome.trap().message;
  EXPECT_NE(report.find("deadlock: all 2 threads"), std::string::npos) << report;
  EXPECT_NE(report.find("thread 0 waits for the end of thread 1\n    in _start"), std::string::npos)
      << report;
  EXPECT_NE(report.find("thread 1 waits at address 800\n    in sleep"), std::string::npos) << report;
}

TEST_P(ThreadFunctionsTest, many_wait_for_one) {
  seen_ = 0;
  expect_good(kShared,
              R"(
    (func (export "one") (result i32)
      (drop (memory.atomic.wait32 (i32.const 800) (i32.const 0) (i64.const -1))) (i32.const 5))
    (func (export "two")
      (call $is (i64.extend_i32_s (call $wait (i32.const 1) (i64.const -1))) (i64.const 0)) (call $see (i64.const 1))))" +
                  main_of("(drop " + spawn("one") + ") (loop $l (drop " + spawn("two") +
                          ") (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) "
                          "(i32.const 500))))"
                          "(i32.atomic.store (i32.const 800) (i32.const 1))"
                          "(drop (memory.atomic.notify (i32.const 800) (i32.const 1)))"
                          "(loop $l (drop (call $wait (i32.add (local.get $i) (i32.const 1)) (i64.const -1)))"
                          "(br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"));
  EXPECT_EQ(seen_, 500);
}

// Limits.

TEST_P(ThreadFunctionsTest, what_is_not_freed_takes_a_place) {
  ProcessOptions options;
  options.threads = 5;
  expect_good(kShared,
              "(func (export \"one\"))" +
                  main_of("(loop $l (local.set $t " + spawn("one") +
                          ") (drop (call $wait (local.get $t) (i64.const -1)))"
                          "(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) "
                          "(i32.const 4))))" +
                          is32(spawn("one"), kAgain) + is32("(call $wasi_spawn (i32.const 0))", kAgain) +
                          is32("(call $free (local.get $t))", 0) + "(local.set $t " + spawn("one") + ")" +
                          joined(0, 0)),
              options);
}

/// Detached threads need no freeing: far more than the limit come to be, one after the other.
TEST_P(ThreadFunctionsTest, storms_of_detached_threads_end) {
  ProcessOptions options;
  options.threads = 20;
  for (const int flags : {2, 3}) {
    seen_ = 0;
    Process process =
        make(kShared,
             "(func (export \"one\") (call $see (i64.const 1)))" +
                 main_of("(loop $l (local.set $t " + spawn("one", "(i32.const 0) (i32.const 16)", flags) +
                         R"() (if (i32.eq (local.get $t) (i32.const -6)) (then (call $yield) (br $l)))
      (call $is (i64.extend_i32_u (i32.gt_s (local.get $t) (i32.const 0))) (i64.const 1))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000)))))"),
             options);
    const auto outcome = process.run(milliseconds(60'000));
    ASSERT_TRUE(outcome.ok()) << outcome.message();
    EXPECT_EQ(process.statistics().spawned, 2001u);
    EXPECT_LE(process.statistics().most_live, 20u);
    EXPECT_GE(seen_, 2000 - 20);
  }
}

TEST_P(ThreadFunctionsTest, a_spawn_in_the_start_function_ends_at_the_limit) {
  ProcessOptions options;
  options.threads = 50;
  options.spawns = 500;
  expect_good(kShared,
              "(func (export \"one\")) (func $go (call $see (i64.const 1)) (drop " +
                  spawn("one", "(i32.const 0) (i32.const 0)", 2) + ")) (start $go)" + main_of(""),
              options);
  EXPECT_GE(seen_, 1);
  EXPECT_LE(seen_, 500);
}

TEST_P(ThreadFunctionsTest, the_host_keeps_so_many_bytes) {
  ProcessOptions options;
  options.kept_bytes = 1000;
  expect_good(kOwn,
              R"((func (export "one")
      (call $is (i64.extend_i32_s (call $set_result (i32.const 0) (i32.const 701))) (i64.const -48))
      (call $is (i64.extend_i32_s (call $set_result (i32.const 0) (i32.const 700))) (i64.const 0))
      (call $is (i64.extend_i32_s (call $set_result (i32.const 0) (i32.const 400))) (i64.const 0))))" +
                  main_of(is32(isolated("one", "(i32.const 0) (i32.const 1001)"), kNoMemory) +
                          "(local.set $t " + isolated("one", "(i32.const 0) (i32.const 300)") + ")" +
                          is32("(call $wait (local.get $t) (i64.const -1))", 0) +
                          is32("(call $set_data (local.get $t) (i32.const 0) (i32.const 301))", kNoMemory) +
                          is32("(call $set_data (local.get $t) (i32.const 0) (i32.const 300))", 0) +
                          is32(isolated("one", "(i32.const 0) (i32.const 1)"), kNoMemory) +
                          is32("(call $free (local.get $t))", 0) + "(local.set $t " +
                          isolated("one", "(i32.const 0) (i32.const 300)") + ")" + joined(0, 0)),
              options);
}

TEST_P(ThreadFunctionsTest, the_memory_of_an_isolated_thread_has_the_thread_s_limit) {
  ProcessOptions options;
  options.thread.memory_bytes = 2 << 16;
  expect_good(kShared,
              R"((func (export "one") (result i32)
      (drop (memory.grow (i32.const 1))) (memory.grow (i32.const 1))))" +
                  main_of("(local.set $t " + isolated("one") + ")" + joined(0, 4294967295)),
              options);
  options.thread.memory_bytes = 100;
  expect_good(kShared,
              "(func (export \"one\"))" + main_of("(local.set $t " + isolated("one") + ")" + joined(2, 0)),
              options);
}

TEST(deterministic_thread_functions, waits_go_by_the_virtual_clock) {
  Config config;
  config.fuel = true;
  const Engine engine = *Engine::create(config);
  const Workers workers({.order = Order::random, .seed = 3});
  const auto module = Module::load_text(
      engine, "(module " + std::string(kFunctions) + std::string(kShared) + std::string(kNames) +
                  R"((func (export "one")  ;; half a year
      (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 15768000000000000)))))" +
                  main_of("(local.set $t " + spawn("one") + ")" +
                          is32("(call $wait (local.get $t) (i64.const 1000000000000))", kTimedOut) +
                          is32("(call $wait (local.get $t) (i64.const 31536000000000000))", 0)) +
                  ")");
  ASSERT_TRUE(module.ok()) << module.error().to_string();
  auto process = Process::create(engine, workers, *module, [](Linker& linker) -> Result<void> {
    (void)linker.wrap("test", "see", [](int64_t) {});
    (void)linker.wrap("test", "exit", [](int32_t) {});
    return linker.wrap("test", "is", [](int64_t is, int64_t expected) { EXPECT_EQ(is, expected); });
  });
  ASSERT_TRUE(process.ok()) << process.error().to_string();
  const auto outcome = process->run();
  EXPECT_TRUE(outcome.ok()) << outcome.message();
}

}  // namespace
}  // namespace heddle::threads
