// SPDX-License-Identifier: Apache-2.0
// InterruptCell: the meeting point of a store and those who may interrupt it; outlives both.
#pragma once

#include <heddle/host_function.h>

#include <utility>

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
    stop();
  }
  /// The time limit is over: like request(), but forgotten with the call it was meant for.
  void expire() HEDDLE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    stop();
  }
  /// Owner only. Takes interrupts back; unless `all`, one that request() asked for stays.
  void clear(bool all) HEDDLE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (requested_ && !all) return;
    requested_ = false;
    if (store_ != nullptr) store_->context().clear_interrupt();
  }
  /// Owner only: who is told of the next interrupts, null: nobody; returns who was. Once this is back, the
  /// one before is not being told any more.
  InterruptListener* set_listener(InterruptListener* listener) HEDDLE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return std::exchange(listener_, listener);
  }
  /// The store is about to go.
  void detach() HEDDLE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    store_ = nullptr;
  }

 private:
  void stop() HEDDLE_REQUIRES(mutex_) {
    if (store_ != nullptr) store_->interrupt();
    if (listener_ != nullptr) listener_->tell();
  }

  using MutexLock = engine::MutexLock;
  engine::Mutex mutex_;
  engine::Store* store_ HEDDLE_GUARDED_BY(mutex_);
  InterruptListener* listener_ HEDDLE_GUARDED_BY(mutex_) = nullptr;
  bool requested_ HEDDLE_GUARDED_BY(mutex_) = false;
};

}  // namespace heddle::detail
