// SPDX-License-Identifier: Apache-2.0
// Walks the blocks in layout order and encodes each instruction with the locations the allocator gave its
// operands.
#include "jit/x64/emitter.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>

#include "jit/x64/emission.h"
#include "jit/x64/stubs.h"

namespace heddle::jit::x64 {

using namespace asmjit;  // NOLINT: asmjit's names are all over this file

namespace {

/// What instructions.def and three_operands.def say of a mnemonic.
struct Encoding {
  static constexpr uint8_t kOwnWidth = UINT8_MAX;  ///< Instruction::width

  InstId id = 0;
  InstId with_own_result = 0;  ///< the instruction with three operands, or none
  bool has_lock = false;
  bool implies_fixed = false;  ///< operands of a fixed register are not written
  std::array<uint8_t, 4> sizes{kOwnWidth, kOwnWidth, kOwnWidth, kOwnWidth};  ///< of operands; 0: none
};

constexpr uint8_t size_of(char letter) {
  switch (letter) {
    case 'b': return 1;
    case 'h': return 2;
    case 'd': return 4;
    case 'q': return 8;
    case 'x': return 0;
    default: return Encoding::kOwnWidth;
  }
}

constexpr Encoding make_encoding(std::string_view text, InstId id, std::string_view letters) {
  Encoding made;
  made.id = id;
  made.has_lock = text.starts_with("lock ");
  made.implies_fixed = letters.starts_with('!');
  if (made.implies_fixed) letters.remove_prefix(1);
  for (size_t i = 0; i < letters.size(); ++i) made.sizes[i] = size_of(letters[i]);
  return made;
}

constexpr auto make_encodings() {
  std::array encodings = {
#define X64_INSTRUCTION(name, text, id, letters) make_encoding(text, x86::Inst::kId##id, letters),
#include "jit/x64/instructions.def"
  };
#define X64_THREE_OPERANDS(mnemonic, id, commutes) \
  encodings[static_cast<size_t>(Mnemonic::mnemonic)].with_own_result = x86::Inst::kId##id;
#include "jit/x64/three_operands.def"
  return encodings;
}
constexpr auto kEncodings = make_encodings();

[[nodiscard]] const Encoding& encoding_of(const Instruction& instruction) {
  return kEncodings[static_cast<size_t>(instruction.mnemonic)];
}

/// Has it a result that is not tied, though it could be?
[[nodiscard]] bool has_own_result(const Encoding& encoding, std::span<const Operand> operands) {
  return encoding.with_own_result != 0 && operands.size() >= 2 && operands[0].role == Role::define &&
         operands[0].policy != Policy::tied;
}

constexpr x86::CondCode kConditionCodes[] = {
    x86::CondCode::kO, x86::CondCode::kNO, x86::CondCode::kB,  x86::CondCode::kAE,
    x86::CondCode::kE, x86::CondCode::kNE, x86::CondCode::kBE, x86::CondCode::kA,
    x86::CondCode::kS, x86::CondCode::kNS, x86::CondCode::kP,  x86::CondCode::kNP,
    x86::CondCode::kL, x86::CondCode::kGE, x86::CondCode::kLE, x86::CondCode::kG,
};

[[nodiscard]] InstId id_of(const Instruction& instruction) {
  const x86::CondCode condition = kConditionCodes[static_cast<size_t>(instruction.condition)];
  switch (instruction.mnemonic) {
    case Mnemonic::jcc: return x86::Inst::jccFromCond(condition);
    case Mnemonic::setcc: return x86::Inst::setccFromCond(condition);
    case Mnemonic::cmovcc: return x86::Inst::cmovccFromCond(condition);
    default: return encoding_of(instruction).id;
  }
}

/// How many of the last operands are the memory operand's registers.
[[nodiscard]] unsigned memory_registers(const Instruction& instruction) {
  const unsigned index = instruction.has_index ? 1 : 0;
  if (instruction.memory == MemoryBase::registers) return 1 + index;
  return instruction.memory == MemoryBase::guest ? index : 0;
}

}  // namespace

Emission::Emission(const MachineFunction& function, const Allocation& allocation, EmittedCode& out)
    : function_(function),
      allocation_(allocation),
      out_(out),
      frame_(layout_frame(function, allocation)),
      moves_(allocation.moves) {
  code_.init(Environment::host());
  code_.setErrorHandler(&refusal_);
  code_.attach(&assembler_);
  assembler_.addEncodingOptions(EncodingOptions::kOptimizedAlign);
}

// ------------------------------------------------------------------------------------------------------
// operands

Emission::Gp Emission::gp(Register reg, unsigned width) {
  const unsigned number = number_of(reg);
  switch (width) {
    case 1: return x86::gpb(number);
    case 2: return x86::gpw(number);
    case 4: return x86::gpd(number);
    default: return x86::gpq(number);
  }
}

Emission::Mem Emission::slot(const Location& location, unsigned width) const {
  return x86::ptr(x86::rbp, frame_.slot(location.slot), width);
}

asmjit::Operand Emission::register_operand(const Location& location, unsigned size) const {
  if (!location.is_register()) return slot(location, size);
  if (class_of(location.reg) == RegisterClass::vector) return xmm(location.reg);
  return gp(location.reg, size);
}

Emission::Mem Emission::memory_operand(const Instruction& instruction, std::span<const Location> locations,
                                       unsigned size) {
  const auto last = locations.last(memory_registers(instruction));
  switch (instruction.memory) {
    case MemoryBase::registers:
      if (!instruction.has_index) return x86::ptr(gp(last[0].reg), instruction.displacement, size);
      return x86::ptr(gp(last[0].reg), gp(last[1].reg), instruction.scale_log2, instruction.displacement,
                      size);
    case MemoryBase::guest:
      if (!instruction.has_index) return x86::ptr(gp(kMemoryBase), instruction.displacement, size);
      return x86::ptr(gp(kMemoryBase), gp(last[0].reg), instruction.scale_log2, instruction.displacement,
                      size);
    case MemoryBase::instance: return x86::ptr(gp(kInstance), instruction.displacement, size);
    case MemoryBase::frame_slots: return x86::ptr(x86::rsp, instruction.displacement, size);
    case MemoryBase::constant: {
      const Literal& value = function_.literals[static_cast<size_t>(instruction.immediate)];
      return x86::ptr(literal(value.low, value.high, value.width), 0, size);
    }
    case MemoryBase::none: break;
  }
  assert(false);
  return {};
}

Label Emission::literal(uint64_t low, uint64_t high, uint8_t width) {
  const Literal wanted{low, high, width};
  const auto next = static_cast<uint32_t>(literals_.size());
  const uint32_t number = literal_index_.find_or_add(wanted, next);
  if (number == next) literals_.push_back({assembler_.newLabel(), wanted});
  return literals_[number].label;
}

// ------------------------------------------------------------------------------------------------ sites and
// traps

/// A place is one site: an access right behind a call would stand where the call returns to.
void Emission::add_site(Site::Kind kind, uint32_t wasm_offset, TrapKind trap) {
  if (kind == Site::Kind::fault && !out_.sites.empty() &&
      out_.sites.back().code_offset == assembler_.offset())
    assembler_.nop();
  out_.sites.push_back({static_cast<uint32_t>(assembler_.offset()), wasm_offset, 0, kind, trap});
}

Label Emission::cold_trap(TrapKind kind, uint32_t offset) {
  // Those of one instruction come one after the other.
  if (!cold_traps_.empty() && cold_traps_.back().kind == kind && cold_traps_.back().offset == offset)
    return cold_traps_.back().label;
  cold_traps_.push_back({assembler_.newLabel(), kind, offset});
  return cold_traps_.back().label;
}

void Emission::call_trap(TrapKind kind, uint32_t offset) {
  assembler_.mov(gp(kScratch, 4), static_cast<uint32_t>(kind));
  call_stub(function_.stubs->trap);
  add_site(Site::Kind::trap, offset, kind);
}

void Emission::jump_if(Condition condition, Label target) {
  assembler_.emit(x86::Inst::jccFromCond(kConditionCodes[static_cast<size_t>(condition)]), target);
}

void Emission::call_stub(uintptr_t stub) { assembler_.call(literal64(stub)); }

// ----------------------------------------------------------------------------------------------------------
// moves

void Emission::emit_moves(uint32_t instruction) {
  for (; has_moves(instruction); moves_ = moves_.subspan(1)) emit_move(moves_.front());
}

void Emission::emit_move(const InsertedMove& move) {
  if (move.rematerialize != UINT32_MAX) return rematerialize(move);
  const bool from_register = move.from.is_register(), to_register = move.to.is_register();
  const bool wide = move.width == 16;
  if (!from_register && !to_register) {
    if (wide) {
      assembler_.movups(xmm(kVectorScratch), slot(move.from, 16));
      assembler_.movups(slot(move.to, 16), xmm(kVectorScratch));
    } else {
      assembler_.mov(gp(kScratch), slot(move.from, 8));
      assembler_.mov(slot(move.to, 8), gp(kScratch));
    }
    return;
  }
  const bool vector = class_of(from_register ? move.from.reg : move.to.reg) == RegisterClass::vector;
  if (from_register && to_register) {
    if (move.from == move.to) return;
    if (class_of(move.from.reg) != class_of(move.to.reg)) {
      assembler_.movq(xmm(move.to.reg), gp(move.from.reg));
    } else if (vector) {
      assembler_.movaps(xmm(move.to.reg), xmm(move.from.reg));
    } else {
      assembler_.mov(gp(move.to.reg), gp(move.from.reg));
    }
  } else if (from_register) {
    if (!vector)
      assembler_.mov(slot(move.to, 8), gp(move.from.reg));
    else if (wide)
      assembler_.movups(slot(move.to, 16), xmm(move.from.reg));
    else
      assembler_.movsd(slot(move.to, 8), xmm(move.from.reg));
  } else {
    if (!vector)
      assembler_.mov(gp(move.to.reg), slot(move.from, 8));
    else if (wide)
      assembler_.movups(xmm(move.to.reg), slot(move.from, 16));
    else
      assembler_.movsd(xmm(move.to.reg), slot(move.from, 8));
  }
}

/// Repeats an instruction that needs no register, with its result elsewhere.
void Emission::rematerialize(const InsertedMove& move) {
  const Instruction& instruction = function_.instructions[move.rematerialize];
  const bool vector =
      function_.registers[function_.operands_of(instruction)[0].reg].register_class == RegisterClass::vector;
  Location target = move.to;
  if (!target.is_register()) target.reg = vector ? kVectorScratch : kScratch;
  if (instruction.form == Form::pseudo) {
    expand(instruction, {&target, 1});
  } else {
    emit_plain(instruction, {&target, 1});
  }
  if (!move.to.is_register()) emit_move({0, {target.reg}, move.to, move.width, UINT32_MAX});
}

// ---------------------------------------------------------------------------------------------------
// instructions

void Emission::emit_plain(const Instruction& instruction, std::span<const Location> locations) {
  const Encoding& encoding = encoding_of(instruction);
  const auto operands = function_.operands_of(instruction);
  const size_t registers =
      locations.size() - std::min<size_t>(locations.size(), memory_registers(instruction));
  // Only the first result is ever tied; it stands for the other operand, too.
  const size_t tied =
      !operands.empty() && operands[0].policy == Policy::tied ? operands[0].tied_to : SIZE_MAX;
  // A result of its own is as large as the operand that it would be tied to.
  const bool own_result = has_own_result(encoding, operands);
  asmjit::Operand written[4];
  unsigned count = 0;
  const auto size = [&] {
    const uint8_t said = encoding.sizes[own_result && count > 0 ? count - 1 : count];
    return said == Encoding::kOwnWidth ? instruction.width : said;
  };
  const bool memory_first = instruction.form == Form::mr || instruction.form == Form::m ||
                            instruction.form == Form::mi || instruction.form == Form::mri;
  const auto write_memory = [&] {
    written[count] = memory_operand(instruction, locations, size());
    ++count;
  };
  if (memory_first) write_memory();
  for (size_t i = 0; i < registers; ++i) {
    if (i == tied || (encoding.implies_fixed && operands[i].policy == Policy::fixed)) continue;
    written[count] = register_operand(locations[i], size());
    ++count;
  }
  if (!memory_first && instruction.memory != MemoryBase::none) write_memory();
  switch (instruction.form) {
    case Form::i:
    case Form::ri:
    case Form::rri:
    case Form::rrri:
    case Form::mi:
    case Form::rmi:
    case Form::mri:
    case Form::rrmi: written[count++] = Imm(instruction.immediate); break;
    default: break;
  }
  if (instruction.memory == MemoryBase::guest) add_site(Site::Kind::fault, instruction.offset);
  if (encoding.has_lock) assembler_.lock();
  assembler_.emitOpArray(own_result ? encoding.with_own_result : id_of(instruction), written, count);
}

/// `lea r, [r + x]` is a shorter addition. Nothing else comes between the flags and who reads them, so these
/// may be written.
bool Emission::emit_lea_as_add(const Instruction& instruction, std::span<const Location> locations) {
  if (instruction.memory != MemoryBase::registers) return false;
  const Register result = locations[0].reg, base = locations[1].reg;
  const unsigned width = instruction.width;
  if (!instruction.has_index) {
    if (result != base || instruction.displacement == 0) return false;
    assembler_.add(gp(result, width), instruction.displacement);
  } else {
    const Register index = locations[2].reg;
    if (instruction.displacement != 0 || instruction.scale_log2 != 0 || (result != base && result != index))
      return false;
    assembler_.add(gp(result, width), gp(result == base ? index : base, width));
  }
  flags_of_ = {result, instruction.width, assembler_.offset()};
  return true;
}

/// Remembers a result whose flags say whether it is zero.
void Emission::note_flags(const Instruction& instruction, std::span<const Location> locations) {
  switch (instruction.mnemonic) {
    case Mnemonic::add:
    case Mnemonic::sub:
    case Mnemonic::and_:
    case Mnemonic::or_:
    case Mnemonic::xor_:
    case Mnemonic::neg:
      if (!locations.empty() && locations[0].is_register() &&
          function_.operands_of(instruction)[0].policy == Policy::tied) {
        flags_of_ = {locations[0].reg, instruction.width, assembler_.offset()};
      }
      return;
    default: return;
  }
}

/// Does `test r, r` ask what the flags say already?
bool Emission::is_known_by_flags(uint32_t index, std::span<const Location> locations) const {
  const Instruction& test = function_.instructions[index];
  if (test.form != Form::rr || locations[0] != locations[1]) return false;
  if (flags_of_.end != assembler_.offset() || flags_of_.reg != locations[0].reg ||
      flags_of_.width != test.width)
    return false;
  if (index + 1 >= function_.instructions.size()) return false;
  const Instruction& reader = function_.instructions[index + 1];
  const bool reads = reader.mnemonic == Mnemonic::jcc || reader.mnemonic == Mnemonic::setcc ||
                     reader.mnemonic == Mnemonic::cmovcc || reader.mnemonic == Mnemonic::trap_if;
  return reads && (reader.condition == Condition::equal || reader.condition == Condition::not_equal);
}

void Emission::emit_instruction(uint32_t index) {
  const Instruction& instruction = function_.instructions[index];
  if (out_.wants_lines)
    out_.lines.push_back({static_cast<uint32_t>(assembler_.offset()), instruction.offset});
  const auto locations =
      std::span(allocation_.operands).subspan(instruction.first_operand, instruction.operand_count);
  if (instruction.is_move && locations.size() >= 2 && locations[0] == locations[1]) return;
  switch (instruction.mnemonic) {
    case Mnemonic::jmp:
      if (jump_target(instruction.target) != next_block_) assembler_.jmp(label_of(instruction.target));
      return;
    case Mnemonic::jcc: assembler_.emit(id_of(instruction), label_of(instruction.target)); return;
    case Mnemonic::test:
      if (is_known_by_flags(index, locations)) return;
      break;
    case Mnemonic::lea:
      if (emit_lea_as_add(instruction, locations)) return;
      break;
    default: break;
  }
  if (instruction.form == Form::pseudo) return expand(instruction, locations);
  emit_plain(instruction, locations);
  note_flags(instruction, locations);
}

// ------------------------------------------------------------------------------------------------------- the
// walk

/// A block that only jumps is not emitted; jumps to it go on to where it jumps.
void Emission::plan_jumps() {
  const auto& moves = allocation_.moves;
  size_t move = moves.size();
  const auto has_moves = [&](uint32_t instruction) {  // asked from the last to the first
    while (move > 0 && moves[move - 1].instruction >= instruction) --move;
    return move < moves.size() && moves[move].instruction == instruction;
  };
  forwarded_.resize(function_.blocks.size());
  for (BlockId id = 0; id < forwarded_.size(); ++id) forwarded_[id] = id;
  for (size_t i = function_.order.size(); i-- > 0;) {
    const BlockId id = function_.order[i];
    const MachineBlock& block = function_.blocks[id];
    if (i == 0 || block.instruction_count != 1 || block.is_handler) continue;
    const Instruction& only = function_.instructions[block.first_instruction];
    // An endless loop of nothing would lead back to itself.
    if (only.mnemonic != Mnemonic::jmp || has_moves(block.first_instruction) || forwarded_[only.target] == id)
      continue;
    forwarded_[id] = forwarded_[only.target];
  }
  // Blocks that jump backwards were forwarded to what had not been forwarded itself yet.
  for (const BlockId id : function_.order) {
    BlockId target = id;
    for (unsigned steps = 0; forwarded_[target] != target && steps < 64; ++steps) target = forwarded_[target];
    forwarded_[id] = target;
  }
  order_.reserve(function_.order.size());
  for (const BlockId id : function_.order) {
    if (forwarded_[id] == id) order_.push_back(id);
  }
  labels_.resize(function_.blocks.size());
}

/// Of the block that a jump to this one really goes to.
Label Emission::label_of(BlockId block) {
  Label& label = labels_[jump_target(block)];
  if (!label.isValid()) label = assembler_.newLabel();
  return label;
}

/// Does nobody come to the block but the one before it, by its last jump? (Then it needs no label, unless one
/// has been asked for.)
bool Emission::is_only_fallen_into(size_t position) const {
  if (position == 0) return false;
  const BlockId id = order_[position], before = order_[position - 1];
  const auto& predecessors = function_.blocks[id].predecessors;
  if (predecessors.size() != 1 || predecessors[0] != before) return false;
  const MachineBlock& block = function_.blocks[before];
  const Instruction& last = function_.instructions[block.first_instruction + block.instruction_count - 1];
  return last.mnemonic == Mnemonic::jmp && jump_target(last.target) == id;
}

void Emission::emit_prologue() {
  const uint32_t offset = function_.instructions.empty() ? 0 : function_.instructions[0].offset;
  if (!frame_.has_frame) return;
  assembler_.push(x86::rbp);
  assembler_.mov(x86::rbp, x86::rsp);
  if (frame_.frame_bytes != 0) assembler_.sub(x86::rsp, frame_.frame_bytes);
  for (const FrameLayout::Saved& saved : frame_.saved)
    assembler_.mov(x86::ptr(x86::rbp, saved.offset), gp(saved.reg));
  if (function_.saves_instance) assembler_.mov(x86::ptr(x86::rbp, kSavedInstance), gp(kInstance));
  const bool calls =
      std::any_of(function_.instructions.begin(), function_.instructions.end(), [](const Instruction& each) {
        return each.is_call || each.mnemonic == Mnemonic::tail_call_own ||
               each.mnemonic == Mnemonic::tail_call_function;
      });
  if (calls || frame_.frame_bytes > 1024) expand_stack_check(offset);
}

void Emission::emit_epilogue() {
  if (!frame_.has_frame) return;
  for (const FrameLayout::Saved& saved : frame_.saved)
    assembler_.mov(gp(saved.reg), x86::ptr(x86::rbp, saved.offset));
  if (frame_.frame_bytes != 0) assembler_.mov(x86::rsp, x86::rbp);
  assembler_.pop(x86::rbp);
}

void Emission::emit_block(size_t position) {
  const MachineBlock& block = function_.blocks[order_[position]];
  next_block_ = position + 1 < order_.size() ? order_[position + 1] : kNoBlock;
  if (block.is_loop_header && !block.is_cold) assembler_.align(AlignMode::kCode, 16);
  if (labels_[order_[position]].isValid() || !is_only_fallen_into(position))
    assembler_.bind(label_of(order_[position]));
  flags_of_ = {};
  const uint32_t end = block.first_instruction + block.instruction_count;
  for (uint32_t index = block.first_instruction; index < end; ++index) {
    const Instruction& instruction = function_.instructions[index];
    emit_moves(index);
    // `jcc next; jmp elsewhere` is one jump, of the opposite condition.
    if (instruction.mnemonic == Mnemonic::jcc && index + 2 == end &&
        jump_target(instruction.target) == next_block_ &&
        function_.instructions[index + 1].mnemonic == Mnemonic::jmp) {
      Instruction inverted = instruction;
      inverted.condition = negate(instruction.condition);
      if (!has_moves(index + 1)) {
        assembler_.emit(id_of(inverted), label_of(function_.instructions[index + 1].target));
        return;
      }
    }
    emit_instruction(index);
  }
}

void Emission::emit_cold() {
  // Cold code may ask for traps, and for more cold code.
  for (size_t i = 0; i < cold_code_.size(); ++i) {
    const auto code = std::move(cold_code_[i]);
    code();
  }
  for (const ColdTrap& cold : cold_traps_) {
    assembler_.bind(cold.label);
    call_trap(cold.kind, cold.offset);
  }
}

void Emission::emit_literals() {
  std::sort(literals_.begin(), literals_.end(),
            [](const PlacedLiteral& a, const PlacedLiteral& b) { return a.literal.width > b.literal.width; });
  if (!literals_.empty()) assembler_.align(AlignMode::kData, literals_.front().literal.width);
  for (const PlacedLiteral& placed : literals_) {
    assembler_.bind(placed.label);
    const uint64_t words[2] = {placed.literal.low, placed.literal.high};
    assembler_.embed(words, placed.literal.width);
  }
}

void Emission::emit_jump_tables() {
  for (const auto& [table, label] : tables_) {
    assembler_.align(AlignMode::kData, 4);
    assembler_.bind(label);
    for (const BlockId target : function_.jump_tables[table]) {
      assembler_.embedLabelDelta(label_of(target), label, 4);
    }
  }
}

Result<void> Emission::finish() {
  if (refusal_.first != 0) {
    Error error;
    error.kind = ErrorKind::limit;
    error.message = "an instruction cannot be encoded: " + refusal_.message;
    return error;
  }
  for (const auto& [site, block] : landings_) {
    out_.sites[site].landing = static_cast<uint32_t>(code_.labelOffset(label_of(block)));
  }
  if (!std::ranges::is_sorted(out_.sites, {}, &Site::code_offset)) {
    std::ranges::sort(out_.sites, {}, &Site::code_offset);
  }
  // Everything is in one section and nothing is absolute, so that flattening leaves nothing to relocate.
  code_.flatten();
  code_.resolveUnresolvedLinks();
  code_.relocateToBase(0x10000);
  const CodeBuffer& buffer = code_.textSection()->buffer();
  out_.bytes.assign(buffer.data(), buffer.data() + buffer.size());
  out_.frame_bytes = frame_.has_frame ? frame_.frame_bytes : 0;
  out_.saves_instance = function_.saves_instance;
  return {};
}

Result<void> Emission::run() {
  if (frame_.frame_bytes > kMaxFrameBytes) {
    Error error;
    error.kind = ErrorKind::limit;
    error.message = "the function needs too large a frame";
    return error;
  }
  plan_jumps();
  emit_prologue();
  for (size_t i = 0; i < order_.size(); ++i) emit_block(i);
  emit_cold();
  out_.code_bytes = static_cast<uint32_t>(assembler_.offset());
  emit_jump_tables();
  emit_literals();
  return finish();
}

Result<void> emit(const MachineFunction& function, const Allocation& allocation, EmittedCode& out) {
  out.bytes.clear();
  out.sites.clear();
  out.lines.clear();
  return Emission(function, allocation, out).run();
}

}  // namespace heddle::jit::x64
