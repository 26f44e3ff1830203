// SPDX-License-Identifier: Apache-2.0
// Tests of the decoder: every section's contents, and what the grammar or a limit refuses.
#include <gtest/gtest.h>

#include "engine/binary/test_bytes.h"
#include "engine/module/module.h"
#include "engine/opcodes/opcode.h"
#include "engine/text/assembler.h"

namespace heddle::engine {
namespace {

using test::Bytes;
using test::leb;
using test::module_of;
using test::name;
using test::repeat;
using test::section;
using test::sized;
using test::operator+;

const Bytes kTypeSection = section(1, {1, 0x60, 0, 0});

Error decode_error(const Bytes& bytes, const DecodeLimits& limits = {}) {
  TypeRegistry registry;
  const auto module = decode_module(bytes, registry, limits);
  EXPECT_FALSE(module.ok());
  return module.ok() ? Error{} : module.error();
}

std::unique_ptr<ModuleImage> decode(const Bytes& bytes, TypeRegistry& registry) {
  auto module = decode_module(bytes, registry);
  EXPECT_TRUE(module.ok()) << module.error().to_string();
  return module.ok() ? std::move(*module) : nullptr;
}

std::unique_ptr<ModuleImage> decode_text(const char* text, TypeRegistry& registry) {
  const auto bytes = assemble(text);
  EXPECT_TRUE(bytes.ok()) << bytes.error().to_string();
  return bytes.ok() ? decode(*bytes, registry) : nullptr;
}

TEST(module_decoder, all_sections) {
  TypeRegistry registry;
  const auto module = decode_text(R"((module $main
      (type $t (func (param i32) (result i32)))
      (import "env" "f" (func $f (type $t)))
      (import "env" "m" (memory 1 2 shared))
      (table $tab 3 9 funcref)
      (table i64 1 externref)
      (memory i64 2 4)
      (global $g (mut i64) (i64.const 7))
      (func $double (export "double") (type $t) local.get 0 local.get 0 i32.add)
      (func $init)
      (export "tab" (table $tab))
      (start $init)
      (elem (i32.const 1) $double $f)
      (elem funcref (ref.func $f) (ref.null func))
      (elem declare func $double)
      (data (i32.const 4) "abc")
      (data "passive")))",
                                  registry);
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->functions.size(), 3u);
  EXPECT_EQ(module->imported_functions, 1u);
  EXPECT_EQ(module->imports[1].kind, ExternKind::memory);
  EXPECT_TRUE(module->memories[0].is_shared);
  EXPECT_EQ(module->memories[0].limits.max, 2u);
  EXPECT_TRUE(module->memories[1].limits.is_64);
  EXPECT_EQ(module->tables[0].type.limits.max, 9u);
  EXPECT_TRUE(module->tables[1].type.limits.is_64);
  EXPECT_EQ(module->tables[1].type.element, ValueType::externref());
  EXPECT_TRUE(module->globals[0].type.is_mutable);
  EXPECT_EQ(module->start, 2u);
  ASSERT_NE(module->find_export("tab"), nullptr);
  EXPECT_EQ(module->find_export("tab")->kind, ExternKind::table);
  EXPECT_EQ(module->find_export("double")->index, 1u);
  EXPECT_EQ(module->find_export("none"), nullptr);
  ASSERT_EQ(module->elements.size(), 3u);
  EXPECT_EQ(module->elements[0].functions, (std::vector<uint32_t>{1, 0}));
  EXPECT_EQ(module->elements[1].size(), 2u);
  EXPECT_EQ(module->elements[1].mode, SegmentMode::passive);
  EXPECT_EQ(module->elements[2].mode, SegmentMode::declarative);
  ASSERT_EQ(module->data.size(), 2u);
  EXPECT_EQ(module->view(module->data[1].bytes).size(), 7u);
  EXPECT_EQ(module->module_name, "main");
  EXPECT_EQ(module->function_name(1), "double");
  EXPECT_EQ(module->view(module->functions[2].body).back(), 0x0b);
}

