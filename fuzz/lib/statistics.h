// SPDX-License-Identifier: Apache-2.0
// Statistics: what the inputs came to, to show that a campaign does work and does not merely refuse garbage.
//
// With HEDDLE_FUZZ_STATS=1 in the environment a target prints them when it ends. One thread.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "engine/module/module.h"
#include "engine/opcodes/opcode.h"

namespace heddle::fuzz {

struct Statistics {
  uint64_t inputs = 0;
  uint64_t generated = 0;  ///< inputs that the generator made a module of
  uint64_t decoded = 0;
  uint64_t validated = 0;
  uint64_t assembled = 0;  ///< texts
  uint64_t instantiated = 0;
  uint64_t calls = 0;
  uint64_t returned = 0;
  uint64_t instructions = 0;  ///< fuel spent: about one unit each
  std::map<std::string, uint64_t> traps;
  std::bitset<engine::kOpcodeCount> opcodes;  ///< rows that stood in valid modules

  void add_opcodes(const engine::ModuleImage& module);
  [[nodiscard]] size_t built_opcodes() const;  ///< how many rows could be covered
  [[nodiscard]] std::string to_string() const;
};

/// The process's; printed at exit if the environment asks for it.
[[nodiscard]] Statistics& statistics();

}  // namespace heddle::fuzz
