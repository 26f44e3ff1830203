// SPDX-License-Identifier: Apache-2.0
// BodyGenerator: variables, tables, references, drop and select.
#include <iterator>
#include <string_view>

#include "fuzz/lib/body_generator.h"

namespace heddle::fuzz {

using engine::Opcode;

namespace {
constexpr std::string_view kNumbers = "ilfdv";
constexpr std::string_view kAll = "ilfdvFEA";
constexpr uint32_t kTables = std::size(ModulePlan::kTables);
}  // namespace

void BodyGenerator::drop(Opcode opcode) {
  if (available() == 0) push_value(kAll[entropy_.below(kAll.size())]);
  out_.opcode(opcode);
  pop(1);
}

void BodyGenerator::select(Opcode opcode) {
  const TypeLetter type = kNumbers[entropy_.below(kNumbers.size())];
  want({type, type});
  push_value('i');
  out_.opcode(opcode);
  pop(2);
}

void BodyGenerator::select_typed(Opcode opcode) {
  const TypeLetter type = kAll[entropy_.below(kAll.size())];
  want({type, type});
  push_value('i');
  out_.opcode(opcode);
  out_.unsigned_leb(1);
  out_.byte(code_of(type));
  pop(2);
}

void BodyGenerator::local_get(Opcode opcode) {
  if (locals_.empty()) return;
  const uint32_t index = entropy_.below(static_cast<uint32_t>(locals_.size()));
  out_.opcode(opcode);
  out_.unsigned_leb(index);
  push(locals_[index]);
}

void BodyGenerator::local_set(Opcode opcode) {
  if (locals_.empty()) return;
  const uint32_t index = entropy_.below(static_cast<uint32_t>(locals_.size()));
  want({locals_[index]});
  out_.opcode(opcode);
  out_.unsigned_leb(index);
  if (opcode == Opcode::local_set) pop(1);
}

void BodyGenerator::global_get(Opcode opcode) {
  const uint32_t index = entropy_.below(std::size(ModulePlan::kGlobals));
  out_.opcode(opcode);
  out_.unsigned_leb(index);
  push(ModulePlan::kGlobals[index].type);
}

void BodyGenerator::global_set(Opcode opcode) {
  uint32_t index = entropy_.below(std::size(ModulePlan::kGlobals));
  while (!ModulePlan::kGlobals[index].is_mutable) index = 0;
  want({ModulePlan::kGlobals[index].type});
  out_.opcode(opcode);
  out_.unsigned_leb(index);
  pop(1);
}

void BodyGenerator::table_get(Opcode opcode) {
  const uint32_t table = entropy_.below(kTables);
  push_index(ModulePlan::kTables[table].is_64, 7);
  out_.opcode(opcode);
  out_.unsigned_leb(table);
  pop(1);
  push(ModulePlan::kTables[table].element);
}

void BodyGenerator::table_set(Opcode opcode) {
  const uint32_t table = entropy_.below(kTables);
  push_index(ModulePlan::kTables[table].is_64, 7);
  push_value(ModulePlan::kTables[table].element);
  out_.opcode(opcode);
  out_.unsigned_leb(table);
  pop(2);
}

void BodyGenerator::table_size(Opcode opcode) {
  const uint32_t table = entropy_.below(kTables);
  out_.opcode(opcode);
  out_.unsigned_leb(table);
  push(ModulePlan::kTables[table].is_64 ? 'l' : 'i');
}

void BodyGenerator::table_grow(Opcode opcode) {
  const uint32_t table = entropy_.below(kTables);
  push_value(ModulePlan::kTables[table].element);
  push_small(ModulePlan::kTables[table].is_64, 6);
  out_.opcode(opcode);
  out_.unsigned_leb(table);
  pop(2);
  push(ModulePlan::kTables[table].is_64 ? 'l' : 'i');
}

void BodyGenerator::table_fill(Opcode opcode) {
  const uint32_t table = entropy_.below(kTables);
  push_index(ModulePlan::kTables[table].is_64, 7);
  push_value(ModulePlan::kTables[table].element);
  push_small(ModulePlan::kTables[table].is_64, 5);
  out_.opcode(opcode);
  out_.unsigned_leb(table);
  pop(3);
}

void BodyGenerator::table_init(Opcode opcode) {
  const uint32_t segment = entropy_.below(ModulePlan::kElementSegments);
  const uint32_t table = ModulePlan::kElementTypes[segment] == 'E' ? 1 : entropy_.chance(50) ? 2 : 0;
  push_index(ModulePlan::kTables[table].is_64, 7);
  push_index(false, 3);
  push_small(false, 4);
  out_.opcode(opcode);
  out_.unsigned_leb(segment);
  out_.unsigned_leb(table);
  pop(3);
}

void BodyGenerator::table_copy(Opcode opcode) {
  uint32_t to = entropy_.below(kTables);
  uint32_t from = entropy_.below(kTables);
  if (ModulePlan::kTables[to].element != ModulePlan::kTables[from].element) from = to;
  const bool to_64 = ModulePlan::kTables[to].is_64;
  const bool from_64 = ModulePlan::kTables[from].is_64;
  push_index(to_64, 7);
  push_index(from_64, 7);
  push_small(to_64 && from_64, 6);
  out_.opcode(opcode);
  out_.unsigned_leb(to);
  out_.unsigned_leb(from);
  pop(3);
}

void BodyGenerator::element_drop(Opcode opcode) {
  out_.opcode(opcode);
  out_.unsigned_leb(entropy_.below(ModulePlan::kElementSegments));
}

void BodyGenerator::null_reference(Opcode opcode) {
  const TypeLetter type = "FEX"[entropy_.below(3)];
  out_.opcode(opcode);
  out_.byte(code_of(type));
  push(type);
}

void BodyGenerator::function_reference(Opcode opcode) {
  out_.opcode(opcode);
  out_.unsigned_leb(entropy_.below(static_cast<uint32_t>(plan_.functions.size())));
  push('F');
}

void BodyGenerator::reference_test(Opcode opcode) {
  constexpr std::string_view kReferences = "FEXA";
  const TypeLetter type = kReferences[entropy_.below(kReferences.size())];
  want({type});
  out_.opcode(opcode);
  if (opcode == Opcode::ref_is_null) {
    pop(1);
    push('i');
  }
}

}  // namespace heddle::fuzz
