// SPDX-License-Identifier: Apache-2.0
// Calls and tail calls: across instances and the host, with many values, without growing anything.
#include <unistd.h>

#include <bit>
#include <cstdio>

#include "engine/interpreter/test_world.h"
#include "engine/support/sanitizers.h"

namespace heddle::engine {
namespace {

constexpr ValueType kI32 = ValueType::Kind::i32;
constexpr ValueType kI64 = ValueType::Kind::i64;

/// A module whose $me knows its own global and memory, and calls or tail calls through the shared table.
constexpr std::string_view kPartner = R"((module
  (type $f (func (param i32) (result i64)))
  (import "" "table" (table $t 16 funcref))
  (import "" "base" (global $base i32))
  (global $seen (export "seen") (mut i64) (i64.const 0))
  (memory 1) (data (i32.const 8) "\00\00\00\00\00\00\00\00")
  (func $note (param i32)
    (global.set $seen (i64.add (global.get $seen) (i64.const 1)))
    (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.extend_i32_u (global.get $base)))))
  ;; table[base] is `call`, table[base + 1] `tail`; the partner is at 4 - base.
  (func $call (export "call") (type $f)
    (call $note (local.get 0))
    (if (i32.eqz (local.get 0)) (then (return (i64.load (i32.const 8)))))
    (i64.add
      (call_indirect $t (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.sub (i32.const 4) (global.get $base)))
      (i64.load (i32.const 8))))
  (func $tail (export "tail") (type $f)
    (call $note (local.get 0))
    (if (i32.eqz (local.get 0)) (then (return (i64.load (i32.const 8)))))
    (return_call_indirect $t (type $f)
      (i32.sub (local.get 0) (i32.const 1)) (i32.sub (i32.const 5) (global.get $base))))
  (func $mixed (export "mixed") (type $f)
    (call $note (local.get 0))
    (if (i32.eqz (local.get 0)) (then (return (i64.load (i32.const 8)))))
    (i64.add
      (call_indirect $t (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.sub (i32.const 5) (global.get $base)))
      (i64.load (i32.const 8))))
  (func (export "read") (result i64) (i64.load (i32.const 8)))
  (elem (table $t) (global.get $base) func $call $tail)))";

struct Partners {
  explicit Partners(World& world) {
    Instance& owner = world.instantiate(R"((module (table (export "table") 16 funcref)
      (global (export "0") i32 (i32.const 0)) (global (export "4") i32 (i32.const 4))))");
    const auto module = world.load(kPartner);
    const External zero[] = {world.exported(owner, "table"), world.exported(owner, "0")};
    const External four[] = {world.exported(owner, "table"), world.exported(owner, "4")};
    first = &world.instantiate(module, zero);
    second = &world.instantiate(module, four);
  }
  Instance* first;
  Instance* second;
};

TEST(interpreter_calls, another_instance_uses_its_own_globals_and_memory) {
  World world;
  const Partners partners(world);
  // The first one's memory counts by 0, the second one's by 4: ten calls, five each.
  EXPECT_EQ(world.call(*partners.first, "call", {9}), returned({5 * 20}));
  EXPECT_EQ(world.call(*partners.first, "read"), returned({0}));
  EXPECT_EQ(world.call(*partners.second, "read"), returned({20}));
  EXPECT_EQ(world.exported(*partners.first, "seen").global->value[0], 5u);
  EXPECT_EQ(world.exported(*partners.second, "seen").global->value[0], 5u);
}

