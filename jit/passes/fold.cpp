// SPDX-License-Identifier: Apache-2.0
// Folding: a function per row of the opcode table, made from its semantics type.
#include "jit/passes/fold.h"

#include <array>
#include <bit>
#include <type_traits>

#include "engine/runtime/float_ops.h"
#include "engine/runtime/integer_ops.h"

namespace heddle::jit {

namespace {

using engine::Opcode;
using Folder = bool (*)(uint64_t left, uint64_t right, uint64_t& result);

template <class T>
T from_bits(uint64_t bits) {
  if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(static_cast<uint32_t>(bits));
  } else {
    return std::bit_cast<T>(bits);
  }
}

/// False for a NaN.
template <class T>
bool to_bits(T value, uint64_t& bits) {
  if constexpr (std::is_floating_point_v<T>) {
    if (value != value) return false;
  }
  if constexpr (sizeof(T) == 4) {
    bits = std::bit_cast<uint32_t>(value);
  } else {
    bits = std::bit_cast<uint64_t>(value);
  }
  return true;
}

template <class Semantics, class... Operands>
bool apply(uint64_t& bits, Operands... operands) {
  if constexpr (Semantics::kTraps) {
    typename Semantics::Result result{};
    return Semantics::apply(operands..., result) == TrapKind::none && to_bits(result, bits);
  } else {
    return to_bits(static_cast<typename Semantics::Result>(Semantics::apply(operands...)), bits);
  }
}

template <class Semantics>
bool fold_unary(uint64_t left, uint64_t, uint64_t& bits) {
  return apply<Semantics>(bits, from_bits<typename Semantics::Argument>(left));
}

template <class Semantics>
bool fold_binary(uint64_t left, uint64_t right, uint64_t& bits) {
  return apply<Semantics>(bits, from_bits<typename Semantics::Left>(left),
                          from_bits<typename Semantics::Right>(right));
}

constexpr std::array<Folder, engine::kOpcodeCount> make_folders() {
  using namespace engine::ops;  // NOLINT: the table names semantics without their namespace
  std::array<Folder, engine::kOpcodeCount> folders{};
#define WASM_UNARY(name, code, text, immediate, signature, feature, ...) \
  folders[static_cast<size_t>(Opcode::name)] = &fold_unary<__VA_ARGS__>;
#define WASM_TEST WASM_UNARY
#define WASM_BINARY(name, code, text, immediate, signature, feature, ...) \
  folders[static_cast<size_t>(Opcode::name)] = &fold_binary<__VA_ARGS__>;
#define WASM_COMPARE WASM_BINARY
#include "engine/opcodes/opcodes.def"
  return folders;
}
constexpr std::array<Folder, engine::kOpcodeCount> kFolders = make_folders();

}  // namespace

std::optional<uint64_t> fold(Opcode row, uint64_t left, uint64_t right) {
  const Folder folder = kFolders[static_cast<size_t>(row)];
  uint64_t bits = 0;
  if (folder == nullptr || !folder(left, right, bits)) return std::nullopt;
  return bits;
}

}  // namespace heddle::jit
