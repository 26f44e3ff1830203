// SPDX-License-Identifier: Apache-2.0
// wasi-threads on a Linker.
#include "threads/wasi_threads.h"

#include <heddle/threads.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "threads/thread_functions.h"

namespace heddle::threads {

namespace {

constexpr const char* kModule = "wasi";
constexpr const char* kSpawn = "thread-spawn";

}  // namespace

Result<void> define_wasi_threads(Linker& linker, Spawn spawn) {
  return linker.wrap(kModule, kSpawn,
                     [spawn = std::move(spawn)](int32_t argument) { return spawn(argument); });
}

bool exports_thread_start(const Module& module) {
  const FunctionType wanted{{ValueType::Kind::i32, ValueType::Kind::i32}, {}};
  return std::ranges::any_of(module.exports(), [&](const ExportType& entry) {
    const auto* type = std::get_if<FunctionType>(&entry.type);
    return entry.name == kThreadStart && type != nullptr && *type == wanted;
  });
}

bool is_provided(const ImportType& import) {
  const auto* memory = std::get_if<MemoryType>(&import.type);
  return (import.module == kModule && import.name == kSpawn) || is_thread_function(import) ||
         (memory != nullptr && memory->is_shared);
}

bool wants_threads(const Module& module) { return std::ranges::any_of(module.imports(), is_provided); }

}  // namespace heddle::threads
