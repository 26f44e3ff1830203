// SPDX-License-Identifier: Apache-2.0
// The scenarios of the synchronization tests find the bugs that guests/build_guests.py plants in the headers.
#include "threads/sync/test_allocator.h"

namespace heddle::sync {
namespace {

struct Bug {
  const char* name;
  Finding (*scenario)(World& world, Mix mix);
};

void PrintTo(const Bug& bug, std::ostream* stream) { *stream << bug.name; }

class PlantedBugTest : public testing::TestWithParam<Bug> {};

constexpr Bug kBugs[] = {
    {"mutex_not_atomic", mutex_excludes},
    {"mutex_wakes_nobody", mutex_excludes},
    {"mutex_forgets_the_second_sleeper", mutex_excludes},
    {"condition_looks_after_unlocking", condition_passes_items},
    {"condition_wakes_one_of_all", condition_wakes_all},
    {"barrier_opens_early", barrier_holds},
    {"barrier_forgets_the_round", barrier_holds},
    {"barrier_has_many_leaders", barrier_holds},
    {"rwlock_ignores_readers", rwlock_excludes},
    {"rwlock_lets_readers_overtake", rwlock_is_fair},
    {"rwlock_loses_calls", rwlock_excludes},
    {"once_runs_twice", once_runs_once},
    {"once_does_not_wait", once_runs_once},
    {"semaphore_not_atomic", semaphore_counts},
    {"semaphore_wakes_only_from_zero", semaphore_wakes_each},
    {"atomics_not_atomic", counters_sum_up},
    {"allocator_not_atomic", allocator_keeps_apart},
    {"allocator_counts_one_block_too_many", allocator_fills_up},
    {"allocator_frees_twice", allocator_refuses},
    {"slots_keep_old_values", slots_are_the_threads_own},
};

INSTANTIATE_TEST_SUITE_P(finds, PlantedBugTest, testing::ValuesIn(kBugs),
                         [](const testing::TestParamInfo<Bug>& info) {
                           return std::string(info.param.name);
                         });

/// Some bugs show only when threads meet: so as often as it takes, which is a few times.
TEST_P(PlantedBugTest, finds) {
  Finding finding;
  int rounds = 0;
  while (finding.empty() && rounds < 200) {
    World world(GetParam().name);
    finding = GetParam().scenario(world, Mix::guests);
    ++rounds;
  }
  EXPECT_NE(finding, "") << "not found in " << rounds << " rounds";
  RecordProperty("finding", finding);
  RecordProperty("rounds", rounds);
}

}  // namespace
}  // namespace heddle::sync
