// SPDX-License-Identifier: Apache-2.0
// ThreadTable: records by id, and the edges of waiting.
#include "threads/thread_table.h"

#include <utility>
#include <vector>

#include "threads/fiber.h"

namespace heddle::threads {

namespace {

uint64_t size_of(const Bytes& bytes) noexcept { return bytes == nullptr ? 0 : bytes->size(); }

}  // namespace

ThreadRecord* ThreadTable::find(uint32_t id) const {
  const auto place = records_.find(id);
  return place == records_.end() ? nullptr : place->second.get();
}

ThreadError ThreadTable::find_ended(uint32_t id, ThreadRecord*& out) const {
  out = find(id);
  if (out == nullptr) return ThreadError::no_thread;
  return out->ended.done() ? ThreadError::none : ThreadError::busy;
}

/// Keeps the sum of all bytes.
ThreadError ThreadTable::replace(Bytes& place, Bytes by) {
  const uint64_t others = bytes_ - size_of(place);
  if (size_of(by) > most_bytes_ || others > most_bytes_ - size_of(by)) return ThreadError::no_memory;
  bytes_ = others + size_of(by);
  place = std::move(by);
  return ThreadError::none;
}

void ThreadTable::forget(const ThreadRecord& record) {
  bytes_ -= size_of(record.argument) + size_of(record.result) + size_of(record.data);
  if (record.ended.done()) --ended_;
  records_.erase(record.id);
}

ThreadError ThreadTable::add(const std::shared_ptr<ThreadRecord>& record) {
  engine::MutexLock lock(mutex_);
  Bytes argument = std::exchange(record->argument, nullptr);
  if (const ThreadError error = replace(record->argument, std::move(argument)); error != ThreadError::none) {
    return error;
  }
  records_.emplace(record->id, record);
  return ThreadError::none;
}

void ThreadTable::remove(uint32_t id) {
  engine::MutexLock lock(mutex_);
  if (const ThreadRecord* const record = find(id)) forget(*record);
}

void ThreadTable::finish(const std::shared_ptr<ThreadRecord>& record, ThreadEnding ending) {
  engine::MutexLock lock(mutex_);
  record->status = ending.status;
  record->number = ending.number;
  if (!ending.message.empty()) {
    // A trap's text does not count, since nobody could be told that there is no room for it.
    bytes_ -= size_of(std::exchange(record->result, nullptr));
    record->result = std::make_shared<const std::string>(std::move(ending.message));
    bytes_ += size_of(record->result);
  }
  if (ending.instance != nullptr && !record->is_detached) {
    // A trap may have left no instance; and not every module exports its memory.
    if (auto memory = ending.instance->instance().memory()) {
      record->memory = std::move(*memory);
      record->instance = std::move(ending.instance);
    }
  }
  record->ended.complete();
  ++ended_;
  if (record->is_detached) forget(*record);
}

void ThreadTable::clear() {
  std::unordered_map<uint32_t, std::shared_ptr<ThreadRecord>> records;
  engine::MutexLock lock(mutex_);
  records.swap(records_);
  bytes_ = 0;
  ended_ = 0;
}

bool ThreadTable::contains(uint32_t id) const {
  engine::MutexLock lock(mutex_);
  return records_.contains(id);
}

size_t ThreadTable::ended() const {
  engine::MutexLock lock(mutex_);
  return ended_;
}

uint32_t ThreadTable::waits_for(uint32_t waiter) const {
  engine::MutexLock lock(mutex_);
  const auto edge = waits_.find(waiter);
  return edge == waits_.end() || edge->second->ended.done() ? 0 : edge->second->id;
}

bool ThreadTable::closes_circle(uint32_t waiter, uint32_t id) const {
  for (auto edge = waits_.find(id); edge != waits_.end(); edge = waits_.find(edge->second->id)) {
    if (edge->second->ended.done()) return false;  // its id may be another thread's by now
    if (edge->second->id == waiter) return true;
  }
  return false;
}

ThreadError ThreadTable::begin_wait(uint32_t waiter, uint32_t id, bool endless,
                                    std::shared_ptr<ThreadRecord>& out) {
  engine::MutexLock lock(mutex_);
  const auto place = records_.find(id);
  if (place == records_.end()) return ThreadError::no_thread;
  out = place->second;
  if (id == waiter) return ThreadError::deadlock;
  if (!endless || out->ended.done()) return ThreadError::none;
  if (closes_circle(waiter, id)) return ThreadError::deadlock;
  waits_[waiter] = out;
  return ThreadError::none;
}

Outcome<int32_t> ThreadTable::wait(Caller& caller, uint32_t waiter, uint32_t id, int64_t timeout_ns) {
  std::shared_ptr<ThreadRecord> record;
  if (const ThreadError error = begin_wait(waiter, id, timeout_ns < 0, record); error != ThreadError::none) {
    return static_cast<int32_t>(error);
  }
  Fiber* const fiber = Fiber::current();
  const InterruptListener listener(caller, [fiber] { fiber->unpark(); });
  const bool ended =
      record->ended.wait(deadline_after(timeout_ns), [&listener] { return listener.interrupted(); });
  engine::MutexLock lock(mutex_);
  waits_.erase(waiter);
  if (listener.interrupted()) return Trap::interrupted();
  if (ended) return static_cast<int32_t>(record->status);
  return static_cast<int32_t>(ThreadError::timed_out);
}

ThreadError ThreadTable::number(uint32_t id, uint64_t& out) const {
  engine::MutexLock lock(mutex_);
  ThreadRecord* record = nullptr;
  const ThreadError error = find_ended(id, record);
  if (error == ThreadError::none) out = record->number;
  return error;
}

ThreadError ThreadTable::result(uint32_t id, Bytes& out) const {
  engine::MutexLock lock(mutex_);
  ThreadRecord* record = nullptr;
  const ThreadError error = find_ended(id, record);
  if (error == ThreadError::none) out = record->result;
  return error;
}

ThreadError ThreadTable::free(uint32_t id) {
  std::shared_ptr<ThreadRecord> freed;  // its instance goes back without the lock
  engine::MutexLock lock(mutex_);
  ThreadRecord* record = nullptr;
  const ThreadError error = find_ended(id, record);
  if (error != ThreadError::none) return error;
  freed = records_[id];
  forget(*record);
  return ThreadError::none;
}

ThreadError ThreadTable::memory(uint32_t id, std::shared_ptr<PooledInstance>& instance, Memory& out) const {
  engine::MutexLock lock(mutex_);
  ThreadRecord* record = nullptr;
  if (const ThreadError error = find_ended(id, record); error != ThreadError::none) return error;
  if (record->instance == nullptr) return ThreadError::unsupported;
  instance = record->instance;
  out = record->memory;
  return ThreadError::none;
}

ThreadError ThreadTable::data(uint32_t id, Bytes& out) const {
  engine::MutexLock lock(mutex_);
  const ThreadRecord* const record = find(id);
  if (record == nullptr) return ThreadError::no_thread;
  out = record->data;
  return ThreadError::none;
}

ThreadError ThreadTable::set_data(uint32_t id, Bytes data) {
  engine::MutexLock lock(mutex_);
  ThreadRecord* const record = find(id);
  return record == nullptr ? ThreadError::no_thread : replace(record->data, std::move(data));
}

ThreadError ThreadTable::set_result(ThreadRecord& record, Bytes result) {
  engine::MutexLock lock(mutex_);
  return replace(record.result, std::move(result));
}

}  // namespace heddle::threads
