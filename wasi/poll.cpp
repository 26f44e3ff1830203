// SPDX-License-Identifier: Apache-2.0
// poll_oneoff: waiting for the first of several clocks and files.
#include <sys/ioctl.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "wasi/functions.h"

namespace heddle::wasi::functions {

namespace {

using std::chrono::nanoseconds;

constexpr uint16_t kAbsolute = 1;
constexpr uint16_t kHangup = 1;
constexpr size_t kNoFile = SIZE_MAX;

/// One subscription, and what became of it.
struct Wanted {
  Subscription asked{};
  ClockId clock = ClockId::monotonic;
  uint64_t deadline = 0;                   ///< clocks only
  std::shared_ptr<Descriptor> descriptor;  ///< files only
  size_t file = kNoFile;  ///< files that may not be ready: where they stand among the pollfds
  bool has_happened = false;
  Errno error = Errno::success;
  uint64_t bytes = 0;
  uint16_t flags = 0;
};

/// One call of poll_oneoff.
class Poll {
 public:
  explicit Poll(Call& call) : call_(call) {}

  void add(const Subscription& asked);
  Answer wait();
  Size write_events(std::span<uint8_t> place) const;

 private:
  void add_clock(Wanted& wanted) const;
  void add_file(Wanted& wanted);
  [[nodiscard]] size_t place_of(int host, short events);
  [[nodiscard]] std::optional<uint64_t> nearest() const;
  void settle_clocks();
  void settle_nearest_clock();
  void settle_files();
  [[nodiscard]] bool any_happened() const {
    return std::any_of(all_.begin(), all_.end(), [](const Wanted& each) { return each.has_happened; });
  }
  [[nodiscard]] uint64_t left_of(const Wanted& wanted) const {
    const uint64_t now = call_.state().clocks->now(wanted.clock);
    return wanted.deadline > now ? wanted.deadline - now : 0;
  }

