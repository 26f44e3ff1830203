// SPDX-License-Identifier: Apache-2.0
// Translator: one validated function body -> interpreter words, in one pass.
//
// It follows the operand stack abstractly. An operand is a temporary in its home slot (home = position on the
// stack), a local that has been read but not copied yet, or a constant; so local.get and const emit nothing.
// At every label the operands that a branch carries are temporaries in their homes, and so are all that stood
// below the block when it began (constants excepted), so all paths to a label agree.
//
// Some instructions take in the one before: a branch a comparison, an access an addition, local.set any
// producer. `last_` describes that instruction and is forgotten at labels. When the function is complete,
// instructions that follow each other get superinstructions' handlers (join_instructions).
//
// Accumulators: every instruction with a result leaves it in the accumulator of its class as well as in its
// slot. `registers_` knows which slot an accumulator mirrors. When a temporary is consumed from there, the
// store into its home was useless, and the producer's handler is replaced by the one that does not store.
//
// Nothing recurses; memory is linear in the body. Not thread-safe; reusable.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/binary/instruction_reader.h"
#include "engine/binary/unreachable_code.h"
#include "engine/interpreter/handlers.h"
#include "engine/interpreter/module_code.h"
#include "engine/interpreter/row_automaton.h"
#include "engine/module/module.h"
#include "engine/support/stack.h"

namespace heddle::engine {

class Translator {
 public:
  Translator(const ModuleImage& module, ModuleCode& code, const TranslationOptions& options);

  /// Translates one function; its code is in words() until the next call. False if the frame is too large.
  bool translate(uint32_t function);
  [[nodiscard]] std::span<const Word> words() const { return std::span(code_).subspan(skipped_words_); }

  /// Translates and returns the module offset of the instruction that gave words()[word].
  uint64_t offset_of(uint32_t function, uint64_t word);
  /// Translates and returns where in words() the `loop` at this module offset begins; nothing if there is
  /// none.
  std::optional<uint64_t> loop_at(uint32_t function, uint64_t offset);

 private:
  struct Operand {
    enum class Kind : uint8_t { temporary, local, constant } kind;
    ValueType::Kind type;
    uint32_t home;  ///< its slot as a temporary
    uint32_t slot;  ///< where the value is now: home, or the local's slot
    uint64_t bits;  ///< constant; of a v128, its place in vectors_
  };

  /// An operand as a handler will get it.
  struct Use {
    Source source;
    uint32_t slot = 0;
    uint64_t bits = 0;
  };

  struct Control {
    enum class Kind : uint8_t { block, loop, if_, else_, try_, catch_, function } kind;
    bool branched_to = false;
    bool has_value = false;  ///< `value` is the one result
    ValueType value;
    const TypeDefinition* type = nullptr;  ///< parameters and results, if declared by index
    uint32_t height = 0;                   ///< operands below the parameters
    uint32_t base = 0;                     ///< home of the first parameter and of the first result
    uint32_t start = 0;                    ///< loop: position of its first instruction
    uint32_t fixups = kNone;               ///< forward branches to the end, linked
    uint32_t else_fixups = kNone;          ///< if: the branch to else (or end)
    uint32_t region = kNone;               ///< what catches exceptions thrown inside
    uint32_t own_region = kNone;           ///< legacy try: the region of its body
  };

  /// A distance, filled in when its label is bound, and again when code has moved.
  struct Fixup {
    uint32_t instruction;  ///< position the distance counts from
    uint32_t entry;        ///< kNone: word 1's upper half; kClauseEntry: `instruction` is a clause; else the
                           ///< entry of a branch table
    uint32_t next;
  };

  /// Where in the code a branch keeps a distance.
  struct DistancePlace {
    uint32_t word;
    uint32_t shift;
  };
  /// Not of a clause.
  [[nodiscard]] static DistancePlace place_of(const Fixup& fixup) {
    if (fixup.entry == kNone) return {fixup.instruction + 1, 32};
    return {fixup.instruction + 2 + fixup.entry / 2, fixup.entry % 2 * 32};
  }

