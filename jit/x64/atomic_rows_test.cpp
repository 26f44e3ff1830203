// SPDX-License-Identifier: Apache-2.0
// Every atomic row as machine code, against its semantics type, on memory of the guest and of the host.
#include "engine/runtime/atomic_ops.h"
#include "jit/x64/test_machine.h"

namespace heddle::jit::x64 {
namespace {

/// What a row does to a cell, and what it gives. Operands are as in slots.
using AtomicModel = Slot (*)(void* cell, Slot value, Slot replacement);

struct AtomicRow {
  Operation operation;
  AtomicModel apply;
};

template <class M>
Slot load(void* cell, Slot, Slot) {
  return *static_cast<M*>(cell);
}
template <class M>
Slot store(void* cell, Slot value, Slot) {
  *static_cast<M*>(cell) = static_cast<M>(value);
  return 0;
}
template <class M, class Op>
Slot modify(void* cell, Slot value, Slot) {
  return Op::apply(static_cast<M*>(cell), static_cast<M>(value));
}
template <class M>
Slot exchange(void* cell, Slot expected, Slot replacement) {
  return engine::ops::atomic_cmpxchg(static_cast<M*>(cell), static_cast<M>(expected),
                                     static_cast<M>(replacement));
}

const std::vector<AtomicRow>& rows() {
  using namespace engine::ops;
  static const std::vector<AtomicRow> kRows = {
#define WASM_ATOMIC_LOAD(name, code, text, immediate, signature, feature, access_log2, M, V) \
  {Operation::name, load<M>},
#define WASM_ATOMIC_STORE(name, code, text, immediate, signature, feature, access_log2, M, V) \
  {Operation::name, store<M>},
#define WASM_ATOMIC_RMW(name, code, text, immediate, signature, feature, access_log2, M, V, ...) \
  {Operation::name, modify<M, __VA_ARGS__>},
#define WASM_ATOMIC_CMPXCHG(name, code, text, immediate, signature, feature, access_log2, M, V) \
  {Operation::name, exchange<M>},
#include "engine/opcodes/opcodes.def"
  };
  return kRows;
}

constexpr Slot kValues[] = {
    0, 1, 0x7f, 0x80, 0xff, 0x1234, 0xffff8000, 0x80000000, 0xffffffff, 0x123456789abcdef0, ~Slot{0}};

struct Trial {
  bool of_guest;
  bool wants_result;
  uint64_t offset;
};

void check(TestMachine& machine, const AtomicRow& row, const Trial& trial) {
  const auto& facts = info(row_of(row.operation));
  const std::string_view signature = facts.signature;
  const Type result = signature.back() == ':' ? Type::none : type_of_letter(signature.back());
  TestFunction function;
  std::vector<Type> types = {trial.of_guest ? Type::i32 : Type::i64};
  std::vector<Value> operands = {function.parameter(types[0])};
  for (size_t i = 1; signature[i] != ':'; ++i) {
    types.push_back(type_of_letter(signature[i]));
    operands.push_back(function.parameter(types.back()));
  }
  Node node;
  node.operation = row.operation;
  node.type = result;
  node.immediate = trial.offset;
  const Value value = function.ir.add_node(function.at, node, operands);
  const bool returns = result != Type::none && trial.wants_result;
  returns ? function.leave({value}) : function.leave({});
  const void* code = machine.compile(function.ir);
  const unsigned bytes = 1u << facts.access_log2;
  const Slot mask = types.size() > 1 && types[1] == Type::i32 ? UINT32_MAX : ~Slot{0};
  uint8_t* const cell = machine.guest_memory + 4096;
  const auto base = trial.of_guest ? Slot{4096} : reinterpret_cast<Slot>(cell);
  for (const Slot old : kValues) {
    for (const Slot operand : kValues) {
      for (const Slot replacement : {operand ^ 0x55, old}) {
        Slot model = old;
        std::memcpy(cell, &old, 8);
        const Slot arguments[] = {base - trial.offset, operand & mask, replacement & mask};
        const Slot wanted = row.apply(&model, operand & mask, replacement & mask);
        const RunOutcome got = machine.enter(code, types, std::span(arguments, types.size()));
        ASSERT_TRUE(got.returned) << facts.text;
        ASSERT_EQ(std::memcmp(cell, &model, 8), 0) << facts.text << "\n" << disassemble(machine.emitted);
        if (returns) {
          ASSERT_EQ(got.results[0], wanted) << facts.text << "\n" << disassemble(machine.emitted);
        }
      }
    }
  }
  if (bytes == 1) return;
  const Slot arguments[] = {base - trial.offset + bytes / 2, 0, 0};
  const RunOutcome got = machine.enter(code, types, std::span(arguments, types.size()));
  EXPECT_FALSE(got.returned) << facts.text;
  EXPECT_EQ(got.trap, TrapKind::unaligned_atomic) << facts.text;
}

void check_all(bool linear_scan) {
  TestMachine machine;
  machine.linear_scan = linear_scan;
  for (const AtomicRow& row : rows()) {
    for (const bool of_guest : {false, true}) {
      for (const uint64_t offset : {0, 3, 8}) {
        for (const bool wants_result : {false, true}) check(machine, row, {of_guest, wants_result, offset});
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST(jit_atomic_rows, give_and_leave_what_their_semantics_types_do) { check_all(false); }
TEST(jit_atomic_rows, do_so_with_allocated_registers) { check_all(true); }

}  // namespace
}  // namespace heddle::jit::x64
