// SPDX-License-Identifier: Apache-2.0
// ChildProcess: one child of the suite runner, the pipes from it, and how it ended.
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "heddle/result.h"
#include "spec-tests/recorder.h"

namespace heddle::spec {

/// Not thread-safe; one owner.
class ChildProcess {
 public:
  /// Starts this program again with these arguments. In the child, kResultPipe and kProgressMemory are open.
  static constexpr int kResultPipe = 3;
  static constexpr int kProgressMemory = 4;
  /// Of what a child prints, this much at most is kept.
  static constexpr size_t kMaxOutput = 256u << 10;

  [[nodiscard]] static Result<std::unique_ptr<ChildProcess>> start(std::span<const std::string> arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// For poll(); -1 once it is at its end.
  [[nodiscard]] int result_fd() const { return result_fd_; }
  [[nodiscard]] int output_fd() const { return output_fd_; }
  /// Takes what has arrived. Call when poll() says that one is readable.
  void read_available();
  /// All pipes are at their end, so it has exited or soon will.
  [[nodiscard]] bool finished() const { return result_fd_ < 0 && output_fd_ < 0; }
  void kill() noexcept;
  /// Waits for it; nothing if it ended well, else "exit code 3" or "SIGSEGV (Segmentation fault)".
  [[nodiscard]] std::string wait();

  /// What came through the result pipe, and what it printed.
  [[nodiscard]] const std::string& results() const { return results_; }
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] Progress& progress() { return *progress_; }

 private:
  ChildProcess() = default;
  static bool read_into(int& fd, std::string& buffer, size_t limit);

  pid_t pid_ = -1;
  int result_fd_ = -1;
  int output_fd_ = -1;
  Progress* progress_ = nullptr;
  std::string results_;
  std::string output_;
};

/// The Progress a child shares with its parent, by the inherited descriptor. Null if there is none.
[[nodiscard]] Progress* map_progress(int fd) noexcept;

}  // namespace heddle::spec
