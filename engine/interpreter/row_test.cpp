// SPDX-License-Identifier: Apache-2.0
// Every numeric row of the table, in every shape its operands and its result may take, against its semantics
// type.
#include "engine/interpreter/test_rows.h"

namespace heddle::engine {
namespace {

/// How an operand comes about, and so where its handler finds it.
enum class Shape {
  local,        ///< a parameter: its slot
  accumulator,  ///< computed just now
  stored,       ///< computed before a label: its home slot
  teed,         ///< a local set just now: slot and accumulator
  constant,
};

/// Leaves the bits alone, and chains with nothing.
std::string identity(char type) {
  switch (type) {
    case 'i': return " f32.reinterpret_i32 i32.reinterpret_f32";
    case 'l': return " f64.reinterpret_i64 i64.reinterpret_f64";
    case 'f': return " i32.reinterpret_f32 f32.reinterpret_i32";
    default: return " i64.reinterpret_f64 f64.reinterpret_i64";
  }
}

/// The operand of parameter `index` (0 or 1) in a shape; locals 2 and 3 are for teeing.
std::string operand(Shape shape, char type, int index, Slot constant) {
  if (shape == Shape::constant) return " " + constant_text(type, constant);
  std::string text = " local.get " + std::to_string(index);
  if (shape == Shape::local) return text;
  text += identity(type);
  if (shape == Shape::stored) text += " loop end";
  if (shape == Shape::teed) text += " local.tee " + std::to_string(index + 2);
  return text;
}

/// What is done with an i32 result: `before` the operands, `after` the row; gives 1 if it was not zero, else
/// 0.
struct Consumer {
  const char* name;
  const char* before;
  const char* after;
};

constexpr Consumer kConsumers[] = {
    {"br_if", "block", "br_if 0 i32.const 0 return end i32.const 1"},
    {"br_if of the opposite", "block", "i32.eqz br_if 0 i32.const 1 return end i32.const 0"},
    {"if", "", "if (result i32) i32.const 1 else i32.const 0 end"},
    {"if of the opposite", "", "i32.eqz if (result i32) i32.const 0 else i32.const 1 end"},
    {"br_if backward", "loop local.get 4 if i32.const 1 return end i32.const 1 local.set 4",
     "br_if 0 end i32.const 0"},
    {"br_if backward of the opposite", "loop local.get 4 if i32.const 0 return end i32.const 1 local.set 4",
     "i32.eqz br_if 0 end i32.const 1"},
    {"br_if with a constant to carry", "block (result i32) i32.const 1", "br_if 0 drop i32.const 0 end"},
    {"br_if with a local to carry", "i32.const 7 block (result i32) local.get 5",
     "br_if 0 drop i32.const 0 end i32.add i32.const 7 i32.sub"},
    {"br_if to the function", "i32.const 1", "br_if 0 drop i32.const 0"},
    {"select of locals", "local.get 5 local.get 4", "select"},
    {"select of constants", "i32.const 1 i32.const 0", "select"},
    {"select of i64", "local.get 6 local.get 7", "select i32.wrap_i64"},
    {"select of f64", "f64.const 1 f64.const 0", "select i32.trunc_f64_s"},
    {"select of f32", "f32.const 1 f32.const 0", "select i32.trunc_f32_s"},
    {"select of computed", "local.get 5 i32.const 0 i32.or local.get 4 i32.const 0 i32.or", "select"},
    {"select of the opposite", "local.get 4 local.get 5", "i32.eqz select"},
};

/// One function to try.
struct Trial {
  std::string text;
  Shape left;
  Shape right;
  Slot left_constant;
  Slot right_constant;
  bool tested;  ///< gives whether the result is not zero
};

std::string function_text(const NumericRow& row, const Trial& trial, const Consumer* consumer) {
  const char type = row.operand();
  const std::string name = name_of_type(type);
  std::string text = "(func (param " + name + " " + name + ") (result " +
                     (consumer != nullptr ? "i32" : name_of_type(row.result())) + ") (local " + name + " " +
                     name + " i32 i32 i64 i64) i32.const 1 local.set 5 i64.const 1 local.set 6 ";
  if (consumer != nullptr) text += consumer->before;
  text += operand(trial.left, type, 0, trial.left_constant);
  if (row.binary()) text += operand(trial.right, type, 1, trial.right_constant);
  text += " " + std::string(row.row().text) + " ";
  if (consumer != nullptr) text += consumer->after;
  return text + ")\n";
}

/// Every n-th value, so that constants, which need a function each, do not get out of hand.
std::vector<Slot> some_values(char type, size_t step) {
  std::vector<Slot> some;
  const auto& all = values_of(type);
  for (size_t i = 0; i < all.size(); i += step) some.push_back(all[i]);
  return some;
}

std::vector<Trial> make_trials(const NumericRow& row, size_t constant_step) {
  std::vector<Trial> trials;
  const auto constants = some_values(row.operand(), constant_step);
  constexpr Shape shapes[] = {Shape::local, Shape::accumulator, Shape::stored, Shape::teed};
  const auto add = [&](Shape left, Shape right, Slot left_constant, Slot right_constant) {
    trials.push_back({"", left, right, left_constant, right_constant, false});
  };
  for (const Slot constant : constants) {
    add(Shape::constant, Shape::constant, constant, constants[constants.size() / 2]);
    if (!row.binary()) continue;
    for (const Shape shape : shapes) {
      add(Shape::constant, shape, constant, 0);
      add(shape, Shape::constant, 0, constant);
    }
  }
  for (const Shape left : shapes) {
    for (const Shape right : shapes) {
      if (row.binary() || right == Shape::local) add(left, right, 0, 0);
    }
  }
  return trials;
}

/// Runs one function over all values that its shapes leave open. The number of calls.
size_t run_trial(World& world, Function& function, const NumericRow& row, const Trial& trial) {
  static const std::vector<Slot> none = {0};
  const auto& values = values_of(row.operand());
  const auto& lefts = trial.left == Shape::constant ? none : values;
  const auto& rights = trial.right == Shape::constant || !row.binary() ? none : values;
  for (const Slot left : lefts) {
    for (const Slot right : rights) {
      const Slot a = trial.left == Shape::constant ? trial.left_constant : left;
      const Slot b = trial.right == Shape::constant ? trial.right_constant : right;
      Outcome wanted = row.apply(a, b);
      if (trial.tested && !wanted.results.empty()) wanted.results[0] = wanted.results[0] != 0;
      const Outcome got = world.call(function, {left, right});
      if (agrees(trial.tested ? 'i' : row.result(), got, wanted, moves_bits(row))) continue;
      ADD_FAILURE() << "0x" << std::hex << a << ", 0x" << b << ": " << testing::PrintToString(got)
                    << ", wanted " << testing::PrintToString(wanted) << " from\n"
                    << trial.text;
      return 0;
    }
  }
  return lefts.size() * rights.size();
}

size_t run_trials(const NumericRow& row, const std::vector<Trial>& trials) {
  std::string text = "(module\n";
  for (const Trial& trial : trials) text += trial.text;
  World world;
  Instance& instance = world.instantiate(text + ")");
  size_t calls = 0;
  for (uint32_t i = 0; i < trials.size(); ++i)
    calls += run_trial(world, *instance.function(i), row, trials[i]);
  return calls;
}

TEST(interpreter_rows, give_what_their_semantics_say_in_every_shape) {
  size_t calls = 0;
  for (const NumericRow& row : numeric_rows()) {
    std::vector<Trial> trials = make_trials(row, 1);
    for (Trial& trial : trials) trial.text = function_text(row, trial, nullptr);
    calls += run_trials(row, trials);
  }
  EXPECT_GT(calls, 300'000u);
}

TEST(interpreter_rows, decide_branches_and_selects_in_every_shape) {
  size_t calls = 0;
  for (const NumericRow& row : numeric_rows()) {
    if (row.result() != 'i') continue;
    std::vector<Trial> trials;
    for (const Consumer& consumer : kConsumers) {
      for (Trial trial : make_trials(row, 3)) {
        if (trial.left == Shape::stored || trial.right == Shape::stored) continue;
        trial.tested = true;
        trial.text = function_text(row, trial, &consumer);
        trials.push_back(std::move(trial));
      }
    }
    calls += run_trials(row, trials);
  }
  EXPECT_GT(calls, 500'000u);
}

/// Both operands are one local, which has just been set: its slot and the accumulator mean the same.
TEST(interpreter_rows, take_one_local_twice) {
  for (const NumericRow& row : numeric_rows()) {
    if (!row.binary()) continue;
    const std::string type = name_of_type(row.operand());
    World world;
    Instance& instance =
        world.instantiate("(module (func (param " + type + ") (result " + name_of_type(row.result()) +
                          ") (local " + type + ") local.get 0" + identity(row.operand()) +
                          " local.tee 1 local.get 1 " + std::string(row.row().text) + "))");
    for (const Slot value : values_of(row.operand())) {
      EXPECT_TRUE(agrees(row.result(), world.call(*instance.function(0), {value}), row.apply(value, value)))
          << row.row().text << " 0x" << std::hex << value;
    }
  }
}

}  // namespace
}  // namespace heddle::engine
