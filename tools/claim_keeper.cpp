// SPDX-License-Identifier: Apache-2.0
// The keeper's thread wakes three times within each claim.
#include "tools/claim_keeper.h"

#include <utility>

namespace heddle::tools {

ClaimKeeper::ClaimKeeper(threads::WorkQueue& queue, const threads::Claim& claim,
                         std::chrono::milliseconds visibility, std::function<void()> on_lost)
    : queue_(queue), visibility_(visibility), on_lost_(std::move(on_lost)), claim_(claim) {
  thread_ = std::thread([this] { keep(); });
}

ClaimKeeper::~ClaimKeeper() {
  if (thread_.joinable()) (void)stop();
}

threads::Claim ClaimKeeper::stop() {
  {
    engine::MutexLock lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
  engine::MutexLock lock(mutex_);
  return claim_;
}

void ClaimKeeper::keep() {
  for (;;) {
    threads::Claim claim;
    {
      engine::MutexLock lock(mutex_);
      const auto next = std::chrono::steady_clock::now() + visibility_ / 3;
      while (!stopping_ && std::chrono::steady_clock::now() < next) stopped_.wait_until(mutex_, next);
      if (stopping_) return;
      claim = claim_;
    }
    const auto extended = queue_.extend(claim, visibility_);
    if (extended.is(threads::StoreErrorKind::lost)) {
      on_lost_();
      return;
    }
    // Where the store does not answer, the next round tries again; if it is too late then, the claim is lost.
    if (!extended) continue;
    engine::MutexLock lock(mutex_);
    claim_ = *extended;
  }
}

}  // namespace heddle::tools
