// SPDX-License-Identifier: Apache-2.0
// Many calls of one module beside each other, on a pool of instances: results, a trap, a task that is
// cancelled.
#include <heddle/heddle.h>
#include <heddle/tasks.h>

#include <cstdio>
#include <vector>

namespace {

constexpr const char* kSource = R"((module
  (global $calls (mut i32) (i32.const 0))  ;; each task has its own
  (func (export "count") (param $n i32) (result i32 i32)
    (local $steps i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.le_s (local.get $n) (i32.const 0)) (then (unreachable)))
    (loop $next  ;; Collatz
      (if (i32.ne (local.get $n) (i32.const 1))
        (then
          (local.set $n
            (select
              (i32.add (i32.mul (local.get $n) (i32.const 3)) (i32.const 1))
              (i32.shr_u (local.get $n) (i32.const 1))
              (i32.and (local.get $n) (i32.const 1))))
          (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
          (br $next))))
    (local.get $steps) (global.get $calls))
  (func (export "forever") (loop $l (br $l)))))";

}  // namespace

int main() {
  auto engine = heddle::Engine::create();
  auto module = heddle::Module::load_text(*engine, kSource);
  if (!module) return 1;
  const heddle::threads::Workers workers;
  auto pool = heddle::threads::TaskPool::create(*engine, workers, *module);
  if (!pool) return 1;

  std::vector<heddle::threads::Task> tasks;
  for (int n = 0; n < 1000; ++n) {
    auto task = pool->submit("count", {n});
    if (!task) return 1;
    tasks.push_back(*task);
  }
  int steps = 0, calls = 0;
  for (const auto& task : tasks) {
    const heddle::CallResult& result = task.wait();
    if (result.ok()) {
      steps += (*result)[0].i32();
      calls += (*result)[1].i32();
    } else {
      std::printf("one task: %s\n", to_string(result.trap().kind));
    }
  }
  std::printf("%d steps; %d first calls\n", steps, calls);

  auto forever = pool->submit("forever");
  if (!forever || forever->wait_for(std::chrono::milliseconds(5))) return 1;
  forever->cancel();
  std::printf("%s\n", forever->wait().trap().message.c_str());
  pool->shut_down(heddle::threads::TaskPool::Ending::drain);
  return 0;
}