  /// What is caught around some sites. `position` is set when the function ends.
  struct Region {
    uint32_t parent;  ///< the region around it
    uint32_t first;   ///< its clauses, linked
    uint32_t last;
    uint32_t clauses;  ///< how many
    uint32_t position;
  };
  struct RegionClause {
    uint32_t tag;
    uint32_t payload;    ///< slot of the tag's first value
    uint32_t reference;  ///< slot of the exception
    uint32_t target;     ///< position in the code
    uint32_t next;
  };
  /// An instruction that may throw, inside a region.
  struct Site {
    uint32_t position;
    uint32_t region;
  };

  /// Code that carries a br_table's operands to one label; valid for one br_table.
  struct Thunk {
    uint32_t position = 0;
    uint64_t generation = 0;
  };

  /// How an access to a guarded memory forms its address.
  struct AddressUse {
    Address address = Address::slot;
    uint32_t base = 0;       ///< slot
    uint32_t second = 0;     ///< slot_slot
    uint32_t immediate = 0;  ///< offset, or what is added
  };

  /// Which slot an accumulator mirrors, who put the value there, and that handler's form without the store.
  struct Mirror {
    uint32_t slot = kNone;
    uint32_t position = kNone;
    Handler without_store = nullptr;
  };
  using Mirrors = std::array<Mirror, kRegisters>;

  /// The last instruction, while the next may still take it in.
  struct Last {
    uint32_t position = kNone;
    uint32_t result = kNone;       ///< position of the instruction whose field 0 is the result's slot
    uint32_t destination = kNone;  ///< the result's slot, or kNone
    enum class Kind : uint8_t { other, binary, compare, test } kind = Kind::other;
    bool negated = false;  ///< compare: an eqz follows it, and both are meant
    Opcode opcode{};       ///< unless other
    Use left, right;
    Mirrors before;  ///< unless other: accumulators before it ran

    /// What position, result and the members that belong to a kind hold means nothing from now on.
    void forget() {
      destination = kNone;
      kind = Kind::other;
      negated = false;
    }
  };

  /// Where a branch goes: a label, or an if's else.
  struct Target {
    Control* control;
    bool to_else = false;
  };

  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kClauseEntry = UINT32_MAX - 1;
  static constexpr size_t kMaxAliases = 64;
  static constexpr unsigned kWrittenBits = 3;
  static constexpr uint32_t kWrittenMask = (1u << kWrittenBits) - 1;
  static constexpr uint32_t kMostWriters = UINT32_MAX >> kWrittenBits;

  /// A place between instructions: see join_instructions.
  struct Join {
    Handler row = nullptr;       ///< of the superinstruction that ends before this place, if length > 1
    int32_t cost = 0;            ///< of the code before this place
    uint8_t length = 1;          ///< instructions from where the cheapest way to this place comes from
    uint8_t begins = 1;          ///< instructions that one handler does from here on
    bool keeps_handler = false;  ///< of the instruction here: see SuperinstructionTable::Member
  };

  /// Positions in code_ and the offsets in the module of the instructions that begin there.
  using Offsets = std::vector<std::pair<uint32_t, uint64_t>>;
  [[nodiscard]] Offsets translate_watched(uint32_t function);

  /// Reads a row's immediate and calls its method.
  using Step = bool (*)(Translator&, InstructionReader&, Instruction&);
  static const Step kSteps[];
  template <Immediate immediate, auto method>
  static bool step(Translator& self, InstructionReader& reader, Instruction& instruction);

  // translator.cpp: the driver, operands and emission.
  void reset(uint32_t function);
  void lay_out_frame(Cursor& body);
  bool finish();

