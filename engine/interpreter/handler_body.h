// SPDX-License-Identifier: Apache-2.0
// Bodies: what an instruction does, apart from how it is dispatched; and the handlers made of one body or of
// several.
//
// A body is a type with one function, run(). It works on the interpreter's registers, leaves ip at the next
// instruction, and says how it went. handler<Body> is the instruction by itself. superinstruction<A, B, C> is
// a handler that does the work of three instructions that follow each other in the code: the words stay as
// they are, only the first one's handler is replaced, so each body finds its operands, and a trap its place,
// at its own ip. Bodies must inline completely: no address of a register may escape.
#pragma once

#include <cstddef>

#include "engine/interpreter/dispatch.h"
#include "engine/interpreter/operation_profile.h"

/// The registers of a running handler (HEDDLE_STATE) as a body sees them.
#define HEDDLE_REGISTERS                                                                            \
  [[maybe_unused]] const ::heddle::engine::Word *&ip, [[maybe_unused]] ::heddle::engine::Slot *&fp, \
      [[maybe_unused]] uint8_t *&memory, [[maybe_unused]] uint64_t &a,                              \
      [[maybe_unused]] ::heddle::engine::ExecContext *context,                                      \
      [[maybe_unused]] ::heddle::engine::Instance *&instance, [[maybe_unused]] float &f,            \
      [[maybe_unused]] double &d, [[maybe_unused]] ::heddle::engine::Vector &v
#define HEDDLE_BODY [[gnu::always_inline]] static inline ::heddle::engine::Flow run(HEDDLE_REGISTERS)

namespace heddle::engine {

/// How a body went.
enum class Flow : uint8_t {
  next,  ///< ip is behind this instruction
  jump,  ///< ip is somewhere else
  stop,  ///< a trap has been recorded: leave the interpreter
};

/// For `return trap(...)` in a body.
[[nodiscard, gnu::always_inline]] inline Flow trap(TrapKind kind, const Word* ip, Slot* fp,
                                                   ExecContext* context, Instance* instance) {
  record_trap(context, instance, ip, fp, kind);
  return Flow::stop;
}

template <class Body>
HEDDLE_HANDLER static void handler(HEDDLE_STATE) {
  profile_operation<Body>(ip);
  const Flow flow = Body::run(HEDDLE_PASS);
  if (flow == Flow::stop) [[unlikely]]
    return;
  if (flow == Flow::jump) HEDDLE_DISPATCH();
  HEDDLE_DISPATCH();
}

/// Runs First, and the rest unless it jumped or stopped.
template <class First, class... Rest>
[[gnu::always_inline]] inline Flow run_all(HEDDLE_REGISTERS) {
  const Flow flow = First::run(HEDDLE_PASS);
  if constexpr (sizeof...(Rest) == 0) {
    return flow;
  } else {
    if (flow != Flow::next) return flow;
    return run_all<Rest...>(HEDDLE_PASS);
  }
}

template <class... Bodies>
HEDDLE_HANDLER static void superinstruction(HEDDLE_STATE) {
  const Flow flow = run_all<Bodies...>(HEDDLE_PASS);
  if (flow == Flow::stop) [[unlikely]]
    return;
  if (flow == Flow::jump) HEDDLE_DISPATCH();
  HEDDLE_DISPATCH();
}

/// The handlers in use, by what they do. Handlers have internal linkage, so that each file's stand together
/// in the program; the file that makes one announces it here.
template <class... Bodies>
inline Handler handler_of = nullptr;

/// Makes the handler of one body.
template <class Body>
[[nodiscard]] inline Handler make_handler() {
  return handler_of<Body> = handler<Body>;
}

}  // namespace heddle::engine
