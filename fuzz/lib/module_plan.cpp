// SPDX-License-Identifier: Apache-2.0
// ModulePlan: making declarations up, and writing them down section by section. (Spec 5.5)
#include "fuzz/lib/module_plan.h"

#include <string>

#include "heddle/value_type.h"

namespace heddle::fuzz {

using engine::ByteWriter;
using engine::Opcode;

namespace {

enum class SectionId : uint8_t {
  type = 1,
  import = 2,
  function = 3,
  table = 4,
  memory = 5,
  global = 6,
  export_ = 7,
  element = 9,
  code = 10,
  data = 11,
  data_count = 12,
  tag = 13,
};
constexpr uint8_t kFunctionForm = 0x60;
constexpr uint8_t kHasMax = 1;
constexpr uint8_t kShared = 2;
constexpr uint8_t kIs64 = 4;
constexpr uint8_t kHasPageSize = 8;

template <class Body>
void section(ByteWriter& module, SectionId id, Body body) {
  ByteWriter contents;
  body(contents);
  module.byte(static_cast<uint8_t>(id));
  module.sized(contents.bytes());
}

void write_types(ByteWriter& out, const std::vector<TypeLetter>& types) {
  out.unsigned_leb(types.size());
  for (const TypeLetter type : types) out.byte(code_of(type));
}

/// The constant expression of a type's zero.
void write_zero(ByteWriter& out, TypeLetter type) {
  switch (type) {
    case 'i': out.opcode(Opcode::i32_const), out.signed_leb(7); break;
    case 'l': out.opcode(Opcode::i64_const), out.signed_leb(-9); break;
    case 'f': out.opcode(Opcode::f32_const), out.fixed(0x3fc00000, 4); break;
    case 'd': out.opcode(Opcode::f64_const), out.fixed(0x3ff8000000000000, 8); break;
    case 'v': out.opcode(Opcode::v128_const), out.fixed(0x3fc000007fff8001, 8), out.fixed(9, 8); break;
    default: out.opcode(Opcode::ref_null), out.byte(code_of(type)); break;
  }
  out.opcode(Opcode::end);
}

/// Two structures and the arrays. (Spec 5.3.10)
void write_object_types(ByteWriter& out) {
  constexpr uint8_t kSub = 0x50, kFinalSub = 0x4f, kStructure = 0x5f, kArray = 0x5e, kMutable = 1;
  for (uint32_t i = 0; i < ModulePlan::kStructures; ++i) {
    out.byte(i == 0 ? kSub : kFinalSub);
    out.unsigned_leb(i);
    if (i != 0) out.unsigned_leb(0);
    out.byte(kStructure);
    out.unsigned_leb(ModulePlan::kFields[i].size());
    for (const TypeLetter field : ModulePlan::kFields[i]) out.byte(code_of(field)), out.byte(kMutable);
  }
  for (const TypeLetter element : ModulePlan::kElements)
    out.byte(kArray), out.byte(code_of(element)), out.byte(kMutable);
}

/// One entry of the type section: the structures with descriptors, then the descriptors.
void write_described_types(ByteWriter& out) {
  constexpr uint8_t kGroup = 0x4e, kSub = 0x50, kDescribes = 0x4c, kDescriptor = 0x4d, kStructure = 0x5f;
  constexpr uint8_t kMutable = 1;
  constexpr uint32_t kCount = ModulePlan::kDescribedTypes;
  out.byte(kGroup);
  out.unsigned_leb(2 * kCount);
  for (uint32_t i = 0; i < 2 * kCount; ++i) {
    const bool describes = i >= kCount;
    const uint32_t type = ModulePlan::kDescribed + i;
    const std::string_view fields = describes ? std::string_view("l") : ModulePlan::kDescribedFields[i];
    out.byte(kSub);
    out.unsigned_leb(i % kCount == 0 ? 0 : 1);
    if (i % kCount != 0) out.unsigned_leb(type - 1);
    out.byte(describes ? kDescribes : kDescriptor);
    out.unsigned_leb(describes ? type - kCount : type + kCount);
    out.byte(kStructure);
    out.unsigned_leb(fields.size());
    for (const TypeLetter field : fields) out.byte(code_of(field)), out.byte(kMutable);
  }
}

void write_tables(ByteWriter& out) {
  out.unsigned_leb(std::size(ModulePlan::kTables));
  for (const auto& table : ModulePlan::kTables) {
    out.byte(code_of(table.element));
    out.byte(kHasMax | (table.is_64 ? kIs64 : 0));
    out.unsigned_leb(table.min);
    out.unsigned_leb(table.max);
  }
}

void write_memories(ByteWriter& out) {
  out.unsigned_leb(std::size(ModulePlan::kMemories));
  for (const auto& memory : ModulePlan::kMemories) {
    out.byte(kHasMax | (memory.is_shared ? kShared : 0) | (memory.is_64 ? kIs64 : 0) |
             (memory.has_small_pages ? kHasPageSize : 0));
    out.unsigned_leb(memory.min);
    out.unsigned_leb(memory.max);
    if (memory.has_small_pages) out.unsigned_leb(0);
  }
}

/// Each tag's type stands in the type section from `first_type` on.
void write_tags(ByteWriter& out, uint32_t first_type) {
  out.unsigned_leb(std::size(ModulePlan::kTags));
  for (uint32_t i = 0; i < std::size(ModulePlan::kTags); ++i) {
    out.byte(0);
    out.unsigned_leb(first_type + i);
  }
}

void write_globals(ByteWriter& out) {
  out.unsigned_leb(std::size(ModulePlan::kGlobals));
  for (const auto& global : ModulePlan::kGlobals) {
    out.byte(code_of(global.type));
    out.byte(global.is_mutable ? 1 : 0);
    write_zero(out, global.type);
  }
}

void write_imports(ByteWriter& out, const std::vector<uint32_t>& functions) {
  out.unsigned_leb(ModulePlan::kImports);
  for (uint32_t i = 0; i < ModulePlan::kImports; ++i) {
    out.sized(std::string_view("host"));
    out.sized(std::string_view(i == 0 ? "take" : "give"));
    out.byte(0);  // a function
    out.unsigned_leb(ModulePlan::number_of(functions[i]));
  }
}

void write_exports(ByteWriter& out, uint32_t functions) {
  out.unsigned_leb(functions - ModulePlan::kImports + 2);
  for (uint32_t i = ModulePlan::kImports; i < functions; ++i) {
    out.sized("f" + std::to_string(i));
    out.byte(0);
    out.unsigned_leb(i);
  }
  out.sized(std::string_view("memory"));
  out.byte(2), out.unsigned_leb(0);
  out.sized(std::string_view("table"));
  out.byte(1), out.unsigned_leb(0);
}

void write_elements(ByteWriter& out, uint32_t functions) {
  out.unsigned_leb(ModulePlan::kElementSegments);
  out.unsigned_leb(0);  // active in table 0, function indices
  out.opcode(Opcode::i32_const), out.signed_leb(1), out.opcode(Opcode::end);
  out.unsigned_leb(functions);
  for (uint32_t i = 0; i < functions; ++i) out.unsigned_leb(i);
  out.unsigned_leb(1), out.byte(0);  // passive, function indices
  out.unsigned_leb(functions);
  for (uint32_t i = functions; i > 0; --i) out.unsigned_leb(i - 1);
  out.unsigned_leb(5), out.byte(code_of('E'));  // passive, expressions
  out.unsigned_leb(2);
  write_zero(out, 'E');
  write_zero(out, 'E');
}

void write_data(ByteWriter& out) {
  out.unsigned_leb(ModulePlan::kDataSegments);
  out.unsigned_leb(0);  // active in memory 0
  out.opcode(Opcode::i32_const), out.signed_leb(16), out.opcode(Opcode::end);
  out.sized(std::string_view("\x01\x80\xff\x7f the quick brown fox \0\0\xc0\x7f", 28));
  out.unsigned_leb(1), out.sized(std::string_view("passive bytes"));
  out.unsigned_leb(1), out.sized(std::string_view(""));
}

}  // namespace

uint8_t code_of(TypeLetter type) {
  switch (type) {
    case 'i': return static_cast<uint8_t>(ValueType::Kind::i32);
    case 'l': return static_cast<uint8_t>(ValueType::Kind::i64);
    case 'f': return static_cast<uint8_t>(ValueType::Kind::f32);
    case 'd': return static_cast<uint8_t>(ValueType::Kind::f64);
    case 'v': return static_cast<uint8_t>(ValueType::Kind::v128);
    case 'F': return static_cast<uint8_t>(HeapType::Kind::func);
    case 'X': return static_cast<uint8_t>(HeapType::Kind::exn);
    case 'A': return static_cast<uint8_t>(HeapType::Kind::any);
    case 'b': return static_cast<uint8_t>(ValueType::Kind::i8);
    case 's': return static_cast<uint8_t>(ValueType::Kind::i16);
    default: return static_cast<uint8_t>(HeapType::Kind::extern_);
  }
}

ModulePlan::ModulePlan(Entropy& entropy) {
  constexpr std::string_view kLetters = "ilfdvFEXA";
  types = {{{}, {}}, {{'i', 'l', 'd'}, {}}, {{'i'}, {'i', 'f'}}, {{'l', 'i'}, {'l'}}};
  functions = {1, 2};
  const uint32_t count = 1 + entropy.below(4);
  for (uint32_t i = 0; i < count; ++i) {
    Signature signature;
    for (uint32_t n = entropy.below(5); n > 0; --n)
      signature.parameters.push_back(kLetters[entropy.below(kLetters.size())]);
    for (uint32_t n = entropy.below(4); n > 0; --n)
      signature.results.push_back(kLetters[entropy.below(kLetters.size())]);
    functions.push_back(entropy.chance(30) ? entropy.below(types.size()) : type_index(signature));
  }
}

uint32_t ModulePlan::type_index(const Signature& signature) {
  for (uint32_t i = 0; i < types.size(); ++i) {
    if (types[i].parameters == signature.parameters && types[i].results == signature.results) return i;
  }
  types.push_back(signature);
  return static_cast<uint32_t>(types.size() - 1);
}

std::vector<uint8_t> ModulePlan::encode(std::span<const std::vector<uint8_t>> bodies) const {
  ByteWriter module;
  module.append(std::string_view("\0asm\1\0\0\0", 8));
  section(module, SectionId::type, [&](ByteWriter& out) {
    out.unsigned_leb(kObjectTypes + 1 + types.size() + std::size(kTags));
    write_object_types(out);
    write_described_types(out);
    for (const Signature& type : types) {
      out.byte(kFunctionForm);
      write_types(out, type.parameters);
      write_types(out, type.results);
    }
    for (const std::string_view letters : kTags) {
      out.byte(kFunctionForm);
      write_types(out, {letters.begin(), letters.end()});
      write_types(out, {});
    }
  });
  section(module, SectionId::import, [&](ByteWriter& out) { write_imports(out, functions); });
  section(module, SectionId::function, [&](ByteWriter& out) {
    out.unsigned_leb(functions.size() - kImports);
    for (size_t i = kImports; i < functions.size(); ++i) out.unsigned_leb(number_of(functions[i]));
  });
  const auto function_count = static_cast<uint32_t>(functions.size());
  section(module, SectionId::table, write_tables);
  section(module, SectionId::memory, write_memories);
  const uint32_t first_tag_type = number_of(static_cast<uint32_t>(types.size()));
  section(module, SectionId::tag, [&](ByteWriter& out) { write_tags(out, first_tag_type); });
  section(module, SectionId::global, write_globals);
  section(module, SectionId::export_, [&](ByteWriter& out) { write_exports(out, function_count); });
  section(module, SectionId::element, [&](ByteWriter& out) { write_elements(out, function_count); });
  section(module, SectionId::data_count, [](ByteWriter& out) { out.unsigned_leb(kDataSegments); });
  section(module, SectionId::code, [&](ByteWriter& out) {
    out.unsigned_leb(bodies.size());
    for (const auto& body : bodies) out.sized(body);
  });
  section(module, SectionId::data, write_data);
  return module.take();
}

}  // namespace heddle::fuzz