/// Such a return finds the header in the call's words.
TEST(interpreter_calls, a_call_that_a_return_follows) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (global $seen (mut i32) (i32.const 0))
    (func $nothing (param i32) (global.set $seen (i32.add (global.get $seen) (local.get 0))))
    (func $i32 (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func $i64 (param i32) (result i64) (i64.extend_i32_s (call $i32 (local.get 0))))
    (func $f32 (param i32) (result f32) (f32.convert_i32_s (local.get 0)))
    (func $f64 (param i32) (result f64) (f64.convert_i32_s (local.get 0)))
    (func $v128 (param i32) (result v128) (i32x4.splat (local.get 0)))
    (func $two (param i32) (result i32 i32) (local.get 0) (i32.const 8))
    (func (export "nothing") (param i32) (call $nothing (local.get 0)))
    (func (export "i32") (param i32) (result i32) (call $i32 (local.get 0)))
    (func (export "i64") (param i32) (result i64) (local f64 f64) (return (call $i64 (local.get 0))))
    (func (export "f32") (param i32) (result f32) (call $f32 (local.get 0)))
    (func (export "f64") (param i32) (result f64) (call $f64 (local.get 0)))
    (func (export "v128") (param i32) (result v128) (call $v128 (local.get 0)))
    (func (export "two") (param i32) (result i32 i32) (call $two (local.get 0)))
    ;; Branches lead to the return as well, and another return follows no call.
    (func (export "maybe") (param i32)
      (block $skip (br_if $skip (i32.eqz (local.get 0))) (call $nothing (i32.const 100))))
    (func (export "choice") (param i32) (result i32)
      (if (result i32) (local.get 0) (then (call $i32 (i32.const 5))) (else (i32.const 4))))
    (func (export "seen") (result i32) (global.get $seen))))");
  EXPECT_EQ(world.call(instance, "nothing", {7}), returned({}));
  EXPECT_EQ(world.call(instance, "maybe", {0}), returned({}));
  EXPECT_EQ(world.call(instance, "maybe", {1}), returned({}));
  EXPECT_EQ(world.call(instance, "seen"), returned({107}));
  EXPECT_EQ(world.call(instance, "i32", {7}), returned({21}));
  EXPECT_EQ(world.call(instance, "i64", {Slot{UINT32_MAX}}), returned({static_cast<Slot>(-3)}));
  EXPECT_EQ(static_cast<uint32_t>(world.call(instance, "f32", {7}).results[0]),
            std::bit_cast<uint32_t>(7.0F));
  EXPECT_EQ(world.call(instance, "f64", {7}), returned({std::bit_cast<Slot>(7.0)}));
  EXPECT_EQ(world.call(instance, "v128", {7}), returned({0x7'0000'0007, 0x7'0000'0007}));
  EXPECT_EQ(world.call(instance, "two", {7}), returned({7, 8}));
  EXPECT_EQ(world.call(instance, "choice", {0}), returned({4}));
  EXPECT_EQ(world.call(instance, "choice", {1}), returned({15}));
}

TEST(interpreter_calls, tail_calls_between_instances_and_back) {
  World world;
  const Partners partners(world);
  for (Slot depth = 0; depth < 20; ++depth) {
    const Slot before = world.call(*partners.second, "read").results[0];
    const Slot noted = before + 4 * ((depth + 1) / 2);  // every other one, beginning with the second call
    EXPECT_EQ(world.call(*partners.first, "tail", {depth}), returned({depth % 2 == 0 ? 0 : noted})) << depth;
    EXPECT_EQ(world.call(*partners.second, "read"), returned({noted})) << depth;
    // A caller in either instance goes on with what is its own.
    const Slot mixed = world.call(*partners.second, "mixed", {depth}).results[0];
    const Slot now = world.call(*partners.second, "read").results[0];
    EXPECT_EQ(now, noted + 4 * (depth / 2 + 1)) << depth;
    EXPECT_EQ(mixed, depth == 0 ? now : depth % 2 == 0 ? now * 2 : now) << depth;
  }
}

TEST(interpreter_calls, tail_calls_to_the_host_from_another_instance) {
  World world;
  const External host[] = {world.host({kI32}, {kI32}, [](ExecContext& context, Slot* slots) {
    EXPECT_NE(context.caller, nullptr);
    slots[0] = slots[0] * 2;
    return true;
  })};
  Instance& inner = world.instantiate(R"((module (import "" "" (func $h (param i32) (result i32)))
    (func (export "f") (param i32) (result i32) (return_call $h (i32.add (local.get 0) (i32.const 1))))))",
                                      host);
  const External imports[] = {world.exported(inner, "f")};
  Instance& outer = world.instantiate(R"((module (import "" "" (func $f (param i32) (result i32)))
    (memory 1) (data (i32.const 0) "\05")
    (func (export "g") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.load8_u (i32.const 0))))
    (func (export "tail") (param i32) (result i32) (return_call $f (local.get 0)))))",
                                      imports);
  EXPECT_EQ(world.call(outer, "g", {10}), returned({27}));
  EXPECT_EQ(world.call(outer, "tail", {10}), returned({22}));
  EXPECT_EQ(world.call(inner, "f", {10}), returned({22}));
}

