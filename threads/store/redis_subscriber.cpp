// SPDX-License-Identifier: Apache-2.0
// The subscriber's thread: connects when somebody wants to wait, and hands on what the server publishes.
#include "threads/store/redis_subscriber.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <utility>

#include "engine/support/platform.h"
#include "engine/support/try.h"

namespace heddle::threads {

namespace {

/// Pauses before a lost connection is made anew: 1, 2, 4 ... ms, a second in all.
constexpr int kMostAttempts = 10;

}  // namespace

RedisSubscriber::RedisSubscriber(RedisAddress address, std::string channel, ChangeHub& hub)
    : address_(std::move(address)), channel_(std::move(channel)), hub_(hub), wake_(eventfd(0, EFD_CLOEXEC)) {}

RedisSubscriber::~RedisSubscriber() {
  std::thread thread;
  {
    engine::MutexLock lock(mutex_);
    stopping_ = true;
    thread = std::move(thread_);
  }
  state_changed_.notify_all();
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = wake_ < 0 ? 0 : write(wake_, &one, sizeof one);
  if (thread.joinable()) thread.join();
  if (wake_ >= 0) close(wake_);
}

StoreResult<void> RedisSubscriber::listen() {
  if (wake_ < 0)
    return StoreError{StoreErrorKind::unavailable,
                      address_.to_string() + ": no descriptor left to wait with"};
  engine::MutexLock lock(mutex_);
  if (state_ == State::listening) return {};
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  if (state_ == State::idle) {
    state_ = State::wanted;
    state_changed_.notify_all();
  }
  const uint64_t before = attempts_;
  while (attempts_ == before) state_changed_.wait(mutex_);
  // Lost again already? Then the hub was told, and the caller will be back.
  if (failure_.message.empty()) return {};
  return failure_;
}

void RedisSubscriber::run() noexcept {
  engine::name_thread("heddle redis");
  const WithoutSigpipe quiet;
  for (;;) {
    {
      engine::MutexLock lock(mutex_);
      while (!stopping_ && state_ != State::wanted) state_changed_.wait(mutex_);
      if (stopping_) return;
    }
    auto connection = subscribe();
    {
      engine::MutexLock lock(mutex_);
      ++attempts_;
      state_ = connection ? State::listening : State::idle;
      failure_ = connection ? StoreError() : connection.error();
    }
    state_changed_.notify_all();
    if (!connection) continue;
    tell(**connection);
    {
      engine::MutexLock lock(mutex_);
      state_ = State::idle;
    }
    hub_.all_changed();  // something may have been published meanwhile
  }
}

StoreResult<std::unique_ptr<RedisConnection>> RedisSubscriber::subscribe() const {
  const std::array<std::string_view, 2> words = {"SUBSCRIBE", channel_};
  for (int attempt = 1;; ++attempt) {
    HEDDLE_TRY_ASSIGN(auto connection, RedisConnection::open(address_));
    const auto reply = connection->command(words);
    if (reply) return connection;
    // A server that answers, and hangs up, may be different the next time.
    if (!connection->broken() || attempt == kMostAttempts) return reply.error();
    pollfd wake = {wake_, POLLIN, 0};
    if (poll(&wake, 1, 1 << (attempt - 1)) > 0) return reply.error();  // nobody wants it any more
  }
}

void RedisSubscriber::tell(RedisConnection& connection) noexcept {
  std::array<pollfd, 2> files = {{{connection.get()->fd, POLLIN, 0}, {wake_, POLLIN, 0}}};
  while (hand_on(connection)) {
    if (poll(files.data(), files.size(), -1) < 0) continue;  // a signal
    if (files[1].revents != 0) return;
    if (files[0].revents != 0 && redisBufferRead(connection.get()) != REDIS_OK) return;
  }
}

bool RedisSubscriber::hand_on(const RedisConnection& connection) noexcept {
  for (;;) {
    void* arrived = nullptr;
    if (redisGetReplyFromReader(connection.get(), &arrived) != REDIS_OK) return false;
    if (arrived == nullptr) return true;
    const RedisReply reply(static_cast<redisReply*>(arrived));
    // "message", the channel, what was published
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) continue;
    const redisReply& message = *reply->element[2];
    if (message.type == REDIS_REPLY_STRING) tell_published({message.str, message.len});
  }
}

/// Keys, each with its length before it. Whoever else publishes something here wakes everybody.
void RedisSubscriber::tell_published(std::string_view message) noexcept {
  constexpr size_t kLengthDigits = 8;
  while (!message.empty()) {
    size_t size = 0;
    const char* const begin = message.data();
    const bool is_length =
        message.size() >= kLengthDigits &&
        std::from_chars(begin, begin + kLengthDigits, size, 16).ptr == begin + kLengthDigits;
    if (!is_length || message.size() - kLengthDigits < size) {
      hub_.all_changed();
      return;
    }
    hub_.changed(message.substr(kLengthDigits, size));
    message.remove_prefix(kLengthDigits + size);
  }
}

}  // namespace heddle::threads
