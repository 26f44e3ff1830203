// SPDX-License-Identifier: Apache-2.0
// Function: a handle on a function of a guest or the host; CallResult: what calling one came to.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include <heddle/export.h>
#include <heddle/handle.h>
#include <heddle/host_function.h>
#include <heddle/outcome.h>
#include <heddle/store.h>
#include <heddle/types.h>
#include <heddle/value.h>

namespace heddle {

/// The results in order, or the Trap that stopped the guest, or the Error that kept it from starting.
using CallResult = Outcome<std::vector<Value>>;

template <class Signature>
class TypedFunction;

/// Lives as long as its store. See handle.h for what is refused, and the thread rule.
class HEDDLE_API Function {
 public:
  Function() = default;

  /// Calls with values; their number and types are checked (usage). For the fast way see typed().
  CallResult call(std::span<const Value> arguments) const;
  CallResult call(std::initializer_list<Value> arguments = {}) const {
    return call(std::span(arguments.begin(), arguments.size()));
  }

  /// A statically typed view: `function.typed<int32_t(int32_t, int32_t)>()`. The type is checked here, once.
  /// Several results are a std::tuple. Errors: usage, naming both types.
  template <class Signature>
  [[nodiscard]] Result<TypedFunction<Signature>> typed() const;

  /// Empty if the store is gone.
  [[nodiscard]] FunctionType type() const;

  /// A function of the host: `HostResult callback(Caller&, std::span<const Value>, std::span<Value>)`. The
  /// results start as zeros and are checked against `type` afterwards. Return {} for success, a Trap or an
  /// Error to trap. A C++ exception becomes a Trap of kind host_error. The callback must be copyable and
  /// lives as long as the store.
  template <class Callback>
  [[nodiscard]] static Result<Function> host(const StoreRef& store, const FunctionType& type,
                                             Callback callback) {
    return make_host(store, type, detail::to_host_callback(std::move(callback)));
  }

  /// The same from a C++ function or lambda: its type is the function's type. It may take a Caller& first,
  /// and may return void, a value, a std::tuple, or an Outcome of these.
  template <class Callable>
  [[nodiscard]] static Result<Function> wrap(const StoreRef& store, Callable callable) {
    return make_raw(store, detail::type_of_callable<Callable>(),
                    detail::to_raw_callback(std::move(callable)));
  }

  [[nodiscard]] bool empty() const noexcept { return handle_.empty(); }
  explicit operator bool() const noexcept { return !empty(); }
  friend bool operator==(const Function&, const Function&) = default;  ///< the same function

 private:
  friend struct detail::Access;
  template <class Signature>
  friend class TypedFunction;
  explicit Function(detail::Handle handle) : handle_(std::move(handle)) {}
  static Result<Function> make_host(const StoreRef& store, const FunctionType& type, HostCallback callback);
  static Result<Function> make_raw(const StoreRef& store, const FunctionType& type,
                                   detail::RawCallback callback);
  [[nodiscard]] Result<void> check_type(const FunctionType& wanted) const;
  /// Arguments in, results out, both in `slots`; null on success.
  std::unique_ptr<Failure> call_slots(uint64_t* slots, size_t count) const;

  detail::Handle handle_;
};

/// A function whose type was checked when this was made: a call costs tens of nanoseconds and no allocation.
template <class R, class... A>
class TypedFunction<R(A...)> {
 public:
  TypedFunction() = default;

  Outcome<R> operator()(A... arguments) const { return call(arguments...); }
  Outcome<R> call(A... arguments) const {
    using Arguments = detail::NativeList<A...>;
    using Results = detail::NativeResults<R>;
    constexpr size_t kSlots = Arguments::kSlots > Results::kSlots ? Arguments::kSlots : Results::kSlots;
    uint64_t slots[kSlots + 1];  // one more, so that it is never empty
    Arguments::write(slots, arguments...);
    if (auto failure = function_.call_slots(slots, kSlots)) return Outcome<R>(std::move(failure));
    if constexpr (std::is_void_v<R>) {
      return {};
    } else {
      return Results::read(slots);
    }
  }
  [[nodiscard]] const Function& untyped() const noexcept { return function_; }

 private:
  friend class Function;
  explicit TypedFunction(Function function) : function_(std::move(function)) {}
  template <class F>
  static Result<TypedFunction> make(F&& function) {
    if (auto fits = function.check_type(detail::native_type<R, A...>()); !fits) return fits.error();
    return TypedFunction(std::forward<F>(function));
  }

  Function function_;
};

template <class Signature>
Result<TypedFunction<Signature>> Function::typed() const {
  return TypedFunction<Signature>::make(*this);
}

}  // namespace heddle
