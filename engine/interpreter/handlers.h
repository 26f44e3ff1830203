// SPDX-License-Identifier: Apache-2.0
// HandlerTable: every handler of the interpreter, by what it does and the shape of its operands.
//
// The run_*.cpp files fill it, instantiating their templates from opcodes.def; the translator picks from it.
// A null entry is a shape that does not exist (the translator normalizes operands first: see
// swapped_operands()).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "engine/interpreter/dispatch.h"
#include "engine/interpreter/gc_handlers.h"
#include "engine/interpreter/operands.h"
#include "engine/interpreter/simd_handlers.h"
#include "engine/opcodes/opcode.h"

namespace heddle::engine {

/// The accumulator a value of some type lives in.
enum class Register : uint8_t { integer, f32, f64, vector };
inline constexpr unsigned kRegisters = 4;

struct UnaryHandlers {
  Handler form[2][2] = {};  ///< [Source: slot, accumulator][Target]
};

struct BinaryHandlers {
  Handler form[kPairs][2] = {};  ///< [Pair][Target]
};

/// Compare and branch: [Pair][branch if the comparison is false, true][forward, backward].
/// word 1: left, right (or nothing), distance; word 2: immediate, sign-extended, if any.
struct BranchHandlers {
  Handler form[kPairs][2][2] = {};
};

/// How the address of an access to a guarded memory 0 is formed. Sums wrap at 32 bits, the constant offset
/// does not.
enum class Address : uint8_t {
  slot,                   ///< slot + offset
  accumulator,            ///< accumulator + offset
  slot_immediate,         ///< wrap(slot + immediate)
  accumulator_immediate,  ///< wrap(accumulator + immediate)
  slot_slot,              ///< wrap(slot + slot)
  absolute,               ///< immediate
};
inline constexpr unsigned kAddresses = 6;

struct LoadHandlers {
  Handler guarded[kAddresses][2] =
      {};  ///< [Address][Target]; word 1: destination, address, offset or immediate (or second slot)
  Handler checked[2] = {};  ///< [address is 64-bit]; word 1: destination, address, memory; word 2: offset
};

struct StoreHandlers {
  Handler guarded[kAddresses][3] = {};  ///< [Address][Source of the value]; word 1: address, value, offset or
                                        ///< immediate (or second slot); word 2: immediate value
  Handler checked[2] = {};              ///< word 1: address, value, memory; word 2: offset
};

/// Atomic accesses: word 1: destination, address, value, replacement (or timeout slot); word 2: offset; word
/// 3: memory.
struct AtomicHandlers {
  Handler form[2] = {};  ///< [address is 64-bit]
};

/// Handlers of which there is one each, named after what they do. Words are given as (word 1 | word 2 ...).
struct SingleHandlers {
  // Control.
  Handler enter = nullptr;   ///< frame slots, header, first zeroed slot, zeroed slots
  Handler reload = nullptr;  ///< header, -, distance to the region: instance := frame's own
  Handler unreachable = nullptr;
  Handler fuel = nullptr;             ///< -, -, cost
  Handler jump[2] = {};               ///< [backward] -, -, distance
  Handler branch_zero[2][2][2] = {};  ///< [Source][64-bit operand][backward] value, -, distance
  Handler branch_nonzero[2][2][2] = {};
  Handler branch_table = nullptr;           ///< index, -, count | distances, two a word, default last
  Handler call = nullptr;                   ///< base, base + header, own header, kNoSite | code
  Handler call_reloading = nullptr;         ///< likewise, with a reload behind it
  Handler call_import = nullptr;            ///< base, base + header, function index
  Handler call_indirect[2] = {};            ///< [64-bit table] base, base + header, index slot | type, table
  Handler call_reference = nullptr;         ///< base, base + header, function slot
  Handler return_call = nullptr;            ///< base, own header, argument slots, callee's header | code
  Handler return_call_import = nullptr;     ///< the same | function index
  Handler return_call_indirect[2] = {};     ///< the same | type, table | index slot
  Handler return_call_reference = nullptr;  ///< the same | function slot
  Handler return_nothing = nullptr;         ///< -, header
  Handler return_one[kRegisters][3] =
      {};  ///< [Register][Source] source, header, immediate | immediate for f64 and i64; no v128 one
  Handler return_many = nullptr;  ///< first, header, count
  /// Right behind a direct call without reload, whose word 1 names the header; no word 1 of their own.
  Handler return_called_nothing = nullptr;
  Handler return_called[kRegisters] = {};  ///< [Register] the accumulator; no v128 one
  // Exceptions. See unwind.h.
  Handler throw_tag = nullptr;        ///< first value, header, distance to the region | tag
  Handler throw_reference = nullptr;  ///< reference, header, distance to the region
  Handler catch_region = nullptr;     ///< number of clauses, distance to the region around it | clauses
  // Moves.
  Handler copy = nullptr;  ///< destination, source (64 bits)
  Handler copy_f32 = nullptr;
  Handler copy_range = nullptr;                ///< destination, source, count; downwards
  Handler store_accumulator[kRegisters] = {};  ///< [Register] destination
  Handler constant = nullptr;                  ///< destination, -, immediate (zero-extended)
  Handler constant64 = nullptr;                ///< destination | bits
  // Variables.
  Handler global_get[kRegisters] = {};     ///< [Register] destination, -, global
  Handler global_set[kRegisters][2] = {};  ///< [Register][Source] -, source, global
  Handler global_set_immediate = nullptr;  ///< -, -, global | bits
  // Parametric.
  Handler select[kRegisters][2] =
      {};  ///< [Register][Source of the condition] destination, condition, if true, if false
  // References.
  Handler reference_function = nullptr;  ///< destination, -, function index
  Handler is_null[2] = {};               ///< [Source] destination, reference
  Handler as_non_null = nullptr;         ///< -, reference
  // Memory. Field 0 is the destination where there is one; address operands are zero-extended slots.
  Handler memory_size = nullptr;  ///< destination, -, memory
  Handler memory_grow = nullptr;  ///< destination, delta, memory
  Handler memory_fill = nullptr;  ///< address, value, count | memory
  Handler memory_copy = nullptr;  ///< to, from, count | to memory, from memory
  Handler memory_init = nullptr;  ///< to, from, count | memory, segment
  Handler data_drop = nullptr;    ///< -, -, segment
  // Tables.
  Handler table_get = nullptr;     ///< destination, index, table
  Handler table_set = nullptr;     ///< value, index, table
  Handler table_size = nullptr;    ///< destination, -, table
  Handler table_grow = nullptr;    ///< destination, value, delta | table
  Handler table_fill = nullptr;    ///< index, value, count | table
  Handler table_copy = nullptr;    ///< to, from, count | to table, from table
  Handler table_init = nullptr;    ///< to, from, count | table, segment
  Handler element_drop = nullptr;  ///< -, -, segment
  // Atomics.
  Handler atomic_fence = nullptr;
  // Entry points that no translated code contains.
  Handler translate = nullptr;    ///< first call of a function: a holds its FunctionCode
  Handler call_host = nullptr;    ///< a holds the host function's FunctionCode
  Handler call_native = nullptr;  ///< a holds the FunctionCode; word 1: NativeCall
  Handler enter_loop = nullptr;   ///< in place of a loop's first handler: see ModuleCode::attach_loop
  Handler leave = nullptr;        ///< return address of the outermost frame
};

struct HandlerTable {
  std::array<UnaryHandlers, kOpcodeCount> unary{};
  std::array<BinaryHandlers, kOpcodeCount> binary{};
  std::array<BranchHandlers, kOpcodeCount> branch{};
  std::array<LoadHandlers, kOpcodeCount> load{};
  std::array<StoreHandlers, kOpcodeCount> store{};
  std::array<AtomicHandlers, kOpcodeCount> atomic{};
  std::array<Handler, kOpcodeCount>
      wide{};  ///< field 0: first of the operands, which are consecutive, and of the results
  SimdTable simd;
  NativeRows<UnaryHandlers, BinaryHandlers> native;
  SingleHandlers single;
  GcHandlers gc;
  /// Where a memory fault in a load or store handler continues, and the machine code range it may come from.
  Handler landing = nullptr;
};

/// The table, filled on first use. Immutable afterwards; any thread.
[[nodiscard]] const HandlerTable& handlers();

/// The comparison or operation that gives the same result with its operands exchanged: lt_s for gt_s, add for
/// add.
[[nodiscard]] std::optional<Opcode> swapped_operands(Opcode opcode);

// Each run_*.cpp adds its own.
void add_integer_handlers(HandlerTable& table);
void add_float_handlers(HandlerTable& table);
void add_memory_handlers(HandlerTable& table);
void add_atomic_handlers(HandlerTable& table);
void add_control_handlers(HandlerTable& table);
void add_call_handlers(HandlerTable& table);
void add_table_handlers(HandlerTable& table);
void add_exception_handlers(HandlerTable& table);
void add_wide_handlers(HandlerTable& table);
void add_simd_integer_handlers(HandlerTable& table);
void add_simd_float_handlers(HandlerTable& table);
void add_simd_memory_handlers(HandlerTable& table);
void add_simd_control_handlers(HandlerTable& table);

}  // namespace heddle::engine
