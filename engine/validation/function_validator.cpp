// SPDX-License-Identifier: Apache-2.0
// FunctionValidator's frame: the loop over a body, locals, operands, types, and the wording of errors.
#include "engine/validation/function_validator.h"

#include <algorithm>

namespace heddle::engine {

namespace {

constexpr const char* kCompositeKinds[] = {"a function type", "a structure type", "an array type"};
constexpr size_t kMostTypesShown = 8;  ///< in one message

}  // namespace

FunctionValidator::FunctionValidator(const ModuleImage& module)
    : module_(module),
      registry_(*module.registry),
      custom_descriptors_(module.limits.features.has(Feature::custom_descriptors)) {
  if (!module.memories.empty()) address_of_memory(0, memory0_address_);
}

void FunctionValidator::reset() {
  height_ = 0;
  base_ = 0;
  unreachable_ = false;
  frames_.clear();
  fast_local_count_ = 0;
  local_ranges_.clear();
  local_count_ = 0;
  tracks_initialization_ = false;
  initialized_.clear();
  initializations_.clear();
  is_constant_ = false;
  declared_ = nullptr;
  failed_ = false;
}

Result<void> FunctionValidator::validate_body(uint32_t function) {
  reset();
  const ByteRange body = module_.functions[function].body;
  const TypeDefinition& type = module_.function_type(function);
  Cursor cursor(module_.view(body), body.offset);
  cursor.accept(module_.limits.features);
  cursor.set_section("code", function - module_.imported_functions);
  cursor.set_bytes_beyond(module_.bytes.size() - body.offset - body.size);
  Frame frame{Opcode::block};
  frame.type = &type;
  frames_.push_back(frame);
  instruction_.offset = body.offset;
  if (declare_locals(cursor, type) && run(cursor) && finish(cursor, body)) return {};
  if (!failed_) return cursor.error();
  error_.section = "code[" + std::to_string(function - module_.imported_functions) + "]";
  return error_;
}

bool FunctionValidator::declare_locals(Cursor& cursor, const TypeDefinition& type) {
  for (const ValueType parameter : type.parameters) {
    if (!add_locals(1, parameter)) return false;
  }
  const auto parameters = static_cast<uint32_t>(local_count_);
  const uint64_t total = read_locals(cursor, parameters, runs_);
  if (cursor.failed()) return false;
  if (total > module_.limits.locals) {
    return fail(ErrorKind::limit, "too many locals: " + std::to_string(total) + ", the limit is " +
                                      std::to_string(module_.limits.locals));
  }
  for (const LocalRun& run : runs_) {
    ValueType local;
    if (!resolve(run.type, local) || !add_locals(run.count, local)) return false;
    if (!local.is_defaultable()) tracks_initialization_ = true;
  }
  if (tracks_initialization_) {
    initialized_.assign(local_count_, false);
    std::fill_n(initialized_.begin(), parameters, true);
  }
  return true;
}

bool FunctionValidator::add_locals(uint64_t count, ValueType type) {
  local_count_ += count;
  if (!local_ranges_.empty() && local_ranges_.back().type == type) {
    local_ranges_.back().end = static_cast<uint32_t>(local_count_);
  } else {
    local_ranges_.push_back({static_cast<uint32_t>(local_count_), type});
  }
  const auto fast_end = static_cast<uint32_t>(std::min<uint64_t>(local_count_, kFastLocals));
  while (fast_local_count_ < fast_end) fast_locals_[fast_local_count_++] = type;
  return true;
}

bool FunctionValidator::run(Cursor& cursor) {
  InstructionReader reader(cursor);
  while (!frames_.empty() && !cursor.at_end()) {
    if (!reader.read_opcode(instruction_)) return false;
    if (!kSteps[static_cast<size_t>(instruction_.opcode)](*this, reader)) return false;
  }
  return !cursor.failed();
}

bool FunctionValidator::finish(const Cursor& cursor, ByteRange body) {
  instruction_.offset = cursor.offset();
  if (frames_.empty()) {
    return cursor.at_end() ||
           fail(ErrorKind::malformed, "section size mismatch: the function ends before its last byte");
  }
  // The body lacks an `end`. What a decoder that reads on would find there is what the suite names.
  const uint64_t end = uint64_t{body.offset} + body.size;
  const uint64_t code_end = uint64_t{module_.code_section.offset} + module_.code_section.size;
  if (end == module_.bytes.size()) return fail(ErrorKind::malformed, "unexpected end of section or function");
  if (end == code_end)
    return fail(ErrorKind::malformed, "section size mismatch: the last function lacks its end");
  return fail(ErrorKind::malformed, "END opcode expected");
}

bool FunctionValidator::fail(ErrorKind kind, std::string message) {
  if (!failed_) {
    error_ = {};
    error_.kind = kind;
    error_.message = std::move(message);
    error_.offset = instruction_.offset;
  }
  failed_ = true;
  return false;
}

bool FunctionValidator::unknown(const char* what, uint64_t index) {
  return invalid("unknown " + std::string(what) + " " + std::to_string(index));
}

bool FunctionValidator::mismatch(ValueType expected, ValueType found) {
  return mismatch("expected " + text(expected) + ", found " + text(found));
}

bool FunctionValidator::wrong_operand(ValueType expected, ValueType found) {
  return mismatch("instruction requires [" + text(expected) + "] but stack has [" + text(found) + "]");
}

bool FunctionValidator::missing(ValueType expected) {
  return mismatch("instruction requires [" + text(expected) + "] but stack has []");
}

std::string FunctionValidator::text(HeapType type) const {
  if (!type.is_defined()) return to_string(type);
  // People count types as their module declares them.
  const auto found = std::find(module_.types.begin(), module_.types.end(), type.number());
  const std::string number = std::to_string(found - module_.types.begin());
  return type.is_exact() ? "(exact " + number + ")" : number;
}

std::string FunctionValidator::text(ValueType type) const {
  if (!type.is_ref() || !type.heap().is_defined()) return to_string(type);
  return (type.is_nullable() ? "(ref null " : "(ref ") + text(type.heap()) + ")";
}

std::string FunctionValidator::text(Types types) const {
  std::string list;
  for (size_t i = 0; i < std::min(types.size(), kMostTypesShown); ++i)
    list += (i == 0 ? "" : " ") + text(types[i]);
  return types.size() > kMostTypesShown ? list + " ..." : list;
}

bool FunctionValidator::grow_operands() {
  if (height_ >= kMaxOperands) {
    return fail(ErrorKind::limit,
                "too many operands on the stack, the limit is " + std::to_string(kMaxOperands));
  }
  capacity_ = std::max<size_t>(64, capacity_ * 2);
  operands_.resize(capacity_);
  return true;
}

bool FunctionValidator::pop_any(ValueType& found) {
  if (height_ == base_) {
    found = ValueType();
    return unreachable_ || mismatch("instruction requires [any] but stack has []");
  }
  found = operands_[--height_];
  return true;
}

bool FunctionValidator::pop_reference(ValueType& found) {
  if (!pop_any(found)) return false;
  return found.is_bottom() || found.is_ref() || mismatch("expected a reference, found " + text(found));
}

bool FunctionValidator::pop_all(Types types) {
  for (size_t i = types.size(); i > 0; --i) {
    if (!pop(types[i - 1])) return false;
  }
  return true;
}

bool FunctionValidator::push_all(Types types) {
  for (const ValueType type : types) {
    if (!push(type)) return false;
  }
  return true;
}

bool FunctionValidator::check_top(Types types) {
  for (size_t i = types.size(), operand = height_; i > 0; --i) {
    if (operand == base_) return unreachable_ || missing(types[i - 1]);
    const ValueType found = operands_[--operand];
    if (!registry_.is_subtype(found, types[i - 1])) return wrong_operand(types[i - 1], found);
  }
  return true;
}

bool FunctionValidator::matches(Types sub, Types super) const {
  return sub.size() == super.size() &&
         std::equal(sub.begin(), sub.end(), super.begin(),
                    [this](ValueType a, ValueType b) { return registry_.is_subtype(a, b); });
}

void FunctionValidator::set_unreachable() {
  height_ = base_;
  unreachable_ = true;
  frames_.back().unreachable = true;
}

bool FunctionValidator::resolve(HeapType raw, HeapType& type) {
  type = raw;
  if (!raw.is_defined()) return true;
  if (raw.number() >= module_.types.size()) return unknown("type", raw.number());
  type = raw.with_number(module_.types[raw.number()]);
  return true;
}

bool FunctionValidator::resolve(ValueType raw, ValueType& type) {
  type = raw;
  if (!raw.is_ref()) return true;
  HeapType heap;
  if (!resolve(raw.heap(), heap)) return false;
  type = ValueType::ref(heap, raw.is_nullable());
  return true;
}

const TypeDefinition* FunctionValidator::type_at(uint32_t index, CompositeKind kind) {
  if (index >= module_.types.size()) {
    unknown("type", index);
    return nullptr;
  }
  const TypeDefinition& type = registry_.get(module_.types[index]);
  if (type.kind == kind) return &type;
  mismatch("type " + std::to_string(index) + " is not " + kCompositeKinds[static_cast<size_t>(kind)]);
  return nullptr;
}

}  // namespace heddle::engine
