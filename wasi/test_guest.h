// SPDX-License-Identifier: Apache-2.0
// What WASI's tests start from: a guest that hands every call on, its memory, and a directory to play in.
#pragma once

#include <gtest/gtest.h>
#include <heddle/heddle.h>
#include <heddle/wasi.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasi/functions.h"

namespace heddle::wasi {

inline void PrintTo(Errno error, std::ostream* stream) { *stream << to_string(error); }

/// A function's parameter types out of the function table.
template <class R, class... A>
std::vector<ValueType> parameters_of(R (*)(Call&, A...)) {
  return {heddle::detail::Native<A>::type()...};
}

struct FunctionRow {
  const char* name;
  std::vector<ValueType> parameters;
};

inline std::vector<FunctionRow> function_rows() {
  return {
#define HEDDLE_WASI_FUNCTION(name, ...) {#name, parameters_of(&functions::name)},
#include "wasi/functions.def"
  };
}

/// A module that imports every function and exports one of the same name that calls it.
inline std::string forwarding_module(std::string_view memory) {
  std::string imports, functions;
  for (const FunctionRow& row : function_rows()) {
    const std::string name = row.name;
    std::string type, arguments;
    for (size_t i = 0; i < row.parameters.size(); ++i) {
      type += " (param " + to_string(row.parameters[i]) + ")";
      arguments += " (local.get " + std::to_string(i) + ")";
    }
    if (name != "proc_exit") type += " (result i32)";
    imports += "(import \"wasi_snapshot_preview1\" \"" + name + "\" (func $" + name + type + "))\n";
    functions += "(func (export \"" + name + "\")" + type + " (call $" + name + arguments + "))\n";
  }
  return "(module " + imports + std::string(memory) + functions + ")";
}

/// What the tests have called so far, and with which answers: function_coverage_test.cpp demands that nothing
/// is left out. Not in it: what is called with random arguments. Threads: any.
class CalledFunctions {
 public:
  struct Answers {
    int successes = 0, refusals = 0;
  };
  static void note(const std::string& name, bool success) {
    const std::lock_guard lock(mutex_);
    ++(success ? answers_[name].successes : answers_[name].refusals);
  }
  static Answers of(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return answers_[name];
  }

 private:
  static inline std::mutex mutex_;
  static inline std::map<std::string, Answers> answers_;  ///< guarded by mutex_
};

/// One program: a store with an instance of its own.
class Guest {
 public:
  explicit Guest(const Config& config = {}) : Guest(detail::make_state(config)) {}
  explicit Guest(Result<std::shared_ptr<detail::State>> made)
      : state(std::move(made).value()),
        engine(Engine::create().value()),
        store(Store::create(engine).value()) {
    Linker linker(engine);
    EXPECT_TRUE(detail::add_functions(linker, "wasi_snapshot_preview1", state).ok());
    const auto module = Module::load_text(engine, forwarding_module("(memory (export \"memory\") 2)"));
    EXPECT_TRUE(module.ok()) << module.error().to_string();
    instance = linker.instantiate(store, *module).value();
    memory = instance.memory().value();
  }

  CallResult run(const char* name, std::initializer_list<Value> arguments) {
    CallResult result = instance.function(name)->call(arguments);
    const bool refuses = result.ok() && !result->empty() && (*result)[0].u32() != 0;
    // An exit is what an exit is for; a wait that is interrupted has not done its work.
    if (result.ok() || result.exit_code()) CalledFunctions::note(name, !refuses);
    return result;
  }
  /// The errno of a call that comes back.
  Errno call(const char* name, std::initializer_list<Value> arguments) {
    const CallResult result = run(name, arguments);
    EXPECT_TRUE(result.ok()) << name << ": " << result.message();
    return result.ok() ? static_cast<Errno>((*result)[0].u32()) : Errno::nosys;
  }

