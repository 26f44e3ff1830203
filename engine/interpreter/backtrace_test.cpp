// SPDX-License-Identifier: Apache-2.0
// Backtraces: kind, frames with their names, and the byte offset of the instruction that each frame is at.
#include <algorithm>

#include "engine/binary/instruction_reader.h"
#include "engine/interpreter/test_world.h"

namespace heddle::engine {
namespace {

constexpr ValueType kI32 = ValueType::Kind::i32;

/// Module offsets of the instructions of one opcode in a function, in order.
std::vector<uint64_t> offsets_of(const ModuleImage& module, uint32_t function, Opcode opcode) {
  const ByteRange range = module.functions[function].body;
  Cursor body(module.view(range), range.offset);
  for (uint32_t runs = body.read_count(2); runs > 0; --runs) {
    (void)body.read_u32();
    (void)body.read_value_type();
  }
  InstructionReader reader(body);
  Instruction instruction;
  std::vector<uint64_t> offsets;
  while (!body.at_end() && reader.next(instruction)) {
    if (instruction.opcode == opcode) offsets.push_back(instruction.offset);
  }
  return offsets;
}

/// "function@opcode#n" for each frame: the n-th instruction of that opcode in the function; or
/// "function@start".
struct Place {
  const char* function;
  Opcode opcode = Opcode::unreachable;
  size_t nth = 0;
};

void expect_frames(const World& world, std::initializer_list<std::pair<const Instance*, Place>> wanted) {
  const auto& frames = world.trap.frames;
  ASSERT_EQ(frames.size(), wanted.size()) << world.trap.to_string();
  size_t i = 0;
  for (const auto& [instance, place] : wanted) {
    EXPECT_EQ(frames[i].function, place.function) << world.trap.to_string();
    const auto offsets = offsets_of(*instance->module, frames[i].index, place.opcode);
    ASSERT_LT(place.nth, offsets.size()) << place.function;
    EXPECT_EQ(frames[i].offset, offsets[place.nth]) << "frame " << i << " of " << world.trap.to_string();
    ++i;
  }
}

TEST(interpreter_backtrace, names_every_frame_and_its_instruction) {
  World world;
  Instance& instance = world.instantiate(R"((module $program
    (func $bottom (param i32) (result i32) (nop) (i32.div_u (i32.const 1) (local.get 0)))
    (func $middle (param i32) (result i32) (i32.add (call $bottom (i32.const 1)) (call $bottom (local.get 0))))
    (func (export "top") (param i32) (result i32) (i32.mul (i32.const 2) (call $middle (local.get 0))))))");
  EXPECT_EQ(world.call(instance, "top", {1}), returned({4}));
  EXPECT_EQ(world.call(instance, "top", {0}), trapped(TrapKind::integer_divide_by_zero));
  expect_frames(world, {{&instance, {"bottom", Opcode::i32_div_u}},
                        {&instance, {"middle", Opcode::call, 1}},
                        {&instance, {"top", Opcode::call}}});
  for (const Frame& frame : world.trap.frames) EXPECT_EQ(frame.module, "program");
  EXPECT_EQ(world.trap.message, "integer divide by zero");
  EXPECT_EQ(world.trap.omitted_frames, 0u);
}

/// One trapping instruction among others it may have been fused with.
struct Trapping {
  const char* body;
  Opcode opcode;
  size_t nth;
  TrapKind kind;
};

const Trapping kTrapping[] = {
    // Accesses whose address was an addition, or whose value feeds an operation or is stepped behind.
    {"(drop (i32.load (i32.add (local.get 0) (i32.const 8))))", Opcode::i32_load, 0,
     TrapKind::memory_out_of_bounds},
    {"(drop (i32.load (i32.add (local.get 0) (local.get 1))))", Opcode::i32_load, 0,
     TrapKind::memory_out_of_bounds},
    {"(drop (i32.load (i32.add (i32.clz (local.get 1)) (i32.const -27))))", Opcode::i32_load, 0,
     TrapKind::memory_out_of_bounds},
    {"(drop (i32.add (i32.load (i32.const 0)) (i32.load offset=16 (local.get 0))))", Opcode::i32_load, 1,
     TrapKind::memory_out_of_bounds},
    {"(drop (i32.add (local.get 1) (i32.load offset=16 (local.get 0))))", Opcode::i32_load, 0,
     TrapKind::memory_out_of_bounds},
    {"(drop (i32.xor (i32.load (i32.add (local.get 0) (i32.const 4))) (local.get 1)))", Opcode::i32_load, 0,
     TrapKind::memory_out_of_bounds},
    {"(drop (f64.mul (local.get 3) (f64.load (i32.add (local.get 0) (local.get 1)))))", Opcode::f64_load, 0,
     TrapKind::memory_out_of_bounds},
    {"(i32.store8 offset=3 (local.get 0) (i32.const 1)) (local.set 1 (i32.add (local.get 1) (i32.const 1)))",
     Opcode::i32_store8, 0, TrapKind::memory_out_of_bounds},
    {"(i64.store (i32.const 0) (i64.const 0)) (i64.store (i32.add (local.get 0) (i32.const 4)) (i64.const "
     "1)) "
     "(local.set 1 (i32.add (local.get 1) (i32.const 1)))",
     Opcode::i64_store, 1, TrapKind::memory_out_of_bounds},
    {"(f64.store (local.get 0) (f64.const 1))", Opcode::f64_store, 0, TrapKind::memory_out_of_bounds},
    {"(if (i32.eqz (i32.load (local.get 0))) (then (nop)))", Opcode::i32_load, 0,
     TrapKind::memory_out_of_bounds},
    {"(local.set 1 (i32.load8_s offset=3 (local.get 0))) (local.set 0 (local.get 1))", Opcode::i32_load8_s, 0,
     TrapKind::memory_out_of_bounds},
    {"(drop (i32.atomic.rmw.add (i32.const 2) (i32.const 1)))", Opcode::i32_atomic_rmw_add, 0,
     TrapKind::unaligned_atomic},
    {"(drop (i32.atomic.load (i32.const 0x7ffffffc)))", Opcode::i32_atomic_load, 0,
     TrapKind::memory_out_of_bounds},
    {"(memory.fill (local.get 0) (i32.const 1) (i32.const 9))", Opcode::memory_fill, 0,
     TrapKind::memory_out_of_bounds},
    {"(memory.copy (i32.const 0) (local.get 0) (i32.const 9))", Opcode::memory_copy, 0,
     TrapKind::memory_out_of_bounds},
    // Arithmetic beside chains and branches.
    {"(drop (i32.add (i32.div_s (i32.const -2147483648) (i32.const -1)) (i32.const 1)))", Opcode::i32_div_s,
     0, TrapKind::integer_overflow},
    {"(drop (i64.rem_u (i64.add (local.get 2) (i64.const 1)) (i64.mul (local.get 2) (i64.const 0))))",
     Opcode::i64_rem_u, 0, TrapKind::integer_divide_by_zero},
    {"(br_if 0 (i32.rem_s (local.get 0) (i32.const 0)))", Opcode::i32_rem_s, 0,
     TrapKind::integer_divide_by_zero},
    {"(drop (i32.trunc_f64_s (f64.div (local.get 3) (local.get 3))))", Opcode::i32_trunc_f64_s, 0,
     TrapKind::invalid_conversion},
    {"(drop (i64.trunc_f32_u (f32.const -1)))", Opcode::i64_trunc_f32_u, 0, TrapKind::integer_overflow},
    // Control, tables, references.
    {"(block (br_if 0 (i32.eqz (local.get 1))) (unreachable))", Opcode::unreachable, 0,
     TrapKind::unreachable},
    {"(call_indirect (i32.const 7))", Opcode::call_indirect, 0, TrapKind::undefined_element},
    {"(call_indirect (i32.const 1))", Opcode::call_indirect, 0, TrapKind::uninitialized_element},
    {"(call_indirect (param i32) (i32.const 1) (i32.const 0))", Opcode::call_indirect, 0,
     TrapKind::indirect_call_type_mismatch},
    {"(return_call_indirect (i32.const 7))", Opcode::return_call_indirect, 0, TrapKind::undefined_element},
    {"(call_ref $void (ref.null $void))", Opcode::call_ref, 0, TrapKind::null_function_reference},
    {"(drop (ref.as_non_null (ref.null func)))", Opcode::ref_as_non_null, 0, TrapKind::null_reference},
    {"(drop (table.get 0 (local.get 0)))", Opcode::table_get, 0, TrapKind::table_out_of_bounds},
    {"(table.fill 0 (i32.const 1) (ref.null func) (i32.const 2))", Opcode::table_fill, 0,
     TrapKind::table_out_of_bounds},
};

void try_trapping(MemoryMode mode) {
  for (const Trapping& trapping : kTrapping) {
    World world({.memory_mode = mode});
    // Local 0 is an address just behind the memory; 1 is small; 2 and 3 are zero.
    Instance& instance = world.instantiate(std::string(R"((module (type $void (func))
      (memory 1 2 shared) (table 2 funcref) (elem (i32.const 0) func $void)
      (func $void)
      (func $guilty (param i32 i32 i64 f64) (nop) )") +
                                           trapping.body + R"( (nop))
      (func (export "innocent")
        (drop (i32.add (i32.const 1) (i32.const 2)))
        (call $guilty (i32.const 65533) (i32.const 32) (i64.const 0) (f64.const 0)) (nop))))");
    EXPECT_EQ(world.call(instance, "innocent"), trapped(trapping.kind)) << trapping.body;
    SCOPED_TRACE(trapping.body);
    expect_frames(world, {{&instance, {"guilty", trapping.opcode, trapping.nth}},
                          {&instance, {"innocent", Opcode::call}}});
  }
}

TEST(interpreter_backtrace, offsets_are_exact_in_checked_memories) { try_trapping(MemoryMode::checked); }

TEST(interpreter_backtrace, offsets_are_exact_in_guarded_memories) {
  if (resolve_memory_mode(MemoryMode::automatic) != MemoryMode::guarded)
    GTEST_SKIP() << "no guarded memories";
  try_trapping(MemoryMode::guarded);
}

/// a calls b in another instance, which calls c in the first.
TEST(interpreter_backtrace, crosses_instances) {
  World world;
  Instance& table = world.instantiate("(module (table (export \"t\") 4 funcref))");
  const External imports[] = {world.exported(table, "t")};
  Instance& first = world.instantiate(R"((module $first (type $f (func)) (import "" "" (table 4 funcref))
    (func $a (export "a") (nop) (call_indirect (type $f) (i32.const 1)) (nop))
    (func $c (nop) (nop) (unreachable))
    (func $tail (export "tail") (nop) (return_call_indirect (type $f) (i32.const 1)))
    (elem (i32.const 0) func $c) (elem (i32.const 2) func $tail)))",
                                      imports);
  Instance& second = world.instantiate(R"((module $second (type $f (func)) (import "" "" (table 4 funcref))
    (func $b (nop) (call_indirect (type $f) (i32.const 0)) (nop))
    (func $d (export "d") (call_indirect (type $f) (i32.const 2)) (nop))
    (elem (i32.const 1) func $b)))",
                                       imports);
  EXPECT_EQ(world.call(first, "a"), trapped(TrapKind::unreachable));
  expect_frames(world, {{&first, {"c", Opcode::unreachable}},
                        {&second, {"b", Opcode::call_indirect}},
                        {&first, {"a", Opcode::call_indirect}}});
  EXPECT_EQ(world.trap.frames[1].module, "second");
  // A tail call leaves no frame.
  EXPECT_EQ(world.call(first, "tail"), trapped(TrapKind::unreachable));
  expect_frames(world, {{&first, {"c", Opcode::unreachable}}, {&second, {"b", Opcode::call_indirect}}});
  EXPECT_EQ(world.call(second, "d"), trapped(TrapKind::unreachable));
  expect_frames(world, {{&first, {"c", Opcode::unreachable}},
                        {&second, {"b", Opcode::call_indirect}},
                        {&second, {"d", Opcode::call_indirect}}});
}

