// SPDX-License-Identifier: Apache-2.0
// Imports: host objects of exactly the types a module asks for, behaving the same on every run.
#pragma once

#include <heddle/heddle.h>

#include <string>
#include <vector>

namespace heddle::fuzz {

/// What the host functions were asked, in order; grows while the guest runs, up to a bound.
using HostLog = std::vector<std::string>;
inline constexpr size_t kMaxHostLog = 200;

/// A value of a type, chosen by a seed; an Error for types the host has no value of.
[[nodiscard]] Result<Value> make_value(const StoreRef& store, ValueType type, uint64_t seed);

/// In the order of module.imports(). `log` must outlive the store. Errors: an import that cannot be had, or
/// is too large for a quick run.
[[nodiscard]] Result<std::vector<Extern>> make_imports(const Engine& engine, const StoreRef& store,
                                                       const Module& module, HostLog& log);

}  // namespace heddle::fuzz
