// SPDX-License-Identifier: Apache-2.0
// GuestProcess: spawning, the ending, and the public Process.
#include "threads/guest_process.h"

#include <heddle/memory.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/support/escape.h"
#include "engine/support/try.h"
#include "threads/wasi_threads.h"
#include "threads/workers.h"

namespace heddle::threads {

namespace {

/// Ids are below 2^29. (wasi-threads)
constexpr uint32_t kMostId = (uint32_t{1} << 29) - 1;
/// How often deadlocks are looked for.
constexpr std::chrono::milliseconds kDeadlockInterval{100};
/// Threads of a deadlock that its report tells of, and frames of each.
constexpr size_t kMostReported = 16;
constexpr size_t kMostFrames = 4;

std::string describe(const Frame& frame) {
  const std::string function = frame.function.empty() ? std::to_string(frame.index) : frame.function;
  return "in " + engine::escape_for_terminal(function);
}

Error usage(std::string message) {
  Error error;
  error.kind = ErrorKind::usage;
  error.message = std::move(message);
  return error;
}

}  // namespace

GuestProcess::GuestProcess(const Engine& engine, Scheduler& scheduler, Module module,
                           const ProcessOptions& options)
    : engine_(engine),
      scheduler_(scheduler),
      module_(std::move(module)),
      options_(options),
      can_spawn_(exports_thread_start(module_)),
      entries_(module_),
      linker_(engine),
      table_(options.kept_bytes) {}

GuestProcess::~GuestProcess() { table_.clear(); }

Result<void> GuestProcess::link(const Process::Define& define) {
  if (define) HEDDLE_TRY(define(linker_));
  // Weakly: the process owns the linker.
  HEDDLE_TRY(define_wasi_threads(linker_, [process = weak_from_this()](int32_t argument) {
    const std::shared_ptr<GuestProcess> alive = process.lock();
    return alive == nullptr ? kSpawnRefused : alive->spawn(argument);
  }));
  HEDDLE_TRY(define_thread_functions(linker_, weak_from_this()));
  HEDDLE_TRY(provide_memories());
  if (const auto missing = linker_.missing(module_); !missing.empty()) {
    Error error = usage("unknown import \"" + missing[0].module + "\" \"" + missing[0].name + "\" " +
                        to_string(missing[0].type));
    error.kind = ErrorKind::link;
    return error;
  }
  pool_.emplace(engine_, module_, linker_, options_.thread);
  if (!shared_memories_.empty()) {
    isolated_pool_.emplace(engine_, module_, *isolated_linker_, options_.thread,
                           [this](Linker& linker) { return define_own_memories(linker); });
  }
  return {};
}

/// Shared memories that nobody has defined are the process's own, whatever they are called. (wasi-threads)
Result<void> GuestProcess::provide_memories() {
  isolated_linker_ = linker_.clone();
  for (ImportType& import : linker_.missing(module_)) {
    const auto* type = std::get_if<MemoryType>(&import.type);
    if (type == nullptr || !type->is_shared) continue;
    HEDDLE_TRY_ASSIGN(const SharedMemory memory, SharedMemory::create(engine_, *type));
    HEDDLE_TRY(linker_.define(import.module, import.name, memory));
    shared_memories_.push_back(std::move(import));
  }
  const auto imported = std::ranges::count_if(module_.imports(), [](const ImportType& import) {
    return std::holds_alternative<MemoryType>(import.type);
  });
  has_shared_memory_ = imported != 0;
  has_foreign_memory_ = static_cast<size_t>(imported) > shared_memories_.size();
  return {};
}

/// An isolated thread's, in place of those that the others share. They count against its limit.
Result<void> GuestProcess::define_own_memories(Linker& linker) const {
  uint64_t left = options_.thread.memory_bytes;
  for (const ImportType& import : shared_memories_) {
    MemoryType type = *std::get_if<MemoryType>(&import.type);
    const uint64_t page = uint64_t{1} << type.page_size_log2;
    type.max = std::min(type.max.value_or(0), left / page);
    if (*type.max < type.min) {
      Error error = usage("the memory of an isolated thread is larger than its limit");
      error.kind = ErrorKind::resource;
      return error;
    }
    left -= *type.max * page;
    HEDDLE_TRY_ASSIGN(const SharedMemory memory, SharedMemory::create(engine_, type));
    HEDDLE_TRY(linker.define(import.module, import.name, memory));
  }
  return {};
}

Outcome<uint32_t> GuestProcess::run(std::optional<std::chrono::nanoseconds> timeout) {
  engine::MutexLock lock(mutex_);
  if (std::exchange(has_run_, true)) return usage("a process runs once: create another one");
  if (ending_ == nullptr && !start(0, 0, nullptr)) {
    Error error = usage("the host has no memory for the stack of a guest thread, or no thread to run it");
    error.kind = ErrorKind::resource;
    ending_ = std::make_unique<Failure>(std::move(error));
  }
  wait_for_end(timeout);
  report_deadlock();
  table_.clear();
  pool_->trim();
  if (isolated_pool_) isolated_pool_->trim();
  std::unique_ptr<Failure> ending = std::move(ending_);
  if (const Trap* trap = std::get_if<Trap>(ending.get()); trap != nullptr && trap->kind == TrapKind::exit) {
    return trap->exit_code;
  }
  return ending;
}

void GuestProcess::wait_for_end(std::optional<std::chrono::nanoseconds> timeout) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const auto all_ended = [this]() HEDDLE_REQUIRES(mutex_) { return live_.empty(); };
  while (ending_ == nullptr && !all_ended()) {
    Clock::duration pause = kDeadlockInterval;
    if (timeout) pause = std::min<Clock::duration>(pause, start + *timeout - Clock::now());
    if (pause > Clock::duration(0)) {
      all_ended_.wait_for(mutex_, pause);
      if (ending_ == nullptr && options_.ends_deadlocks && is_deadlocked()) end_deadlocked_threads();
    } else {
      ending_ = std::make_unique<Failure>(Trap::interrupted());
      interrupt_all();
    }
  }
  all_ended_.wait(mutex_, all_ended);
}

