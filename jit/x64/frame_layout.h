// SPDX-License-Identifier: Apache-2.0
// Frame layout: where a compiled function's frame keeps what, and the offsets of what the emitter and the
// stubs read of the engine by themselves. (Those of what nodes load are in jit/build/engine_layout.h.)
//
// docs/JIT.md draws the frame.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/runtime/exec_context.h"
#include "engine/runtime/function.h"
#include "engine/runtime/instance.h"
#include "jit/build/engine_layout.h"
#include "jit/x64/machine.h"

namespace heddle::jit::x64 {

// Instance has no virtual functions or bases, so that its members have fixed places, although C++ only allows
// compilers to say which.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
inline constexpr int32_t kInstanceMemoryBase = offsetof(engine::Instance, memory0_base);
#pragma GCC diagnostic pop
inline constexpr int32_t kInstanceContext = layout::kInstanceContext;
inline constexpr int32_t kContextRequests = offsetof(engine::ExecContext, requests);
inline constexpr int32_t kContextFuel = offsetof(engine::ExecContext, fuel);
inline constexpr int32_t kContextNativeLimit = offsetof(engine::ExecContext, native_limit);
inline constexpr int32_t kContextNativeFrame = offsetof(engine::ExecContext, native_frame);
inline constexpr int32_t kContextNativeExit = offsetof(engine::ExecContext, native_exit);
inline constexpr int32_t kContextOverflow = offsetof(engine::ExecContext, overflow);
inline constexpr int32_t kFunctionCode = offsetof(engine::Function, code);
inline constexpr int32_t kFunctionInstance = offsetof(engine::Function, instance);
inline constexpr int32_t kNativeEntry = offsetof(engine::FunctionCode, native_entry);

/// Where a frame keeps the function's own instance, relative to rbp.
inline constexpr int32_t kSavedInstance = -8;

/// Greater frames are refused: so much native stack is free at any function's entry, besides what C++ needs.
inline constexpr uint32_t kMaxFrameBytes = 64u << 10;

/// One function's frame. All offsets are relative to rbp but those of the runtime slots, which stand at rsp.
struct FrameLayout {
  bool has_frame = false;    ///< rbp is pushed; else nothing of the below exists
  uint32_t frame_bytes = 0;  ///< rbp - rsp
  int32_t spill_slots = 0;   ///< offset of spill slot 0; the others follow upwards
  struct Saved {
    Register reg;
    int32_t offset;
  };
  std::vector<Saved> saved;  ///< what callees keep, and this function writes

  [[nodiscard]] int32_t slot(uint32_t number) const { return spill_slots + static_cast<int32_t>(8 * number); }
};

[[nodiscard]] FrameLayout layout_frame(const MachineFunction& function, const Allocation& allocation);

}  // namespace heddle::jit::x64
