// SPDX-License-Identifier: Apache-2.0
// Switching native stacks, told to the sanitizers. The only file that knows Boost.Context.
#pragma once

#include <boost/context/detail/fcontext.hpp>

#include "engine/support/platform.h"
#include "engine/support/sanitizers.h"
#include "threads/fiber_stacks.h"

#if HEDDLE_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif
#if HEDDLE_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

namespace heddle::threads {

/// A stack that is not running, or the one that a switch came from.
using Continuation = boost::context::detail::fcontext_t;
/// Where a switch came from, and what it brought.
using Arrival = boost::context::detail::transfer_t;

/// What the sanitizers know of one stack. Nothing in other builds.
struct StackIdentity {
#if HEDDLE_THREAD_SANITIZER
  void* fiber = nullptr;
#endif
#if HEDDLE_ADDRESS_SANITIZER
  void* fake_stack = nullptr;
  const void* low = nullptr;
  size_t size = 0;
#endif
};

/// Prepares a stack on which `entry` runs at the first switch to it. entry never returns.
[[nodiscard]] inline Continuation make_continuation(const FiberStack& stack, uint8_t* high,
                                                    StackIdentity& identity, void (*entry)(Arrival)) {
#if HEDDLE_THREAD_SANITIZER
  identity.fiber = __tsan_create_fiber(0);
#endif
#if HEDDLE_ADDRESS_SANITIZER
  identity.low = stack.low;
  identity.size = stack.size;
#endif
  (void)identity;
  return boost::context::detail::make_fcontext(high, static_cast<size_t>(high - stack.low), entry);
}

/// The stack that this runs on: a thread's own.
inline void identify_this_stack([[maybe_unused]] StackIdentity& identity) {
#if HEDDLE_THREAD_SANITIZER
  identity.fiber = __tsan_get_current_fiber();
#endif
#if HEDDLE_ADDRESS_SANITIZER
  const engine::NativeStack stack = engine::current_native_stack();
  identity.low = reinterpret_cast<const void*>(stack.low);
  identity.size = stack.high - stack.low;
#endif
}

/// Does forget_stack() do anything?
inline constexpr bool kForgetsStacks = engine::kThreadSanitizer;

/// Ends what make_continuation() began.
inline void forget_stack([[maybe_unused]] StackIdentity& identity) {
#if HEDDLE_THREAD_SANITIZER
  __tsan_destroy_fiber(identity.fiber);
#endif
}

/// The first thing to do on a fresh stack.
inline void finish_first_switch() {
#if HEDDLE_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

/// Goes on at `to`, which is `other`; returns when something switches back here.
inline Arrival switch_to(Continuation to, void* data, [[maybe_unused]] StackIdentity& own,
                         [[maybe_unused]] StackIdentity& other) {
#if HEDDLE_THREAD_SANITIZER
  __tsan_switch_to_fiber(other.fiber, 0);
#endif
#if HEDDLE_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(&own.fake_stack, other.low, other.size);
#endif
  const Arrival arrival = boost::context::detail::jump_fcontext(to, data);
#if HEDDLE_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(own.fake_stack, nullptr, nullptr);
#endif
  return arrival;
}

}  // namespace heddle::threads