/// Waits for the end of another thread count from the highest number down.
uint64_t GuestProcess::endless_wait(const GuestThread& thread) const {
  const uint32_t awaited = table_.waits_for(thread.id());
  return awaited != 0 ? UINT64_MAX - awaited : thread.endless_wait();
}

std::string GuestProcess::describe_wait(const GuestThread& thread) const {
  const uint32_t awaited = table_.waits_for(thread.id());
  return awaited != 0 ? "waits for the end of thread " + std::to_string(awaited)
                      : "waits at address " + std::to_string(thread.wait_address());
}

/// Does each thread wait for what only another one could do? Whoever is in the same endless wait at both
/// looks was so in between, so there was a time when all were. A wait for another thread's end lasts as long
/// as that thread is live, and under the lock nobody's end comes.
bool GuestProcess::is_deadlocked() const {
  std::vector<uint64_t> waits;
  for (const auto& [id, thread] : live_) {
    waits.push_back(endless_wait(*thread));
    if (waits.back() == 0) return false;
  }
  size_t next = 0;
  for (const auto& [id, thread] : live_) {
    if (endless_wait(*thread) != waits[next++]) return false;
  }
  return !live_.empty();
}

void GuestProcess::end_deadlock() {
  engine::MutexLock lock(mutex_);
  if (ending_ == nullptr && options_.ends_deadlocks && is_deadlocked()) end_deadlocked_threads();
}

void GuestProcess::end_deadlocked_threads() {
  ending_ = std::make_unique<Failure>(Trap::host(""));  // report_deadlock() says more
  for (const auto& [id, thread] : live_) {
    if (deadlocked_.size() == kMostReported) break;
    deadlocked_[id] = "  thread " + std::to_string(id) + " " + describe_wait(*thread);
  }
  deadlock_size_ = live_.size();
  interrupt_all();
}

void GuestProcess::witness(uint32_t id, const Trap& trap) {
  engine::MutexLock lock(mutex_);
  const auto place = deadlocked_.find(id);
  if (place == deadlocked_.end()) return;
  for (size_t i = 0; i < std::min(trap.frames.size(), kMostFrames); ++i) {
    place->second += "\n    " + describe(trap.frames[i]);
  }
}

void GuestProcess::report_deadlock() {
  if (deadlocked_.empty()) return;
  std::string text = "deadlock: all " + std::to_string(deadlock_size_) +
                     " threads wait for ever, and nobody is left to notify them";
  for (const auto& [id, line] : deadlocked_) text += "\n" + line;
  if (deadlocked_.size() < deadlock_size_) {
    text += "\n  and " + std::to_string(deadlock_size_ - deadlocked_.size()) + " more";
  }
  ending_ = std::make_unique<Failure>(Trap::host(std::move(text)));
}

int32_t GuestProcess::spawn(int32_t argument) {
  if (!can_spawn_ || GuestThread::current().is_isolated()) return kSpawnUnsupported;
  engine::MutexLock lock(mutex_);
  if (!has_room()) return kSpawnRefused;
  const std::optional<uint32_t> id = new_id();
  if (!id || !start(*id, argument, nullptr)) return kSpawnRefused;
  return static_cast<int32_t>(*id);
}

bool GuestProcess::can_spawn(const GuestThread& spawner, bool isolated) const noexcept {
  // What an isolated thread has is its own: nobody shares it, nor does it share what the host has defined.
  return isolated ? !has_foreign_memory_ : !spawner.is_isolated() && has_shared_memory_;
}

