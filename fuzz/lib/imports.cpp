// SPDX-License-Identifier: Apache-2.0
// Imports: making host functions, tables, memories and globals to order.
#include "fuzz/lib/imports.h"

#include <algorithm>
#include <array>
#include <bit>

#include "engine/support/try.h"

namespace heddle::fuzz {

namespace {

constexpr uint64_t kMaxBytes = 4 << 20;
constexpr uint64_t kMaxElements = 10'000;
constexpr uint64_t kIntegers[] = {0, 1, 42, UINT64_MAX, 0x80000000, 0x7fffffff, 0x8000000000000000, 65535};
constexpr double kFloats[] = {0.0, -0.0, 1.5, -3.25e9, 1e300, 4294967295.0, -1.0, 5e-324};

Error no_value(const char* why) {
  Error error;
  error.kind = ErrorKind::resource;
  error.message = why;
  return error;
}

/// What every import of a function does: notes its arguments, and answers with values that follow from them.
Result<Function> make_function(const StoreRef& store, const FunctionType& type, const std::string& name,
                               HostLog& log) {
  return Function::host(store, type,
                        [&log, name, type](Caller& caller, std::span<const Value> arguments,
                                           std::span<Value> results) -> HostResult {
                          std::string line = name;
                          for (const Value& argument : arguments) line += " " + to_string(argument);
                          uint64_t seed = std::hash<std::string>()(line);
                          if (log.size() < kMaxHostLog) log.push_back(std::move(line));
                          for (size_t i = 0; i < results.size(); ++i) {
                            auto value = make_value(caller.store(), type.results[i], seed += i);
                            if (!value) return Trap::host(value.error().message);
                            results[i] = *value;
                          }
                          return {};
                        });
}

struct Maker {
  const Engine& engine;
  const StoreRef& store;
  const ImportType& import;
  HostLog& log;

  Result<Extern> operator()(const FunctionType& type) const {
    auto made = make_function(store, type, import.module + "." + import.name, log);
    if (!made) return made.error();
    return Extern(*made);
  }
  Result<Extern> operator()(const TableType& type) const {
    if (type.min > kMaxElements) return no_value("the table is too large");
    auto value = make_value(store, type.element, 0);
    if (!value) return value.error();
    auto made = Table::create(store, type, *value);
    if (!made) return made.error();
    return Extern(*made);
  }
  Result<Extern> operator()(MemoryType type) const {
    const uint64_t most_pages = kMaxBytes >> type.page_size_log2;
    if (type.min > most_pages) return no_value("the memory is too large");
    // A smaller maximum than asked for fits, and keeps guests from growing a memory that no store limits.
    if (type.max) type.max = std::min(*type.max, type.min + most_pages);
    if (type.is_shared) {
      auto made = SharedMemory::create(engine, type);
      if (!made) return made.error();
      return Extern(*made);
    }
    auto made = Memory::create(store, type);
    if (!made) return made.error();
    return Extern(*made);
  }
  Result<Extern> operator()(const GlobalType& type) const {
    auto value = make_value(store, type.type, import.name.size());
    if (!value) return value.error();
    auto made = Global::create(store, type, *value);
    if (!made) return made.error();
    return Extern(*made);
  }
  Result<Extern> operator()(const TagType& type) const {
    auto made = Tag::create(store, type);
    if (!made) return made.error();
    return Extern(*made);
  }
};

}  // namespace

Result<Value> make_value(const StoreRef&, ValueType type, uint64_t seed) {
  const uint64_t integer = kIntegers[seed % std::size(kIntegers)];
  const double real = kFloats[seed % std::size(kFloats)];
  switch (type.kind()) {
    case ValueType::Kind::i32: return Value(static_cast<uint32_t>(integer));
    case ValueType::Kind::i64: return Value(integer);
    case ValueType::Kind::f32: return Value(static_cast<float>(real));
    case ValueType::Kind::f64: return Value(real);
    case ValueType::Kind::v128: return Value(std::bit_cast<V128>(std::array{integer, ~integer * 31}));
    case ValueType::Kind::ref_null: break;
    default: return no_value("the host has no value of this type");
  }
  switch (type.heap().kind()) {
    case HeapType::Kind::extern_:
      if (seed % 2 == 1) return Value::externref(std::bit_cast<void*>(uint64_t{0x1230} + seed % 7));
      return Value::null(HeapType::Kind::extern_);
    case HeapType::Kind::noextern: return Value::null(HeapType::Kind::extern_);
    case HeapType::Kind::func:
    case HeapType::Kind::nofunc:
    case HeapType::Kind::defined: return Value::null(HeapType::Kind::func);
    case HeapType::Kind::any:
      if (seed % 3 == 1) return Value::anyref(std::bit_cast<void*>(uint64_t{0x4560} + seed % 5));
      [[fallthrough]];
    case HeapType::Kind::eq:
    case HeapType::Kind::i31:
      if (seed % 3 == 2) return Value::i31(static_cast<uint32_t>(integer));
      return Value::null(HeapType::Kind::any);
    case HeapType::Kind::exn:
    case HeapType::Kind::noexn: return Value::null(HeapType::Kind::exn);
    default: return Value::null(HeapType::Kind::any);
  }
}

Result<std::vector<Extern>> make_imports(const Engine& engine, const StoreRef& store, const Module& module,
                                         HostLog& log) {
  std::vector<Extern> made;
  for (const ImportType& import : module.imports()) {
    auto object = std::visit(Maker{engine, store, import, log}, import.type);
    if (!object) return object.error();
    made.push_back(std::move(*object));
  }
  return made;
}

}  // namespace heddle::fuzz