  void put(uint32_t address, std::string_view text) {
    EXPECT_TRUE(memory.write(address, {reinterpret_cast<const uint8_t*>(text.data()), text.size()}).ok());
  }
  template <class T>
  void put_value(uint32_t address, const T& value) {
    EXPECT_TRUE(memory.store(address, value).ok());
  }
  template <class T>
  T get(uint32_t address) {
    return memory.load<T>(address).value();
  }
  std::string text(uint32_t address, size_t size) {
    const auto bytes = memory.data().subspan(address, size);
    return {bytes.begin(), bytes.end()};
  }

  /// path_open with a path that stands at kPath afterwards; the descriptor, or the errno.
  Expected<Fd> open(Fd directory, std::string_view path, uint32_t open_flags, uint64_t base,
                    uint32_t fd_flags = 0, bool follow = true, uint64_t inheriting = rights::kAll) {
    put(kPath, path);
    const Errno error =
        call("path_open", {directory, follow ? 1 : 0, kPath, static_cast<uint32_t>(path.size()), open_flags,
                           base, inheriting, fd_flags, kOut});
    if (error != Errno::success) return error;
    return get<Fd>(kOut);
  }
  /// fd_write of one buffer; how much, or the errno.
  Expected<Size> write(Fd fd, std::string_view text) {
    put(kBuffer, text);
    put_value(kVectors, IoVector{kBuffer, static_cast<Size>(text.size())});
    const Errno error = call("fd_write", {fd, kVectors, 1, kOut});
    if (error != Errno::success) return error;
    return get<Size>(kOut);
  }
  /// fd_read of one buffer; what was read, or the errno.
  Expected<std::string> read(Fd fd, Size size) {
    put_value(kVectors, IoVector{kBuffer, size});
    const Errno error = call("fd_read", {fd, kVectors, 1, kOut});
    if (error != Errno::success) return error;
    return text(kBuffer, get<Size>(kOut));
  }
  /// A function that takes a descriptor and a path first and nothing else.
  Errno on_path(const char* name, Fd fd, std::string_view path) {
    put(kPath, path);
    return call(name, {fd, kPath, static_cast<uint32_t>(path.size())});
  }
  Expected<FileStat> stat(Fd fd, std::string_view path, bool follow = true) {
    put(kPath, path);
    const Errno error =
        call("path_filestat_get", {fd, follow ? 1 : 0, kPath, static_cast<uint32_t>(path.size()), kOut});
    if (error != Errno::success) return error;
    return get<FileStat>(kOut);
  }

  static constexpr uint32_t kOut = 64, kVectors = 512, kPath = 1024, kOtherPath = 8192, kBuffer = 16384;
  static constexpr uint32_t kOutside = 2u << 16;  ///< the first byte behind the memory

  std::shared_ptr<detail::State> state;
  Engine engine;
  Store store;
  Instance instance;
  Memory memory;
};

/// A directory that is gone with the test: `inside` is for the guest, what is beside it is not.
class Playground {
 public:
  Playground() {
    std::string pattern = (std::filesystem::temp_directory_path() / "heddle-wasi-XXXXXX").string();
    root = mkdtemp(pattern.data());
    inside = root / "inside";
    std::filesystem::create_directory(inside);
    write(root / "secret", "secret");
  }
  ~Playground() { std::filesystem::remove_all(root); }
  Playground(const Playground&) = delete;
  Playground& operator=(const Playground&) = delete;

  [[nodiscard]] Config config(bool read_only = false) const {
    Config config;
    config.directories = {{inside.string(), "/", read_only}};
    return config;
  }
  static void write(const std::filesystem::path& path, std::string_view text) { std::ofstream(path) << text; }
  static std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  static constexpr Fd kDirectory = 3;  ///< after the standard streams
  std::filesystem::path root;
  std::filesystem::path inside;
};

inline constexpr uint64_t kReadRights = rights::kOfFiles & ~rights::kWriting;
inline constexpr uint64_t kAllRights = rights::kAll;

}  // namespace heddle::wasi
