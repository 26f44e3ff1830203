// SPDX-License-Identifier: Apache-2.0
// Calls, arguments and results. See calling_convention.h.
#include <cassert>

#include "jit/runtime_calls/runtime_call.h"
#include "jit/x64/calling_convention.h"
#include "jit/x64/frame_layout.h"
#include "jit/x64/selector.h"

namespace heddle::jit::x64 {

namespace {

/// What a call overwrites: everything that is allocated, but what callees keep unless it may throw into a
/// handler.
RegisterSet clobbers(bool may_throw_here) {
  RegisterSet set;
  for (const Register reg : kGeneralRegisters) set.add(reg);
  for (const Register reg : kVectorRegisters) set.add(reg);
  return may_throw_here ? set : set.without(kKeptByCallees);
}

[[nodiscard]] Address in_frame(uint32_t slot) {
  Address address;
  address.memory = MemoryBase::frame_slots;
  address.displacement = static_cast<int32_t>(8 * slot);
  return address;
}

[[nodiscard]] unsigned slots_of(Type type) { return type == Type::v128 ? 2 : 1; }

}  // namespace

// ------------------------------------------------------------------------------------------------- places of
// values

/// One of several that a call gives.
void Selector::note_result(Value value) {
  Selected& call = selected_[argument(value, 0)];
  if (call.results == UINT32_MAX) {
    call.results = static_cast<uint32_t>(results_.size());
    results_.emplace_back();
  }
  auto& results = results_[call.results];
  const auto i = static_cast<size_t>(node(value).immediate);
  if (results.size() <= i) results.resize(i + 1, kNoValue);
  results[i] = value;
}

VirtualRegister Selector::result_register(Value call, unsigned i) const {
  if (i == 0 && selected_[call].reg != kNoRegister) return selected_[call].reg;
  if (selected_[call].results == UINT32_MAX) return kNoRegister;
  const auto& results = results_[selected_[call].results];
  if (i >= results.size() || results[i] == kNoValue) return kNoRegister;
  return selected_[results[i]].reg;
}

/// Fills types_: of a function's type, where the call names one; else of what is asked of the call.
void Selector::find_result_types(const Node& call) {
  types_.clear();
  if (ir_.module != nullptr && ir_.module->registry != nullptr) {
    for (const ValueType type : ir_.module->registry->get(static_cast<engine::TypeId>(call.extra)).results) {
      types_.push_back(type_of(type));
    }
  } else if (call.type != Type::none) {
    types_.push_back(call.type);
  }
}

VirtualRegister Selector::overflow_area() {
  const VirtualRegister context = general(), area = general();
  Address at;
  at.memory = MemoryBase::instance;
  at.displacement = kInstanceContext;
  add(Mnemonic::mov, Form::rm, 8, {write(context)}, at);
  Address of_context;
  of_context.base = context;
  of_context.displacement = kContextOverflow;
  add(Mnemonic::mov, Form::rm, 8, {write(area)}, of_context);
  return area;
}

void Selector::store_value(Value value, const Address& address) {
  const Type type = node(value).type;
  if (const auto immediate = immediate_of(value, 8); immediate && (type == Type::i64 || *immediate >= 0)) {
    add(Mnemonic::mov, Form::mi, 8, {}, address).immediate = *immediate;
    return;
  }
  const VirtualRegister reg = use(value);
  switch (type) {
    case Type::f32: add(Mnemonic::movss, Form::mr, 4, {read(reg)}, address); break;
    case Type::f64: add(Mnemonic::movsd, Form::mr, 8, {read(reg)}, address); break;
    case Type::v128: add(Mnemonic::movups, Form::mr, 16, {read(reg)}, address); break;
    default: add(Mnemonic::mov, Form::mr, 8, {read(reg)}, address); break;
  }
}

void Selector::load_value(VirtualRegister to, Type type, const Address& address) {
  switch (type) {
    case Type::f32: add(Mnemonic::movss, Form::rm, 4, {write(to)}, address); break;
    case Type::f64: add(Mnemonic::movsd, Form::rm, 8, {write(to)}, address); break;
    case Type::v128: add(Mnemonic::movups, Form::rm, 16, {write(to)}, address); break;
    case Type::i32: add(Mnemonic::mov, Form::rm, 4, {write(to)}, address); break;
    default: add(Mnemonic::mov, Form::rm, 8, {write(to)}, address); break;
  }
}

void Selector::pass(std::span<const Value> values, bool results) {
  types_.clear();
  for (const Value value : values) types_.push_back(node(value).type);
  results ? place_results(types_, passed_) : place_arguments(types_, passed_);
  VirtualRegister area = kNoRegister;
  for (size_t i = 0; i < values.size(); ++i) {
    if (passed_[i].reg != Register::none) continue;
    if (area == kNoRegister) area = overflow_area();
    Address address;
    address.base = area;
    address.displacement = static_cast<int32_t>(passed_[i].overflow);
    store_value(values[i], address);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (passed_[i].reg != Register::none) operands_.push_back(read_in(use(values[i]), passed_[i].reg));
  }
}

/// The function's parameters: first of all those in registers, then those in the overflow area.
void Selector::select_arguments() {
  types_.clear();
  const auto& parameters = ir_.blocks[ir_.order.front()].parameters;
  for (const Value value : parameters) types_.push_back(node(value).type);
  place_arguments(types_, given_);
  operands_.clear();
  bool overflows = false;
  for (size_t i = 0; i < given_.size(); ++i) {
    const VirtualRegister reg = selected_[parameters[i]].reg;
    if (given_[i].reg == Register::none)
      overflows = overflows || reg != kNoRegister;
    else if (reg != kNoRegister)
      operands_.push_back(write_in(reg, given_[i].reg));
  }
  add(Mnemonic::arguments, Form::pseudo, 8, operands_);
  if (!overflows) return;
  Address address;
  address.base = overflow_area();
  for (size_t i = 0; i < given_.size(); ++i) {
    if (given_[i].reg != Register::none || selected_[parameters[i]].reg == kNoRegister) continue;
    address.displacement = static_cast<int32_t>(given_[i].overflow);
    load_value(selected_[parameters[i]].reg, given_[i].type, address);
  }
}

// ------------------------------------------------------------------------------------------------------------
// calls

bool Selector::select_call(Value value) {
  const Node& at = node(value);
  switch (at.operation) {
    case Operation::call_own:
    case Operation::call_function: select_call_own(value); return true;
    case Operation::call_runtime: {
      const auto call = static_cast<RuntimeCall>(at.immediate);
      select_runtime_call(value, function_of(call), at.extra, at.extra2);
      return true;
    }
    default: return false;
  }
}

void Selector::select_call_own(Value value) {
  const Node& at = node(value);
  const bool own = at.operation == Operation::call_own;
  const auto& nodes = ir_.blocks[block_].nodes;
  const bool invokes =
      operation(nodes.back()) == Operation::invoke && nodes.size() >= 2 && nodes[nodes.size() - 2] == value;
  find_result_types(at);
  place_results(types_, given_);
  operands_.clear();
  RegisterSet overwritten = clobbers(invokes);
  bool overflows = false;
  for (unsigned i = 0; i < given_.size(); ++i) {
    const VirtualRegister reg = result_register(value, i);
    if (reg == kNoRegister) continue;
    if (given_[i].reg == Register::none) {
      overflows = true;
      continue;
    }
    operands_.push_back(write_in(reg, given_[i].reg));
    overwritten.remove(given_[i].reg);
  }
  pass(own ? arguments(value) : arguments(value).subspan(1), false);
  if (!own) operands_.push_back(read(use(argument(value, 0))));
  Instruction& call = add(own ? Mnemonic::call_own : Mnemonic::call_function, Form::pseudo, 8, operands_);
  call.is_call = true;
  call.clobbers = overwritten;
  if (own)
    call.immediate = static_cast<int64_t>(
        reinterpret_cast<uintptr_t>(options_.code_of(static_cast<uint32_t>(at.immediate))));
  if (invokes) call.target = ir_.blocks[block_].successors[1].target;
  out_.has_frame = true;
  if (!own || ir_.reloads_instance) {
    out_.saves_instance = true;
    add(Mnemonic::reload_instance, Form::pseudo, 8, {});
  }
  if (!overflows) return;
  Address address;
  address.base = overflow_area();
  for (unsigned i = 0; i < given_.size(); ++i) {
    if (given_[i].reg != Register::none || result_register(value, i) == kNoRegister) continue;
    address.displacement = static_cast<int32_t>(given_[i].overflow);
    load_value(result_register(value, i), given_[i].type, address);
  }
}

/// Operands go to slots at the frame's lower end, where the results then are.
void Selector::select_runtime_call(Value value, RuntimeFunction function, uint64_t extra, uint64_t extra2) {
  const auto& nodes = ir_.blocks[block_].nodes;
  const bool invokes =
      operation(nodes.back()) == Operation::invoke && nodes.size() >= 2 && nodes[nodes.size() - 2] == value;
  uint32_t slots = 0;
  for (const Value each : arguments(value)) {
    store_value(each, in_frame(slots));
    slots += slots_of(node(each).type);
  }
  out_.runtime_slots = std::max(out_.runtime_slots, std::max(slots, 2u));
  const VirtualRegister first = integer(static_cast<int64_t>(extra), 8),
                        second = integer(static_cast<int64_t>(extra2), 8);
  Instruction& call = add(Mnemonic::call_runtime, Form::pseudo, 8,
                          {read_in(first, Register::rdx), read_in(second, Register::rcx)});
  call.is_call = true;
  call.clobbers = clobbers(invokes);
  call.immediate = static_cast<int64_t>(reinterpret_cast<uintptr_t>(function));
  if (invokes) call.target = ir_.blocks[block_].successors[1].target;
  out_.has_frame = true;
  // A result alone is the node's value; of two, each has a node, and takes one slot.
  const VirtualRegister alone = selected_[value].reg;
  if (alone != kNoRegister) load_value(alone, node(value).type, in_frame(0));
  if (selected_[value].results == UINT32_MAX) return;
  const auto& results = results_[selected_[value].results];
  for (unsigned i = 0; i < results.size(); ++i) {
    if (results[i] == kNoValue || selected_[results[i]].reg == kNoRegister) continue;
    load_value(selected_[results[i]].reg, node(results[i]).type, in_frame(i));
  }
}

/// A row that has no instructions of its own: C++ computes it.
void Selector::select_row_call(Value value) {
  const Node& at = node(value);
  assert(is_row(at.operation));
  const RuntimeFunction function = row_function(row_of(at.operation));
  assert(function != nullptr);
  if (at.type != Type::none) selected_[value].reg = define(value);
  select_runtime_call(value, function, at.immediate, at.extra);
}

// -----------------------------------------------------------------------------------------------------
// leaving

void Selector::select_leave(Value value) {
  operands_.clear();
  pass(arguments(value), true);
  add(Mnemonic::ret, Form::pseudo, 8, operands_);
}

void Selector::select_tail_call(Value value) {
  const Node& at = node(value);
  const bool own = at.operation == Operation::tail_call_own;
  operands_.clear();
  pass(own ? arguments(value) : arguments(value).subspan(1), false);
  if (!own) operands_.push_back(read(use(argument(value, 0))));
  Instruction& call =
      add(own ? Mnemonic::tail_call_own : Mnemonic::tail_call_function, Form::pseudo, 8, operands_);
  if (own)
    call.immediate = static_cast<int64_t>(
        reinterpret_cast<uintptr_t>(options_.code_of(static_cast<uint32_t>(at.immediate))));
  out_.has_frame = true;
}

}  // namespace heddle::jit::x64
