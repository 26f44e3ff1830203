// SPDX-License-Identifier: Apache-2.0
// Selector: selection at work on one function. Internal to selector.cpp and select_*.cpp.
//
// Blocks are walked in reverse layout order, and nodes backwards, so that everybody who uses a value comes
// before it. A node asks for the registers of its operands by use(), unless it takes an operand's computation
// into its own instruction; what nobody asked for by the time it is reached is not emitted. The instructions
// of one node are written forwards.
#pragma once

#include <bit>
#include <optional>
#include <span>
#include <vector>

#include "jit/passes/upper_bounds.h"
#include "jit/x64/calling_convention.h"
#include "jit/x64/literal_index.h"
#include "jit/x64/select.h"

namespace heddle::jit::x64 {

struct VectorRow;

/// A memory operand.
struct Address {
  MemoryBase memory = MemoryBase::registers;
  VirtualRegister base = kNoRegister;
  VirtualRegister index = kNoRegister;
  uint8_t scale_log2 = 0;
  int32_t displacement = 0;
  uint32_t literal = 0;  ///< MemoryBase::constant
};

/// What a comparison left in the flags. Comparisons of floats may need the parity flag, too, which says
/// "unordered".
struct FlagsTest {
  enum class Kind : uint8_t { plain, and_ordered, or_unordered };
  Condition condition = Condition::not_equal;
  Kind kind = Kind::plain;
};
[[nodiscard]] FlagsTest negate(FlagsTest test);

class Selector {
 public:
  Selector(const Function& ir, const Dominators& dominators, const SelectOptions& options,
           MachineFunction& out);
  void run();

 private:
  // ---- selector.cpp: the walk
  void survey(BlockId id);
  void select_block(BlockId id);
  void select_node(Value value);
  void flush();
  void finish();

  // ---- selector.cpp: the IR
  [[nodiscard]] const Node& node(Value value) const { return ir_.nodes[value]; }
  [[nodiscard]] std::span<const Value> arguments(Value value) const {
    return ir_.arguments_of(ir_.nodes[value]);
  }
  [[nodiscard]] Value argument(Value value, unsigned i) const { return arguments(value)[i]; }
  [[nodiscard]] Operation operation(Value value) const { return ir_.nodes[value].operation; }
  [[nodiscard]] static bool is_constant(Operation operation) {
    return is_row(operation) &&
           (info(row_of(operation)).kind == engine::RowKind::constant || operation == Operation::v128_const);
  }
  /// The bits of an i32.const or i64.const, sign-extended.
  [[nodiscard]] std::optional<int64_t> integer_constant(Value value) const;
  /// The constant, if the processor takes it as an immediate of an instruction of `width` bytes.
  [[nodiscard]] std::optional<int32_t> immediate_of(Value value, unsigned width) const;
  /// An i32's greatest possible value.
  [[nodiscard]] uint64_t greatest(Value value) const { return bounds_.of(value); }
  /// Does `and` with the mask leave the i32 as it is?
  [[nodiscard]] bool is_mask_of(Value value, uint64_t mask) const {
    return ((mask + 1) & mask) == 0 && greatest(value) <= mask;
  }
  /// May the computation of `value`, which has no effect, be repeated for the node at hand?
  [[nodiscard]] bool is_near(Value value) const { return selected_[value].block == block_; }
  /// May it be done for the node at hand instead, since nobody else wants it?
  [[nodiscard]] bool is_only_here(Value value) const {
    return selected_[value].uses == 1 && is_near(value) && !is_repeated_;
  }
  /// Is this a load of exactly `bytes` bytes that may be done by the node at hand?
  [[nodiscard]] bool is_load_here(Value value, unsigned bytes) const;
  /// The same of a v128.load, for instructions that take any address.
  [[nodiscard]] bool is_vector_load_here(Value value) const;

  // ---- selector.cpp: registers and instructions
  [[nodiscard]] VirtualRegister new_register(RegisterClass register_class, uint8_t width = 8);
  [[nodiscard]] VirtualRegister general() { return new_register(RegisterClass::general); }
  [[nodiscard]] VirtualRegister vector(uint8_t width = 8) {
    return new_register(RegisterClass::vector, width);
  }
  [[nodiscard]] VirtualRegister new_register_of(Type type);
  /// The register that a value is defined in.
  [[nodiscard]] VirtualRegister define(Value value);
  /// A register that holds the value; constants are made anew.
  [[nodiscard]] VirtualRegister use(Value value);
  [[nodiscard]] VirtualRegister use_constant(const Node& constant);
  [[nodiscard]] VirtualRegister integer(int64_t bits, unsigned width);
  [[nodiscard]] uint32_t literal(uint64_t low, uint64_t high, uint8_t width);
  [[nodiscard]] Address literal_address(uint64_t low, uint64_t high, uint8_t width);

