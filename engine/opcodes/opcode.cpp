// SPDX-License-Identifier: Apache-2.0
// Look-ups in the opcode table, all built at compile time, and the proofs that the table is consistent.
#include "engine/opcodes/opcode.h"

#include <algorithm>
#include <type_traits>

namespace heddle::engine {

namespace {

// --- The table is what its header comment promises.
// ----------------------------------------------------------

constexpr bool is_ascending() {
  for (size_t i = 1; i < kOpcodeCount; ++i) {
    if (kOpcodes[i - 1].code >= kOpcodes[i].code) return false;
  }
  return true;
}
static_assert(is_ascending(), "rows of opcodes.def are sorted by code, which also proves the codes unique");
static_assert(kOpcodeCount < kNoOpcode);

constexpr bool has_known_prefixes() {
  return std::all_of(std::begin(kOpcodes), std::end(kOpcodes), [](const OpcodeInfo& row) {
    const uint32_t prefix = row.code >> 16;
    return prefix == 0 ? row.code < kPrefixGc
                       : prefix <= UINT8_MAX && is_prefix(static_cast<uint8_t>(prefix));
  });
}
static_assert(has_known_prefixes());

/// The signature's letter for a C++ value type.
template <class T>
constexpr char letter() {
  if (std::is_same_v<T, float>) return 'f';
  if (std::is_same_v<T, double>) return 'd';
  return sizeof(T) == 4 ? 'i' : 'l';
}

/// True if the access is as wide as the memory type, and the signature mentions the value type.
template <class MemoryType, class ValueType>
constexpr bool is_consistent(uint32_t access_log2, std::string_view signature) {
  return sizeof(MemoryType) == size_t{1} << access_log2 && sizeof(MemoryType) <= sizeof(ValueType) &&
         signature.front() == 'a' && signature.find(letter<ValueType>()) != std::string_view::npos;
}

#define HEDDLE_CHECK_ACCESS(name, code, text, immediate, signature, feature, access_log2, MemoryType, \
                            ValueType, ...)                                                           \
  static_assert(is_consistent<MemoryType, ValueType>(access_log2, signature), text);
#define WASM_LOAD(...) HEDDLE_CHECK_ACCESS(__VA_ARGS__)
#define WASM_STORE(...) HEDDLE_CHECK_ACCESS(__VA_ARGS__)
#define WASM_ATOMIC_LOAD(...) HEDDLE_CHECK_ACCESS(__VA_ARGS__)
#define WASM_ATOMIC_STORE(...) HEDDLE_CHECK_ACCESS(__VA_ARGS__)
#define WASM_ATOMIC_RMW(...) HEDDLE_CHECK_ACCESS(__VA_ARGS__)
#define WASM_ATOMIC_CMPXCHG(...) HEDDLE_CHECK_ACCESS(__VA_ARGS__)
#define WASM_ATOMIC_WAIT(name, code, text, immediate, signature, feature, access_log2, MemoryType) \
  static_assert(is_consistent<MemoryType, MemoryType>(access_log2, signature), text);
#define WASM_ATOMIC_NOTIFY(name, code, text, immediate, signature, feature, access_log2, MemoryType) \
  static_assert(is_consistent<MemoryType, MemoryType>(access_log2, signature), text);
#include "engine/opcodes/opcodes.def"
#undef HEDDLE_CHECK_ACCESS

// --- By code: one dense table per prefix.
// --------------------------------------------------------------------

/// Rows of one prefix (0: one-byte opcodes), indexed by sub-opcode.
template <size_t Size>
constexpr std::array<uint16_t, Size> rows_by_code(uint32_t prefix) {
  std::array<uint16_t, Size> rows{};
  rows.fill(kNoOpcode);
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    if (kOpcodes[i].code >> 16 == prefix) rows[kOpcodes[i].code & 0xffff] = static_cast<uint16_t>(i);
  }
  return rows;
}

constexpr size_t table_size(uint32_t prefix) {
  size_t size = 0;
  for (const OpcodeInfo& row : kOpcodes) {
    if (row.code >> 16 == prefix) size = (row.code & 0xffff) + 1;
  }
  return size;
}

template <uint8_t Prefix>
constexpr auto kRowsOf = rows_by_code<table_size(Prefix)>(Prefix);

constexpr auto kRowsOfByte = rows_by_code<256>(0);

template <uint8_t Prefix>
constexpr uint16_t find(uint32_t sub_opcode) {
  return sub_opcode < kRowsOf<Prefix>.size() ? kRowsOf<Prefix>[sub_opcode] : kNoOpcode;
}

// --- By mnemonic: open addressing with linear probing, at most 30 % full.
// -----------------------------------

constexpr size_t kSlots = 2048;
static_assert(kOpcodeCount * 3 < kSlots);

/// FNV-1a.
constexpr size_t first_slot(std::string_view text) {
  uint32_t hash = 0x811c9dc5;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x01000193;
  return (hash ^ hash >> 15) % kSlots;
}

constexpr auto kRowsByMnemonic = [] {
  std::array<uint16_t, kSlots> rows{};
  rows.fill(kNoOpcode);
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    size_t slot = first_slot(kOpcodes[i].text);
    // A sibling ends at the first row of its mnemonic, which stays.
    while (rows[slot] != kNoOpcode && kOpcodes[rows[slot]].text != kOpcodes[i].text)
      slot = (slot + 1) % kSlots;
    if (rows[slot] == kNoOpcode) rows[slot] = static_cast<uint16_t>(i);
  }
  return rows;
}();

}  // namespace

uint16_t find_opcode(uint8_t byte) noexcept { return kRowsOfByte[byte]; }

uint16_t find_opcode(uint8_t prefix, uint32_t sub_opcode) noexcept {
  switch (prefix) {
    case kPrefixGc: return find<kPrefixGc>(sub_opcode);
    case kPrefixMisc: return find<kPrefixMisc>(sub_opcode);
    case kPrefixSimd: return find<kPrefixSimd>(sub_opcode);
    case kPrefixAtomic: return find<kPrefixAtomic>(sub_opcode);
    default: return kNoOpcode;
  }
}

uint16_t find_opcode(std::string_view mnemonic) noexcept {
  size_t slot = first_slot(mnemonic);
  while (kRowsByMnemonic[slot] != kNoOpcode && kOpcodes[kRowsByMnemonic[slot]].text != mnemonic) {
    slot = (slot + 1) % kSlots;
  }
  return kRowsByMnemonic[slot];
}

}  // namespace heddle::engine