  Call& call_;
  std::vector<Wanted> all_;
  std::vector<pollfd> files_;
  std::unordered_map<int, size_t> places_;  ///< of files_, by descriptor
};

/// What poll(2) calls it.
short poll_events(const Wanted& wanted) { return wanted.asked.type == EventType::fd_read ? POLLIN : POLLOUT; }

void fail(Wanted& wanted, Errno error) {
  wanted.error = error;
  wanted.has_happened = true;
}

void Poll::add(const Subscription& asked) {
  Wanted& wanted = all_.emplace_back();
  wanted.asked = asked;
  switch (asked.type) {
    case EventType::clock: return add_clock(wanted);
    case EventType::fd_read:
    case EventType::fd_write: return add_file(wanted);
  }
  fail(wanted, Errno::inval);
}

void Poll::add_clock(Wanted& wanted) const {
  const Subscription& asked = wanted.asked;
  if (asked.clock_or_fd > static_cast<uint32_t>(ClockId::monotonic) || (asked.clock_flags & ~kAbsolute) != 0)
    return fail(wanted, Errno::inval);
  wanted.clock = static_cast<ClockId>(asked.clock_or_fd);
  wanted.deadline = asked.timeout;
  if ((asked.clock_flags & kAbsolute) != 0) return;
  const uint64_t now = call_.state().clocks->now(wanted.clock);
  wanted.deadline = asked.timeout > UINT64_MAX - now ? UINT64_MAX : now + asked.timeout;
}

void Poll::add_file(Wanted& wanted) {
  const bool reads = wanted.asked.type == EventType::fd_read;
  auto descriptor = call_.descriptor(wanted.asked.clock_or_fd, rights::poll_fd_readwrite);
  if (!descriptor.ok()) return fail(wanted, descriptor.error());
  wanted.descriptor = std::move(descriptor).value();
  if (wanted.descriptor->host() >= 0 && !wanted.descriptor->is_storage()) {
    wanted.file = place_of(wanted.descriptor->host(), poll_events(wanted));
    return;
  }
  wanted.has_happened = true;
  struct stat stat{};
  const off_t position = lseek(wanted.descriptor->host(), 0, SEEK_CUR);
  if (reads && position >= 0 && fstat(wanted.descriptor->host(), &stat) == 0 && stat.st_size > position)
    wanted.bytes = static_cast<uint64_t>(stat.st_size - position);
}

/// Each descriptor once, because poll(2) refuses more entries than descriptors may be open.
size_t Poll::place_of(int host, short events) {
  const auto [found, is_new] = places_.try_emplace(host, files_.size());
  if (is_new) files_.push_back({host, 0, 0});
  files_[found->second].events |= events;
  return found->second;
}

/// Nanoseconds until the first clock; none if there is no clock.
std::optional<uint64_t> Poll::nearest() const {
  std::optional<uint64_t> least;
  for (const Wanted& each : all_) {
    if (each.asked.type != EventType::clock || each.has_happened) continue;
    least = std::min(left_of(each), least.value_or(UINT64_MAX));
  }
  return least;
}

void Poll::settle_clocks() {
  for (Wanted& each : all_) {
    if (each.asked.type == EventType::clock && !each.has_happened) each.has_happened = left_of(each) == 0;
  }
}

/// What was slept for is over, even if its clock runs a little behind the one that was slept by.
void Poll::settle_nearest_clock() {
  Wanted* nearest = nullptr;
  uint64_t least = UINT64_MAX;
  for (Wanted& each : all_) {
    if (each.asked.type != EventType::clock || left_of(each) > least) continue;
    least = left_of(each);
    nearest = &each;
  }
  if (nearest != nullptr) nearest->has_happened = true;
}

void Poll::settle_files() {
  for (Wanted& each : all_) {
    if (each.file == kNoFile) continue;
    const pollfd& file = files_[each.file];
    if ((file.revents & (poll_events(each) | POLLERR | POLLHUP | POLLNVAL)) == 0) continue;
    each.has_happened = true;
    if ((file.revents & POLLHUP) != 0) each.flags |= kHangup;
    if ((file.revents & POLLNVAL) != 0) each.error = Errno::badf;
    int available = 0;
    if (each.asked.type == EventType::fd_read && ioctl(file.fd, FIONREAD, &available) == 0 && available > 0)
      each.bytes = static_cast<uint64_t>(available);
  }
}

Answer Poll::wait() {
  settle_clocks();
  while (!any_happened()) {
    const auto limit = nearest();
    std::optional<nanoseconds> timeout;
    if (limit) timeout = nanoseconds(std::min<uint64_t>(*limit, std::numeric_limits<int64_t>::max()));
    HEDDLE_TRY_ASSIGN(const Woken woken, call_.wait(files_, timeout));
    settle_files();
    settle_clocks();
    if (woken == Woken::timed_out) settle_nearest_clock();
  }
  // What is ready beside what has happened already is worth telling, but nothing to wait for.
  if (!files_.empty() && poll(files_.data(), files_.size(), 0) > 0) settle_files();
  return {};
}

Size Poll::write_events(std::span<uint8_t> place) const {
  Size count = 0;
  for (const Wanted& each : all_) {
    if (!each.has_happened) continue;
    Event event{};
    event.user_data = each.asked.user_data;
    event.error = static_cast<uint16_t>(each.error);
    event.type = each.asked.type;
    event.bytes = each.bytes;
    event.flags = each.flags;
    std::memcpy(place.data() + count * sizeof event, &event, sizeof event);
    ++count;
  }
  return count;
}

}  // namespace

Answer poll_oneoff(Call& call, Address subscriptions, Address events, Size count, Address out_count) {
  HEDDLE_TRY_ASSIGN(const auto place, call.memory().range(events, uint64_t{count} * sizeof(Event)));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<Size>(out_count));
  HEDDLE_TRY(call.memory().range(subscriptions, uint64_t{count} * sizeof(Subscription)));
  if (count == 0 || count > call.state().limits.subscriptions_per_poll) return Errno::inval;
  // Copied, because events may be written over them.
  HEDDLE_TRY_ASSIGN(const auto asked, call.memory().copy<Subscription>(subscriptions, count));
  Poll poll(call);
  for (const Subscription& each : asked) poll.add(each);
  HEDDLE_TRY(poll.wait());
  out.set(poll.write_events(place));
  return {};
}

}  // namespace heddle::wasi::functions
