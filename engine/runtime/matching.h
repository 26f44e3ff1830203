// SPDX-License-Identifier: Apache-2.0
// Matching: may this external be bound to that import? (Spec 3.3.8 "import matching", 4.5.4; threads
// proposal)
#pragma once

#include <span>
#include <string>

#include "engine/module/module.h"
#include "engine/runtime/store.h"
#include "heddle/result.h"

namespace heddle::engine {

/// Checks every import of `module` against the externals given for them, in the same order. Errors are of
/// kind link, begin with "unknown import" or "incompatible import type", and name the import and both types.
[[nodiscard]] Result<void> match_imports(const ModuleImage& module, std::span<const External> externals);

/// One import. Sizes of tables and memories count as they are now, not as they were declared.
[[nodiscard]] bool matches(const ModuleImage& module, const Import& import, const External& external);

/// The type of an import, or of an external, in the text format's manner: "memory 1 2 shared".
[[nodiscard]] std::string describe(const ModuleImage& module, const Import& import);
[[nodiscard]] std::string describe(const TypeRegistry& registry, const External& external);

}  // namespace heddle::engine
