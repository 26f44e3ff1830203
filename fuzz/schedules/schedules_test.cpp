// SPDX-License-Identifier: Apache-2.0
// The schedule fuzzer: a short campaign finds nothing, each planted bug is found, and what is found replays,
// also by `heddle run`.
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/support/sanitizers.h"
#include "fuzz/schedules/campaign.h"

namespace heddle::fuzz {
namespace {

const std::string kGuests = HEDDLE_BINARY_DIR "/guests/schedules/";
constexpr bool kSlow = engine::kThreadSanitizer || engine::kAddressSanitizer;

#if HEDDLE_HAS_JIT
constexpr const char* kTiers[] = {"interp", "jit"};
#else
constexpr const char* kTiers[] = {"interp"};
#endif

ScheduledProgram load(const std::string& name, const std::string& tier = "interp") {
  auto program = ScheduledProgram::load(kGuests + name + ".wasm", tier);
  if (!program) ADD_FAILURE() << program.error().to_string();
  return std::move(program).value();
}

std::string describe(const Finding& finding) {
  return finding.run.command(kGuests + "schedules.wasm") + "\n" + finding.what;
}

/// HEDDLE_SCHEDULES=160000 makes the campaigns as long as that.
uint64_t runs(uint64_t otherwise) {
  const char* const wanted = std::getenv("HEDDLE_SCHEDULES");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : otherwise;
}

class CampaignTest : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(schedules, CampaignTest, testing::ValuesIn(kTiers),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(CampaignTest, threads_hold_in_every_order) {
  const CampaignEnd end = run_campaign(load("schedules", GetParam()),
                                       {.runs = runs(kSlow ? 160 : 3200), .jobs = 2, .most_findings = 3});
  for (const Finding& finding : end.findings) ADD_FAILURE() << describe(finding);
  EXPECT_EQ(end.counts.all(), runs(kSlow ? 160 : 3200));
}

TEST_P(CampaignTest, threads_hold_without_an_order) {
  const ScheduledProgram program = load("schedules", GetParam());
  for (const unsigned workers : {1u, 2u, 8u}) {
    const CampaignEnd end = run_campaign(
        program, {.runs = kSlow ? 64u : 480u, .jobs = 2, .workers = workers, .most_findings = 3});
    for (const Finding& finding : end.findings) ADD_FAILURE() << describe(finding);
  }
}

/// Compiled code gives way where the interpreter does.
TEST(schedules, an_order_is_the_same_in_every_tier) {
  const ScheduledProgram interpreted = load("schedules"),
                         other = load("schedules", kTiers[std::size(kTiers) - 1]);
  for (uint64_t number = 0; number < (kSlow ? 32u : 512u); ++number) {
    const ScheduledRun run = numbered_run(number).run;
    EXPECT_EQ(interpreted.run(run), other.run(run)) << run.command("");
  }
}

TEST(schedules, a_number_says_which_run_and_a_seed_which_order) {
  const ScheduledProgram program = load("schedules");
  std::set<std::string> traces;
  for (uint64_t number = 0; number < 64; ++number) {
    const ScheduledRun run = numbered_run(number).run;
    const ScheduledEnd first = program.run(run);
    EXPECT_EQ(first, program.run(run)) << run.command("");
    traces.insert(first.output);
  }
  EXPECT_GT(traces.size(), 40u) << "seeds change nothing";
}

// Planted bugs.

struct Bug {
  const char* name;     ///< in build_guests.py
  const char* program;  ///< that finds it
};
void PrintTo(const Bug& bug, std::ostream* stream) { *stream << bug.name; }

constexpr Bug kBugs[] = {
    {"mutex_not_atomic", "mutex"},
    {"mutex_wakes_nobody", "mutex"},
    {"mutex_forgets_the_second_sleeper", "mutex"},
    {"condition_looks_after_unlocking", "condition"},
    {"condition_wakes_one_of_all", "gate"},
    {"barrier_opens_early", "barrier"},
    {"barrier_forgets_the_round", "barrier"},
    {"barrier_has_many_leaders", "barrier"},
    {"rwlock_ignores_readers", "rwlock"},
    {"rwlock_lets_readers_overtake", "fairness"},
    {"rwlock_loses_calls", "rwlock"},
    {"once_runs_twice", "once"},
    {"once_does_not_wait", "once"},
    {"semaphore_not_atomic", "semaphore"},
    {"semaphore_wakes_only_from_zero", "permits"},
    {"atomics_not_atomic", "atomics"},
    {"allocator_not_atomic", "allocator"},
    {"allocator_counts_one_block_too_many", "allocator"},
    {"allocator_frees_twice", "allocator"},
    {"slots_keep_old_values", "slots"},
};

class PlantedBugTest : public testing::TestWithParam<Bug> {
 protected:
  /// The first seed under which the order makes it show.
  static std::optional<Finding> find(const ScheduledProgram& program, threads::Order order, uint64_t most) {
    for (uint64_t seed = 0; seed < most; ++seed) {
      const ScheduledRun run{GetParam().program, seed, order, seed};
      const std::string wrong = ScheduledProgram::judge(run, program.run(run));
      if (!wrong.empty()) return Finding{seed, run, wrong};
    }
    return std::nullopt;
  }
};

INSTANTIATE_TEST_SUITE_P(schedules, PlantedBugTest, testing::ValuesIn(kBugs),
                         [](const testing::TestParamInfo<Bug>& info) {
                           return std::string(info.param.name);
                         });

struct CommandEnd {
  int exit_code = 0;
  std::string output, errors;
  bool operator==(const CommandEnd&) const = default;
};

std::string contents(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

CommandEnd run_command(const std::string& command) {
  std::string folder = (std::filesystem::temp_directory_path() / "heddle-schedules-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return {};
  const std::string output = folder + "/output", errors = folder + "/errors";
  const int status =
      std::system((HEDDLE_BINARY_DIR "/bin/" + command + " >" + output + " 2>" + errors).c_str());
  CommandEnd end{WEXITSTATUS(status), contents(output), contents(errors)};
  std::filesystem::remove_all(folder);
  return end;
}

TEST_P(PlantedBugTest, is_found_and_replays) {
  const ScheduledProgram program = load(GetParam().name);
  for (const threads::Order order : {threads::Order::random, threads::Order::pct}) {
    const std::optional<Finding> finding = find(program, order, 5000);
    ASSERT_TRUE(finding) << "not found by the order " << static_cast<int>(order);
    std::printf("[ figures  ] %s: run %llu\n", GetParam().name,
                static_cast<unsigned long long>(finding->number));
    const ScheduledEnd end = program.run(finding->run);
    EXPECT_EQ(end, program.run(finding->run)) << describe(*finding);
    EXPECT_EQ(ScheduledProgram::judge(finding->run, end), finding->what);

    if (!std::filesystem::exists(HEDDLE_BINARY_DIR "/bin/heddle")) continue;
    const std::string file = kGuests + GetParam().name + ".wasm";
    const std::string command = finding->run.command(file);
    const CommandEnd replayed = run_command(command);
    for (const char* tier : kTiers) {
      EXPECT_EQ(replayed, run_command(finding->run.command(file, tier))) << command << "\n" << tier;
    }
    EXPECT_EQ(replayed.exit_code, static_cast<int>(end.exit_code)) << command;
    EXPECT_EQ(replayed.output, end.output) << command;
    EXPECT_NE(replayed.errors.find(end.message.substr(0, end.message.find('\n'))), std::string::npos)
        << command << "\n"
        << replayed.errors;
  }
}

/// Random programs find bugs, too, wherever they are.
TEST(schedules, random_programs_find_planted_bugs) {
  for (const char* bug :
       {"mutex_forgets_the_second_sleeper", "condition_looks_after_unlocking", "barrier_opens_early",
        "rwlock_ignores_readers", "once_does_not_wait", "semaphore_not_atomic"}) {
    const ScheduledProgram program = load(bug);
    uint64_t seed = 0;
    for (std::string wrong; wrong.empty(); ++seed) {
      ASSERT_LT(seed, 5000u) << bug;
      const ScheduledRun run{"random", seed, threads::Order::random, seed};
      wrong = ScheduledProgram::judge(run, program.run(run));
    }
    std::printf("[ figures  ] %s: program %llu\n", bug, static_cast<unsigned long long>(seed - 1));
  }
}

}  // namespace
}  // namespace heddle::fuzz
