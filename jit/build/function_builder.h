// SPDX-License-Identifier: Apache-2.0
// FunctionBuilder: follows one body's operands, locals and labels, and writes IR. See builder.h.
//
// Locals: locals_ holds the value of each at the present place. What a control frame has changed is in log_,
// from Control::log_start on, with the values before: that is how the state at a frame's beginning comes back
// (undo), and how a branch out of frames knows which locals differ from then (note_edge). A local is logged
// once for each frame.
//
// Labels: an edge to the end of a block, to a handler, or to a loop that is to be built again waits as a
// Pending until all are known; join() then makes a block, with parameters only for what differs. All Pendings
// of one list have been noted against the state in which join() is called. Edges to loop headers are complete
// at once.
//
// Code that cannot be reached is skipped.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "engine/binary/cursor.h"
#include "engine/binary/instruction_reader.h"
#include "engine/binary/unreachable_code.h"
#include "jit/build/builder.h"
#include "jit/build/loops.h"
#include "jit/runtime_calls/runtime_call.h"

namespace heddle::jit {

class FunctionBuilder {
 public:
  using Instruction = engine::Instruction;
  using Opcode = engine::Opcode;
  using TypeDefinition = engine::TypeDefinition;

  /// What the function of the same name does, in the memory of the bodies before.
  [[nodiscard]] Result<void> build(const engine::ModuleImage& module, uint32_t function,
                                   const BuildOptions& options, Function& out);

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Control {
    enum class Kind : uint8_t { block, loop, if_, else_, try_, catch_, try_table, wrapper, function };
    Kind kind = Kind::block;
    bool has_value = false;   ///< `value` is the one result
    bool is_label = true;     ///< branches count it; else it is ours alone
    bool is_in_loop = false;  ///< or is one
    bool is_restart = false;  ///< loop around an OSR entry: branches to it build it anew
    ValueType value;
    const TypeDefinition* type = nullptr;  ///< parameters and results, if declared by index
    uint32_t height = 0;                   ///< operands below the parameters
    uint32_t log_start = 0;
    uint32_t serial = 0;           ///< names the frame in logged_in_
    uint32_t ends = kNone;         ///< Pendings to the end
    uint32_t throws = kNone;       ///< try: Pendings to the handler; restarted loop: to its beginning
    uint32_t region = kNone;       ///< index of the control that catches what is thrown inside
    BlockId else_from = kNoBlock;  ///< if: the block that branches; its second successor is to be set
    uint32_t first_saved = 0;      ///< if: its parameters in saved_
    BlockId header = kNoBlock;     ///< loop
    uint32_t first_local = 0;      ///< loop: its locals in loop_locals_
    uint32_t local_count = 0;
    uint32_t back_edges = 0;
    uint64_t offset = 0;        ///< of the instruction in the module
    uint32_t first_clause = 0;  ///< try_table: its clauses in clauses_
    uint32_t clause_count = 0;
    Value exception = kNoValue;   ///< catch arms
    BlockId dispatch = kNoBlock;  ///< catch arms: where the next clause is asked
    uint32_t arm_log = 0;         ///< catch arms: the log's size where an arm begins
  };

  struct Assigned {
    uint32_t local;
    Value value;
  };

  /// An edge whose target does not exist yet.
  struct Pending {
    BlockId from;
    uint32_t successor;                       ///< which of from's
    uint32_t first_operand, operand_count;    ///< in pending_operands_
    uint32_t first_assigned, assigned_count;  ///< in pending_assigned_
    uint32_t next;
  };

  struct LogEntry {
    uint32_t local;
    Value before;
    uint32_t serial_before;
  };

  /// What the edges of a join say about one local.
  struct Merged {
    Value first;
    uint32_t count;
    bool differs;
    uint32_t parameter;  ///< kNone: none
  };

