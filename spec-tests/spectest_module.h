// SPDX-License-Identifier: Apache-2.0
// The host modules scripts may import: "spectest" of the official suites, and "selftest" for this runner's
// own test.
#pragma once

#include <heddle/heddle.h>

#include <map>
#include <string>

namespace heddle::spec {

using HostModule = std::map<std::string, Extern, std::less<>>;

/// print functions that print nothing, globals of 666, tables, memories; one set per store.
[[nodiscard]] Result<HostModule> make_spectest_module(const Engine& engine, const StoreRef& store);

/// `crash` kills the process, `hang` never returns. Only with --self-test.
[[nodiscard]] Result<HostModule> make_selftest_module(const StoreRef& store);

}  // namespace heddle::spec
