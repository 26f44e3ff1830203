// SPDX-License-Identifier: Apache-2.0
// Addresses, loads and stores, of guests and of the host, and the checks of bounds.
#include "jit/x64/selector.h"

namespace heddle::jit::x64 {

namespace {

struct Access {
  Mnemonic mnemonic;
  unsigned width;
};

std::optional<Access> load_of(Operation row) {
  switch (row) {
    case Operation::i32_load:
    case Operation::i64_load32_u: return {{Mnemonic::mov, 4}};
    case Operation::i64_load: return {{Mnemonic::mov, 8}};
    case Operation::f32_load: return {{Mnemonic::movss, 4}};
    case Operation::f64_load: return {{Mnemonic::movsd, 8}};
    case Operation::i32_load8_s: return {{Mnemonic::movsx8, 4}};
    case Operation::i32_load8_u:
    case Operation::i64_load8_u: return {{Mnemonic::movzx8, 4}};
    case Operation::i32_load16_s: return {{Mnemonic::movsx16, 4}};
    case Operation::i32_load16_u:
    case Operation::i64_load16_u: return {{Mnemonic::movzx16, 4}};
    case Operation::i64_load8_s: return {{Mnemonic::movsx8, 8}};
    case Operation::i64_load16_s: return {{Mnemonic::movsx16, 8}};
    case Operation::i64_load32_s: return {{Mnemonic::movsxd, 8}};
    case Operation::v128_load: return {{Mnemonic::movups, 16}};
    default: return std::nullopt;
  }
}

std::optional<Access> store_of(Operation row) {
  switch (row) {
    case Operation::i32_store:
    case Operation::i64_store32: return {{Mnemonic::mov, 4}};
    case Operation::i64_store: return {{Mnemonic::mov, 8}};
    case Operation::f32_store: return {{Mnemonic::movss, 4}};
    case Operation::f64_store: return {{Mnemonic::movsd, 8}};
    case Operation::i32_store8:
    case Operation::i64_store8: return {{Mnemonic::mov, 1}};
    case Operation::i32_store16:
    case Operation::i64_store16: return {{Mnemonic::mov, 2}};
    case Operation::v128_store: return {{Mnemonic::movups, 16}};
    default: return std::nullopt;
  }
}

/// As the processor wants an immediate of so many bytes.
int64_t narrowed(uint64_t bits, unsigned width) {
  switch (width) {
    case 1: return static_cast<int8_t>(bits);
    case 2: return static_cast<int16_t>(bits);
    default: return static_cast<int32_t>(bits);
  }
}

}  // namespace

// -------------------------------------------------------------------------------------------------------
// addresses

/// r14 + the address, zero-extended, + the offset. A sum with a constant is only taken apart where it cannot
/// wrap.
Address Selector::guest_address(Value address, uint64_t offset) {
  Address result;
  result.memory = MemoryBase::guest;
  if (const auto constant = integer_constant(address)) {
    const uint64_t at = static_cast<uint32_t>(*constant) + offset;
    if (at <= INT32_MAX) {
      result.displacement = static_cast<int32_t>(at);
    } else {
      result.index = integer(static_cast<int64_t>(at), 8);
    }
    return result;
  }
  if (operation(address) == Operation::i32_add && is_near(address)) {
    const auto constant = integer_constant(argument(address, 1));
    if (constant && *constant > 0 &&
        greatest(argument(address, 0)) + static_cast<uint64_t>(*constant) <= UINT32_MAX &&
        offset + static_cast<uint64_t>(*constant) <= INT32_MAX) {
      offset += static_cast<uint64_t>(*constant);
      address = argument(address, 0);
    }
  }
  if (operation(address) == Operation::i32_shl && is_near(address)) {
    const auto by = integer_constant(argument(address, 1));
    if (by && *by >= 1 && *by <= 3 && greatest(argument(address, 0)) << *by <= UINT32_MAX) {
      result.scale_log2 = static_cast<uint8_t>(*by);
      address = argument(address, 0);
    }
  }
  result.index = use(address);
  if (offset <= INT32_MAX) {
    result.displacement = static_cast<int32_t>(offset);
    return result;
  }
  // The sum is of 33 bits, and what it is beyond the memory faults.
  VirtualRegister index = result.index;
  if (result.scale_log2 != 0) {
    const VirtualRegister scaled = general();
    two_address_immediate(Mnemonic::shl, 8, scaled, index, result.scale_log2);
    result.scale_log2 = 0;
    index = scaled;
  }
  const VirtualRegister sum = general();
  two_address(Mnemonic::add, 8, sum, integer(static_cast<int64_t>(offset), 8), index);
  result.index = sum;
  return result;
}

Address Selector::host_address(Value base, Value index, uint64_t offset) {
  while (index == kNoValue && operation(base) == Operation::address_of && is_near(base)) {
    const uint64_t both = offset + node(base).immediate;
    if (both > INT32_MAX) break;
    offset = both;
    if (arguments(base).size() > 1) index = argument(base, 1);
    base = argument(base, 0);
  }
  Address result;
  const auto displacement = static_cast<int64_t>(offset);
  const bool fits = displacement == static_cast<int32_t>(displacement);
  if (fits) result.displacement = static_cast<int32_t>(displacement);
  if (operation(base) == Operation::instance && index == kNoValue && fits) {
    result.memory = MemoryBase::instance;
    return result;
  }
  result.base = use(base);
  if (index != kNoValue && operation(index) == Operation::i64_shl && is_near(index)) {
    if (const auto by = integer_constant(argument(index, 1)); by && *by >= 1 && *by <= 3) {
      result.scale_log2 = static_cast<uint8_t>(*by);
      index = argument(index, 0);
    }
  }
  if (index != kNoValue) result.index = use(index);
  if (!fits) {
    const VirtualRegister sum = general();
    two_address(Mnemonic::add, 8, sum, integer(displacement, 8), result.base);
    result.base = sum;
  }
  return result;
}

Address Selector::address_of(Value value) {
  const Node& at = node(value);
  const auto operands = arguments(value);
  switch (at.operation) {
    case Operation::host_load:
    case Operation::address_of:
      return host_address(operands[0], operands.size() > 1 ? operands[1] : kNoValue, at.immediate);
    case Operation::host_store:
      return host_address(operands[0], operands.size() > 2 ? operands[2] : kNoValue, at.immediate);
    default: break;
  }
  if (node(operands[0]).type == Type::i64) return host_address(operands[0], kNoValue, at.immediate);
  return guest_address(operands[0], at.immediate);
}

/// The address of a load that the node at hand does itself. If it faults, it is the load that faults.
Address Selector::load_here(Value value) {
  selected_[value].is_taken = true;
  const Address address = address_of(value);
  folded_offset_ = node(value).offset;
  return address;
}

/// The load that `changed`, which is only wanted by the store at hand, changes in place; or kNoValue.
Value Selector::loaded_in_place(Value store, Value changed, unsigned bytes) const {
  if (!is_only_here(changed) || arguments(changed).size() != 2) return kNoValue;
  const bool host = operation(store) == Operation::host_store;
  for (const Value load : arguments(changed)) {
    const Operation access =
        node(load).operation == Operation::host_load ? node(load).access : operation(load);
    if (!is_only_here(load) || selected_[load].colour != selected_[store].colour || !is_row(access)) continue;
    const auto& row = info(row_of(access));
    if (row.kind != engine::RowKind::load || 1u << row.access_log2 != bytes) continue;
    if ((operation(load) == Operation::host_load) != host || node(load).immediate != node(store).immediate)
      continue;
    const auto from = arguments(load), to = arguments(store);
    const bool same_index = from.size() == 1 ? to.size() == 2 : to.size() == 3 && from[1] == to[2];
    if (from[0] == to[0] && same_index) return load;
  }
  return kNoValue;
}

/// `op [address], value`.
bool Selector::select_store_in_place(Value store, Value changed, unsigned bytes) {
  Mnemonic mnemonic;
  bool commutes = true;
  switch (operation(changed)) {
    case Operation::i32_add:
    case Operation::i64_add: mnemonic = Mnemonic::add; break;
    case Operation::i32_sub:
    case Operation::i64_sub:
      mnemonic = Mnemonic::sub;
      commutes = false;
      break;
    case Operation::i32_and:
    case Operation::i64_and: mnemonic = Mnemonic::and_; break;
    case Operation::i32_or:
    case Operation::i64_or: mnemonic = Mnemonic::or_; break;
    case Operation::i32_xor:
    case Operation::i64_xor: mnemonic = Mnemonic::xor_; break;
    default: return false;
  }
  const Value load = loaded_in_place(store, changed, bytes);
  if (load == kNoValue || (!commutes && argument(changed, 0) != load)) return false;
  const Value other = argument(changed, argument(changed, 0) == load ? 1 : 0);
  if (other == load) return false;
  selected_[changed].is_taken = true;
  const auto immediate = immediate_of(other, bytes);
  const VirtualRegister reg = immediate ? kNoRegister : use(other);
  const Address address = load_here(load);
  if (immediate) {
    add(mnemonic, Form::mi, bytes, {}, address).immediate =
        narrowed(static_cast<uint64_t>(*immediate), bytes);
  } else {
    add(mnemonic, Form::mr, bytes, {read(reg)}, address);
  }
  return true;
}

// ------------------------------------------------------------------------------------------------- loads and
// stores

void Selector::select_load(Value value, Operation access) {
  const auto load = load_of(access);
  const VirtualRegister result = define(value);
  const Address address = address_of(value);
  add(load->mnemonic, Form::rm, load->width, {write(result)}, address);
  const bool constant = node(value).operation == Operation::host_load && node(value).alias == Alias::constant;
  if (constant && address.memory == MemoryBase::instance) out_.instructions.back().is_repeatable = true;
}

void Selector::select_store(Value value, Operation access, Value stored) {
  const auto store = store_of(access);
  const Node& from = node(stored);
  if (store->mnemonic == Mnemonic::mov && select_store_in_place(value, stored, store->width)) return;
  const bool is_constant = from.operation == Operation::i32_const || from.operation == Operation::f32_const ||
                           (integer_constant(stored) && immediate_of(stored, store->width));
  if (is_constant && store->width <= 8) {
    const Address address = address_of(value);
    add(Mnemonic::mov, Form::mi, store->width, {}, address).immediate =
        narrowed(from.immediate, store->width);
    return;
  }
  // The lower half of an i64 is its register's.
  if (from.operation == Operation::i32_wrap_i64 && is_near(stored) && store->width <= 4)
    stored = argument(stored, 0);
  const VirtualRegister reg = use(stored);
  const Address address = address_of(value);
  add(store->mnemonic, Form::mr, store->width, {read(reg)}, address);
}

/// (address, length): the address + the immediate, both taken as unsigned, if what is accessed there ends in
/// bounds.
void Selector::select_check_bounds(Value value) {
  const Node& at = node(value);
  const Value address = argument(value, 0);
  const unsigned bytes = 1u << info(row_of(at.access)).access_log2;
  // No carry can come of 33 bits.
  const bool narrow = operation(address) == Operation::i64_extend_i32_u && at.immediate <= UINT32_MAX;
  const VirtualRegister start = define(value), end = general();
  const VirtualRegister first = use(address);
  const auto sum = [&](VirtualRegister result, VirtualRegister left, uint64_t right) {
    if (right <= INT32_MAX) {
      two_address_immediate(Mnemonic::add, 8, result, left, static_cast<int64_t>(right));
    } else {
      two_address(Mnemonic::add, 8, result, integer(static_cast<int64_t>(right), 8), left);
    }
    if (!narrow) trap_if(Condition::below, at.trap);
  };
  if (at.immediate != 0) {
    sum(start, first, at.immediate);
  } else {
    move(start, first, RegisterClass::general);
  }
  sum(end, start, bytes);
  if (is_load_here(argument(value, 1), 8)) {
    const Address length = load_here(argument(value, 1));
    add(Mnemonic::cmp, Form::rm, 8, {read(end)}, length);
  } else {
    const VirtualRegister length = use(argument(value, 1));
    add(Mnemonic::cmp, Form::rr, 8, {read(end), read_anywhere(length)});
  }
  trap_if(Condition::above, at.trap);
}

bool Selector::select_memory(Value value) {
  const Node& at = node(value);
  switch (at.operation) {
    case Operation::host_load: select_load(value, at.access); return true;
    case Operation::host_store: select_store(value, at.access, argument(value, 1)); return true;
    case Operation::address_of: {
      const VirtualRegister result = define(value);
      lea(result, 8, address_of(value));
      return true;
    }
    case Operation::check_bounds: select_check_bounds(value); return true;
    default: break;
  }
  if (load_of(at.operation)) {
    select_load(value, at.operation);
    return true;
  }
  if (store_of(at.operation)) {
    select_store(value, at.operation, argument(value, 1));
    return true;
  }
  return false;
}

}  // namespace heddle::jit::x64