  static Operand read(VirtualRegister reg) { return {reg, Role::use, Policy::any, Register::none, 0}; }
  static Operand read_late(VirtualRegister reg) {
    return {reg, Role::late_use, Policy::any, Register::none, 0};
  }
  static Operand read_anywhere(VirtualRegister reg) {
    return {reg, Role::use, Policy::slot_too, Register::none, 0};
  }
  static Operand read_in(VirtualRegister reg, Register fixed) {
    return {reg, Role::use, Policy::fixed, fixed, 0};
  }
  static Operand write(VirtualRegister reg) { return {reg, Role::define, Policy::any, Register::none, 0}; }
  static Operand write_early(VirtualRegister reg) {
    return {reg, Role::early_define, Policy::any, Register::none, 0};
  }
  static Operand write_in(VirtualRegister reg, Register fixed) {
    return {reg, Role::define, Policy::fixed, fixed, 0};
  }
  static Operand write_tied(VirtualRegister reg, uint8_t to) {
    return {reg, Role::define, Policy::tied, Register::none, to};
  }

  /// Has it a form with a result that is not tied, which add() then gives it?
  [[nodiscard]] bool has_three_operands(Mnemonic mnemonic) const;
  Instruction& add(Mnemonic mnemonic, Form form, unsigned width, std::span<const Operand> operands);
  Instruction& add(Mnemonic mnemonic, Form form, unsigned width, std::initializer_list<Operand> operands) {
    return add(mnemonic, form, width, std::span<const Operand>(operands.begin(), operands.size()));
  }
  /// The same with a memory operand, whose registers are appended.
  Instruction& add(Mnemonic mnemonic, Form form, unsigned width, std::initializer_list<Operand> operands,
                   const Address& address);
  void move(VirtualRegister to, VirtualRegister from, RegisterClass register_class);
  /// result = left op right, where the result takes the place of left; `right` may be taken as immediate or
  /// from memory.
  void operate(Mnemonic mnemonic, unsigned width, VirtualRegister result, VirtualRegister left, Value right);
  void two_address(Mnemonic mnemonic, unsigned width, VirtualRegister result, VirtualRegister left,
                   VirtualRegister right);
  void two_address_immediate(Mnemonic mnemonic, unsigned width, VirtualRegister result, VirtualRegister left,
                             int64_t immediate);
  [[nodiscard]] uint32_t offset_here() const { return ir_.nodes[root_].offset; }
  void trap_if(Condition condition, TrapKind kind);

  // ---- select_control.cpp
  /// Emits the comparison that decides `value`, an i32 that is zero or not.
  [[nodiscard]] FlagsTest test_of(Value value);
  [[nodiscard]] unsigned narrow_load_here(Value value) const;
  [[nodiscard]] FlagsTest compare_integers(Value left, Value right, unsigned width, Condition condition);
  [[nodiscard]] FlagsTest compare_floats(Value value);
  [[nodiscard]] FlagsTest test_bits(Value value, unsigned width);
  void materialize(FlagsTest test, VirtualRegister result);
  [[nodiscard]] bool is_comparison(Operation operation) const;
  void select_comparison(Value value);
  void select_select(Value value);
  void select_trap_if(Value value, bool unless);
  bool select_terminator(Value value);
  void select_branch(Value value);
  void select_branch_table(Value value);
  void jump(BlockId target);
  void jump_if(Condition condition, BlockId target);
  void use_edges();

  // ---- select_integer.cpp
  bool select_integer(Value value);
  void select_add(Value value, unsigned width);
  void select_subtract(Value value, unsigned width);
  void select_multiply(Value value, unsigned width);
  void select_and(Value value, unsigned width);
  void select_bitwise(Value value, unsigned width, Mnemonic mnemonic);
  void select_shift(Value value, unsigned width, Mnemonic mnemonic, Mnemonic three_address);
  void select_rotate(Value value, unsigned width, Mnemonic mnemonic);
  void select_count_zeros(Value value, unsigned width, bool leading);
  void select_divide(Value value, unsigned width, int64_t what);