  using Step = void (*)(FunctionBuilder&, engine::InstructionReader&, Instruction&);
  static const Step kSteps[engine::kOpcodeCount];
  template <engine::Immediate immediate, auto method>
  static void step(FunctionBuilder& self, engine::InstructionReader& reader, Instruction& instruction);

  // function_builder.cpp: the driver.
  void reset(uint32_t function);
  [[nodiscard]] Result<void> build_body();
  void declare_locals();
  void begin_body();
  [[nodiscard]] bool run();
  void check_size();

  void start_fuel(Value where = kNoValue);
  void end_fuel();
  void allow_preemption();

  // osr.cpp: bodies that begin at a loop.
  void enter_from_interpreter();
  [[nodiscard]] Value load_from_frame(Value frame, uint32_t slot, Type type);
  void forget_ways_here(Control& control);
  void restart_loop();
  void close_wrappers();

  // Operands and nodes.
  void push(Value value) { operands_.push_back(value); }
  Value pop() {
    const Value value = operands_.back();
    operands_.pop_back();
    return value;
  }
  [[nodiscard]] const Node& node_of(Value value) const { return out_->nodes[value]; }
  [[nodiscard]] Type type_of_value(Value value) const { return out_->nodes[value].type; }
  [[nodiscard]] std::span<const Value> top(size_t count) const { return std::span(operands_).last(count); }
  [[nodiscard]] Node node(Operation operation, Type type = Type::none, uint64_t immediate = 0) const {
    Node made;
    made.operation = operation;
    made.type = type;
    made.immediate = immediate;
    made.offset = offset_;
    return made;
  }
  Value add(const Node& made, std::span<const Value> arguments = {}) {
    return out_->add_node(block_, made, arguments);
  }
  Value add(const Node& made, std::initializer_list<Value> arguments) {
    return out_->add_node(block_, made, std::span(arguments.begin(), arguments.size()));
  }
  Value add(Operation operation, Type type, std::initializer_list<Value> arguments) {
    return add(node(operation, type), arguments);
  }
  Value constant_of(Type type, uint64_t bits, uint64_t upper = 0);
  Value i32(uint32_t bits) { return constant_of(Type::i32, bits); }
  Value i64(uint64_t bits) { return constant_of(Type::i64, bits); }
  [[nodiscard]] bool is_constant(Value value) const;
  /// An i32 as an i64; an i64 as it is.
  Value widen(Value value);
  Value instance() { return add(Operation::instance, Type::i64, {}); }
  Value load_host(Operation access, Alias alias, Value base, uint64_t offset);
  Value load_pointer(Alias alias, Value base, uint64_t offset);
  void store_host(Operation access, Alias alias, Value base, uint64_t offset, Value value);
  Value context() { return load_pointer(Alias::constant, instance(), kContextOffset); }
  static const uint64_t kContextOffset;
  /// Member number `index` of one of the instance's arrays of pointers.
  Value load_member(uint64_t array_offset, uint32_t index);
  void trap_if(Value condition, TrapKind trap);
  Value call_runtime(RuntimeCall call, std::span<const Value> arguments, uint64_t extra = 0,
                     uint64_t extra2 = 0);
  Value call_runtime(RuntimeCall call, std::initializer_list<Value> arguments, uint64_t extra = 0,
                     uint64_t extra2 = 0) {
    return call_runtime(call, std::span(arguments.begin(), arguments.size()), extra, extra2);
  }
  [[nodiscard]] const TypeDefinition& type_at(uint32_t index) const {
    return module_->registry->get(module_->types[index]);
  }

  // Blocks.
  /// Ends the block with a branch and goes on in a new block, its second successor; the first is to be set.
  BlockId branch_away(Value condition);
  /// Ends the block with a branch between two new blocks.
  void branch_between(Value condition, BlockId& if_not_zero, BlockId& if_zero);
  void set_target(BlockId from, size_t successor, BlockId target, std::span<const Value> arguments = {});
  /// Ends the block with a jump; its successor is to be set.
  BlockId jump_away();
  void jump_to(BlockId target, std::span<const Value> arguments = {});

