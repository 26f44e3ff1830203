// SPDX-License-Identifier: Apache-2.0
// What GDB knows by name and layout (GDB's manual, "JIT Compilation Interface").
#pragma once

#include <cstdint>

extern "C" {

// NOLINTBEGIN: GDB's names
struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const uint8_t* symfile_addr;
  uint64_t symfile_size;
};

struct jit_descriptor {
  uint32_t version;
  uint32_t action_flag;
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
};

extern jit_descriptor __jit_debug_descriptor;
void __jit_debug_register_code();
// NOLINTEND
}
