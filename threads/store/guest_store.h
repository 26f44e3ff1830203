// SPDX-License-Identifier: Apache-2.0
// define_store: a store and its queues as host functions of the module `heddle`, for guests.
//
// threads/guest/heddle/store.h declares the same functions in C, and says what they do.
#pragma once

#include <heddle/linker.h>

#include <memory>
#include <string>

#include "threads/store/store.h"

namespace heddle::threads {

/// What guests get to see of a store.
struct GuestStore {
  std::shared_ptr<KeyValueStore> store;
  std::string prefix;  ///< stands before all their keys and queues; they see and reach nothing else
};

/// Defines store_get, store_put, ... and queue_enqueue, queue_claim, ... They work on the memory that the
/// caller exports as "memory"; waits end when the guest is interrupted. Errors: usage, if a name is taken.
Result<void> define_store(Linker& linker, const GuestStore& guest_store);

}  // namespace heddle::threads
