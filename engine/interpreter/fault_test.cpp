// SPDX-License-Identifier: Apache-2.0
// Every memory access of the opcode table around every edge of a memory, against a model; and memories that
// grow.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "engine/binary/instruction_reader.h"
#include "engine/binary/locals.h"
#include "engine/interpreter/access_rows.h"
#include "engine/interpreter/test_world.h"
#include "engine/support/sanitizers.h"

namespace heddle::engine {
namespace {

constexpr uint64_t kSize = 65'536;
constexpr Slot kPattern = 0x8182838485868788;

/// One corner of the matrix: a memory of one page, and a static offset.
struct Corner {
  MemoryMode mode = MemoryMode::guarded;
  bool is_64 = false;
  bool is_shared = false;
  uint64_t offset = 0;

  [[nodiscard]] std::string text() const {
    return std::string(mode == MemoryMode::guarded ? "guarded" : "checked") + (is_64 ? " i64" : " i32") +
           (is_shared ? " shared" : "") + " offset " + std::to_string(offset);
  }
};

/// How the address operand is written; translators fold some of these into the access. Local 0 is the
/// address, local 3 a zero. `biased` subtracts what is added, and so relies on wrapping.
constexpr const char* kAddressForms[] = {
    "(local.get 0)",
    "(?.xor (local.get 0) (local.get 3))",
    "(?.add (local.get 0) (local.get 3))",
    "(?.add (?.sub (local.get 0) (?.const 24)) (?.const 24))",
    "(?.add (local.get 0) (?.const 24))",  // called with 24 less
};
constexpr size_t kForms = std::size(kAddressForms);
constexpr size_t kLessForm = kForms - 1;
constexpr uint64_t kLess = 24;

std::string replaced(std::string text, std::string_view mark, std::string_view by) {
  for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += by.size())
    text.replace(at, mark.size(), by);
  return text;
}

std::string_view type_text(char letter, bool is_64) {
  switch (letter) {
    case 'i': return "i32";
    case 'l': return "i64";
    case 'f': return "f32";
    case 'd': return "f64";
    default: return is_64 ? "i64" : "i32";
  }
}

/// One exported function: (address, first, second, zero) -> result. Operands of other types than the row's
/// are unused i64s. A wait's last operand is its timeout, 0.
std::string function_text(const AccessRow& access, const Corner& corner, size_t form) {
  const std::string signature(access.row().signature);
  const size_t colon = signature.find(':');
  const std::string address(type_text('a', corner.is_64));
  std::string text =
      "(func (export \"" + std::string(access.row().text) + "/" + std::to_string(form) + "\") ";
  text += "(param " + address;
  for (size_t i = 1; i <= 2; ++i)
    text += " " + std::string(i < colon ? type_text(signature[i], false) : "i64");
  text += " " + address + ")";
  if (colon + 1 < signature.size())
    text += " (result " + std::string(type_text(signature.back(), false)) + ")";
  text += " (" + std::string(access.row().text);
  if (corner.offset != 0) text += " offset=" + std::to_string(corner.offset);
  text += " " + replaced(kAddressForms[form], "?", address);
  for (size_t i = 1; i < colon; ++i) {
    if (access.is_wait() && i == 2)
      text += " (i64.const 0)";
    else
      text += " (local.get " + std::to_string(i) + ")";
  }
  return text + "))\n";
}

/// The offset of the row's instruction in the module, which a trap must name.
uint64_t offset_of(const ModuleImage& module, uint32_t function, Opcode opcode) {
  const ByteRange body = module.functions[function].body;
  Cursor cursor(module.view(body), body.offset);
  std::vector<LocalRun> runs;
  read_locals(cursor, 0, runs);
  InstructionReader reader(cursor);
  Instruction instruction;
  while (!cursor.at_end() && reader.next(instruction)) {
    if (instruction.opcode == opcode) return instruction.offset;
  }
  return 0;
}

/// The addresses to try: around the end of the memory with and without the offset, around zero, and around
/// the end of the address type.
std::vector<uint64_t> addresses_of(const Corner& corner) {
  std::vector<uint64_t> addresses;
  const auto around = [&](uint64_t centre) {
    for (uint64_t i = 0; i <= 16; ++i) addresses.push_back(centre - 8 + i);
  };
  around(kSize);
  around(kSize - corner.offset);
  around(0);
  around(0 - corner.offset);
  around(uint64_t{1} << 32);
  if (!corner.is_64) {
    for (uint64_t& address : addresses) address = static_cast<uint32_t>(address);
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

class Matrix {
 public:
  explicit Matrix(const Corner& corner) : corner_(corner), world_({.memory_mode = corner.mode}) {
    std::string text = "(module (memory (export \"memory\") ";
    text += corner.is_64 ? "i64 1 1" : "1 1";
    text += corner.is_shared ? " shared)\n" : ")\n";
    for (const AccessRow& access : rows()) {
      for (size_t form = 0; form < kForms; ++form) text += function_text(access, corner, form);
    }
    instance_ = &world_.instantiate(text + ")");
    memory_ = instance_->memory_space[0];
    model_.resize(kSize);
    for (uint64_t i = 0; i < kSize; ++i) model_[i] = static_cast<uint8_t>(i * 167 + (i >> 8));
    std::copy(model_.begin(), model_.end(), memory_->base());
  }

  /// The number of accesses made.
  uint64_t run() {
    uint32_t function = 0;
    for (const AccessRow& access : rows()) {
      for (size_t form = 0; form < kForms; ++form) {
        const uint64_t offset = offset_of(*instance_->module, function, access.opcode);
        Function& called = *instance_->function(function++);
        for (const uint64_t address : addresses_of(corner_)) try_one(access, called, form, address, offset);
        if (testing::Test::HasFailure()) return count_;
      }
    }
    return count_;
  }

 private:
  [[nodiscard]] std::vector<AccessRow> rows() const {
    std::vector<AccessRow> chosen;
    for (const AccessRow& access : access_rows()) {
      // A memory that is not shared refuses waits, whatever the address.
      if (info(access.row().feature).built && (corner_.is_shared || !access.is_wait()))
        chosen.push_back(access);
    }
    return chosen;
  }

  [[nodiscard]] TrapKind expected_trap(const AccessRow& access, uint64_t address, uint64_t& effective) const {
    const bool overflows = __builtin_add_overflow(address, corner_.offset, &effective);
    if (!overflows && access.is_atomic && effective % access.width() != 0) return TrapKind::unaligned_atomic;
    const bool inside = !overflows && effective <= kSize && access.width() <= kSize - effective;
    return inside ? TrapKind::none : TrapKind::memory_out_of_bounds;
  }

  void try_one(const AccessRow& access, Function& called, size_t form, uint64_t address, uint64_t offset) {
    uint64_t effective = 0;
    const TrapKind expected = expected_trap(access, address, effective);
    // Every other time, an expected value that is right; 4 and 8 byte operands alike.
    Slot first = kPattern + count_;
    if (count_ % 2 == 0 && expected == TrapKind::none) {
      first = 0;
      std::memcpy(&first, model_.data() + effective, access.width());
    }
    const Slot second = ~kPattern - count_;
    ++count_;
    Slot base = form == kLessForm ? address - kLess : address;
    if (!corner_.is_64) base = static_cast<uint32_t>(base);
    const Outcome outcome =
        world_.call(called, {base, narrowed(access, 1, first), narrowed(access, 2, second), 0});
    const auto where = [&] {
      return std::string(access.row().text) + " form " + std::to_string(form) + " at " +
             std::to_string(address) + ", " + corner_.text();
    };
    ASSERT_EQ(outcome.trap, expected) << where();
    if (expected == TrapKind::none) {
      const Slot result = access.apply(model_.data() + effective, first, second);
      if (access.row().signature.back() != ':') {
        ASSERT_EQ(outcome.results, std::vector<Slot>{result}) << where();
      }
    } else {
      ASSERT_EQ(world_.trap.frames.size(), 1u) << where();
      ASSERT_EQ(world_.trap.frames[0].offset, offset) << where();
    }
    // Nothing but the cell changed, here or in the model.
    ASSERT_EQ(std::memcmp(memory_->base(), model_.data(), kSize), 0) << where();
    ASSERT_EQ(memory_->byte_size(), kSize);
  }

  /// As the caller of a function with an i32 or f32 parameter passes it.
  static Slot narrowed(const AccessRow& access, size_t operand, Slot value) {
    const std::string_view signature = access.row().signature;
    const bool is_narrow =
        operand < signature.find(':') && (signature[operand] == 'i' || signature[operand] == 'f');
    return is_narrow ? static_cast<uint32_t>(value) : value;
  }

  Corner corner_;
  World world_;
  Instance* instance_;
  Memory* memory_;
  std::vector<uint8_t> model_;
  uint64_t count_ = 0;
};

TEST(fault_matrix, has_every_access_of_the_table) {
  std::vector<bool> there(kOpcodeCount);
  for (const AccessRow& access : access_rows()) there[static_cast<size_t>(access.opcode)] = true;
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    if (accesses_memory(kOpcodes[i]) && kOpcodes[i].kind != RowKind::simd) {
      EXPECT_TRUE(there[i]) << kOpcodes[i].text;
    }
  }
}

void run_matrix(MemoryMode mode, bool is_64) {
  std::vector<uint64_t> offsets = {0, 1, 8, kSize - 4, UINT32_MAX};
  if (is_64) offsets.insert(offsets.end(), {uint64_t{1} << 32, UINT64_MAX - 7, UINT64_MAX});
  uint64_t accesses = 0;
  for (const uint64_t offset : offsets) {
    for (const bool is_shared : {false, true}) {
      accesses += Matrix({mode, is_64, is_shared, offset}).run();
      if (testing::Test::HasFailure()) return;
    }
  }
  testing::Test::RecordProperty("accesses", std::to_string(accesses));
  EXPECT_GT(accesses, 100'000u);
}

TEST(fault_matrix, checked_32) { run_matrix(MemoryMode::checked, false); }
TEST(fault_matrix, checked_64) { run_matrix(MemoryMode::checked, true); }
TEST(fault_matrix, guarded_32) {
  if (resolve_memory_mode(MemoryMode::guarded) != MemoryMode::guarded) GTEST_SKIP() << "no guard pages here";
  run_matrix(MemoryMode::guarded, false);
}
TEST(fault_matrix, guarded_64) {
  if (resolve_memory_mode(MemoryMode::guarded) != MemoryMode::guarded) GTEST_SKIP() << "no guard pages here";
  run_matrix(MemoryMode::guarded, true);  // the engine is guarded, this memory is not
}

// ------------------------------------------------------------------------------------------------- growing

constexpr const char* kGrowing = R"(
  (func (export "size") (result i32) memory.size)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))))";
