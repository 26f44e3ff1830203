// SPDX-License-Identifier: Apache-2.0
// Tier 0 with a compiler above it: functions and loops that somebody else runs. C++ plays the compiled code.
#include <gtest/gtest.h>

#include "engine/binary/instruction_reader.h"
#include "engine/interpreter/disassemble.h"
#include "engine/interpreter/module_code.h"
#include "engine/interpreter/test_world.h"
#include "engine/runtime/gc_ops.h"

namespace heddle::engine {

namespace {

class NativeCallTest : public testing::Test {
 protected:
  InterpreterTier& tier() { return static_cast<InterpreterTier&>(*world.engine->tier); }
  void load(std::string_view text) { instance = &world.instantiate(text); }
  FunctionCode& code(uint32_t index) { return *tier().code_of(*instance->module, index); }
  void redirect(uint32_t index, NativeCall call) {
    code(index).entry.store(tier().entry_to(call), std::memory_order_release);
  }
  /// The module offset of the function's n-th `loop`.
  uint64_t loop_offset(uint32_t function, unsigned which) const {
    const ModuleImage& module = *instance->module;
    const ByteRange body = module.functions[function].body;
    Cursor cursor(module.view(body), body.offset);
    for (uint32_t runs = cursor.read_count(2); runs > 0; --runs) {
      (void)cursor.read_u32();
      (void)cursor.read_value_type();
    }
    InstructionReader reader(cursor);
    Instruction instruction;
    while (reader.next(instruction)) {
      if (instruction.opcode == Opcode::loop && which-- == 0) return instruction.offset;
    }
    return 0;
  }

  World world;
  Instance* instance = nullptr;
};

NativeOutcome add_hundred(ExecContext&, FunctionCode&, Instance*, Slot* slots) noexcept {
  slots[0] = static_cast<uint32_t>(slots[0] + 100);
  return NativeOutcome::returned;
}

NativeOutcome divide_by_zero(ExecContext& context, FunctionCode& code, Instance*, Slot*) noexcept {
  context.fail(TrapKind::integer_divide_by_zero);
  context.trap.add_frame({&code, nullptr, 0x77});
  return NativeOutcome::failed;
}

NativeOutcome throw_tag_0(ExecContext& context, FunctionCode& code, Instance* instance,
                          Slot* slots) noexcept {
  const Slot payload = slots[0] + 1;
  context.exception = instance->store->new_exception(*instance->tags[0], &payload);
  context.fail(TrapKind::exception);
  context.trap.add_frame({&code, nullptr, 0x55});
  return NativeOutcome::failed;
}

NativeOutcome give_back(ExecContext&, FunctionCode& code, Instance* instance, Slot*) noexcept {
  auto& tier = static_cast<InterpreterTier&>(*instance->store->engine().tier);
  code.entry.store(tier.entry_of_untranslated(), std::memory_order_release);
  return NativeOutcome::interpreted;
}

/// Calls function 1 again, through the interpreter, as compiled code would.
NativeOutcome call_back(ExecContext& context, FunctionCode& code, Instance* instance, Slot* slots) noexcept {
  Function& callee = *instance->function(1);
  Slot* const top = context.stack_top;
  top[0] = slots[0];
  auto& tier = static_cast<InterpreterTier&>(*instance->store->engine().tier);
  if (!tier.invoke(context, callee, top)) {
    tier.leave_frames(context);
    context.trap.add_frame({&code, nullptr, 0x66});
    return NativeOutcome::failed;
  }
  slots[0] = top[0];
  return NativeOutcome::returned;
}

constexpr std::string_view kChain = R"((module
  (func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $middle (param i32) (result i32) (i32.mul (call $leaf (local.get 0)) (i32.const 2)))
  (func (export "run") (param i32) (result i32) (i32.sub (call $middle (local.get 0)) (i32.const 3)))))";

TEST_F(NativeCallTest, runs_instead_of_the_function) {
  load(kChain);
  redirect(0, add_hundred);
  EXPECT_EQ(world.call(*instance, "run", {5}), returned({207}));
  redirect(1, add_hundred);
  EXPECT_EQ(world.call(*instance, "run", {5}), returned({102}));
}

