// SPDX-License-Identifier: Apache-2.0
// Tests of validation, by family: what is valid, and the wording and place of what is not.
#include "engine/validation/validate.h"

#include <gtest/gtest.h>

#include "engine/opcodes/opcode.h"
#include "engine/validation/test_modules.h"

namespace heddle::engine {
namespace {

using test::check;
using test::TextCase;

TEST(validation_numeric, signatures) {
  const TextCase cases[] = {
      {"(module (func (result i32) i32.const 1 i32.const 2 i32.add))", ""},
      {"(module (func (result i64) i32.const 1 i64.extend_i32_s i64.const 3 i64.shl))", ""},
      {"(module (func (result i32) unreachable i32.add))", ""},
      {"(module (func (result i32) i64.const 1 unreachable f64.lt))", ""},
      {"(module (func (result i32) i32.const 1 f32.const 2 i32.add))",
       "type mismatch: instruction requires [i32] but stack has [f32]"},
      {"(module (func (result i32) i32.const 1 i32.add))",
       "type mismatch: instruction requires [i32] but stack has []"},
      {"(module (func i32.const 1))", "type mismatch: block requires [] but stack has [i32]"},
      {"(module (func (result i32)))", "type mismatch"},
      {"(module (func (result i32) unreachable i64.const 0))", "type mismatch"},
      {"(module (func i32.const 0 block drop end))", "type mismatch"},
  };
  check(cases);
}

TEST(validation_control, blocks_and_branches) {
  const TextCase cases[] = {
      {"(module (func (result i32) (block (result i32) (br 0 (i32.const 1)))))", ""},
      {"(module (func (param i32) (result i32 i64) (block (result i32 i64) i32.const 1 i64.const 2 local.get "
       "0 br_if 0)))",
       ""},
      {"(module (func (param i32) (result i32) local.get 0 loop (param i32) (result i32) end))", ""},
      {"(module (func (param i32) (local.get 0) (if (then nop) (else nop))))", ""},
      {"(module (func (param i32) (result i32) (local.get 0) (if (param) (result i32) (then i32.const 1))))",
       "type mismatch"},
      {"(module (func (param i32) local.get 0 local.get 0 if (param i32) (result i32) end drop))", ""},
      {"(module (func (block (block (br_table 0 1 2 (i32.const 0))))))", ""},
      {"(module (func (block (result i32) (block (br_table 0 1 (i32.const 0) (i32.const 0))) (i32.const 0)) "
       "drop))",
       "type mismatch: labels of br_table"},
      {"(module (func (br 1)))", "unknown label 1"},
      {"(module (func (br_table 0 5 (i32.const 0))))", "unknown label 5"},
      {"(module (func (block (result i32) (br 0))  drop))", "type mismatch"},
      {"(module (func (result i32) (return (i64.const 0))))", "type mismatch"},
      {"(module (func unreachable br_table 0 0 drop))", ""},
      {"(module (func (result i32) i32.const 0 i32.const 1 return))", ""},
  };
  check(cases);
}

TEST(validation_control, calls) {
  const TextCase cases[] = {
      {"(module (func $f (param i32 i64) (result f32) unreachable) (func (result f32) i32.const 0 i64.const "
       "1 call $f))",
       ""},
      {"(module (func (call 7)))", "unknown function 7"},
      {"(module (table 1 funcref) (type $t (func)) (func i32.const 0 call_indirect (type $t)))", ""},
      {"(module (type $t (func)) (func i32.const 0 call_indirect (type $t)))", "unknown table 0"},
      {"(module (table 1 externref) (type $t (func)) (func i32.const 0 call_indirect (type $t)))",
       "type mismatch"},
      {"(module (table i64 1 funcref) (type $t (func)) (func i64.const 0 call_indirect (type $t)))", ""},
      {"(module (func $f (result i32) return_call $f))", ""},
      {"(module (func $f (result i32) unreachable) (func (result i64) return_call $f))", "type mismatch"},
      {"(module (type $t (func)) (func (param (ref null $t)) local.get 0 call_ref $t))", ""},
      {"(module (type $t (func)) (func (param funcref) local.get 0 call_ref $t))",
       "type mismatch: instruction requires [(ref null 0)] but stack has [funcref]"},
  };
  check(cases);
}

TEST(validation_variable, locals_and_globals) {
  const TextCase cases[] = {
      {"(module (func (param i32) (local i64 f32) local.get 1 drop f32.const 1 local.set 2 i32.const 1 "
       "local.tee 0 drop))",
       ""},
      {"(module (func local.get 0 drop))", "unknown local 0"},
      {"(module (func (param i32) i64.const 0 local.set 0))", "type mismatch"},
      {"(module (global $g i32 (i32.const 1)) (func i32.const 0 global.set $g))", "immutable global 0"},
      {"(module (func global.get 3 drop))", "unknown global 3"},
      {"(module (func i32.const 0 i64.const 0 i32.const 1 select drop))", "type mismatch"},
      {"(module (func ref.null func ref.null func i32.const 1 select drop))", "type mismatch"},
      {"(module (func ref.null func ref.null func i32.const 1 select (result funcref) drop))", ""},
      {"(module (func i32.const 0 i32.const 0 i32.const 1 select (result i32 i32) drop))",
       "invalid result arity"},
      {"(module (func unreachable select drop))", ""},
  };
  check(cases);
}

TEST(validation_variable, initialization_of_locals_without_default) {
  const TextCase cases[] = {
      {"(module (func (local (ref func)) local.get 0 drop))", "uninitialized local 0"},
      {"(module (func (param (ref func)) (local (ref func)) local.get 0 local.set 1 local.get 1 drop))", ""},
      {"(module (func (param (ref func)) (local (ref func)) block local.get 0 local.set 1 end local.get 1 "
       "drop))",
       "uninitialized local 1"},
      {"(module (func (param (ref func)) (local (ref func)) local.get 0 local.tee 1 drop loop local.get 1 "
       "drop end))",
       ""},
      {"(module (func (param (ref func)) (local (ref func)) i32.const 0 if local.get 0 local.set 1 else "
       "local.get 1 drop end))",
       "uninitialized local 1"},
      {"(module (func (local (ref func)) unreachable local.get 0 drop))", "uninitialized local 0"},
  };
  check(cases);
}

TEST(validation_variable, many_locals_are_found_by_ranges) {
  std::string text = "(module (func (param i64) (local ";
  for (int i = 0; i < 300; ++i) text += "i32 ";
  for (int i = 0; i < 300; ++i) text += "f64 ";
  const std::string head = text + ") ";
  EXPECT_EQ(
      test::load(head + "local.get 300 i32.eqz drop local.get 301 f64.neg drop local.get 600 f64.neg drop))")
          .message,
      "");
  EXPECT_EQ(test::load(head + "local.get 601 drop))").message, "unknown local 601");
  EXPECT_EQ(test::load(head + "local.get 300 f64.neg drop))").message.find("type mismatch"), 0u);
}

TEST(validation_memory, accesses) {
  const TextCase cases[] = {
      {"(module (memory 1) (func (result i32) i32.const 0 i32.load16_u offset=4 align=1))", ""},
      {"(module (memory i64 1) (func (result i32) i64.const 0 i32.load offset=0xffffffffffffffff))", ""},
      {"(module (memory i64 1) (func (result i32) i32.const 0 i32.load))", "type mismatch"},
      {"(module (memory 1) (memory 1) (func i32.const 0 i64.const 1 i64.store 1))", ""},
      {"(module (func i32.const 0 i32.load drop))", "unknown memory 0"},
      {"(module (memory 1) (func i32.const 0 i32.load 1 drop))", "unknown memory 1"},
      {"(module (memory 1) (func i32.const 0 i32.load align=8 drop))",
       "alignment must not be larger than natural"},
      {"(module (memory 1) (func i32.const 0 i32.load offset=0x100000000 drop))", "offset out of range"},
      {"(module (memory 1) (func (result i32) memory.size))", ""},
      {"(module (memory i64 1) (func (result i64) i64.const 1 memory.grow))", ""},
      {"(module (memory i64 1) (func (result i32) i32.const 1 memory.grow))", "type mismatch"},
  };
  check(cases);
}

TEST(validation_memory, bulk) {
  const TextCase cases[] = {
      {"(module (memory 1) (memory i64 1) (func i64.const 0 i32.const 0 i32.const 0 memory.copy 1 0))", ""},
      {"(module (memory i64 1) (func i64.const 0 i64.const 0 i64.const 0 memory.copy))", ""},
      {"(module (memory i64 1) (func i64.const 0 i32.const 0 i64.const 0 memory.fill))", ""},
      {"(module (memory 1) (data \"a\") (func i32.const 0 i32.const 0 i32.const 0 memory.init 0 data.drop "
       "0))",
       ""},
      {"(module (memory 1) (data \"a\") (func i32.const 0 i32.const 0 i32.const 0 memory.init 4))",
       "unknown data segment 4"},
      {"(module (func i32.const 0 i32.const 0 i32.const 0 memory.copy))", "unknown memory 0"},
  };
  check(cases);
}

TEST(validation_atomic, alignment_and_types) {
  const TextCase cases[] = {
      {"(module (memory 1 1 shared) (func (result i32) i32.const 0 i32.const 1 i32.atomic.rmw.add))", ""},
      {"(module (memory 1) (func (result i32) i32.const 0 i32.const 1 i64.const 0 memory.atomic.wait32))",
       ""},
      {"(module (memory 1) (func (result i32) i32.const 0 i32.const 1 memory.atomic.notify))", ""},
      {"(module (memory 1 1 shared) (func (result i64) i32.const 0 i64.atomic.load align=4))",
       "atomic alignment must be natural"},
      {"(module (memory 1) (func (result i64) i32.const 0 i64.const 0 i64.const 0 "
       "i64.atomic.rmw16.cmpxchg_u))",
       ""},
      {"(module (func atomic.fence))", ""},
      {"(module (func i32.const 0 i32.atomic.load drop))", "unknown memory 0"},
  };
  check(cases);
}

TEST(validation_table, operations) {
  const TextCase cases[] = {
      {"(module (table 1 funcref) (func i32.const 0 i32.const 0 table.get table.set))", ""},
      {"(module (table $a 1 funcref) (table $b i64 1 funcref) (func i64.const 0 i32.const 0 i32.const 0 "
       "table.copy $b $a))",
       ""},
      {"(module (table $a 1 funcref) (table $b 1 externref) (func i32.const 0 i32.const 0 i32.const 0 "
       "table.copy $a $b))",
       "type mismatch"},
      {"(module (table i64 1 funcref) (func (result i64) ref.null func i64.const 1 table.grow))", ""},
      {"(module (table 1 funcref) (func i32.const 0 ref.null extern i32.const 1 table.fill))",
       "type mismatch"},
      {"(module (table 1 funcref) (elem func) (func i32.const 0 i32.const 0 i32.const 0 table.init 0 "
       "elem.drop 0))",
       ""},
      {"(module (table 1 funcref) (func i32.const 0 i32.const 0 i32.const 0 table.init 2))",
       "unknown elem segment 2"},
      {"(module (func elem.drop 1))", "unknown elem segment 1"},
      {"(module (func (result i32) table.size 0))", "unknown table 0"},
  };
  check(cases);
}

TEST(validation_reference, references) {
  const TextCase cases[] = {
      {"(module (func $f) (elem declare func $f) (func (result funcref) ref.func $f))", ""},
      {"(module (func $f (export \"f\")) (func (result (ref func)) ref.func $f))", ""},
      {"(module (func $f) (func (result funcref) ref.func $f))", "undeclared function reference 0"},
      {"(module (func ref.func 9 drop))", "unknown function 9"},
      {"(module (func (result i32) ref.null extern ref.is_null))", ""},
      {"(module (func (result i32) i32.const 0 ref.is_null))", "type mismatch"},
      {"(module (type $t (func)) (func (param (ref null $t)) (result (ref $t)) local.get 0 ref.as_non_null))",
       ""},
      {"(module (type $t (func)) (func (param (ref null $t)) (result (ref $t)) local.get 0 br_on_non_null 0 "
       "unreachable))",
       ""},
      {"(module (type $t (func)) (func (param (ref null $t)) local.get 0 br_on_null 0 call_ref $t))", ""},
      {"(module (func (param (ref null 9))))", "unknown type"},
  };
  check(cases);
}

TEST(validation_declarations, limits) {
  const TextCase cases[] = {
      {"(module (memory 65536))", ""},
      {"(module (memory 65537))", "memory size must be at most 65536 pages (4GiB)"},
      {"(module (memory 2 1))", "size minimum must not be greater than maximum"},
      {"(module (memory i64 0x1000000000000))", ""},
      {"(module (memory i64 0x1000000000001))", "memory size must be at most 2^48 pages"},
      {"(module (memory 1 shared))", "shared memory must have maximum"},
      {"(module (import \"a\" \"b\" (memory 1 shared)))", "shared memory must have maximum"},
      {"(module (table 2 1 funcref))", "size minimum must not be greater than maximum"},
      {"(module (table 1 (ref func)))", "type mismatch"},
      {"(module (func $f) (table 1 (ref func) (ref.func $f)) (func (result funcref) ref.func $f))", ""},
  };
  check(cases);
}

TEST(validation_declarations, exports_start_and_segments) {
  const TextCase cases[] = {
      {"(module (func (export \"a\")) (memory (export \"b\") 1))", ""},
      {"(module (func (export \"a\")) (memory (export \"a\") 1))", "duplicate export name"},
      {"(module (export \"a\" (func 0)))", "unknown function 0"},
      {"(module (export \"a\" (global 2)))", "unknown global 2"},
      {"(module (func (param i32)) (start 0))", "start function"},
      {"(module (start 3))", "unknown function 3"},
      {"(module (table 1 funcref) (elem (i32.const 0) 5))", "unknown function 5"},
      {"(module (func) (elem (i32.const 0) 0))", "unknown table 0"},
      {"(module (table 1 externref) (func) (elem (i32.const 0) 0))", "type mismatch"},
      {"(module (table 1 funcref) (func) (elem (i64.const 0) 0))", "type mismatch"},
      {"(module (table i64 1 funcref) (func) (elem (i64.const 0) 0))", ""},
      {"(module (data (i32.const 0) \"\"))", "unknown memory 0"},
      {"(module (memory i64 1) (data (i32.const 0) \"\"))", "type mismatch"},
  };
  check(cases);
}

TEST(validation_constant, expressions) {
  const TextCase cases[] = {
      {"(module (global i32 (i32.const 1)) (global i32 (i32.add (global.get 0) (i32.const 2))))", ""},
      {"(module (global i64 (i64.mul (i64.const 3) (i64.const 2))) (memory i64 1) (data (global.get 0) "
       "\"\"))",
       ""},
      {"(module (func $f) (global funcref (ref.func $f)))", ""},
      {"(module (global i32 (global.get 0)))", "unknown global 0"},
      {"(module (global (mut i32) (i32.const 1)) (global i32 (global.get 0)))",
       "constant expression required"},
      {"(module (global i32 (i32.div_u (i32.const 1) (i32.const 1))))", "constant expression required"},
      {"(module (global i32 (block (result i32) i32.const 1)))", "constant expression required"},
      {"(module (global i32 (i64.const 1)))", "type mismatch"},
      {"(module (global i32 (i32.const 1) (i32.const 1)))", "type mismatch"},
      {"(module (global i32))", "type mismatch"},
      {"(module (table 1 funcref (global.get 0)) (global funcref (ref.null func)))", "unknown global 0"},
  };
  check(cases);
}

TEST(validation_errors, name_function_and_offset) {
  const Error error = test::load("(module (import \"a\" \"b\" (func)) (func) (func nop i32.const 1))");
  EXPECT_EQ(error.section, "code[1]");
  EXPECT_EQ(error.kind, ErrorKind::invalid);
  EXPECT_NE(error.offset, Error::kNoOffset);
}

}  // namespace
}  // namespace heddle::engine
