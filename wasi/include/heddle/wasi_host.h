// SPDX-License-Identifier: Apache-2.0
// What a host may put in the place of its operating system for guests of WASI: clocks, waiting, streams.
#pragma once

#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include <heddle/export.h>
#include <heddle/host_function.h>

namespace heddle::wasi {

/// The clocks a guest can ask for, by their numbers.
enum class ClockId : uint32_t { realtime, monotonic, process_cputime, thread_cputime };

/// Threads: every function may be called from any thread at any time.
class HEDDLE_API Clocks {
 public:
  virtual ~Clocks();
  /// Nanoseconds: of realtime since 1970, of others since some fixed point.
  [[nodiscard]] virtual uint64_t now(ClockId clock) noexcept = 0;
  [[nodiscard]] virtual uint64_t resolution(ClockId clock) noexcept = 0;
};

enum class Woken : uint8_t { ready, timed_out, interrupted };

/// How a guest thread waits. The default one blocks the operating system's thread; a scheduler of fibers
/// parks the fiber instead.
///
/// Threads: every function may be called from any thread, from several at once.
class HEDDLE_API Blocking {
 public:
  virtual ~Blocking();
  /// Waits until one of `files` is ready, as poll(2) does, with its revents set; or for `timeout` (none: for
  /// ever); or until the caller's store is interrupted. Entries with a negative fd are to be ignored. `ready`
  /// may come early: the caller looks itself.
  [[nodiscard]] virtual Woken wait(Caller& caller, std::span<pollfd> files,
                                   std::optional<std::chrono::nanoseconds> timeout) noexcept = 0;
  /// Lets others run.
  virtual void yield(Caller& caller) noexcept = 0;
  /// Bracket what may take the host long although nothing is waited for: disks, network file systems,
  /// terminals. On the guest's thread, around every function of WASI that goes there, so they must be quick;
  /// wait() and yield() are never called between them.
  virtual void before_blocking() noexcept {}
  virtual void after_blocking() noexcept {}
};

/// The operating system's; what a context has that was given none.
[[nodiscard]] HEDDLE_API std::shared_ptr<Clocks> host_clocks();
[[nodiscard]] HEDDLE_API std::shared_ptr<Blocking> host_blocking();

/// Time that passes only while guests sleep: a guest that sleeps for an hour has done so at once, and every
/// run is told the same times. Give the same object as clocks and as blocking.
class HEDDLE_API VirtualTime : public Clocks, public Blocking {
 public:
  explicit VirtualTime(uint64_t realtime_start_ns = 0) : realtime_start_(realtime_start_ns) {}

  void advance(std::chrono::nanoseconds by) noexcept {
    elapsed_.fetch_add(static_cast<uint64_t>(by.count()), std::memory_order_relaxed);
  }
  uint64_t now(ClockId clock) noexcept override;
  uint64_t resolution(ClockId clock) noexcept override;
  /// What is not ready by itself takes all of `timeout`; without a timeout this waits as the host does.
  Woken wait(Caller& caller, std::span<pollfd> files,
             std::optional<std::chrono::nanoseconds> timeout) noexcept override;
  void yield(Caller& caller) noexcept override;

 private:
  const uint64_t realtime_start_;
  std::atomic<uint64_t> elapsed_{0};
};

/// What a guest reads or writes that is no file of the host. It is always ready and must not block.
///
/// Threads: every function may be called from any thread, from several at once.
class HEDDLE_API Stream {
 public:
  virtual ~Stream();
  /// Bytes to the front of `into`; how many. 0 is the end.
  [[nodiscard]] virtual size_t read(std::span<uint8_t> into) noexcept = 0;
  /// Takes bytes from the front of `from`; how many. 0: no more, and the guest gets errno pipe.
  [[nodiscard]] virtual size_t write(std::span<const uint8_t> from) noexcept = 0;
};

/// Bytes in memory: a guest reads what the buffer was made with, and appends what it writes.
class HEDDLE_API Buffer : public Stream {
 public:
  /// Takes at most `most` bytes of output.
  explicit Buffer(std::string input = {}, size_t most = SIZE_MAX) : input_(std::move(input)), most_(most) {}

  size_t read(std::span<uint8_t> into) noexcept override;
  size_t write(std::span<const uint8_t> from) noexcept override;
  /// All that was written so far.
  [[nodiscard]] std::string written() const;

 private:
  mutable std::mutex mutex_;  ///< guards position_ and output_
  const std::string input_;
  const size_t most_;
  size_t position_ = 0;
  std::string output_;
};

}  // namespace heddle::wasi
