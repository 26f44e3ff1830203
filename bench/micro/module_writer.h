// SPDX-License-Identifier: Apache-2.0
// Writes the small binary modules that the micro-benchmarks run, so that they need no assembler and no files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace heddle::bench {

using Bytes = std::vector<uint8_t>;

/// Opcodes and types that the benchmarks write, by their bytes (spec 5.3, 5.4).
enum Code : uint8_t {
  kLoop = 0x03,
  kIf = 0x04,
  kEnd = 0x0B,
  kBrIf = 0x0D,
  kReturn = 0x0F,
  kCall = 0x10,
  kDrop = 0x1A,
  kLocalGet = 0x20,
  kLocalSet = 0x21,
  kLocalTee = 0x22,
  kI32Load = 0x28,
  kI32Store = 0x36,
  kI32Const = 0x41,
  kI64Const = 0x42,
  kI32Eqz = 0x45,
  kI32LtU = 0x49,
  kI32Add = 0x6A,
  kI32Sub = 0x6B,
  kI32Mul = 0x6C,
  kI32And = 0x71,
  kI32Xor = 0x73,
  kAtomic = 0xFE,
  kVoid = 0x40,
  kI32 = 0x7F,
};

/// Sub-opcodes after kAtomic.
enum AtomicCode : uint8_t { kNotify = 0x00, kWait32 = 0x01, kFence = 0x03, kRmwAdd32 = 0x1E };

/// What a module of one exported function "run" has beside it.
struct Surroundings {
  uint32_t parameters = 1;     ///< of "run", all i32; it returns one i32
  bool shared_memory = false;  ///< a shared memory of one page (at most two), else a plain one
  bool imports_host = false;   ///< imports "host" "f" : [i32] -> [i32] as function 0
};

/// A module that exports "run" with the given body (without its final `end`) and a memory "memory" of one
/// page.
[[nodiscard]] Bytes single_function_module(const Bytes& body, const Surroundings& around);

/// As above with the body: repeat parameter 0 times { step }, then return local 1. A step must leave the
/// stack as it was; locals 1 and 2 are for its use, parameter 0 counts down.
[[nodiscard]] Bytes loop_module(const Bytes& step, const Surroundings& around);

/// A module of `functions` bodies of mixed code, about 500 bytes each, and an exported "all" : [i32] -> [i32]
/// that calls each of them. Called with 0, every body returns at its first branch: what that costs is
/// translation.
[[nodiscard]] Bytes many_functions_module(uint32_t functions);

void put_u32(Bytes& out, uint32_t value);
void put_s32(Bytes& out, int32_t value);
void put(Bytes& out, std::initializer_list<uint8_t> bytes);

}  // namespace heddle::bench
