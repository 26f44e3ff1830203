// SPDX-License-Identifier: Apache-2.0
// BodyGenerator: which row comes next, and the frame around the body.
#include "fuzz/lib/body_generator.h"

#include <array>

#include "fuzz/lib/generator.h"

namespace heddle::fuzz {

using engine::Opcode;
using engine::RowKind;

// Rows whose type depends on immediates or context. A built row without a signature that is missing here is
// found by the smoke test, which wants a module for every row.
const BodyGenerator::Special BodyGenerator::kSpecials[] = {
    {Opcode::unreachable, &BodyGenerator::unreachable},
    {Opcode::block, &BodyGenerator::open},
    {Opcode::loop, &BodyGenerator::open},
    {Opcode::if_, &BodyGenerator::open},
    {Opcode::else_, &BodyGenerator::whole_if},
    {Opcode::end, &BodyGenerator::whole_block},
    {Opcode::try_table, &BodyGenerator::try_table},
    {Opcode::throw_, &BodyGenerator::throw_tag},
    {Opcode::throw_ref, &BodyGenerator::throw_reference},
    {Opcode::try_, &BodyGenerator::open},
    {Opcode::catch_, &BodyGenerator::whole_try},
    {Opcode::catch_all, &BodyGenerator::whole_try},
    {Opcode::delegate, &BodyGenerator::whole_try},
    {Opcode::rethrow, &BodyGenerator::rethrow},
    {Opcode::br, &BodyGenerator::branch},
    {Opcode::br_if, &BodyGenerator::branch},
    {Opcode::br_table, &BodyGenerator::branch_table},
    {Opcode::br_on_null, &BodyGenerator::branch_on_null},
    {Opcode::br_on_non_null, &BodyGenerator::branch_on_non_null},
    {Opcode::return_, &BodyGenerator::return_from},
    {Opcode::call, &BodyGenerator::call},
    {Opcode::call_indirect, &BodyGenerator::call_indirect},
    {Opcode::call_ref, &BodyGenerator::call_reference},
    {Opcode::return_call, &BodyGenerator::return_call},
    {Opcode::return_call_indirect, &BodyGenerator::return_call_indirect},
    {Opcode::return_call_ref, &BodyGenerator::return_call_reference},
    {Opcode::drop, &BodyGenerator::drop},
    {Opcode::select, &BodyGenerator::select},
    {Opcode::select_t, &BodyGenerator::select_typed},
    {Opcode::local_get, &BodyGenerator::local_get},
    {Opcode::local_set, &BodyGenerator::local_set},
    {Opcode::local_tee, &BodyGenerator::local_set},
    {Opcode::global_get, &BodyGenerator::global_get},
    {Opcode::global_set, &BodyGenerator::global_set},
    {Opcode::table_get, &BodyGenerator::table_get},
    {Opcode::table_set, &BodyGenerator::table_set},
    {Opcode::table_size, &BodyGenerator::table_size},
    {Opcode::table_grow, &BodyGenerator::table_grow},
    {Opcode::table_fill, &BodyGenerator::table_fill},
    {Opcode::table_init, &BodyGenerator::table_init},
    {Opcode::table_copy, &BodyGenerator::table_copy},
    {Opcode::elem_drop, &BodyGenerator::element_drop},
    {Opcode::memory_copy, &BodyGenerator::memory_copy},
    {Opcode::ref_null, &BodyGenerator::null_reference},
    {Opcode::ref_func, &BodyGenerator::function_reference},
    {Opcode::ref_is_null, &BodyGenerator::reference_test},
    {Opcode::ref_as_non_null, &BodyGenerator::reference_test},
    {Opcode::struct_new, &BodyGenerator::structure_new},
    {Opcode::struct_new_default, &BodyGenerator::structure_new},
    {Opcode::struct_get, &BodyGenerator::structure_access},
    {Opcode::struct_get_s, &BodyGenerator::structure_access},
    {Opcode::struct_get_u, &BodyGenerator::structure_access},
    {Opcode::struct_set, &BodyGenerator::structure_access},
    {Opcode::array_new, &BodyGenerator::array_new},
    {Opcode::array_new_default, &BodyGenerator::array_new},
    {Opcode::array_new_fixed, &BodyGenerator::array_new},
    {Opcode::array_new_data, &BodyGenerator::array_new},
    {Opcode::array_new_elem, &BodyGenerator::array_new},
    {Opcode::array_get, &BodyGenerator::array_access},
    {Opcode::array_get_s, &BodyGenerator::array_access},
    {Opcode::array_get_u, &BodyGenerator::array_access},
    {Opcode::array_set, &BodyGenerator::array_access},
    {Opcode::array_len, &BodyGenerator::array_length},
    {Opcode::array_fill, &BodyGenerator::array_range},
    {Opcode::array_copy, &BodyGenerator::array_range},
    {Opcode::array_init_data, &BodyGenerator::array_range},
    {Opcode::array_init_elem, &BodyGenerator::array_range},
    {Opcode::ref_test, &BodyGenerator::cast},
    {Opcode::ref_test_null, &BodyGenerator::cast},
    {Opcode::ref_cast, &BodyGenerator::cast},
    {Opcode::ref_cast_null, &BodyGenerator::cast},
    {Opcode::br_on_cast, &BodyGenerator::branch_on_cast},
    {Opcode::br_on_cast_fail, &BodyGenerator::branch_on_cast},
    {Opcode::struct_new_desc, &BodyGenerator::described_new},
    {Opcode::struct_new_default_desc, &BodyGenerator::described_new},
    {Opcode::ref_get_desc, &BodyGenerator::get_descriptor},
    {Opcode::ref_cast_desc_eq, &BodyGenerator::cast_described},
    {Opcode::ref_cast_desc_eq_null, &BodyGenerator::cast_described},
    {Opcode::br_on_cast_desc_eq, &BodyGenerator::branch_on_cast},
    {Opcode::br_on_cast_desc_eq_fail, &BodyGenerator::branch_on_cast},
    {Opcode::any_convert_extern, &BodyGenerator::convert},
    {Opcode::extern_convert_any, &BodyGenerator::convert},
    {Opcode::ref_i31, &BodyGenerator::i31},
    {Opcode::i31_get_s, &BodyGenerator::i31},
    {Opcode::i31_get_u, &BodyGenerator::i31},
    {Opcode::ref_eq, &BodyGenerator::reference_equal},
};

BodyGenerator::BodyGenerator(Entropy& entropy, ModulePlan& plan, uint32_t function)
    : entropy_(entropy), plan_(plan), function_(function) {
  constexpr std::string_view kLocals = "iilfdvFEXA";
  const Signature& signature = plan.signature(function);
  locals_ = signature.parameters;
  out_.unsigned_leb(kLocals.size());
  for (const TypeLetter type : kLocals) {
    out_.unsigned_leb(1);
    out_.byte(code_of(type));
    locals_.push_back(type);
  }
  Frame frame;
  frame.kind = Opcode::block;
  frame.results = signature.results;
  frames_.push_back(std::move(frame));
}

void BodyGenerator::instruction(Opcode opcode) {
  for (const Special& special : kSpecials) {
    if (special.opcode == opcode) return (this->*special.emit)(opcode);
  }
  if (info(opcode).kind == RowKind::constant) return constant(opcode);
  if (!info(opcode).signature.empty()) return by_signature(opcode);
  if (opcode == Opcode::nop) out_.opcode(opcode);
}

namespace {

/// The rows of the features that are built.
struct BuiltRows {
  std::array<Opcode, engine::kOpcodeCount> rows{};
  uint32_t count = 0;
  constexpr BuiltRows() {
    for (size_t i = 0; i < engine::kOpcodeCount; ++i) {
      if (info(engine::kOpcodes[i].feature).built) rows[count++] = static_cast<Opcode>(i);
    }
  }
};
constexpr BuiltRows kBuilt;

/// What calm statements do besides computing.
constexpr Opcode kCalm[] = {Opcode::block,     Opcode::loop,       Opcode::if_,        Opcode::br_if,
                            Opcode::br_if,     Opcode::select,     Opcode::call,       Opcode::local_get,
                            Opcode::local_tee, Opcode::global_set, Opcode::global_get, Opcode::call_indirect};

}  // namespace

void BodyGenerator::statements(uint32_t statements) {
  for (uint32_t i = 0; i < statements && !entropy_.empty() && out_.size() < kMaxBytes; ++i) {
    if (frames_.size() > 1 && entropy_.chance(12)) {
      close();
    } else if (entropy_.chance(35)) {
      instruction(kSpecials[entropy_.below(std::size(kSpecials))].opcode);
    } else {
      instruction(kBuilt.rows[entropy_.below(kBuilt.count)]);
    }
  }
}

void BodyGenerator::calm_statements(uint32_t statements) {
  std::array<Opcode, 8> chosen;
  for (Opcode& row : chosen) {
    do {
      row = kBuilt.rows[entropy_.below(kBuilt.count)];
    } while (info(row).signature.empty() && !entropy_.empty());
  }
  for (uint32_t i = 0; i < statements && !entropy_.empty() && out_.size() < kMaxBytes; ++i) {
    if (frames_.size() > 1 && entropy_.chance(15)) {
      close();
    } else if (entropy_.chance(25)) {
      instruction(kCalm[entropy_.below(std::size(kCalm))]);
    } else {
      instruction(chosen[entropy_.below(chosen.size())]);
    }
    if (available() > 0 && entropy_.chance(60)) keep_result();
  }
}

/// The uppermost operand goes to a local of its type, one of several.
void BodyGenerator::keep_result() {
  std::vector<uint32_t> alike;
  for (uint32_t i = 0; i < locals_.size(); ++i) {
    if (locals_[i] == stack_.back()) alike.push_back(i);
  }
  if (alike.empty()) return;
  out_.opcode(Opcode::local_set);
  out_.unsigned_leb(alike[entropy_.below(static_cast<uint32_t>(alike.size()))]);
  pop(1);
}

std::vector<uint8_t> BodyGenerator::finish() {
  close_all_but_one();
  close();
  return out_.take();
}

std::vector<uint8_t> generate_module(std::span<const uint8_t> bytes) {
  Entropy entropy(bytes);
  ModulePlan plan(entropy);
  std::vector<std::vector<uint8_t>> bodies;
  for (auto i = ModulePlan::kImports; i < plan.functions.size(); ++i) {
    BodyGenerator body(entropy, plan, i);
    const bool is_calm = entropy.chance(50);
    const uint32_t statements = 5 + entropy.below(60);
    is_calm ? body.calm_statements(statements) : body.statements(statements);
    bodies.push_back(body.finish());
  }
  return plan.encode(bodies);
}

std::vector<uint8_t> module_of_row(Opcode opcode) {
  if (!info(info(opcode).feature).built) return {};
  Entropy entropy({});
  ModulePlan plan(entropy);
  BodyGenerator body(entropy, plan, ModulePlan::kImports);
  body.instruction(opcode);
  const std::vector<std::vector<uint8_t>> bodies = {body.finish()};
  return plan.encode(bodies);
}

}  // namespace heddle::fuzz
