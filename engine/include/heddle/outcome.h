// SPDX-License-Identifier: Apache-2.0
// Outcome<T>: what running guest code came to: a value, a trap of the guest, or an error of the embedder.
//
// A Trap says that the guest stopped; an Error says that nothing ran because the call did not fit
// (ErrorKind::usage), an import was missing (link), or the host had no room (resource). Success costs no
// allocation.
#pragma once

#include <cassert>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <heddle/result.h>
#include <heddle/trap.h>

namespace heddle {

/// Why there is no value.
using Failure = std::variant<Trap, Error>;

namespace detail {

/// The failing half of an Outcome.
class OutcomeBase {
 public:
  explicit OutcomeBase(std::unique_ptr<Failure> failure = nullptr) : failure_(std::move(failure)) {}

  [[nodiscard]] bool ok() const noexcept { return failure_ == nullptr; }
  explicit operator bool() const noexcept { return ok(); }
  /// The guest trapped: trap() says why and where.
  [[nodiscard]] bool trapped() const noexcept { return failure_ && std::holds_alternative<Trap>(*failure_); }

  /// The code of a program that ended itself, which is a trap of kind exit; none for all else.
  [[nodiscard]] std::optional<uint32_t> exit_code() const noexcept {
    if (!trapped() || trap().kind != TrapKind::exit) return std::nullopt;
    return trap().exit_code;
  }

  /// REQUIRES: trapped().
  [[nodiscard]] const Trap& trap() const noexcept {
    assert(trapped());
    return *std::get_if<Trap>(failure_.get());
  }
  /// REQUIRES: !ok() && !trapped().
  [[nodiscard]] const Error& error() const noexcept {
    assert(!ok() && !trapped());
    return *std::get_if<Error>(failure_.get());
  }
  /// The trap's or error's text for people; empty on success.
  [[nodiscard]] std::string message() const {
    return ok() ? std::string() : trapped() ? trap().to_string() : error().to_string();
  }
  /// Hands the failure on: `return std::move(inner).failure();` converts to any Outcome. REQUIRES: !ok().
  [[nodiscard]] std::unique_ptr<Failure> failure() && noexcept { return std::move(failure_); }

 private:
  std::unique_ptr<Failure> failure_;
};

}  // namespace detail

/// A T, or why there is none. Move-only.
template <class T>
class [[nodiscard]] Outcome : public detail::OutcomeBase {
 public:
  Outcome(T value) : value_(std::move(value)) {}  // NOLINT: implicit by design
  Outcome(Trap trap) : OutcomeBase(std::make_unique<Failure>(std::move(trap))) {}     // NOLINT
  Outcome(Error error) : OutcomeBase(std::make_unique<Failure>(std::move(error))) {}  // NOLINT
  Outcome(std::unique_ptr<Failure> failure) : OutcomeBase(std::move(failure)) {}      // NOLINT

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

 private:
  std::optional<T> value_;
};

/// Success without a value, or why not.
template <>
class [[nodiscard]] Outcome<void> : public detail::OutcomeBase {
 public:
  Outcome() = default;
  Outcome(Trap trap) : OutcomeBase(std::make_unique<Failure>(std::move(trap))) {}     // NOLINT
  Outcome(Error error) : OutcomeBase(std::make_unique<Failure>(std::move(error))) {}  // NOLINT
  Outcome(std::unique_ptr<Failure> failure) : OutcomeBase(std::move(failure)) {}      // NOLINT
};

}  // namespace heddle
