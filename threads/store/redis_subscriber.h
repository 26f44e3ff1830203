// SPDX-License-Identifier: Apache-2.0
// RedisSubscriber: the thread that hears of changes from a Redis server and tells the hub.
#pragma once

#include <condition_variable>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "engine/support/thread_annotations.h"
#include "threads/store/change_hub.h"
#include "threads/store/redis_connection.h"

namespace heddle::threads {

/// Threads: any.
class RedisSubscriber {
 public:
  RedisSubscriber(RedisAddress address, std::string channel, ChangeHub& hub);
  ~RedisSubscriber();
  RedisSubscriber(const RedisSubscriber&) = delete;
  RedisSubscriber& operator=(const RedisSubscriber&) = delete;

  /// Once this is back without an error, the hub hears of all that changes from now on. When the connection
  /// is lost, everybody in the hub is woken, and who still wants to wait calls listen() again. Errors:
  /// unavailable.
  StoreResult<void> listen() HEDDLE_EXCLUDES(mutex_);

 private:
  enum class State { idle, wanted, listening };
  void run() noexcept HEDDLE_EXCLUDES(mutex_);
  /// Tells of changes until the connection is lost, or all is over.
  void tell(RedisConnection& connection) noexcept;
  /// Hands on what has arrived; false if the connection is lost.
  [[nodiscard]] bool hand_on(const RedisConnection& connection) noexcept;
  [[nodiscard]] StoreResult<std::unique_ptr<RedisConnection>> subscribe() const;
  void tell_published(std::string_view message) noexcept;

  const RedisAddress address_;
  const std::string channel_;
  ChangeHub& hub_;
  const int wake_;  ///< an eventfd: the subscriber is to end

  engine::Mutex mutex_;
  std::condition_variable_any state_changed_;
  State state_ HEDDLE_GUARDED_BY(mutex_) = State::idle;
  bool stopping_ HEDDLE_GUARDED_BY(mutex_) = false;
  uint64_t attempts_ HEDDLE_GUARDED_BY(mutex_) = 0;  ///< to connect, that have ended
  StoreError failure_ HEDDLE_GUARDED_BY(mutex_);     ///< of the last one, if the state is idle after it
  std::thread thread_ HEDDLE_GUARDED_BY(mutex_);
};

}  // namespace heddle::threads
