// SPDX-License-Identifier: Apache-2.0
// BodyGenerator: structures with descriptors. (Custom descriptors proposal)
#include "fuzz/lib/body_generator.h"
#include "heddle/value_type.h"

namespace heddle::fuzz {

using engine::Opcode;

namespace {

/// The global that holds objects.
uint32_t object_global() {
  uint32_t index = 0;
  while (ModulePlan::kGlobals[index].type != 'A') ++index;
  return index;
}

}  // namespace

/// A new descriptor of the type, or seldom null.
void BodyGenerator::push_descriptor(uint32_t which) {
  if (entropy_.chance(4)) {
    out_.opcode(Opcode::ref_null);
    out_.byte(static_cast<uint8_t>(HeapType::Kind::none));
  } else {
    out_.opcode(Opcode::struct_new_default);
    out_.unsigned_leb(ModulePlan::kDescriptors + which);
  }
  push('A');
}

/// A new object of the type, all zeros.
void BodyGenerator::push_described(uint32_t which) {
  push_descriptor(which);
  pop(1);
  out_.opcode(Opcode::struct_new_default_desc);
  out_.unsigned_leb(ModulePlan::kDescribed + which);
  push('A');
}

void BodyGenerator::described_new(Opcode opcode) {
  const uint32_t which = entropy_.below(ModulePlan::kDescribedTypes);
  size_t operands = 1;
  if (opcode == Opcode::struct_new_desc) {
    for (const TypeLetter field : ModulePlan::kDescribedFields[which]) push_value(field == 'b' ? 'i' : field);
    operands += ModulePlan::kDescribedFields[which].size();
  }
  push_descriptor(which);
  out_.opcode(opcode);
  out_.unsigned_leb(ModulePlan::kDescribed + which);
  pop(operands);
  push('A');
}

void BodyGenerator::get_descriptor(Opcode opcode) {
  const uint32_t which = entropy_.below(ModulePlan::kDescribedTypes);
  if (entropy_.chance(70)) {
    push_described(which);
  } else {
    push_value('A');
    out_.opcode(Opcode::ref_cast_null);
    out_.signed_leb(ModulePlan::kDescribed + which);
  }
  pop(1);
  out_.opcode(opcode);
  out_.unsigned_leb(ModulePlan::kDescribed + which);
  push('A');
}

/// An object and its descriptor, by way of the global; or an A and some other descriptor.
void BodyGenerator::push_reference_and_descriptor(uint32_t which) {
  if (entropy_.chance(40)) {
    push_value('A');
    push_descriptor(which);
    return;
  }
  const uint32_t global = object_global();
  push_described(which);
  pop(1);
  out_.opcode(Opcode::global_set), out_.unsigned_leb(global);
  for (int i = 0; i < 2; ++i) {
    out_.opcode(Opcode::global_get), out_.unsigned_leb(global);
    push('A');
  }
  out_.opcode(Opcode::ref_cast), out_.signed_leb(ModulePlan::kDescribed + which);
  out_.opcode(Opcode::ref_get_desc), out_.unsigned_leb(ModulePlan::kDescribed + which);
}

void BodyGenerator::cast_described(Opcode opcode) {
  const uint32_t which = entropy_.below(ModulePlan::kDescribedTypes);
  push_reference_and_descriptor(which);
  out_.opcode(opcode);
  out_.signed_leb(ModulePlan::kDescribed + which);
  pop(2);
  push('A');
}

}  // namespace heddle::fuzz
