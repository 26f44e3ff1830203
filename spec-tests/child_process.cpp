// SPDX-License-Identifier: Apache-2.0
// Starting, reading and ending a child process: the runner's whole use of the operating system.
#include "spec-tests/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "engine/support/try.h"

namespace heddle::spec {

namespace {

Error resource(const char* what) {
  Error error;
  error.kind = ErrorKind::resource;
  error.message = fmt::format("{}: {}", what, std::strerror(errno));
  return error;
}

/// In the child, between fork and exec: only async-signal-safe calls. `source` becomes descriptor `target`.
void become(int source, int target) {
  if (source == target) {
    fcntl(target, F_SETFD, 0);
  } else {
    dup2(source, target);
  }
}

struct Descriptors {
  int results[2] = {-1, -1};
  int output[2] = {-1, -1};
  int progress = -1;

  void close_all() {
    for (int* fd : {&results[0], &results[1], &output[0], &output[1], &progress}) {
      if (*fd >= 0) close(*fd);
      *fd = -1;
    }
  }
};

[[noreturn]] void exec_child(const Descriptors& fds, char* const* arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a runner that is killed leaves nothing behind
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  // Above all targets first, so that none is overwritten before it has been moved.
  const int results = fcntl(fds.results[1], F_DUPFD, 10);
  const int progress = fcntl(fds.progress, F_DUPFD, 10);
  const int output = fcntl(fds.output[1], F_DUPFD, 10);
  if (null < 0 || results < 0 || progress < 0 || output < 0) _exit(127);
  become(null, 0);
  become(output, 1);
  become(output, 2);
  become(results, ChildProcess::kResultPipe);
  become(progress, ChildProcess::kProgressMemory);
  close(results);
  close(progress);
  close(output);
  execv("/proc/self/exe", arguments);
  _exit(127);
}

}  // namespace

Progress* map_progress(int fd) noexcept {
  void* memory = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<Progress*>(memory);
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(std::span<const std::string> arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  Descriptors fds;
  auto child = std::unique_ptr<ChildProcess>(new ChildProcess);
  fds.progress = memfd_create("heddle-wast-progress", MFD_CLOEXEC);
  const bool ready = fds.progress >= 0 && ftruncate(fds.progress, sizeof(Progress)) == 0 &&
                     pipe2(fds.results, O_CLOEXEC) == 0 && pipe2(fds.output, O_CLOEXEC) == 0;
  if (ready) child->progress_ = map_progress(fds.progress);
  const pid_t pid = child->progress_ != nullptr ? fork() : -1;
  if (pid < 0) {
    Error error = resource("cannot start a child process");
    fds.close_all();
    return error;
  }
  if (pid == 0) exec_child(fds, argv.data());
  child->pid_ = pid;
  child->result_fd_ = std::exchange(fds.results[0], -1);
  child->output_fd_ = std::exchange(fds.output[0], -1);
  fds.close_all();
  fcntl(child->result_fd_, F_SETFL, O_NONBLOCK);
  fcntl(child->output_fd_, F_SETFL, O_NONBLOCK);
  return child;
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    kill();
    (void)wait();
  }
  if (result_fd_ >= 0) close(result_fd_);
  if (output_fd_ >= 0) close(output_fd_);
  if (progress_ != nullptr) munmap(progress_, sizeof(Progress));
}

bool ChildProcess::read_into(int& fd, std::string& buffer, size_t limit) {
  char bytes[16384];
  while (fd >= 0) {
    const ssize_t count = read(fd, bytes, sizeof bytes);
    if (count > 0) {
      // Beyond the limit bytes are read and dropped, so that the child never blocks on a full pipe.
      const size_t room = limit - std::min(limit, buffer.size());
      buffer.append(bytes, std::min(room, static_cast<size_t>(count)));
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    close(fd);
    fd = -1;
  }
  return false;
}

void ChildProcess::read_available() {
  read_into(result_fd_, results_, SIZE_MAX);
  read_into(output_fd_, output_, kMaxOutput);
}

void ChildProcess::kill() noexcept {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

std::string ChildProcess::wait() {
  int status = 0;
  const pid_t pid = std::exchange(pid_, -1);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    const char* name = sigabbrev_np(WTERMSIG(status));
    return fmt::format("SIG{} ({})", name != nullptr ? name : "?", strsignal(WTERMSIG(status)));
  }
  return WEXITSTATUS(status) == 0 ? std::string() : fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace heddle::spec