TEST_F(NativeCallTest, gives_a_function_back) {
  load(kChain);
  redirect(0, give_back);
  EXPECT_EQ(world.call(*instance, "run", {5}), returned({9}));
  EXPECT_NE(code(0).entry.load(), tier().entry_of_untranslated());  // translated
  EXPECT_EQ(world.call(*instance, "run", {5}), returned({9}));
}

TEST_F(NativeCallTest, translation_leaves_a_compiled_function_alone) {
  load(kChain);
  redirect(0, add_hundred);
  EXPECT_TRUE(ModuleCode::of(*instance->module).translate(0));
  EXPECT_EQ(code(0).entry.load(), tier().entry_to(add_hundred));
}

TEST_F(NativeCallTest, traps_with_frames_of_both) {
  load(kChain);
  redirect(0, divide_by_zero);
  EXPECT_EQ(world.call(*instance, "run", {5}), trapped(TrapKind::integer_divide_by_zero));
  ASSERT_EQ(world.trap.frames.size(), 3u);
  EXPECT_EQ(world.trap.frames[0].index, 0u);
  EXPECT_EQ(world.trap.frames[0].offset, 0x77u);
  EXPECT_EQ(world.trap.frames[1].index, 1u);
  EXPECT_EQ(world.trap.frames[2].index, 2u);
}

TEST_F(NativeCallTest, traps_with_frames_of_nested_activations) {
  load(R"((module
    (func $bottom (unreachable))
    (func $inner (param i32) (result i32) (call $bottom) (local.get 0))
    (func $native (param i32) (result i32) (unreachable))
    (func (export "run") (param i32) (result i32) (call $native (local.get 0)))))");
  redirect(2, call_back);
  EXPECT_EQ(world.call(*instance, "run", {5}), trapped(TrapKind::unreachable));
  std::vector<uint32_t> indices;
  for (const Frame& frame : world.trap.frames) indices.push_back(frame.index);
  EXPECT_EQ(indices, (std::vector<uint32_t>{0, 1, 2, 3}));
  EXPECT_EQ(world.trap.frames[2].offset, 0x66u);
}

constexpr std::string_view kCatch = R"((module
  (tag $t (param i32))
  (func $thrower (param i32))
  (func $between (param i32) (call $thrower (local.get 0)))
  (func (export "run") (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $t $caught) (call $between (local.get 0)))
      (i32.const -1)))
  (func (export "uncaught") (param i32) (call $between (local.get 0)))))";

TEST_F(NativeCallTest, throws_into_the_interpreter) {
  load(kCatch);
  redirect(0, throw_tag_0);
  EXPECT_EQ(world.call(*instance, "run", {41}), returned({42}));
  EXPECT_EQ(world.call(*instance, "uncaught", {41}), trapped(TrapKind::exception));
  ASSERT_EQ(world.trap.frames.size(), 3u);
  EXPECT_EQ(world.trap.frames[0].offset, 0x55u);
  EXPECT_EQ(world.call(*instance, "run", {1}), returned({2}));
}

TEST_F(NativeCallTest, endless_recursion_through_both_ends_in_a_trap) {
  load(R"((module
    (func $unused (param i32) (result i32) (i32.const 0))
    (func $inner (param i32) (result i32) (call $native (local.get 0)))
    (func $native (param i32) (result i32) (unreachable))
    (func (export "run") (param i32) (result i32) (call $native (local.get 0)))))");
  redirect(2, [](ExecContext& context, FunctionCode& code, Instance* instance, Slot* slots) noexcept {
    char here;
    if (reinterpret_cast<uintptr_t>(&here) < context.native_stack_limit) {
      context.fail(TrapKind::call_stack_exhausted);
      return NativeOutcome::failed;
    }
    return call_back(context, code, instance, slots);
  });
  EXPECT_EQ(world.call(*instance, "run", {1}), trapped(TrapKind::call_stack_exhausted));
  EXPECT_EQ(world.trap.frames.size(), 64u);
  EXPECT_GT(world.trap.omitted_frames, 100u);
}

