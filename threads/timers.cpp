// SPDX-License-Identifier: Apache-2.0
// The heap of Timers: each knows its place, so that any can be taken out.
#include "threads/timers.h"

#include "threads/fiber.h"

namespace heddle::threads {

bool Timers::add(Timer& timer) {
  engine::MutexLock lock(mutex_);
  heap_.push_back(&timer);
  timer.place = static_cast<uint32_t>(heap_.size() - 1);
  move_up(timer.place);
  publish();
  return timer.place == 0;
}

void Timers::remove(Timer& timer) noexcept {
  engine::MutexLock lock(mutex_);
  if (timer.place == Timer::kNone) return;
  take_out(timer.place);
  publish();
}

size_t Timers::expire(int64_t now_ns) {
  size_t expired = 0;
  engine::MutexLock lock(mutex_);
  while (!heap_.empty() && heap_.front()->deadline_ns <= now_ns) {
    // Under the lock: a fiber that is woken otherwise waits in remove() until nobody here knows it.
    Fiber* const fiber = heap_.front()->fiber;
    take_out(0);
    fiber->unpark();
    ++expired;
  }
  publish();
  return expired;
}

void Timers::put(uint32_t place, Timer* timer) {
  heap_[place] = timer;
  timer->place = place;
}

void Timers::move_up(uint32_t place) {
  Timer* const timer = heap_[place];
  while (place != 0) {
    const uint32_t parent = (place - 1) / 2;
    if (heap_[parent]->deadline_ns <= timer->deadline_ns) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, timer);
}

void Timers::move_down(uint32_t place) {
  Timer* const timer = heap_[place];
  for (;;) {
    uint32_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->deadline_ns < heap_[child]->deadline_ns) ++child;
    if (timer->deadline_ns <= heap_[child]->deadline_ns) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, timer);
}

void Timers::take_out(uint32_t place) {
  heap_[place]->place = Timer::kNone;
  Timer* const last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  put(place, last);
  move_up(place);
  move_down(last->place);
}

void Timers::publish() {
  next_.store(heap_.empty() ? INT64_MAX : heap_.front()->deadline_ns, std::memory_order_release);
}

}  // namespace heddle::threads
