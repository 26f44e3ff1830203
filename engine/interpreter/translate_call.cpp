// SPDX-License-Identifier: Apache-2.0
// Translation of calls and tail calls. Arguments stay where they were produced: the callee's frame begins
// there.
#include "engine/interpreter/translator.h"

namespace heddle::engine {

uint32_t Translator::header_slot(const TypeDefinition& type) { return header_slot_of(type); }

/// Puts the arguments into their homes and pops them; returns the slot where the callee's frame begins.
uint32_t Translator::place_arguments(const TypeDefinition& type) {
  calls_ = true;
  const size_t count = type.parameters.size();
  materialize_top(count);
  for (size_t i = 0; i < count; ++i) pop();
  const uint32_t base = next_home();
  reserve_slots(base + header_slot(type) + kHeaderSlots);
  return base;
}

/// The reload, if the call has one behind it, and the results: they stand where the arguments did.
void Translator::finish_call(const TypeDefinition& type, uint32_t base, bool reloads) {
  if (reloads) note_site(emit(single_.reload, pack(header_)));
  forget_accumulators();
  for (const ValueType result : type.results) push_temporary(result.kind());
  if (type.results.size() == 1) {
    define(base, register_of(type.results[0].kind()), kNone, nullptr);
  }
}

void Translator::call(const Instruction& instruction) {
  const TypeDefinition& type = module_.function_type(instruction.index);
  const uint32_t base = place_arguments(type);
  const uint32_t header = base + header_slot(type);
  const bool is_import = instruction.index < module_.imported_functions;
  const bool reloads = is_import || module_.has_tail_calls || controls_.back().region != kNone;
  if (is_import) {
    emit(single_.call_import, pack_immediate(base, header, instruction.index));
  } else {
    const uint32_t position =
        emit(reloads ? single_.call_reloading : single_.call, pack(base, header, header_, kNoSite));
    if (!reloads) last_call_ = position;
    emit_word(reinterpret_cast<Word>(&module_code_.function(instruction.index)));
  }
  finish_call(type, base, reloads);
  if (is_import) allow_preemption();  // which may be the host's mutex, or a wait
}

void Translator::call_indirect(const Instruction& instruction) {
  const TypeId id = module_.types[instruction.index];
  const TypeDefinition& type = module_.registry->get(id);
  const uint32_t index = consume_slot(pop()).slot;
  const uint32_t base = place_arguments(type);
  const bool is_64 = module_.tables[instruction.second_index].type.limits.is_64;
  emit(single_.call_indirect[is_64], pack(base, base + header_slot(type), index));
  emit_word(id | Word{instruction.second_index} << 32);
  finish_call(type, base, true);
}

void Translator::call_ref(const Instruction& instruction) {
  const TypeDefinition& type = module_.registry->get(module_.types[instruction.index]);
  const uint32_t reference = consume_slot(pop()).slot;
  const uint32_t base = place_arguments(type);
  emit(single_.call_reference, pack(base, base + header_slot(type), reference));
  finish_call(type, base, true);
}

void Translator::return_call(const Instruction& instruction) {
  const TypeDefinition& type = module_.function_type(instruction.index);
  const uint32_t base = place_arguments(type);
  reserve_slots(header_slot(type) + kHeaderSlots);
  const Word word1 = pack(base, header_, type.parameter_slots, header_slot(type));
  if (instruction.index < module_.imported_functions) {
    emit(single_.return_call_import, word1);
    emit_word(instruction.index);
  } else {
    emit(single_.return_call, word1);
    emit_word(reinterpret_cast<Word>(&module_code_.function(instruction.index)));
  }
  make_unreachable();
}

void Translator::return_call_indirect(const Instruction& instruction) {
  const TypeId id = module_.types[instruction.index];
  const TypeDefinition& type = module_.registry->get(id);
  const uint32_t index = consume_slot(pop()).slot;
  const uint32_t base = place_arguments(type);
  reserve_slots(header_slot(type) + kHeaderSlots);
  const bool is_64 = module_.tables[instruction.second_index].type.limits.is_64;
  emit(single_.return_call_indirect[is_64], pack(base, header_, type.parameter_slots, header_slot(type)));
  emit_word(id | Word{instruction.second_index} << 32);
  emit_word(index);
  make_unreachable();
}

void Translator::return_call_ref(const Instruction& instruction) {
  const TypeDefinition& type = module_.registry->get(module_.types[instruction.index]);
  const uint32_t reference = consume_slot(pop()).slot;
  const uint32_t base = place_arguments(type);
  reserve_slots(header_slot(type) + kHeaderSlots);
  emit(single_.return_call_reference, pack(base, header_, type.parameter_slots, header_slot(type)));
  emit_word(reference);
  make_unreachable();
}

}  // namespace heddle::engine
