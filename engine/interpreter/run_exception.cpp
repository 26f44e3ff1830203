// SPDX-License-Identifier: Apache-2.0
// Handlers that throw. Catching has none: see unwind.h. (Spec 4.4.10)
#include "engine/interpreter/handlers.h"
#include "engine/interpreter/unwind.h"
#include "engine/runtime/gc_ops.h"
#include "engine/runtime/tag.h"

namespace heddle::engine {

namespace {

/// Unwinds to whoever catches context.exception and goes on there, or leaves the interpreter with the
/// uncaught exception, whose backtrace begins here. Ends the handler.
#define HEDDLE_UNWIND()                                      \
  do {                                                       \
    if (!unwind(*context, ip, fp, field<1>(ip), instance)) { \
      HEDDLE_TRAP_NOW(TrapKind::exception);                  \
    }                                                        \
    ip = context->landing.ip;                                \
    fp = context->landing.fp;                                \
    instance = context->landing.instance;                    \
    memory = instance->memory0_base;                         \
    HEDDLE_DISPATCH();                                       \
  } while (0)

// A clause may lead back to a loop's begin without passing a branch, so throwing polls for interrupts too.

HEDDLE_HANDLER void throw_tag(HEDDLE_STATE) {
  if (context->must_answer()) [[unlikely]]
    HEDDLE_POLL();
  if (!make_exception(*context, *instance, static_cast<uint32_t>(ip[2]), fp + field<0>(ip))) [[unlikely]]
    HEDDLE_TRAP_NOW(no_object_trap(*context));
  HEDDLE_UNWIND();
}

HEDDLE_HANDLER void throw_reference(HEDDLE_STATE) {
  if (context->must_answer()) [[unlikely]]
    HEDDLE_POLL();
  context->exception = reinterpret_cast<gc::Exception*>(fp[field<0>(ip)]);
  if (context->exception == nullptr) [[unlikely]]
    HEDDLE_TRAP_NOW(TrapKind::null_reference);
  HEDDLE_UNWIND();
}

/// Marks the regions behind a function's code; nothing leads there.
HEDDLE_HANDLER void catch_region(HEDDLE_STATE) { HEDDLE_TRAP_NOW(TrapKind::unreachable); }

}  // namespace

void add_exception_handlers(HandlerTable& table) {
  table.single.throw_tag = throw_tag;
  table.single.throw_reference = throw_reference;
  table.single.catch_region = catch_region;
}

}  // namespace heddle::engine
