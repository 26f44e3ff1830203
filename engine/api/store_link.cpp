// SPDX-License-Identifier: Apache-2.0
// The life of a store behind its handles, and what surrounds every entry into it.
#include "engine/api/store_link.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/api/convert.h"

namespace heddle::detail {

namespace {

/// As Trap promises.
constexpr size_t kMostFrames = 64;

}  // namespace

void StoreLink::release(std::shared_ptr<StoreLink> link) {
  if (link->depth == 0) {
    link->destroy();
  } else {
    link->abandoned = true;
    link->self = link;
  }
}

void StoreLink::destroy() {
  interrupts->detach();
  // Host callbacks may own handles on this very store: they must find it gone, not half gone.
  const auto dying = std::move(store);
}

CallScope::CallScope(StoreLink& link) : link_(link) {
  if (link_.depth++ == 0 && link_.timeout.count() > 0) {
    ticket_ = link_.engine->watchdog.arm(link_.interrupts, Watchdog::Clock::now() + link_.timeout);
  }
}

CallScope::~CallScope() {
  const bool expired = ticket_ && link_.engine->watchdog.disarm(*ticket_);
  if (--link_.depth != 0) return;
  if (interrupted_ || expired) link_.interrupts->clear(interrupted_);
  if (!link_.abandoned) return;
  const auto last = std::move(link_.self);
  link_.destroy();
}

std::unique_ptr<Failure> CallScope::fail(Trap trap) {
  interrupted_ = trap.kind == TrapKind::interrupted;
  if (trap.kind == TrapKind::exception) {
    if (engine::gc::Exception* exception = link_.store->take_exception()) {
      Trap thrown = Trap::thrown(read_exception(link_.shared_from_this(), *exception));
      trap.message = std::move(thrown.message);
      trap.exception = std::move(thrown.exception);
    }
  }
  if (link_.store->context().catches != link_.inner_catches) {
    link_.inner_frames.clear();
    link_.inner_omitted = 0;
  }
  if (!link_.inner_frames.empty()) {
    std::vector<Frame> frames = std::exchange(link_.inner_frames, {});
    trap.omitted_frames += std::exchange(link_.inner_omitted, 0);
    const size_t kept = std::min(trap.frames.size(), kMostFrames - std::min(kMostFrames, frames.size()));
    trap.omitted_frames += trap.frames.size() - kept;
    frames.insert(frames.end(), std::make_move_iterator(trap.frames.begin()),
                  std::make_move_iterator(trap.frames.begin() + static_cast<ptrdiff_t>(kept)));
    trap.frames = std::move(frames);
  }
  return std::make_unique<Failure>(std::move(trap));
}

Error usage_error(std::string message) {
  Error error;
  error.kind = ErrorKind::usage;
  error.message = std::move(message);
  return error;
}

Error store_gone() { return usage_error("the store of this handle is gone"); }

Error empty_handle(const char* what) {
  return usage_error(std::string("an empty ") + what + ": it was moved from, or never set");
}

Error foreign_handle(const char* what) {
  return usage_error(std::string("a ") + what + " of another store or engine");
}

Result<void> check_link(const std::shared_ptr<StoreLink>& link, const char* what) {
  if (link == nullptr) return empty_handle(what);
  if (link->store == nullptr) return store_gone();
  return {};
}

}  // namespace heddle::detail
