// SPDX-License-Identifier: Apache-2.0
// Where GDB puts its breakpoint. Weak: another compiler in the process may have the same.
#include "jit/tiering/debugger_interface.h"

extern "C" {

// NOLINTBEGIN: GDB's names
[[gnu::weak]] jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
[[gnu::weak, gnu::noinline]] void __jit_debug_register_code() { asm volatile("" ::: "memory"); }
// NOLINTEND
}
