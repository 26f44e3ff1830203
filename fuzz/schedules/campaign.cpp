// SPDX-License-Identifier: Apache-2.0
// Campaigns: which run has which number, and running them on several threads.
#include "fuzz/schedules/campaign.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace heddle::fuzz {

namespace {

using Clock = std::chrono::steady_clock;

class Crew {
 public:
  Crew(const ScheduledProgram& program, const Campaign& campaign,
       const std::function<void(const CampaignCounts&)>& progress)
      : program_(program), campaign_(campaign), progress_(progress), next_progress_(Clock::now()) {}

  CampaignEnd run() {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < std::max(campaign_.jobs, 1u); ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    std::ranges::sort(end_.findings, {}, &Finding::number);
    return std::move(end_);
  }

 private:
  void work() {
    while (!is_over()) {
      const uint64_t done = next_.fetch_add(1);
      if (done >= campaign_.runs) return;
      const uint64_t number = campaign_.first + done;
      const NumberedRun numbered = numbered_run(number, campaign_.workers);
      const std::string wrong = ScheduledProgram::judge(numbered.run, program_.run(numbered.run));
      note(number, numbered, wrong);
    }
  }

  bool is_over() {
    if (campaign_.deadline && Clock::now() >= *campaign_.deadline) return true;
    std::lock_guard lock(mutex_);
    return end_.findings.size() >= campaign_.most_findings;
  }

  void note(uint64_t number, const NumberedRun& numbered, const std::string& wrong) {
    std::lock_guard lock(mutex_);
    switch (numbered.kind) {
      case RunKind::scenario: ++end_.counts.scenarios; break;
      case RunKind::program: ++end_.counts.programs; break;
      case RunKind::deadlock: ++end_.counts.deadlocks; break;
    }
    if (!wrong.empty()) end_.findings.push_back({number, numbered.run, wrong});
    if (progress_ && Clock::now() >= next_progress_) {
      next_progress_ = Clock::now() + std::chrono::seconds(1);
      progress_(end_.counts);
    }
  }

  const ScheduledProgram& program_;
  const Campaign& campaign_;
  const std::function<void(const CampaignCounts&)>& progress_;
  std::atomic<uint64_t> next_{0};
  std::mutex mutex_;
  Clock::time_point next_progress_;  ///< guarded by mutex_, as is the next
  CampaignEnd end_;
};

}  // namespace

NumberedRun numbered_run(uint64_t number, unsigned workers) {
  constexpr uint64_t kRow = 16, kScenariosOfRow = 10, kProgramsOfRow = 5;
  const uint64_t row = number / kRow, place = number % kRow;
  NumberedRun numbered{RunKind::deadlock, {}};
  ScheduledRun& run = numbered.run;
  run.seed = number;
  run.program_seed = number;
  run.order = (row + place) % 2 == 0 ? threads::Order::random : threads::Order::pct;
  if (workers != 0) {
    run.order = threads::Order::soonest;
    run.workers = workers;
  }
  run.program = "deadlock";
  if (place < kScenariosOfRow) {
    numbered.kind = RunKind::scenario;
    run.program = scenarios()[(row * kScenariosOfRow + place) % scenarios().size()];
  } else if (place < kScenariosOfRow + kProgramsOfRow) {
    numbered.kind = RunKind::program;
    run.program = "random";
  }
  return numbered;
}

CampaignEnd run_campaign(const ScheduledProgram& program, const Campaign& campaign,
                         const std::function<void(const CampaignCounts&)>& progress) {
  return Crew(program, campaign, progress).run();
}

}  // namespace heddle::fuzz