  // joins.cpp: locals and labels.
  [[nodiscard]] Control& label(uint32_t depth) { return controls_[labels_[labels_.size() - 1 - depth]]; }
  [[nodiscard]] std::span<const ValueType> parameters(const Control& control) const;
  [[nodiscard]] std::span<const ValueType> results(const Control& control) const;
  [[nodiscard]] std::span<const ValueType> label_types(const Control& control) const;
  Control& push_control(Control::Kind kind, const engine::BlockType& type);
  void push_control(const Control& control);
  void pop_control();
  void assign_local(uint32_t local, Value value);
  void undo(uint32_t log_start);
  void hand_log_to_parent(const Control& control);
  uint32_t note_edge(const Control& control, BlockId from, uint32_t successor, size_t operands,
                     uint32_t next);
  void branch_to(Control& control, BlockId from, uint32_t successor);
  bool join(uint32_t pending, std::span<const ValueType> types);
  void join_one(const Pending& pending);
  void join_several(uint32_t pending, std::span<const ValueType> types);
  void merge_locals(uint32_t pending, uint32_t edges);
  void fill_edges(uint32_t pending);
  void truncate_operands(uint32_t height) { operands_.resize(height); }
  void make_unreachable();
  void leave_block();

  // build_control.cpp
  void unreachable(const Instruction&);
  void nop(const Instruction&) {}
  void block(const Instruction& instruction);
  void loop(const Instruction& instruction);
  void if_(const Instruction& instruction);
  void else_(const Instruction& instruction);
  void end(const Instruction& instruction);
  void br(const Instruction& instruction);
  void br_if(const Instruction& instruction);
  void br_table(const Instruction& instruction);
  void br_on_null(const Instruction& instruction);
  void br_on_non_null(const Instruction& instruction);
  void return_(const Instruction& instruction);
  void drop(const Instruction&) { pop(); }
  void select(const Instruction& instruction);
  void select_t(const Instruction& instruction) { select(instruction); }
  void begin_loop(Control& control);
  void list_loop_locals(Control& control);
  void close_block();
  void close_loop(const Control& control);
  void leave_function();

  // build_calls.cpp
  void call(const Instruction& instruction);
  void call_indirect(const Instruction& instruction);
  void call_ref(const Instruction& instruction);
  void return_call(const Instruction& instruction);
  void return_call_indirect(const Instruction& instruction);
  void return_call_ref(const Instruction& instruction);
  void emit_call(Operation operation, engine::TypeId type, Value function, uint64_t index);
  void emit_tail_call(Operation operation, engine::TypeId type, Value function, uint64_t index);
  void call_pointer(bool is_tail, engine::TypeId type, Value function);
  Value find_indirect(const Instruction& instruction, Value index);
  void push_results(Value call, const TypeDefinition& type);
  /// What has just been called may throw: if it is caught here, the block ends.
  void may_throw();

  // build_numeric.cpp
  void constant(const Instruction& instruction);
  void unary(const Instruction& instruction);
  void binary(const Instruction& instruction);
  void wide(const Instruction& instruction);

  // build_variable.cpp
  void local_get(const Instruction& instruction) { push(locals_[instruction.index]); }
  void local_set(const Instruction& instruction) { assign_local(instruction.index, pop()); }
  void local_tee(const Instruction& instruction) { assign_local(instruction.index, operands_.back()); }
  void global_get(const Instruction& instruction);
  void global_set(const Instruction& instruction);

  // build_memory.cpp
  [[nodiscard]] bool is_guarded(uint32_t memory) const;
  [[nodiscard]] bool is_64(uint32_t memory) const { return module_->memories[memory].limits.is_64; }
  Value memory_length(uint32_t memory);
  Value check_access(Operation access, const engine::MemoryArgument& argument, Value address);
  /// The pointer of the host to a checked address.
  Value host_pointer(uint32_t memory, Value checked);
  void load(const Instruction& instruction);
  void store(const Instruction& instruction);
  void memory_size(const Instruction& instruction);
  void memory_grow(const Instruction& instruction);
  void memory_fill(const Instruction& instruction);
  void memory_copy(const Instruction& instruction);
  void memory_init(const Instruction& instruction);
  void data_drop(const Instruction& instruction);

