// SPDX-License-Identifier: Apache-2.0
// What the host modules of scripts contain.
#include "spec-tests/spectest_module.h"

#include <unistd.h>

#include <csignal>

#include "engine/support/try.h"

namespace heddle::spec {

namespace {

using Kind = ValueType::Kind;

HostResult ignore(Caller&, std::span<const Value>, std::span<Value>) { return {}; }

Result<void> add_prints(HostModule& module, const StoreRef& store) {
  const std::pair<const char*, std::vector<ValueType>> prints[] = {
      {"print", {}},
      {"print_i32", {Kind::i32}},
      {"print_i64", {Kind::i64}},
      {"print_f32", {Kind::f32}},
      {"print_f64", {Kind::f64}},
      {"print_i32_f32", {Kind::i32, Kind::f32}},
      {"print_f64_f64", {Kind::f64, Kind::f64}},
  };
  for (const auto& [name, parameters] : prints) {
    HEDDLE_TRY_ASSIGN(module[name], Function::host(store, {parameters, {}}, &ignore));
  }
  return {};
}

Result<void> add_globals(HostModule& module, const StoreRef& store) {
  const std::pair<const char*, Value> globals[] = {
      {"global_i32", Value(int32_t{666})},
      {"global_i64", Value(int64_t{666})},
      {"global_f32", Value(666.6f)},
      {"global_f64", Value(666.6)},
  };
  for (const auto& [name, value] : globals) {
    HEDDLE_TRY_ASSIGN(module[name], Global::create(store, {value.type(), false}, value));
  }
  return {};
}

}  // namespace

Result<HostModule> make_spectest_module(const Engine& engine, const StoreRef& store) {
  HostModule module;
  HEDDLE_TRY(add_prints(module, store));
  HEDDLE_TRY(add_globals(module, store));
  const Value null = Value::null(HeapType::Kind::func);
  TableType table;
  table.min = 10;
  table.max = 20;
  HEDDLE_TRY_ASSIGN(module["table"], Table::create(store, table, null));
  table.is_64 = true;
  HEDDLE_TRY_ASSIGN(module["table64"], Table::create(store, table, null));
  MemoryType memory;
  memory.min = 1;
  memory.max = 2;
  HEDDLE_TRY_ASSIGN(module["memory"], Memory::create(store, memory));
  memory.is_shared = true;
  HEDDLE_TRY_ASSIGN(module["shared_memory"], SharedMemory::create(engine, memory));
  return module;
}

Result<HostModule> make_selftest_module(const StoreRef& store) {
  HostModule module;
  const auto crash = []() {
    // The default action, whatever handlers are installed: what is tested is the parent process.
    std::signal(SIGSEGV, SIG_DFL);
    std::raise(SIGSEGV);
  };
  const auto hang = []() {
    for (;;) pause();
  };
  HEDDLE_TRY_ASSIGN(module["crash"], Function::wrap(store, crash));
  HEDDLE_TRY_ASSIGN(module["hang"], Function::wrap(store, hang));
  return module;
}

}  // namespace heddle::spec
