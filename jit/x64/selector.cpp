// SPDX-License-Identifier: Apache-2.0
// The walk over the blocks, what is known about values, and how instructions are put together.
#include "jit/x64/selector.h"

#include <asmjit/core.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace heddle::jit::x64 {

namespace {

[[nodiscard]] bool is_barrier(Effect effect) {
  return effect == Effect::writes || effect == Effect::anything || effect == Effect::traps;
}

}  // namespace

CpuFeatures host_features() noexcept {
  const auto& host = asmjit::CpuInfo::host().features().x86();
  CpuFeatures features;
  features.sse42 = host.hasSSE4_2();
  features.popcnt = host.hasPOPCNT();
  features.lzcnt = host.hasLZCNT();
  features.bmi1 = host.hasBMI();
  features.bmi2 = host.hasBMI2();
  features.avx = host.hasAVX();
  features.fma = host.hasFMA() && host.hasAVX();
  return features;
}

bool is_supported_processor() noexcept { return asmjit::CpuInfo::host().features().x86().hasSSE4_1(); }

void select(const Function& ir, const Dominators& dominators, const SelectOptions& options,
            MachineFunction& out) {
  out.reset();
  out.stubs = options.stubs;
  Selector(ir, dominators, options, out).run();
}

FlagsTest negate(FlagsTest test) {
  using Kind = FlagsTest::Kind;
  test.condition = negate(test.condition);
  if (test.kind != Kind::plain) {
    test.kind = test.kind == Kind::and_ordered ? Kind::or_unordered : Kind::and_ordered;
  }
  return test;
}

Selector::Selector(const Function& ir, const Dominators& dominators, const SelectOptions& options,
                   MachineFunction& out)
    : ir_(ir), options_(options), out_(out), bounds_(ir, dominators) {
  selected_.resize(ir.nodes.size());
  out_.instructions.reserve(ir.nodes.size());
  out_.operands.reserve(2 * ir.nodes.size());
  out_.registers.reserve(ir.nodes.size());
}

// --------------------------------------------------------------------------------------------------------
// the walk

/// What is known of values before selection. Blocks come in layout order, so that definitions come before
/// uses.
void Selector::survey(BlockId id) {
  const Block& block = ir_.blocks[id];
  for (const Value parameter : block.parameters) selected_[parameter].block = id;
  uint32_t colour = 0;
  for (const Value value : block.nodes) {
    const Node& at = node(value);
    selected_[value].block = id;
    selected_[value].colour = colour;
    if (is_barrier(effect_of(at.operation))) ++colour;
    if (at.operation == Operation::result) note_result(value);
    for (const Value each : ir_.arguments_of(at)) {
      Selected& used = selected_[each];
      ++used.uses;
      used.is_used_beyond |= used.block != id;
    }
  }
  for (const Edge& edge : block.successors) {
    for (const Value each : ir_.arguments_of(edge)) {
      ++selected_[each].uses;
      selected_[each].is_used_beyond = true;
    }
  }
}

void Selector::run() {
  out_.add_blocks(ir_.blocks.size());
  out_.order = ir_.order;
  for (const BlockId id : ir_.order) {
    const Block& block = ir_.blocks[id];
    MachineBlock& machine = out_.blocks[id];
    machine.predecessors = block.predecessors;
    static_cast<BlockPlace&>(machine) = block;
    if (block.is_handler) out_.saves_instance = true;
    survey(id);
  }
  for (size_t i = ir_.order.size(); i-- > 0;) select_block(ir_.order[i]);
  finish();
}

void Selector::select_block(BlockId id) {
  block_ = id;
  const Block& block = ir_.blocks[id];
  MachineBlock& machine = out_.blocks[id];
  const auto before = static_cast<uint32_t>(out_.instructions.size());
  for (size_t i = block.nodes.size(); i-- > 0;) {
    root_ = block.nodes[i];
    select_node(root_);
    flush();
  }
  if (id == ir_.order.front()) {
    root_ = block.nodes.front();
    select_arguments();
    flush();
  } else {
    for (const Value parameter : block.parameters) machine.parameters.push_back(define(parameter));
    if (block.is_handler) {
      add(Mnemonic::reload_instance, Form::pseudo, 8, {});
      flush();
    }
  }
  machine.instruction_count = static_cast<uint32_t>(out_.instructions.size()) - before;
}

