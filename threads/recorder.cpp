// SPDX-License-Identifier: Apache-2.0
// Recorder: what is noted when, and the sums for readers.
#include "threads/recorder.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "threads/scheduler.h"
#include "threads/trace_writer.h"

namespace heddle::threads {

namespace {

constexpr size_t kWorkerBits = 9;
static_assert(Scheduler::kMostWorkers < (size_t{1} << kWorkerBits));

[[nodiscard]] uint64_t span(int64_t from, int64_t to) noexcept {
  return to > from ? static_cast<uint64_t>(to - from) : 0;
}

[[nodiscard]] Latency summary(const LatencyHistogram& histogram) {
  const auto at = [&](uint64_t per_thousand) {
    return std::chrono::nanoseconds(histogram.percentile(per_thousand));
  };
  return {histogram.count(), at(500), at(900), at(990), std::chrono::nanoseconds(histogram.max())};
}

void merge(Contention& sum, const Contention& part) {
  sum.waits += part.waits;
  sum.timed_out += part.timed_out;
  sum.waited += part.waited;
  sum.longest = std::max(sum.longest, part.longest);
  sum.notifies += part.notifies;
  sum.woken += part.woken;
}

}  // namespace

Recorder::Recorder(const RecordingOptions& options)
    : keeps_events_(options.trace_events != 0), budget_(options.trace_events / EventLog::kChunk) {
  static_assert(kOutside == Scheduler::kMostWorkers);
}

Recorder::~Recorder() {
  for (const std::atomic<Log*>& log : logs_) delete log.load(std::memory_order_acquire);
}

size_t Recorder::number_here() const noexcept {
  const Worker* const worker = Worker::current();
  return worker != nullptr && worker->scheduler().recorder() == this ? worker->number() : kOutside;
}

Recorder::Log& Recorder::log(size_t number) noexcept {
  Log* log = logs_[number].load(std::memory_order_acquire);
  if (log != nullptr) return *log;
  auto made = std::make_unique<Log>();
  if (logs_[number].compare_exchange_strong(log, made.get(), std::memory_order_acq_rel)) {
    return *made.release();
  }
  return *log;
}

/// Unlike those of other logs.
uint64_t Recorder::new_flow(Log& log, size_t number) noexcept { return ++log.flows << kWorkerBits | number; }

void Recorder::add(Log& log, const Event& event) noexcept {
  if (keeps_events_) log.events.add(event, budget_);
}

// Fibers.

void Recorder::wakes(Fiber& fiber) noexcept {
  const size_t number = number_here();
  Log& log = this->log(number);
  Event event{.time_ns = now_ns(),
              .thread = fiber.record().thread.load(std::memory_order_relaxed),
              .kind = EventKind::wake};
  engine::MutexLock lock(log.mutex);
  // Without a fiber that wakes it, a timer has expired, or the host wakes it.
  if (Fiber::current() != nullptr) event.flow = new_flow(log, number);
  fiber.record().flow.store(event.flow, std::memory_order_relaxed);
  add(log, event);
}

void Recorder::spawned(Fiber& fiber, uint32_t thread) noexcept {
  FiberRecord& record = fiber.record();
  record.thread.store(thread, std::memory_order_relaxed);
  record.is_new = true;
  record.runnable_ns = now_ns();
  const size_t number = number_here();
  Log& log = this->log(number);
  Event event{.time_ns = record.runnable_ns, .thread = thread, .kind = EventKind::spawn};
  engine::MutexLock lock(log.mutex);
  if (Fiber::current() != nullptr) event.flow = new_flow(log, number);
  record.flow.store(event.flow, std::memory_order_relaxed);
  ++log.spawns;
  add(log, event);
}

void Recorder::woken(Fiber& fiber) noexcept { fiber.record().runnable_ns = now_ns(); }

void Recorder::resumes(Fiber& fiber) noexcept {
  FiberRecord& record = fiber.record();
  record.resumed_ns = now_ns();
  record.arrived_by = record.flow.exchange(0, std::memory_order_relaxed);
  Log& log = log_here();
  engine::MutexLock lock(log.mutex);
  ++log.switches;
  if (record.runnable_ns == FiberRecord::kNever) return;
  const uint64_t latency = span(record.runnable_ns, record.resumed_ns);
  (record.is_new ? log.start : log.wake).add(latency);
  record.is_new = false;
  record.runnable_ns = FiberRecord::kNever;
}

void Recorder::stopped(Fiber& fiber, RunEnd end) noexcept {
  if (!keeps_events_) return;
  FiberRecord& record = fiber.record();
  Event event{.time_ns = record.resumed_ns,
              .thread = record.thread.load(std::memory_order_relaxed),
              .kind = EventKind::run,
              .end = end};
  event.duration_ns = now_ns() - record.resumed_ns;
  event.address = record.wait_address;
  event.at_address = record.waits && end == RunEnd::park;
  event.flow = record.arrived_by;
  Log& log = log_here();
  engine::MutexLock lock(log.mutex);
  add(log, event);
}

void Recorder::stole(Fiber& fiber, uint32_t victim) noexcept {
  Log& log = log_here();
  engine::MutexLock lock(log.mutex);
  ++log.steals;
  add(log, {.time_ns = now_ns(),
            .thread = fiber.record().thread.load(std::memory_order_relaxed),
            .other = victim,
            .kind = EventKind::steal});
}

// Waits.

void Recorder::waits(const engine::Memory&, uint64_t address) noexcept {
  Fiber* const fiber = Fiber::current();
  if (fiber == nullptr) return;
  fiber->record().waits = true;
  fiber->record().wait_address = address;
  fiber->record().wait_began_ns = now_ns();
}

void Recorder::waited(const engine::Memory& memory, uint64_t address, engine::WaitResult result) noexcept {
  Fiber* const fiber = Fiber::current();
  if (fiber == nullptr) return;
  fiber->record().waits = false;
  const std::chrono::nanoseconds time(span(fiber->record().wait_began_ns, now_ns()));
  Log& log = log_here();
  engine::MutexLock lock(log.mutex);
  ++log.waits;
  Contention* const here = place(log, memory, address);
  if (here == nullptr) return;
  ++here->waits;
  here->timed_out += result == engine::WaitResult::timed_out;
  here->waited += time;
  here->longest = std::max(here->longest, time);
}

void Recorder::notifies(const engine::Memory& memory, uint64_t address, uint32_t woken) noexcept {
  Log& log = log_here();
  engine::MutexLock lock(log.mutex);
  ++log.notifies;
  Contention* const here = place(log, memory, address);
  if (here == nullptr) return;
  ++here->notifies;
  here->woken += woken;
}

Contention* Recorder::place(Log& log, const engine::Memory& memory, uint64_t address) {
  const auto found = log.places.find({&memory, address});
  if (found != log.places.end()) return &found->second;
  if (log.places.size() == kMostAddresses) return nullptr;
  Contention& made = log.places[{&memory, address}];
  made.memory = memory_number(memory);
  made.address = address;
  return &made;
}

uint32_t Recorder::memory_number(const engine::Memory& memory) {
  engine::MutexLock lock(memories_mutex_);
  const auto found = std::ranges::find(memories_, &memory);
  const auto number = static_cast<uint32_t>(found - memories_.begin());
  if (found == memories_.end()) memories_.push_back(&memory);
  return number;
}

// Readers.

template <class Visit>
void Recorder::for_each_log(Visit visit) const {
  for (size_t i = 0; i < kLogs; ++i) {
    const Log* const log = logs_[i].load(std::memory_order_acquire);
    if (log == nullptr) continue;
    visit(*log, i);
  }
}

RecordedTotals Recorder::totals() const {
  RecordedTotals totals;
  auto start = std::make_unique<LatencyHistogram>();  // too large for a fiber's stack
  auto wake = std::make_unique<LatencyHistogram>();
  for_each_log([&](const Log& log, size_t) {
    engine::MutexLock lock(log.mutex);
    totals.spawns += log.spawns;
    totals.switches += log.switches;
    totals.steals += log.steals;
    totals.waits += log.waits;
    totals.notifies += log.notifies;
    start->add(log.start);
    wake->add(log.wake);
  });
  totals.start = summary(*start);
  totals.wake = summary(*wake);
  return totals;
}

std::vector<Contention> Recorder::contention() const {
  std::map<std::pair<uint32_t, uint64_t>, Contention> sums;
  for_each_log([&](const Log& log, size_t) {
    engine::MutexLock lock(log.mutex);
    for (const auto& [place, part] : log.places) {
      Contention& sum = sums[{part.memory, part.address}];
      sum.memory = part.memory;
      sum.address = part.address;
      merge(sum, part);
    }
  });
  std::vector<Contention> sorted;
  for (const auto& [place, sum] : sums) sorted.push_back(sum);
  std::ranges::sort(sorted, [](const Contention& a, const Contention& b) {
    return std::tuple(-a.waited.count(), a.memory, a.address) <
           std::tuple(-b.waited.count(), b.memory, b.address);
  });
  return sorted;
}

uint64_t Recorder::lost_events() const {
  uint64_t lost = 0;
  for_each_log([&](const Log& log, size_t) {
    engine::MutexLock lock(log.mutex);
    lost += log.events.lost();
  });
  return lost;
}

Result<void> Recorder::write_trace(std::FILE* file) const {
  TraceWriter writer(file, lost_events());
  for_each_log([&](const Log& log, size_t number) {
    engine::MutexLock lock(log.mutex);
    writer.begin_track(number, number == kOutside);
    log.events.for_each([&](const Event& event) { writer.add(event); });
  });
  return writer.finish();
}

// The public face.

Recording::Recording(const RecordingOptions& options) : recorder_(std::make_unique<Recorder>(options)) {}
Recording::~Recording() = default;
RecordedTotals Recording::totals() const { return recorder_->totals(); }
std::vector<Contention> Recording::contention() const { return recorder_->contention(); }
Result<void> Recording::write_trace(std::FILE* file) const { return recorder_->write_trace(file); }
uint64_t Recording::lost_events() const { return recorder_->lost_events(); }

}  // namespace heddle::threads
