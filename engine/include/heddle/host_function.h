// SPDX-License-Identifier: Apache-2.0
// What a host function sees (Caller), what it answers (HostResult), and how C++ callables become one.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <heddle/export.h>
#include <heddle/native.h>
#include <heddle/outcome.h>
#include <heddle/store.h>
#include <heddle/value.h>

namespace heddle {

class Instance;
class Memory;

/// What a host function answers: `return {};`, `return Trap::host("reason");`, or another call's failure.
using HostResult = Outcome<void>;

/// Who called a host function. Valid only during that call, on its thread.
class HEDDLE_API Caller {
 public:
  /// The store: to make objects, to call back into the guest, to ask for fuel.
  [[nodiscard]] StoreRef store() const;
  /// The calling instance; empty if the host itself called.
  [[nodiscard]] Instance instance() const;
  /// A memory the calling instance exports. Errors: usage, if there is none of that name.
  [[nodiscard]] Result<Memory> memory(std::string_view name = "memory") const;

 private:
  friend struct detail::Access;
  friend class InterruptListener;
  Caller(detail::StoreLink* link, void* instance) : link_(link), instance_(instance) {}
  detail::StoreLink* link_;
  void* instance_;
};

/// How a host function that blocks learns of interrupts, so that it can end. Make one, look at interrupted(),
/// then block; answer with Trap::interrupted() once interrupted() says so.
///
/// Threads: made, asked and destroyed by the thread of the call; on_interrupt runs on any.
class HEDDLE_API InterruptListener {
 public:
  /// `on_interrupt` must only wake: it runs under a lock that the store's interrupts need.
  InterruptListener(const Caller& caller, std::function<void()> on_interrupt);
  /// Once this is back, on_interrupt is not running and never will.
  ~InterruptListener();
  InterruptListener(const InterruptListener&) = delete;
  InterruptListener& operator=(const InterruptListener&) = delete;

  /// Shall the store's guest stop? Also true if that was so before this was made.
  [[nodiscard]] bool interrupted() const noexcept;

 private:
  friend class detail::InterruptCell;
  void tell() const noexcept { on_interrupt_(); }
  std::shared_ptr<detail::StoreLink> link_;
  std::function<void()> on_interrupt_;
  InterruptListener* outer_;  ///< of a host function further out in the same store
};

/// The general form of a host function's body.
using HostCallback = std::function<HostResult(Caller&, std::span<const Value>, std::span<Value>)>;

namespace detail {

/// The quick form: arguments in, results out, in slots.
using RawCallback = std::function<HostResult(Caller&, uint64_t*)>;

/// Runs `body`; an exception becomes a trap, because guest frames lie between here and any catcher.
template <class Body>
HostResult without_exceptions(Body&& body) {
#if defined(__cpp_exceptions)
  try {
    return body();
  } catch (const std::exception& exception) {
    return Trap::host(std::string("host function threw: ") + exception.what());
  } catch (...) {
    return Trap::host("host function threw an exception");
  }
#else
  return body();
#endif
}

template <class Callback>
HostCallback to_host_callback(Callback callback) {
  return [callback = std::move(callback)](Caller& caller, std::span<const Value> arguments,
                                          std::span<Value> results) mutable -> HostResult {
    return without_exceptions([&]() -> HostResult { return callback(caller, arguments, results); });
  };
}

/// R(A...) out of a function pointer or lambda, with or without Caller& first.
template <class F>
struct Callable : Callable<decltype(&F::operator())> {};
template <class R, class... A>
struct Callable<R (*)(A...)> : Callable<R(A...)> {};
template <class C, class R, class... A>
struct Callable<R (C::*)(A...)> : Callable<R(A...)> {};
template <class C, class R, class... A>
struct Callable<R (C::*)(A...) const> : Callable<R(A...)> {};
template <class R, class... A>
struct Callable<R(A...)> {
  using Results = NativeResults<R>;
  using Arguments = NativeList<std::remove_cvref_t<A>...>;
  using Return = R;
  static constexpr bool kTakesCaller = false;
};
template <class R, class... A>
struct Callable<R(Caller&, A...)> : Callable<R(A...)> {
  static constexpr bool kTakesCaller = true;
};

template <class F>
FunctionType type_of_callable() {
  return {Callable<F>::Arguments::types(), Callable<F>::Results::types()};
}

template <class T>
struct IsOutcome : std::false_type {};
template <class T>
struct IsOutcome<Outcome<T>> : std::true_type {};

/// Stores what a callable returned.
template <class Results, class R>
HostResult write_results(uint64_t* slots, R&& returned) {
  if constexpr (IsOutcome<std::remove_cvref_t<R>>::value) {
    if (!returned.ok()) return std::move(returned).failure();
    if constexpr (Results::kSlots != 0) Results::write(slots, *returned);
  } else {
    Results::write(slots, returned);
  }
  return {};
}

template <class F>
RawCallback to_raw_callback(F callable) {
  using Shape = Callable<F>;
  return [callable = std::move(callable)](Caller& caller, uint64_t* slots) mutable -> HostResult {
    return without_exceptions([&]() -> HostResult {
      const auto call = [&](auto&&... arguments) {
        if constexpr (Shape::kTakesCaller)
          return callable(caller, arguments...);
        else
          return callable(arguments...);
      };
      if constexpr (std::is_void_v<typename Shape::Return>) {
        std::apply(call, Shape::Arguments::read(slots));
        return {};
      } else {
        return write_results<typename Shape::Results>(slots, std::apply(call, Shape::Arguments::read(slots)));
      }
    });
  };
}

}  // namespace detail
}  // namespace heddle
