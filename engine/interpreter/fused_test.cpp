// SPDX-License-Identifier: Apache-2.0
// Rows that follow each other against their semantics types, adjacent (where instructions take each other in)
// and kept apart.
#include "engine/interpreter/test_rows.h"

namespace heddle::engine {
namespace {

/// What makes the accumulator hold a parameter's value and chains with nothing.
std::string identity(char type) {
  switch (type) {
    case 'i': return " f32.reinterpret_i32 i32.reinterpret_f32";
    case 'l': return " f64.reinterpret_i64 i64.reinterpret_f64";
    case 'f': return " i32.reinterpret_f32 f32.reinterpret_i32";
    default: return " i64.reinterpret_f64 f64.reinterpret_i64";
  }
}

/// An operand of a chain: a parameter, a computed value, or a constant.
struct Piece {
  enum class Kind { local, accumulator, constant } kind;
  int index = 0;  ///< parameter
  Slot bits = 0;

  [[nodiscard]] std::string text(char type) const {
    if (kind == Kind::constant) return " " + constant_text(type, bits);
    return " local.get " + std::to_string(index) + (kind == Kind::accumulator ? identity(type) : "");
  }
  [[nodiscard]] Slot value(const std::vector<Slot>& arguments) const {
    return kind == Kind::constant ? bits : arguments[static_cast<size_t>(index)];
  }
};

/// first(a, b) is the left or the right operand of second; c is the other.
struct Chain {
  Piece a, b, c;
  bool on_left = true;
};

std::vector<Slot> few_constants(char type) {
  const auto& values = values_of(type);
  return {values[1], values[3], values[values.size() - 1]};
}

std::vector<Chain> chains_of(char type) {
  using Kind = Piece::Kind;
  const Piece a_forms[] = {{Kind::local, 0}, {Kind::accumulator, 0}};
  std::vector<Piece> b_forms = {{Kind::local, 1}, {Kind::accumulator, 1}, {Kind::local, 0}};
  std::vector<Piece> c_forms = {{Kind::local, 2}, {Kind::local, 0}};
  for (const Slot bits : few_constants(type)) {
    b_forms.push_back({Kind::constant, 0, bits});
    c_forms.push_back({Kind::constant, 0, bits});
  }
  std::vector<Chain> chains;
  for (const bool on_left : {true, false}) {
    for (const Piece& c : c_forms) {
      for (const Piece& a : a_forms) {
        for (const Piece& b : b_forms) chains.push_back({a, b, c, on_left});
      }
      for (const Slot bits : few_constants(type)) {
        chains.push_back({{Kind::constant, 0, bits}, {Kind::local, 1}, c, on_left});
      }
    }
    // What stands beside the pair is computed too, before it.
    chains.push_back({a_forms[0], b_forms[0], {Kind::accumulator, 2}, on_left});
  }
  return chains;
}

/// How far apart the two rows stand: adjacent (fused), with a label between them (not), or adjacent with the
/// result put into a local.
enum class Distance { adjacent, apart, into_local };

std::string chain_text(Opcode first, Opcode second, const Chain& chain, Distance distance) {
  const char type = info(first).signature[0];
  const std::string name = name_of_type(type);
  std::string text =
      "(func (param " + name + " " + name + " " + name + ") (result " + name + ") (local " + name + ")";
  if (!chain.on_left) text += chain.c.text(type);
  text += chain.a.text(type) + chain.b.text(type) + " " + std::string(info(first).text);
  if (distance == Distance::apart) text += " loop end";
  if (chain.on_left) text += chain.c.text(type);
  text += " " + std::string(info(second).text);
  if (distance == Distance::into_local) text += " local.set 3 local.get 3";
  return text + ")\n";
}

/// Arguments that mix the type's values without trying all triples.
std::vector<std::vector<Slot>> argument_triples(char type) {
  const auto& values = values_of(type);
  std::vector<std::vector<Slot>> triples;
  for (size_t i = 0; i < values.size(); ++i) {
    triples.push_back({values[i], values[(i * 5 + 3) % values.size()], values[(i * 7 + 2) % values.size()]});
  }
  return triples;
}

void try_pair(Opcode first, Opcode second) {
  const char type = info(first).signature[0];
  const auto chains = chains_of(type);
  const NumericRow& first_row = row_of(first);
  const NumericRow& second_row = row_of(second);
  std::string text = "(module\n";
  for (const Chain& chain : chains) {
    for (const Distance distance : {Distance::adjacent, Distance::apart, Distance::into_local}) {
      text += chain_text(first, second, chain, distance);
    }
  }
  World world;
  Instance& instance = world.instantiate(text + ")");
  const auto triples = argument_triples(type);
  for (uint32_t i = 0; i < chains.size() * 3; ++i) {
    const Chain& chain = chains[i / 3];
    for (const auto& arguments : triples) {
      const Slot middle = first_row.apply(chain.a.value(arguments), chain.b.value(arguments)).results[0];
      const Slot other = chain.c.value(arguments);
      const Outcome wanted =
          chain.on_left ? second_row.apply(middle, other) : second_row.apply(other, middle);
      const Outcome got = world.call(*instance.function(i), arguments);
      ASSERT_TRUE(agrees(type, got, wanted))
          << testing::PrintToString(got) << ", wanted " << testing::PrintToString(wanted) << " from\n"
          << chain_text(first, second, chain, static_cast<Distance>(i % 3));
    }
  }
}

void try_set(std::initializer_list<Opcode> set) {
  for (const Opcode first : set) {
    for (const Opcode second : set) {
      try_pair(first, second);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(interpreter_fused, chains_of_i32) {
  try_set({Opcode::i32_add, Opcode::i32_sub, Opcode::i32_mul, Opcode::i32_and, Opcode::i32_or,
           Opcode::i32_xor, Opcode::i32_shl, Opcode::i32_shr_s, Opcode::i32_shr_u, Opcode::i32_rotl});
}
TEST(interpreter_fused, chains_of_i64) {
  try_set({Opcode::i64_add, Opcode::i64_mul, Opcode::i64_and, Opcode::i64_or, Opcode::i64_xor,
           Opcode::i64_shl, Opcode::i64_shr_u, Opcode::i64_rotl});
}
TEST(interpreter_fused, chains_of_f32) { try_set({Opcode::f32_add, Opcode::f32_sub, Opcode::f32_mul}); }
TEST(interpreter_fused, chains_of_f64) { try_set({Opcode::f64_add, Opcode::f64_sub, Opcode::f64_mul}); }

// Loop steps: a local is set to a local plus a constant, compared, and branched on.

struct Step {
  std::string condition;                    ///< follows the stepped local
  Outcome (*wanted)(Slot, Slot) = nullptr;  ///< the comparison, or null: the stepped local itself
  bool negated = false;
  bool constant = false;
  Slot bound = 0;
};

struct StepForm {
  size_t step;
  bool backward, in_place, tee;
  bool by_slot;  ///< by local 4, which holds `addend`; else by the constant
  Slot addend;
};

/// Steps local 0 into local 2 (or local 0), then branches; gives the sum and whether it branched.
std::string step_text(const Step& step, const StepForm& form) {
  const std::string local = form.in_place ? "0" : "2";
  std::string text = "(func (param i32 i32) (result i32 i32) (local i32 i32 i32) " +
                     constant_text('i', form.addend) + " local.set 4 ";
  const std::string set = "local.get 0 " + (form.by_slot ? "local.get 4" : constant_text('i', form.addend)) +
                          " i32.add local." + (form.tee ? "tee " : "set ") + local +
                          (form.tee ? " " : " local.get " + local + " ") + step.condition;
  if (form.backward) {
    text += "loop local.get 3 if local.get " + local + " i32.const 1 return end i32.const 1 local.set 3 " +
            set + " br_if 0 end local.get " + local + " i32.const 0";
  } else {
    text += set + " if local.get " + local + " i32.const 1 return end local.get " + local + " i32.const 0";
  }
  return text + ")\n";
}

std::vector<Step> make_steps() {
  std::vector<Step> steps = {{"", nullptr}, {"i32.eqz", nullptr, true}};
  for (const NumericRow& row : numeric_rows()) {
    if (row.row().kind != RowKind::compare || row.operand() != 'i') continue;
    const std::string name(row.row().text);
    steps.push_back({"local.get 1 " + name, row.apply});
    steps.push_back({"local.get 1 " + name + " i32.eqz", row.apply, true});
    for (const Slot bound : {Slot{0}, Slot{31}, Slot{0xffffffff}, Slot{0x80000000}}) {
      steps.push_back({constant_text('i', bound) + " " + name, row.apply, false, true, bound});
      steps.push_back({constant_text('i', bound) + " " + name + " i32.eqz", row.apply, true, true, bound});
    }
  }
  return steps;
}

TEST(interpreter_fused, steps) {
  const auto steps = make_steps();
  std::vector<StepForm> forms;
  std::string text = "(module\n";
  for (size_t i = 0; i < steps.size(); ++i) {
    for (unsigned bits = 0; bits < 16; ++bits) {
      for (const Slot addend : {Slot{1}, Slot{0xffffffff}, Slot{0x7fffffff}}) {
        forms.push_back({i, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, addend});
        text += step_text(steps[i], forms.back());
      }
    }
  }
  World world;
  Instance& instance = world.instantiate(text + ")");
  for (uint32_t i = 0; i < forms.size(); ++i) {
    const Step& step = steps[forms[i].step];
    for (const Slot start : values_of('i')) {
      for (const Slot other : {start, Slot{0}, Slot{32}, Slot{0x80000000}}) {
        const Slot sum = static_cast<uint32_t>(start + forms[i].addend);
        const Slot bound = step.constant ? step.bound : other;
        bool taken = step.wanted == nullptr ? sum != 0 : step.wanted(sum, bound).results[0] != 0;
        if (step.negated) taken = !taken;
        ASSERT_EQ(world.call(*instance.function(i), {start, other}), returned({sum, taken}))
            << step_text(step, forms[i]);
      }
    }
  }
}

}  // namespace
}  // namespace heddle::engine
