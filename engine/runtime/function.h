// SPDX-License-Identifier: Apache-2.0
// Function, FunctionCode and HostFunction: what a funcref points to, and what running it means.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/module/module.h"
#include "engine/runtime/slot.h"

namespace heddle::engine {

struct ExecContext;
struct Instance;

/// A function of the host. Called with the arguments in slots[0..parameter_slots); writes its results to
/// slots[0..result_slots). The area holds max(parameters, results) slots.
class HostFunction {
 public:
  virtual ~HostFunction() = default;
  /// True if it returned; false if it trapped, and then context.trap holds why. Must not throw.
  virtual bool call(ExecContext& context, Slot* slots) noexcept = 0;
};

/// The code of one function of one module, shared by all its instances and all threads. Tiers publish code
/// by one release store to `entry`; readers need no lock. Identity and shape never change.
struct FunctionCode {
  /// Where tier 0 continues when it calls this function: a pointer to interpreter words. Before translation
  /// it points to the interpreter's "translate me" words; for a host function to its "call the host" words.
  std::atomic<const uint64_t*> entry{nullptr};
  /// Where compiled code continues when it calls this function: machine code, or a stub that leads to tier 0.
  /// Null in engines without a compiler. Published like `entry`.
  std::atomic<const void*> native_entry{nullptr};
  const ModuleImage* module = nullptr;  ///< null for host functions
  uint32_t index = 0;                   ///< function index in the module
  uint32_t parameter_slots = 0;
  uint32_t result_slots = 0;
  HostFunction* host = nullptr;  ///< null for wasm functions
  TypeId type = kNoType;
  const void* compiler_data = nullptr;  ///< the compiler's; null in engines without one

  /// Slots at the frame's start that arguments and results share; the frame header follows them.
  [[nodiscard]] uint32_t header_slot() const {
    return parameter_slots > result_slots ? parameter_slots : result_slots;
  }
};

/// A function instance: code closed over an instance, or a host function. A funcref is a Function*.
/// Owned by its instance (or store, for host functions); immutable; lives as long as the store.
struct Function {
  FunctionCode* code = nullptr;
  Instance* instance = nullptr;  ///< null for host functions
  HostFunction* host = nullptr;  ///< null for wasm functions
  TypeId type = kNoType;
};

}  // namespace heddle::engine
