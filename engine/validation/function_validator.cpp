// SPDX-License-Identifier: Apache-2.0
// FunctionValidator's frame: the table of handlers, the loop over a body, operands, and rows with a
// signature.
#include "engine/validation/function_validator.h"

#include <algorithm>

namespace heddle::engine {

namespace {

/// A row's signature as small integers. The address type, 'a', reads kAddress.
struct Signature {
  static constexpr uint8_t kAddress = 1;
  uint8_t parameter_count = 0;
  uint8_t result_count = 0;
  uint8_t parameters[4] = {};
  uint8_t results[2] = {};
};

constexpr uint8_t code_of(char letter) {
  switch (letter) {
    case 'i': return static_cast<uint8_t>(ValueType::Kind::i32);
    case 'l': return static_cast<uint8_t>(ValueType::Kind::i64);
    case 'f': return static_cast<uint8_t>(ValueType::Kind::f32);
    case 'd': return static_cast<uint8_t>(ValueType::Kind::f64);
    case 'v': return static_cast<uint8_t>(ValueType::Kind::v128);
    default: return Signature::kAddress;
  }
}

constexpr Signature parse_signature(std::string_view text) {
  Signature signature;
  const size_t colon = text.find(':');
  for (size_t i = 0; i < text.size(); ++i) {
    if (i < colon) signature.parameters[signature.parameter_count++] = code_of(text[i]);
    if (i > colon) signature.results[signature.result_count++] = code_of(text[i]);
  }
  return signature;
}

constexpr auto make_signatures() {
  std::array<Signature, kOpcodeCount> signatures{};
  for (size_t i = 0; i < kOpcodeCount; ++i) signatures[i] = parse_signature(kOpcodes[i].signature);
  return signatures;
}
constexpr std::array<Signature, kOpcodeCount> kSignatures = make_signatures();

constexpr const char* kCompositeKinds[] = {"a function type", "a structure type", "an array type"};
constexpr size_t kMostTypesShown = 8;  ///< in one message

ValueType type_of(uint8_t code, ValueType address) {
  return code == Signature::kAddress ? address : ValueType(static_cast<ValueType::Kind>(code));
}

}  // namespace

/// By row. A row of a kind without a handler here does not compile.
const FunctionValidator::Handler FunctionValidator::kHandlers[] = {
#define WASM_CONTROL(name, ...) &FunctionValidator::do_##name,
#define WASM_PARAMETRIC(name, ...) &FunctionValidator::do_##name,
#define WASM_VARIABLE(name, ...) &FunctionValidator::do_##name,
#define WASM_TABLE(name, ...) &FunctionValidator::do_##name,
#define WASM_REFERENCE(name, ...) &FunctionValidator::do_##name,
#define WASM_MEMORY(name, ...) &FunctionValidator::do_##name,
#define WASM_GC(name, ...) &FunctionValidator::do_##name,
#define WASM_EXCEPTION(name, ...) &FunctionValidator::do_##name,
#define WASM_CONSTANT(...) &FunctionValidator::check_signature,
#define WASM_UNARY(...) &FunctionValidator::check_signature,
#define WASM_BINARY(...) &FunctionValidator::check_signature,
#define WASM_TEST(...) &FunctionValidator::check_signature,
#define WASM_COMPARE(...) &FunctionValidator::check_signature,
#define WASM_WIDE(...) &FunctionValidator::check_signature,
#define WASM_ATOMIC_FENCE(...) &FunctionValidator::check_signature,
#define WASM_LOAD(...) &FunctionValidator::check_access,
#define WASM_STORE(...) &FunctionValidator::check_access,
#define WASM_ATOMIC_LOAD(...) &FunctionValidator::check_atomic,
#define WASM_ATOMIC_STORE(...) &FunctionValidator::check_atomic,
#define WASM_ATOMIC_RMW(...) &FunctionValidator::check_atomic,
#define WASM_ATOMIC_CMPXCHG(...) &FunctionValidator::check_atomic,
#define WASM_ATOMIC_WAIT(...) &FunctionValidator::check_atomic,
#define WASM_ATOMIC_NOTIFY(...) &FunctionValidator::check_atomic,
#define WASM_SIMD(...) &FunctionValidator::check_simd,
#define WASM_SIMD_ACCESS(...) &FunctionValidator::check_simd_access,
#include "engine/opcodes/opcodes.def"
};

void FunctionValidator::reset() {
  height_ = 0;
  base_ = 0;
  unreachable_ = false;
  frames_.clear();
  fast_locals_.clear();
  local_ranges_.clear();
  local_count_ = 0;
  tracks_initialization_ = false;
  initialized_.clear();
  initializations_.clear();
  is_constant_ = false;
  declared_ = nullptr;
  facts_ = nullptr;
  assignments_.clear();
  listed_ = 0;
  failed_ = false;
}

Result<void> FunctionValidator::validate_body(uint32_t function, FunctionFacts* facts) {
  reset();
  const ByteRange body = module_.functions[function].body;
  const TypeDefinition& type = module_.function_type(function);
  Cursor cursor(module_.view(body), body.offset);
  cursor.accept(module_.limits.features);
  cursor.set_section("code", function - module_.imported_functions);
  cursor.set_bytes_beyond(module_.bytes.size() - body.offset - body.size);
  facts_ = facts;
  if (facts != nullptr) *facts = {};
  most_listed_ = 16 * body.size + 4096;
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
  fast_locals_.resize(std::min<uint64_t>(local_count_, kFastLocals), type);
  return true;
}

bool FunctionValidator::run(Cursor& cursor) {
  InstructionReader reader(cursor);
  while (!frames_.empty() && !cursor.at_end()) {
    if (!reader.next(instruction_)) return false;
    if (!(this->*kHandlers[static_cast<size_t>(instruction_.opcode)])(instruction_)) return false;
    if (facts_ != nullptr && height_ > facts_->max_operands)
      facts_->max_operands = static_cast<uint32_t>(height_);
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
  const uint64_t end = body.offset + body.size;
  const uint64_t code_end = module_.code_section.offset + module_.code_section.size;
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
  operands_.resize(std::max<size_t>(64, operands_.size() * 2));
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

bool FunctionValidator::check_signature(const Instruction& instruction) {
  return apply_signature(instruction, ValueType::Kind::i32);
}

bool FunctionValidator::apply_signature(const Instruction& instruction, ValueType address) {
  const Signature& signature = kSignatures[static_cast<size_t>(instruction.opcode)];
  const size_t count = signature.parameter_count;
  // The common case: everything is there and of the very type.
  if (height_ - base_ < count) return apply_slowly(instruction, address);
  for (size_t i = 0; i < count; ++i) {
    if (operands_[height_ - count + i] != type_of(signature.parameters[i], address)) [[unlikely]] {
      return apply_slowly(instruction, address);
    }
  }
  height_ -= count;
  for (size_t i = 0; i < signature.result_count; ++i) {
    if (!push(type_of(signature.results[i], address))) return false;
  }
  return true;
}

bool FunctionValidator::apply_slowly(const Instruction& instruction, ValueType address) {
  const Signature& signature = kSignatures[static_cast<size_t>(instruction.opcode)];
  for (size_t i = signature.parameter_count; i > 0; --i) {
    if (!pop(type_of(signature.parameters[i - 1], address))) return false;
  }
  for (size_t i = 0; i < signature.result_count; ++i) {
    if (!push(type_of(signature.results[i], address))) return false;
  }
  return true;
}

Result<void> validate_function(const ModuleImage& module, uint32_t function, FunctionFacts* facts) {
  return FunctionValidator(module).validate_body(function, facts);
}

}  // namespace heddle::engine