  [[nodiscard]] static Register register_of(ValueType::Kind type) {
    switch (type) {
      case ValueType::Kind::f32: return Register::f32;
      case ValueType::Kind::f64: return Register::f64;
      case ValueType::Kind::v128: return Register::vector;
      default: return Register::integer;
    }
  }
  [[nodiscard]] static ValueType::Kind type_of(char signature_letter);
  static const std::array<ValueType::Kind, kOpcodeCount> kResultTypes;
  /// Of a row with a signature.
  [[nodiscard]] static ValueType::Kind result_type(Opcode opcode) {
    return kResultTypes[static_cast<size_t>(opcode)];
  }
  [[nodiscard]] uint32_t next_home() const {
    if (operands_.empty()) return first_temporary_;
    return operands_.back().home + ValueType(operands_.back().type).slots();
  }
  /// Its slot and bits are the caller's to fill in.
  Operand& push(Operand::Kind kind, ValueType::Kind type) {
    const uint32_t home = next_home();
    reserve_slots(home + 2);
    Operand& operand = operands_.push();
    operand.kind = kind;
    operand.type = type;
    operand.home = home;
    return operand;
  }
  void push_temporary(ValueType::Kind type) {
    Operand& operand = push(Operand::Kind::temporary, type);
    operand.slot = operand.home;
  }
  void push_constant(ValueType::Kind type, uint64_t bits) {
    Operand& operand = push(Operand::Kind::constant, type);
    operand.slot = kNone;
    operand.bits = bits;
  }
  void push_local(uint32_t local);
  Operand pop() {
    const Operand operand = operands_.back();
    operands_.pop_back();
    if (!aliases_.empty() && aliases_.back() == operands_.size()) aliases_.pop_back();
    return operand;
  }
  void materialize(size_t index);
  void materialize_top(size_t count);
  void flush_aliases();
  void flush_aliases_of(uint32_t local_slot);
  void move_to(uint32_t destination, const Operand& operand, bool consumes);

  /// Where the operand is; does not commit to it.
  [[nodiscard]] Source where(const Operand& operand) const {
    if (operand.kind == Operand::Kind::constant) return Source::immediate;
    const Mirror& mirror = registers_[static_cast<unsigned>(register_of(operand.type))];
    return mirror.slot == operand.slot ? Source::accumulator : Source::slot;
  }
  /// Commits to reading a popped operand from where() says; tells its producer not to store.
  Use consume(const Operand& operand) {
    const Source source = where(operand);
    if (source == Source::accumulator && operand.kind == Operand::Kind::temporary) {
      Mirror& mirror = registers_[static_cast<unsigned>(register_of(operand.type))];
      if (mirror.without_store != nullptr) code_[mirror.position] = word_of(mirror.without_store);
      mirror.without_store = nullptr;
    }
    return {source, operand.slot, operand.bits};
  }
  /// Commits to reading the slot of an operand that stays on the stack: its producer must store it, whoever
  /// consumes it later from the accumulator.
  void pin(const Operand& operand);
  Use consume_slot(const Operand& operand);  ///< never an accumulator or immediate: stores a constant first

  uint32_t emit(Handler handler, Word word1) {
    const auto position = static_cast<uint32_t>(code_.size());
    starts_.push() = position;
    const std::span<Word, 2> words = code_.push<2>();
    words[0] = word_of(handler);
    words[1] = word1;
    last_.forget();
    return position;
  }
  /// One that has no word 1.
  void emit_handler(Handler handler) {
    starts_.push() = static_cast<uint32_t>(code_.size());
    code_.push() = word_of(handler);
    last_.forget();
  }
  void mark_label() { labels_.push_back(static_cast<uint32_t>(code_.size())); }
  void emit_word(Word word) { code_.push_back(word); }
  void drop_last();  ///< takes the last instruction back: what follows does its work
  void drop_from(uint32_t position, const Mirrors& before);
  /// Is the operand a temporary that the last instruction, of this kind, has just produced?
  [[nodiscard]] bool produced_last(const Operand& operand, Last::Kind kind) const {
    return last_.kind == kind && operand.kind == Operand::Kind::temporary &&
           last_.destination == operand.slot;
  }
  void set_field0(uint32_t position, uint32_t value);
  void set_distance(uint32_t position, int32_t distance);
  /// Declares that the instruction at `position` put its result into `slot` and its accumulator.
  void define(uint32_t slot, Register which, uint32_t position, Handler without_store) {
    forget_slot(slot);
    registers_[static_cast<unsigned>(which)] = {slot, position, without_store};
  }
  /// Pushes the result of the instruction at `position` as a temporary and defines it.
  void push_result(ValueType::Kind type, uint32_t position, Handler without_store) {
    last_.position = position;
    last_.result = position;
    push_temporary(type);
    last_.destination = operands_.back().home;
    define(operands_.back().home, register_of(type), position, without_store);
  }
  /// No accumulator mirrors it any more.
  void forget_slot(uint32_t slot) {
    for (Mirror& mirror : registers_) {
      if (mirror.slot == slot) mirror = Mirror{};
    }
  }
  void forget_accumulators();
  void start_fuel();
  void allow_preemption();
  void reserve_slots(uint32_t slots) {
    if (slots > frame_slots_) frame_slots_ = slots;
  }