int32_t GuestProcess::spawn(const std::shared_ptr<ThreadRecord>& record) {
  engine::MutexLock lock(mutex_);
  if (!has_room()) return static_cast<int32_t>(ThreadError::again);
  const std::optional<uint32_t> id = new_id();
  if (!id) return static_cast<int32_t>(ThreadError::again);
  record->id = *id;
  if (const ThreadError error = table_.add(record); error != ThreadError::none) {
    return static_cast<int32_t>(error);
  }
  if (!start(*id, 0, record)) {
    table_.remove(*id);
    return static_cast<int32_t>(ThreadError::again);
  }
  return static_cast<int32_t>(*id);
}

/// Threads that have ended and are not freed take a place, too, or there would be no end of them.
bool GuestProcess::has_room() const {
  return ending_ == nullptr && live_.size() + table_.ended() < options_.threads &&
         statistics_.spawned < options_.spawns;
}

std::optional<uint32_t> GuestProcess::new_id() {
  if (live_.size() + table_.ended() > kMostId) return std::nullopt;
  do {
    last_id_ = last_id_ == kMostId ? 1 : last_id_ + 1;
  } while (live_.contains(last_id_) || table_.contains(last_id_));
  return last_id_;
}

bool GuestProcess::start(uint32_t id, int32_t argument, std::shared_ptr<ThreadRecord> record) {
  auto* const thread = new GuestThread(shared_from_this(), id, argument, std::move(record));
  live_.emplace(id, thread);
  if (!scheduler_.spawn(*thread)) {
    live_.erase(id);
    delete thread;
    return false;
  }
  ++statistics_.spawned;
  statistics_.most_live = std::max<uint64_t>(statistics_.most_live, live_.size());
  return true;
}

void GuestProcess::finish(std::unique_ptr<Failure> ending) {
  engine::MutexLock lock(mutex_);
  if (ending_ != nullptr || (has_run_ && live_.empty())) return;
  ending_ = std::move(ending);
  interrupt_all();
}

void GuestProcess::interrupt_all() {
  finishing_.store(true, std::memory_order_release);
  pool_->close();
  if (isolated_pool_) isolated_pool_->close();
  // Under the lock, so that all have been told before the first can end: nobody sees another one end by this.
  for (const auto& [id, thread] : live_) thread->interrupt(deadlocked_.contains(id));
}

bool GuestProcess::enter(GuestThread& thread, PooledInstance& instance) {
  engine::MutexLock lock(mutex_);
  if (ending_ != nullptr) return false;
  thread.interrupt_ = instance.store().interrupt_handle();
  thread.context_ = &instance.context();
  return true;
}

void GuestProcess::leave(GuestThread& thread) {
  engine::MutexLock lock(mutex_);
  thread.interrupt_ = {};
  thread.context_ = nullptr;
}

void GuestProcess::ended(GuestThread& thread, ThreadEnding ending) {
  engine::MutexLock lock(mutex_);
  // Both under the lock: its place is free for who has waited for it, and no deadlock is seen in between.
  live_.erase(thread.id());
  if (thread.record() != nullptr) table_.finish(thread.record(), std::move(ending));
  if (live_.empty()) all_ended_.notify_all();
}

ProcessStatistics GuestProcess::statistics() const {
  engine::MutexLock lock(mutex_);
  ProcessStatistics statistics = statistics_;
  if (pool_) statistics.new_instances = pool_->made();
  if (isolated_pool_) statistics.new_instances += isolated_pool_->made();
  return statistics;
}

// The public face.

Process::Process(Workers workers, std::shared_ptr<GuestProcess> process)
    : workers_(std::move(workers)), process_(std::move(process)) {}
Process::~Process() = default;
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;

Result<Process> Process::create(const Engine& engine, const Workers& workers, const Module& module,
                                const Define& define, const ProcessOptions& options) {
  Scheduler& scheduler = workers.state_->scheduler();
  if (scheduler.refueler() != nullptr && !engine.config().fuel) {
    return usage("workers with an order need an engine that counts fuel: set Config::fuel");
  }
  auto process = std::make_shared<GuestProcess>(engine, scheduler, module, options);
  HEDDLE_TRY(process->link(define));
  workers.state_->add(process);
  return Process(workers, std::move(process));
}

Outcome<uint32_t> Process::run(std::optional<std::chrono::nanoseconds> timeout) {
  return process_->run(timeout);
}

void Process::stop(uint32_t exit_code) noexcept {
  process_->finish(std::make_unique<Failure>(Trap::exit(exit_code)));
}

ProcessStatistics Process::statistics() const { return process_->statistics(); }

}  // namespace heddle::threads
