// SPDX-License-Identifier: Apache-2.0
// BodyGenerator: structures, arrays, i31 and casts.
//
// On the stack every reference to an object is an A: what needs a narrower type makes its object on the spot,
// or casts.
#include <iterator>
#include <string_view>

#include "fuzz/lib/body_generator.h"
#include "heddle/value_type.h"

namespace heddle::fuzz {

using engine::Opcode;

namespace {

constexpr std::string_view kElements = ModulePlan::kElements;
constexpr std::string_view kPacked = "bs";
constexpr std::string_view kWhole = "ilfdAFE";
constexpr std::string_view kNumeric = "bsilfd";
constexpr std::string_view kSegmented = "FE";

/// What a field or element is on the stack.
TypeLetter unpacked(TypeLetter storage) { return storage == 'b' || storage == 's' ? 'i' : storage; }

uint32_t array_of(size_t element) { return ModulePlan::kStructures + static_cast<uint32_t>(element); }

bool is_extending(Opcode opcode) {
  return opcode == Opcode::struct_get_s || opcode == Opcode::struct_get_u || opcode == Opcode::array_get_s ||
         opcode == Opcode::array_get_u;
}

}  // namespace

/// An A without operands of its own, so that operands never nest.
void BodyGenerator::push_plain_object() {
  const uint32_t type = entropy_.below(ModulePlan::kObjectTypes + 2);
  if (type >= ModulePlan::kObjectTypes) {
    out_.opcode(Opcode::i32_const);
    out_.signed_leb(static_cast<int8_t>(entropy_.byte()));
    out_.opcode(Opcode::ref_i31);
    push('A');
    return;
  }
  push_object_of(type);
}

/// A new object of this very type, all zeros.
void BodyGenerator::push_object_of(uint32_t type) {
  if (type < ModulePlan::kStructures) {
    out_.opcode(Opcode::struct_new_default);
  } else {
    push_length();
    pop(1);
    out_.opcode(Opcode::array_new_default);
  }
  out_.unsigned_leb(type);
  push('A');
}

void BodyGenerator::push_length() {
  if (!entropy_.chance(2)) return push_small(false, 24);
  out_.opcode(Opcode::i32_const);
  out_.signed_leb(INT32_MAX);  // more than the heap holds
  push('i');
}

/// An array type whose element is one of these.
uint32_t BodyGenerator::element_with(std::string_view letters) {
  const TypeLetter letter = letters[entropy_.below(static_cast<uint32_t>(letters.size()))];
  return array_of(kElements.find(letter));
}

void BodyGenerator::structure_new(Opcode opcode) {
  const uint32_t type = entropy_.below(ModulePlan::kStructures);
  if (opcode == Opcode::struct_new) {
    for (const TypeLetter field : ModulePlan::kFields[type]) push_value(unpacked(field));
    pop(ModulePlan::kFields[type].size());
  }
  out_.opcode(opcode);
  out_.unsigned_leb(type);
  push('A');
}

void BodyGenerator::structure_access(Opcode opcode) {
  const uint32_t type = entropy_.below(ModulePlan::kStructures);
  const bool sets = opcode == Opcode::struct_set;
  const std::string_view fields = ModulePlan::kFields[type];
  const uint32_t packed = static_cast<uint32_t>(kPacked.size());
  const uint32_t field = is_extending(opcode) ? entropy_.below(packed)
                         : sets               ? entropy_.below(static_cast<uint32_t>(fields.size()))
                                : packed + entropy_.below(static_cast<uint32_t>(fields.size()) - packed);
  if (entropy_.chance(70)) {
    push_object_of(entropy_.chance(50) ? type : 1);
  } else {
    push_value('A');
    out_.opcode(Opcode::ref_cast_null);
    out_.signed_leb(type);
  }
  if (sets) push_value(unpacked(fields[field]));
  out_.opcode(opcode);
  out_.unsigned_leb(type);
  out_.unsigned_leb(field);
  pop(sets ? 2 : 1);
  if (!sets) push(unpacked(fields[field]));
}

void BodyGenerator::array_new(Opcode opcode) {
  const uint32_t type = opcode == Opcode::array_new_data   ? element_with(kNumeric)
                        : opcode == Opcode::array_new_elem ? element_with(kSegmented)
                                                           : element_with(kElements);
  const TypeLetter element = kElements[type - ModulePlan::kStructures];
  const uint32_t count = entropy_.below(5);
  size_t operands = 1;
  if (opcode == Opcode::array_new_fixed) {
    for (uint32_t i = 0; i < count; ++i) push_value(unpacked(element));
    operands = count;
  } else if (opcode != Opcode::array_new_default) {
    if (opcode == Opcode::array_new) {
      push_value(unpacked(element));
    } else {
      push_index(false, 3);
    }
    operands = 2;
  }
  if (opcode == Opcode::array_new_data || opcode == Opcode::array_new_elem) {
    push_small(false, 4);
  } else if (opcode != Opcode::array_new_fixed) {
    push_length();
  }
  out_.opcode(opcode);
  out_.unsigned_leb(type);
  if (opcode == Opcode::array_new_fixed) out_.unsigned_leb(count);
  if (opcode == Opcode::array_new_data) out_.unsigned_leb(entropy_.below(ModulePlan::kDataSegments));
  if (opcode == Opcode::array_new_elem) out_.unsigned_leb(element == 'E' ? 2 : entropy_.below(2));
  pop(operands);
  push('A');
}

void BodyGenerator::array_access(Opcode opcode) {
  const bool sets = opcode == Opcode::array_set;
  const uint32_t type = element_with(is_extending(opcode) ? kPacked : sets ? kElements : kWhole);
  const TypeLetter element = unpacked(kElements[type - ModulePlan::kStructures]);
  push_object_of(type);
  push_index(false, 7);
  if (sets) push_value(element);
  out_.opcode(opcode);
  out_.unsigned_leb(type);
  pop(sets ? 3 : 2);
  if (!sets) push(element);
}

void BodyGenerator::array_length(Opcode opcode) {
  if (entropy_.chance(70)) {
    push_object_of(element_with(kElements));
  } else {
    push_value('A');
    out_.opcode(Opcode::ref_cast_null);
    out_.byte(static_cast<uint8_t>(HeapType::Kind::array));
  }
  out_.opcode(opcode);
  pop(1);
  push('i');
}

void BodyGenerator::array_range(Opcode opcode) {
  const uint32_t type = opcode == Opcode::array_init_data   ? element_with(kNumeric)
                        : opcode == Opcode::array_init_elem ? element_with(kSegmented)
                                                            : element_with(kElements);
  const TypeLetter element = kElements[type - ModulePlan::kStructures];
  push_object_of(type);
  push_index(false, 7);
  if (opcode == Opcode::array_fill) {
    push_value(unpacked(element));
  } else {
    if (opcode == Opcode::array_copy) push_object_of(type);
    push_index(false, 3);
  }
  push_small(false, 4);
  out_.opcode(opcode);
  out_.unsigned_leb(type);
  if (opcode == Opcode::array_copy) out_.unsigned_leb(type);
  if (opcode == Opcode::array_init_data) out_.unsigned_leb(entropy_.below(ModulePlan::kDataSegments));
  if (opcode == Opcode::array_init_elem) out_.unsigned_leb(element == 'E' ? 2 : entropy_.below(2));
  pop(opcode == Opcode::array_copy ? 5 : 4);
}

// Casts.

/// A heap type of the hierarchy of A or F.
void BodyGenerator::cast_target(TypeLetter hierarchy) {
  using Kind = HeapType::Kind;
  constexpr Kind kAbstract[] = {Kind::any, Kind::eq, Kind::i31, Kind::struct_, Kind::array, Kind::none};
  if (hierarchy == 'F') {
    const auto types = static_cast<uint32_t>(plan_.types.size());
    if (entropy_.chance(70)) return out_.signed_leb(ModulePlan::number_of(entropy_.below(types)));
    return out_.byte(static_cast<uint8_t>(entropy_.chance(50) ? Kind::func : Kind::nofunc));
  }
  if (entropy_.chance(50)) return out_.signed_leb(entropy_.below(ModulePlan::kObjectTypes));
  out_.byte(static_cast<uint8_t>(kAbstract[entropy_.below(std::size(kAbstract))]));
}

void BodyGenerator::cast(Opcode opcode) {
  const TypeLetter type = entropy_.chance(25) ? 'F' : 'A';
  const bool tests = opcode == Opcode::ref_test || opcode == Opcode::ref_test_null;
  if (!tests && type == 'A' && entropy_.chance(60)) {  // one that succeeds
    const uint32_t object = entropy_.below(ModulePlan::kObjectTypes);
    push_object_of(object);
    out_.opcode(opcode);
    out_.signed_leb(object == 1 && entropy_.chance(50) ? 0 : object);
    return;
  }
  want({type});
  out_.opcode(opcode);
  cast_target(type);
  if (!tests) return;
  pop(1);
  push('i');
}

/// In a block of its own, whose label takes the reference, and maybe a number that has to move.
void BodyGenerator::branch_on_cast(Opcode opcode) {
  const bool carries = entropy_.chance(50);
  const Letters label = carries ? Letters{'l', 'A'} : Letters{'A'};
  out_.opcode(Opcode::block);
  block_type({}, label);
  if (entropy_.chance(30)) push_value('d'), out_.opcode(Opcode::drop), pop(1);
  if (carries) push_value('l'), pop(1);
  const bool described = opcode == Opcode::br_on_cast_desc_eq || opcode == Opcode::br_on_cast_desc_eq_fail;
  const uint32_t which = entropy_.below(ModulePlan::kDescribedTypes);
  if (described) {
    push_reference_and_descriptor(which);
  } else {
    push_value('A');
  }
  pop(described ? 2 : 1);
  const bool target_nullable = entropy_.chance(50);
  out_.opcode(opcode);
  out_.byte(1 | (target_nullable ? 2 : 0));
  out_.unsigned_leb(0);
  out_.byte(code_of('A'));
  if (described) {
    out_.signed_leb(ModulePlan::kDescribed + which);
  } else {
    cast_target('A');
  }
  out_.opcode(Opcode::end);
  results(label);
}

void BodyGenerator::convert(Opcode opcode) {
  const bool inwards = opcode == Opcode::any_convert_extern;
  want({inwards ? 'E' : 'A'});
  out_.opcode(opcode);
  pop(1);
  push(inwards ? 'A' : 'E');
}

void BodyGenerator::i31(Opcode opcode) {
  if (opcode == Opcode::ref_i31 || entropy_.chance(80)) {
    push_value('i');
    out_.opcode(Opcode::ref_i31);
  } else {
    push_value('A');
    out_.opcode(Opcode::ref_cast_null);
    out_.byte(static_cast<uint8_t>(HeapType::Kind::i31));
  }
  pop(1);
  if (opcode != Opcode::ref_i31) out_.opcode(opcode);
  push(opcode == Opcode::ref_i31 ? 'A' : 'i');
}

void BodyGenerator::reference_equal(Opcode opcode) {
  for (int side = 0; side < 2; ++side) {
    push_value('A');
    out_.opcode(Opcode::ref_cast_null);
    out_.byte(static_cast<uint8_t>(HeapType::Kind::eq));
  }
  out_.opcode(opcode);
  pop(2);
  push('i');
}

}  // namespace heddle::fuzz