void Selector::select_node(Value value) {
  const Node& at = node(value);
  const Effect effect = effect_of(at.operation);
  const bool wanted = selected_[value].reg != kNoRegister || selected_[value].is_used_beyond ||
                      selected_[value].results != UINT32_MAX;
  if (selected_[value].is_taken) return;
  // Loads of the guest's memory may fault, so they stay; those of the host do not.
  const bool droppable = effect == Effect::none || at.operation == Operation::host_load;
  if (droppable && !wanted) return;
  switch (at.operation) {
    case Operation::parameter:
    case Operation::result:
    case Operation::i32_const:
    case Operation::i64_const:
    case Operation::f32_const:
    case Operation::f64_const:
    case Operation::v128_const:
    case Operation::i64_extend_i32_u: return;  // made where they are used, or nothing
    case Operation::instance: {
      const VirtualRegister reg = define(value);
      add(Mnemonic::instance, Form::pseudo, 8, {write(reg)}).is_repeatable = true;
      return;
    }
    case Operation::fuel:
      out_.has_frame = true;
      add(Mnemonic::fuel, Form::pseudo, 8, {read(use(argument(value, 0)))}).immediate = node(value).immediate;
      return;
    case Operation::poll:
      out_.has_frame = true;
      add(Mnemonic::poll, Form::pseudo, 8, {read(use(argument(value, 0)))});
      return;
    default: break;
  }
  if (effect == Effect::terminator && select_terminator(value)) return;
  if (select_integer(value) || select_memory(value) || select_call(value) || select_float(value) ||
      select_atomic(value) || select_simd(value)) {
    return;
  }
  select_row_call(value);
}

/// Turns the instructions of one node around, as finish() does with all.
void Selector::flush() {
  std::reverse(out_.instructions.begin() + static_cast<ptrdiff_t>(flushed_), out_.instructions.end());
  flushed_ = out_.instructions.size();
}

void Selector::finish() {
  std::reverse(out_.instructions.begin(), out_.instructions.end());
  uint32_t first = 0;
  for (const BlockId id : out_.order) {
    out_.blocks[id].first_instruction = first;
    first += out_.blocks[id].instruction_count;
  }
  for (uint32_t i = 0; i < out_.instructions.size(); ++i) {
    const Instruction& instruction = out_.instructions[i];
    if (!instruction.is_repeatable) continue;
    const VirtualRegister result = out_.operands[instruction.first_operand].reg;
    out_.registers[result].remat.instruction = i;
  }
}

// ----------------------------------------------------------------------------------------------------------
// the IR

std::optional<int64_t> Selector::integer_constant(Value value) const {
  const Node& constant = node(value);
  if (constant.operation == Operation::i32_const) return static_cast<int32_t>(constant.immediate);
  if (constant.operation == Operation::i64_const) return static_cast<int64_t>(constant.immediate);
  return std::nullopt;
}

std::optional<int32_t> Selector::immediate_of(Value value, unsigned width) const {
  const auto constant = integer_constant(value);
  if (!constant) return std::nullopt;
  if (width == 8 && *constant != static_cast<int32_t>(*constant)) return std::nullopt;
  return static_cast<int32_t>(*constant);
}

bool Selector::is_vector_load_here(Value value) const {
  return operation(value) == Operation::v128_load && is_only_here(value) &&
         selected_[value].colour == selected_[root_].colour;
}