  // ---- select_divide.cpp
  bool divide_by_constant(Value value, unsigned width, int64_t what);
  void divide_by_power(Value value, unsigned width, int64_t what, unsigned log2, bool is_negative);
  void and_with(VirtualRegister result, VirtualRegister value, uint64_t mask, unsigned width);
  [[nodiscard]] VirtualRegister high_product(VirtualRegister value, uint64_t factor, bool is_signed);
  [[nodiscard]] VirtualRegister shifted(Mnemonic mnemonic, unsigned width, VirtualRegister value,
                                        unsigned count);
  [[nodiscard]] VirtualRegister times(VirtualRegister value, uint64_t factor, unsigned width);
  [[nodiscard]] VirtualRegister unsigned_quotient(VirtualRegister dividend, uint64_t divisor, unsigned width);
  [[nodiscard]] VirtualRegister signed_quotient(VirtualRegister dividend, uint64_t divisor, unsigned width);
  [[nodiscard]] VirtualRegister biased(VirtualRegister dividend, unsigned log2, unsigned width);

  void select_extend(Value value, Mnemonic mnemonic, unsigned width);
  bool select_wide(Value value);
  void lea(VirtualRegister result, unsigned width, const Address& address);

  // ---- select_float.cpp
  bool select_float(Value value);
  bool select_conversion(Value value);
  void select_float_binary(Value value, Mnemonic mnemonic, unsigned width, bool commutes);
  void select_float_unary(Value value, Mnemonic mnemonic, Form form, unsigned width, int64_t immediate);
  void select_copysign(Value value, unsigned width);
  void select_convert(Value value, Mnemonic mnemonic, unsigned bytes);
  void mask_float(Mnemonic mnemonic, VirtualRegister result, VirtualRegister value, uint64_t mask);
  /// Of an f32.const or f64.const.
  [[nodiscard]] std::optional<Address> float_constant_address(Value value);

  // ---- select_atomic.cpp
  bool select_atomic(Value value);
  [[nodiscard]] Address aligned_address(Value value, unsigned bytes);
  void extend_narrow(VirtualRegister result, VirtualRegister value, unsigned bytes);
  void select_atomic_load(Value value, unsigned bytes);
  void select_atomic_store(Value value, unsigned bytes);
  void select_atomic_rmw(Value value, unsigned bytes);
  void select_atomic_cmpxchg(Value value, unsigned bytes);
  void atomic_loop(Mnemonic mnemonic, unsigned bytes, VirtualRegister old, VirtualRegister stored,
                   const Address& address);

  // ---- select_simd.cpp
  bool select_simd(Value value);
  bool select_vector_access(Value value);
  void select_load_lane(Value value, unsigned bytes);
  void select_store_lane(Value value, unsigned bytes);
  void select_load_splat(Value value, unsigned bytes);
  bool select_vector_row(Value value, const VectorRow& row);
  void select_vector_binary(Value value, const VectorRow& row);
  void vectors(Mnemonic mnemonic, VirtualRegister result, VirtualRegister left, VirtualRegister right);
  void vector_with(Mnemonic mnemonic, VirtualRegister result, VirtualRegister left, uint64_t low,
                   uint64_t high);
  void shuffle(Mnemonic mnemonic, VirtualRegister result, VirtualRegister from, int64_t order);
  [[nodiscard]] VirtualRegister vector_literal(uint64_t low, uint64_t high);
  [[nodiscard]] VirtualRegister extended(VirtualRegister from, Mnemonic extension, bool high);
  void splat(VirtualRegister result, VirtualRegister lane, unsigned bytes);
  void select_extract(Value value, unsigned bytes, bool sign_extends);
  void select_extract_float(Value value, unsigned bytes);
  void select_replace(Value value, unsigned bytes);
  void select_replace_float(Value value, unsigned bytes);
  void select_bitselect(Value value);
  [[nodiscard]] bool is_zero_vector(Value value) const;
  void select_shuffle(Value value);
  void select_swizzle(Value value, bool native);
  void select_vector_shift(Value value, Mnemonic mnemonic, unsigned bits);
  void select_vector_test(Value value, bool all, Mnemonic equal);
  void select_bitmask(Value value, unsigned lane_bytes);
  void select_extended_product(Value value, Mnemonic extension, bool high, Mnemonic product);

