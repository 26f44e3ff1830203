// SPDX-License-Identifier: Apache-2.0
// Fusion with accesses to memory: the same program with its rows adjacent and with labels between them gives
// the same results, memory and traps.
#include "engine/interpreter/test_rows.h"

namespace heddle::engine {
namespace {

/// Function bodies, with a '|' wherever rows may fuse. Parameters: two i32 addresses, an i32, an i64, an f32,
/// an f64; locals: two i32, three v128.
class Programs {
 public:
  void add(std::string body) { bodies_.push_back(std::move(body)); }

  /// Runs every body on every address, fused and apart, in worlds of their own.
  void compare() {
    World fused, apart;
    Instance& one = fused.instantiate(module_text(""));
    Instance& other = apart.instantiate(module_text(" loop end "));
    constexpr Slot addresses[] = {0, 3, 64, 65500, 65524, 65528, 65533, 65535, 65536, 0x7fffffff, 0xfffffff0};
    for (uint32_t i = 0; i < bodies_.size(); ++i) {
      for (const Slot address : addresses) {
        for (const Slot index : {Slot{0}, Slot{8}, Slot{0xfffffffc}}) {
          const Slot arguments[] = {address,           index, 0x87654321, 0x8765432112345678, 0xc0490fdb,
                                    0x400921fb54442d18};
          Outcome got = fused.call(*one.function(i), arguments);
          ASSERT_EQ(got, apart.call(*other.function(i), arguments))
              << std::hex << address << " " << bodies_[i];
          const Slot digest = fused.call(one, "digest").results[0];
          ASSERT_EQ(digest, apart.call(other, "digest").results[0])
              << std::hex << address << " " << bodies_[i];
        }
      }
    }
  }

 private:
  [[nodiscard]] std::string module_text(std::string_view between) const {
    std::string text = "(module (memory 1) (data (i32.const 0) \"";
    const auto byte = [&](unsigned value) {
      constexpr char digits[] = "0123456789abcdef";
      text += {'\\', digits[value >> 4 & 15], digits[value & 15]};
    };
    for (unsigned i = 0; i < 256; ++i) byte(i * 37 + 11);
    text += "\") (data (i32.const 65280) \"";
    for (unsigned i = 0; i < 256; ++i) byte(i * 91 + 5);
    text += "\")\n";
    for (const std::string& body : bodies_) {
      text += "(func (param i32 i32 i32 i64 f32 f64) (result i64) (local i32 i32 v128 v128 v128) ";
      for (const char letter : body) {
        if (letter == '|') {
          text += between;
        } else {
          text += letter;
        }
      }
      text += ")\n";
    }
    // FNV over the two ends of the memory.
    return text + R"((func (export "digest") (result i64) (local i32 i64)
      (loop $l
        (local.set 1 (i64.mul (i64.xor (local.get 1) (i64.load (local.get 0))) (i64.const 0x100000001b3)))
        (local.set 1 (i64.mul (i64.xor (local.get 1) (i64.load offset=65280 (local.get 0)))
          (i64.const 0x100000001b3)))
        (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 8))) (i32.const 256))))
      (local.get 1)))
    )";
  }

  std::vector<std::string> bodies_;
};

/// Ways to form an address, and the offset that stands in the access.
constexpr std::pair<const char*, const char*> kAddressTexts[] = {
    {"local.get 0", ""},
    {"local.get 0", " offset=4"},
    {"local.get 0 i32.const 0 i32.rotl", " offset=1"},
    {"local.get 0 i32.const 8 i32.add |", ""},
    {"local.get 0 i32.const -4 i32.add |", ""},
    {"local.get 0 i32.const 8 i32.add |", " offset=4"},
    {"local.get 0 f32.reinterpret_i32 i32.reinterpret_f32", " offset=8"},
    {"local.get 0 f32.reinterpret_i32 i32.reinterpret_f32 i32.const 4 i32.add |", ""},
    {"local.get 0 local.get 1 i32.add |", ""},
    {"local.get 0 f32.reinterpret_i32 i32.reinterpret_f32 local.get 1 i32.add |", ""},
    {"local.get 0 local.get 1 f32.reinterpret_i32 i32.reinterpret_f32 i32.add |", ""},
    {"local.get 0 local.tee 6 local.get 6 i32.add |", ""},
    {"i32.const 16", " offset=4"},
    {"i32.const -1", " offset=4"},
};