bool Selector::is_load_here(Value value, unsigned bytes) const {
  if (!is_only_here(value)) return false;
  const Node& load = node(value);
  const Operation access = load.operation == Operation::host_load ? load.access : load.operation;
  if (!is_row(access) || info(row_of(access)).kind != engine::RowKind::load) return false;
  if (bytes != 1u << info(row_of(access)).access_log2) return false;
  const bool extends = access != Operation::i32_load && access != Operation::i64_load &&
                       access != Operation::f32_load && access != Operation::f64_load &&
                       access != Operation::i64_load32_u;
  if (extends || (access == Operation::i64_load32_u && bytes != 4)) return false;
  if (load.operation == Operation::host_load && load.alias == Alias::constant) return true;
  return selected_[value].colour == selected_[root_].colour;
}

// ------------------------------------------------------------------------------------- registers and
// instructions

VirtualRegister Selector::new_register(RegisterClass register_class, uint8_t width) {
  VirtualRegisterInfo info;
  info.register_class = register_class;
  info.width = width;
  out_.registers.push_back(info);
  return static_cast<VirtualRegister>(out_.registers.size() - 1);
}

VirtualRegister Selector::new_register_of(Type type) {
  if (!is_vector_class(type)) return general();
  return vector(type == Type::v128 ? 16 : 8);
}

VirtualRegister Selector::define(Value value) {
  // An extension without sign is the same register: i32s have a zero upper half.
  if (operation(value) == Operation::i64_extend_i32_u) return define(argument(value, 0));
  if (selected_[value].reg == kNoRegister) selected_[value].reg = new_register_of(node(value).type);
  return selected_[value].reg;
}

VirtualRegister Selector::use(Value value) {
  while (operation(value) == Operation::i64_extend_i32_u) value = argument(value, 0);
  return is_constant(operation(value)) ? use_constant(node(value)) : define(value);
}

VirtualRegister Selector::integer(int64_t bits, unsigned width) {
  const VirtualRegister reg = general();
  const bool narrow = width == 4 || static_cast<uint64_t>(bits) <= UINT32_MAX;
  Instruction& made = add(Mnemonic::mov, Form::ri, narrow ? 4 : 8, {write(reg)});
  made.immediate = narrow ? static_cast<int64_t>(static_cast<uint32_t>(bits)) : bits;
  made.is_repeatable = true;
  return reg;
}

VirtualRegister Selector::use_constant(const Node& constant) {
  const bool narrow = constant.type == Type::i32 || constant.type == Type::f32;
  if (!is_vector_class(constant.type))
    return integer(static_cast<int64_t>(constant.immediate), narrow ? 4 : 8);
  const bool whole = constant.type == Type::v128;
  const uint64_t low = narrow ? static_cast<uint32_t>(constant.immediate) : constant.immediate;
  const uint64_t high = whole ? constant.extra : 0;
  const VirtualRegister reg = vector(whole ? 16 : 8);
  if (low == 0 && high == 0) {
    add(Mnemonic::zero_vector, Form::pseudo, 16, {write(reg)}).is_repeatable = true;
    return reg;
  }
  const unsigned width = whole ? 16 : narrow ? 4 : 8;
  const Mnemonic load = whole ? Mnemonic::movaps : narrow ? Mnemonic::movss : Mnemonic::movsd;
  add(load, Form::rm, width, {write(reg)}, literal_address(low, high, static_cast<uint8_t>(width)))
      .is_repeatable = true;
  return reg;
}

uint32_t Selector::literal(uint64_t low, uint64_t high, uint8_t width) {
  const Literal literal{low, high, width};
  const auto next = static_cast<uint32_t>(out_.literals.size());
  const uint32_t number = literal_index_.find_or_add(literal, next);
  if (number == next) out_.literals.push_back(literal);
  return number;
}

Address Selector::literal_address(uint64_t low, uint64_t high, uint8_t width) {
  Address address;
  address.memory = MemoryBase::constant;
  address.literal = literal(low, high, width);
  return address;
}

