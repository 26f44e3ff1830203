// SPDX-License-Identifier: Apache-2.0
// Comparisons, and what they decide: branches, selects and traps; and all other terminators.
#include <algorithm>

#include "jit/x64/selector.h"

namespace heddle::jit::x64 {

namespace {

struct Comparison {
  unsigned width;
  Condition condition;
};

std::optional<Comparison> integer_comparison(Operation operation) {
  switch (operation) {
    case Operation::i32_eq: return {{4, Condition::equal}};
    case Operation::i32_ne: return {{4, Condition::not_equal}};
    case Operation::i32_lt_s: return {{4, Condition::less}};
    case Operation::i32_lt_u: return {{4, Condition::below}};
    case Operation::i32_gt_s: return {{4, Condition::greater}};
    case Operation::i32_gt_u: return {{4, Condition::above}};
    case Operation::i32_le_s: return {{4, Condition::less_equal}};
    case Operation::i32_le_u: return {{4, Condition::below_equal}};
    case Operation::i32_ge_s: return {{4, Condition::greater_equal}};
    case Operation::i32_ge_u: return {{4, Condition::above_equal}};
    case Operation::i64_eq: return {{8, Condition::equal}};
    case Operation::i64_ne: return {{8, Condition::not_equal}};
    case Operation::i64_lt_s: return {{8, Condition::less}};
    case Operation::i64_lt_u: return {{8, Condition::below}};
    case Operation::i64_gt_s: return {{8, Condition::greater}};
    case Operation::i64_gt_u: return {{8, Condition::above}};
    case Operation::i64_le_s: return {{8, Condition::less_equal}};
    case Operation::i64_le_u: return {{8, Condition::below_equal}};
    case Operation::i64_ge_s: return {{8, Condition::greater_equal}};
    case Operation::i64_ge_u: return {{8, Condition::above_equal}};
    default: return std::nullopt;
  }
}

/// The condition of the operands exchanged.
Condition exchanged(Condition condition) {
  switch (condition) {
    case Condition::less: return Condition::greater;
    case Condition::greater: return Condition::less;
    case Condition::less_equal: return Condition::greater_equal;
    case Condition::greater_equal: return Condition::less_equal;
    case Condition::below: return Condition::above;
    case Condition::above: return Condition::below;
    case Condition::below_equal: return Condition::above_equal;
    case Condition::above_equal: return Condition::below_equal;
    default: return condition;
  }
}

bool is_float_comparison(Operation operation) {
  return operation >= Operation::f32_eq && operation <= Operation::f64_ge;
}

}  // namespace

bool Selector::is_comparison(Operation operation) const {
  return is_row(operation) && (info(row_of(operation)).kind == engine::RowKind::compare ||
                               info(row_of(operation)).kind == engine::RowKind::test);
}

/// The width of a load without sign that the node at hand may do itself, if it is narrower than an i32; else
/// 0.
unsigned Selector::narrow_load_here(Value value) const {
  const Operation at = operation(value);
  const Operation access = at == Operation::host_load ? node(value).access : at;
  if (access != Operation::i32_load8_u && access != Operation::i32_load16_u) return 0;
  return is_only_here(value) && selected_[value].colour == selected_[root_].colour
             ? (access == Operation::i32_load8_u ? 1 : 2)
             : 0;
}

FlagsTest Selector::test_bits(Value value, unsigned width) {
  const Operation wanted = width == 4 ? Operation::i32_and : Operation::i64_and;
  if (operation(value) == wanted && is_only_here(value)) {
    const auto all = integer_constant(argument(value, 1));
    if (width == 4 && all && is_mask_of(argument(value, 0), static_cast<uint32_t>(*all)))
      return test_bits(argument(value, 0), 4);
    const VirtualRegister left = use(argument(value, 0));
    if (const auto mask = immediate_of(argument(value, 1), width)) {
      const bool narrow = *mask >= 0;  // tests no bit of an upper half
      add(Mnemonic::test, Form::ri, narrow ? 4 : width, {read(left)}).immediate = *mask;
    } else {
      add(Mnemonic::test, Form::rr, width, {read(left), read(use(argument(value, 1)))});
    }
    return {Condition::not_equal, FlagsTest::Kind::plain};
  }
  const unsigned loaded = is_load_here(value, width) ? width : narrow_load_here(value);
  if (loaded != 0) {
    const Address address = load_here(value);
    add(Mnemonic::cmp, Form::mi, loaded, {}, address).immediate = 0;
    return {Condition::not_equal, FlagsTest::Kind::plain};
  }
  const VirtualRegister reg = use(value);
  add(Mnemonic::test, Form::rr, width, {read(reg), read(reg)});
  return {Condition::not_equal, FlagsTest::Kind::plain};
}

FlagsTest Selector::compare_integers(Value left, Value right, unsigned width, Condition condition) {
  if (integer_constant(left) && !integer_constant(right)) {
    std::swap(left, right);
    condition = exchanged(condition);
  }
  if (const auto immediate = immediate_of(right, width)) {
    const bool equality = condition == Condition::equal || condition == Condition::not_equal;
    if (*immediate == 0 && equality) {
      FlagsTest test = test_bits(left, width);
      test.condition = condition;
      return test;
    }
    const bool no_sign = equality || condition == Condition::below || condition == Condition::above ||
                         condition == Condition::below_equal || condition == Condition::above_equal;
    const unsigned narrow = no_sign ? narrow_load_here(left) : 0;
    if (is_load_here(left, width)) {
      const Address address = load_here(left);
      add(Mnemonic::cmp, Form::mi, width, {}, address).immediate = *immediate;
    } else if (narrow != 0 && *immediate >= 0 && *immediate < (narrow == 1 ? 0x100 : 0x10000)) {
      const Address address = load_here(left);
      add(Mnemonic::cmp, Form::mi, narrow, {}, address).immediate =
          narrow == 1 ? int64_t{static_cast<int8_t>(*immediate)} : int64_t{static_cast<int16_t>(*immediate)};
    } else {
      add(Mnemonic::cmp, Form::ri, width, {read_anywhere(use(left))}).immediate = *immediate;
    }
    return {condition, FlagsTest::Kind::plain};
  }
  if (is_load_here(right, width)) {
    const VirtualRegister reg = use(left);
    add(Mnemonic::cmp, Form::rm, width, {read(reg)}, load_here(right));
  } else if (is_load_here(left, width)) {
    const VirtualRegister reg = use(right);
    add(Mnemonic::cmp, Form::mr, width, {read(reg)}, load_here(left));
  } else {
    const VirtualRegister first = use(left), second = use(right);
    add(Mnemonic::cmp, Form::rr, width, {read(first), read_anywhere(second)});
  }
  return {condition, FlagsTest::Kind::plain};
}

/// ucomis sets carry, zero and parity if the operands are unordered, so conditions without carry are false
/// then.
FlagsTest Selector::compare_floats(Value value) {
  using Kind = FlagsTest::Kind;
  const Operation at = operation(value);
  const bool narrow = at <= Operation::f32_ge;
  const auto which =
      static_cast<unsigned>(at) - static_cast<unsigned>(narrow ? Operation::f32_eq : Operation::f64_eq);
  Value left = argument(value, 0), right = argument(value, 1);
  FlagsTest test;
  switch (which) {
    case 0: test = {Condition::equal, Kind::and_ordered}; break;
    case 1: test = {Condition::not_equal, Kind::or_unordered}; break;
    case 2: std::swap(left, right); [[fallthrough]];
    case 3: test = {Condition::above, Kind::plain}; break;
    case 4: std::swap(left, right); [[fallthrough]];
    default: test = {Condition::above_equal, Kind::plain}; break;
  }
  const unsigned width = narrow ? 4 : 8;
  const Mnemonic mnemonic = narrow ? Mnemonic::ucomiss : Mnemonic::ucomisd;
  const VirtualRegister first = use(left);
  if (is_load_here(right, width)) {
    add(mnemonic, Form::rm, width, {read(first)}, load_here(right));
  } else if (const auto address = float_constant_address(right)) {
    add(mnemonic, Form::rm, width, {read(first)}, *address);
  } else {
    add(mnemonic, Form::rr, width, {read(first), read_anywhere(use(right))});
  }
  return test;
}

FlagsTest Selector::test_of(Value value) {
  bool negated = false;
  const auto result = [&](FlagsTest test) {
    is_repeated_ = false;
    return negated ? negate(test) : test;
  };
  for (;;) {
    if (!is_near(value)) break;
    is_repeated_ = is_repeated_ || selected_[value].uses > 1;
    const Operation at = operation(value);
    if (at == Operation::i32_eqz) {
      negated = !negated;
      value = argument(value, 0);
      continue;
    }
    if (at == Operation::i64_eqz) {
      FlagsTest test = test_bits(argument(value, 0), 8);
      return result(negate(test));
    }
    if (const auto comparison = integer_comparison(at)) {
      return result(
          compare_integers(argument(value, 0), argument(value, 1), comparison->width, comparison->condition));
    }
    if (is_float_comparison(at)) return result(compare_floats(value));
    break;
  }
  return result(test_bits(value, 4));
}

void Selector::materialize(FlagsTest test, VirtualRegister result) {
  VirtualRegister byte = general();
  add(Mnemonic::setcc, Form::r, 1, {write(byte)}).condition = test.condition;
  if (test.kind != FlagsTest::Kind::plain) {
    const bool both = test.kind == FlagsTest::Kind::and_ordered;
    const VirtualRegister parity = general(), joined = general();
    add(Mnemonic::setcc, Form::r, 1, {write(parity)}).condition =
        both ? Condition::no_parity : Condition::parity;
    two_address(both ? Mnemonic::and_ : Mnemonic::or_, 4, joined, byte, parity);
    byte = joined;
  }
  add(Mnemonic::movzx8, Form::rr, 4, {write(result), read_anywhere(byte)});
}

void Selector::select_comparison(Value value) {
  const VirtualRegister result = define(value);
  materialize(test_of(value), result);
}

/// (if not zero, if zero, condition)
void Selector::select_select(Value value) {
  const Value if_true = argument(value, 0), if_false = argument(value, 1);
  const bool is_vector = is_vector_class(node(value).type);
  const unsigned width = node(value).type == Type::i32 ? 4 : 8;
  const VirtualRegister result = define(value), left = use(if_true), right = use(if_false);
  const FlagsTest test = test_of(argument(value, 2));
  const auto conditional = [&](VirtualRegister to, VirtualRegister otherwise, VirtualRegister then,
                               Condition condition) {
    Instruction& move = is_vector ? add(Mnemonic::vector_select, Form::pseudo, 16,
                                        {write_tied(to, 1), read(otherwise), read_late(then)})
                                  : add(Mnemonic::cmovcc, Form::rr, width,
                                        {write_tied(to, 1), read(otherwise), read_anywhere(then)});
    move.condition = condition;
  };
  if (test.kind == FlagsTest::Kind::plain) return conditional(result, right, left, test.condition);
  const VirtualRegister between = new_register_of(node(value).type);
  if (test.kind == FlagsTest::Kind::or_unordered) {
    conditional(between, right, left, test.condition);
    conditional(result, between, left, Condition::parity);
  } else {
    conditional(between, left, right, negate(test.condition));
    conditional(result, between, right, Condition::parity);
  }
}

void Selector::select_trap_if(Value value, bool unless) {
  const TrapKind kind = node(value).trap;
  FlagsTest test = test_of(argument(value, 0));
  if (unless) test = negate(test);
  if (test.kind == FlagsTest::Kind::and_ordered) {
    const VirtualRegister result = general();
    materialize(test, result);
    add(Mnemonic::test, Form::rr, 4, {read(result), read(result)});
    return trap_if(Condition::not_equal, kind);
  }
  trap_if(test.condition, kind);
  if (test.kind == FlagsTest::Kind::or_unordered) trap_if(Condition::parity, kind);
}

// ----------------------------------------------------------------------------------------------------
// terminators

void Selector::jump(BlockId target) { add(Mnemonic::jmp, Form::label, 8, {}).target = target; }

void Selector::jump_if(Condition condition, BlockId target) {
  Instruction& jump = add(Mnemonic::jcc, Form::label, 8, {});
  jump.condition = condition;
  jump.target = target;
}

/// Edges' arguments are wanted at the block's end. A handler is handed none.
void Selector::use_edges() {
  MachineBlock& machine = out_.blocks[block_];
  for (const Edge& edge : ir_.blocks[block_].successors) {
    machine.successors.push_back(
        {edge.target, static_cast<uint32_t>(out_.edge_arguments.size()), edge.argument_count});
    for (const Value value : ir_.arguments_of(edge)) out_.edge_arguments.push_back(use(value));
  }
}

void Selector::select_branch(Value value) {
  const auto& successors = ir_.blocks[block_].successors;
  const BlockId taken = successors[0].target, otherwise = successors[1].target;
  const FlagsTest test = test_of(argument(value, 0));
  switch (test.kind) {
    case FlagsTest::Kind::plain:
      jump_if(test.condition, taken);
      jump(otherwise);
      break;
    case FlagsTest::Kind::or_unordered:
      jump_if(Condition::parity, taken);
      jump_if(test.condition, taken);
      jump(otherwise);
      break;
    case FlagsTest::Kind::and_ordered:
      jump_if(Condition::parity, otherwise);
      jump_if(negate(test.condition), otherwise);
      jump(taken);
      break;
  }
}

void Selector::select_branch_table(Value value) {
  const auto& successors = ir_.blocks[block_].successors;
  const VirtualRegister index = use(argument(value, 0));
  const size_t last = successors.size() - 1;
  if (last == 0) return jump(successors[0].target);
  if (last <= 3) {  // a few comparisons are faster than a load and an indirect jump
    for (size_t i = 0; i < last; ++i) {
      add(Mnemonic::cmp, Form::ri, 4, {read(index)}).immediate = static_cast<int64_t>(i);
      jump_if(Condition::equal, successors[i].target);
    }
    return jump(successors[last].target);
  }
  add(Mnemonic::cmp, Form::ri, 4, {read(index)}).immediate = static_cast<int32_t>(last);
  jump_if(Condition::above_equal, successors[last].target);
  std::vector<BlockId> table;
  for (size_t i = 0; i < last; ++i) table.push_back(successors[i].target);
  out_.jump_tables.push_back(std::move(table));
  add(Mnemonic::jump_table, Form::pseudo, 8, {write_early(general()), read(index)}).immediate =
      static_cast<int64_t>(out_.jump_tables.size() - 1);
}

bool Selector::select_terminator(Value value) {
  use_edges();
  switch (operation(value)) {
    case Operation::jump:
    case Operation::invoke: jump(ir_.blocks[block_].successors[0].target); return true;
    case Operation::branch: select_branch(value); return true;
    case Operation::branch_table: select_branch_table(value); return true;
    case Operation::leave: select_leave(value); return true;
    case Operation::trap:
      out_.has_frame = true;
      add(Mnemonic::trap, Form::pseudo, 8, {}).trap = node(value).trap;
      return true;
    case Operation::tail_call_own:
    case Operation::tail_call_function: select_tail_call(value); return true;
    default: return false;
  }
}

}  // namespace heddle::jit::x64