/// What turns a value of a type into the i64 that is returned.
const char* to_i64(char type) {
  switch (type) {
    case 'i': return " i64.extend_i32_u";
    case 'l': return "";
    case 'f': return " i32.reinterpret_f32 i64.extend_i32_u";
    default: return " i64.reinterpret_f64";
  }
}

std::string local_of(char type) {
  return type == 'i'   ? "local.get 2"
         : type == 'l' ? "local.get 3"
         : type == 'f' ? "local.get 4"
                       : "local.get 5";
}

std::string computed_of(char type) {
  const std::string name = name_of_type(type);
  return local_of(type) + " " + name + (type == 'i' || type == 'l' ? ".clz" : ".neg");
}

TEST(interpreter_fused_memory, loads_that_feed_an_operation) {
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    if (kOpcodes[i].kind != RowKind::load) continue;
    Programs programs;
    const char type = kOpcodes[i].signature.back();
    for (const NumericRow& row : numeric_rows()) {
      if (row.row().kind != RowKind::binary || row.operand() != type) continue;
      for (const auto& [address, offset] : kAddressTexts) {
        const std::string loaded = std::string(address) + " " + std::string(kOpcodes[i].text) + offset;
        const std::string operation = " " + std::string(row.row().text) + to_i64(type);
        programs.add(loaded + " | " + local_of(type) + operation);
        programs.add(local_of(type) + " " + loaded + " | " + operation);
      }
    }
    programs.compare();
    ASSERT_FALSE(HasFatalFailure());
  }
}

TEST(interpreter_fused_memory, addresses_of_every_access) {
  Programs programs;
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const OpcodeInfo& row = kOpcodes[i];
    for (const auto& [address, offset] : kAddressTexts) {
      if (row.kind == RowKind::load) {
        programs.add(std::string(address) + " " + std::string(row.text) + offset +
                     to_i64(row.signature.back()));
      } else if (row.kind == RowKind::store) {
        const char type = row.signature[1];
        const std::string computed = computed_of(type);
        for (const std::string& value : {local_of(type), computed, constant_text(type, values_of(type)[3])}) {
          programs.add(std::string(address) + " " + value + " | " + std::string(row.text) + offset +
                       " i64.const 0");
        }
      }
    }
  }
  // The value is in the accumulator that the address would want.
  programs.add("local.get 2 i32.clz local.set 6 local.get 0 local.get 6 i32.store i64.const 0");
  programs.add("local.get 0 local.tee 6 local.get 6 | i32.store i64.const 0");
  programs.add("local.get 0 i32.clz i32.const 64 i32.add | local.tee 6 local.get 6 | i32.store i64.const 0");
  programs.compare();
}

/// What turns a vector on the stack into the i64 that is returned.
constexpr const char* kVectorToI64 =
    " local.set 8 local.get 8 i64x2.extract_lane 0 local.get 8 i64x2.extract_lane 1 i64.xor";

/// Two vectors in slots: local 8, and local 9.
constexpr const char* kVectors =
    "local.get 4 f32x4.splat local.set 8 local.get 2 i32x4.splat f32x4.convert_i32x4_s local.set 9 loop end ";

TEST(interpreter_fused_memory, vector_loads_that_feed_operations) {
  Programs programs;
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    if (kOpcodes[i].kind != RowKind::simd || kOpcodes[i].signature != "vv:v") continue;
    if (kOpcodes[i].immediate != Immediate::none) continue;
    const std::string operation = " " + std::string(kOpcodes[i].text) + " ";
    for (const auto& [address, offset] : kAddressTexts) {
      const std::string loaded = std::string(address) + " v128.load" + offset;
      for (const char* last : {"", " v128.not"}) {
        programs.add(kVectors + loaded + " | local.get 8" + operation + last + kVectorToI64);
        programs.add(kVectors + ("local.get 8 " + loaded) + " | " + operation + last + kVectorToI64);
      }
    }
  }
  programs.compare();
}

