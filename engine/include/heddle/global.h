// SPDX-License-Identifier: Apache-2.0
// Global: a handle on a global variable.
#pragma once

#include <heddle/export.h>
#include <heddle/handle.h>
#include <heddle/result.h>
#include <heddle/store.h>
#include <heddle/types.h>
#include <heddle/value.h>

namespace heddle {

/// Lives as long as its store. See handle.h for what is refused, and the thread rule.
class HEDDLE_API Global {
 public:
  Global() = default;
  /// Errors: usage (`value` is of another type or store).
  [[nodiscard]] static Result<Global> create(const StoreRef& store, const GlobalType& type,
                                             const Value& value);

  [[nodiscard]] GlobalType type() const;
  /// Errors: usage (the store is gone).
  [[nodiscard]] Result<Value> get() const;
  /// Errors: usage (immutable, or `value` is of another type or store).
  Result<void> set(const Value& value) const;

  [[nodiscard]] bool empty() const noexcept { return handle_.empty(); }
  explicit operator bool() const noexcept { return !empty(); }
  friend bool operator==(const Global&, const Global&) = default;  ///< the same global

 private:
  friend struct detail::Access;
  explicit Global(detail::Handle handle) : handle_(std::move(handle)) {}
  detail::Handle handle_;
};

}  // namespace heddle
