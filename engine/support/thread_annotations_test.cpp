// SPDX-License-Identifier: Apache-2.0
// The annotated mutex excludes, and is understood by the analysis and by condition variables.
#include "engine/support/thread_annotations.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <thread>
#include <vector>

namespace heddle::engine {
namespace {

class Counter {
 public:
  void add() HEDDLE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    ++value_;
  }
  int value() HEDDLE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return value_;
  }

 private:
  Mutex mutex_;
  int value_ HEDDLE_GUARDED_BY(mutex_) = 0;
};

TEST(thread_annotations, a_lock_excludes_other_threads) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10000; ++j) counter.add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 40000);
}

TEST(thread_annotations, try_lock_fails_while_another_holds) {
  Mutex mutex;
  mutex.lock();
  std::thread([&] {
    if (mutex.try_lock()) {
      mutex.unlock();
      ADD_FAILURE() << "the mutex was held";
    }
  }).join();
  mutex.unlock();
  if (mutex.try_lock()) {
    mutex.unlock();
  } else {
    ADD_FAILURE() << "nobody held the mutex";
  }
}

TEST(thread_annotations, works_with_condition_variables) {
  Mutex mutex;
  std::condition_variable_any changed;
  bool ready = false;
  std::thread setter([&] {
    const MutexLock lock(mutex);
    ready = true;
    changed.notify_all();
  });
  mutex.lock();
  while (!ready) changed.wait(mutex);
  mutex.unlock();
  setter.join();
  EXPECT_TRUE(ready);
}

}  // namespace
}  // namespace heddle::engine