  // join_instructions.cpp
  void join_instructions();
  void close_up();
  void profile_code() const;
  void find_rows();
  [[nodiscard]] Feeds feeds_of(const SuperinstructionTable::Member& member, Word operands, uint32_t number,
                               uint32_t most) const;

  // translate_numeric.cpp
  void constant(const Instruction& instruction);
  void unary(const Instruction& instruction);
  void test(const Instruction& instruction);
  void binary(const Instruction& instruction);
  void compare(const Instruction& instruction);
  void emit_binary(Opcode opcode, Operand left, Operand right);
  [[nodiscard]] bool fits_immediate(const Operand& operand) const;

  // translate_wide.cpp
  void wide(const Instruction& instruction);

  // translate_simd.cpp
  void simd(const Instruction& instruction);
  void simd_access(const Instruction& instruction);
  void push_vector(const std::array<uint64_t, 2>& halves);
  void emit_vector(uint64_t index);
  [[nodiscard]] Use consume_value(const Operand& operand);
  void vector_unary(Opcode opcode);
  [[nodiscard]] bool splat_constant(Opcode opcode);
  void vector_binary(Opcode opcode);
  void vector_ternary(Opcode opcode);
  void vector_shift(Opcode opcode);
  void shuffle(const Instruction& instruction);
  void extract_lane(const Instruction& instruction);
  void replace_lane(const Instruction& instruction);
  void load_lane(const Instruction& instruction);
  void store_lane(const Instruction& instruction);

  // translate_control.cpp
  void unreachable(const Instruction&);
  void nop(const Instruction&);
  void block(const Instruction& instruction);
  void loop(const Instruction& instruction);
  void if_(const Instruction& instruction);
  void else_(const Instruction&);
  void end(const Instruction&);
  void br(const Instruction& instruction);
  void br_if(const Instruction& instruction);
  void br_table(const Instruction& instruction);
  void br_on_null(const Instruction& instruction);
  void br_on_non_null(const Instruction& instruction);
  void return_(const Instruction&);
  void drop(const Instruction&);
  void select(const Instruction&);
  void select_t(const Instruction&);
  Control& enter_block(Control::Kind kind, const BlockType& type);
  void leave_block();
  [[nodiscard]] Control& label(uint32_t depth) { return controls_[controls_.size() - 1 - depth]; }
  [[nodiscard]] std::span<const ValueType> parameters(const Control& control) const;
  [[nodiscard]] std::span<const ValueType> results(const Control& control) const;
  [[nodiscard]] std::span<const ValueType> label_types(const Control& control) const;
  [[nodiscard]] bool needs_transfer(const Control& control) const;
  void transfer(const Control& control, bool last_use);
  void carry(std::span<const ValueType> types, uint32_t base, bool last_use);
  void jump_to(Control& control);
  void return_values();
  void return_one(ValueType type, const Operand& operand);
  /// Does a direct call without reload stand right before? Then a return needs no word 1.
  [[nodiscard]] bool follows_call() const {
    return last_call_ != kNone && code_.size() == size_t{last_call_} + kCallWords;
  }
  void link(Target target, uint32_t instruction, uint32_t entry);
  void fill_in(const Fixup& fixup, uint32_t target);
  [[nodiscard]] uint32_t distance_of(const Fixup& fixup) const;
  void bind(uint32_t& fixups);
  void branch(const Operand& condition, bool wanted, bool wide, Target target, bool keeps_operand);
  [[nodiscard]] bool branch_on_last(const Operand& condition, bool wanted, Target target);
  void branch_or_carry(const Operand& condition, bool wanted, bool wide, Control& control,
                       bool keeps_operand);
  void make_unreachable();

  // translate_exception.cpp
  void try_table(const Instruction& instruction);
  void throw_(const Instruction& instruction);
  void throw_ref(const Instruction&);
  void try_(const Instruction& instruction);
  void catch_(const Instruction& instruction);
  void catch_all(const Instruction&);
  void delegate(const Instruction& instruction);
  void rethrow(const Instruction& instruction);
  void begin_arm(uint32_t tag, std::span<const ValueType> values);
  uint32_t open_region();
  uint32_t add_clause(uint32_t region, const RegionClause& clause);
  void note_site(uint32_t position);
  void emit_regions();

