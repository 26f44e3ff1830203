// SPDX-License-Identifier: Apache-2.0
// The module writer: sections and bodies put together byte by byte (spec chapter 5).
#include "bench/micro/module_writer.h"

#include <string_view>

namespace heddle::bench {
namespace {

constexpr uint32_t kStatementsPerFunction = 36;

enum Section : uint8_t { kTypes = 1, kImports = 2, kFunctions = 3, kMemories = 5, kExports = 7, kCodes = 10 };
enum Kind : uint8_t { kFunctionKind = 0, kMemoryKind = 2 };

void put_all(Bytes& out, const Bytes& bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void put_name(Bytes& out, std::string_view name) {
  put_u32(out, static_cast<uint32_t>(name.size()));
  out.insert(out.end(), name.begin(), name.end());
}

void put_section(Bytes& module, Section id, const Bytes& content) {
  module.push_back(id);
  put_u32(module, static_cast<uint32_t>(content.size()));
  put_all(module, content);
}

/// A function type of `parameters` i32 and one i32 result.
void put_type(Bytes& types, uint32_t parameters) {
  types.push_back(0x60);
  put_u32(types, parameters);
  types.insert(types.end(), parameters, kI32);
  put(types, {1, kI32});
}

/// A code entry with two i32 locals beside the parameters.
void put_body(Bytes& codes, const Bytes& body) {
  Bytes entry = {1, 2, kI32};
  put_all(entry, body);
  entry.push_back(kEnd);
  put_u32(codes, static_cast<uint32_t>(entry.size()));
  put_all(codes, entry);
}

Bytes memory_section(bool shared) { return shared ? Bytes{1, 3, 1, 2} : Bytes{1, 0, 1}; }

Bytes export_section(std::string_view function_name, uint32_t function) {
  Bytes exports = {2};
  put_name(exports, function_name);
  exports.push_back(kFunctionKind);
  put_u32(exports, function);
  put_name(exports, "memory");
  put(exports, {kMemoryKind, 0});
  return exports;
}

/// One statement of mixed code on parameter 0 and locals 1 and 2; `choice` picks its shape and its constants.
void put_statement(Bytes& body, uint32_t choice) {
  const auto constant = static_cast<int32_t>(choice >> 8 & 0x3FFF);
  switch (choice % 4) {
    case 0:  // local1 = (local1 + constant) * parameter0
      put(body, {kLocalGet, 1, kI32Const});
      put_s32(body, constant);
      put(body, {kI32Add, kLocalGet, 0, kI32Mul, kLocalSet, 1});
      break;
    case 1:  // local2 = memory[(local1 & 0xFFF) + offset] ^ local2
      put(body, {kLocalGet, 1, kI32Const});
      put_s32(body, 0xFFF);
      put(body, {kI32And, kI32Load, 2});
      put_u32(body, choice >> 8 & 0xFF);
      put(body, {kLocalGet, 2, kI32Xor, kLocalSet, 2});
      break;
    case 2:  // memory[constant] = local1 - local2
      put(body, {kI32Const});
      put_s32(body, constant);
      put(body, {kLocalGet, 1, kLocalGet, 2, kI32Sub, kI32Store, 2, 4});
      break;
    default:  // if (local1 < constant) local2 = parameter0 + local1
      put(body, {kLocalGet, 1, kI32Const});
      put_s32(body, constant);
      put(body, {kI32LtU, kIf, kVoid, kLocalGet, 0, kLocalGet, 1, kI32Add, kLocalSet, 2, kEnd});
      break;
  }
}

Bytes mixed_body(uint32_t seed) {
  Bytes body = {kLocalGet, 0, kI32Eqz, kIf, kVoid, kI32Const, 0, kReturn, kEnd, kLoop, kVoid};
  for (uint32_t i = 0; i < kStatementsPerFunction; i++) {
    seed = seed * 1664525u + 1013904223u;
    put_statement(body, seed >> 8);
  }
  put(body, {kLocalGet, 0, kI32Const, 1, kI32Sub, kLocalTee, 0, kBrIf, 0, kEnd, kLocalGet, 2});
  return body;
}

}  // namespace

void put_u32(Bytes& out, uint32_t value) {
  for (; value > 0x7F; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

void put_s32(Bytes& out, int32_t value) {
  for (; value < -64 || value > 63; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value & 0x7F));
}

void put(Bytes& out, std::initializer_list<uint8_t> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

Bytes single_function_module(const Bytes& body, const Surroundings& around) {
  Bytes module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  Bytes types = {2};
  put_type(types, around.parameters);
  put_type(types, 1);
  put_section(module, kTypes, types);
  if (around.imports_host) {
    Bytes imports = {1};
    put_name(imports, "host");
    put_name(imports, "f");
    put(imports, {kFunctionKind, 1});
    put_section(module, kImports, imports);
  }
  put_section(module, kFunctions, {1, 0});
  put_section(module, kMemories, memory_section(around.shared_memory));
  put_section(module, kExports, export_section("run", around.imports_host ? 1 : 0));
  Bytes codes = {1};
  put_body(codes, body);
  put_section(module, kCodes, codes);
  return module;
}

Bytes loop_module(const Bytes& step, const Surroundings& around) {
  Bytes body = {kLoop, kVoid};
  put_all(body, step);
  put(body, {kLocalGet, 0, kI32Const, 1, kI32Sub, kLocalTee, 0, kBrIf, 0, kEnd, kLocalGet, 1});
  return single_function_module(body, around);
}

Bytes many_functions_module(uint32_t functions) {
  Bytes module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  Bytes types = {1};
  put_type(types, 1);
  put_section(module, kTypes, types);
  Bytes declared;
  put_u32(declared, functions + 1);
  declared.insert(declared.end(), functions + 1, 0);
  put_section(module, kFunctions, declared);
  put_section(module, kMemories, memory_section(false));
  put_section(module, kExports, export_section("all", functions));
  Bytes codes;
  put_u32(codes, functions + 1);
  Bytes caller;
  for (uint32_t i = 0; i < functions; i++) {
    put_body(codes, mixed_body(i));
    put(caller, {kLocalGet, 0, kCall});
    put_u32(caller, i);
    put(caller, {kDrop});
  }
  put(caller, {kI32Const, 0});
  put_body(codes, caller);
  put_section(module, kCodes, codes);
  return module;
}

}  // namespace heddle::bench
