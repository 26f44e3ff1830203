// SPDX-License-Identifier: Apache-2.0
// The opcode table as C++: Opcode (a dense enum), OpcodeInfo (one row's facts) and their constexpr look-ups.
//
// Everything here is instantiated from opcodes.def and features.def; no other file holds an opcode's byte
// value or mnemonic. The row kinds, and who overrides which, are explained at the top of opcodes.def.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace heddle::engine {

enum class Feature : uint8_t {
#define HEDDLE_FEATURE(name, ...) name,
#include "engine/opcodes/features.def"
};

struct FeatureInfo {
  std::string_view text;
  bool built;
  bool on;  ///< without being asked for
};

inline constexpr FeatureInfo kFeatures[] = {
#define HEDDLE_FEATURE(name, text, built, on) {text, built, on},
#include "engine/opcodes/features.def"
};
inline constexpr size_t kFeatureCount = std::size(kFeatures);

[[nodiscard]] constexpr const FeatureInfo& info(Feature feature) {
  return kFeatures[static_cast<size_t>(feature)];
}

/// Features that a module may use: at first those that are built and on.
class FeatureSet {
 public:
  constexpr FeatureSet() {
    for (size_t i = 0; i < kFeatureCount; ++i) bits_ |= kFeatures[i].built && kFeatures[i].on ? bit(i) : 0;
  }
  [[nodiscard]] static constexpr FeatureSet built() {
    FeatureSet set;
    for (size_t i = 0; i < kFeatureCount; ++i) set.bits_ |= kFeatures[i].built ? bit(i) : 0;
    return set;
  }
  [[nodiscard]] static constexpr FeatureSet all() {
    FeatureSet set;
    for (size_t i = 0; i < kFeatureCount; ++i) set.bits_ |= bit(i);
    return set;
  }

  constexpr void add(Feature feature) { bits_ |= bit(static_cast<size_t>(feature)); }
  [[nodiscard]] constexpr bool has(Feature feature) const {
    return (bits_ & bit(static_cast<size_t>(feature))) != 0;
  }

 private:
  static constexpr uint32_t bit(size_t number) { return uint32_t{1} << number; }
  static_assert(kFeatureCount <= 32);

  uint32_t bits_ = 0;
};

/// What follows the opcode's bytes in the binary format. (Spec 5.4; named after what the immediate denotes.)
enum class Immediate : uint8_t {
  none,
  block_type,            ///< block loop if try: s33
  catch_list,            ///< try_table: block type, vec(catch clause)
  label,                 ///< br br_if br_on_null br_on_non_null, rethrow, delegate: u32 depth
  label_table,           ///< br_table: vec(u32), u32
  label_cast,            ///< br_on_cast ...: flags byte, u32 depth, heap type, heap type
  function,              ///< call return_call ref.func: u32
  type,                  ///< call_ref return_call_ref struct.new array.new ...: u32
  type_table,            ///< call_indirect return_call_indirect: u32 type, u32 table
  type_field,            ///< struct.get struct.set ...: u32 type, u32 field
  type_count,            ///< array.new_fixed: u32 type, u32 count
  type_data,             ///< array.new_data array.init_data: u32 type, u32 data
  type_element,          ///< array.new_elem array.init_elem: u32 type, u32 element
  type_type,             ///< array.copy: u32, u32
  tag,                   ///< throw, catch: u32
  local,                 ///< u32
  global,                ///< u32
  table,                 ///< u32
  table_table,           ///< table.copy: u32 destination, u32 source
  element_table,         ///< table.init: u32 element, u32 table
  element,               ///< elem.drop: u32
  memory,                ///< memory.size memory.grow memory.fill: u32
  memory_memory,         ///< memory.copy: u32 destination, u32 source
  data_memory,           ///< memory.init: u32 data, u32 memory
  data,                  ///< data.drop: u32
  memory_argument,       ///< loads, stores, atomics: align, [memory], offset
  memory_argument_lane,  ///< v128.load8_lane ...: memory argument, lane byte
  lane,                  ///< lane byte
  shuffle,               ///< 16 lane bytes
  i32_constant,          ///< s32
  i64_constant,          ///< s64
  f32_constant,          ///< 4 bytes
  f64_constant,          ///< 8 bytes
  v128_constant,         ///< 16 bytes
  select_types,          ///< select t*: vec(value type)
  heap_type,             ///< ref.null ref.test ref.cast ...: s33
  fence,                 ///< atomic.fence: one zero byte
};

