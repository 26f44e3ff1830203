// SPDX-License-Identifier: Apache-2.0
// Every SIMD row as machine code: those that compute against the reference semantics, those that access
// memory against memory.
#include "engine/runtime/test_vector_rows.h"
#include "jit/x64/test_machine.h"

namespace heddle::jit::x64 {
namespace {

using engine::Vector;
using engine::VectorOperands;
using engine::VectorValues;

std::string_view parameters_of(std::string_view signature) {
  return signature.substr(0, signature.find(':'));
}

/// The low half of a scalar that counts.
Vector narrowed(char type, Vector value) {
  if (type == 'v') return value;
  return Vector{type == 'i' || type == 'f' ? value[0] & UINT32_MAX : value[0], 0};
}

Vector result_of(const RunOutcome& outcome, char type) {
  if (type == 'i' || type == 'l') return Vector{outcome.results[0], 0};
  return narrowed(type, Vector{outcome.vectors[0][0], outcome.vectors[0][1]});
}

struct Immediates {
  unsigned lane = 0;
  Vector lanes = {};
  uint64_t native = 0;
};

/// `constant`: the number of the operand that is a constant, or a number beyond.
TestFunction function_of(const engine::OpcodeInfo& row, Operation operation, const Immediates& immediates,
                         unsigned constant, Vector bits) {
  TestFunction function;
  std::vector<Value> operands;
  for (const char letter : parameters_of(row.signature)) {
    const Value parameter = function.parameter(type_of_letter(letter));
    const bool folded = operands.size() == constant;
    operands.push_back(
        folded ? function.constant(type_of_letter(letter), bits[0], letter == 'v' ? bits[1] : 0) : parameter);
  }
  Node node;
  node.operation = operation;
  node.type = type_of_letter(row.signature.back());
  node.immediate = row.immediate == engine::Immediate::lane ? immediates.lane : immediates.native;
  if (row.immediate == engine::Immediate::shuffle || row.immediate == engine::Immediate::v128_constant) {
    node.immediate = immediates.lanes[0];
    node.extra = immediates.lanes[1];
  }
  const Value value = function.ir.add_node(function.at, node, operands);
  function.leave({value});
  return function;
}

void check_row(TestMachine& machine, const engine::VectorRow& row, engine::VectorModel model, uint64_t native,
               VectorValues& values) {
  const std::string_view parameters = parameters_of(row.row().signature);
  for (unsigned trial = 0; trial < 12; ++trial) {
    Immediates immediates;
    immediates.native = native;
    if (row.row().immediate == engine::Immediate::lane) {
      const std::string_view text = row.text();
      const auto lane_count = static_cast<unsigned>(std::atoi(text.data() + text.find('x') + 1));
      immediates.lane = trial % lane_count;
    }
    immediates.lanes = values.next();
    if (row.row().immediate == engine::Immediate::shuffle) {
      const uint8_t mask = trial % 3 == 0 ? 15 : 31;
      immediates.lanes = engine::vector_of(engine::lanes<uint8_t>(immediates.lanes) & mask);
      if (trial % 4 == 1)
        immediates.lanes = engine::vector_of(engine::lanes<uint8_t>(immediates.lanes) | uint8_t{16});
    }
    const unsigned constant = trial % 4;
    const Vector bits = values.next();
    TestFunction function = function_of(row.row(), operation_of(row.opcode), immediates, constant, bits);
    std::vector<Type> types;
    for (const char letter : parameters) types.push_back(type_of_letter(letter));
    const void* code = machine.compile(function.ir);
    for (unsigned round = 0; round < 20; ++round) {
      VectorOperands of;
      std::vector<Slot> arguments;
      for (unsigned i = 0; i < parameters.size(); ++i) {
        of.operands[i] = narrowed(parameters[i], values.next());
        arguments.push_back(of.operands[i][0]);
        if (parameters[i] == 'v') arguments.push_back(of.operands[i][1]);
        if (i == constant) of.operands[i] = narrowed(parameters[i], bits);
      }
      of.lane = immediates.lane;
      of.lanes = immediates.lanes;
      const RunOutcome got = machine.enter(code, types, arguments);
      ASSERT_TRUE(got.returned) << row.text();
      const Vector result = result_of(got, row.result()), wanted = narrowed(row.result(), model(of));
      ASSERT_TRUE(agrees(row, result, wanted))
          << std::hex << "got 0x" << result[1] << ":" << result[0] << ", wanted 0x" << wanted[1] << ":"
          << wanted[0] << " from " << row.text() << "\n"
          << disassemble(machine.emitted);
    }
  }
}

void check_rows(TestMachine& machine) {
  VectorValues values;
  for (const engine::VectorRow& row : engine::ops::reference::vector_rows()) {
    if (row.opcode == engine::Opcode::v128_const) continue;  // a constant is what operands are
    check_row(machine, row, row.apply, 0, values);
    if (row.native != nullptr) check_row(machine, row, row.native, 1, values);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(jit_simd_rows, give_what_the_reference_gives) {
  TestMachine machine;
  check_rows(machine);
}

TEST(jit_simd_rows, do_so_on_the_oldest_processors) {
  TestMachine machine;
  machine.options.features = {};
  check_rows(machine);
}

// ------------------------------------------------------------------------------------------- rows that
// access memory

bool is_access(size_t opcode) {
  const auto& row = engine::kOpcodes[opcode];
  return row.kind == engine::RowKind::simd && accesses_memory(row);
}

/// What a load gives of these bytes, told without vectors.
Vector loaded(std::string_view text, const uint8_t* bytes, Vector old, unsigned lane) {
  Slot result[2] = {};
  auto* out = reinterpret_cast<uint8_t*>(result);
  const auto digits = static_cast<unsigned>(std::atoi(text.data() + std::strlen("v128.load")));
  const unsigned size = digits / 8;
  if (text == "v128.load") {
    std::memcpy(out, bytes, 16);
  } else if (text.ends_with("_zero")) {
    std::memcpy(out, bytes, size);
  } else if (text.ends_with("_splat")) {
    for (unsigned i = 0; i < 16; i += size) std::memcpy(out + i, bytes, size);
  } else if (text.ends_with("_lane")) {
    result[0] = old[0];
    result[1] = old[1];
    std::memcpy(out + lane * size, bytes, size);
  } else {
    for (unsigned i = 0; i < 8 / size; ++i) {
      const bool negative = text.ends_with("_s") && (bytes[(i + 1) * size - 1] & 0x80) != 0;
      std::memset(out + 2 * i * size, negative ? 0xff : 0, 2 * size);
      std::memcpy(out + 2 * i * size, bytes + i * size, size);
    }
  }
  return Vector{result[0], result[1]};
}

void check_access(TestMachine& machine, const engine::OpcodeInfo& row, Operation operation, unsigned lane,
                  bool of_guest, VectorValues& values) {
  const bool is_store = row.signature.back() == ':',
             has_vector = row.signature.find('v') < row.signature.find(':');
  TestFunction function;
  const Value address = function.parameter(of_guest ? Type::i32 : Type::i64),
              vector = function.parameter(Type::v128);
  Node node;
  node.operation = operation;
  node.type = is_store ? Type::none : Type::v128;
  node.immediate = 5;
  node.extra = lane;
  const Value operands[] = {address, vector};
  const Value value = function.ir.add_node(function.at, node, std::span(operands, has_vector ? 2 : 1));
  is_store ? function.leave({}) : function.leave({value});
  const void* code = machine.compile(function.ir);
  const Type types[] = {of_guest ? Type::i32 : Type::i64, Type::v128};
  for (unsigned round = 0; round < 10; ++round) {
    const Vector old = values.next(), memory = values.next();
    uint8_t* const place = machine.guest_memory + 1000;
    std::memcpy(place + 5, &memory, 16);
    const Slot arguments[] = {of_guest ? Slot{1000} : reinterpret_cast<Slot>(place), old[0], old[1]};
    const RunOutcome got = machine.enter(code, types, arguments);
    ASSERT_TRUE(got.returned);
    if (!is_store) {
      const Vector result = result_of(got, 'v'), wanted = loaded(row.text, place + 5, old, lane);
      ASSERT_TRUE(result[0] == wanted[0] && result[1] == wanted[1]) << row.text << "\n"
                                                                    << disassemble(machine.emitted);
      continue;
    }
    const unsigned size = 1u << row.access_log2;
    Vector wanted = memory;
    std::memcpy(&wanted, reinterpret_cast<const uint8_t*>(&old) + lane * size % 16, size);
    ASSERT_EQ(std::memcmp(&wanted, place + 5, 16), 0) << row.text << "\n" << disassemble(machine.emitted);
  }
}

TEST(jit_simd_rows, that_access_memory_read_and_write_what_they_should) {
  TestMachine machine;
  VectorValues values;
  for (size_t i = 0; i < engine::kOpcodeCount; ++i) {
    if (!is_access(i)) continue;
    const auto& row = engine::kOpcodes[i];
    const unsigned lanes =
        row.immediate == engine::Immediate::memory_argument_lane ? 16u >> row.access_log2 : 1;
    for (unsigned lane = 0; lane < lanes; ++lane) {
      for (const bool of_guest : {false, true})
        check_access(machine, row, static_cast<Operation>(i), lane, of_guest, values);
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace heddle::jit::x64