  // build_atomic.cpp
  void atomic_access(const Instruction& instruction);
  void atomic_wait(const Instruction& instruction);
  void atomic_notify(const Instruction& instruction);
  void atomic_fence(const Instruction& instruction);
  void check_alignment(const Instruction& instruction, Value address);

  // build_table.cpp
  /// The checked element's distance from the table's first.
  Value table_distance(Value table, Value index, TrapKind trap);
  void table_get(const Instruction& instruction);
  void table_set(const Instruction& instruction);
  void table_size(const Instruction& instruction);
  void table_grow(const Instruction& instruction);
  void table_fill(const Instruction& instruction);
  void table_copy(const Instruction& instruction);
  void table_init(const Instruction& instruction);
  void elem_drop(const Instruction& instruction);

  // build_reference.cpp
  void ref_null(const Instruction& instruction);
  void ref_is_null(const Instruction& instruction);
  void ref_func(const Instruction& instruction);
  void ref_eq(const Instruction& instruction);
  void ref_as_non_null(const Instruction& instruction);
  void ref_test(const Instruction& instruction);
  void ref_test_null(const Instruction& instruction);
  void ref_cast(const Instruction& instruction);
  void ref_cast_null(const Instruction& instruction);
  void br_on_cast(const Instruction& instruction);
  void br_on_cast_fail(const Instruction& instruction);
  void ref_cast_desc_eq(const Instruction& instruction);
  void ref_cast_desc_eq_null(const Instruction& instruction);
  void br_on_cast_desc_eq(const Instruction& instruction);
  void br_on_cast_desc_eq_fail(const Instruction& instruction);
  void branch_on(Value condition, bool wanted, uint32_t depth);
  /// Is the reference of that type? An i32. `heap` is raw.
  Value is_of(Value reference, HeapType heap, bool null_passes);
  Value is_object_of(Value reference, HeapType heap);
  Value is_object_of_kind(Value reference, uint32_t kind);
  Value is_object_below(Value reference, const TypeDefinition& type, bool is_exact);
  Value is_function_of(Value reference, const TypeDefinition& type, bool is_exact);
  Value is_described_by(Value reference, Value descriptor, bool null_passes);
  void check_descriptor(Value descriptor);
  void cast_reference(Value is_right, TrapKind trap);
  /// What `then` computes where the condition holds, else `otherwise`; i32s.
  template <class Then>
  Value choose(Value condition, Then then, Value otherwise);

  // build_gc.cpp
  void struct_new(const Instruction& instruction);
  void struct_new_default(const Instruction& instruction);
  void struct_new_desc(const Instruction& instruction);
  void struct_new_default_desc(const Instruction& instruction);
  void ref_get_desc(const Instruction& instruction);
  void struct_get(const Instruction& instruction);
  void struct_get_s(const Instruction& instruction);
  void struct_get_u(const Instruction& instruction) { struct_get(instruction); }
  void struct_set(const Instruction& instruction);
  void array_new(const Instruction& instruction);
  void array_new_default(const Instruction& instruction);
  void array_new_fixed(const Instruction& instruction);
  void array_new_data(const Instruction& instruction);
  void array_new_elem(const Instruction& instruction);
  void array_get(const Instruction& instruction);
  void array_get_s(const Instruction& instruction);
  void array_get_u(const Instruction& instruction) { array_get(instruction); }
  void array_set(const Instruction& instruction);
  void array_len(const Instruction& instruction);
  void array_fill(const Instruction& instruction);
  void array_copy(const Instruction& instruction);
  void array_init_data(const Instruction& instruction);
  void array_init_elem(const Instruction& instruction);
  void any_convert_extern(const Instruction&) {}
  void extern_convert_any(const Instruction&) {}
  void ref_i31(const Instruction& instruction);
  void i31_get_s(const Instruction& instruction);
  void i31_get_u(const Instruction& instruction);
  void check_null(Value reference, TrapKind trap = TrapKind::null_reference);
  void create_structure(const TypeDefinition& type);
  void fill_structure(const TypeDefinition& type, Value object, size_t first);
  void get_field(const Instruction& instruction, bool is_signed);
  void get_element(const Instruction& instruction, bool is_signed);
  /// The checked element's distance from the array's first.
  Value element_distance(const TypeDefinition& type, Value array, Value index);
  /// A runtime call with the topmost operands; its result, if it has one, is pushed.
  void call_with_top(RuntimeCall call, size_t count, uint64_t extra = 0, uint64_t extra2 = 0);

