// SPDX-License-Identifier: Apache-2.0
// Translator's core: the driver, the abstract operand stack, accumulators and emission. Families are in
// translate_*.cpp.
#include "engine/interpreter/translator.h"

namespace heddle::engine {

const Translator::Method Translator::kMethods[] = {
#define WASM_GC(name, ...) &Translator::name,
#define WASM_EXCEPTION(name, ...) &Translator::name,
#define WASM_SIMD(...) &Translator::simd,
#define WASM_SIMD_ACCESS(...) &Translator::simd_access,
#define WASM_WIDE(...) &Translator::wide,
#define WASM_CONTROL(name, ...) &Translator::name,
#define WASM_PARAMETRIC(name, ...) &Translator::name,
#define WASM_VARIABLE(name, ...) &Translator::name,
#define WASM_TABLE(name, ...) &Translator::name,
#define WASM_MEMORY(name, ...) &Translator::name,
#define WASM_CONSTANT(...) &Translator::constant,
#define WASM_UNARY(...) &Translator::unary,
#define WASM_TEST(...) &Translator::test,
#define WASM_BINARY(...) &Translator::binary,
#define WASM_COMPARE(...) &Translator::compare,
#define WASM_LOAD(...) &Translator::load,
#define WASM_STORE(...) &Translator::store,
#define WASM_ATOMIC_LOAD(...) &Translator::atomic_load,
#define WASM_ATOMIC_STORE(...) &Translator::atomic_store,
#define WASM_ATOMIC_RMW(...) &Translator::atomic_rmw,
#define WASM_ATOMIC_CMPXCHG(...) &Translator::atomic_cmpxchg,
#define WASM_ATOMIC_WAIT(...) &Translator::atomic_wait,
#define WASM_ATOMIC_NOTIFY(...) &Translator::atomic_notify,
#define WASM_ATOMIC_FENCE(...) &Translator::atomic_fence,
#define WASM_REFERENCE(name, ...) &Translator::name,
#include "engine/opcodes/opcodes.def"
};

Translator::Translator(const ModuleImage& module, ModuleCode& code, const TranslationOptions& options)
    : module_(module),
      module_code_(code),
      options_(options),
      table_(handlers()),
      single_(table_.single),
      superinstructions_(superinstructions()) {}

bool Translator::translate(uint32_t function) {
  reset(function);
  const ByteRange range = module_.functions[function].body;
  Cursor body(module_.view(range), range.offset);
  lay_out_frame(body);
  emit(single_.enter, 0);  // filled in, or skipped, by finish()
  start_fuel();

  InstructionReader reader(body);
  Instruction instruction;
  static_assert(std::size(kMethods) == kOpcodeCount, "every kind of row has a method");
  while (!body.at_end()) {
    if (!reader.next(instruction)) return false;  // cannot be: the body has been validated
    if (!reachable_ && skip_unreachable(instruction)) continue;
    if (offsets_ != nullptr) offsets_->emplace_back(static_cast<uint32_t>(code_.size()), instruction.offset);
    if (fuel_position_ != kNone) ++fuel_count_;
    (this->*kMethods[static_cast<size_t>(instruction.opcode)])(instruction);
  }
  return finish();
}

uint64_t Translator::offset_of(uint32_t function, uint64_t word) {
  std::vector<std::pair<uint32_t, uint64_t>> offsets;
  offsets_ = &offsets;
  translate(function);
  offsets_ = nullptr;
  uint64_t found = module_.functions[function].body.offset;
  for (const auto& [position, offset] : offsets) {
    if (position <= word + skipped_words_) found = offset;
  }
  return found;
}

void Translator::reset(uint32_t function) {
  code_.clear();
  starts_.clear();
  labels_.clear();
  operands_.clear();
  controls_.clear();
  fixups_.clear();
  regions_.clear();
  clauses_.clear();
  sites_.clear();
  aliases_.clear();
  vectors_.clear();
  local_slots_.clear();
  local_types_.clear();
  type_ = &module_.function_type(function);
  skipped_words_ = 0;
  skipped_blocks_ = 0;
  fuel_position_ = kNone;
  fuel_count_ = 0;
  reachable_ = true;
  calls_ = false;
  last_ = Last{};
  forget_accumulators();
}

void Translator::lay_out_frame(Cursor& body) {
  uint32_t slot = 0;
  const auto add_local = [&](ValueType type) {
    local_slots_.push_back(slot);
    local_types_.push_back(type.kind());
    slot += type.slots();
  };
  for (const ValueType parameter : type_->parameters) add_local(parameter);
  header_ = header_slot(*type_);
  first_zeroed_ = slot = header_ + kHeaderSlots;
  for (uint32_t runs = body.read_count(2); runs > 0; --runs) {
    const uint32_t count = body.read_u32();
    const ValueType type = body.read_value_type();
    for (uint32_t i = 0; i < count; ++i) add_local(type);
  }
  first_temporary_ = slot;
  frame_slots_ = slot;

  Control function;
  function.kind = Control::Kind::function;
  function.type = type_;
  function.base = first_temporary_;
  controls_.push_back(function);
  // Branches to the outermost label carry the results to the first temporaries.
  reserve_slots(first_temporary_ + type_->result_slots);
}

/// Unreachable code gives no words; only its block structure counts.
bool Translator::skip_unreachable(const Instruction& instruction) {
  switch (instruction.opcode) {
    case Opcode::block:
    case Opcode::loop:
    case Opcode::if_:
    case Opcode::try_:
    case Opcode::try_table: ++skipped_blocks_; return true;
    case Opcode::else_:
    case Opcode::catch_:
    case Opcode::catch_all: return skipped_blocks_ > 0;
    case Opcode::end:
    case Opcode::delegate:
      if (skipped_blocks_ == 0) return false;
      --skipped_blocks_;
      return true;
    default: return true;
  }
}

bool Translator::finish() {
  if (fuel_position_ != kNone) set_distance(fuel_position_, static_cast<int32_t>(fuel_count_));
  emit_regions();
  const uint32_t zeroed = first_temporary_ - first_zeroed_;
  if (!calls_ && zeroed == 0 && frame_slots_ <= kLeafSlots) {
    skipped_words_ = 2;
  } else {
    code_[1] = pack(frame_slots_, header_, first_zeroed_, zeroed);
  }
  join_instructions();
  return frame_slots_ <= kMaxFrameSlots;
}

// Operands.

ValueType::Kind Translator::type_of(char signature_letter) {
  switch (signature_letter) {
    case 'i': return ValueType::Kind::i32;
    case 'l': return ValueType::Kind::i64;
    case 'f': return ValueType::Kind::f32;
    case 'v': return ValueType::Kind::v128;
    default: return ValueType::Kind::f64;
  }
}

Register Translator::register_of(ValueType::Kind type) {
  switch (type) {
    case ValueType::Kind::f32: return Register::f32;
    case ValueType::Kind::f64: return Register::f64;
    case ValueType::Kind::v128: return Register::vector;
    default: return Register::integer;
  }
}

uint32_t Translator::next_home() const {
  return operands_.empty() ? first_temporary_
                           : operands_.back().home + ValueType(operands_.back().type).slots();
}

void Translator::push(Operand operand) {
  operand.home = next_home();
  if (operand.kind == Operand::Kind::temporary) operand.slot = operand.home;
  reserve_slots(operand.home + 2);
  operands_.push_back(operand);
}

void Translator::push_temporary(ValueType::Kind type) { push({Operand::Kind::temporary, type, 0, 0, 0}); }

void Translator::push_constant(ValueType::Kind type, uint64_t bits) {
  push({Operand::Kind::constant, type, 0, kNone, bits});
}

void Translator::push_local(uint32_t local) {
  push({Operand::Kind::local, local_types_[local], 0, local_slots_[local], 0});
  aliases_.push_back(static_cast<uint32_t>(operands_.size() - 1));
  if (aliases_.size() > kMaxAliases) materialize(operands_.size() - 1);
}

Translator::Operand Translator::pop() {
  const Operand operand = operands_.back();
  operands_.pop_back();
  if (!aliases_.empty() && aliases_.back() == operands_.size()) aliases_.pop_back();
  return operand;
}

/// Brings the operand at `index` into its home.
void Translator::materialize(size_t index) {
  Operand& operand = operands_[index];
  if (operand.kind == Operand::Kind::temporary) return;
  if (operand.kind == Operand::Kind::local) std::erase(aliases_, static_cast<uint32_t>(index));
  move_to(operand.home, operand, false);
  operand.kind = Operand::Kind::temporary;
  operand.slot = operand.home;
}

void Translator::materialize_top(size_t count) {
  for (size_t i = operands_.size() - count; i < operands_.size(); ++i) materialize(i);
}

void Translator::flush_aliases() {
  while (!aliases_.empty()) materialize(aliases_.back());
}

/// Before a local is overwritten: operands that still mean its old value are copied out.
void Translator::flush_aliases_of(uint32_t local_slot) {
  for (size_t i = aliases_.size(); i-- > 0;) {
    if (operands_[aliases_[i]].slot == local_slot) materialize(aliases_[i]);
  }
}

/// Emits a move of the operand's value into a slot. `consumes`: a temporary's home is not needed afterwards.
void Translator::move_to(uint32_t destination, const Operand& operand, bool consumes) {
  const bool is_vector = operand.type == ValueType::Kind::v128;
  if (operand.kind == Operand::Kind::constant) {
    if (is_vector) {
      emit(table_.simd.constant, pack(destination));
      emit_vector(operand.bits);
    } else if (operand.bits <= UINT32_MAX) {
      emit(single_.constant, pack_immediate(destination, 0, static_cast<uint32_t>(operand.bits)));
    } else {
      emit(single_.constant64, pack(destination));
      emit_word(operand.bits);
    }
  } else if (where(operand) == Source::accumulator) {
    if (consumes) consume(operand);
    emit(single_.store_accumulator[static_cast<unsigned>(register_of(operand.type))], pack(destination));
  } else if (is_vector) {
    emit(table_.simd.copy, pack(destination, operand.slot));
  } else {
    const bool is_f32 = operand.type == ValueType::Kind::f32;
    emit(is_f32 ? single_.copy_f32 : single_.copy, pack(destination, operand.slot));
  }
  forget_slot(destination);
}

Source Translator::where(const Operand& operand) const {
  if (operand.kind == Operand::Kind::constant) return Source::immediate;
  const Mirror& mirror = registers_[static_cast<unsigned>(register_of(operand.type))];
  return mirror.slot == operand.slot ? Source::accumulator : Source::slot;
}

Translator::Use Translator::consume(const Operand& operand) {
  const Source source = where(operand);
  if (source == Source::accumulator && operand.kind == Operand::Kind::temporary) {
    Mirror& mirror = registers_[static_cast<unsigned>(register_of(operand.type))];
    if (mirror.without_store != nullptr) code_[mirror.position] = word_of(mirror.without_store);
    mirror.without_store = nullptr;
  }
  return {source, operand.slot, operand.bits};
}

void Translator::pin(const Operand& operand) {
  Mirror& mirror = registers_[static_cast<unsigned>(register_of(operand.type))];
  if (mirror.slot == operand.slot) mirror.without_store = nullptr;
}

Translator::Use Translator::consume_slot(const Operand& operand) {
  if (operand.kind != Operand::Kind::constant) return {Source::slot, operand.slot, 0};
  move_to(operand.home, operand, true);
  return {Source::slot, operand.home, 0};
}

// Emission.

uint32_t Translator::emit(Handler handler, Word word1) {
  const uint32_t position = static_cast<uint32_t>(code_.size());
  starts_.push_back(position);
  code_.push_back(word_of(handler));
  code_.push_back(word1);
  last_ = Last{};
  return position;
}

void Translator::drop_last() { drop_from(last_.position, last_.before); }

void Translator::drop_from(uint32_t position, const Mirrors& before) {
  code_.resize(position);
  while (!starts_.empty() && starts_.back() >= position) starts_.pop_back();
  registers_ = before;
  last_ = Last{};
  if (offsets_ == nullptr) return;
  for (auto entry = offsets_->rbegin(); entry != offsets_->rend() && entry->first > position; ++entry) {
    entry->first = position;
  }
}

/// Is the operand a temporary that the last instruction, of this kind, has just produced?
bool Translator::produced_last(const Operand& operand, Last::Kind kind) const {
  return last_.kind == kind && operand.kind == Operand::Kind::temporary && last_.destination == operand.slot;
}

void Translator::set_field0(uint32_t position, uint32_t value) {
  code_[position + 1] = (code_[position + 1] & ~Word{0xffff}) | (value & 0xffff);
}

void Translator::set_distance(uint32_t position, int32_t distance) {
  code_[position + 1] = (code_[position + 1] & 0xffffffff) | Word{static_cast<uint32_t>(distance)} << 32;
}

void Translator::forget_slot(uint32_t slot) {
  for (Mirror& mirror : registers_) {
    if (mirror.slot == slot) mirror = Mirror{};
  }
}

void Translator::define(uint32_t slot, Register which, uint32_t position, Handler without_store) {
  forget_slot(slot);
  registers_[static_cast<unsigned>(which)] = {slot, position, without_store};
}

void Translator::push_result(ValueType::Kind type, uint32_t position, Handler without_store) {
  last_.position = position;
  last_.result = position;
  last_.before = registers_;
  push_temporary(type);
  last_.destination = operands_.back().home;
  define(operands_.back().home, register_of(type), position, without_store);
}

void Translator::forget_accumulators() { registers_ = Mirrors{}; }

/// Ends the present stretch of code that is paid for at once, and begins another here.
void Translator::start_fuel() {
  if (!options_.fuel) return;
  if (fuel_position_ != kNone) set_distance(fuel_position_, static_cast<int32_t>(fuel_count_));
  fuel_count_ = 0;
  fuel_position_ = reachable_ ? emit(single_.fuel, 0) : kNone;
}

}  // namespace heddle::engine
