// SPDX-License-Identifier: Apache-2.0
// The threads of a compile queue.
#include "jit/tiering/compile_queue.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "engine/support/platform.h"

namespace heddle::jit {

using engine::MutexLock;

CompileQueue::~CompileQueue() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stop_ = true;
    waiting_.clear();
    threads = std::move(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

bool CompileQueue::push(Owner owner, Job job) {
  MutexLock lock(mutex_);
  if (threads_.size() <= running_.size() + waiting_.size() && threads_.size() < most_threads_)
    (void)add_thread();
  if (threads_.empty()) return false;
  waiting_.push_back({owner, std::move(job)});
  changed_.notify_all();
  return true;
}

bool CompileQueue::add_thread() {
  try {
    threads_.emplace_back([this] { run(); });
    return true;
  } catch (const std::system_error&) {  // the one way the standard library has to refuse
    return false;
  }
}

void CompileQueue::forget(Owner owner) {
  MutexLock lock(mutex_);
  std::erase_if(waiting_, [owner](const Entry& entry) { return entry.owner == owner; });
  while (std::ranges::find(running_, owner) != running_.end()) changed_.wait(mutex_);
}

void CompileQueue::drain() {
  MutexLock lock(mutex_);
  while (!waiting_.empty() || !running_.empty()) changed_.wait(mutex_);
}

void CompileQueue::run() {
  engine::name_thread("heddle compiler");
  MutexLock lock(mutex_);
  for (;;) {
    while (waiting_.empty() && !stop_) changed_.wait(mutex_);
    if (stop_) return;
    Entry entry = std::move(waiting_.front());
    waiting_.pop_front();
    running_.push_back(entry.owner);
    mutex_.unlock();
    entry.job();
    entry.job = nullptr;
    mutex_.lock();
    running_.erase(std::ranges::find(running_, entry.owner));
    changed_.notify_all();
  }
}

}  // namespace heddle::jit