  // build_exception.cpp
  void try_table(const Instruction& instruction);
  void throw_(const Instruction& instruction);
  void throw_ref(const Instruction& instruction);
  void try_(const Instruction& instruction);
  void catch_(const Instruction& instruction);
  void catch_all(const Instruction& instruction);
  void rethrow(const Instruction& instruction);
  void delegate(const Instruction& instruction);
  void finish_throw(RuntimeCall call, std::span<const Value> arguments, uint64_t tag);
  void begin_arm(uint32_t tag);
  void begin_arms(Control& control);
  void close_try_table();
  void close_try();
  Value is_tag(Value exception, uint32_t tag);
  void take_exception();
  void push_payload(Value exception, uint32_t tag);
  void emit_clause(const engine::CatchClause& clause, Value exception);
  void hand_on(uint32_t region);

  // build_simd.cpp
  void simd(const Instruction& instruction);
  void simd_access(const Instruction& instruction);
  bool splat_constant(const engine::OpcodeInfo& row);
  void lane_access(const Instruction& instruction);

  const engine::ModuleImage* module_ = nullptr;
  BuildOptions options_;
  Function* out_ = nullptr;

  Loops loops_;  ///< all around what is built
  engine::Cursor body_{{}};
  uint32_t function_ = 0;
  const TypeDefinition* type_ = nullptr;
  uint32_t offset_ = 0;  ///< of the instruction being built
  BlockId block_ = 0;
  bool reachable_ = true;
  bool entered_ = false;  ///< OSR: the loop has been found
  engine::UnreachableCode unreachable_code_;
  Value fuel_ = kNoValue;    ///< the node that pays for the present stretch
  uint64_t fuel_count_ = 0;  ///< what it is to pay
  uint32_t next_serial_ = 1;
  uint64_t size_limit_ = 0;
  bool is_too_large_ = false;

  std::vector<Value> operands_;
  std::vector<Value> locals_;
  std::vector<Type> local_types_;
  std::vector<uint32_t> local_slots_;  ///< in the interpreter's frame
  uint32_t first_home_ = 0;            ///< the interpreter's slot of the lowest operand
  std::vector<uint32_t> logged_in_;    ///< serial of the frame that has logged the local last
  std::vector<LogEntry> log_;
  std::vector<Control> controls_;
  std::vector<uint32_t> labels_;  ///< indices of the controls that branches count
  std::vector<Value> saved_;
  std::vector<uint32_t> loop_locals_;
  std::vector<engine::CatchClause> clauses_;
  std::vector<Pending> pendings_;
  std::vector<Value> pending_operands_;
  std::vector<Assigned> pending_assigned_;
  // Scratch.
  std::vector<uint32_t> stamps_;  ///< of locals: in which epoch seen last
  uint32_t epoch_ = 0;
  std::vector<Merged> merged_;  ///< by local; valid in the present epoch
  std::vector<uint32_t> touched_;
  std::vector<uint32_t> joined_operands_, joined_locals_;  ///< those that get parameters
  std::vector<Value> arguments_;
};

}  // namespace heddle::jit
