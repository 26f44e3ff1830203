// SPDX-License-Identifier: Apache-2.0
// State: what is behind a Context: one program's descriptors and everything else it was given.
#pragma once

#include <heddle/wasi.h>

#include <memory>
#include <string>
#include <vector>

#include "wasi/descriptor_table.h"
#include "wasi/random_source.h"
#include "wasi/resolver.h"

namespace heddle::wasi::detail {

/// Threads: what is not const locks itself.
struct State {
  explicit State(const Config& config);

  const std::vector<std::string> arguments;
  const std::vector<std::string> environment;  ///< NAME=VALUE
  const std::shared_ptr<Clocks> clocks;
  const std::shared_ptr<Blocking> blocking;
  const Limits limits;
  RandomSource random;
  DescriptorTable table;
  OpenBeneath open_beneath = best_open_beneath();  ///< set before any guest runs, and not again
};

/// What Context::create does.
[[nodiscard]] Result<std::shared_ptr<State>> make_state(const Config& config);

/// What Context::add_to does.
Result<void> add_functions(Linker& linker, std::string_view module, const std::shared_ptr<State>& state);

}  // namespace heddle::wasi::detail
