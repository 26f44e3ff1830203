// SPDX-License-Identifier: Apache-2.0
// CodeReports: tells profilers and debuggers which machine code is which function.
//
// Perf: a line per piece of code in /tmp/perf-PID.map, where `perf report` looks for it, or records with the
// bytes in jit-PID.dump, for `perf inject --jit` ("jitdump", tools/perf/Documentation of Linux). GDB: an ELF
// file in memory for each piece, with one symbol and how to unwind its frames (GDB's manual, "JIT Compilation
// Interface"). Threads: any.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/support/thread_annotations.h"
#include "heddle/config.h"

namespace heddle::jit {

/// A piece of machine code and its name.
struct NamedCode {
  const uint8_t* begin = nullptr;
  uint32_t size = 0;
  std::string name;
};

/// The ELF file about a piece of code that GDB reads.
[[nodiscard]] std::vector<uint8_t> make_symbol_file(const NamedCode& code);

class CodeReports {
 public:
  explicit CodeReports(const CompilerOptions& options);
  ~CodeReports();
  CodeReports(const CodeReports&) = delete;
  CodeReports& operator=(const CodeReports&) = delete;

  /// Does anybody want to know?
  [[nodiscard]] bool wanted() const noexcept { return wanted_; }
  void added(const NamedCode& code) HEDDLE_EXCLUDES(mutex_);
  /// Before the code goes.
  void removed(const uint8_t* begin) HEDDLE_EXCLUDES(mutex_);

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, CloseFile>;
  struct DebuggerEntry;

  void open_perf_map();
  void open_jitdump(const std::string& folder);
  void write_jitdump(const NamedCode& code) HEDDLE_REQUIRES(mutex_);

  bool wanted_ = false;
  const bool debugger_;
  engine::Mutex mutex_;
  File perf_map_ HEDDLE_GUARDED_BY(mutex_);
  File jitdump_ HEDDLE_GUARDED_BY(mutex_);
  void* jitdump_mapping_ = nullptr;  ///< by it `perf record` learns of the file
  uint64_t jitdump_records_ HEDDLE_GUARDED_BY(mutex_) = 0;
  std::map<const uint8_t*, std::unique_ptr<DebuggerEntry>> entries_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::jit
