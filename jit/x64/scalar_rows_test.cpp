// SPDX-License-Identifier: Apache-2.0
// Every row of the opcode table that computes scalars, as machine code, against its semantics type.
#include "engine/opcodes/opcode.h"
#include "jit/x64/test_machine.h"

namespace heddle::jit::x64 {
namespace {

using engine::Opcode;
using engine::RowKind;

// Values where operations change their minds, and divisors.
// clang-format off
const std::vector<Slot> kI32 = {3, 641, 0xfffffff9, 0, 1, 2, 7, 31, 32, 33, 10, 63, 0x80, 0xffffff80, 0x7fffffff, 0x80000000, 0xffffffff,
                                0x12345678};
const std::vector<Slot> kI64 = {3, 641, ~Slot{6}, 0x7fffffffffffff01, 0, 1, 2, 7, 31, 32, 63, 64, 10, 65, 0x80000000, 0xffffffff,
                                0x100000000, ~Slot{0x7f}, INT64_MAX, 1ull << 63, ~0ull, 0xffffffff80000000, 0x123456789abcdef0};
const std::vector<Slot> kF32 = {0, 0x80000000, 0x3f800000, 0xbf800000, 0x3f000000, 0x40200000, 0x00000001, 0x80000001, 0x007fffff,
                                0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7fa00000, 0x4f000000, 0xcf000000,
                                0x5f800000, 0x4b800001, 0x4effffff, 0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000, 0xdf000000,
                                0x5f7fffff, 0xcf000001, 0xbf7fffff};
const std::vector<Slot> kF64 = {0, 1ull << 63, 0x3ff0000000000000, 0xbff0000000000000, 0x3fe0000000000000, 0x4004000000000000, 1,
                                0x8000000000000001, 0x000fffffffffffff, 0x7fefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000,
                                0x7ff8000000000000, 0xfff8123456789abc, 0x7ff4000000000000, 0x41dfffffffc00000, 0x41dfffffffffffff,
                                0xc1e0000000000000, 0xc1e00000001fffff, 0xc1e0000000200000, 0x41f0000000000000, 0x41efffffffffffff,
                                0x43e0000000000000, 0x43dfffffffffffff, 0xc3e0000000000000, 0xc3e0000000000001, 0x43f0000000000000,
                                0x43efffffffffffff, 0xbfefffffffffffff, 0x3ff199999999999a};
// clang-format on

const std::vector<Slot>& values_of(char type) {
  return type == 'i' ? kI32 : type == 'l' ? kI64 : type == 'f' ? kF32 : kF64;
}

bool is_nan(char type, Slot bits) {
  if (type == 'f') return (bits & 0x7fffffff) > 0x7f800000;
  return type == 'd' && (bits << 1) > 0xffe0000000000000;
}

/// Of a NaN that arithmetic makes only the quiet bit is determined. (Spec 4.3.3)
bool agrees(Opcode row, Slot got, Slot wanted) {
  const char type = info(row).signature.back();
  if (got == wanted) return true;
  for (const char* name : {"abs", "neg", "copysign", "reinterpret"}) {
    if (info(row).text.find(name) != std::string_view::npos) return false;
  }
  const Slot quiet = type == 'f' ? 0x400000 : 0x8000000000000;
  return is_nan(type, got) && is_nan(type, wanted) && (got & quiet) != 0;
}

Slot result_of(const RunOutcome& outcome, char type) {
  if (type == 'f') return outcome.vectors[0][0] & 0xffffffff;
  return type == 'd' ? outcome.vectors[0][0] : outcome.results[0];
}

bool computes_scalars(Opcode row) {
  const RowKind kind = info(row).kind;
  return kind == RowKind::unary || kind == RowKind::binary || kind == RowKind::test ||
         kind == RowKind::compare;
}

/// How the operands come: as parameters, or (bit by bit) as constants, and the right one from memory of the
/// host.
enum Shape : unsigned {
  kParameters = 0,
  kConstantLeft = 1,
  kConstantRight = 2,
  kLoadedRight = 4,
  kCompared = 8,
  kMany = 16
};

struct Trial {
  TestFunction function;
  std::vector<Type> types;
};

Operation load_of(Type type) {
  return type == Type::i32   ? Operation::i32_load
         : type == Type::i64 ? Operation::i64_load
         : type == Type::f32 ? Operation::f32_load
                             : Operation::f64_load;
}

Trial make_trial(Opcode row, unsigned shape, Slot left, Slot right) {
  const std::string_view signature = info(row).signature;
  const bool binary = signature[1] != ':';
  Trial trial;
  TestFunction& function = trial.function;
  const Type first = type_of_letter(signature[0]), result = type_of_letter(signature.back());
  const auto parameter = [&](Type type) {
    trial.types.push_back(type);
    return function.parameter(type);
  };
  const Value p0 = parameter(first);
  const Value p1 = parameter(binary ? type_of_letter(signature[1]) : first);
  const Value place = parameter(Type::i64);
  const Value a = (shape & kConstantLeft) != 0 ? function.constant(first, left) : p0;
  Value b = (shape & kConstantRight) != 0 ? function.constant(function.ir.nodes[p1].type, right) : p1;
  if ((shape & kLoadedRight) != 0) {
    b = function.add(Operation::host_load, function.ir.nodes[p1].type, {place}, 0, [&](Node& node) {
      node.access = load_of(node.type);
      node.alias = Alias::global;
    });
  }
  Value value =
      binary ? function.add(operation_of(row), result, {a, b}) : function.add(operation_of(row), result, {b});
  if ((shape & kCompared) != 0) {
    const BlockId start = function.at, yes = function.ir.add_block(), no = function.ir.add_block();
    function.add(Operation::branch, Type::none, {value});
    function.ir.add_edge(start, yes);
    function.ir.add_edge(start, no);
    function.at = yes;
    function.leave({function.i32(1)});
    function.at = no;
    function.add(Operation::leave, Type::none, {function.i32(0)});
    return trial;
  }
  if ((shape & kMany) != 0) {  // the operands are wanted afterwards
    function.add(Operation::host_store, Type::none, {place, p0}, 8, [&](Node& node) {
      node.access = first == Type::i32   ? Operation::i32_store
                    : first == Type::i64 ? Operation::i64_store
                    : first == Type::f32 ? Operation::f32_store
                                         : Operation::f64_store;
      node.alias = Alias::global;
    });
  }
  function.leave({value});
  return trial;
}

void check_row(Opcode row, unsigned shape, TestMachine& machine) {
  const std::string_view signature = info(row).signature;
  const bool binary = signature[1] != ':';
  const auto& lefts = binary ? values_of(signature[0]) : values_of('i');
  const auto& rights = values_of(binary ? signature[1] : signature[0]);
  const auto reference = row_function(row);
  const bool constants = (shape & (kConstantLeft | kConstantRight)) != 0;
  const void* code = nullptr;
  Trial trial;
  const char result = (shape & kCompared) != 0 ? 'i' : signature.back();
  for (size_t i = 0; i < (binary ? lefts.size() : 1); ++i) {
    for (const Slot right : rights) {
      const Slot left = binary ? lefts[i] : right;
      if (code == nullptr || constants) {
        trial = make_trial(row, shape, left, right);
        code = machine.compile(trial.function.ir);
      }
      Slot slots[2] = {left, right};
      if (!binary) slots[0] = right;
      const TrapKind trap = reference(nullptr, slots, 0, 0);
      alignas(16) Slot place[2] = {right, 0};
      const Slot arguments[3] = {left, right, reinterpret_cast<Slot>(place)};
      const RunOutcome got = machine.enter(code, trial.types, arguments);
      const auto where = [&] {
        return ::testing::Message() << info(row).text << " shape " << shape << std::hex << " of 0x" << left
                                    << " and 0x" << right << "\n"
                                    << disassemble(machine.emitted);
      };
      ASSERT_EQ(got.trap, trap) << where();
      if (trap != TrapKind::none) continue;
      ASSERT_TRUE(got.returned) << where();
      const Slot mask = result == 'f' || result == 'i' ? 0xffffffff : ~Slot{0};
      ASSERT_TRUE(agrees(row, result_of(got, result), slots[0] & mask))
          << std::hex << "got 0x" << result_of(got, result) << ", wanted 0x" << (slots[0] & mask) << " "
          << where();
    }
  }
}

void check_rows(unsigned shape, TestMachine& machine) {
  // Of thousands of functions that differ by their constants, decoding takes longer than all else.
  machine.checks_encodings = (shape & (kConstantLeft | kConstantRight)) == 0;
  for (size_t i = 0; i < engine::kOpcodeCount; ++i) {
    const auto row = static_cast<Opcode>(i);
    if (!computes_scalars(row)) continue;
    const bool binary = info(row).signature[1] != ':';
    if (!binary && (shape & (kConstantLeft | kMany)) != 0) continue;
    if ((shape & kCompared) != 0 && info(row).kind != RowKind::test && info(row).kind != RowKind::compare)
      continue;
    check_row(row, shape, machine);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

class ScalarRows : public ::testing::TestWithParam<unsigned> {};

TEST_P(ScalarRows, give_what_their_semantics_types_give) {
  TestMachine machine;
  check_rows(GetParam(), machine);
}

TEST_P(ScalarRows, do_so_on_the_oldest_processors) {
  TestMachine machine;
  machine.options.features = {};
  check_rows(GetParam(), machine);
}

TEST_P(ScalarRows, do_so_with_allocated_registers) {
  TestMachine machine;
  machine.linear_scan = true;
  check_rows(GetParam(), machine);
}

INSTANTIATE_TEST_SUITE_P(Shapes, ScalarRows,
                         ::testing::Values(kParameters, kConstantLeft, kConstantRight,
                                           kConstantLeft | kConstantRight, kLoadedRight,
                                           kConstantLeft | kLoadedRight, kCompared,
                                           kCompared | kConstantRight, kCompared | kLoadedRight, kMany));

}  // namespace
}  // namespace heddle::jit::x64