TEST(interpreter_backtrace, of_a_failing_host_function_begins_at_its_caller) {
  World world;
  const External host[] = {world.host(
      {kI32}, {}, [](ExecContext& context, Slot*) { return context.fail(TrapKind::host_error, "no"); })};
  Instance& inner = world.instantiate(R"((module $inner (import "" "" (func $h (param i32)))
    (func $f (export "f") (nop) (call $h (i32.const 1)))
    (func $tail (export "tail") (return_call $h (i32.const 1)))))",
                                      host);
  EXPECT_EQ(world.call(inner, "f"), trapped(TrapKind::host_error));
  EXPECT_EQ(world.trap.message, "no");
  expect_frames(world, {{&inner, {"f", Opcode::call}}});
  EXPECT_EQ(world.call(inner, "tail"), trapped(TrapKind::host_error));
  EXPECT_TRUE(world.trap.frames.empty());

  // The instance that tail called the host is gone; the one that called it is not.
  const External imports[] = {world.exported(inner, "tail"), world.exported(inner, "f")};
  Instance& outer = world.instantiate(R"((module $outer (import "" "t" (func $t)) (import "" "f" (func $f))
    (func $u (nop) (nop) (call $t))
    (func (export "g") (call $u))
    (func (export "both") (call $f))))",
                                      imports);
  EXPECT_EQ(world.call(outer, "g"), trapped(TrapKind::host_error));
  expect_frames(world, {{&outer, {"u", Opcode::call}}, {&outer, {"g", Opcode::call}}});
  EXPECT_EQ(world.call(outer, "both"), trapped(TrapKind::host_error));
  expect_frames(world, {{&inner, {"f", Opcode::call}}, {&outer, {"both", Opcode::call}}});
}

