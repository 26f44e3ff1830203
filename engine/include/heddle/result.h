// SPDX-License-Identifier: Apache-2.0
// Errors and Result<T>: how every fallible call of Heddle reports failure, without exceptions.
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <heddle/export.h>

namespace heddle {

/// Which stage refused the input. Traps are not errors: see trap.h.
enum class ErrorKind : uint8_t {
  malformed,    ///< bytes or text do not follow the grammar
  invalid,      ///< well-formed, but fails validation
  unsupported,  ///< a feature this build or configuration does not accept
  limit,        ///< a documented implementation limit was exceeded
  link,         ///< an import is missing or of another type
  usage,        ///< the embedder called with something that does not fit (wrong store, wrong arity, ...)
  resource,     ///< the host is out of memory, address space or files
};

/// The field's name for a kind, e.g. "malformed".
[[nodiscard]] HEDDLE_API const char* to_string(ErrorKind kind) noexcept;

/// One failure: what, where and why. Plain data, freely copyable.
struct HEDDLE_API Error {
  static constexpr uint64_t kNoOffset = UINT64_MAX;

  ErrorKind kind = ErrorKind::malformed;
  std::string message;          ///< the reason; the spec suite's wording where it has one
  std::string section;          ///< e.g. "code[3]", "type"; empty if unknown
  uint64_t offset = kNoOffset;  ///< byte offset in the module, if it came from bytes
  uint32_t line = 0;            ///< 1-based line, if it came from text; else 0
  uint32_t column = 0;          ///< 1-based column in bytes, if it came from text; else 0
  std::string excerpt;          ///< the offending source line, if it came from text

  /// One line for people: `malformed at 0x1f2 in code[3]: unexpected end`, or with text
  /// `malformed at 4:12: unknown operator` and, on the next lines, the source line and a caret.
  [[nodiscard]] std::string to_string() const;
};

/// Either a T or an Error. Move-only where T is.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }

  /// REQUIRES: ok().
  T& value() & noexcept {
    assert(ok());
    return *value_;
  }
  const T& value() const& noexcept {
    assert(ok());
    return *value_;
  }
  T&& value() && noexcept {
    assert(ok());
    return std::move(*value_);
  }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T&& operator*() && noexcept { return std::move(*this).value(); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }

  /// REQUIRES: !ok().
  const Error& error() const& noexcept {
    assert(!ok());
    return error_;
  }
  Error&& error() && noexcept {
    assert(!ok());
    return std::move(error_);
  }

 private:
  std::optional<T> value_;
  Error error_;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return ok(); }
  const Error& error() const& noexcept {
    assert(!ok());
    return error_;
  }
  Error&& error() && noexcept {
    assert(!ok());
    return std::move(error_);
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace heddle
