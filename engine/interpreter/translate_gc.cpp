// SPDX-License-Identifier: Apache-2.0
// Translation of structures, arrays, i31 and casts.
//
// What creates objects may collect, and then finds references only in slots: it takes no operand from an
// accumulator, and names the end of the slots that matter (the operand stack's, with its operands).
#include <algorithm>

#include "engine/gc/block.h"
#include "engine/interpreter/translator.h"

namespace heddle::engine {

namespace {

static_assert(gc::kGreatestCell < 1u << GcHandlers::kOffsetBits);

[[nodiscard]] Storage storage_of(ValueType storage, bool is_signed) {
  switch (storage.kind()) {
    case ValueType::Kind::i8: return is_signed ? Storage::s8 : Storage::u8;
    case ValueType::Kind::i16: return is_signed ? Storage::s16 : Storage::u16;
    case ValueType::Kind::i32: return Storage::i32;
    case ValueType::Kind::f32: return Storage::f32;
    case ValueType::Kind::f64: return Storage::f64;
    case ValueType::Kind::v128: return Storage::v128;
    default: return Storage::i64;
  }
}

[[nodiscard]] ValueType::Kind unpacked(ValueType storage) {
  const bool is_packed = storage == ValueType::Kind::i8 || storage == ValueType::Kind::i16;
  return is_packed ? ValueType::Kind::i32 : storage.kind();
}

[[nodiscard]] Word layout_word(const TypeDefinition& type) { return reinterpret_cast<Word>(&type.layout); }

}  // namespace

const TypeDefinition& Translator::type_at(uint32_t index) const {
  return module_.registry->get(module_.types[index]);
}

/// A value read from an object. A vector goes to its slots only.
void Translator::push_stored(ValueType storage, uint32_t position, Handler without_store) {
  if (storage == ValueType::Kind::v128) {
    push_temporary(ValueType::Kind::v128);
    forget_slot(operands_.back().home);
    forget_slot(operands_.back().home + 1);
  } else {
    push_result(unpacked(storage), position, without_store);
  }
}

// Structures.

void Translator::struct_new(const Instruction& instruction) { create_structure(type_at(instruction.index)); }

/// From the fields' operands, and the descriptor on top of them if the type has one.
void Translator::create_structure(const TypeDefinition& type) {
  const TypeLayout& layout = type.layout;
  const size_t count = type.fields.size() + (type.descriptor == kNoType ? 0 : 1);
  const uint32_t top = next_home();
  const size_t first = operands_.size() - count;
  const uint32_t home = count == 0 ? top : operands_[first].home;
  if (layout.bytes > gc::kGreatestCell) {
    create_large_structure(type, top, home);
    return;
  }
  const unsigned size_class = gc::size_class_of(layout.bytes);
  const uint32_t last =
      std::max(type.fields.empty() ? 0 : layout.field_offsets.back(), layout.descriptor_offset);
  const bool is_tight = last + sizeof(Slot) > gc::cell_bytes(size_class);
  const std::vector<uint32_t> stores = field_stores(type, first, is_tight);
  for (size_t i = 0; i < count; ++i) pop();
  const size_t form = stores.size() <= GcHandlers::kMostStores ? stores.size() : 0;
  const Handler handler = is_tight ? table_.gc.structure_new_tight : table_.gc.structure_new[form];
  const uint32_t position = emit(handler, pack(home, top, size_class, static_cast<uint32_t>(stores.size())));
  emit_word(layout_word(type));
  for (size_t i = 0; i < stores.size(); i += 2) {
    emit_word(stores[i] | (i + 1 < stores.size() ? Word{stores[i + 1]} << 32 : 0));
  }
  push_result(ValueType::Kind::ref, position, nullptr);
}

/// The stores that fill a new structure from the operands from `first` on, by ascending offsets.
std::vector<uint32_t> Translator::field_stores(const TypeDefinition& type, size_t first, bool is_tight) {
  std::vector<uint32_t> stores;
  const auto add = [&](size_t operand, uint32_t offset, uint32_t log2) {
    const uint32_t slot = consume_slot(operands_[first + operand]).slot;
    const uint32_t mark = is_tight ? std::min<uint32_t>(log2, 3) << GcHandlers::kOffsetBits : 0;
    stores.push_back(slot | (offset | mark) << 16);
    if (log2 == 4) stores.push_back((slot + 1) | ((offset + 8) | mark) << 16);
  };
  for (size_t i = 0; i < type.fields.size(); ++i)
    add(i, type.layout.field_offsets[i], storage_log2(type.fields[i].storage));
  if (type.descriptor == kNoType) return stores;
  add(type.fields.size(), type.layout.descriptor_offset, 3);
  std::ranges::sort(stores, {},
                    [](uint32_t store) { return store >> 16 & ((1u << GcHandlers::kOffsetBits) - 1); });
  return stores;
}

/// Too large for a cell: created with zeros behind its operands, then filled, then moved to its place.
void Translator::create_large_structure(const TypeDefinition& type, uint32_t top, uint32_t home) {
  const bool is_described = type.descriptor != kNoType;
  const size_t count = type.fields.size() + (is_described ? 1 : 0);
  const size_t first = operands_.size() - count;
  reserve_slots(top + 1);
  materialize_top(count);
  emit(table_.gc.structure_new_default, pack(top, top));
  emit_word(layout_word(type));
  forget_accumulators();
  const auto set = [&](size_t operand, Storage storage, uint32_t offset) {
    emit(table_.gc.structure_set[static_cast<unsigned>(storage)][0],
         pack_immediate(top, operands_[first + operand].slot, offset));
  };
  for (size_t i = 0; i < type.fields.size(); ++i)
    set(i, storage_of(type.fields[i].storage, false), type.layout.field_offsets[i]);
  if (is_described) set(count - 1, Storage::i64, type.layout.descriptor_offset);
  while (operands_.size() > first) pop();
  emit(single_.copy, pack(home, top));
  push_temporary(ValueType::Kind::ref);
}

void Translator::struct_new_default(const Instruction& instruction) {
  const uint32_t home = next_home();
  const uint32_t position = emit(table_.gc.structure_new_default, pack(home, home));
  emit_word(layout_word(type_at(instruction.index)));
  push_result(ValueType::Kind::ref, position, nullptr);
}

void Translator::get_field(const Instruction& instruction, bool is_signed) {
  const TypeDefinition& type = type_at(instruction.index);
  const uint32_t field = instruction.second_index;
  read_field(type.fields[field].storage, type.layout.field_offsets[field], is_signed);
}

void Translator::read_field(ValueType storage, uint32_t offset, bool is_signed) {
  const Operand operand = pop();
  const Use use = operand.kind == Operand::Kind::constant ? consume_slot(operand) : consume(operand);
  const auto& form = table_.gc.structure_get[static_cast<unsigned>(storage_of(storage, is_signed))]
                                            [static_cast<unsigned>(use.source)];
  const uint32_t position = emit(form[0], pack_immediate(operand.home, use.slot, offset));
  push_stored(storage, position, form[1]);
}

void Translator::struct_get(const Instruction& instruction) { get_field(instruction, false); }
void Translator::struct_get_s(const Instruction& instruction) { get_field(instruction, true); }
void Translator::struct_get_u(const Instruction& instruction) { get_field(instruction, false); }

/// A value to be stored in an object: from its accumulator, unless it is a vector or constant.
Translator::Use Translator::consume_stored(const Operand& value) {
  const bool in_slot = value.kind == Operand::Kind::constant || value.type == ValueType::Kind::v128;
  return in_slot ? consume_slot(value) : consume(value);
}

void Translator::struct_set(const Instruction& instruction) {
  const TypeDefinition& type = type_at(instruction.index);
  const auto storage =
      static_cast<unsigned>(storage_of(type.fields[instruction.second_index].storage, false));
  const Operand value = pop();
  const Operand reference = pop();
  const uint32_t slot = consume_slot(reference).slot;
  const Use use = consume_stored(value);
  emit(table_.gc.structure_set[storage][static_cast<unsigned>(use.source)],
       pack_immediate(slot, use.slot, type.layout.field_offsets[instruction.second_index]));
}

// Arrays.

/// Emits what creates an array from `operands` operands in slots; the fields of word 1 are as they come.
void Translator::create_array(Handler handler, const Instruction& instruction, unsigned operands) {
  const uint32_t top = next_home();
  uint32_t slots[2] = {0, 0};
  uint32_t home = top;
  for (unsigned i = operands; i-- > 0;) {
    const Operand operand = pop();
    slots[i] = consume_slot(operand).slot;
    home = operand.home;
  }
  const uint32_t position = emit(handler, pack(home, top, slots[0], slots[1]));
  emit_word(layout_word(type_at(instruction.index)));
  const Immediate immediate = info(instruction.opcode).immediate;
  if (immediate != Immediate::type) emit_word(instruction.second_index);
  push_result(ValueType::Kind::ref, position, nullptr);
}

void Translator::array_new(const Instruction& instruction) {
  create_array(table_.gc.array_new, instruction, 2);
}
void Translator::array_new_default(const Instruction& instruction) {
  create_array(table_.gc.array_new_default, instruction, 1);
}
void Translator::array_new_data(const Instruction& instruction) {
  create_array(table_.gc.array_new_data, instruction, 2);
}
void Translator::array_new_elem(const Instruction& instruction) {
  create_array(table_.gc.array_new_elements, instruction, 2);
}

void Translator::array_new_fixed(const Instruction& instruction) {
  const uint32_t count = instruction.second_index;
  materialize_top(count);
  const uint32_t top = next_home();
  const uint32_t home = count == 0 ? top : operands_[operands_.size() - count].home;
  for (uint32_t i = 0; i < count; ++i) pop();
  const uint32_t position = emit(table_.gc.array_new_fixed, pack(home, top, home));
  emit_word(layout_word(type_at(instruction.index)));
  emit_word(count);
  push_result(ValueType::Kind::ref, position, nullptr);
}

void Translator::get_element(const Instruction& instruction, bool is_signed) {
  const ValueType storage = type_at(instruction.index).fields[0].storage;
  const Operand index = pop();
  const Operand array = pop();
  const uint32_t slot = consume_slot(array).slot;
  const Use use = consume(index);
  const auto& form = table_.gc.array_get[static_cast<unsigned>(storage_of(storage, is_signed))]
                                        [static_cast<unsigned>(use.source)];
  const Word word1 = use.source == Source::immediate
                         ? pack_immediate(array.home, slot, static_cast<uint32_t>(use.bits))
                         : pack(array.home, slot, use.slot);
  const uint32_t position = emit(form[0], word1);
  push_stored(storage, position, form[1]);
}

void Translator::array_get(const Instruction& instruction) { get_element(instruction, false); }
void Translator::array_get_s(const Instruction& instruction) { get_element(instruction, true); }
void Translator::array_get_u(const Instruction& instruction) { get_element(instruction, false); }

void Translator::array_set(const Instruction& instruction) {
  const auto storage = static_cast<unsigned>(storage_of(type_at(instruction.index).fields[0].storage, false));
  const Operand value = pop();
  const Operand index = pop();
  const Operand array = pop();
  const uint32_t slot = consume_slot(array).slot;
  const bool immediate = index.kind == Operand::Kind::constant;
  const Use use = consume_stored(value);
  emit(table_.gc.array_set[storage][immediate][static_cast<unsigned>(use.source)],
       immediate ? pack_immediate(slot, use.slot, static_cast<uint32_t>(index.bits))
                 : pack(slot, use.slot, index.slot));
}

void Translator::array_len(const Instruction&) { emit_unary(table_.gc.array_length); }

/// Emits an instruction with four operands in slots, and a fifth in word 2 if there is one.
void Translator::emit_range(Handler handler, bool has_fifth) {
  uint32_t fifth = 0;
  if (has_fifth) fifth = consume_slot(pop()).slot;
  const uint32_t fourth = consume_slot(pop()).slot;
  const uint32_t third = consume_slot(pop()).slot;
  const uint32_t second = consume_slot(pop()).slot;
  const uint32_t first = consume_slot(pop()).slot;
  emit(handler, pack(first, second, third, fourth));
  if (has_fifth) emit_word(fifth);
}

void Translator::array_fill(const Instruction&) { emit_range(table_.gc.array_fill, false); }
void Translator::array_copy(const Instruction&) { emit_range(table_.gc.array_copy, true); }

void Translator::array_init_data(const Instruction& instruction) {
  emit_range(table_.gc.array_init_data, false);
  emit_word(instruction.second_index);
}

void Translator::array_init_elem(const Instruction& instruction) {
  emit_range(table_.gc.array_init_elements, false);
  emit_word(instruction.second_index);
}

// i31 and conversions.

/// One operand of the integer class, one result; [Source][Target].
void Translator::emit_unary(const Handler (&forms)[2][2], ValueType::Kind result) {
  const Operand operand = pop();
  const Use use = operand.kind == Operand::Kind::constant ? consume_slot(operand) : consume(operand);
  const auto& form = forms[static_cast<unsigned>(use.source)];
  const uint32_t position = emit(form[0], pack(operand.home, use.slot));
  push_result(result, position, form[1]);
}

void Translator::ref_i31(const Instruction&) { emit_unary(table_.gc.i31_new, ValueType::Kind::ref); }
void Translator::i31_get_s(const Instruction&) { emit_unary(table_.gc.i31_get[1]); }
void Translator::i31_get_u(const Instruction&) { emit_unary(table_.gc.i31_get[0]); }

// The same slot serves as both.
void Translator::any_convert_extern(const Instruction&) {}
void Translator::extern_convert_any(const Instruction&) {}

// Casts.

/// What to ask about a reference, and word 2.
Translator::Cast Translator::cast_to(HeapType raw) const {
  using Kind = HeapType::Kind;
  if (raw.is_defined()) {
    const TypeDefinition& type = type_at(raw.number());
    const bool is_exact = raw.is_exact() || type.is_final;
    if (type.kind == CompositeKind::function)
      return {is_exact ? CastKind::exact_function : CastKind::function, layout_word(type)};
    return {is_exact ? CastKind::exact : CastKind::below, layout_word(type)};
  }
  switch (raw.kind()) {
    case Kind::any:
    case Kind::extern_:
    case Kind::func:
    case Kind::exn: return {CastKind::anything, 0};
    case Kind::eq: return {CastKind::equal, 0};
    case Kind::i31: return {CastKind::i31, 0};
    case Kind::struct_: return {CastKind::structure, 0};
    case Kind::array: return {CastKind::array, 0};
    default: return {CastKind::nothing, 0};
  }
}

/// The slot of the topmost operand, which stays on the stack.
uint32_t Translator::keep_in_slot() {
  const size_t top = operands_.size() - 1;
  if (operands_[top].kind == Operand::Kind::constant) materialize(top);
  pin(operands_[top]);
  return operands_[top].slot;
}

void Translator::test_reference(const Instruction& instruction, bool null_passes) {
  const Cast cast = cast_to(instruction.heap);
  const Operand operand = pop();
  const uint32_t slot = consume_slot(operand).slot;
  const uint32_t position =
      emit(table_.gc.test[static_cast<unsigned>(cast.kind)][null_passes], pack(operand.home, slot));
  emit_word(cast.word);
  push_result(ValueType::Kind::i32, position, nullptr);
}

void Translator::ref_test(const Instruction& instruction) { test_reference(instruction, false); }
void Translator::ref_test_null(const Instruction& instruction) { test_reference(instruction, true); }

/// The operand stays on the stack as it is.
void Translator::cast_reference(const Instruction& instruction, bool null_passes) {
  const Cast cast = cast_to(instruction.heap);
  emit(table_.gc.cast[static_cast<unsigned>(cast.kind)][null_passes], pack(0, keep_in_slot()));
  emit_word(cast.word);
}

void Translator::ref_cast(const Instruction& instruction) { cast_reference(instruction, false); }
void Translator::ref_cast_null(const Instruction& instruction) { cast_reference(instruction, true); }

void Translator::branch_on_cast(const Instruction& instruction, bool wanted) {
  const Cast cast = cast_to(instruction.cast_to.heap());
  const unsigned kind = static_cast<unsigned>(cast.kind);
  branch_on_question(instruction, table_.gc.branch[kind][instruction.cast_to.is_nullable()], cast.word,
                     wanted);
}

/// Asks about the topmost operand, a reference; `word` is word 2. Both ways keep the reference: the label
/// takes it as its last operand.
void Translator::branch_on_question(const Instruction& instruction, const Handler (&forms)[2][2], Word word,
                                    bool wanted) {
  Control& control = label(instruction.index);
  const size_t top = operands_.size() - 1;
  if (operands_[top].kind == Operand::Kind::constant) materialize(top);
  const size_t carried = label_types(control).size();
  if (carried > 4) materialize_top(carried);
  for (size_t i = operands_.size() - carried; i < operands_.size(); ++i) pin(operands_[i]);
  const uint32_t slot = operands_[top].slot;
  const bool backward = control.kind == Control::Kind::loop;
  if (!needs_transfer(control)) {
    const uint32_t position = emit(forms[wanted][backward], pack(slot));
    emit_word(word);
    link({&control}, position, kNone);
    return;
  }
  Control around;  // a label of our own, bound right after the moves
  around.kind = Control::Kind::block;
  const uint32_t position = emit(forms[!wanted][0], pack(slot));
  emit_word(word);
  link({&around}, position, kNone);
  const Mirrors kept = registers_;
  transfer(control, false);
  link({&control}, emit(single_.jump[backward], 0), kNone);
  bind(around.fixups);
  registers_ = kept;  // the moves were on the other path
}

void Translator::br_on_cast(const Instruction& instruction) { branch_on_cast(instruction, true); }
void Translator::br_on_cast_fail(const Instruction& instruction) { branch_on_cast(instruction, false); }

}  // namespace heddle::engine
