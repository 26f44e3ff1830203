// SPDX-License-Identifier: Apache-2.0
// The engine's structures as compiled code sees them: where their members are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/gc/object.h"
#include "engine/runtime/exec_context.h"
#include "engine/runtime/function.h"
#include "engine/runtime/instance.h"

namespace heddle::jit::layout {

// The structures have members that are not of standard layout. Both compilers lay them out as if they were.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

inline constexpr size_t kInstanceGlobals = offsetof(engine::Instance, globals);
inline constexpr size_t kInstanceMemories = offsetof(engine::Instance, memories);
inline constexpr size_t kInstanceTables = offsetof(engine::Instance, tables);
inline constexpr size_t kInstanceFunctions = offsetof(engine::Instance, functions);
inline constexpr size_t kInstanceContext = offsetof(engine::Instance, context);
inline constexpr size_t kInstanceTags = offsetof(engine::Instance, tags);
inline constexpr size_t kContextException = offsetof(engine::ExecContext, exception);
inline constexpr size_t kContextCatches = offsetof(engine::ExecContext, catches);
inline constexpr size_t kFunctionType = offsetof(engine::Function, type);
inline constexpr size_t kGlobalValue = offsetof(engine::Global, value);
inline constexpr size_t kObjectLayout = offsetof(engine::gc::Object, layout);
inline constexpr size_t kLayoutDisplay = offsetof(engine::TypeLayout, display);
inline constexpr size_t kLayoutDepth = offsetof(engine::TypeLayout, depth);
inline constexpr size_t kLayoutKind = offsetof(engine::TypeLayout, kind);
inline constexpr size_t kLayoutDescriptor = offsetof(engine::TypeLayout, descriptor_offset);

#pragma GCC diagnostic pop

inline constexpr size_t kMemoryBase = engine::Memory::base_offset();
inline constexpr size_t kMemoryBytes = engine::Memory::byte_size_offset();
inline constexpr size_t kTableElements = engine::Table::elements_offset();
inline constexpr size_t kTableSize = engine::Table::size_offset();
inline constexpr size_t kTableWritten = engine::Table::written_offset();
inline constexpr size_t kPointer = 8;

// What the loads and stores assume.
static_assert(sizeof(void*) == kPointer && sizeof(engine::Slot) == kPointer);
static_assert(sizeof(engine::Instance::memories) == kPointer && sizeof(engine::ExecContext::catches) == 8);
static_assert(sizeof(engine::Function::type) == 4 && sizeof(engine::TypeLayout::depth) == 4);
static_assert(sizeof(engine::TypeLayout::kind) == 1 && sizeof(engine::TypeLayout::descriptor_offset) == 4);
static_assert(sizeof(std::atomic<uint64_t>) == 8 && kObjectLayout == 0 && kGlobalValue == 0);

}  // namespace heddle::jit::layout
