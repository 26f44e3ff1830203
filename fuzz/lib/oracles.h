// SPDX-License-Identifier: Apache-2.0
// The oracles: what must hold for every input of a fuzz target. Each returns what is wrong, or nothing.
//
// They also count into statistics(). One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/lib/execute.h"

namespace heddle::fuzz {

/// Does the input begin like a binary module? If not, execution makes a module of it with the generator.
[[nodiscard]] bool looks_like_module(std::span<const uint8_t> bytes);

/// Any bytes are decoded and validated, or refused with an Error that names place and reason. What decodes
/// prints, the text assembles, and the result is the same module: it prints the same, and is as valid.
[[nodiscard]] std::string check_decode(std::span<const uint8_t> bytes);

/// Any text assembles or is refused with line and column; what assembles passes check_decode.
[[nodiscard]] std::string check_wat(std::string_view source);

/// A valid module behaves the same in two engines that translate at different times (and, if
/// `second.memory_mode` says so, check bounds in different ways).
[[nodiscard]] std::string check_exec(std::span<const uint8_t> bytes, const ExecuteOptions& first = {},
                                     const ExecuteOptions& second = {.eager = true});

/// check_exec for any bytes: a module, or food for the generator, whose modules must be valid.
[[nodiscard]] std::string check_exec_any(std::span<const uint8_t> bytes, const ExecuteOptions& first = {},
                                         const ExecuteOptions& second = {.eager = true});

/// A valid module does the same in the interpreter, compiled before its first call, entered in the middle of
/// its loops, and with one function in two compiled; the compiler's own checks hold. Compared is its
/// bounded_module(). Nothing where there is no compiler.
[[nodiscard]] std::string check_tiers(std::span<const uint8_t> bytes);
/// check_tiers for any bytes, as check_exec_any.
[[nodiscard]] std::string check_tiers_any(std::span<const uint8_t> bytes);

/// For targets: says what is wrong and aborts, so that libFuzzer keeps the input.
void require_nothing_wrong(const char* target, const std::string& failure);

}  // namespace heddle::fuzz