  // ---- select_vector_arithmetic.cpp: most give the register of what they compute, or kNoRegister
  bool select_vector_arithmetic(Value value);
  [[nodiscard]] VirtualRegister of(Mnemonic mnemonic, VirtualRegister left, VirtualRegister right);
  [[nodiscard]] VirtualRegister of_literal(Mnemonic mnemonic, VirtualRegister left, uint64_t half);
  [[nodiscard]] VirtualRegister of_count(Mnemonic mnemonic, VirtualRegister value, int64_t immediate);
  [[nodiscard]] VirtualRegister of_one(Mnemonic mnemonic, VirtualRegister value);
  [[nodiscard]] VirtualRegister compared(Mnemonic mnemonic, VirtualRegister left, VirtualRegister right,
                                         int64_t predicate);
  [[nodiscard]] VirtualRegister compare_unsigned(VirtualRegister a, VirtualRegister b, Mnemonic extreme,
                                                 Mnemonic equal, bool inverted);
  [[nodiscard]] VirtualRegister shift_bytes(Value value, Mnemonic mnemonic);
  [[nodiscard]] VirtualRegister count_of(Value value, unsigned bits);
  [[nodiscard]] VirtualRegister shift_signed_64(Value value);
  [[nodiscard]] VirtualRegister multiply_64(VirtualRegister a, VirtualRegister b);
  [[nodiscard]] VirtualRegister signs_64(VirtualRegister value);
  [[nodiscard]] VirtualRegister count_bits(VirtualRegister value);
  [[nodiscard]] VirtualRegister float_extreme(VirtualRegister a, VirtualRegister b, bool narrow,
                                              bool minimum);
  [[nodiscard]] VirtualRegister truncate_lanes_signed(VirtualRegister value);
  [[nodiscard]] VirtualRegister truncate_lanes_unsigned(VirtualRegister value);
  [[nodiscard]] VirtualRegister truncate_doubles(VirtualRegister value, bool is_signed);
  [[nodiscard]] VirtualRegister convert_lanes_unsigned(VirtualRegister value);
  [[nodiscard]] VirtualRegister multiply_add(Value value, bool narrow, bool negative);
  [[nodiscard]] VirtualRegister dot_of_bytes(VirtualRegister a, VirtualRegister b, bool native);
  [[nodiscard]] VirtualRegister unsigned_comparison(Value value);
  [[nodiscard]] VirtualRegister integer_vector_row(Value value);
  [[nodiscard]] VirtualRegister float_vector_row(Value value);

  // ---- select_memory.cpp
  bool select_memory(Value value);
  /// Of a row that accesses memory, or of host_load and the like.
  [[nodiscard]] Address address_of(Value value);
  [[nodiscard]] Address guest_address(Value address, uint64_t offset);
  [[nodiscard]] Address host_address(Value base, Value index, uint64_t offset);
  void select_load(Value value, Operation access);
  void select_store(Value value, Operation access, Value stored);
  void select_check_bounds(Value value);
  [[nodiscard]] Address load_here(Value value);
  [[nodiscard]] Value loaded_in_place(Value store, Value changed, unsigned bytes) const;
  bool select_store_in_place(Value store, Value changed, unsigned bytes);

  // ---- select_calls.cpp
  bool select_call(Value value);
  void select_arguments();
  void select_call_own(Value value);
  void select_runtime_call(Value value, RuntimeFunction function, uint64_t extra, uint64_t extra2);
  void select_row_call(Value value);
  void select_leave(Value value);
  void select_tail_call(Value value);
  void find_result_types(const Node& call);
  /// Appends registers of the values in their places to operands_; those beyond are stored to the overflow
  /// area.
  void pass(std::span<const Value> values, bool results);
  [[nodiscard]] VirtualRegister overflow_area();
  void store_value(Value value, const Address& address);
  void load_value(VirtualRegister to, Type type, const Address& address);
  /// The register of a result of the call, or kNoRegister if nobody wants it.
  [[nodiscard]] VirtualRegister result_register(Value call, unsigned i) const;
  void note_result(Value value);

  const Function& ir_;
  const SelectOptions& options_;
  MachineFunction& out_;
  const UpperBounds bounds_;
  /// What is known of a value, side by side, since all of it is asked about at once.
  struct Selected {
    VirtualRegister reg = kNoRegister;  ///< kNoRegister: nobody asked
    uint32_t uses = 0;
    uint32_t colour = 0;            ///< effects before it in its block
    BlockId block = kNoBlock;       ///< where it is defined
    uint32_t results = UINT32_MAX;  ///< in results_, of a call with several
    bool is_used_beyond = false;    ///< in another block, or by an edge
    bool is_taken = false;          ///< its only user does its work
  };
  std::vector<Selected> selected_;           ///< by value
  std::vector<std::vector<Value>> results_;  ///< by call with several results: its result nodes
  LiteralIndex literal_index_;               ///< of out_.literals
  size_t flushed_ = 0;                       ///< instructions; those behind are of the node at hand, forwards
  // Of the call at hand.
  std::vector<Type> types_;
  std::vector<Place> given_;  ///< results; of this function: arguments
  std::vector<Place> passed_;
  std::vector<Operand> operands_;
  BlockId block_ = kNoBlock;
  Value root_ = kNoValue;  ///< the node at hand
  bool is_repeated_ =
      false;  ///< what is being selected is so elsewhere, too: what it reads is not only read here
  uint32_t folded_offset_ = 0;  ///< of the load that the next instruction with an address does, or 0
};

}  // namespace heddle::jit::x64
