// SPDX-License-Identifier: Apache-2.0
// Handles: how the embedder's objects refer to a store, so that no use of one can reach freed memory.
//
// Function, Table, Memory, Global, Tag and Instance are handles: small, copyable values. A handle does not
// keep its store alive; once the store is gone, or the handle was moved from, every use is refused with
// ErrorKind::usage. A handle given to another store, or to a store of another engine, is refused in the same
// way.
//
// Threads: a handle may be used only by the thread that uses its store; copying and destroying it is free.
#pragma once

#include <memory>

namespace heddle::detail {

struct Access;      // the library's key to the private members of handles
struct EngineImpl;  // what an Engine shares
struct StoreLink;   // what is left of a store for its handles once it is gone

/// An address in a store, or nothing.
struct Handle {
  std::shared_ptr<StoreLink> link;
  void* object = nullptr;

  [[nodiscard]] bool empty() const noexcept { return link == nullptr; }
  friend bool operator==(const Handle&, const Handle&) = default;
};

}  // namespace heddle::detail
