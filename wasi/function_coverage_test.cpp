// SPDX-License-Identifier: Apache-2.0
// Does every function of the table have a test? Each must have been called by one and done its work, and have
// refused.
#include <set>
#include <string_view>

#include "wasi/test_guest.h"

namespace heddle::wasi {
namespace {

/// These have nothing to refuse.
const std::set<std::string_view> kNeverRefuse = {"proc_exit", "sched_yield"};

/// Looks when all tests have run.
class FunctionCoverage final : public testing::Environment {
 public:
  void TearDown() override {
    if (testing::GTEST_FLAG(filter) != "*" || testing::UnitTest::GetInstance()->test_to_run_count() !=
                                                  testing::UnitTest::GetInstance()->total_test_count()) {
      return;  // not all have run
    }
    for (const FunctionRow& row : function_rows()) {
      const CalledFunctions::Answers answers = CalledFunctions::of(row.name);
      EXPECT_GT(answers.successes, 0) << row.name << " has no test in which it does its work";
      if (kNeverRefuse.contains(row.name)) continue;
      EXPECT_GT(answers.refusals, 0) << row.name << " has no test in which it refuses";
    }
  }
};

const testing::Environment* const kFunctionCoverage = testing::AddGlobalTestEnvironment(new FunctionCoverage);

}  // namespace
}  // namespace heddle::wasi