  // translate_call.cpp
  void call(const Instruction& instruction);
  void call_indirect(const Instruction& instruction);
  void call_ref(const Instruction& instruction);
  void return_call(const Instruction& instruction);
  void return_call_indirect(const Instruction& instruction);
  void return_call_ref(const Instruction& instruction);
  uint32_t place_arguments(const TypeDefinition& type);
  void finish_call(const TypeDefinition& type, uint32_t base, bool reloads);
  [[nodiscard]] static uint32_t header_slot(const TypeDefinition& type);

  // translate_variable.cpp
  void local_get(const Instruction& instruction);
  void local_set(const Instruction& instruction);
  void local_tee(const Instruction& instruction);
  void global_get(const Instruction& instruction);
  void global_set(const Instruction& instruction);
  void assign_local(uint32_t local, const Operand& value);

  // translate_memory.cpp
  void load(const Instruction& instruction);
  void store(const Instruction& instruction);
  void memory_size(const Instruction& instruction);
  void memory_grow(const Instruction& instruction);
  void memory_fill(const Instruction& instruction);
  void memory_copy(const Instruction& instruction);
  void memory_init(const Instruction& instruction);
  void data_drop(const Instruction& instruction);
  AddressUse use_address(const Operand& operand, uint32_t offset, bool may_use_accumulator);
  [[nodiscard]] bool is_guarded(const MemoryArgument& argument) const;
  [[nodiscard]] ValueType::Kind address_type(const Limits& limits) const;

  // translate_atomic.cpp
  void atomic_load(const Instruction& instruction);
  void atomic_store(const Instruction& instruction);
  void atomic_rmw(const Instruction& instruction);
  void atomic_cmpxchg(const Instruction& instruction);
  void atomic_wait(const Instruction& instruction);
  void atomic_notify(const Instruction& instruction);
  void atomic_fence(const Instruction&);
  void emit_atomic(const Instruction& instruction, unsigned operands);

  // translate_table.cpp
  void table_get(const Instruction& instruction);
  void table_set(const Instruction& instruction);
  void table_size(const Instruction& instruction);
  void table_grow(const Instruction& instruction);
  void table_fill(const Instruction& instruction);
  void table_copy(const Instruction& instruction);
  void table_init(const Instruction& instruction);
  void elem_drop(const Instruction& instruction);
  void ref_null(const Instruction&);
  void ref_is_null(const Instruction&);
  void ref_eq(const Instruction&);
  void ref_func(const Instruction& instruction);
  void ref_as_non_null(const Instruction&);
  void emit_three(Handler handler, Word word2);

  // translate_gc.cpp
  void struct_new(const Instruction& instruction);
  void struct_new_default(const Instruction& instruction);
  void struct_get(const Instruction& instruction);
  void struct_get_s(const Instruction& instruction);
  void struct_get_u(const Instruction& instruction);
  void struct_set(const Instruction& instruction);
  void array_new(const Instruction& instruction);
  void array_new_default(const Instruction& instruction);
  void array_new_fixed(const Instruction& instruction);
  void array_new_data(const Instruction& instruction);
  void array_new_elem(const Instruction& instruction);
  void array_get(const Instruction& instruction);
  void array_get_s(const Instruction& instruction);
  void array_get_u(const Instruction& instruction);
  void array_set(const Instruction& instruction);
  void array_len(const Instruction& instruction);
  void array_fill(const Instruction& instruction);
  void array_copy(const Instruction& instruction);
  void array_init_data(const Instruction& instruction);
  void array_init_elem(const Instruction& instruction);
  void ref_test(const Instruction& instruction);
  void ref_test_null(const Instruction& instruction);
  void ref_cast(const Instruction& instruction);
  void ref_cast_null(const Instruction& instruction);
  void br_on_cast(const Instruction& instruction);
  void br_on_cast_fail(const Instruction& instruction);
  void any_convert_extern(const Instruction& instruction);
  void extern_convert_any(const Instruction& instruction);
  void ref_i31(const Instruction& instruction);
  void i31_get_s(const Instruction& instruction);
  void i31_get_u(const Instruction& instruction);
  /// What a cast asks, and the word that says more.
  struct Cast {
    CastKind kind;
    Word word;
  };
  [[nodiscard]] Cast cast_to(HeapType raw) const;
  [[nodiscard]] const TypeDefinition& type_at(uint32_t index) const;
  void push_stored(ValueType storage, uint32_t position, Handler without_store);
  Use consume_stored(const Operand& value);
  void create_structure(const TypeDefinition& type);
  std::vector<uint32_t> field_stores(const TypeDefinition& type, size_t first, bool is_tight);
  void create_large_structure(const TypeDefinition& type, uint32_t top, uint32_t home);
  void get_field(const Instruction& instruction, bool is_signed);
  void read_field(ValueType storage, uint32_t offset, bool is_signed);
  void get_element(const Instruction& instruction, bool is_signed);
  void create_array(Handler handler, const Instruction& instruction, unsigned operands);
  void emit_range(Handler handler, bool has_fifth);
  void emit_unary(const Handler (&forms)[2][2], ValueType::Kind result = ValueType::Kind::i32);
  uint32_t keep_in_slot();
  void test_reference(const Instruction& instruction, bool null_passes);
  void cast_reference(const Instruction& instruction, bool null_passes);
  void branch_on_cast(const Instruction& instruction, bool wanted);
  void branch_on_question(const Instruction& instruction, const Handler (&forms)[2][2], Word word,
                          bool wanted);

