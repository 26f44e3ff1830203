// SPDX-License-Identifier: Apache-2.0
// The StoreHost that everybody has: fibers park, threads sleep.
#include "threads/store/store_host.h"

#include "engine/runtime/parker_futex.h"
#include "threads/fiber.h"
#include "threads/scheduler.h"

namespace heddle::threads {

engine::Parker& StoreHost::take_parker() noexcept {
  if (Fiber* const fiber = Fiber::current()) return *fiber;
  return *engine::FutexParker::take();
}

void StoreHost::give_back(engine::Parker& parker) noexcept {
  // Between take_parker() and here the caller is the same fiber, or the same thread.
  if (Fiber::current() == nullptr) engine::FutexParker::give_back(static_cast<engine::FutexParker*>(&parker));
}

int64_t StoreHost::now_ns() noexcept {
  Fiber* const fiber = Fiber::current();
  return fiber != nullptr ? fiber->now_ns() : engine::monotonic_now_ns();
}

void StoreHost::before_blocking() noexcept {
  if (Fiber* const fiber = Fiber::current()) fiber->scheduler().before_blocking();
}

void StoreHost::after_blocking() noexcept {
  if (Fiber* const fiber = Fiber::current()) fiber->scheduler().after_blocking();
}

std::shared_ptr<StoreHost> StoreHost::standard() {
  static const std::shared_ptr<StoreHost> host = std::make_shared<StoreHost>();
  return host;
}

}  // namespace heddle::threads
