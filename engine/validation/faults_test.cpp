// SPDX-License-Identifier: Apache-2.0
// Faults in a module's bytes: cuts, flips, lying counts, deep nesting and sheer size must end in an error or
// a valid module, in time and memory proportional to the input. (Rows 1 to 6 of the fault checklist)
#include <gtest/gtest.h>
#include <pthread.h>

#include <chrono>

#include "engine/binary/test_bytes.h"
#include "engine/validation/test_modules.h"

namespace heddle::engine {
namespace {

using test::Bytes;
using test::leb;
using test::load;
using test::module_of;
using test::module_with_body;
using test::repeat;
using test::section;
using test::sized;
using test::operator+;

const char* const kSeeds[] = {
    "(module)",
    "(module (type (func (param i32 i64 f32 f64) (result i32))) (import \"a\" \"b\" (func (type 0))))",
    "(module (func (export \"add\") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))",
    "(module (memory 1 4) (data (i32.const 8) \"hello\") (data \"x\") (func i32.const 0 i32.const 0 "
    "i32.const 1 memory.init 1))",
    "(module (memory i64 1 2) (func i64.const 0 f64.const 1.5 f64.store offset=16))",
    "(module (memory 1 1 shared) (func (result i64) i32.const 8 i64.const 1 i64.atomic.rmw.xchg))",
    "(module (table 4 8 funcref) (func $f) (elem (i32.const 1) $f $f) (func i32.const 1 call_indirect))",
    "(module (table 1 externref) (elem externref (ref.null extern)) (func i32.const 0 i32.const 0 i32.const "
    "1 table.init 0))",
    "(module (global $g (mut i64) (i64.const -1)) (global i32 (i32.const 7)) (func global.get $g global.set "
    "$g))",
    "(module (func (param i32) (result i32) local.get 0 if (result i32) i32.const 1 else i32.const 2 end))",
    "(module (func (param i32) block loop local.get 0 br_if 1 br 0 end end))",
    "(module (func (param i32) block block block local.get 0 br_table 0 1 2 0 end end end))",
    "(module (type $t (func)) (rec (type (struct (field i8) (field (mut (ref null 1))))) (type (array (mut "
    "i64)))))",
    "(module (type $a (sub (struct (field i32)))) (type (sub final $a (struct (field i32) (field f32)))))",
    "(module (type $t (func (param i32))) (func (param (ref $t)) i32.const 1 local.get 0 call_ref $t))",
    "(module (func $f) (start $f) (export \"s\" (func $f)) (func (return_call $f)))",
    "(module (memory 1) (memory 2) (func i32.const 0 i32.const 0 i32.const 9 memory.copy 1 0))",
    "(module $named (func $one (local $x i32) (local $y f64)) (func $two))",
    "(module (func (result i32) i64.const 1 i64.popcnt i32.wrap_i64 f32.convert_i32_u i32.trunc_sat_f32_s))",
    "(module (func (param i32) (result f64) f64.const nan f64.const 1 local.get 0 select))",
    // Objects.
    "(module (type $s (struct (field (mut i32)) (field (ref null $s)))) (func (result i32) (struct.get $s 0 "
    "(struct.new $s (i32.const 1) (struct.new_default $s)))))",
    "(module (type $a (array (mut i8))) (data \"abc\") (func (array.fill $a (array.new_fixed $a 2 (i32.const "
    "1) "
    "(i32.const 2)) (i32.const 0) (i32.const 7) (array.len (array.new_data $a 0 (i32.const 0) (i32.const "
    "1))))))",
    "(module (type $a (array (mut funcref))) (elem func 0) (func (local (ref $a)) (local.set 0 "
    "(array.new_elem $a 0 "
    "(i32.const 0) (i32.const 1))) (array.copy $a $a (local.get 0) (i32.const 0) (local.get 0) (i32.const 0) "
    "(i32.const 1))))",
    "(module (type $s (sub (struct))) (func (param anyref) (result i32) (ref.test (ref null $s) (block $b "
    "(result "
    "anyref) (br_on_cast $b anyref (ref $s) (ref.cast (ref eq) (local.get 0)))))))",
    "(module (rec (type $a (sub (struct (field (ref null $b))))) (type $b (sub $a (struct (field (ref null "
    "$b)) "
    "(field f64))))) (global (ref $a) (struct.new $a (struct.new_default $b))))",
    // Exceptions, of both kinds.
    "(module (tag $e (param i32)) (func (block $h (result i32 exnref) (try_table (catch_ref $e $h) (throw $e "
    "(i32.const 1))) (unreachable)) (throw_ref)))",
    "(module (tag) (func (try (do (throw 0)) (catch 0 (rethrow 0)) (catch_all)) (try (do) (delegate 0))))",
    // Descriptors and exact types.
    "(module (rec (type $s (sub (descriptor $d) (struct (field i32)))) (type $d (sub (describes $s) "
    "(struct)))) "
    "(func (param anyref (ref null (exact $d))) (result i32) (struct.get $s 0 (ref.cast_desc_eq (ref (exact "
    "$s)) "
    "(block $b (result anyref) (br_on_cast_desc_eq $b anyref (ref $s) (local.get 0) (local.get 1))) "
    "(ref.get_desc $s (struct.new_desc $s (i32.const 1) (local.get 1)))))))",
    "(module (type $f (func)) (import \"a\" \"b\" (func (exact (type $f)))) (global (ref (exact $f)) "
    "(ref.func 0)))",
};

/// Row 1. Each with what is on in an engine, and with all that is built.
TEST(validation_faults, every_cut_flip_and_replaced_byte) {
  size_t loads = 0;
  for (const char* seed : kSeeds) {
    const auto bytes = assemble(seed);
    ASSERT_TRUE(bytes.ok()) << seed << bytes.error().to_string();
    ASSERT_EQ(load(*bytes, FeatureSet::built()).message, "") << seed;
    const auto try_one = [&loads](const Bytes& mutant) {
      for (const FeatureSet features : {FeatureSet(), FeatureSet::built()}) {
        const Error error = load(std::span<const uint8_t>(mutant), features);
        if (!error.message.empty()) {
          EXPECT_LE(error.offset, mutant.size()) << error.to_string();
        }
        ++loads;
      }
    };
    for (size_t i = 0; i < bytes->size(); ++i) {
      try_one(Bytes(bytes->begin(), bytes->begin() + static_cast<std::ptrdiff_t>(i)));
      Bytes mutant = *bytes;
      for (const uint8_t value : {0x00, 0x7f, 0x80, 0xff}) {
        mutant[i] = value;
        try_one(mutant);
      }
      for (uint32_t bit = 0; bit < 8; ++bit) {
        mutant[i] = static_cast<uint8_t>((*bytes)[i] ^ (1u << bit));
        try_one(mutant);
      }
    }
  }
  EXPECT_GT(loads, 10'000u);
}

TEST(validation_faults, a_large_module_with_single_faults) {
  std::string text = "(module (memory 1) (table 8 funcref) (global $g (mut i64) (i64.const 3))";
  for (int i = 0; i < 400; ++i) {
    const std::string number = std::to_string(i);
    text += "(func (export \"f" + number + "\") (param i32) (result i32) (local i64) local.get 0 i32.const " +
            number + " i32.add i32.load offset=" + number +
            " block (result i32) i32.const 5 local.get 0 br_if 0 end i32.mul)";
  }
  const auto bytes = assemble(text + ")");
  ASSERT_TRUE(bytes.ok());
  ASSERT_EQ(load(*bytes).message, "");
  Bytes mutant = *bytes;
  for (size_t i = 0; i < bytes->size(); i += 37) {
    mutant[i] = static_cast<uint8_t>(mutant[i] ^ (1u << (i % 8)));
    load(std::span<const uint8_t>(mutant));
    mutant[i] = (*bytes)[i];
    load(std::span<const uint8_t>(*bytes).first(i));
  }
}

/// Row 2.
TEST(validation_faults, counts_that_lie_cost_nothing) {
  const Bytes huge = {0xff, 0xff, 0xff, 0xff, 0x0f};
  for (const uint8_t id : {1, 2, 3, 4, 5, 6, 7, 9, 10, 11}) {
    const Error error = load(std::span<const uint8_t>(module_of({section(id, huge + Bytes{1, 2, 3})})));
    EXPECT_EQ(error.kind, ErrorKind::malformed) << int{id};
  }
  const Bytes bodies[] = {
      Bytes{0} + Bytes{0x41, 0, 0x0e} + huge + Bytes{0, 0x0b},        // br_table
      Bytes{0} + Bytes{0x1c} + huge + Bytes{0x7f, 0x0b},              // select
      huge + Bytes{1, 0x7f, 0x0b},                                    // runs of locals
      Bytes{0} + Bytes{0x1f, 0x40} + huge + Bytes{2, 0, 0x0b, 0x0b},  // clauses of try_table
  };
  const Bytes types[] = {
      Bytes{1, 0x4e} + huge + Bytes{0x5f, 0},           // members of a group
      Bytes{1, 0x5f} + huge + Bytes{0x7f, 0},           // fields
      Bytes{1, 0x50} + huge + Bytes{0, 0x5f, 0},        // supertypes
      Bytes{1, 0x60, 0} + huge + Bytes{0x7f},           // results
      Bytes{1, 0x4d} + huge + Bytes{0x5f, 0},           // a descriptor beyond the group
      Bytes{2, 0x5f, 0, 0x4c} + huge + Bytes{0x5f, 0},  // something described beyond it
  };
  for (const Bytes& type : types) {
    const Bytes bytes = module_of({section(1, type)});
    EXPECT_NE(load(std::span<const uint8_t>(bytes), FeatureSet::built()).message, "") << bytes.size();
  }
  for (const Bytes& body : bodies) {
    EXPECT_EQ(load(std::span<const uint8_t>(module_with_body(body))).kind, ErrorKind::malformed);
  }
}

/// Row 2, again: what is missing in unreachable code is not looked for four billion times.
TEST(validation_faults, elements_of_unreachable_arrays_cost_nothing) {
  const Bytes body = Bytes{0, 0x00, 0xfb, 0x08, 0} + leb(UINT32_MAX) + Bytes{0x1a, 0x0b};
  const Bytes bytes = module_of(
      {section(1, {2, 0x5e, 0x7f, 1, 0x60, 0, 0}), section(3, {1, 1}), section(10, Bytes{1} + sized(body))});
  EXPECT_EQ(load(std::span<const uint8_t>(bytes)).message, "");
}

/// Row 3.
TEST(validation_faults, locals_parameters_and_results) {
  const auto with_locals = [](uint64_t count) {
    return module_with_body(Bytes{1} + leb(count) + Bytes{0x7f, 0x0b});
  };
  EXPECT_EQ(load(with_locals(50'000)).message, "");
  EXPECT_EQ(load(with_locals(50'001)).kind, ErrorKind::limit);
  EXPECT_EQ(load(with_locals(UINT32_MAX)).message.find("too many locals"), 0u);
  const Bytes runs = leb(50'000) + repeat(50'000, {1, 0x7e});
  EXPECT_EQ(load(module_with_body(runs + Bytes{0x0b})).message, "");

  const auto with_parameters = [](size_t count) {
    return module_of({section(
        1, Bytes{1, 0x60} + leb(count) + repeat(count, {0x7f}) + leb(count) + repeat(count, {0x7f}))});
  };
  EXPECT_EQ(load(with_parameters(1'000)).message, "");
  EXPECT_EQ(load(with_parameters(1'001)).kind, ErrorKind::limit);
}

/// Runs `work` on a thread with a stack of 256 KiB.
void on_small_stack(void (*work)()) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  pthread_t thread;
  const auto start = [](void* function) -> void* {
    reinterpret_cast<void (*)()>(function)();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, start, reinterpret_cast<void*>(work)), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
}

constexpr size_t kDeep = 100'000;

/// Row 4.
TEST(validation_faults, deep_nesting_needs_no_native_stack) {
  on_small_stack([] {
    const Bytes openings[] = {
        {0x02, 0x40}, {0x03, 0x40}, {0x41, 0x00, 0x04, 0x40}, {0x1f, 0x40, 0}, {0x06, 0x40}};
    for (const Bytes& opening : openings) {
      const Bytes body = Bytes{0} + repeat(kDeep, opening) + repeat(kDeep, {0x0b}) + Bytes{0x0b};
      EXPECT_EQ(load(module_with_body(body)).message, "");
      const Bytes open = Bytes{0} + repeat(kDeep, opening);
      EXPECT_EQ(load(module_with_body(open)).message.find("unexpected end"), 0u);
    }
    const Bytes constant = Bytes{1, 0x7f, 0} + repeat(kDeep, {0x02, 0x40}) + repeat(kDeep + 1, {0x0b});
    EXPECT_EQ(load(module_of({section(6, constant)})).message, "constant expression required");
    // A sum as deep as it is long.
    const Bytes sum =
        Bytes{1, 0x7f, 0, 0x41, 1} + repeat(kDeep, {0x41, 1}) + repeat(kDeep, {0x6a}) + Bytes{0x0b};
    EXPECT_EQ(load(module_of({section(6, sum)})).message, "");
    const Bytes rec = Bytes{1, 0x4e} + leb(kDeep) + repeat(kDeep, {0x60, 1, 0x63, 0, 0});
    EXPECT_EQ(load(module_of({section(1, rec)})).message, "");
  });
}

/// Row 4: a list of objects as a constant, and descriptors of descriptors.
TEST(validation_faults, deep_objects_and_descriptors_need_no_native_stack) {
  on_small_stack([] {
    const Bytes list_type = section(1, {1, 0x5f, 1, 0x63, 0, 0});
    const Bytes list = Bytes{1, 0x63, 0, 0, 0xd0, 0x71} + repeat(kDeep, {0xfb, 0x00, 0}) + Bytes{0x0b};
    EXPECT_EQ(load(module_of({list_type, section(6, list)})).message, "");
    Bytes chain = Bytes{1, 0x4e} + leb(kDeep);
    for (size_t i = 0; i < kDeep; ++i) {
      if (i > 0) chain = std::move(chain) + Bytes{0x4c} + leb(i - 1);
      if (i + 1 < kDeep) chain = std::move(chain) + Bytes{0x4d} + leb(i + 1);
      chain = std::move(chain) + Bytes{0x5f, 0};
    }
    const Bytes bytes = module_of({section(1, chain)});
    EXPECT_EQ(load(std::span<const uint8_t>(bytes), FeatureSet::built()).message, "");
  });
}

/// Row 5.
TEST(validation_faults, branch_tables_are_linear) {
  const auto table = [](const Bytes& count, size_t targets) {
    return module_with_body(Bytes{0} + Bytes{0x41, 0, 0x0e} + count + repeat(targets, {0}) + Bytes{0x0b});
  };
  EXPECT_EQ(load(table(leb(0), 1)).message, "");
  EXPECT_EQ(load(table(leb(1'000'000), 1'000'001)).message, "");
  // count + 1, and count times four, wrap 32 bits
  EXPECT_EQ(load(table({0xff, 0xff, 0xff, 0xff, 0x0f}, 100)).kind, ErrorKind::malformed);
  EXPECT_EQ(load(table({0xfe, 0xff, 0xff, 0xff, 0x0f}, 100)).kind, ErrorKind::malformed);
  EXPECT_EQ(load(table({0xff, 0xff, 0xff, 0xff, 0x03}, 100)).kind, ErrorKind::malformed);
}

/// Rows 5 and 6: as many functions as the largest modules in use have.
TEST(validation_faults, many_functions_and_long_bodies) {
  constexpr size_t many_functions = 617'490;
  const Bytes many =
      module_of({section(1, {1, 0x60, 0, 0}), section(3, leb(many_functions) + repeat(many_functions, {0})),
                 section(10, leb(many_functions) + repeat(many_functions, {2, 0, 0x0b}))});
  EXPECT_EQ(load(many).message, "");
  const Bytes straight = Bytes{0} + repeat(1'000'000, {0x41, 7, 0x1a}) + Bytes{0x0b};
  EXPECT_EQ(load(module_with_body(straight)).message, "");
}

/// Row 6: as many types as functions, every other one a group of its own that mentions the one before.
TEST(validation_faults, many_types) {
  constexpr size_t count = 133'398;
  Bytes types = leb(count) + Bytes{0x5f, 0};
  for (size_t i = 1; i < count; ++i)
    types = std::move(types) + Bytes{0x5f, 2, 0x63} + leb(i - 1 < 64 ? i - 1 : 63) + Bytes{0, 0x78, 1};
  EXPECT_EQ(load(module_of({section(1, types)})).message, "");
}

TEST(validation_faults, results_in_unreachable_code_are_bounded) {
  // Each block pushes a thousand results in four bytes.
  const Bytes block = {0x02, 0x01, 0x00, 0x0b};
  const Bytes body = Bytes{0} + repeat(2'000, block) + Bytes{0x00, 0x0b};
  const Bytes bytes =
      module_of({section(1, Bytes{2, 0x60, 0, 0, 0x60, 0} + leb(1'000) + repeat(1'000, {0x7f})),
                 section(3, {1, 0}), section(10, Bytes{1} + sized(body))});
  const Error error = load(bytes);
  EXPECT_EQ(error.kind, ErrorKind::limit);
  EXPECT_EQ(error.message.find("too many operands"), 0u);
}

}  // namespace
}  // namespace heddle::engine
