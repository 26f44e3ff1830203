// SPDX-License-Identifier: Apache-2.0
// Drawing the progress line, at most ten times a second.
#include "spec-tests/progress_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "engine/support/escape.h"

namespace heddle::spec {

bool wants_color(int fd) {
  if (isatty(fd) == 0) return false;
  if (const char* no_color = std::getenv("NO_COLOR"); no_color != nullptr && *no_color != '\0') return false;
  const char* terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) != "dumb";
}

ProgressLine::ProgressLine(size_t total) : total_(total), enabled_(isatty(STDERR_FILENO) != 0) {}

void ProgressLine::advance(std::string_view what, uint64_t failures) {
  ++done_;
  failures_ += failures;
  if (!enabled_) return;
  const auto now = Clock::now();
  if (now - last_ < std::chrono::milliseconds(100) && done_ != total_) return;
  last_ = now;
  const double elapsed = std::chrono::duration<double>(now - started_).count();
  const double left = elapsed / static_cast<double>(done_) * static_cast<double>(total_ - done_);
  std::string line = fmt::format("[{}/{}] {}%", done_, total_, done_ * 100 / total_);
  if (elapsed > 1) line += fmt::format(" {:.0f} s left", left);
  if (failures_ > 0) line += fmt::format(", {} failed", failures_);
  line += ' ' + engine::escape_for_terminal(what);
  winsize size{};
  const size_t width =
      ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : 79u;
  if (line.size() > width) line.resize(width);
  std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::clear() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

}  // namespace heddle::spec
