// SPDX-License-Identifier: Apache-2.0
// run_in_parallel(): the same work on several threads, the caller's among them.
#pragma once

#include <system_error>
#include <thread>
#include <vector>

namespace heddle::engine {

/// Calls work(i) for i < threads, each on a thread of its own, 0 on the caller's, and waits for all. Where
/// the host has no thread left, those that there are do it: so the work must be claimed, not divided by i.
/// REQUIRES: work() does not throw; threads != 0.
template <class Work>
void run_in_parallel(unsigned threads, const Work& work) {
  std::vector<std::thread> others;
  others.reserve(threads - 1);
  try {
    for (unsigned i = 1; i < threads; ++i) others.emplace_back([&work, i] { work(i); });
  } catch (const std::system_error&) {
    // They do it.
  }
  work(0);
  for (std::thread& other : others) other.join();
}

}  // namespace heddle::engine
