// SPDX-License-Identifier: Apache-2.0
// Building of references, casts and branches on them. (Spec 4.6.7)
//
// A cast is a question about bits (engine/gc/object.h), about the layout that an object's header points to,
// or about a function's type. All are answered here but whether one type of functions is below another.
#include "jit/build/engine_layout.h"
#include "jit/build/function_builder.h"

namespace heddle::jit {

using engine::ObjectKind;

void FunctionBuilder::ref_null(const Instruction&) { push(i64(0)); }

void FunctionBuilder::ref_is_null(const Instruction&) { push(add(Operation::i64_eqz, Type::i32, {pop()})); }

void FunctionBuilder::ref_func(const Instruction& instruction) {
  if (instruction.index < module_->imported_functions)
    return push(load_member(layout::kInstanceFunctions, instruction.index));
  push(call_runtime(RuntimeCall::function_reference, {}, instruction.index));
}

/// References are equal if their slots are.
void FunctionBuilder::ref_eq(const Instruction&) {
  const Value right = pop();
  const Value left = pop();
  push(add(Operation::i64_eq, Type::i32, {left, right}));
}

void FunctionBuilder::check_null(Value reference, TrapKind trap) {
  trap_if(add(Operation::i64_eqz, Type::i32, {reference}), trap);
}

void FunctionBuilder::ref_as_non_null(const Instruction&) { check_null(operands_.back()); }

// Questions.

template <class Then>
Value FunctionBuilder::choose(Value condition, Then then, Value otherwise) {
  BlockId yes = kNoBlock;
  BlockId no = kNoBlock;
  branch_between(condition, yes, no);
  const BlockId after = out_->add_block();
  const Value answer = out_->add_parameter(after, Type::i32);
  block_ = no;
  const Value no_answer[] = {otherwise};
  jump_to(after, no_answer);
  block_ = yes;
  const Value yes_answer[] = {then()};
  jump_to(after, yes_answer);
  block_ = after;
  return answer;
}

Value FunctionBuilder::is_of(Value reference, HeapType heap, bool null_passes) {
  using Kind = HeapType::Kind;
  const auto is_null = [&] { return add(Operation::i64_eqz, Type::i32, {reference}); };
  const auto is_set = [&] { return add(Operation::i64_ne, Type::i32, {reference, i64(0)}); };
  if (heap.is_defined() && type_at(heap.number()).kind == engine::CompositeKind::function) {
    const TypeDefinition& type = type_at(heap.number());
    const Value otherwise = i32(null_passes ? 1 : 0);
    return choose(
        is_set(), [&] { return is_function_of(reference, type, heap.is_exact() || type.is_final); },
        otherwise);
  }
  switch (heap.is_defined() ? Kind::struct_ : heap.kind()) {
    case Kind::any:
    case Kind::extern_:
    case Kind::func:
    case Kind::exn: return null_passes ? i32(1) : is_set();
    case Kind::eq: {  // everything but what the host passed, the two lowest bits of which are 2
      const Value tag = add(Operation::i64_and, Type::i64, {reference, i64(3)});
      const Value is_equal = add(Operation::i64_ne, Type::i32, {tag, i64(2)});
      return null_passes ? is_equal : add(Operation::i32_and, Type::i32, {is_equal, is_set()});
    }
    case Kind::i31: {
      const Value tag = add(Operation::i64_and, Type::i64, {reference, i64(1)});
      const Value is_i31 = add(Operation::i32_wrap_i64, Type::i32, {tag});
      return null_passes ? add(Operation::i32_or, Type::i32, {is_i31, is_null()}) : is_i31;
    }
    case Kind::struct_:
    case Kind::array: {
      const Value tag = add(Operation::i64_and, Type::i64, {reference, i64(3)});
      const Value is_pointer = add(Operation::i64_eqz, Type::i32, {tag});
      const Value is_object = add(Operation::i32_and, Type::i32, {is_pointer, is_set()});
      const Value otherwise = null_passes ? is_null() : i32(0);
      return choose(is_object, [&] { return is_object_of(reference, heap); }, otherwise);
    }
    default: return null_passes ? is_null() : i32(0);
  }
}

/// REQUIRES: an object, not null.
Value FunctionBuilder::is_object_of(Value reference, HeapType heap) {
  if (heap.is_defined()) {
    const TypeDefinition& type = type_at(heap.number());
    return is_object_below(reference, type, heap.is_exact() || type.is_final);
  }
  const bool is_structure = heap.kind() == HeapType::Kind::struct_;
  return is_object_of_kind(reference,
                           static_cast<uint32_t>(is_structure ? ObjectKind::structure : ObjectKind::array));
}

Value FunctionBuilder::is_object_of_kind(Value reference, uint32_t kind) {
  const Value layout = load_pointer(Alias::object, reference, layout::kObjectLayout);
  const Value found = load_host(Operation::i32_load8_u, Alias::object, layout, layout::kLayoutKind);
  return add(Operation::i32_eq, Type::i32, {found, i32(kind)});
}

/// A type's layout is its identity, and its chain of supertypes is at hand there.
Value FunctionBuilder::is_object_below(Value reference, const TypeDefinition& type, bool is_exact) {
  const Value layout = load_pointer(Alias::object, reference, layout::kObjectLayout);
  const Value wanted = i64(reinterpret_cast<uint64_t>(&type.layout));
  if (is_exact) return add(Operation::i64_eq, Type::i32, {layout, wanted});
  const Value differs = add(Operation::i64_ne, Type::i32, {layout, wanted});
  const auto look_up = [&] {
    const uint32_t depth = type.layout.depth;
    const Value own = load_host(Operation::i32_load, Alias::object, layout, layout::kLayoutDepth);
    const Value is_deep = add(Operation::i32_ge_u, Type::i32, {own, i32(depth)});
    const auto compare = [&] {
      const Value display = load_pointer(Alias::object, layout, layout::kLayoutDisplay);
      const Value above = load_host(Operation::i32_load, Alias::object, display, uint64_t{depth - 1} * 4);
      return add(Operation::i32_eq, Type::i32, {above, i32(type.layout.id)});
    };
    return choose(is_deep, compare, i32(0));
  };
  return choose(differs, look_up, i32(1));
}

/// REQUIRES: not null.
Value FunctionBuilder::is_function_of(Value reference, const TypeDefinition& type, bool is_exact) {
  const Value found = load_host(Operation::i32_load, Alias::object, reference, layout::kFunctionType);
  if (is_exact) return add(Operation::i32_eq, Type::i32, {found, i32(type.id)});
  const Value differs = add(Operation::i32_ne, Type::i32, {found, i32(type.id)});
  return choose(
      differs, [&] { return call_runtime(RuntimeCall::is_subtype, {found, i32(type.id)}); }, i32(1));
}

/// A layout without descriptor has its place where the header is, which is no object's address.
Value FunctionBuilder::is_described_by(Value reference, Value descriptor, bool null_passes) {
  const Value is_set = add(Operation::i64_ne, Type::i32, {reference, i64(0)});
  const Value tag = add(Operation::i64_and, Type::i64, {reference, i64(3)});
  const Value is_pointer = add(Operation::i64_eqz, Type::i32, {tag});
  const Value is_object = add(Operation::i32_and, Type::i32, {is_pointer, is_set});
  const Value otherwise = null_passes ? add(Operation::i32_eqz, Type::i32, {is_set}) : i32(0);
  const auto compare = [&] {
    const Value layout = load_pointer(Alias::object, reference, layout::kObjectLayout);
    const Value place =
        widen(load_host(Operation::i32_load, Alias::object, layout, layout::kLayoutDescriptor));
    Node load = node(Operation::host_load, Type::i64);
    load.access = Operation::i64_load;
    load.alias = Alias::object;
    const Value own = add(load, {reference, place});
    return add(Operation::i64_eq, Type::i32, {own, descriptor});
  };
  return choose(is_object, compare, otherwise);
}

void FunctionBuilder::check_descriptor(Value descriptor) {
  check_null(descriptor, TrapKind::null_descriptor);
}

// Rows.

void FunctionBuilder::ref_test(const Instruction& instruction) {
  push(is_of(pop(), instruction.heap, false));
}
void FunctionBuilder::ref_test_null(const Instruction& instruction) {
  push(is_of(pop(), instruction.heap, true));
}

/// The operand stays on the stack as it is.
void FunctionBuilder::cast_reference(Value is_right, TrapKind trap) {
  Node check = node(Operation::trap_unless);
  check.trap = trap;
  add(check, {is_right});
}

void FunctionBuilder::ref_cast(const Instruction& instruction) {
  cast_reference(is_of(operands_.back(), instruction.heap, false), TrapKind::cast_failure);
}
void FunctionBuilder::ref_cast_null(const Instruction& instruction) {
  cast_reference(is_of(operands_.back(), instruction.heap, true), TrapKind::cast_failure);
}

/// Both ways keep the operands: the label takes the reference as its last.
void FunctionBuilder::branch_on(Value condition, bool wanted, uint32_t depth) {
  if (!wanted) condition = add(Operation::i32_eqz, Type::i32, {condition});
  const BlockId from = branch_away(condition);
  branch_to(label(depth), from, 0);
}

void FunctionBuilder::br_on_cast(const Instruction& instruction) {
  const ValueType target = instruction.cast_to;
  branch_on(is_of(operands_.back(), target.heap(), target.is_nullable()), true, instruction.index);
}
void FunctionBuilder::br_on_cast_fail(const Instruction& instruction) {
  const ValueType target = instruction.cast_to;
  branch_on(is_of(operands_.back(), target.heap(), target.is_nullable()), false, instruction.index);
}

// Descriptors. A null one traps before anything else is asked.

void FunctionBuilder::ref_cast_desc_eq(const Instruction&) {
  const Value descriptor = pop();
  check_descriptor(descriptor);
  cast_reference(is_described_by(operands_.back(), descriptor, false), TrapKind::descriptor_cast_failure);
}
void FunctionBuilder::ref_cast_desc_eq_null(const Instruction&) {
  const Value descriptor = pop();
  check_descriptor(descriptor);
  cast_reference(is_described_by(operands_.back(), descriptor, true), TrapKind::descriptor_cast_failure);
}
void FunctionBuilder::br_on_cast_desc_eq(const Instruction& instruction) {
  const Value descriptor = pop();
  check_descriptor(descriptor);
  branch_on(is_described_by(operands_.back(), descriptor, instruction.cast_to.is_nullable()), true,
            instruction.index);
}
void FunctionBuilder::br_on_cast_desc_eq_fail(const Instruction& instruction) {
  const Value descriptor = pop();
  check_descriptor(descriptor);
  branch_on(is_described_by(operands_.back(), descriptor, instruction.cast_to.is_nullable()), false,
            instruction.index);
}

}  // namespace heddle::jit