constexpr Slot kMinusOne = UINT32_MAX;

/// Both modes, where there are two.
std::vector<MemoryMode> modes() {
  if (resolve_memory_mode(MemoryMode::guarded) != MemoryMode::guarded) return {MemoryMode::checked};
  return {MemoryMode::guarded, MemoryMode::checked};
}

TEST(fault_grow, a_storm_of_growing_stops_at_the_maximum) {
  for (const MemoryMode mode : modes()) {
    World world({.memory_mode = mode});
    Instance& instance = world.instantiate(std::string("(module (memory 1 200)") + kGrowing);
    const uint8_t* const base = instance.memory_space[0]->base();
    for (Slot pages = 1; pages < 200; ++pages) {
      const Slot last = pages * kSize - 1;
      EXPECT_EQ(world.call(instance, "store", {last, 0x5a}).trap, TrapKind::none);
      EXPECT_EQ(world.call(instance, "load", {last + 1}).trap, TrapKind::memory_out_of_bounds);
      EXPECT_EQ(world.call(instance, "grow", {1}), returned({pages}));
      EXPECT_EQ(world.call(instance, "load", {last}), returned({0x5a}));
      EXPECT_EQ(world.call(instance, "load", {last + 1}), returned({0}));
    }
    for (const Slot more : {Slot{1}, Slot{2}, Slot{65'536}, Slot{0x7fffffff}, kMinusOne}) {
      for (int i = 0; i < 100; ++i) EXPECT_EQ(world.call(instance, "grow", {more}), returned({kMinusOne}));
    }
    EXPECT_EQ(world.call(instance, "grow", {0}), returned({200}));
    EXPECT_EQ(instance.memory_space[0]->base(), base);
  }
}

TEST(fault_grow, to_the_greatest_size_of_32_bits) {
  for (const MemoryMode mode : modes()) {
    World world({.memory_mode = mode});
    Instance& instance = world.instantiate(std::string("(module (memory 1)") + kGrowing);
    EXPECT_EQ(world.call(instance, "grow", {65'536}), returned({kMinusOne}));
    const Outcome grown = world.call(instance, "grow", {65'535});
    if (grown == returned({kMinusOne})) continue;  // the host has no 4 GiB to promise
    EXPECT_EQ(grown, returned({1}));
    EXPECT_EQ(world.call(instance, "size"), returned({65'536}));
    EXPECT_EQ(world.call(instance, "store", {kMinusOne, 7}).trap, TrapKind::none);
    EXPECT_EQ(world.call(instance, "load", {kMinusOne}), returned({7}));
    EXPECT_EQ(world.call(instance, "fill", {kMinusOne, 1, 2}).trap, TrapKind::memory_out_of_bounds);
    EXPECT_EQ(world.call(instance, "fill", {kMinusOne, 9, 1}).trap, TrapKind::none);
    EXPECT_EQ(world.call(instance, "load", {kMinusOne}), returned({9}));
    EXPECT_EQ(world.call(instance, "grow", {1}), returned({kMinusOne}));
  }
}

TEST(fault_grow, memory64_beyond_every_host_is_minus_one) {
  World world;
  Instance& instance = world.instantiate(R"((module (memory i64 1 281474976710656)
    (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
    (func (export "size") (result i64) memory.size)
    (func (export "store") (param i64) (i64.store (local.get 0) (i64.const -2)))
    (func (export "load") (param i64) (result i64) (i64.load (local.get 0)))))");
  for (const Slot pages :
       {Slot{1} << 48, (Slot{1} << 48) - 1, Slot{1} << 47, Slot{1} << 32, Slot{1} << 63, UINT64_MAX}) {
    EXPECT_EQ(world.call(instance, "grow", {pages}), returned({UINT64_MAX})) << pages;
  }
  EXPECT_EQ(world.call(instance, "size"), returned({1}));
  const Slot beyond_4_gib = Slot{1} << 32;
  EXPECT_EQ(world.call(instance, "load", {beyond_4_gib}).trap, TrapKind::memory_out_of_bounds);
  if (world.call(instance, "grow", {65'536}) != returned({1})) return;  // no room for more than 4 GiB
  EXPECT_EQ(world.call(instance, "store", {beyond_4_gib}).trap, TrapKind::none);
  EXPECT_EQ(world.call(instance, "load", {beyond_4_gib}), returned({static_cast<Slot>(-2)}));
  EXPECT_EQ(world.call(instance, "load", {0}), returned({0}));
}

TEST(fault_grow, a_minimum_beyond_the_host_is_an_error) {
  World world;
  for (const char* const text :
       {"(module (memory i64 281474976710656))", "(module (memory i64 4294967296))"}) {
    const auto instance = world.store->instantiate(world.load(text), {}, &world.trap);
    ASSERT_FALSE(instance.ok()) << text;
    EXPECT_EQ(instance.error().kind, ErrorKind::resource) << instance.error().to_string();
  }
}

TEST(fault_grow, no_page_at_all) {
  for (const MemoryMode mode : modes()) {
    World world({.memory_mode = mode});
    Instance& instance = world.instantiate(std::string("(module (memory 0 1)") + kGrowing);
    for (const Slot address : {Slot{0}, Slot{1}, Slot{kSize}, kMinusOne}) {
      EXPECT_EQ(world.call(instance, "load", {address}).trap, TrapKind::memory_out_of_bounds);
      EXPECT_EQ(world.call(instance, "store", {address, 1}).trap, TrapKind::memory_out_of_bounds);
    }
    EXPECT_EQ(world.call(instance, "fill", {0, 0, 0}).trap, TrapKind::none);
    EXPECT_EQ(world.call(instance, "fill", {1, 0, 0}).trap, TrapKind::memory_out_of_bounds);
    EXPECT_EQ(world.call(instance, "grow", {0}), returned({0}));
    EXPECT_EQ(world.call(instance, "grow", {1}), returned({0}));
    EXPECT_EQ(world.call(instance, "load", {kSize - 1}), returned({0}));
    EXPECT_EQ(world.call(instance, "load", {kSize}).trap, TrapKind::memory_out_of_bounds);
  }
}

TEST(fault_grow, pages_of_one_byte) {
  for (const MemoryMode mode : modes()) {
    World world({.memory_mode = mode});
    Instance& instance =
        world.instantiate(std::string("(module (memory 5 9 (pagesize 1))") +
                          "(func (export \"load32\") (param i32) (result i32) (i32.load (local.get 0)))"
                          "(func (export \"store64\") (param i32) (i64.store (local.get 0) (i64.const -1)))" +
                          kGrowing);
    EXPECT_EQ(world.call(instance, "load", {4}), returned({0}));
    EXPECT_EQ(world.call(instance, "load", {5}).trap, TrapKind::memory_out_of_bounds);
    EXPECT_EQ(world.call(instance, "load32", {1}), returned({0}));
    EXPECT_EQ(world.call(instance, "load32", {2}).trap, TrapKind::memory_out_of_bounds);
    EXPECT_EQ(world.call(instance, "fill", {0, 0xee, 6}).trap, TrapKind::memory_out_of_bounds);
    EXPECT_EQ(world.call(instance, "fill", {0, 0xee, 5}).trap, TrapKind::none);
    EXPECT_EQ(world.call(instance, "grow", {4}), returned({5}));
    EXPECT_EQ(world.call(instance, "load32", {4}), returned({0xee}));  // what grew is zero
    EXPECT_EQ(world.call(instance, "store64", {1}).trap, TrapKind::none);
    EXPECT_EQ(world.call(instance, "store64", {2}).trap, TrapKind::memory_out_of_bounds);
    EXPECT_EQ(world.call(instance, "grow", {1}), returned({kMinusOne}));
    EXPECT_EQ(world.call(instance, "size"), returned({9}));
  }
}

TEST(fault_grow, another_instance_sees_it_in_the_middle_of_its_own_call) {
  for (const MemoryMode mode : modes()) {
    World world({.memory_mode = mode});
    Instance& owner = world.instantiate(std::string("(module (memory (export \"memory\") 1 4)") + kGrowing);
    const External imports[] = {world.exported(owner, "memory"), world.exported(owner, "grow")};
    Instance& user = world.instantiate(R"((module (import "o" "memory" (memory 1 4))
      (import "o" "grow" (func $grow (param i32) (result i32)))
      (func (export "touch") (param i32) (result i32)
        (drop (call $grow (i32.const 1)))
        (i32.store (local.get 0) (i32.const 77))
        (i32.add (i32.load (local.get 0)) (memory.size)))
      (func (export "own") (result i32) (memory.grow (i32.const 1)))))",
                                       imports);
    EXPECT_EQ(world.call(user, "touch", {kSize + 4}), returned({77 + 2}));
    EXPECT_EQ(world.call(owner, "load", {kSize + 4}), returned({77}));
    EXPECT_EQ(world.call(user, "own"), returned({2}));
    EXPECT_EQ(world.call(owner, "size"), returned({3}));
    EXPECT_EQ(world.call(owner, "load", {3 * kSize - 1}), returned({0}));
    EXPECT_EQ(world.call(user, "touch", {4 * kSize}).trap, TrapKind::memory_out_of_bounds);
    EXPECT_EQ(world.call(owner, "size"), returned({4}));
  }
}

TEST(fault_grow, threads_grow_one_shared_memory_page_by_page) {
  constexpr uint32_t kThreads = 4;
  constexpr uint32_t kMax = 401;
  World world;
  const MemoryType type{.limits = {.min = 1, .max = kMax}, .is_shared = true};
  External memory;
  memory.kind = ExternKind::memory;
  memory.memory = Memory::create(type, world.engine->memory_mode, nullptr).value();
  const auto module = world.load(std::string("(module (import \"\" \"\" (memory 1 401 shared))") + kGrowing);
  std::vector<std::atomic<uint32_t>> seen(kMax);
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      World own(world.engine);
      Instance& instance = own.instantiate(module, std::span(&memory, 1));
      for (;;) {
        const Outcome old = own.call(instance, "grow", {1});
        if (old != returned({kMinusOne}) && old.trap == TrapKind::none) {
          seen[old.results[0]].fetch_add(1);
          EXPECT_EQ(own.call(instance, "load", {old.results[0] * kSize}), returned({0}));
        } else {
          break;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (uint32_t pages = 1; pages < kMax; ++pages) EXPECT_EQ(seen[pages].load(), 1u) << pages;
  EXPECT_EQ(memory.memory->pages(), kMax);
}

/// In a process that may not map more: growing and creating fail as they should.
int grow_without_address_space() {
  World world;
  Instance& instance = world.instantiate(R"((module (memory i64 1)
    (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))))");
  const auto module = world.load("(module (memory i64 65536))");
  const rlimit none = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
  if (setrlimit(RLIMIT_AS, &none) != 0) return 2;
  Trap trap;
  if (world.store->instantiate(module, {}, &trap).ok()) return 3;
  // What is reserved may still be committed; beyond it there is nothing.
  if (world.call(instance, "grow", {Slot{1} << 31}) != returned({UINT64_MAX})) return 4;
  return world.call(instance, "grow", {0}) == returned({1}) ? 0 : 5;
}

TEST(fault_grow_death_test, without_address_space_it_fails_and_nothing_dies) {
  if (kAddressSanitizer || kThreadSanitizer) GTEST_SKIP() << "sanitizers map memory as they go";
  EXPECT_EXIT(std::exit(grow_without_address_space()), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace heddle::engine