/// A guest's trap below a host function: the outer call reports its own frames.
TEST(interpreter_backtrace, ends_where_the_host_called) {
  World world;
  Function* trapping = nullptr;
  Trap inner;
  const External host[] = {world.host({}, {}, [&](ExecContext& context, Slot*) {
    if (!world.store->call(*trapping, {}, &inner)) return context.fail(inner.kind, inner.message);
    return true;
  })};
  Instance& instance = world.instantiate(R"((module (import "" "" (func $h))
    (func $outer (export "outer") (nop) (call $h))
    (func $bottom (nop) (unreachable))
    (func $inner (export "inner") (call $bottom))))",
                                         host);
  trapping = &world.function(instance, "inner");
  EXPECT_EQ(world.call(instance, "outer"), trapped(TrapKind::unreachable));
  expect_frames(world, {{&instance, {"outer", Opcode::call}}});
  world.trap = inner;
  expect_frames(world, {{&instance, {"bottom", Opcode::unreachable}}, {&instance, {"inner", Opcode::call}}});
}

TEST(interpreter_backtrace, keeps_64_frames_and_counts_the_rest) {
  World world;
  Instance& instance = world.instantiate(R"((module (func $f (export "f") (param i32)
    (if (i32.eqz (local.get 0)) (then (unreachable)))
    (call $f (i32.sub (local.get 0) (i32.const 1))))))");
  for (const Slot depth : {Slot{0}, Slot{62}, Slot{63}, Slot{64}, Slot{1000}}) {
    EXPECT_EQ(world.call(instance, "f", {depth}), trapped(TrapKind::unreachable));
    EXPECT_EQ(world.trap.frames.size() + world.trap.omitted_frames, depth + 1);
    EXPECT_EQ(world.trap.frames.size(), std::min<size_t>(64, depth + 1));
  }
}

}  // namespace
}  // namespace heddle::engine
