// SPDX-License-Identifier: Apache-2.0
// InstructionReader: turns a stretch of bytecode into Instructions, immediates decoded by kind from the
// table.
//
// It knows opcodes, not modules: indices are not range-checked, types are raw (module type indices).
// Consumers (validator, translators, printer, generator) step with next() and dispatch on the row through
// a table instantiated from opcodes.def, for example
//
//   static constexpr Handler kHandlers[] = {
//   #define WASM_BINARY(name, ...) &Validator::check_signature,
//   #define WASM_CONTROL(name, ...) &Validator::name,
//   ...
//   #include "engine/opcodes/opcodes.def"
//   };
//
// so that a row without a handler does not compile.
//
// A row whose feature the cursor does not accept is refused (Cursor::accept).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/binary/cursor.h"
#include "engine/opcodes/opcode.h"
#include "heddle/value_type.h"

namespace heddle::engine {

/// The type of a block: nothing, one value, or a function type by module index. (Spec 5.4.1)
struct BlockType {
  enum class Kind : uint8_t { empty, value, index } kind = Kind::empty;
  ValueType value;     ///< kind == value (raw)
  uint32_t index = 0;  ///< kind == index
};

struct MemoryArgument {
  uint32_t align_log2 = 0;
  uint32_t memory = 0;
  uint64_t offset = 0;
};

/// One clause of try_table.
struct CatchClause {
  enum class Kind : uint8_t { catch_ = 0, catch_ref = 1, catch_all = 2, catch_all_ref = 3 } kind;
  uint32_t tag = 0;
  uint32_t label = 0;
};

/// One decoded instruction. Which members hold something follows from info(opcode).immediate.
struct Instruction {
  Opcode opcode{};
  uint64_t offset = 0;  ///< of its first byte, in the whole module

  /// The first index: label, function, type, local, table, memory, lane, element, data, tag ...
  uint32_t index = 0;
  /// The second, in the order the immediate's name says: table of call_indirect, source of copies, field,
  /// count ...
  uint32_t second_index = 0;
  uint64_t bits = 0;      ///< constants: i32 sign-extended to 64 bits, i64, raw f32, raw f64
  MemoryArgument memory;  ///< memory_argument, memory_argument_lane
  BlockType block;        ///< block_type, catch_list
  HeapType heap;          ///< heap_type: raw
  ValueType cast_from;    ///< label_cast: raw reference types
  ValueType cast_to;
  std::array<uint8_t, 16> bytes{};  ///< v128_constant, shuffle
  /// label_table: all targets, the default last. catch_list, select_types likewise. The spans point into the
  /// reader's buffers and live until the next call of next().
  std::span<const uint32_t> labels;
  std::span<const CatchClause> catches;
  std::span<const ValueType> types;
};

class InstructionReader {
 public:
  /// Reads from `cursor` (its section and base offset make the error messages); the cursor must outlive the
  /// reader.
  explicit InstructionReader(Cursor& cursor) : cursor_(cursor) {}

  /// Decodes one instruction. False at an error, which the cursor then holds. The caller stops at the end
  /// of the body itself (Cursor::at_end()). Never recurses, never allocates beyond one br_table's own size.
  /// Members of `instruction` that the opcode's immediate does not fill keep what they had.
  bool next(Instruction& instruction) { return read_opcode(instruction) && read_rest(instruction); }

  /// next() in two steps, for consumers that dispatch on the row in between: the opcode and its offset, then
  /// its immediate, the kind of which a function made for one row knows when it is compiled.
  bool read_opcode(Instruction& instruction) {
    instruction.offset = cursor_.offset();
    const bool is_there = !cursor_.at_end();  // and then nothing has failed
    const uint8_t byte = cursor_.read_byte();
    const uint16_t row = kPlainRows[byte];
    if (!is_there || row == kNoOpcode) [[unlikely]]
      return is_there && read_opcode_slowly(byte, instruction);
    instruction.opcode = static_cast<Opcode>(row);
    return true;
  }
  template <Immediate immediate>
  bool read(Instruction& instruction) {
    if constexpr (immediate == Immediate::none) return true;
    if constexpr (is_index(immediate)) {
      instruction.index = cursor_.read_u32();
    } else if constexpr (immediate == Immediate::memory_argument) {
      read_memory_argument(instruction.memory);
    } else if constexpr (immediate == Immediate::i32_constant) {
      instruction.bits = static_cast<uint64_t>(static_cast<int64_t>(cursor_.read_s32()));
    } else {
      read_immediate(immediate, instruction);
    }
    return !cursor_.failed();
  }
  bool read_rest(Instruction& instruction) {
    read_immediate(info(instruction.opcode).immediate, instruction);
    return !cursor_.failed();
  }

 private:
  /// The rows of the opcodes that are one byte and of a built feature; kNoOpcode for all other bytes.
  static const std::array<uint16_t, 256> kPlainRows;
  static constexpr uint32_t kHasMemory = 0x40;  ///< flag of a memory argument: a memory index follows

  /// One index and nothing else.
  static constexpr bool is_index(Immediate immediate) {
    switch (immediate) {
      case Immediate::label:
      case Immediate::function:
      case Immediate::type:
      case Immediate::tag:
      case Immediate::local:
      case Immediate::global:
      case Immediate::table:
      case Immediate::element:
      case Immediate::memory:
      case Immediate::data: return true;
      default: return false;
    }
  }

  bool read_opcode_slowly(uint8_t byte, Instruction& instruction);
  void read_immediate(Immediate immediate, Instruction& instruction);
  void read_block_type(BlockType& block);
  void read_catches(Instruction& instruction);
  void read_labels(Instruction& instruction);
  void read_label_cast(Instruction& instruction);
  void read_select_types(Instruction& instruction);
  void read_memory_argument(MemoryArgument& argument) {
    const uint64_t start = cursor_.offset();
    const uint32_t flags = cursor_.read_u32();
    if (flags >= 2 * kHasMemory) [[unlikely]]
      return cursor_.fail_at(start, ErrorKind::malformed, "malformed memop flags");
    argument.align_log2 = flags & (kHasMemory - 1);
    argument.memory = (flags & kHasMemory) ? cursor_.read_u32() : 0;
    argument.offset = cursor_.read_u64();
  }
  void read_array(std::array<uint8_t, 16>& bytes);

  Cursor& cursor_;
  std::vector<uint32_t> labels_;
  std::vector<CatchClause> catches_;
  std::vector<ValueType> types_;
};

}  // namespace heddle::engine
