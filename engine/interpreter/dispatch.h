// SPDX-License-Identifier: Apache-2.0
// Dispatch: how a handler is declared and how it goes on to the next one. The only file that knows the
// mechanism.
//
// A handler is a function that ends in a tail call of the next handler, so the interpreter's registers are
// its parameters and live in machine registers throughout. clang guarantees the tail call (musttail) and
// frees the registers (preserve_none); GCC makes sibling calls of the same source at -O2, which CMake fixes
// for these files. A handler that simply returns leaves the interpreter: a trap, or the end of the outermost
// frame.
#pragma once

#include <cstdint>

#include "engine/interpreter/code.h"
#include "engine/runtime/exec_context.h"
#include "engine/runtime/instance.h"
#include "engine/runtime/vector.h"

#if defined(__clang__)
#define HEDDLE_HANDLER [[clang::preserve_none]] __attribute__((no_sanitize("thread")))
#define HEDDLE_TAIL [[clang::musttail]]
#else
#define HEDDLE_HANDLER [[gnu::noinline]] __attribute__((no_sanitize("thread")))
#define HEDDLE_TAIL
#endif

/// The registers: code, frame, base of memory 0, integer accumulator, context, instance; accumulators of f32,
/// f64, v128.
#define HEDDLE_STATE                                                                              \
  [[maybe_unused]] const ::heddle::engine::Word *ip, [[maybe_unused]] ::heddle::engine::Slot *fp, \
      [[maybe_unused]] uint8_t *memory, [[maybe_unused]] uint64_t a,                              \
      [[maybe_unused]] ::heddle::engine::ExecContext *context,                                    \
      [[maybe_unused]] ::heddle::engine::Instance *instance, [[maybe_unused]] float f,            \
      [[maybe_unused]] double d, [[maybe_unused]] ::heddle::engine::Vector v
#define HEDDLE_PASS ip, fp, memory, a, context, instance, f, d, v

/// Goes on with the instruction at ip. Must be the last thing a handler does on a path.
#define HEDDLE_DISPATCH() HEDDLE_TAIL return reinterpret_cast<::heddle::engine::Handler>(*ip)(HEDDLE_PASS)

/// Skips this instruction's words and goes on.
#define HEDDLE_NEXT(words) \
  do {                     \
    ip += (words);         \
    HEDDLE_DISPATCH();     \
  } while (0)

/// Leaves the interpreter with a trap at this instruction.
#define HEDDLE_TRAP_NOW(kind) return ::heddle::engine::record_trap(context, instance, ip, fp, (kind))

/// Ends a handler at a check that found a request: see poll().
#define HEDDLE_POLL() HEDDLE_TAIL return ::heddle::engine::poll(HEDDLE_PASS)

namespace heddle::engine {

#if defined(__clang__)
using Handler = void (*)(HEDDLE_STATE) [[clang::preserve_none]];
#else
using Handler = void (*)(HEDDLE_STATE);
#endif

/// Fills context.trap. The first record stays (a host function may have left one). The order of the
/// parameters is that of the registers: clang then has nothing to move before a check that leads here.
[[gnu::cold, gnu::noinline]] void record_trap(ExecContext* context, Instance* instance, const Word* ip,
                                              Slot* fp, TrapKind kind) noexcept;

/// Where a check goes that found a request: answers it, then runs the instruction at ip again, or traps. So a
/// check comes before anything else that its instruction does. Handlers end with HEDDLE_POLL().
HEDDLE_HANDLER void poll(HEDDLE_STATE);

[[nodiscard]] inline Word word_of(Handler handler) { return reinterpret_cast<Word>(handler); }

}  // namespace heddle::engine
