// SPDX-License-Identifier: Apache-2.0
// The whole pipeline: machine code pinned, for what it costs should not change unseen; and functions that are
// large. What small functions become stands in jit/testdata/asm/*.wat behind them.
#include "jit/tiering/function_compiler.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "engine/support/sanitizers.h"
#include "engine/support/test_golden.h"
#include "jit/build/test_build.h"
#include "jit/x64/disassemble.h"

namespace {

/// Of the whole process, by operator new.
std::atomic<size_t> live_bytes{0};
std::atomic<size_t> most_bytes{0};

}  // namespace

// Sanitizers have operators of their own.
#if !HEDDLE_ADDRESS_SANITIZER && !HEDDLE_THREAD_SANITIZER
void* operator new(size_t size) {
  void* const made = std::malloc(size);
  if (made == nullptr) std::abort();
  const size_t live = live_bytes += malloc_usable_size(made);
  size_t most = most_bytes;
  while (live > most && !most_bytes.compare_exchange_weak(most, live)) {
  }
  return made;
}
void operator delete(void* memory) noexcept {
  live_bytes -= memory == nullptr ? 0 : malloc_usable_size(memory);
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept { operator delete(memory); }
#endif

namespace heddle::jit {
namespace {

const engine::test::GoldenFiles kGolden("jit/testdata/asm", ";; CODE\n");

/// Code that is never run: all it names is somewhere.
PipelineOptions options_of_test() {
  static const x64::Stubs stubs{.enter = 0x1000,
                                .call_other_tier = 0x2000,
                                .call_runtime = 0x3000,
                                .trap = 0x4000,
                                .fault = 0x5000,
                                .poll = 0x6000};
  PipelineOptions options;
  options.build.guarded = true;
  options.stubs = &stubs;
  options.code_of = [](const engine::ModuleImage&, uint32_t index) {
    return reinterpret_cast<engine::FunctionCode*>(uintptr_t{0x10000} * (index + 1));
  };
  options.features = {.sse42 = true, .popcnt = true, .lzcnt = true, .bmi1 = true, .bmi2 = true, .avx = true};
  return options;
}

std::string code_of(const std::string& source) {
  const test::LoadedModule loaded = test::load_text(source);
  std::string text;
  if (loaded.module == nullptr) return text;
  FunctionCompiler compiler(options_of_test());
  for (uint32_t i = loaded.module->imported_functions; i < loaded.module->functions.size(); ++i) {
    const auto compiled = compiler.compile(*loaded.module, i, 0);
    EXPECT_TRUE(compiled.ok()) << (compiled.ok() ? "" : compiled.error().to_string());
    if (!compiled.ok()) continue;
    text += ";;\n" + engine::test::commented(loaded.module->function_name(i) + ":\n" +
                                             x64::disassemble(compiler.emitted()));
  }
  return text;
}

TEST(jit_function_compiler, code_is_as_written) {
  kGolden.compare(4, [](const std::string& source, const std::string&) { return code_of(source); });
}

TEST(jit_function_compiler, stops_when_nobody_wants_the_code) {
  const test::LoadedModule loaded = test::load_text("(module (func (result i32) (i32.const 1)))");
  ASSERT_NE(loaded.module, nullptr);
  FunctionCompiler compiler(options_of_test());
  std::atomic<bool> is_unwanted = true;
  EXPECT_FALSE(compiler.compile(*loaded.module, 0, 0, &is_unwanted).ok());
  is_unwanted = false;
  EXPECT_TRUE(compiler.compile(*loaded.module, 0, 0, &is_unwanted).ok());
}

/// A body of the same statement with other numbers, over and over.
std::string large_function(const std::function<std::string(unsigned)>& statement, unsigned count) {
  std::string text =
      "(module (memory 1) (func $small (param i32) (result i32) (if (result i32) (local.get 0)"
      "  (then (call $small (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 7))))"
      "(func $large (param i32 i32) (result i32) (local i32)";
  for (unsigned i = 0; i < 60; ++i) text += "(local i32)";
  for (unsigned i = 0; i < count; ++i) text += statement(i);
  return text + "(local.get 2)))";
}

std::string number(unsigned value) { return std::to_string(value); }
std::string local(unsigned value) { return "(local.get " + number(2 + value % 60) + ")"; }

/// 200,000 instructions are compiled, in memory that is in proportion to them.
void compiles_large(unsigned instructions, const std::function<std::string(unsigned)>& statement) {
  const test::LoadedModule loaded = test::load_text(large_function(statement, 200'000 / instructions));
  ASSERT_NE(loaded.module, nullptr);
  const uint32_t bytes = loaded.module->functions[1].body.size;
  const size_t before = live_bytes;
  most_bytes = before;
  FunctionCompiler compiler(options_of_test());
  const auto compiled = compiler.compile(*loaded.module, 1, 0);
  ASSERT_TRUE(compiled.ok()) << compiled.error().to_string();
  double seconds = 0;
  for (const auto& time : compiler.times()) seconds += std::chrono::duration<double>(time).count();
  if (engine::kAddressSanitizer || engine::kThreadSanitizer)
    GTEST_SKIP() << "compiled; a sanitizer's memory is not counted";
  const size_t per_byte = (most_bytes - before) / bytes;
  std::printf("  %u bytes of wasm in %.3f s, %zu bytes of memory for each\n", bytes, seconds, per_byte);
  EXPECT_LE(per_byte, 200u);
}

TEST(jit_function_compiler, large_of_arithmetic) {
  compiles_large(6, [](unsigned i) {
    return "(local.set " + number(2 + i % 60) + " (i32.xor (i32.mul " + local(i * 7) + " (i32.const " +
           number(i) + ")) " + local(i * 11) + "))";
  });
}
TEST(jit_function_compiler, large_of_branches) {
  compiles_large(9, [](unsigned i) {
    return "(if (i32.lt_s " + local(i * 7) + local(i * 3) + ") (then (local.set " + number(2 + i % 60) +
           local(i * 5) + ")) (else (local.set 2 (local.get 0))))";
  });
}
TEST(jit_function_compiler, large_of_loops) {
  compiles_large(11, [](unsigned i) {
    return "(loop (local.set 2 (i32.add (i32.load offset=" + number(i) +
           " (local.get 2)) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 2) (local.get 1))))";
  });
}
TEST(jit_function_compiler, large_of_calls) {
  compiles_large(5, [](unsigned i) {
    return "(local.set " + number(2 + i % 60) + " (i32.add (call $small " + local(i * 3) + ") " +
           local(i * 11) + "))";
  });
}
TEST(jit_function_compiler, large_of_floats) {
  compiles_large(9, [](unsigned i) {
    return "(f64.store (local.get 0) (f64.div (f64.load (local.get 1)) (f64.const " + number(i) +
           ".5))) (local.set 2 (i32.trunc_f64_s (f64.load (local.get 0))))";
  });
}

}  // namespace
}  // namespace heddle::jit
