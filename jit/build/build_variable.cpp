// SPDX-License-Identifier: Apache-2.0
// Building of global.*; local.* are no code at all.
#include "jit/build/engine_layout.h"
#include "jit/build/function_builder.h"

namespace heddle::jit {

namespace {

struct Access {
  Operation load;
  Operation store;
};

[[nodiscard]] Access access_of(ValueType type) {
  switch (type_of(type)) {
    case Type::i32: return {Operation::i32_load, Operation::i32_store};
    case Type::f32: return {Operation::f32_load, Operation::f32_store};
    case Type::f64: return {Operation::f64_load, Operation::f64_store};
    case Type::v128: return {Operation::v128_load, Operation::v128_store};
    default: return {Operation::i64_load, Operation::i64_store};
  }
}

}  // namespace

void FunctionBuilder::global_get(const Instruction& instruction) {
  const engine::GlobalType& type = module_->globals[instruction.index].type;
  const Value global = load_member(layout::kInstanceGlobals, instruction.index);
  const Alias alias = type.is_mutable ? Alias::global : Alias::constant;
  push(load_host(access_of(type.type).load, alias, global, layout::kGlobalValue));
}

void FunctionBuilder::global_set(const Instruction& instruction) {
  const Value value = pop();
  const engine::GlobalType& type = module_->globals[instruction.index].type;
  const Value global = load_member(layout::kInstanceGlobals, instruction.index);
  // The upper half of an i32's slot is zero, and stays so.
  store_host(access_of(type.type).store, Alias::global, global, layout::kGlobalValue, value);
}

}  // namespace heddle::jit