TEST(interpreter_fused_memory, addresses_of_every_vector_access) {
  Programs programs;
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const OpcodeInfo& row = kOpcodes[i];
    if (row.kind != RowKind::simd || !accesses_memory(row)) continue;
    const bool by_lane = row.immediate == Immediate::memory_argument_lane;
    const std::string text = " | " + std::string(row.text);
    const bool loads = row.signature.back() == 'v';
    for (const auto& [address, offset] : kAddressTexts) {
      for (const char* vector : {" local.get 8", " local.get 8 v128.not"}) {
        const std::string operand = by_lane || !loads ? vector : "";
        programs.add(std::string(kVectors) + address + operand + text + offset + (by_lane ? " 1" : "") +
                     (loads ? kVectorToI64 : " i64.const 0"));
      }
    }
  }
  programs.compare();
}

TEST(interpreter_fused_memory, stores_with_a_step_behind) {
  Programs programs;
  const char* const steps[] = {"local.get 6 i32.const 4 i32.add local.set 6",
                               "local.get 0 i32.const 4 i32.add local.set 0",
                               "local.get 2 i32.const -1 i32.add local.set 6",
                               "local.get 6 i32.const 1 i32.add local.set 2",
                               "local.get 0 i32.const 1 i32.add local.tee 6 local.set 7",
                               "local.get 6 local.get 1 i32.add local.set 6"};
  const char* const behind[] = {"", "local.get 7 i32.const 2 i32.add local.set 7 |",
                                "local.get 6 local.get 1 i32.lt_s if i64.const 9 return end",
                                "local.get 6 i32.const 3 i32.lt_u if i64.const 9 return end",
                                "local.get 0 local.get 2 i32.store |"};
  for (size_t i = 0; i < kOpcodeCount; ++i) {
    const OpcodeInfo& row = kOpcodes[i];
    const bool is_vector = static_cast<Opcode>(i) == Opcode::v128_store;
    if (row.kind != RowKind::store && !is_vector) continue;
    const char type = row.signature[1];
    const std::string computed = is_vector ? "local.get 3 i64x2.splat" : computed_of(type);
    const std::string stored = is_vector ? computed + " local.set 8 loop end local.get 8" : local_of(type);
    for (const char* step : steps) {
      for (const char* rest : behind) {
        for (const std::string& value : {stored, computed}) {
          programs.add(
              "local.get 0 " + value + " " + std::string(row.text) + " offset=2 | " + step + " | " + rest +
              " local.get 6 local.get 0 i32.add local.get 2 i32.add local.get 7 i32.add i64.extend_i32_u");
        }
      }
    }
  }
  programs.compare();
}

/// Every pair of steps of two locals out of three, by constants and by locals.
TEST(interpreter_fused_memory, two_steps) {
  Programs programs;
  const char* const locals[] = {"2", "6", "7"};
  const char* const addends[] = {"i32.const 1", "i32.const -8", "local.get 1", "local.get 6"};
  std::vector<std::string> steps;
  for (const char* from : locals) {
    for (const char* to : locals) {
      for (const char* addend : addends) {
        steps.push_back(std::string("local.get ") + from + " " + addend + " i32.add local.set " + to);
      }
    }
  }
  for (const std::string& first : steps) {
    for (const std::string& second : steps) {
      programs.add(
          "local.get 0 i32.const 5 i32.xor local.set 6 " + first + " | " + second +
          " | local.get 2 i64.extend_i32_u i64.const 31 i64.mul local.get 6 i64.extend_i32_u i64.add "
          "i64.const 31 i64.mul local.get 7 i64.extend_i32_u i64.add");
      programs.add("local.get 0 i32.const 5 i32.xor local.set 6 " + first + " | " + second +
                   " | local.get 6 local.get 7 i32.lt_s | if local.get 2 local.set 7 end " +
                   "local.get 2 i64.extend_i32_u i64.const 31 i64.mul local.get 6 i64.extend_i32_u i64.add "
                   "i64.const 31 i64.mul local.get 7 i64.extend_i32_u i64.add");
    }
  }
  programs.compare();
}

}  // namespace
}  // namespace heddle::engine
