// SPDX-License-Identifier: Apache-2.0
// Pooling: what pools of instances need beyond the public API: stores on stacks of their own, and instances
// made new.
#pragma once

#include <heddle/instance.h>
#include <heddle/store.h>

#include <span>

#include "engine/runtime/slot.h"

namespace heddle::detail {

/// As Store::create(), with a guest stack that is the caller's; see engine::Store::create_on.
[[nodiscard]] Result<Store> make_store_on(const Engine& engine, const StoreLimits& limits,
                                          std::span<engine::Slot> stack);

/// As if Linker::instantiate() had made it just now; see engine::Store::renew. After a failure it must not be
/// used any more.
[[nodiscard]] Outcome<void> renew(const Instance& instance);

}  // namespace heddle::detail