/// Resident memory of this process in bytes.
size_t resident_bytes() {
  unsigned long total = 0, resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%lu %lu", &total, &resident) != 2) resident = 0;
  std::fclose(file);
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

constexpr Slot kMany = kAddressSanitizer || kThreadSanitizer ? 1'000'000 : 10'000'000;

TEST(interpreter_calls, ten_million_tail_calls_grow_nothing) {
  World world({.limits = {.stack_bytes = 64 << 10}});
  Instance& instance = world.instantiate(R"((module (type $t (func (param i32 i64) (result i64)))
    (table funcref (elem $indirect $reference))
    (func $self (export "self") (type $t)
      (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
      (return_call $self (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1))))
    (func $even (export "mutual") (type $t)
      (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
      (return_call $odd (i32.const 7) (i32.sub (local.get 0) (i32.const 1)) (f64.const 1) (local.get 1)))
    (func $odd (param i32 i32 f64 i64) (result i64)
      (return_call $even (local.get 1) (i64.add (local.get 3) (i64.const 1))))
    (func $indirect (export "indirect") (type $t)
      (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
      (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1))
        (i64.add (local.get 1) (i64.const 1)) (i32.and (local.get 0) (i32.const 1))))
    (func $reference (export "reference") (type $t)
      (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
      (return_call_ref $t (i32.sub (local.get 0) (i32.const 1))
        (i64.add (local.get 1) (i64.const 1)) (ref.func $reference)))))");
  EXPECT_EQ(world.call(instance, "self", {1000, 0}), returned({1000}));
  const size_t before = resident_bytes();
  for (const char* name : {"self", "mutual", "indirect", "reference"}) {
    EXPECT_EQ(world.call(instance, name, {kMany, 5}), returned({kMany + 5})) << name;
  }
  EXPECT_LT(resident_bytes(), before + (8 << 20));
}

/// A loop around each kind of operation that a handler leaves to C++: if a compiler made one of them a call
/// instead of a jump, the native stack would end within this many rounds.
TEST(interpreter_calls, a_hundred_million_instructions_need_no_native_stack) {
  const Slot rounds = kMany;  // each round runs more than ten instructions
  World world;
  const External imports[] = {world.host({kI32}, {kI32}, [](ExecContext&, Slot*) { return true; })};
  Instance& instance = world.instantiate(R"((module
    (type $unary (func (param i32) (result i32)))
    (import "" "" (func $host (type $unary)))
    (memory 1 1 shared) (table $t 4 10 funcref) (data $d "abc") (elem $e func $one)
    (elem (table $t) (i32.const 1) func $one)
    (func $one (type $unary) (local.get 0))
    (func (export "memory") (param $n i32) (loop $l
      (memory.fill (i32.const 8) (i32.const 1) (i32.const 8))
      (memory.copy (i32.const 9) (i32.const 8) (i32.const 8))
      (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))
      (drop (memory.size)) (drop (memory.grow (i32.const 0)))
      (drop (i32.atomic.rmw.add (i32.const 16) (i32.const 1)))
      (drop (i64.atomic.rmw.cmpxchg (i32.const 24) (i64.const 0) (i64.const 0)))
      (drop (memory.atomic.notify (i32.const 16) (i32.const 1)))
      (drop (memory.atomic.wait32 (i32.const 32) (i32.const 1) (i64.const 0)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "table") (param $n i32) (loop $l
      (table.fill $t (i32.const 2) (ref.func $one) (i32.const 2))
      (table.copy $t $t (i32.const 2) (i32.const 1) (i32.const 1))
      (table.init $t $e (i32.const 3) (i32.const 0) (i32.const 1))
      (table.set $t (i32.const 0) (table.get $t (i32.const 1)))
      (drop (table.grow $t (ref.null func) (i32.const 0))) (drop (table.size $t))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "calls") (param $n i32) (loop $l
      (drop (call_indirect $t (type $unary) (local.get $n) (i32.const 1)))
      (drop (call_ref $unary (local.get $n) (ref.func $one)))
      (drop (call $host (local.get $n))) (drop (call $one (local.get $n)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "numbers") (param $n i32) (local $x f64) (local $s f32) (loop $l
      (local.set $x (f64.nearest (f64.sqrt (f64.ceil (f64.floor (f64.trunc (local.get $x)))))))
      (local.set $s (f32.nearest (f32.sqrt (f32.ceil (f32.floor (f32.trunc (local.get $s)))))))
      (local.set $x (f64.min (f64.promote_f32 (local.get $s)) (f64.max (local.get $x) (f64.const 1))))
      (drop (i64.trunc_f64_u (local.get $x))) (drop (i32.trunc_sat_f32_s (local.get $s)))
      (drop (i64.div_s (i64.const 7) (i64.extend_i32_u (local.get $n))))
      (drop (i32.rem_u (i32.const 7) (local.get $n)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))))",
                                         imports);
  for (const char* name : {"memory", "table", "calls", "numbers"}) {
    EXPECT_EQ(world.call(instance, name, {rounds / 4}), returned({}))
        << name << ": " << world.trap.to_string();
  }
}

TEST(interpreter_calls, many_values) {
  World world;
  Instance& instance = world.instantiate(R"((module
    (func $seven (param i32 i64 f32 f64 i32 i64 i32) (result i32 i64 i32 f64 f32 i64 i32)
      (local.get 6) (local.get 5) (local.get 4) (local.get 3) (local.get 2) (local.get 1) (local.get 0))
    (func (export "twice") (param i32 i64 f32 f64 i32 i64 i32) (result i64)
      (local $a i32) (local $f f32) (local $d f64)
      (call $seven (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6))
      (local.set $a) (local.set 1) (local.set $f) (local.set $d) (local.set 4) (local.set 5) (local.set 6)
      (i64.add (i64.mul (local.get 1) (i64.const 1000))
        (i64.add (i64.extend_i32_s (i32.add (i32.mul (local.get $a) (i32.const 100)) (local.get 6)))
          (i64.trunc_f64_s (f64.add (local.get $d) (f64.promote_f32 (local.get $f)))))))
    (func (export "early") (param i32) (result i32 i32 i32 i32 i32 i32)
      (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6)
      (br_if 0 (local.get 0))
      (i32.mul) (i32.const 7)
      (return))))");
  EXPECT_EQ(world.call(instance, "twice",
                       {1, 2, std::bit_cast<uint32_t>(3.0F), std::bit_cast<uint64_t>(4.0), 5, 6, 7}),
            returned({2 * 1000 + 107 + 7}));
  EXPECT_EQ(world.call(instance, "early", {1}), returned({1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(world.call(instance, "early", {0}), returned({1, 2, 3, 4, 30, 7}));
}

/// Functions of 1,000 parameters and results, called, tail called and called by reference.
TEST(interpreter_calls, a_thousand_parameters_and_results) {
  std::string types, all, sum = "(i64.const 0)";
  for (int i = 0; i < 1000; ++i) {
    types += " i64";
    all += "(local.get " + std::to_string(i) + ")";
    sum += "(i64.add (i64.mul (local.get " + std::to_string(i) + ") (i64.const " + std::to_string(i % 7 + 1) +
           ")))";
  }
  const std::string params = "(param" + types + ")", results = "(result" + types + ")";
  World world;
  Instance& instance = world.instantiate(
      "(module (type $t (func " + params + results + ")) (table funcref (elem $same))" +
      "(func $same (type $t) " + all + ")" + "(func $sum " + params + "(result i64)" + sum + ")" +
      "(func (export \"call\") " + params + "(result i64) (call $sum (call $same " + all + ")))" +
      "(func (export \"tail\") " + params + "(result i64) (return_call $sum (call_ref $t " + all +
      "(ref.func $same))))" +
      "(func (export \"narrow\") (param i64) (result i64) (return_call $sum (call_indirect (type $t) " +
      [] {
        std::string text;
        for (int i = 0; i < 1000; ++i) text += "(local.get 0)";
        return text;
      }() +
      "(i32.const 0)))))");
  std::vector<Slot> arguments;
  Slot wanted = 0, same = 0;
  for (Slot i = 0; i < 1000; ++i) {
    arguments.push_back(i * i);
    wanted += i * i * (i % 7 + 1);
    same += 3 * (i % 7 + 1);
  }
  EXPECT_EQ(world.call(world.function(instance, "call"), arguments), returned({wanted}));
  EXPECT_EQ(world.call(world.function(instance, "tail"), arguments), returned({wanted}));
  EXPECT_EQ(world.call(instance, "narrow", {3}), returned({same}));
}

TEST(interpreter_calls, host_functions_call_back) {
  World world;
  Function* again = nullptr;
  const External imports[] = {world.host({kI32, kI64}, {kI64}, [&](ExecContext& context, Slot* slots) {
    if (static_cast<uint32_t>(slots[0]) == 0) return true;
    Slot inner[] = {static_cast<uint32_t>(slots[0]) - 1, slots[1] + 1};
    Trap trap;
    if (!world.store->call(*again, inner, &trap)) return context.fail(trap.kind, trap.message);
    slots[0] = inner[0];
    return true;
  })};
  Instance& instance = world.instantiate(R"((module (import "" "" (func $h (param i32 i64) (result i64)))
    (memory 1)
    (func (export "f") (param i32 i64) (result i64) (local i64)
      (local.set 2 (i64.const 77))
      (i32.store (i32.const 0) (local.get 0))
      (drop (call $h (local.get 0) (local.get 1)))
      (i64.add (local.get 1) (i64.load32_u (i32.const 0))))))",
                                         imports);
  again = &world.function(instance, "f");
  EXPECT_EQ(world.call(*again, {0, 5}), returned({5}));
  // The innermost call has left a zero in the memory they all share.
  EXPECT_EQ(world.call(*again, {50, 5}), returned({5}));
}

}  // namespace
}  // namespace heddle::engine
