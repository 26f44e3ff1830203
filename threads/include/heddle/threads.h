// SPDX-License-Identifier: Apache-2.0
// Guest threads: programs whose threads run as fibers on a few threads of the operating system.
//
// docs/THREADS.md tells how it works and what is guaranteed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <heddle/export.h>
#include <heddle/linker.h>
#include <heddle/module.h>
#include <heddle/outcome.h>
#include <heddle/result.h>
#include <heddle/thread_recording.h>
#include <heddle/wasi_host.h>

namespace heddle::threads {

class GuestProcess;
class WorkersState;

/// Who runs next. All but `soonest` make runs deterministic: one worker, time that passes only while all
/// threads sleep, and the same order whenever the seed is the same. They need an engine with Config::fuel,
/// and find more with Config::preempt_at_atomics.
enum class Order : uint8_t {
  soonest,      ///< whoever a worker gets first
  round_robin,  ///< all in turn
  random,       ///< anyone, for a random slice
  pct,          ///< random priorities, changed at a few random steps: finds rare orders soonest
};

struct WorkersOptions {
  unsigned threads = 0;  ///< that run at a time; 0: one per processor
  /// Of each guest thread, for host functions and compiled code.
  size_t native_stack_bytes = size_t{512} << 10;
  Order order = Order::soonest;
  uint64_t seed = 0;  ///< of random and pct
  /// Gets to know all that the guest threads do; of these Workers only. Null: nothing is recorded.
  std::shared_ptr<Recording> recording = nullptr;
};

/// The operating system's threads that guest threads run on. Copies are the same workers; they end with the
/// last copy, once all processes have ended.
///
/// Threads: any.
class HEDDLE_API Workers {
 public:
  explicit Workers(const WorkersOptions& options = {});
  /// How guests of WASI wait on these workers, and the time they go by. For wasi::Config.
  [[nodiscard]] std::shared_ptr<wasi::Blocking> blocking() const;
  [[nodiscard]] std::shared_ptr<wasi::Clocks> clocks() const;

 private:
  friend class Process;
  friend class TaskPool;
  std::shared_ptr<WorkersState> state_;
};

struct ProcessOptions {
  uint32_t threads = 10'000;     ///< at a time, with the first; to spawn more fails as the guest expects
  uint64_t spawns = UINT64_MAX;  ///< ever
  /// Arguments, results and data of threads that thread_spawn started: what the host keeps of all together.
  uint64_t kept_bytes = uint64_t{64} << 20;
  /// What each thread may have of its own. The process's shared memories do not count here.
  StoreLimits thread;
  /// If all threads wait in atomic.wait without a time-out, nobody is left to notify them: the process ends
  /// with a trap that says who waits where. False if the host itself notifies.
  bool ends_deadlocks = true;
};

struct ProcessStatistics {
  uint64_t spawned = 0;        ///< threads that ever were, with the first
  uint64_t most_live = 0;      ///< at a time
  uint64_t new_instances = 0;  ///< made; the others were used again
};

/// A program with threads (wasi-threads, docs/HOST_INTERFACE.md): one module, of which every thread has an
/// instance of its own, and the shared memories that it imports. It runs from `_start` until that returns,
/// until any thread exits or traps, or until somebody stops it; then all threads are stopped, wherever they
/// are.
///
/// Threads: any thread may call any function of one process, except as said.
class HEDDLE_API Process {
 public:
  /// Defines what the module imports besides that which is_provided(): WASI, functions of the host. The host
  /// functions are called on many threads at once.
  using Define = std::function<Result<void>(Linker&)>;

  /// Errors: link (an import that nothing provides), usage, resource.
  [[nodiscard]] static Result<Process> create(const Engine& engine, const Workers& workers,
                                              const Module& module, const Define& define,
                                              const ProcessOptions& options = {});
  ~Process();
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;

  /// Runs the program; its exit code. A trap is that of the thread that trapped first; beyond `timeout`
  /// one of kind interrupted. Once, and not on a fiber.
  Outcome<uint32_t> run(std::optional<std::chrono::nanoseconds> timeout = std::nullopt);

  /// Ends it as if a thread had exited with this code. Returns at once.
  void stop(uint32_t exit_code) noexcept;

  [[nodiscard]] ProcessStatistics statistics() const;

 private:
  Process(Workers workers, std::shared_ptr<GuestProcess> process);
  Workers workers_;  // first: they wait for what still runs
  std::shared_ptr<GuestProcess> process_;
};

/// Is it `wasi.thread-spawn`, a function of `heddle` whose name begins with `thread_`, or a shared memory,
/// which every Process has?
[[nodiscard]] HEDDLE_API bool is_provided(const ImportType& import);
/// Does it import any of these, so that it must run as a Process?
[[nodiscard]] HEDDLE_API bool wants_threads(const Module& module);

}  // namespace heddle::threads
