// SPDX-License-Identifier: Apache-2.0
// The default Blocking: poll(2) on the thread itself, with one descriptor more that interrupts write to.
#include <sched.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <vector>

#include "wasi/state.h"

namespace heddle::wasi {

Blocking::~Blocking() = default;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

/// How often interrupts are looked for where the host has no descriptor left for a wake-up.
constexpr nanoseconds kSlice = std::chrono::milliseconds(10);
/// Longer than this is for ever, and must not overflow the clock.
constexpr nanoseconds kForEver = std::chrono::hours(24 * 365 * 100);

timespec to_timespec(nanoseconds span) noexcept {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span);
  return {static_cast<time_t>(seconds.count()), static_cast<long>((span - seconds).count())};
}

class HostBlocking final : public Blocking {
 public:
  Woken wait(Caller& caller, std::span<pollfd> files, std::optional<nanoseconds> timeout) noexcept override {
    const auto deadline = Clock::now() + std::min(timeout.value_or(kForEver), kForEver);
    const UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const InterruptListener listener(caller, [fd = wake.get()] {
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = fd < 0 ? 0 : write(fd, &one, sizeof one);
    });
    std::vector<pollfd> all(files.begin(), files.end());
    all.push_back({wake.get(), POLLIN, 0});
    while (!listener.interrupted()) {
      const nanoseconds left = std::max<nanoseconds>(deadline - Clock::now(), nanoseconds(0));
      const timespec span = to_timespec(wake ? left : std::min(left, kSlice));
      const int ready = ppoll(all.data(), all.size(), &span, nullptr);
      if (listener.interrupted()) break;
      if (ready > 0) {
        std::copy(all.begin(), all.end() - 1, files.begin());
        return Woken::ready;
      }
      if (Clock::now() >= deadline) return Woken::timed_out;
    }
    return Woken::interrupted;
  }

  void yield(Caller&) noexcept override { sched_yield(); }
};

}  // namespace

std::shared_ptr<Blocking> host_blocking() { return std::make_shared<HostBlocking>(); }

}  // namespace heddle::wasi