  // translate_descriptor.cpp
  void struct_new_desc(const Instruction& instruction);
  void struct_new_default_desc(const Instruction& instruction);
  void ref_get_desc(const Instruction& instruction);
  void ref_cast_desc_eq(const Instruction& instruction);
  void ref_cast_desc_eq_null(const Instruction& instruction);
  void br_on_cast_desc_eq(const Instruction& instruction);
  void br_on_cast_desc_eq_fail(const Instruction& instruction);
  void cast_to_described(bool null_passes);
  void branch_on_descriptor(const Instruction& instruction, bool wanted);

  /// Rows of features that decoding still refuses.
  void not_built(const Instruction&) {}

  const ModuleImage& module_;
  ModuleCode& module_code_;
  const TranslationOptions options_;
  const HandlerTable& table_;
  const SingleHandlers& single_;
  const SuperinstructionTable& superinstructions_;
  RowAutomaton automaton_ = RowAutomaton(superinstructions_);

  /// The instruction that last wrote each slot, counted through all functions from 1 on: those of earlier
  /// functions are too far away to matter; and, in the lowest bits, as what.
  std::vector<uint32_t> writers_ = std::vector<uint32_t>(size_t{1} << 16);
  uint32_t earlier_instructions_ = 1;

  // Of the function being translated.
  Stack<Word> code_;
  Stack<uint32_t> starts_;   ///< positions of the instructions in code_, ascending
  Stack<uint32_t> labels_;   ///< positions that code elsewhere leads to, ascending
  std::vector<Join> joins_;  ///< one for each of starts_, and one behind
  std::vector<uint32_t>
      moved_;  ///< for each position of an instruction or the end: where that is after close_up()
  Stack<Operand> operands_;
  std::vector<Control> controls_;
  std::vector<Fixup> fixups_;
  std::vector<Region> regions_;
  std::vector<RegionClause> clauses_;
  std::vector<Site> sites_;
  Stack<uint32_t> aliases_;  ///< positions in operands_ of locals not copied yet, ascending
  std::vector<std::array<uint64_t, 2>> vectors_;  ///< v128 constants
  std::vector<uint32_t> local_slots_;
  std::vector<ValueType::Kind> local_types_;
  std::vector<Thunk> thunks_;      ///< br_table: the thunk for each label depth
  uint64_t thunk_generation_ = 0;  ///< which br_table; never reset, so old thunks never match
  const TypeDefinition* type_ = nullptr;
  uint32_t header_ = 0;  ///< slot of this frame's header
  uint32_t first_zeroed_ = 0;
  uint32_t first_temporary_ = 0;
  uint32_t frame_slots_ = 0;
  uint32_t skipped_words_ = 0;  ///< of an `enter` that turned out unnecessary
  UnreachableCode unreachable_code_;
  uint32_t last_call_ = kNone;  ///< position of the last direct call without reload
  uint32_t fuel_position_ = kNone;
  uint32_t fuel_count_ = 0;
  bool reachable_ = true;
  bool calls_ = false;
  Mirrors registers_;
  Last last_;
  Offsets* offsets_ = nullptr;  ///< if someone asks
};

}  // namespace heddle::engine
