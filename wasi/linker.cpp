// SPDX-License-Identifier: Apache-2.0
// The function table as host functions of a Linker.
#include "engine/support/try.h"
#include "wasi/functions.h"

namespace heddle::wasi::detail {

namespace {

/// Runs one function for one guest. `R` is Answer, or void for a function that answers nothing.
template <class R, class... A>
auto run(Caller& caller, State& state, Pace pace, R (*function)(Call&, A...), A... arguments)
    -> Outcome<std::conditional_t<std::is_void_v<R>, void, uint32_t>> {
  const auto memory = caller.memory();
  // Only functions without arguments, and the one that ends everything, can do without.
  if constexpr (sizeof...(A) != 0 && !std::is_void_v<R>) {
    if (!memory) return Trap::host("WASI needs the guest's memory: the module must export it as \"memory\"");
  }
  Call call(caller, state, memory ? GuestMemory(memory->data()) : GuestMemory(), pace);
  if constexpr (std::is_void_v<R>) {
    function(call, arguments...);
    if (call.stopped()) return std::move(*call.stopped());
    return {};
  } else {
    const R answer = function(call, arguments...);
    if (call.stopped()) return std::move(*call.stopped());
    return static_cast<uint32_t>(answer.error());
  }
}

template <class R, class... A>
Result<void> define(Linker& linker, std::string_view module, std::string_view name,
                    const std::shared_ptr<State>& state, Pace pace, R (*function)(Call&, A...)) {
  return linker.wrap(module, name, [state, pace, function](Caller& caller, A... arguments) {
    return run<R, A...>(caller, *state, pace, function, arguments...);
  });
}

}  // namespace

Result<void> add_functions(Linker& linker, std::string_view module, const std::shared_ptr<State>& state) {
#define HEDDLE_WASI_FUNCTION(name, ...) \
  HEDDLE_TRY(define(linker, module, #name, state, Pace::slow, functions::name));
#define HEDDLE_WASI_QUICK_FUNCTION(name, ...) \
  HEDDLE_TRY(define(linker, module, #name, state, Pace::quick, functions::name));
#include "wasi/functions.def"
  return {};
}

}  // namespace heddle::wasi::detail