namespace {

/// By mnemonic.
constexpr auto make_three_operands() {
  std::array<bool, kMnemonicCount> known{};
#define X64_THREE_OPERANDS(mnemonic, id, commutes) known[static_cast<size_t>(Mnemonic::mnemonic)] = true;
#include "jit/x64/three_operands.def"
  return known;
}
constexpr auto kThreeOperands = make_three_operands();

/// The form with a result of its own of one whose result is tied to the first use.
constexpr Form with_own_result(Form form) {
  switch (form) {
    case Form::rr: return Form::rrr;
    case Form::ri: return Form::rri;
    case Form::rri: return Form::rrri;
    case Form::rm: return Form::rrm;
    case Form::rmi: return Form::rrmi;
    default: return form;
  }
}

}  // namespace

bool Selector::has_three_operands(Mnemonic mnemonic) const {
  return options_.features.avx && kThreeOperands[static_cast<size_t>(mnemonic)];
}

Instruction& Selector::add(Mnemonic mnemonic, Form form, unsigned width, std::span<const Operand> operands) {
  Instruction instruction;
  instruction.mnemonic = mnemonic;
  instruction.form = form;
  instruction.width = static_cast<uint8_t>(width);
  instruction.first_operand = static_cast<uint32_t>(out_.operands.size());
  instruction.operand_count = static_cast<uint8_t>(operands.size());
  instruction.offset = offset_here();
  for (const Operand& operand : operands) out_.operands.push_back(operand);
  if (!operands.empty() && operands[0].policy == Policy::tied && has_three_operands(mnemonic)) {
    out_.operands[instruction.first_operand] = write(operands[0].reg);
    instruction.form = with_own_result(form);
  }
  return out_.instructions.emplace_back(instruction);
}

Instruction& Selector::add(Mnemonic mnemonic, Form form, unsigned width,
                           std::initializer_list<Operand> operands, const Address& address) {
  Instruction& instruction = add(mnemonic, form, width, std::span(operands.begin(), operands.size()));
  for (const VirtualRegister reg : {address.base, address.index}) {
    if (reg == kNoRegister) continue;
    out_.operands.push_back(read(reg));
    ++instruction.operand_count;
  }
  if (folded_offset_ != 0) instruction.offset = folded_offset_;
  folded_offset_ = 0;
  instruction.memory = address.memory;
  instruction.has_index = address.index != kNoRegister;
  instruction.scale_log2 = address.scale_log2;
  instruction.displacement = address.displacement;
  if (address.memory == MemoryBase::constant) instruction.immediate = address.literal;
  if (address.memory == MemoryBase::guest) out_.has_frame = true;  // may fault
  return instruction;
}

void Selector::move(VirtualRegister to, VirtualRegister from, RegisterClass register_class) {
  const bool vectors = register_class == RegisterClass::vector;
  Instruction& copy =
      add(vectors ? Mnemonic::movaps : Mnemonic::mov, Form::rr, vectors ? 16 : 8, {write(to), read(from)});
  copy.is_move = true;
}

void Selector::operate(Mnemonic mnemonic, unsigned width, VirtualRegister result, VirtualRegister left,
                       Value right) {
  if (const auto immediate = immediate_of(right, width)) {
    return two_address_immediate(mnemonic, width, result, left, *immediate);
  }
  if (is_load_here(right, width)) {
    const Address address = load_here(right);
    add(mnemonic, Form::rm, width, {write_tied(result, 1), read(left)}, address);
    return;
  }
  two_address(mnemonic, width, result, left, use(right));
}

void Selector::two_address(Mnemonic mnemonic, unsigned width, VirtualRegister result, VirtualRegister left,
                           VirtualRegister right) {
  add(mnemonic, Form::rr, width, {write_tied(result, 1), read(left), read_anywhere(right)});
}

void Selector::two_address_immediate(Mnemonic mnemonic, unsigned width, VirtualRegister result,
                                     VirtualRegister left, int64_t immediate) {
  add(mnemonic, Form::ri, width, {write_tied(result, 1), read(left)}).immediate = immediate;
}

void Selector::trap_if(Condition condition, TrapKind kind) {
  out_.has_frame = true;
  Instruction& jump = add(Mnemonic::trap_if, Form::pseudo, 8, {});
  jump.condition = condition;
  jump.trap = kind;
}

}  // namespace heddle::jit::x64