/// The kinds of rows in opcodes.def.
// clang-format off
enum class RowKind : uint8_t {
  control, parametric, variable, table, reference, gc, exception,
  constant, load, store, memory, unary, binary, test, compare,
  atomic_load, atomic_store, atomic_rmw, atomic_cmpxchg, atomic_wait, atomic_notify, atomic_fence,
  simd, wide,
};
// clang-format on

/// Dense, in the order of the table. Names are the mnemonics with '.' turned into '_' (and a trailing '_'
/// where that is a C++ keyword): i32_add, memory_atomic_wait32, return_, if_.
enum class Opcode : uint16_t {
#define WASM_OP(kind, name, code, text, immediate, signature, feature, ...) name,
#include "engine/opcodes/opcodes.def"
};

/// One row. Signatures read "parameters:results" with
///   i i32, l i64, f f32, d f64, v v128, a the address type of the instruction's memory (i32 or i64)
/// and are empty for rows whose type depends on immediates or context (validated by hand-written code).
/// A memory-copying row that names two memories also has an empty signature.
struct OpcodeInfo {
  uint32_t code;  ///< prefix << 16 | sub-opcode; a one-byte opcode is just its byte
  std::string_view text;
  std::string_view signature;
  Immediate immediate;
  Feature feature;
  RowKind kind;
  uint8_t access_log2;  ///< loads, stores and atomics: log2 of the bytes accessed; else 0
};

inline constexpr OpcodeInfo kOpcodes[] = {
#define WASM_OP(kind, name, code, text, immediate, signature, feature, ...) \
  {code, text, signature, Immediate::immediate, Feature::feature, RowKind::kind, 0},
#define WASM_ACCESS(kind, name, code, text, immediate, signature, feature, access_log2, ...) \
  {code, text, signature, Immediate::immediate, Feature::feature, RowKind::kind, access_log2},
#include "engine/opcodes/opcodes.def"
};
inline constexpr size_t kOpcodeCount = std::size(kOpcodes);

[[nodiscard]] constexpr const OpcodeInfo& info(Opcode opcode) {
  return kOpcodes[static_cast<size_t>(opcode)];
}

/// True for loads, stores and atomics, scalar or vector: a memory argument follows, access_log2 means
/// something.
[[nodiscard]] constexpr bool accesses_memory(const OpcodeInfo& row) {
  return row.immediate == Immediate::memory_argument || row.immediate == Immediate::memory_argument_lane;
}

/// Prefix bytes of multi-byte opcodes. The sub-opcode follows as u32 LEB128.
inline constexpr uint8_t kPrefixGc = 0xfb;
inline constexpr uint8_t kPrefixMisc = 0xfc;
inline constexpr uint8_t kPrefixSimd = 0xfd;
inline constexpr uint8_t kPrefixAtomic = 0xfe;

[[nodiscard]] constexpr bool is_prefix(uint8_t byte) { return byte >= kPrefixGc && byte <= kPrefixAtomic; }

inline constexpr uint16_t kNoOpcode = UINT16_MAX;

/// The row of a one-byte opcode, or kNoOpcode (also for prefix bytes).
[[nodiscard]] uint16_t find_opcode(uint8_t byte) noexcept;

/// The row of a prefixed opcode, or kNoOpcode.
[[nodiscard]] uint16_t find_opcode(uint8_t prefix, uint32_t sub_opcode) noexcept;

/// The row with this mnemonic, or kNoOpcode. Where one mnemonic has several rows (select, ref.test ...) the
/// first row of the table is found; the text parser picks the sibling by the immediates it sees.
[[nodiscard]] uint16_t find_opcode(std::string_view mnemonic) noexcept;

}  // namespace heddle::engine
