// SPDX-License-Identifier: Apache-2.0
// Every computing SIMD row, in the shapes its operands and its result may take, against the reference
// semantics.
#include "engine/interpreter/test_rows.h"
#include "engine/interpreter/test_seen.h"
#include "engine/runtime/test_vector_rows.h"

namespace heddle::engine {
namespace {

/// How an operand comes about, and so where its handler finds it.
enum class Shape { local, accumulator, stored, teed, constant };
constexpr Shape kShapes[] = {Shape::local, Shape::accumulator, Shape::stored, Shape::teed, Shape::constant};

std::string type_name(char type) { return type == 'v' ? "v128" : name_of_type(type); }

std::string identity(char type) {
  switch (type) {
    case 'v': return " v128.not v128.not";
    case 'i': return " f32.reinterpret_i32 i32.reinterpret_f32";
    case 'l': return " f64.reinterpret_i64 i64.reinterpret_f64";
    case 'f': return " i32.reinterpret_f32 f32.reinterpret_i32";
    default: return " i64.reinterpret_f64 f64.reinterpret_i64";
  }
}

std::string vector_text(Vector value) {
  char text[64];
  std::snprintf(text, sizeof text, " v128.const i64x2 0x%llx 0x%llx",
                static_cast<unsigned long long>(value[0]), static_cast<unsigned long long>(value[1]));
  return text;
}

std::string operand_text(Shape shape, char type, unsigned index, Vector constant) {
  if (shape == Shape::constant) {
    return type == 'v' ? vector_text(constant) : " " + constant_text(type, constant[0]);
  }
  std::string text = " local.get " + std::to_string(index);
  if (shape == Shape::local) return text;
  text += identity(type);
  if (shape == Shape::stored) text += " loop end";
  if (shape == Shape::teed) text += " local.tee " + std::to_string(index + 3);
  return text;
}

/// A function with parameters of the row's operand types (three of v128 if fewer), and how it was made.
struct Trial {
  std::string text;
  Shape shapes[3] = {};
  VectorOperands constants;
  unsigned lane = 0;
  Vector lanes = {};
  unsigned uses = 0;  ///< 0: returned; 1: taken from the accumulator by another row; 2: put into a local
};

std::string_view parameters_of(const VectorRow& row) {
  return row.row().signature.substr(0, row.row().signature.find(':'));
}

std::string immediate_text(const VectorRow& row, const Trial& trial) {
  if (row.row().immediate == Immediate::lane) return " " + std::to_string(trial.lane);
  if (row.row().immediate == Immediate::v128_constant) return vector_text(trial.lanes).substr(11);
  std::string text;
  if (row.row().immediate == Immediate::shuffle) {
    for (unsigned i = 0; i < 16; ++i) text += " " + std::to_string(lanes<uint8_t>(trial.lanes)[i]);
  }
  return text;
}

std::string function_text(const VectorRow& row, const Trial& trial) {
  std::string types;
  for (unsigned i = 0; i < 3; ++i) {
    const auto parameters = parameters_of(row);
    types += " " + type_name(i < parameters.size() ? parameters[i] : 'v');
  }
  const std::string result = type_name(row.result());
  std::string text = "(func (param" + types + ") (result " + result + ") (local" + types + " " + result + ")";
  for (unsigned i = 0; i < parameters_of(row).size(); ++i) {
    text += operand_text(trial.shapes[i], parameters_of(row)[i], i, trial.constants.operands[i]);
  }
  text += " " + std::string(row.text()) + immediate_text(row, trial);
  if (trial.uses == 1) text += identity(row.result());
  if (trial.uses == 2) text += " local.set 6 loop end local.get 6";
  return text + ")\n";
}

std::vector<Trial> make_trials(const VectorRow& row, VectorValues& values) {
  const size_t count = parameters_of(row).size();
  std::vector<Trial> trials;
  const size_t combinations = count == 0 ? 1 : count == 1 ? 5 : count == 2 ? 25 : 125;
  for (size_t i = 0; i < combinations; ++i) {
    for (unsigned uses = 0; uses < 3; ++uses) {
      Trial trial;
      trial.uses = uses;
      size_t rest = i;
      for (unsigned j = 0; j < count; ++j, rest /= 5) {
        trial.shapes[j] = kShapes[rest % 5];
        trial.constants.operands[j] = values.next();
      }
      if (row.row().immediate == Immediate::lane) {
        const std::string_view text = row.text();
        const unsigned lane_count = static_cast<unsigned>(std::atoi(text.data() + text.find('x') + 1));
        trial.lane = static_cast<unsigned>(values.next()[0] % lane_count);
      }
      trial.lanes = values.next();
      if (row.row().immediate == Immediate::shuffle) {
        const uint8_t mask = trials.size() % 3 == 0 ? 15 : 31;  // of one vector, or of both
        trial.lanes = vector_of(lanes<uint8_t>(trial.lanes) & mask);
        if (trials.size() % 7 == 0) trial.lanes = vector_of(lanes<uint8_t>(trial.lanes) | uint8_t{16});
      }
      trial.text = function_text(row, trial);
      trials.push_back(std::move(trial));
    }
  }
  return trials;
}

/// The low half of a scalar operand or result that counts.
Vector narrowed(char type, Vector value) {
  if (type == 'v') return value;
  return Vector{type == 'i' || type == 'f' ? value[0] & UINT32_MAX : value[0], 0};
}

void run_trial(World& world, Function& function, const VectorRow& row, VectorModel model, const Trial& trial,
               VectorValues& values) {
  const auto parameters = parameters_of(row);
  for (unsigned round = 0; round < 6; ++round) {
    VectorOperands of;
    std::vector<Slot> arguments;
    for (unsigned i = 0; i < 3; ++i) {
      const char type = i < parameters.size() ? parameters[i] : 'v';
      of.operands[i] = narrowed(type, values.next());
      arguments.push_back(of.operands[i][0]);
      if (type == 'v') arguments.push_back(of.operands[i][1]);
      if (i < parameters.size() && trial.shapes[i] == Shape::constant)
        of.operands[i] = narrowed(type, trial.constants.operands[i]);
    }
    of.lane = trial.lane;
    of.lanes = trial.lanes;
    const Outcome got = world.call(function, arguments);
    ASSERT_EQ(got.trap, TrapKind::none) << trial.text;
    const Vector result =
        narrowed(row.result(), Vector{got.results[0], got.results.size() > 1 ? got.results[1] : Slot{0}});
    const Vector wanted = narrowed(row.result(), model(of));
    ASSERT_TRUE(agrees(row, result, wanted)) << std::hex << "got 0x" << result[1] << ":" << result[0]
                                             << ", wanted 0x" << wanted[1] << ":" << wanted[0] << " from\n"
                                             << trial.text;
  }
}

void run_row(const VectorRow& row, VectorModel model, bool native, VectorValues& values, Seen& seen) {
  const auto trials = make_trials(row, values);
  std::string text = "(module\n";
  for (const Trial& trial : trials) text += trial.text;
  World world;
  world.engine->tier = make_interpreter({.memory_mode = world.engine->memory_mode, .native_relaxed = native});
  Instance& instance = world.instantiate(text + ")");
  for (uint32_t i = 0; i < trials.size(); ++i) {
    run_trial(world, *instance.function(i), row, model, trials[i], values);
    if (testing::Test::HasFatalFailure()) return;
  }
  seen.add(instance);
}

TEST(interpreter_simd_rows, give_what_the_reference_gives_in_every_shape) {
  VectorValues values;
  Seen seen;
  for (const VectorRow& row : ops::reference::vector_rows()) {
    run_row(row, row.apply, false, values, seen);
    if (row.native != nullptr) run_row(row, row.native, true, values, seen);
    if (HasFatalFailure()) return;
  }
  const HandlerTable& table = handlers();
  const auto expect_all = [&](const auto& forms, std::string_view text) {
    const Handler* handler = reinterpret_cast<const Handler*>(&forms);
    for (size_t i = 0; i < sizeof forms / sizeof *handler; ++i)
      EXPECT_TRUE(seen.contains(handler[i])) << text << i;
  };
  for (const VectorRow& row : ops::reference::vector_rows()) {
    const size_t i = static_cast<size_t>(row.opcode);
    expect_all(table.unary[i], row.text());
    expect_all(table.binary[i], row.text());
    expect_all(table.simd.ternary[i], row.text());
    expect_all(table.simd.shift[i], row.text());
    expect_all(table.simd.extract[i], row.text());
    expect_all(table.simd.replace[i], row.text());
  }
  expect_all(table.simd.shuffle, "shuffle");
  expect_all(table.simd.shuffle_one, "shuffle_one");
  expect_all(table.native, "native");
}

/// The operands are one local, which has just been set: its slot and the accumulator mean the same.
TEST(interpreter_simd_rows, take_one_local_more_than_once) {
  VectorValues values;
  for (const VectorRow& row : ops::reference::vector_rows()) {
    const auto parameters = parameters_of(row);
    if (parameters.size() < 2 || parameters[1] != 'v') continue;
    Trial trial;
    trial.lanes = Vector{0x1f1e1d1c03020100, 0x0b0a090813121110};
    std::string text =
        "(module (func (param v128) (result v128) (local v128) local.get 0 v128.not local.tee 1";
    for (size_t i = 1; i < parameters.size(); ++i) text += " local.get 1";
    text += " " + std::string(row.text()) + immediate_text(row, trial) + "))";
    World world;
    Instance& instance = world.instantiate(text);
    for (unsigned round = 0; round < 50; ++round) {
      const Vector value = values.next();
      const Outcome got = world.call(*instance.function(0), {value[0], value[1]});
      ASSERT_EQ(got.results.size(), 2u);
      const Vector wanted = row.apply({{~value, ~value, ~value}, 0, trial.lanes});
      EXPECT_TRUE(agrees(row, Vector{got.results[0], got.results[1]}, wanted)) << row.text();
    }
  }
}

}  // namespace
}  // namespace heddle::engine