constexpr std::string_view kLoop = R"((module
  (func $sum (export "sum") (param $n i32) (result i32) (local $s i32)
    (i32.const 7)
    (loop $l
      (local.set $s (i32.add (local.get $s) (local.get $n)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (drop)
    (local.get $s))
  (func (export "run") (param i32) (result i32) (i32.add (call $sum (local.get 0)) (i32.const 1000)))))";

/// The rest of $sum, from its loop on: n is in slot 0, s in the first behind the header.
NativeOutcome run_sum(ExecContext&, FunctionCode& code, Instance*, Slot* slots, const void* native) noexcept {
  if (native == nullptr) return NativeOutcome::interpreted;
  uint32_t sum = static_cast<uint32_t>(slots[code.header_slot() + 3]) + 1'000'000;
  for (auto n = static_cast<uint32_t>(slots[0]); n != 0; --n) sum += n;
  slots[0] = sum;
  return NativeOutcome::returned;
}

TEST_F(NativeCallTest, enters_a_compiled_loop) {
  load(kLoop);
  EXPECT_EQ(world.call(*instance, "run", {10}), returned({1055}));
  const std::string before = disassemble(*instance->module, 0, true);
  const int something = 0;
  EXPECT_FALSE(tier().attach_loop(code(0), loop_offset(0, 0) + 1, {run_sum, &something}));
  EXPECT_TRUE(tier().attach_loop(code(0), loop_offset(0, 0), {run_sum, &something}));
  EXPECT_EQ(world.call(*instance, "sum", {10}), returned({1'000'055}));
  EXPECT_EQ(world.call(*instance, "run", {10}), returned({1'001'055}));
  EXPECT_EQ(disassemble(*instance->module, 0, true), before);
}

TEST_F(NativeCallTest, a_compiled_loop_may_refuse) {
  load(kLoop);
  EXPECT_EQ(world.call(*instance, "run", {10}), returned({1055}));
  EXPECT_TRUE(tier().attach_loop(code(0), loop_offset(0, 0), {run_sum, nullptr}));
  EXPECT_EQ(world.call(*instance, "run", {10}), returned({1055}));
}

/// Attaches the loop as soon as it is found in it.
class AttachingSampler final : public Sampler {
 public:
  AttachingSampler(InterpreterTier& tier, uint64_t loop) : tier_(tier), loop_(loop) {}
  uint32_t sample(ExecContext&, const Instance& instance, const uint64_t* ip) noexcept override {
    FunctionCode* const code = tier_.function_at(*instance.module, ip);
    offsets.push_back(tier_.offset_at(*code, ip));
    static const int something = 0;
    tier_.attach_loop(*code, loop_, {run_sum, &something});
    return 0;
  }
  std::vector<uint64_t> offsets;

 private:
  InterpreterTier& tier_;
  uint64_t loop_;
};

TEST_F(NativeCallTest, samples_say_where_a_guest_is_and_running_loops_change_over) {
  load(kLoop);
  AttachingSampler sampler(tier(), loop_offset(0, 0));
  ExecContext& context = world.store->context();
  context.sampler = &sampler;
  EXPECT_EQ(world.call(*instance, "run", {1}), returned({1001}));
  context.requests.fetch_or(
      ExecContext::kSample);  // without the poison, so that it is not found at the entry
  // Found at the first back-edge, it comes to the header with the compiled loop.
  EXPECT_EQ(world.call(*instance, "sum", {10}), returned({1'000'055}));
  ASSERT_EQ(sampler.offsets.size(), 1u);
  EXPECT_GT(sampler.offsets[0], loop_offset(0, 0));
  EXPECT_EQ(context.requests.load(), 0u);
  context.request_sample();
  EXPECT_EQ(world.call(*instance, "run", {10}), returned({1'001'055}));
  EXPECT_EQ(sampler.offsets.size(), 2u);  // at an entry, since the stack's limit was poisoned
  EXPECT_EQ(context.requests.load(), 0u);
  EXPECT_EQ(context.stack_limit.load(), context.stack_end);
}

}  // namespace

}  // namespace heddle::engine
