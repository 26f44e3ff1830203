// SPDX-License-Identifier: Apache-2.0
// Writing the files of perf, and GDB's list.
#include "jit/tiering/code_reports.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <utility>

#include "engine/support/platform.h"
#include "jit/tiering/debugger_interface.h"

namespace heddle::jit {

using engine::MutexLock;

namespace {

// The format of jitdump files.
constexpr uint32_t kMagic = 0x4a695444, kVersion = 1, kCodeLoad = 0;

struct DumpHeader {
  uint32_t magic = kMagic;
  uint32_t version = kVersion;
  uint32_t size = sizeof(DumpHeader);
  uint32_t machine = EM_X86_64;
  uint32_t padding = 0;
  uint32_t process = 0;
  uint64_t time = 0;
  uint64_t flags = 0;
};

struct DumpedCode {
  uint32_t kind = kCodeLoad;
  uint32_t size = 0;
  uint64_t time = 0;
  uint32_t process = 0;
  uint32_t thread = 0;
  uint64_t virtual_address = 0;
  uint64_t address = 0;
  uint64_t code_size = 0;
  uint64_t number = 0;
};

/// As `perf record -k mono` tells it.
[[nodiscard]] uint64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

[[nodiscard]] std::string file_name(const std::string& begin, const char* end) {
  return begin + std::to_string(getpid()) + end;
}

/// All engines of the process share GDB's list.
engine::Mutex debugger_mutex;

constexpr uint32_t kRegister = 1, kUnregister = 2;

void tell_debugger(uint32_t action, jit_code_entry& entry) HEDDLE_REQUIRES(debugger_mutex) {
  __jit_debug_descriptor.action_flag = action;
  __jit_debug_descriptor.relevant_entry = &entry;
  __jit_debug_register_code();
  __jit_debug_descriptor.action_flag = 0;
}

}  // namespace

struct CodeReports::DebuggerEntry {
  explicit DebuggerEntry(const NamedCode& code) : file(make_symbol_file(code)) {
    MutexLock lock(debugger_mutex);
    entry.symfile_addr = file.data();
    entry.symfile_size = file.size();
    entry.next_entry = __jit_debug_descriptor.first_entry;
    if (entry.next_entry != nullptr) entry.next_entry->prev_entry = &entry;
    __jit_debug_descriptor.first_entry = &entry;
    tell_debugger(kRegister, entry);
  }
  ~DebuggerEntry() {
    MutexLock lock(debugger_mutex);
    if (entry.next_entry != nullptr) entry.next_entry->prev_entry = entry.prev_entry;
    (entry.prev_entry != nullptr ? entry.prev_entry->next_entry : __jit_debug_descriptor.first_entry) =
        entry.next_entry;
    tell_debugger(kUnregister, entry);
  }
  DebuggerEntry(const DebuggerEntry&) = delete;
  DebuggerEntry& operator=(const DebuggerEntry&) = delete;

  const std::vector<uint8_t> file;
  jit_code_entry entry{};
};

CodeReports::CodeReports(const CompilerOptions& options) : debugger_(options.debugger) {
  if (options.perf_map) open_perf_map();
  if (!options.jitdump_folder.empty()) open_jitdump(options.jitdump_folder);
  MutexLock lock(mutex_);
  wanted_ = debugger_ || perf_map_ != nullptr || jitdump_ != nullptr;
}

CodeReports::~CodeReports() {
  if (jitdump_mapping_ != nullptr) munmap(jitdump_mapping_, engine::host_page_size());
}

/// Shared by the engines of the process, so every line is appended at once.
void CodeReports::open_perf_map() {
  MutexLock lock(mutex_);
  perf_map_.reset(std::fopen(file_name("/tmp/perf-", ".map").c_str(), "ae"));
}

void CodeReports::open_jitdump(const std::string& folder) {
  MutexLock lock(mutex_);
  jitdump_.reset(std::fopen(file_name(folder + "/jit-", ".dump").c_str(), "w+e"));
  if (jitdump_ == nullptr) return;
  void* const mapping =
      mmap(nullptr, engine::host_page_size(), PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(jitdump_.get()), 0);
  if (mapping != MAP_FAILED) jitdump_mapping_ = mapping;
  DumpHeader header;
  header.process = static_cast<uint32_t>(getpid());
  header.time = now();
  (void)std::fwrite(&header, sizeof header, 1, jitdump_.get());
  (void)std::fflush(jitdump_.get());
}

void CodeReports::added(const NamedCode& code) {
  MutexLock lock(mutex_);
  if (perf_map_ != nullptr) {
    std::fprintf(perf_map_.get(), "%llx %x %s\n",
                 static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(code.begin)), code.size,
                 code.name.c_str());
    (void)std::fflush(perf_map_.get());
  }
  if (jitdump_ != nullptr) write_jitdump(code);
  if (debugger_) entries_.emplace(code.begin, std::make_unique<DebuggerEntry>(code));
}

void CodeReports::write_jitdump(const NamedCode& code) {
  DumpedCode record;
  record.size = static_cast<uint32_t>(sizeof record + code.name.size() + 1 + code.size);
  record.time = now();
  record.process = static_cast<uint32_t>(getpid());
  record.thread = static_cast<uint32_t>(syscall(SYS_gettid));
  record.virtual_address = record.address = reinterpret_cast<uintptr_t>(code.begin);
  record.code_size = code.size;
  record.number = jitdump_records_++;
  (void)std::fwrite(&record, sizeof record, 1, jitdump_.get());
  (void)std::fwrite(code.name.c_str(), code.name.size() + 1, 1, jitdump_.get());
  (void)std::fwrite(code.begin, code.size, 1, jitdump_.get());
  (void)std::fflush(jitdump_.get());
}

void CodeReports::removed(const uint8_t* begin) {
  MutexLock lock(mutex_);
  entries_.erase(begin);
}

}  // namespace heddle::jit
