// SPDX-License-Identifier: Apache-2.0
// Translation of blocks, branches, return, drop and select. (Spec 4.4.8)
#include "engine/interpreter/translator.h"

namespace heddle::engine {

namespace {

[[nodiscard]] uint32_t slots_of(std::span<const ValueType> types) {
  uint32_t slots = 0;
  for (const ValueType type : types) slots += type.slots();
  return slots;
}

}  // namespace

std::span<const ValueType> Translator::parameters(const Control& control) const {
  if (control.kind == Control::Kind::function || control.type == nullptr) return {};
  return control.type->parameters;
}

std::span<const ValueType> Translator::results(const Control& control) const {
  if (control.type != nullptr) return control.type->results;
  return std::span(&control.value, control.has_value ? 1 : 0);
}

/// What a branch to the label carries.
std::span<const ValueType> Translator::label_types(const Control& control) const {
  return control.kind == Control::Kind::loop ? parameters(control) : results(control);
}

// Blocks.

Translator::Control& Translator::enter_block(Control::Kind kind, const BlockType& type) {
  Control control;
  control.kind = kind;
  control.region = controls_.back().region;
  control.has_value = type.kind == BlockType::Kind::value;
  control.value = type.value;
  if (type.kind == BlockType::Kind::index) control.type = &module_.registry->get(module_.types[type.index]);
  const size_t count = parameters(control).size();
  flush_aliases();
  materialize_top(count);
  control.height = static_cast<uint32_t>(operands_.size() - count);
  control.base = count == 0 ? next_home() : operands_[control.height].home;
  reserve_slots(control.base + slots_of(results(control)));
  controls_.push_back(control);
  return controls_.back();
}

void Translator::block(const Instruction& instruction) {
  enter_block(Control::Kind::block, instruction.block);
}

void Translator::loop(const Instruction& instruction) {
  Control& control = enter_block(Control::Kind::loop, instruction.block);
  forget_accumulators();
  last_.forget();
  control.start = static_cast<uint32_t>(code_.size());
  mark_label();
  start_fuel();
}

void Translator::if_(const Instruction& instruction) {
  const Operand condition = pop();
  Control& control = enter_block(Control::Kind::if_, instruction.block);
  // The other arm reads its parameters from their slots.
  for (size_t i = control.height; i < operands_.size(); ++i) pin(operands_[i]);
  branch(condition, false, false, {&control, true}, false);
  start_fuel();
}

void Translator::else_(const Instruction&) {
  Control& control = controls_.back();
  if (reachable_) jump_to(control);
  bind(control.else_fixups);
  control.kind = Control::Kind::else_;
  while (operands_.size() > control.height) pop();
  for (const ValueType type : parameters(control)) push_temporary(type.kind());
  reachable_ = true;
  start_fuel();
}

void Translator::end(const Instruction&) {
  Control& control = controls_.back();
  if (control.kind == Control::Kind::if_) control.branched_to = true;  // the condition may skip the only arm
  if (control.kind == Control::Kind::function) {
    if (reachable_) return_values();
    leave_block();
    if (reachable_) return_values();
    return;
  }
  if (reachable_) carry(results(control), control.base, true);  // a loop's label takes its parameters instead
  leave_block();
}

/// Binds the block's label and leaves its results on the operand stack, in their homes.
void Translator::leave_block() {
  Control control = controls_.back();
  const bool is_function = control.kind == Control::Kind::function;
  const bool joined = control.branched_to && control.kind != Control::Kind::loop;
  if (joined) {
    bind(control.else_fixups);
    bind(control.fixups);
  }
  reachable_ = joined || (reachable_ && !is_function);
  while (operands_.size() > control.height) {
    // Without a join the top results keep their place in the accumulators: they are temporaries already.
    pop();
  }
  for (const ValueType type : results(control)) push_temporary(type.kind());
  if (is_function) return;
  controls_.pop_back();
  start_fuel();
}

// Branches.

/// Would a branch to the label have to move operands?
bool Translator::needs_transfer(const Control& control) const {
  const auto types = label_types(control);
  uint32_t target = control.base;
  for (size_t i = 0; i < types.size(); ++i) {
    const Operand& operand = operands_[operands_.size() - types.size() + i];
    if (operand.kind != Operand::Kind::temporary || operand.home != target) return true;
    target += types[i].slots();
  }
  return false;
}

/// Moves the operands that the label takes into its homes.
void Translator::transfer(const Control& control, bool last_use) {
  carry(label_types(control), control.base, last_use);
}

/// Moves the topmost operands to `base` and up. Ascending moves never overwrite a source: every target is at
/// or below its source. `last_use`: this path ends here, so producers need not store.
void Translator::carry(std::span<const ValueType> types, uint32_t base, bool last_use) {
  const size_t first = operands_.size() - types.size();
  if (types.size() > 4) {
    materialize_top(types.size());
    const uint32_t from = operands_[first].home;
    if (from != base) {
      emit(single_.copy_range, pack_immediate(base, from, slots_of(types)));
      forget_accumulators();
    }
    return;
  }
  uint32_t target = base;
  for (size_t i = 0; i < types.size(); ++i) {
    const Operand& operand = operands_[first + i];
    if (operand.kind != Operand::Kind::temporary || operand.home != target)
      move_to(target, operand, last_use);
    target += types[i].slots();
  }
}

/// Notes that the instruction's distance (or table entry) leads to the target; fills it in if that is known.
void Translator::link(Target target, uint32_t instruction, uint32_t entry) {
  Control& control = *target.control;
  if (control.kind == Control::Kind::loop && entry == kClauseEntry) {
    clauses_[instruction].target = control.start;
    return;
  }
  if (control.kind == Control::Kind::loop) {
    fill_in({instruction, entry, kNone}, control.start);
    fixups_.push_back({instruction, entry, kNone});
    return;
  }
  uint32_t& list = target.to_else ? control.else_fixups : control.fixups;
  if (!target.to_else) control.branched_to = true;
  fixups_.push_back({instruction, entry, list});
  list = static_cast<uint32_t>(fixups_.size() - 1);
}

/// Gives a branch its distance.
void Translator::fill_in(const Fixup& fixup, uint32_t target) {
  const uint32_t distance = target - fixup.instruction;
  const DistancePlace place = place_of(fixup);
  Word& word = code_[place.word];
  word = (word & ~(Word{UINT32_MAX} << place.shift)) | Word{distance} << place.shift;
}

/// What fill_in() has given it.
uint32_t Translator::distance_of(const Fixup& fixup) const {
  const DistancePlace place = place_of(fixup);
  return static_cast<uint32_t>(code_[place.word] >> place.shift);
}

/// Makes every linked branch lead here.
void Translator::bind(uint32_t& fixups) {
  const auto here = static_cast<uint32_t>(code_.size());
  for (uint32_t i = fixups; i != kNone; i = fixups_[i].next) {
    if (fixups_[i].entry == kClauseEntry) {
      clauses_[fixups_[i].instruction].target = here;
    } else {
      fill_in(fixups_[i], here);
    }
  }
  fixups = kNone;
  mark_label();
  forget_accumulators();
  last_.forget();
}

/// Carries the label's operands and jumps; the path ends here.
void Translator::jump_to(Control& control) {
  transfer(control, true);
  const bool backward = control.kind == Control::Kind::loop;
  link({&control}, emit(single_.jump[backward], 0), kNone);
}

/// Emits a branch to the target if the condition is non-zero (wanted) or zero; fuses with what has just
/// produced it. `wide`: all 64 bits count (references). `keeps_operand`: the condition is used again.
void Translator::branch(const Operand& condition, bool wanted, bool wide, Target target, bool keeps_operand) {
  if (!keeps_operand && branch_on_last(condition, wanted, target)) return;
  const bool backward = target.control->kind == Control::Kind::loop;
  Use use;
  if (condition.kind == Operand::Kind::constant) {
    use = consume_slot(condition);
  } else if (keeps_operand) {
    use = {where(condition), condition.slot, 0};
  } else {
    use = consume(condition);
  }
  const auto& forms = wanted ? single_.branch_nonzero : single_.branch_zero;
  const uint32_t position = emit(forms[static_cast<unsigned>(use.source)][wide][backward], pack(use.slot));
  link(target, position, kNone);
}

/// A comparison, an eqz or a mask whose only use is this branch.
bool Translator::branch_on_last(const Operand& condition, bool wanted, Target target) {
  const bool backward = target.control->kind == Control::Kind::loop;
  if (produced_last(condition, Last::Kind::test)) {  // eqz: branch on the opposite
    const Last test = last_;
    drop_last();
    const bool is_64 = info(test.opcode).signature.front() == 'l';
    const auto& forms = wanted ? single_.branch_zero : single_.branch_nonzero;
    link(target, emit(forms[static_cast<unsigned>(test.left.source)][is_64][backward], pack(test.left.slot)),
         kNone);
    return true;
  }
  const bool is_mask = produced_last(condition, Last::Kind::binary) && last_.opcode == Opcode::i32_and;
  if (!is_mask && !produced_last(condition, Last::Kind::compare)) return false;
  const Last fused = last_;
  wanted = wanted != fused.negated;
  const Pair pair = pair_of(fused.left.source, fused.right.source);
  const Handler handler =
      table_.branch[static_cast<size_t>(fused.opcode)].form[static_cast<unsigned>(pair)][wanted][backward];
  drop_last();
  const uint32_t position = emit(handler, pack(fused.left.slot, fused.right.slot));
  if (fused.right.source == Source::immediate) emit_word(fused.right.bits);
  link(target, position, kNone);
  return true;
}

/// A conditional branch to a label that may take operands: if they have to move, branches around the moves.
void Translator::branch_or_carry(const Operand& condition, bool wanted, bool wide, Control& control,
                                 bool keeps_operand) {
  const size_t carried = label_types(control).size();
  if (carried > 4) materialize_top(carried);
  // Where the branch goes, they are read from their slots; where it does not, maybe from accumulators.
  for (size_t i = operands_.size() - carried; i < operands_.size(); ++i) pin(operands_[i]);
  if (!needs_transfer(control)) {
    branch(condition, wanted, wide, {&control}, keeps_operand);
    return;
  }
  Control around;  // a label of our own, bound right after the moves
  around.kind = Control::Kind::block;
  branch(condition, !wanted, wide, {&around}, keeps_operand);
  const Mirrors kept = registers_;
  transfer(control, false);
  const bool backward = control.kind == Control::Kind::loop;
  link({&control}, emit(single_.jump[backward], 0), kNone);
  bind(around.fixups);
  registers_ = kept;  // the moves were on the other path
}

void Translator::make_unreachable() {
  const Control& control = controls_.back();
  while (operands_.size() > control.height) pop();
  reachable_ = false;
  last_.forget();
}

void Translator::unreachable(const Instruction&) {
  emit(single_.unreachable, 0);
  make_unreachable();
}

void Translator::nop(const Instruction&) {}

void Translator::br(const Instruction& instruction) {
  Control& control = label(instruction.index);
  if (control.kind == Control::Kind::function) {
    return_values();
  } else {
    jump_to(control);
  }
  make_unreachable();
}

void Translator::br_if(const Instruction& instruction) {
  const Operand condition = pop();
  branch_or_carry(condition, true, false, label(instruction.index), false);
}

void Translator::br_table(const Instruction& instruction) {
  const uint32_t index = consume_slot(pop()).slot;
  const auto& depths = instruction.labels;
  const uint32_t count = static_cast<uint32_t>(depths.size() - 1);
  const uint32_t position = emit(single_.branch_table, pack_immediate(index, 0, count));
  for (size_t i = 0; i < (depths.size() + 1) / 2; ++i) emit_word(0);

  // Targets whose operands must move get a thunk behind the table that moves them; one for each label.
  if (thunks_.size() < controls_.size()) thunks_.resize(controls_.size());
  ++thunk_generation_;
  for (uint32_t entry = 0; entry < depths.size(); ++entry) {
    Control& control = label(depths[entry]);
    Thunk& thunk = thunks_[depths[entry]];
    if (!needs_transfer(control)) {
      link({&control}, position, entry);
      continue;
    }
    if (thunk.generation != thunk_generation_) {
      thunk = {static_cast<uint32_t>(code_.size()), thunk_generation_};
      mark_label();
      forget_accumulators();
      transfer(control, false);
      const bool backward = control.kind == Control::Kind::loop;
      link({&control}, emit(single_.jump[backward], 0), kNone);
    }
    Control here;
    here.kind = Control::Kind::loop;  // a known place
    here.start = thunk.position;
    link({&here}, position, entry);
  }
  make_unreachable();
}

void Translator::br_on_null(const Instruction& instruction) {
  const Operand reference = pop();
  branch_or_carry(reference, false, true, label(instruction.index), true);
  Operand& kept = push(reference.kind, reference.type);
  kept.slot = reference.slot;
  kept.bits = reference.bits;
  if (kept.kind == Operand::Kind::local) aliases_.push_back(static_cast<uint32_t>(operands_.size() - 1));
}

void Translator::br_on_non_null(const Instruction& instruction) {
  const Operand reference = operands_.back();
  branch_or_carry(reference, true, true, label(instruction.index), true);
  pop();
}

// Returns.

void Translator::return_(const Instruction&) {
  return_values();
  make_unreachable();
}

/// Emits the return of the topmost operands; leaves the operand stack alone.
void Translator::return_values() {
  const auto& types = type_->results;
  if (types.empty()) {
    if (follows_call()) return emit_handler(single_.return_called_nothing);
    emit(single_.return_nothing, pack(0, header_));
    return;
  }
  const size_t first = operands_.size() - types.size();
  if (types.size() == 1) return return_one(types[0], operands_[first]);
  materialize_top(types.size());
  emit(single_.return_many, pack_immediate(operands_[first].home, header_, slots_of(types)));
}

void Translator::return_one(ValueType type, const Operand& operand) {
  const auto which = static_cast<unsigned>(register_of(type.kind()));
  const Use use = type.slots() == 2 ? consume_value(operand) : consume(operand);
  if (use.source == Source::accumulator && follows_call() && single_.return_called[which] != nullptr)
    return emit_handler(single_.return_called[which]);
  emit(single_.return_one[which][static_cast<unsigned>(use.source)], pack(use.slot, header_));
  if (use.source == Source::immediate) emit_word(use.bits);
}

// Parametric.

void Translator::drop(const Instruction&) { pop(); }

void Translator::select(const Instruction&) {
  const Operand condition = pop();
  const Operand otherwise = pop();
  const Operand chosen = pop();
  const uint32_t slot_otherwise = consume_slot(otherwise).slot;
  const uint32_t slot_chosen = consume_slot(chosen).slot;
  const Use use = condition.kind == Operand::Kind::constant ? consume_slot(condition) : consume(condition);
  const auto& forms = single_.select[static_cast<unsigned>(register_of(chosen.type))];
  const uint32_t position = emit(forms[static_cast<unsigned>(use.source)],
                                 pack(chosen.home, use.slot, slot_chosen, slot_otherwise));
  push_result(chosen.type, position, nullptr);
}

void Translator::select_t(const Instruction& instruction) { select(instruction); }

}  // namespace heddle::engine
