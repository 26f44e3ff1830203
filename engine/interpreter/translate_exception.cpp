// SPDX-License-Identifier: Apache-2.0
// Translation of exceptions: try_table, throws and the legacy try blocks, which use the same regions. (Spec
// 4.4.10; unwind.h says what becomes of regions)
//
// Nothing is emitted for a try block: its region is remembered, and so are the sites inside it. finish()
// writes the regions behind the code and their distances into the sites.
#include "engine/interpreter/translator.h"
#include "engine/interpreter/unwind.h"

namespace heddle::engine {

uint32_t Translator::open_region() {
  regions_.push_back({controls_.back().region, kNone, kNone, 0, kNone});
  return static_cast<uint32_t>(regions_.size() - 1);
}

/// Adds the last clause so far of a region; its target is still to be set.
uint32_t Translator::add_clause(uint32_t region, const RegionClause& clause) {
  const uint32_t index = static_cast<uint32_t>(clauses_.size());
  clauses_.push_back(clause);
  Region& owner = regions_[region];
  (owner.clauses == 0 ? owner.first : clauses_[owner.last].next) = index;
  owner.last = index;
  ++owner.clauses;
  return index;
}

/// The instruction at `position` may throw.
void Translator::note_site(uint32_t position) {
  const uint32_t region = controls_.back().region;
  if (region != kNone) sites_.push_back({position, region});
}

void Translator::try_table(const Instruction& instruction) {
  const uint32_t region = open_region();
  for (const CatchClause& clause : instruction.catches) {
    using Kind = CatchClause::Kind;
    const bool every = clause.kind == Kind::catch_all || clause.kind == Kind::catch_all_ref;
    const bool reference = clause.kind == Kind::catch_ref || clause.kind == Kind::catch_all_ref;
    Control& control = label(clause.label);  // counted from outside
    uint32_t payload = control.base;
    uint32_t slots = 0;
    if (!every) slots = module_.registry->get(module_.tags[clause.tag].type).parameter_slots;
    const uint32_t index = add_clause(region, {every ? kEveryTag : clause.tag, payload,
                                               reference ? payload + slots : kNoReferenceSlot, 0, kNone});
    reserve_slots(payload + slots + 1);
    link({&control}, index, kClauseEntry);
  }
  enter_block(Control::Kind::block, instruction.block).region = region;
}

void Translator::throw_(const Instruction& instruction) {
  const TypeDefinition& type = module_.registry->get(module_.tags[instruction.index].type);
  const size_t count = type.parameters.size();
  materialize_top(count);
  for (size_t i = 0; i < count; ++i) pop();
  note_site(emit(single_.throw_tag, pack(next_home(), header_)));
  emit_word(instruction.index);
  make_unreachable();
}

void Translator::throw_ref(const Instruction&) {
  const uint32_t reference = consume_slot(pop()).slot;
  note_site(emit(single_.throw_reference, pack(reference, header_)));
  make_unreachable();
}

// Legacy. The exception that a catch arm handles is the arm's lowest operand, below the tag's values, where
// `rethrow` finds it; the arm's results move over it.

void Translator::try_(const Instruction& instruction) {
  const uint32_t region = open_region();
  Control& control = enter_block(Control::Kind::try_, instruction.block);
  control.region = region;
  control.own_region = region;
}

void Translator::catch_(const Instruction& instruction) {
  const TypeDefinition& type = module_.registry->get(module_.tags[instruction.index].type);
  begin_arm(instruction.index, type.parameters);
}

void Translator::catch_all(const Instruction&) { begin_arm(kEveryTag, {}); }

void Translator::begin_arm(uint32_t tag, std::span<const ValueType> values) {
  Control& control = controls_.back();
  if (reachable_) jump_to(control);
  control.kind = Control::Kind::catch_;
  control.region = regions_[control.own_region].parent;
  while (operands_.size() > control.height) pop();
  uint32_t none = kNone;
  bind(none);  // a label, of which only the clause knows
  push_temporary(ValueType::Kind::ref_null);
  const uint32_t payload = next_home();
  for (const ValueType value : values) push_temporary(value.kind());
  add_clause(control.own_region, {tag, payload, control.base, static_cast<uint32_t>(code_.size()), kNone});
  reachable_ = true;
  start_fuel();
}

/// The end of a try block whose exceptions are handled as if thrown at the label, counted from outside.
void Translator::delegate(const Instruction& instruction) {
  const Control& control = controls_.back();
  const uint32_t region = control.own_region;
  if (reachable_) carry(results(control), control.base, true);
  leave_block();
  regions_[region].parent = label(instruction.index).region;
}

void Translator::rethrow(const Instruction& instruction) {
  note_site(emit(single_.throw_reference, pack(label(instruction.index).base, header_)));
  make_unreachable();
}

/// Writes the regions that catch anything behind the code and leads the sites to them.
void Translator::emit_regions() {
  if (sites_.empty()) return;
  // A region's parent was opened before it. One without clauses hands on to its parent at once.
  for (Region& region : regions_) {
    const uint32_t around = region.parent == kNone ? kNone : regions_[region.parent].position;
    if (region.clauses == 0) {
      region.position = around;
      continue;
    }
    region.position = emit(single_.catch_region, region.clauses);
    const auto from_here = [&region](uint32_t target) {
      return static_cast<int32_t>(target) - static_cast<int32_t>(region.position);
    };
    if (around != kNone) set_distance(region.position, from_here(around));
    for (uint32_t i = region.first; i != kNone; i = clauses_[i].next) {
      const RegionClause& clause = clauses_[i];
      emit_word(static_cast<Word>(int64_t{from_here(moved_[clause.target])}));
      emit_word(pack_immediate(clause.payload, clause.reference, clause.tag));
    }
  }
  for (const Site& site : sites_) {
    const uint32_t target = regions_[site.region].position;
    if (target == kNone) continue;
    const uint32_t position = moved_[site.position];
    set_distance(position, static_cast<int32_t>(target) - static_cast<int32_t>(position));
  }
}

}  // namespace heddle::engine
