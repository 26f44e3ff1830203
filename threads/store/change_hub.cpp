// SPDX-License-Identifier: Apache-2.0
// How the hub finds and wakes those who wait.
#include "threads/store/change_hub.h"

namespace heddle::threads {

void Cancellation::cancel() noexcept {
  engine::MutexLock lock(mutex_);
  cancelled_.store(true, std::memory_order_release);
  if (parker_ != nullptr) parker_->unpark();
}

void Cancellation::attach(engine::Parker* parker) noexcept {
  engine::MutexLock lock(mutex_);
  parker_ = parker;
}

ChangeHub::Waiter::Waiter(ChangeHub& hub, std::string_view selector, bool is_prefix, engine::Parker& parker)
    : hub_(hub), selector_(selector), is_prefix_(is_prefix), parker_(parker) {
  hub_.add(*this);
}

ChangeHub::Waiter::~Waiter() { hub_.remove(*this); }

void ChangeHub::Waiter::tell() noexcept {
  changed_.store(true, std::memory_order_release);
  parker_.unpark();
}

void ChangeHub::add(Waiter& waiter) {
  engine::MutexLock lock(mutex_);
  if (waiter.is_prefix_)
    by_prefix_.push_back(&waiter);
  else
    by_key_.emplace(waiter.selector_, &waiter);
}

void ChangeHub::remove(Waiter& waiter) noexcept {
  engine::MutexLock lock(mutex_);
  if (waiter.is_prefix_) {
    by_prefix_.remove(&waiter);
    return;
  }
  const auto [begin, end] = by_key_.equal_range(waiter.selector_);
  for (auto it = begin; it != end; ++it) {
    if (it->second != &waiter) continue;
    by_key_.erase(it);
    return;
  }
}

void ChangeHub::changed(std::string_view key) noexcept {
  engine::MutexLock lock(mutex_);
  const auto [begin, end] = by_key_.equal_range(key);
  for (auto it = begin; it != end; ++it) it->second->tell();
  for (Waiter* const waiter : by_prefix_) {
    if (key.starts_with(waiter->selector_)) waiter->tell();
  }
}

void ChangeHub::all_changed() noexcept {
  engine::MutexLock lock(mutex_);
  for (const auto& [key, waiter] : by_key_) waiter->tell();
  for (Waiter* const waiter : by_prefix_) waiter->tell();
}

}  // namespace heddle::threads