TEST(module_decoder, a_function_without_a_name_takes_its_export_or_number) {
  TypeRegistry registry;
  const auto module = decode_text(R"((module (func (export "e\1b[31m")) (func)))", registry);
  EXPECT_EQ(module->function_name(0), "e\\u{1b}[31m");
  EXPECT_EQ(module->function_name(1), "func[1]");
}

TEST(module_decoder, malformed_name_sections_are_ignored) {
  TypeRegistry registry;
  const Bytes broken[] = {{0x01, 0xff},
                          {0x01, 0x05, 0xff, 0xff, 0xff, 0xff, 0x0f},
                          {0x00, 0x02, 0x05, 0x61},
                          {0x01, 0x04, 0x02, 0x00, 0x01, 0x61}};
  for (const Bytes& contents : broken) {
    const auto module = decode(module_of({section(0, name("name") + contents)}), registry);
    EXPECT_EQ(module->customs.size(), 1u);
  }
  // Unsorted and repeated: sorted, the first name wins.
  const Bytes names = Bytes{3} + Bytes{5} + name("five") + Bytes{1} + name("one") + Bytes{5} + name("again");
  const auto module = decode(module_of({section(0, name("name") + Bytes{1} + sized(names))}), registry);
  ASSERT_EQ(module->function_names.size(), 2u);
  EXPECT_EQ(module->function_names[0].name, "one");
  EXPECT_EQ(module->function_names[1].name, "five");
}

struct Refusal {
  Bytes bytes;
  ErrorKind kind;
  const char* message;  ///< how it begins
  const char* section;
};

TEST(module_decoder, refuses_with_place_and_reason) {
  const auto malformed = ErrorKind::malformed;
  const Refusal cases[] = {
      {{0, 0x61, 0x73}, malformed, "unexpected end", ""},
      {{1, 2, 3, 4, 1, 0, 0, 0}, malformed, "magic header not detected", ""},
      {{0, 0x61, 0x73, 0x6d, 2, 0, 0, 0}, malformed, "unknown binary version", ""},
      {module_of({section(14, {})}), malformed, "malformed section id", ""},
      {module_of({{1, 0x7f}}), malformed, "length out of bounds", "type"},
      {module_of({kTypeSection, kTypeSection}), malformed, "unexpected content after last section", ""},
      {module_of({section(3, {0}), section(2, {0})}), malformed, "unexpected content after last section", ""},
      {module_of({section(12, {0}), section(9, {0})}), malformed, "unexpected content after last section",
       ""},
      {module_of({section(1, {0, 0})}), malformed, "section size mismatch", "type"},
      {module_of({section(1, {1, 0x40, 0})}), malformed, "malformed definition type", "type[0]"},
      {module_of({section(1, {1, 0x5e, 0x7f, 0x02})}), malformed, "malformed mutability", "type[0]"},
      {module_of({section(1, {0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3})}), malformed,
       "unexpected end of section or function", "type"},
      {module_of({section(1, {1, 0x60, 1, 0x63, 5, 0})}), ErrorKind::invalid, "unknown type 5", "type[0]"},
      {module_of({section(2, Bytes{1} + name("a") + name("b") + Bytes{5, 0})}), malformed,
       "malformed import kind", "import[0]"},
      {module_of({section(2, Bytes{1} + name("a") + name("b") + Bytes{0, 3})}), ErrorKind::invalid,
       "unknown type 3", "import[0]"},
      {module_of({section(4, {1, 0x70, 0x02, 1})}), malformed, "malformed limits flags", "table[0]"},
      {module_of({section(5, {1, 0x10, 1})}), malformed, "malformed limits flags", "memory[0]"},
      {module_of({section(6, {1, 0x7f, 2, 0x41, 0, 0x0b})}), malformed, "malformed mutability", "global[0]"},
      {module_of({section(6, {1, 0x7f, 0, 0x41, 0})}), malformed, "unexpected end of section or function",
       "global[0]"},
      {module_of({section(6, {1, 0x7f, 0, 0x05, 0x0b})}), malformed, "END opcode expected", "global[0]"},
      {module_of({section(7, Bytes{1} + name("x") + Bytes{9, 0})}), malformed, "malformed export kind",
       "export[0]"},
      {module_of({section(9, {1, 8, 0, 0})}), malformed, "malformed element segment kind", "element[0]"},
      {module_of({section(9, {1, 1, 1, 0})}), malformed, "malformed element kind", "element[0]"},
      {module_of({section(11, {1, 3, 0})}), malformed, "malformed data segment kind", "data[0]"},
      {module_of({kTypeSection, section(3, {1, 0})}), malformed,
       "function and code section have inconsistent lengths", "code"},
      {module_of({section(12, {1})}), malformed, "data count and data section have inconsistent lengths",
       "data"},
      {module_of({section(0, {3, 'a'})}), malformed, "length out of bounds", "custom"},
  };
  for (const Refusal& test : cases) {
    const Error error = decode_error(test.bytes);
    EXPECT_EQ(error.message.find(test.message), 0u) << error.to_string() << ", expected " << test.message;
    EXPECT_EQ(error.kind, test.kind) << test.message;
    EXPECT_EQ(error.section, test.section) << test.message;
    EXPECT_LE(error.offset, test.bytes.size());
  }
}

TEST(module_decoder, an_error_in_a_body_comes_before_its_consequences) {
  // The body is declared shorter than it is: what follows looks like a section.
  const Bytes body = {0x04, 0x00, 0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x0b};
  const Bytes code = {10, 6, 1};
  const Error error = decode_error(module_of({kTypeSection, section(3, {1, 0}), code + body}));
  EXPECT_EQ(error.message, "integer representation too long");
  EXPECT_EQ(error.section, "code[0]");
}

TEST(module_decoder, sub_types_are_checked) {
  const Refusal cases[] = {
      // final super
      {section(1, {2, 0x60, 0, 0, 0x50, 1, 0, 0x60, 0, 0}), ErrorKind::invalid,
       "sub type 1 does not match super type 0", "type[1]"},
      // other structure
      {section(1, {2, 0x50, 0, 0x60, 0, 0, 0x50, 1, 0, 0x60, 1, 0x7f, 0}), ErrorKind::invalid,
       "sub type 1 does not match super type 0", "type[1]"},
      // super that stands behind, or is itself
      {section(1, {1, 0x50, 1, 0, 0x60, 0, 0}), ErrorKind::invalid, "unknown type 0", "type[0]"},
      {section(1, {1, 0x4e, 2, 0x50, 1, 1, 0x60, 0, 0, 0x50, 0, 0x60, 0, 0}), ErrorKind::invalid,
       "unknown type 1", "type[0]"},
      {section(1, {3, 0x50, 0, 0x60, 0, 0, 0x50, 0, 0x60, 0, 0, 0x50, 2, 0, 1, 0x60, 0, 0}),
       ErrorKind::invalid, "sub type with more than one super type", "type[2]"},
  };
  for (const Refusal& test : cases) {
    const Error error = decode_error(module_of({test.bytes}));
    EXPECT_EQ(error.message, test.message);
    EXPECT_EQ(error.section, test.section);
  }
}

TEST(module_decoder, depth_of_subtyping_is_limited) {
  const auto chain = [](uint32_t length) {
    Bytes types = leb(length) + Bytes{0x50, 0, 0x5f, 0};
    for (uint32_t i = 1; i < length; ++i)
      types = std::move(types) + Bytes{0x50, 1} + leb(i - 1) + Bytes{0x5f, 0};
    return module_of({section(1, types)});
  };
  TypeRegistry registry;
  EXPECT_NE(decode(chain(64), registry), nullptr);
  const Error error = decode_error(chain(65));
  EXPECT_EQ(error.kind, ErrorKind::limit);
  EXPECT_EQ(error.message, "too many super types: 64, the limit is 63");
}

TEST(module_decoder, limits_are_refused_as_such) {
  DecodeLimits limits;
  limits.parameters = 3;
  limits.types = 4;
  limits.functions = 2;
  limits.exports = 1;
  const Refusal cases[] = {
      {module_of({section(1, {1, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 0})}), ErrorKind::limit,
       "too many parameters", "type[0]"},
      {module_of({section(1, Bytes{5} + repeat(5, {0x60, 0, 0}))}), ErrorKind::limit, "too many types: 5",
       "type"},
      {module_of({section(1, Bytes{1, 0x4e, 5} + repeat(5, {0x60, 0, 0}))}), ErrorKind::limit,
       "too many types: 5", "type[0]"},
      {module_of({kTypeSection, section(3, {3, 0, 0, 0})}), ErrorKind::limit, "too many functions: 3",
       "function"},
      {module_of({section(7, {2, 0, 0, 0, 0, 0, 0})}), ErrorKind::limit, "too many exports: 2", "export"},
  };
  for (const Refusal& test : cases) {
    const Error error = decode_error(test.bytes, limits);
    EXPECT_EQ(error.kind, test.kind);
    EXPECT_EQ(error.message.find(test.message), 0u) << error.message;
    EXPECT_EQ(error.section, test.section);
  }
}

TEST(module_decoder, equal_types_of_two_modules_have_equal_ids) {
  TypeRegistry registry;
  const char* text =
      "(module (rec (type $a (struct (field (ref null $b)))) (type $b (func (param (ref $a))))))";
  const auto one = decode_text(text, registry);
  const auto two = decode_text(text, registry);
  EXPECT_EQ(one->types, two->types);
  EXPECT_EQ(registry.group_count(), 1u);
}

TEST(module_decoder, a_dropped_module_releases_its_types) {
  TypeRegistry registry;
  {
    const auto module =
        decode_text("(module (type (func)) (type (func (param i32))) (type (func)))", registry);
  }
  EXPECT_EQ(registry.group_count(), 0u);
}

TEST(module_decoder, what_is_not_enabled_is_refused_by_feature) {
  const Bytes clause = module_of({section(1, {1, 0x4e, 2, 0x4d, 1, 0x5f, 0, 0x4c, 0, 0x5f, 0})});
  const Bytes exact_type = module_of({section(1, {1, 0x5f, 1, 0x63, 0x62, 0, 0})});
  const Bytes exact_import = module_of({kTypeSection, section(2, {1, 0, 0, 0x20, 0})});
  DecodeLimits limits;
  limits.features.add(Feature::custom_descriptors);
  for (const Bytes& bytes : {clause, exact_type, exact_import}) {
    const Error error = decode_error(bytes);
    EXPECT_EQ(error.kind, ErrorKind::unsupported);
    EXPECT_EQ(error.message, "feature custom descriptors is not enabled");
    TypeRegistry registry;
    EXPECT_TRUE(decode_module(bytes, registry, limits).ok());
  }
}

TEST(module_decoder, imports_are_exact_if_they_ask_for_it_and_definitions_always) {
  TypeRegistry registry;
  DecodeLimits limits;
  limits.features.add(Feature::custom_descriptors);
  const auto bytes = assemble(R"((import "" "" (func)) (import "" "" (func (exact))) (func))");
  ASSERT_TRUE(bytes.ok()) << bytes.error().to_string();
  const auto module = decode_module(*bytes, registry, limits);
  ASSERT_TRUE(module.ok()) << module.error().to_string();
  const auto& functions = (*module)->functions;
  EXPECT_FALSE(functions[0].is_exact);
  EXPECT_TRUE(functions[1].is_exact);
  EXPECT_TRUE(functions[2].is_exact);
}

}  // namespace
}  // namespace heddle::engine
