// SPDX-License-Identifier: Apache-2.0
// FunctionBuilder: the driver and what all families use.
#include "jit/build/function_builder.h"

#include <algorithm>

#include "engine/interpreter/frame_layout.h"
#include "jit/build/engine_layout.h"

namespace heddle::jit {

using engine::kOpcodeCount;

const uint64_t FunctionBuilder::kContextOffset = layout::kInstanceContext;

/// Reads the immediate, the kind of which is known, and builds the row. (It cannot fail: the body is valid.)
template <engine::Immediate immediate, auto method>
void FunctionBuilder::step(FunctionBuilder& self, engine::InstructionReader& reader,
                           Instruction& instruction) {
  (void)reader.read<immediate>(instruction);
  (self.*method)(instruction);
}

#define HEDDLE_STEP(method, name, code, text, immediate, ...) \
  &FunctionBuilder::step<engine::Immediate::immediate, &FunctionBuilder::method>,
#define HEDDLE_STEP_OF_ROW(name, ...) HEDDLE_STEP(name, name, __VA_ARGS__)

const FunctionBuilder::Step FunctionBuilder::kSteps[] = {
#define WASM_GC(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_EXCEPTION(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_CONTROL(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_PARAMETRIC(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_VARIABLE(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_TABLE(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_MEMORY(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_REFERENCE(...) HEDDLE_STEP_OF_ROW(__VA_ARGS__)
#define WASM_SIMD(...) HEDDLE_STEP(simd, __VA_ARGS__)
#define WASM_SIMD_ACCESS(...) HEDDLE_STEP(simd_access, __VA_ARGS__)
#define WASM_WIDE(...) HEDDLE_STEP(wide, __VA_ARGS__)
#define WASM_CONSTANT(...) HEDDLE_STEP(constant, __VA_ARGS__)
#define WASM_UNARY(...) HEDDLE_STEP(unary, __VA_ARGS__)
#define WASM_TEST(...) HEDDLE_STEP(unary, __VA_ARGS__)
#define WASM_BINARY(...) HEDDLE_STEP(binary, __VA_ARGS__)
#define WASM_COMPARE(...) HEDDLE_STEP(binary, __VA_ARGS__)
#define WASM_LOAD(...) HEDDLE_STEP(load, __VA_ARGS__)
#define WASM_STORE(...) HEDDLE_STEP(store, __VA_ARGS__)
#define WASM_ATOMIC_LOAD(...) HEDDLE_STEP(atomic_access, __VA_ARGS__)
#define WASM_ATOMIC_STORE(...) HEDDLE_STEP(atomic_access, __VA_ARGS__)
#define WASM_ATOMIC_RMW(...) HEDDLE_STEP(atomic_access, __VA_ARGS__)
#define WASM_ATOMIC_CMPXCHG(...) HEDDLE_STEP(atomic_access, __VA_ARGS__)
#define WASM_ATOMIC_WAIT(...) HEDDLE_STEP(atomic_wait, __VA_ARGS__)
#define WASM_ATOMIC_NOTIFY(...) HEDDLE_STEP(atomic_notify, __VA_ARGS__)
#define WASM_ATOMIC_FENCE(...) HEDDLE_STEP(atomic_fence, __VA_ARGS__)
#include "engine/opcodes/opcodes.def"
};

namespace {

/// Bodies larger than this stay in the interpreter.
constexpr uint32_t kMaxBodyBytes = 16u << 20;
/// The memory of larger ones is not kept.
constexpr uint32_t kLargeBody = 64u << 10;

[[nodiscard]] Error too_large(const engine::ModuleImage& module, uint32_t function) {
  Error error;
  error.kind = ErrorKind::limit;
  error.message = "function is too large for the compiler";
  error.offset = module.functions[function].body.offset;
  return error;
}

}  // namespace

Result<void> FunctionBuilder::build(const engine::ModuleImage& module, uint32_t function,
                                    const BuildOptions& options, Function& out) {
  const uint32_t size = module.functions[function].body.size;
  if (size > kMaxBodyBytes) return too_large(module, function);
  module_ = &module;
  options_ = options;
  out_ = &out;
  reset(function);
  auto built = build_body();
  if (size > kLargeBody) *this = FunctionBuilder();
  return built;
}

Result<void> FunctionBuilder::build_body() {
  declare_locals();
  begin_body();
  if (!run()) return too_large(*module_, function_);
  end_fuel();
  if (options_.osr_offset != 0 && !entered_) {
    Error error;
    error.kind = ErrorKind::usage;
    error.message = "no loop that can be reached begins here";
    error.offset = options_.osr_offset;
    return error;
  }
  return {};
}

void FunctionBuilder::reset(uint32_t function) {
  out_->reset();
  out_->module = module_;
  out_->index = function;
  out_->osr_offset = options_.osr_offset;
  function_ = function;
  type_ = &module_->function_type(function);
  for (const ValueType result : type_->results) out_->results.push_back(type_of(result));
  const engine::ByteRange range = module_->functions[function].body;
  body_ = engine::Cursor(module_->view(range), range.offset);
  offset_ = static_cast<uint32_t>(range.offset);
  loops_.reset(range.size);
  block_ = 0;
  reachable_ = true;
  entered_ = false;
  unreachable_code_ = {};
  fuel_ = kNoValue;
  fuel_count_ = 0;
  next_serial_ = 1;
  is_too_large_ = false;
  operands_.clear();
  local_types_.clear();
  local_slots_.clear();
  log_.clear();
  controls_.clear();
  labels_.clear();
  saved_.clear();
  loop_locals_.clear();
  clauses_.clear();
  pendings_.clear();
  pending_operands_.clear();
  pending_assigned_.clear();
  epoch_ = 0;
  out_->nodes.reserve(range.size);  // with what is inlined later
  out_->arguments.reserve(range.size);
  size_limit_ = uint64_t{48} * range.size + (1u << 20);
}

void FunctionBuilder::declare_locals() {
  engine::FrameNumbering slots(*type_);
  const auto declare = [&](ValueType type) {
    local_types_.push_back(type_of(type));
    local_slots_.push_back(slots.add(type.slots()));
  };
  for (const ValueType parameter : type_->parameters) declare(parameter);
  slots.skip_header();
  for (uint32_t runs = body_.read_count(2); runs > 0; --runs) {
    const uint32_t count = body_.read_u32();
    const ValueType type = body_.read_value_type();
    for (uint32_t i = 0; i < count; ++i) declare(type);
  }
  first_home_ = slots.next();
  locals_.resize(local_types_.size());
  logged_in_.assign(local_types_.size(), 0);
  stamps_.assign(local_types_.size(), 0);
  merged_.resize(local_types_.size());
}

void FunctionBuilder::begin_body() {
  block_ = out_->add_block();
  const size_t parameters = type_->parameters.size();
  for (size_t i = 0; i < parameters; ++i) locals_[i] = out_->add_parameter(block_, local_types_[i]);
  Value zeros[6] = {kNoValue, kNoValue, kNoValue, kNoValue, kNoValue, kNoValue};
  for (size_t i = parameters; i < locals_.size(); ++i) {
    Value& zero = zeros[static_cast<size_t>(local_types_[i])];
    if (zero == kNoValue) zero = constant_of(local_types_[i], 0);
    locals_[i] = zero;
  }
  Control function;
  function.kind = Control::Kind::function;
  function.type = type_;
  push_control(function);
  start_fuel();
}

/// False if the limits are reached.
bool FunctionBuilder::run() {
  engine::InstructionReader reader(body_);
  Instruction instruction;
  while (!body_.at_end() && reader.read_opcode(instruction)) {
    if (!reachable_ && unreachable_code_.skips(instruction.opcode)) {
      (void)reader.read_rest(instruction);
      continue;
    }
    offset_ = static_cast<uint32_t>(instruction.offset);
    const bool is_entry = !entered_ && options_.osr_offset != 0 && offset_ == options_.osr_offset;
    if (is_entry && instruction.opcode == Opcode::loop) enter_from_interpreter();
    if (fuel_ != kNoValue) ++fuel_count_;
    kSteps[static_cast<size_t>(instruction.opcode)](*this, reader, instruction);
    if (is_too_large_) return false;
  }
  return true;
}

/// Of all that grows, what edges hand over alone is not bounded by the body.
void FunctionBuilder::check_size() {
  is_too_large_ = is_too_large_ || out_->nodes.size() + out_->arguments.size() + pending_assigned_.size() +
                                           loop_locals_.size() >
                                       size_limit_;
}

// Fuel.

/// Ends the present stretch of code that is paid for at once, and begins another here. `where`: the context,
/// if it is known.
void FunctionBuilder::start_fuel(Value where) {
  if (!options_.fuel) return;
  end_fuel();
  if (!reachable_) return;
  fuel_ = add(node(Operation::fuel), {where != kNoValue ? where : context()});
  out_->has_calls = true;
}

void FunctionBuilder::end_fuel() {
  if (fuel_ != kNoValue) out_->nodes[fuel_].immediate = fuel_count_;
  fuel_ = kNoValue;
  fuel_count_ = 0;
}

void FunctionBuilder::allow_preemption() {
  if (options_.preempt_at_atomics) start_fuel();
}

// Nodes.

Value FunctionBuilder::constant_of(Type type, uint64_t bits, uint64_t upper) {
  constexpr Operation kConstants[] = {Operation::i64_const, Operation::i32_const, Operation::i64_const,
                                      Operation::f32_const, Operation::f64_const, Operation::v128_const};
  Node made = node(kConstants[static_cast<size_t>(type)], type, bits);
  made.extra = upper;
  return add(made);
}

bool FunctionBuilder::is_constant(Value value) const {
  const Operation operation = node_of(value).operation;
  return operation == Operation::v128_const ||
         (is_row(operation) && info(row_of(operation)).kind == engine::RowKind::constant);
}

Value FunctionBuilder::widen(Value value) {
  return type_of_value(value) == Type::i32 ? add(Operation::i64_extend_i32_u, Type::i64, {value}) : value;
}

Value FunctionBuilder::load_host(Operation access, Alias alias, Value base, uint64_t offset) {
  const char result = info(row_of(access)).signature.back();
  const Type type = result == 'i'   ? Type::i32
                    : result == 'l' ? Type::i64
                    : result == 'f' ? Type::f32
                    : result == 'd' ? Type::f64
                                    : Type::v128;
  Node made = node(Operation::host_load, type, offset);
  made.access = access;
  made.alias = alias;
  return add(made, {base});
}

Value FunctionBuilder::load_pointer(Alias alias, Value base, uint64_t offset) {
  return load_host(Operation::i64_load, alias, base, offset);
}

void FunctionBuilder::store_host(Operation access, Alias alias, Value base, uint64_t offset, Value value) {
  Node made = node(Operation::host_store, Type::none, offset);
  made.access = access;
  made.alias = alias;
  add(made, {base, value});
}

Value FunctionBuilder::load_member(uint64_t array_offset, uint32_t index) {
  const Value array = load_pointer(Alias::constant, instance(), array_offset);
  return load_pointer(Alias::constant, array, index * layout::kPointer);
}

void FunctionBuilder::trap_if(Value condition, TrapKind trap) {
  Node made = node(Operation::trap_if);
  made.trap = trap;
  add(made, {condition});
}

Value FunctionBuilder::call_runtime(RuntimeCall call, std::span<const Value> arguments, uint64_t extra,
                                    uint64_t extra2) {
  const std::string_view results = info(call).results;
  const Type type = results.empty() ? Type::none : results == "i" ? Type::i32 : Type::i64;
  Node made = node(Operation::call_runtime, type, static_cast<uint64_t>(call));
  made.extra = extra;
  made.extra2 = extra2;
  out_->has_calls = true;
  return add(made, arguments);
}

// Blocks.

void FunctionBuilder::set_target(BlockId from, size_t successor, BlockId target,
                                 std::span<const Value> arguments) {
  Edge& edge = out_->blocks[from].successors[successor];
  edge.target = target;
  edge.first_argument = static_cast<uint32_t>(out_->arguments.size());
  edge.argument_count = static_cast<uint32_t>(arguments.size());
  out_->arguments.insert(out_->arguments.end(), arguments.begin(), arguments.end());
  check_size();
}

BlockId FunctionBuilder::branch_away(Value condition) {
  const BlockId from = block_;
  add(Operation::branch, Type::none, {condition});
  out_->add_edge(from, kNoBlock);
  out_->add_edge(from, kNoBlock);
  block_ = out_->add_block();
  set_target(from, 1, block_);
  return from;
}

void FunctionBuilder::branch_between(Value condition, BlockId& if_not_zero, BlockId& if_zero) {
  const BlockId from = branch_away(condition);
  if_zero = block_;
  if_not_zero = out_->add_block();
  set_target(from, 0, if_not_zero);
}

BlockId FunctionBuilder::jump_away() {
  add(node(Operation::jump));
  out_->add_edge(block_, kNoBlock);
  return block_;
}

void FunctionBuilder::jump_to(BlockId target, std::span<const Value> arguments) {
  set_target(jump_away(), 0, target, arguments);
}

Result<void> build(const engine::ModuleImage& module, uint32_t function, const BuildOptions& options,
                   Function& out) {
  return FunctionBuilder().build(module, function, options, out);
}

}  // namespace heddle::jit
