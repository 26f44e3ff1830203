// SPDX-License-Identifier: Apache-2.0
// Expected<T>: a T or the errno for the guest; and what the host's errors are called there.
//
// It has the shape of Result, so that HEDDLE_TRY and HEDDLE_TRY_ASSIGN hand an errno on.
#pragma once

#include <cassert>
#include <optional>
#include <utility>

#include "wasi/abi.h"

namespace heddle::wasi {

template <class T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : value_(std::move(value)) {}  // NOLINT: implicit by design
  /// REQUIRES: not success.
  Expected(Errno error) : error_(error) { assert(error != Errno::success); }  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const noexcept { return value_.has_value(); }
  [[nodiscard]] Errno error() const noexcept { return error_; }
  /// REQUIRES: ok().
  [[nodiscard]] const T& value() const& noexcept { return *value_; }
  [[nodiscard]] T&& value() && noexcept { return std::move(*value_); }
  [[nodiscard]] const T& operator*() const noexcept { return *value_; }
  [[nodiscard]] T* operator->() noexcept { return &*value_; }

 private:
  std::optional<T> value_;
  Errno error_ = Errno::success;
};

/// Success, or an errno.
template <>
class [[nodiscard]] Expected<void> {
 public:
  Expected() = default;
  Expected(Errno error) : error_(error) {}  // NOLINT: implicit by design
  [[nodiscard]] bool ok() const noexcept { return error_ == Errno::success; }
  [[nodiscard]] Errno error() const noexcept { return error_; }

 private:
  Errno error_ = Errno::success;
};

/// What a function of WASI answers: success, or an errno.
using Answer = Expected<void>;

/// What an errno of the host is called in WASI.
[[nodiscard]] Errno to_errno(int host_errno) noexcept;
/// The thread's errno, after a call that failed.
[[nodiscard]] Errno last_error() noexcept;
/// For calls of the host that answer -1 on failure.
[[nodiscard]] inline Answer answer_of(int returned) noexcept {
  return returned < 0 ? Answer(last_error()) : Answer();
}

/// The constant's name, e.g. "notcapable".
[[nodiscard]] const char* to_string(Errno error) noexcept;

}  // namespace heddle::wasi
