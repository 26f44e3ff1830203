// SPDX-License-Identifier: Apache-2.0
// Control, calls, traps and exceptions as machine code, with both allocators.
#include "jit/x64/test_machine.h"

namespace heddle::jit::x64 {
namespace {

class Control : public ::testing::TestWithParam<bool> {
 protected:
  Control() { machine.linear_scan = GetParam(); }
  TestMachine machine;
};

/// Enters what comes next in `block`.
void go_to(TestFunction& function, BlockId block) { function.at = block; }

void jump(TestFunction& function, BlockId target, std::initializer_list<Value> arguments = {}) {
  const BlockId from = function.at;
  function.add(Operation::jump, Type::none);
  function.ir.add_edge(from, target, {arguments.begin(), arguments.size()});
}

void branch(TestFunction& function, Value condition, BlockId yes, BlockId no) {
  const BlockId from = function.at;
  function.add(Operation::branch, Type::none, {condition});
  function.ir.add_edge(from, yes);
  function.ir.add_edge(from, no);
}

/// Adds the numbers up to its parameter, polling.
void make_sum(TestFunction& function) {
  const Value limit = function.parameter(Type::i32);
  const BlockId loop = function.ir.add_block(), out = function.ir.add_block();
  const Value context = function.context();
  jump(function, loop, {function.i32(0), function.i32(0)});
  go_to(function, loop);
  const Value i = function.ir.add_parameter(loop, Type::i32),
              sum = function.ir.add_parameter(loop, Type::i32);
  function.add(Operation::poll, Type::none, {context});
  const Value next = function.add(Operation::i32_add, Type::i32, {i, function.i32(1)});
  const Value total = function.add(Operation::i32_add, Type::i32, {sum, next});
  const BlockId back = function.ir.add_block();
  branch(function, function.add(Operation::i32_lt_u, Type::i32, {next, limit}), back, out);
  go_to(function, back);
  jump(function, loop, {next, total});
  go_to(function, out);
  function.leave({total});
}

TEST_P(Control, loops_count_and_poll) {
  TestFunction function;
  make_sum(function);
  EXPECT_EQ(machine.run(function.ir, {10}).results[0], 55u);
  unsigned polls = 0;
  machine.on_poll = [&] {
    ++polls;
    return TrapKind::none;
  };
  machine.context.requests = 1;
  const Type types[] = {Type::i32};
  const Slot ten[] = {10};
  const void* code = reinterpret_cast<const void*>(machine.code_begin);
  EXPECT_EQ(machine.enter(code, types, ten).results[0], 55u);
  EXPECT_EQ(polls, 10u);
  machine.on_poll = [] { return TrapKind::interrupted; };
  const RunOutcome stopped = machine.enter(code, types, ten);
  EXPECT_FALSE(stopped.returned);
  EXPECT_EQ(stopped.trap, TrapKind::interrupted);
  EXPECT_NE(stopped.trap_offset, 0u);
}

TEST_P(Control, branch_tables_of_every_size_take_the_index_or_the_last) {
  for (const unsigned count : {1u, 2u, 4u, 5u, 9u}) {
    TestFunction function;
    const Value index = function.parameter(Type::i32);
    std::vector<BlockId> targets;
    for (unsigned i = 0; i < count; ++i) targets.push_back(function.ir.add_block());
    function.add(Operation::branch_table, Type::none, {index});
    for (const BlockId target : targets) function.ir.add_edge(0, target);
    for (unsigned i = 0; i < count; ++i) {
      go_to(function, targets[i]);
      function.ir.results.clear();
      function.leave({function.i32(100 + i)});
    }
    for (const Slot i : {0u, 1u, 3u, 4u, 8u, 9u, 0x80000000u, UINT32_MAX}) {
      TestFunction copy = function;
      EXPECT_EQ(machine.run(copy.ir, {i}).results[0], 100 + std::min<Slot>(i, count - 1)) << count;
    }
  }
}

TEST_P(Control, traps_tell_their_kind_and_where) {
  TestFunction function;
  const Value x = function.parameter(Type::i32);
  const Value trap = function.add(Operation::trap_if, Type::none, {x}, 0,
                                  [](Node& node) { node.trap = TrapKind::null_reference; });
  const Value divided = function.add(Operation::i32_div_u, Type::i32, {function.i32(7), x});
  function.leave({divided});
  RunOutcome got = machine.run(function.ir, {1});
  EXPECT_FALSE(got.returned);
  EXPECT_EQ(got.trap, TrapKind::null_reference);
  EXPECT_EQ(got.trap_offset, function.ir.nodes[trap].offset);
  TestFunction copy = function;
  got = machine.run(copy.ir, {0});
  EXPECT_EQ(got.trap, TrapKind::integer_divide_by_zero);
  EXPECT_EQ(got.trap_offset, function.ir.nodes[divided].offset);
}

/// Twelve integers and twelve floats, more than registers hold: weighted so that no two may be confused.
TEST_P(Control, calls_pass_more_than_registers_hold) {
  TestFunction callee;
  std::vector<Value> integers, floats;
  for (unsigned i = 0; i < 12; ++i) {
    integers.push_back(callee.parameter(i % 2 == 0 ? Type::i64 : Type::i32));
    floats.push_back(callee.parameter(Type::f64));
  }
  Value sum = callee.i64(0), total = callee.constant(Type::f64, 0);
  for (unsigned i = 0; i < 12; ++i) {
    Value wide = integers[i];
    if (i % 2 != 0) wide = callee.add(Operation::i64_extend_i32_u, Type::i64, {wide});
    sum = callee.add(Operation::i64_add, Type::i64,
                     {callee.add(Operation::i64_mul, Type::i64, {sum, callee.i64(3)}), wide});
    const Value tripled =
        callee.add(Operation::f64_mul, Type::f64, {total, callee.constant(Type::f64, 0x4008000000000000)});
    total = callee.add(Operation::f64_add, Type::f64, {tripled, floats[i]});
  }
  callee.leave({callee.add(Operation::i64_add, Type::i64,
                           {sum, callee.add(Operation::i64_trunc_sat_f64_s, Type::i64, {total})})});
  machine.codes[0].native_entry = machine.compile(callee.ir);

  TestFunction caller;
  const Value seed = caller.parameter(Type::i64);
  std::vector<Value> arguments;
  for (unsigned i = 0; i < 12; ++i) {
    const Value moved = caller.add(Operation::i64_add, Type::i64, {seed, caller.i64(i)});
    arguments.push_back(i % 2 == 0 ? moved : caller.add(Operation::i32_wrap_i64, Type::i32, {moved}));
    arguments.push_back(caller.add(Operation::f64_convert_i64_s, Type::f64, {moved}));
  }
  Node call;
  call.operation = Operation::call_own;
  call.type = Type::i64;
  const Value result = caller.ir.add_node(0, call, arguments);
  caller.leave({caller.add(Operation::i64_sub, Type::i64, {result, seed})});
  Slot wanted = 0;
  for (Slot i = 0; i < 12; ++i) wanted = 3 * wanted + 1000 + i;
  EXPECT_EQ(machine.run(caller.ir, {1000}).results[0], 2 * wanted - 1000);
}

TEST_P(Control, calls_of_what_is_not_compiled_go_to_the_other_tier_and_its_failure_ends_the_caller) {
  TestFunction function;
  const Value x = function.parameter(Type::i32);
  const Value y = function.add(Operation::call_own, Type::i32, {x, function.i32(5)}, 2);
  function.leave({function.add(Operation::i32_add, Type::i32, {x, y})});
  machine.other_tier = [&](engine::FunctionCode* code, engine::Instance* instance, RegisterArea* area) {
    EXPECT_EQ(code, &machine.codes[2]);
    EXPECT_EQ(instance, &machine.instance);
    EXPECT_NE(machine.context.native_exit, nullptr);
    area->general[0] = area->general[0] * area->general[1];
    return true;
  };
  EXPECT_EQ(machine.run(function.ir, {8}).results[0], 48u);
  machine.other_tier = [](auto...) { return false; };
  const Type types[] = {Type::i32};
  const Slot eight[] = {8};
  EXPECT_FALSE(machine.enter(reinterpret_cast<const void*>(machine.code_begin), types, eight).returned);
}

TEST_P(Control, functions_of_other_instances_run_in_theirs_and_come_back) {
  engine::Instance other;
  other.context = &machine.context;
  alignas(16) static uint8_t memory[64];
  other.memory0_base = memory;
  memory[4] = 77;
  TestFunction callee;
  callee.leave({callee.add(Operation::i32_load8_u, Type::i32, {callee.i32(4)})});
  machine.codes[0].native_entry = machine.compile(callee.ir);
  engine::Function function;
  function.code = &machine.codes[0];
  function.instance = &other;
  machine.guest_memory[4] = 11;
  TestFunction caller;
  const Value reference = caller.parameter(Type::i64);
  const Value there = caller.add(Operation::call_function, Type::i32, {reference});
  const Value here = caller.add(Operation::i32_load8_u, Type::i32, {caller.i32(4)});
  const Value both = caller.add(Operation::i32_mul, Type::i32, {there, caller.i32(1000)});
  caller.leave({caller.add(Operation::i32_add, Type::i32, {both, here})});
  EXPECT_EQ(machine.run(caller.ir, {reinterpret_cast<Slot>(&function)}).results[0], 77011u);
  function.instance = nullptr;  // of the host: it sees the caller's instance
  TestFunction again = caller;
  EXPECT_EQ(machine.run(again.ir, {reinterpret_cast<Slot>(&function)}).results[0], 11011u);
}

TEST_P(Control, tail_calls_use_no_stack) {
  TestFunction function;  // (n, sum): n == 0 ? sum : itself(n - 1, sum + n)
  const Value n = function.parameter(Type::i64), sum = function.parameter(Type::i64);
  const BlockId done = function.ir.add_block(), on = function.ir.add_block();
  branch(function, function.add(Operation::i64_eqz, Type::i32, {n}), done, on);
  go_to(function, done);
  function.leave({sum});
  go_to(function, on);
  const Value less = function.add(Operation::i64_sub, Type::i64, {n, function.i64(1)});
  const Value more = function.add(Operation::i64_add, Type::i64, {sum, n});
  function.add(Operation::tail_call_own, Type::none, {less, more}, 1);
  machine.codes[1].native_entry = machine.compile(function.ir);
  const Type types[] = {Type::i64, Type::i64};
  const Slot arguments[] = {3'000'000, 0};
  EXPECT_EQ(machine.enter(machine.codes[1].native_entry, types, arguments).results[0],
            Slot{3'000'000} * 3'000'001 / 2);
}

TEST_P(Control, recursion_keeps_values_over_calls) {
  TestFunction function;  // Fibonacci's numbers
  const Value n = function.parameter(Type::i32);
  const BlockId base = function.ir.add_block(), step = function.ir.add_block();
  branch(function, function.add(Operation::i32_lt_u, Type::i32, {n, function.i32(2)}), base, step);
  go_to(function, base);
  function.leave({n});
  go_to(function, step);
  function.ir.results.clear();
  const auto of = [&](uint32_t less) {
    return function.add(Operation::call_own, Type::i32,
                        {function.add(Operation::i32_sub, Type::i32, {n, function.i32(less)})}, 3);
  };
  const Value one = of(1), two = of(2);
  function.leave({function.add(Operation::i32_add, Type::i32, {one, two})});
  machine.codes[3].native_entry = machine.compile(function.ir);
  const Type types[] = {Type::i32};
  const Slot twenty[] = {20};
  EXPECT_EQ(machine.enter(machine.codes[3].native_entry, types, twenty).results[0], 6765u);
}

TEST_P(Control, functions_that_call_stop_at_the_native_limit) {
  TestFunction function;
  function.leave({function.add(Operation::call_own, Type::i32, {}, 3)});
  machine.codes[3].native_entry = machine.compile(function.ir);
  unsigned polls = 0;
  machine.on_poll = [&] {
    ++polls;
    return TrapKind::call_stack_exhausted;
  };
  machine.context.native_limit = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - 20000;
  const RunOutcome got = machine.enter(machine.codes[3].native_entry, {}, {});
  machine.context.native_limit = 0;
  EXPECT_FALSE(got.returned);
  EXPECT_EQ(got.trap, TrapKind::call_stack_exhausted);
  EXPECT_EQ(polls, 1u);
}

TEST_P(Control, wide_rows_give_both_halves) {
  constexpr Operation kRows[] = {Operation::i64_add128, Operation::i64_sub128, Operation::i64_mul_wide_s,
                                 Operation::i64_mul_wide_u};
  constexpr Slot kOperands[] = {0, 1, 7, ~Slot{0}, Slot{1} << 63, 0x123456789abcdef0};
  for (const Operation row : kRows) {
    const unsigned count = info(row_of(row)).signature.find(':') == 4 ? 4 : 2;
    TestFunction function;
    std::vector<Value> parameters;
    for (unsigned i = 0; i < 4; ++i) parameters.push_back(function.parameter(Type::i64));
    Node node;
    node.operation = row;
    const Value wide = function.ir.add_node(0, node, std::span(parameters).first(count));
    const Value low = function.add(Operation::result, Type::i64, {wide}, 0);
    const Value high = function.add(Operation::result, Type::i64, {wide}, 1);
    function.leave({high, low, parameters[0]});
    const void* code = machine.compile(function.ir);
    const Type types[] = {Type::i64, Type::i64, Type::i64, Type::i64};
    for (unsigned i = 0; i < 6 * 6 * 6 * 6; ++i) {
      const Slot arguments[] = {kOperands[i % 6], kOperands[i / 6 % 6], kOperands[i / 36 % 6],
                                kOperands[i / 216]};
      Slot wanted[4] = {arguments[0], arguments[1], arguments[2], arguments[3]};
      row_function(row_of(row))(nullptr, wanted, 0, 0);
      const RunOutcome got = machine.enter(code, types, arguments);
      ASSERT_EQ(got.results[0], wanted[1]) << disassemble(machine.emitted);
      ASSERT_EQ(got.results[1], wanted[0]);
      ASSERT_EQ(got.results[2], arguments[0]);
    }
  }
}

TEST_P(Control, runtime_calls_take_and_give_slots) {
  machine.options.features = {};  // so that C++ counts the bits
  TestFunction function;
  const Value a = function.parameter(Type::i64), b = function.parameter(Type::f32);
  const Value count = function.add(Operation::i64_popcnt, Type::i64, {a});
  const Value sum = function.add(Operation::i64_add, Type::i64, {count, a});
  const Value whole = function.add(Operation::i64_trunc_f32_s, Type::i64, {b});
  function.leave({function.add(Operation::i64_add, Type::i64, {sum, whole})});
  EXPECT_EQ(machine.run(function.ir, {0xff00, 0x41200000}).results[0], 0xff00u + 8 + 10);
}

/// A call that may throw to a handler of its own function.
TEST_P(Control, exceptions_continue_at_the_handler_with_what_lives_there) {
  TestFunction function;
  const Value x = function.parameter(Type::i32), y = function.parameter(Type::f64);
  const Value doubled = function.add(Operation::i32_add, Type::i32, {x, x}), constant = function.i32(1000);
  const BlockId fine = function.ir.add_block(), handler = function.ir.add_block();
  function.ir.blocks[handler].is_handler = true;
  const Value called = function.add(Operation::call_own, Type::i32, {x}, 2);
  function.add(Operation::invoke, Type::none);
  function.ir.add_edge(0, fine);
  function.ir.add_edge(0, handler);
  go_to(function, fine);
  function.leave({called});
  go_to(function, handler);
  function.ir.results.clear();
  const Value whole = function.add(Operation::i32_trunc_sat_f64_s, Type::i32, {y});
  const Value sum = function.add(Operation::i32_add, Type::i32, {doubled, constant});
  function.leave({function.add(Operation::i32_add, Type::i32, {sum, whole})});
  machine.other_tier = [](engine::FunctionCode*, engine::Instance*, RegisterArea* area) {
    const bool throws = area->general[0] > 5;
    area->general[0] = 42;
    return !throws;
  };
  EXPECT_EQ(machine.run(function.ir, {1, 0x4024000000000000}).results[0], 42u);
  const Type types[] = {Type::i32, Type::f64};
  const Slot arguments[] = {7, 0x4024000000000000};
  const RunOutcome caught =
      machine.enter(reinterpret_cast<const void*>(machine.code_begin), types, arguments);
  EXPECT_TRUE(caught.returned);
  EXPECT_EQ(caught.results[0], 1024u) << disassemble(machine.emitted);
}

/// Forty values at once, each wanted twice.
TEST_P(Control, more_values_than_registers_survive) {
  TestFunction function;
  const Value x = function.parameter(Type::i64);
  std::vector<Value> values;
  for (unsigned i = 0; i < 40; ++i) {
    const Value shifted = function.add(Operation::i64_rotl, Type::i64, {x, function.i64(i)});
    values.push_back(
        function.add(Operation::i64_xor, Type::i64, {shifted, function.i64(i * 0x9e3779b97f4a7c15)}));
  }
  Value sum = function.i64(0);
  for (unsigned i = 0; i < 40; ++i) {
    const Value product = function.add(Operation::i64_mul, Type::i64, {values[i], values[(i * 7 + 3) % 40]});
    sum = function.add(Operation::i64_add, Type::i64, {sum, product});
  }
  function.leave({sum});
  const uint64_t seed = 0x123456789abcdef0;
  uint64_t model[40], wanted = 0;
  for (unsigned i = 0; i < 40; ++i)
    model[i] = std::rotl(seed, static_cast<int>(i)) ^ (i * 0x9e3779b97f4a7c15);
  for (unsigned i = 0; i < 40; ++i) wanted += model[i] * model[(i * 7 + 3) % 40];
  EXPECT_EQ(machine.run(function.ir, {seed}).results[0], wanted);
}

TEST_P(Control, checks_of_bounds_know_carries) {
  const auto trap = [](Node& node) {
    node.trap = TrapKind::memory_out_of_bounds;
    node.access = Operation::i64_load;
  };
  struct Case {
    uint64_t address, offset, length;
    bool fits;
  };
  for (const Case& each : std::initializer_list<Case>{{0, 0, 8, true},
                                                      {1, 0, 8, false},
                                                      {8, 16, 32, true},
                                                      {9, 16, 32, false},
                                                      {~0ull, 8, 100, false},
                                                      {~0ull - 3, 0, ~0ull, false},
                                                      {0, ~0ull - 8, ~0ull, true},
                                                      {100, 0x100000000, 0x10000006c, true}}) {
    TestFunction function;
    const Value address = function.parameter(Type::i64), length = function.parameter(Type::i64);
    function.leave({function.add(Operation::check_bounds, Type::i64, {address, length}, each.offset, trap)});
    const RunOutcome got = machine.run(function.ir, {each.address, each.length});
    EXPECT_EQ(got.returned, each.fits) << each.address << " " << each.offset;
    if (each.fits) {
      EXPECT_EQ(got.results[0], each.address + each.offset);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Allocators, Control, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "linear_scan" : "slots"; });

}  // namespace
}  // namespace heddle::jit::x64
