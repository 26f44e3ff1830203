// SPDX-License-Identifier: Apache-2.0
// Custom sections that the assembler makes by itself: names and branch hints.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/text/module_state.h"

namespace heddle::engine {

/// The contents of the name section; empty if nothing has a name. (Spec, appendix "Name Section", and the
/// proposal "Extended Name Section" for what is neither module, function nor local.)
[[nodiscard]] std::vector<uint8_t> encode_names(const ModuleState& module);

/// The contents of the section metadata.code.branch_hint; empty if there are no hints.
[[nodiscard]] std::vector<uint8_t> encode_branch_hints(const ModuleState& module);

}  // namespace heddle::engine
