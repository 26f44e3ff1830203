// SPDX-License-Identifier: Apache-2.0
// StoreResult<T>: what a call on a store gives: a T, or which kind of refusal, and why in words.
//
// It has the shape of Result, so that HEDDLE_TRY and HEDDLE_TRY_ASSIGN hand an error on.
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace heddle::threads {

/// Guests get these as negative numbers, so their order is part of threads/guest/heddle/store.h.
enum class StoreErrorKind : uint8_t {
  not_found,    ///< only guests are told so in this way
  conflict,     ///< the key has another version than expected
  exists,       ///< the key exists, and must not
  invalid,      ///< a call that no store could obey: an empty key, an unknown task, a URL with a fault
  too_large,    ///< a key, a value or a batch beyond the limits
  refused,      ///< the store is append-only
  full,         ///< no room left
  unavailable,  ///< the server or the file system does not answer as it should
  timed_out,    ///< the deadline of a wait has passed
  cancelled,    ///< somebody ended the wait
  lost,         ///< the claim on a task had expired, and the task is somebody else's
  corrupt,      ///< what is stored was not written by Heddle, or by another version of it
  fault,        ///< a guest's pointer to where it has no memory
};

/// e.g. "conflict".
[[nodiscard]] const char* to_string(StoreErrorKind kind) noexcept;

struct StoreError {
  StoreErrorKind kind = StoreErrorKind::invalid;
  std::string message;  ///< one line, safe to print
};

template <class T>
class [[nodiscard]] StoreResult {
 public:
  StoreResult(T value) : value_(std::move(value)) {}           // NOLINT: implicit by design
  StoreResult(StoreError error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }

  /// REQUIRES: ok().
  [[nodiscard]] T& value() & noexcept {
    assert(ok());
    return *value_;
  }
  [[nodiscard]] const T& value() const& noexcept {
    assert(ok());
    return *value_;
  }
  [[nodiscard]] T&& value() && noexcept {
    assert(ok());
    return std::move(*value_);
  }
  [[nodiscard]] T& operator*() & noexcept { return value(); }
  [[nodiscard]] const T& operator*() const& noexcept { return value(); }
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() noexcept { return &value(); }
  [[nodiscard]] const T* operator->() const noexcept { return &value(); }

  /// REQUIRES: !ok().
  [[nodiscard]] const StoreError& error() const& noexcept {
    assert(!ok());
    return error_;
  }
  [[nodiscard]] StoreError&& error() && noexcept {
    assert(!ok());
    return std::move(error_);
  }
  /// Did it fail in this way?
  [[nodiscard]] bool is(StoreErrorKind kind) const noexcept { return !ok() && error_.kind == kind; }

 private:
  std::optional<T> value_;
  StoreError error_;
};

/// Success, or an error.
template <>
class [[nodiscard]] StoreResult<void> {
 public:
  StoreResult() = default;
  StoreResult(StoreError error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  /// REQUIRES: !ok().
  [[nodiscard]] const StoreError& error() const& noexcept {
    assert(!ok());
    return *error_;
  }
  [[nodiscard]] StoreError&& error() && noexcept {
    assert(!ok());
    return std::move(*error_);
  }
  [[nodiscard]] bool is(StoreErrorKind kind) const noexcept { return !ok() && error_->kind == kind; }

 private:
  std::optional<StoreError> error_;
};

}  // namespace heddle::threads
