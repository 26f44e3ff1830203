// SPDX-License-Identifier: Apache-2.0
// SIMD rows as functions over slots, made from their semantics types. Compiled as the interpreter's handlers
// are, so that both give the same bits.
#include <array>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "engine/runtime/vector_ops.h"
#include "jit/runtime_calls/row_functions.h"
#include "jit/runtime_calls/runtime_call.h"

namespace heddle::jit {

namespace {

using engine::Instance;
using engine::Opcode;
using engine::read_slot;
using engine::read_vector;
using engine::Slot;
using engine::Vector;
using engine::write_slot;
using engine::write_vector;

/// Slots of the operands: vectors take two.
constexpr unsigned kSecond = 2;
constexpr unsigned kThird = 4;

template <class Op>
TrapKind vector_unary(Instance*, Slot* slots, uint64_t, uint64_t) noexcept {
  write_vector(slots, Op::apply(read_vector(slots)));
  return TrapKind::none;
}

template <class Op>
TrapKind vector_test(Instance*, Slot* slots, uint64_t, uint64_t) noexcept {
  write_slot(slots, static_cast<uint32_t>(Op::apply(read_vector(slots))));
  return TrapKind::none;
}

template <class Op>
TrapKind splat(Instance*, Slot* slots, uint64_t, uint64_t) noexcept {
  write_vector(slots, Op::apply(read_slot<typename Op::Argument>(slots)));
  return TrapKind::none;
}

template <class Op>
TrapKind vector_binary(Instance*, Slot* slots, uint64_t, uint64_t) noexcept {
  write_vector(slots, Op::apply(read_vector(slots), read_vector(slots + kSecond)));
  return TrapKind::none;
}

template <class Op>
TrapKind vector_ternary(Instance*, Slot* slots, uint64_t, uint64_t) noexcept {
  write_vector(slots,
               Op::apply(read_vector(slots), read_vector(slots + kSecond), read_vector(slots + kThird)));
  return TrapKind::none;
}

template <class Op>
TrapKind vector_shift(Instance*, Slot* slots, uint64_t, uint64_t) noexcept {
  write_vector(slots, Op::apply(read_vector(slots), read_slot<uint32_t>(slots + kSecond)));
  return TrapKind::none;
}

template <class Op>
TrapKind extract_lane(Instance*, Slot* slots, uint64_t lane, uint64_t) noexcept {
  using T = typename Op::Lane;
  using Result = std::conditional_t<std::is_floating_point_v<T> || sizeof(T) >= 4, T, int32_t>;
  T value;
  std::memcpy(&value, reinterpret_cast<const char*>(slots) + lane * sizeof(T), sizeof value);
  write_slot(slots, static_cast<Result>(value));
  return TrapKind::none;
}

template <class Op>
TrapKind replace_lane(Instance*, Slot* slots, uint64_t lane, uint64_t) noexcept {
  using T = typename Op::Lane;
  std::memcpy(reinterpret_cast<char*>(slots) + lane * sizeof(T), slots + kSecond, sizeof(T));
  return TrapKind::none;
}

TrapKind shuffle(Instance*, Slot* slots, uint64_t low, uint64_t high) noexcept {
  const Slot lanes[] = {low, high};
  write_vector(slots,
               engine::ops::shuffle(read_vector(slots), read_vector(slots + kSecond), read_vector(lanes)));
  return TrapKind::none;
}

/// The function of a row, by its signature and immediate.
template <Opcode kOpcode, class Op>
constexpr x64::RuntimeFunction function_by_shape() {
  constexpr std::string_view signature = info(kOpcode).signature;
  constexpr bool has_lane = info(kOpcode).immediate == engine::Immediate::lane;
  if constexpr (signature == ":v") {
    return nullptr;
  } else if constexpr (info(kOpcode).immediate == engine::Immediate::shuffle) {
    return shuffle;
  } else if constexpr (signature == "v:v") {
    return vector_unary<Op>;
  } else if constexpr (signature == "vv:v") {
    return vector_binary<Op>;
  } else if constexpr (signature == "vvv:v") {
    return vector_ternary<Op>;
  } else if constexpr (has_lane && signature.size() == 3) {
    return extract_lane<Op>;
  } else if constexpr (has_lane) {
    return replace_lane<Op>;
  } else if constexpr (signature == "vi:v") {
    return vector_shift<Op>;
  } else if constexpr (signature == "v:i") {
    return vector_test<Op>;
  } else {
    return splat<Op>;
  }
}

template <Opcode kOpcode, class Op>
struct RowFunction {
  static constexpr x64::RuntimeFunction get() { return function_by_shape<kOpcode, Op>(); }
};

/// A relaxed row: its first immediate asks for the processor's own result.
template <Opcode kOpcode, class D, class N>
struct RowFunction<kOpcode, engine::ops::Relaxed<D, N>> {
  static TrapKind choose(Instance* instance, Slot* slots, uint64_t native, uint64_t extra2) noexcept {
    constexpr x64::RuntimeFunction kDeterministic = function_by_shape<kOpcode, D>();
    constexpr x64::RuntimeFunction kNative = function_by_shape<kOpcode, N>();
    return native != 0 ? kNative(instance, slots, native, extra2)
                       : kDeterministic(instance, slots, native, extra2);
  }
  static constexpr x64::RuntimeFunction get() { return choose; }
};

constexpr auto make_functions() {
  using namespace engine::ops;
  std::array<x64::RuntimeFunction, engine::kOpcodeCount> functions{};
#define WASM_SIMD(name, code, text, immediate, signature, feature, ...) \
  functions[static_cast<size_t>(Opcode::name)] = RowFunction<Opcode::name, __VA_ARGS__>::get();
#define WASM_SIMD_ACCESS(...)
#include "engine/opcodes/opcodes.def"
  return functions;
}

constexpr auto kFunctions = make_functions();

}  // namespace

x64::RuntimeFunction vector_row_function(Opcode row) noexcept { return kFunctions[static_cast<size_t>(row)]; }

x64::RuntimeFunction row_function(Opcode row) noexcept {
  const x64::RuntimeFunction scalar = scalar_row_function(row);
  return scalar != nullptr ? scalar : vector_row_function(row);
}

}  // namespace heddle::jit
