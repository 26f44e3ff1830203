// SPDX-License-Identifier: Apache-2.0
// Table: a handle on a table of references.
#pragma once

#include <cstdint>

#include <heddle/export.h>
#include <heddle/handle.h>
#include <heddle/result.h>
#include <heddle/store.h>
#include <heddle/types.h>
#include <heddle/value.h>

namespace heddle {

/// Lives as long as its store. See handle.h for what is refused, and the thread rule.
class HEDDLE_API Table {
 public:
  Table() = default;
  /// `init` fills the first elements. Errors: usage (`init` is of another type or store), resource (limits).
  [[nodiscard]] static Result<Table> create(const StoreRef& store, const TableType& type, const Value& init);

  [[nodiscard]] TableType type() const;
  /// In elements; 0 if the store is gone.
  [[nodiscard]] uint64_t size() const noexcept;
  /// Errors: usage (index out of bounds, value of another type or store).
  [[nodiscard]] Result<Value> get(uint64_t index) const;
  Result<void> set(uint64_t index, const Value& value) const;
  /// Adds elements; returns how many there were. Errors: usage (type), resource (maximum, limits or host).
  Result<uint64_t> grow(uint64_t elements, const Value& init) const;

  [[nodiscard]] bool empty() const noexcept { return handle_.empty(); }
  explicit operator bool() const noexcept { return !empty(); }
  friend bool operator==(const Table&, const Table&) = default;  ///< the same table

 private:
  friend struct detail::Access;
  explicit Table(detail::Handle handle) : handle_(std::move(handle)) {}
  detail::Handle handle_;
};

}  // namespace heddle
