// SPDX-License-Identifier: Apache-2.0
// Translator's core: the driver, the abstract operand stack, accumulators and emission. Families are in
// translate_*.cpp.
#include "engine/interpreter/translator.h"

namespace heddle::engine {

namespace {

constexpr ValueType::Kind kind_of(char signature_letter) {
  switch (signature_letter) {
    case 'i': return ValueType::Kind::i32;
    case 'l': return ValueType::Kind::i64;
    case 'f': return ValueType::Kind::f32;
    case 'v': return ValueType::Kind::v128;
    default: return ValueType::Kind::f64;
  }
}

constexpr auto make_result_types() {
  std::array<ValueType::Kind, kOpcodeCount> types{};
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    if (!kOpcodes[i].signature.empty()) types[i] = kind_of(kOpcodes[i].signature.back());
  }
  return types;
}

}  // namespace

constinit const std::array<ValueType::Kind, kOpcodeCount> Translator::kResultTypes = make_result_types();

template <Immediate immediate, auto method>
bool Translator::step(Translator& self, InstructionReader& reader, Instruction& instruction) {
  if (!reader.read<immediate>(instruction)) return false;
  (self.*method)(instruction);
  return true;
}

#define HEDDLE_STEP(method, name, code, text, immediate, ...) \
  &Translator::step<Immediate::immediate, &Translator::method>,
#define HEDDLE_STEP_OF_ROW(name, ...) HEDDLE_STEP(name, name, __VA_ARGS__)

const Translator::Step Translator::kSteps[] = {
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
#define WASM_TEST(...) HEDDLE_STEP(test, __VA_ARGS__)
#define WASM_BINARY(...) HEDDLE_STEP(binary, __VA_ARGS__)
#define WASM_COMPARE(...) HEDDLE_STEP(compare, __VA_ARGS__)
#define WASM_LOAD(...) HEDDLE_STEP(load, __VA_ARGS__)
#define WASM_STORE(...) HEDDLE_STEP(store, __VA_ARGS__)
#define WASM_ATOMIC_LOAD(...) HEDDLE_STEP(atomic_load, __VA_ARGS__)
#define WASM_ATOMIC_STORE(...) HEDDLE_STEP(atomic_store, __VA_ARGS__)
#define WASM_ATOMIC_RMW(...) HEDDLE_STEP(atomic_rmw, __VA_ARGS__)
#define WASM_ATOMIC_CMPXCHG(...) HEDDLE_STEP(atomic_cmpxchg, __VA_ARGS__)
#define WASM_ATOMIC_WAIT(...) HEDDLE_STEP(atomic_wait, __VA_ARGS__)
#define WASM_ATOMIC_NOTIFY(...) HEDDLE_STEP(atomic_notify, __VA_ARGS__)
#define WASM_ATOMIC_FENCE(...) HEDDLE_STEP(atomic_fence, __VA_ARGS__)
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
  static_assert(std::size(kSteps) == kOpcodeCount, "every kind of row has a step");
  // The body has been validated, so that reading can't fail.
  while (!body.at_end()) {
    if (!reader.read_opcode(instruction)) return false;
    if (!reachable_ && unreachable_code_.skips(instruction.opcode)) {
      if (!reader.read_rest(instruction)) return false;
      continue;
    }
    if (offsets_ != nullptr) offsets_->emplace_back(static_cast<uint32_t>(code_.size()), instruction.offset);
    if (fuel_position_ != kNone) ++fuel_count_;
    if (!kSteps[static_cast<size_t>(instruction.opcode)](*this, reader, instruction)) return false;
  }
  return finish();
}

Translator::Offsets Translator::translate_watched(uint32_t function) {
  Offsets offsets;
  offsets_ = &offsets;
  translate(function);
  offsets_ = nullptr;
  for (auto& [position, offset] : offsets) position = moved_[position];
  return offsets;
}

uint64_t Translator::offset_of(uint32_t function, uint64_t word) {
  uint64_t found = module_.functions[function].body.offset;
  for (const auto& [position, offset] : translate_watched(function)) {
    if (position <= word + skipped_words_) found = offset;
  }
  return found;
}

/// Of the instruction `fuel`.
constexpr uint64_t kFuelWords = 2;

