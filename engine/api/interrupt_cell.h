// SPDX-License-Identifier: Apache-2.0
// InterruptCell: the meeting point of a store and those who may interrupt it; outlives both.
#pragma once

#include "engine/runtime/store.h"
#include "engine/support/thread_annotations.h"

namespace heddle::detail {

/// Threads: every function may be called from any thread; the lock keeps the store alive while it is told.
class InterruptCell {
 public:
  explicit InterruptCell(engine::Store* store) : store_(store) {}

  /// Somebody outside asks for a stop.
  void request() HEDDLE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    requested_ = true;
    if (store_ != nullptr) store_->interrupt();
  }
  /// The time limit is over: like request(), but forgotten with the call it was meant for.
  void expire() HEDDLE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (store_ != nullptr) store_->interrupt();
  }
  /// Owner only. Takes interrupts back; unless `all`, one that request() asked for stays.
  void clear(bool all) HEDDLE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (requested_ && !all) return;
    requested_ = false;
    if (store_ != nullptr) store_->context().clear_interrupt();
  }
  /// The store is about to go.
  void detach() HEDDLE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    store_ = nullptr;
  }

 private:
  using MutexLock = engine::MutexLock;
  engine::Mutex mutex_;
  engine::Store* store_ HEDDLE_GUARDED_BY(mutex_);
  bool requested_ HEDDLE_GUARDED_BY(mutex_) = false;
};

}  // namespace heddle::detail
