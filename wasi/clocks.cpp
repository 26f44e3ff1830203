// SPDX-License-Identifier: Apache-2.0
// The host's clocks, and time that passes only while guests sleep.
#include <heddle/wasi_host.h>
#include <time.h>

namespace heddle::wasi {

Clocks::~Clocks() = default;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

clockid_t host_id(ClockId clock) noexcept {
  switch (clock) {
    case ClockId::realtime: return CLOCK_REALTIME;
    case ClockId::process_cputime: return CLOCK_PROCESS_CPUTIME_ID;
    case ClockId::thread_cputime: return CLOCK_THREAD_CPUTIME_ID;
    case ClockId::monotonic: break;
  }
  return CLOCK_MONOTONIC;
}

uint64_t nanoseconds(const timespec& time) noexcept {
  return time.tv_sec < 0 ? 0
                         : static_cast<uint64_t>(time.tv_sec) * kSecond + static_cast<uint64_t>(time.tv_nsec);
}

class HostClocks final : public Clocks {
 public:
  uint64_t now(ClockId clock) noexcept override {
    timespec time{};
    clock_gettime(host_id(clock), &time);
    return nanoseconds(time);
  }
  uint64_t resolution(ClockId clock) noexcept override {
    timespec time{};
    clock_getres(host_id(clock), &time);
    return nanoseconds(time);
  }
};

}  // namespace

std::shared_ptr<Clocks> host_clocks() { return std::make_shared<HostClocks>(); }

uint64_t VirtualTime::now(ClockId clock) noexcept {
  const uint64_t elapsed = elapsed_.load(std::memory_order_relaxed);
  return clock == ClockId::realtime ? realtime_start_ + elapsed : elapsed;
}

uint64_t VirtualTime::resolution(ClockId) noexcept { return 1; }

Woken VirtualTime::wait(Caller& caller, std::span<pollfd> files,
                        std::optional<std::chrono::nanoseconds> timeout) noexcept {
  if (!files.empty() && poll(files.data(), files.size(), 0) > 0) return Woken::ready;
  if (!timeout) return host_blocking()->wait(caller, files, timeout);
  advance(*timeout);
  return Woken::timed_out;
}

void VirtualTime::yield(Caller&) noexcept {}

}  // namespace heddle::wasi
