// SPDX-License-Identifier: Apache-2.0
// GuestThread: one thread of a guest process: a fiber, an instance of its own, and a way to stop it.
#pragma once

#include <heddle/store.h>

#include <cstdint>
#include <memory>

#include "threads/fiber.h"
#include "threads/instance_pool.h"
#include "threads/thread_table.h"

namespace heddle::threads {

class GuestProcess;

/// Made by GuestProcess, destroys itself when its fiber ends.
class GuestThread final : public Job {
 public:
  /// Thread 0 is the program's first and runs `_start`; others run what their record says, or without one
  /// `wasi_thread_start(id, argument)`.
  GuestThread(std::shared_ptr<GuestProcess> process, uint32_t id, int32_t argument,
              std::shared_ptr<ThreadRecord> record)
      : process_(std::move(process)), id_(id), argument_(argument), record_(std::move(record)) {}

  /// Whose fiber this runs on. REQUIRES: one; host functions of a process have it.
  [[nodiscard]] static GuestThread& current() noexcept;

  void run() noexcept override;

  [[nodiscard]] uint32_t id() const noexcept override { return id_; }
  /// Of those that thread_spawn started; else null.
  [[nodiscard]] const std::shared_ptr<ThreadRecord>& record() const noexcept { return record_; }
  [[nodiscard]] bool is_isolated() const noexcept { return record_ != nullptr && record_->is_isolated; }
  /// Stops it, wherever it is; where that was is told if it is `reported`. Under the process's lock, which
  /// keeps it from ending.
  void interrupt(bool reported) const noexcept;
  /// The number of the wait that it is in, if only a notify can end that; else 0. Under the process's lock.
  [[nodiscard]] uint64_t endless_wait() const noexcept;
  /// Where that is. REQUIRES: it goes on until the caller is done.
  [[nodiscard]] uint64_t wait_address() const noexcept;

 private:
  friend class GuestProcess;

  void run_in(PooledInstance& instance);
  [[nodiscard]] Outcome<void> call_entry(const Instance& instance);
  [[nodiscard]] Outcome<void> call_named(const Instance& instance);
  void judge(Outcome<void> outcome);

  const std::shared_ptr<GuestProcess> process_;
  const uint32_t id_;
  const int32_t argument_;
  const std::shared_ptr<ThreadRecord> record_;
  ThreadEnding its_end_;                    ///< for the record
  InterruptHandle interrupt_;               ///< set under the process's lock
  engine::ExecContext* context_ = nullptr;  ///< while it has an instance; set under the process's lock
};

}  // namespace heddle::threads
