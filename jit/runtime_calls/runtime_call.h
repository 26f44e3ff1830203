// SPDX-License-Identifier: Apache-2.0
// RuntimeCall: the C++ functions that compiled code calls for what is not worth machine code of its own.
//
// All have one signature, so that selection knows one way to call them: arguments and results in slots. They
// may collect garbage, grow memories and wait, but never run guest code. Names and types are in
// runtime_calls.def.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/opcodes/opcode.h"
#include "jit/x64/stubs.h"

namespace heddle::jit {

enum class RuntimeCall : uint16_t {
#define RUNTIME_CALL(name, ...) name,
#include "jit/runtime_calls/runtime_calls.def"
};

struct RuntimeCallInfo {
  std::string_view name;
  std::string_view parameters;
  std::string_view results;
};

[[nodiscard]] const RuntimeCallInfo& info(RuntimeCall call) noexcept;
[[nodiscard]] x64::RuntimeFunction function_of(RuntimeCall call) noexcept;

/// A function that computes a row of the opcode table (unary, binary, test, compare, wide, simd without
/// memory) by its semantics type, for rows without machine code of their own: operands in slots, `extra` and
/// `extra2` its immediates. Null for other rows.
[[nodiscard]] x64::RuntimeFunction row_function(engine::Opcode row) noexcept;

}  // namespace heddle::jit