/// The instruction behind the `loop` begins where its label is, or behind the count of fuel there; at least
/// an `end` follows.
std::optional<uint64_t> Translator::loop_at(uint32_t function, uint64_t offset) {
  const Offsets offsets = translate_watched(function);
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    if (offsets[i].second != offset) continue;
    return offsets[i + 1].first - skipped_words_ - (options_.fuel ? kFuelWords : 0);
  }
  return std::nullopt;
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
  unreachable_code_ = {};
  last_call_ = kNone;
  fuel_position_ = kNone;
  fuel_count_ = 0;
  reachable_ = true;
  calls_ = false;
  last_.forget();
  forget_accumulators();
}

void Translator::lay_out_frame(Cursor& body) {
  FrameNumbering slots(*type_);
  const auto add_local = [&](ValueType type) {
    local_slots_.push_back(slots.add(type.slots()));
    local_types_.push_back(type.kind());
  };
  for (const ValueType parameter : type_->parameters) add_local(parameter);
  header_ = slots.header();
  slots.skip_header();
  first_zeroed_ = slots.next();
  for (uint32_t runs = body.read_count(2); runs > 0; --runs) {
    const uint32_t count = body.read_u32();
    const ValueType type = body.read_value_type();
    for (uint32_t i = 0; i < count; ++i) add_local(type);
  }
  first_temporary_ = slots.next();
  frame_slots_ = slots.next();

  Control function;
  function.kind = Control::Kind::function;
  function.type = type_;
  function.base = first_temporary_;
  controls_.push_back(function);
  // Branches to the outermost label carry the results to the first temporaries.
  reserve_slots(first_temporary_ + type_->result_slots);
}

bool Translator::finish() {
  if (fuel_position_ != kNone) set_distance(fuel_position_, static_cast<int32_t>(fuel_count_));
  const uint32_t zeroed = first_temporary_ - first_zeroed_;
  if (!calls_ && zeroed == 0 && frame_slots_ <= kLeafSlots) {
    skipped_words_ = 2;
  } else {
    code_[1] = pack(frame_slots_, header_, first_zeroed_, zeroed);
  }
  join_instructions();
  emit_regions();
  return frame_slots_ <= kMaxFrameSlots;
}

// Operands.

ValueType::Kind Translator::type_of(char signature_letter) { return kind_of(signature_letter); }

void Translator::push_local(uint32_t local) {
  push(Operand::Kind::local, local_types_[local]).slot = local_slots_[local];
  aliases_.push_back(static_cast<uint32_t>(operands_.size() - 1));
  if (aliases_.size() > kMaxAliases) materialize(operands_.size() - 1);
}

/// Brings the operand at `index` into its home.
void Translator::materialize(size_t index) {
  Operand& operand = operands_[index];
  if (operand.kind == Operand::Kind::temporary) return;
  if (operand.kind == Operand::Kind::local) {
    const auto rest = std::remove(aliases_.begin(), aliases_.end(), static_cast<uint32_t>(index));
    aliases_.shrink_to(static_cast<size_t>(rest - aliases_.begin()));
  }
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

void Translator::drop_last() { drop_from(last_.position, last_.before); }

void Translator::drop_from(uint32_t position, const Mirrors& before) {
  code_.shrink_to(position);
  while (!starts_.empty() && starts_.back() >= position) starts_.pop_back();
  registers_ = before;
  last_.forget();
  if (offsets_ == nullptr) return;
  for (auto entry = offsets_->rbegin(); entry != offsets_->rend() && entry->first > position; ++entry) {
    entry->first = position;
  }
}

void Translator::set_field0(uint32_t position, uint32_t value) {
  code_[position + 1] = (code_[position + 1] & ~Word{0xffff}) | (value & 0xffff);
}

void Translator::set_distance(uint32_t position, int32_t distance) {
  code_[position + 1] = (code_[position + 1] & 0xffffffff) | Word{static_cast<uint32_t>(distance)} << 32;
}

void Translator::forget_accumulators() { registers_ = Mirrors{}; }

/// Ends the present stretch of code that is paid for at once, and begins another here.
void Translator::start_fuel() {
  if (!options_.fuel) return;
  if (fuel_position_ != kNone) set_distance(fuel_position_, static_cast<int32_t>(fuel_count_));
  fuel_count_ = 0;
  fuel_position_ = reachable_ ? emit(single_.fuel, 0) : kNone;
}

/// What other threads may see has happened: it and the next of its kind shall not be paid for at once where
/// others are to come between them.
void Translator::allow_preemption() {
  if (options_.preempt_at_atomics) start_fuel();
}

}  // namespace heddle::engine
