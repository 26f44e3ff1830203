// SPDX-License-Identifier: Apache-2.0
// An engine in a process that forks, and in one that exits while guests run.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "engine/api/test_store.h"
#include "engine/support/sanitizers.h"

namespace heddle {
namespace {

using namespace std::chrono_literals;

constexpr const char* kGuest = R"((module
  (memory 1 1 shared)
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "spin") (loop $l (br $l)))
  (func (export "sleep") (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))";

/// Runs `body` in a child process and gives what waitpid says; a child that does not end is killed by its
/// alarm.
template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    body();
    std::_Exit(99);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

bool exited_with(int status, int code) { return WIFEXITED(status) && WEXITSTATUS(status) == code; }

TEST(process, child_of_fork_runs_on_with_the_engine) {
  if (engine::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer forbids threads after fork()";
  auto test = std::make_unique<TestStore>();
  ASSERT_TRUE(test->store.set_timeout(50ms));
  Instance instance = test->instantiate(kGuest);
  ASSERT_EQ(trap_of(instance.function("spin")->call()), TrapKind::interrupted)
      << "the watchdog's thread exists";
  const int status = in_child([&] {
    const bool adds = (*instance.function("add")->call({40, 2}))[0].i32() == 42;
    const bool traps = trap_of(instance.function("load")->call({-1})) == TrapKind::memory_out_of_bounds;
    const bool stops = trap_of(instance.function("spin")->call()) == TrapKind::interrupted;
    auto fresh = std::make_unique<TestStore>();
    const bool works = fresh->instantiate(kGuest).function("add")->call({1, 1}).ok();
    fresh.reset();
    instance = {};
    test.reset();  // joins no thread that fork() has not copied
    std::_Exit(adds && traps && stops && works ? 7 : 8);
  });
  EXPECT_TRUE(exited_with(status, 7)) << status;
  EXPECT_EQ((*instance.function("add")->call({40, 2}))[0].i32(), 42);
}

TEST(process, exit_while_guests_run_and_wait) {
  if (engine::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer forbids threads after fork()";
  const int status = in_child([] {
    auto* test = new TestStore();  // never freed: its guests are still running
    const Module module = test->module(kGuest);
    for (const char* name : {"spin", "sleep"}) {
      std::thread([=] {
        const Store store = *Store::create(test->engine);
        (void)Instance::create(store, module)->function(name)->call();
      }).detach();
    }
    std::this_thread::sleep_for(30ms);
    std::exit(5);
  });
  EXPECT_TRUE(exited_with(status, 5)) << status;
}

}  // namespace
}  // namespace heddle
