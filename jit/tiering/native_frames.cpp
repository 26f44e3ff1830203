// SPDX-License-Identifier: Apache-2.0
// Walking native frames by their saved frame pointers.
#include "jit/tiering/native_frames.h"

#include <utility>

#include "engine/module/module.h"

namespace heddle::jit {

namespace {

/// What every frame begins with.
struct FrameLink {
  FrameLink* caller;
  const void* return_address;
};

/// Where the frame catches what was thrown at `site`.
[[nodiscard]] x64::Landing landing_of(const CompiledCode& code, const x64::Site& site, FrameLink* frame) {
  return {code.begin + site.landing, frame, reinterpret_cast<uint8_t*>(frame) - code.frame_bytes};
}

/// The functions that were inlined at an offset, innermost first. What is left is one of the code's own
/// function.
[[nodiscard]] uint32_t add_inlined(engine::ExecContext& context, const CompiledCode& code, uint32_t offset) {
  while ((offset & kInlinedOffset) != 0) {
    const InlinedFrame& frame = code.inlined[offset & ~kInlinedOffset];
    context.trap.add_frame({frame.function, nullptr, frame.offset});
    offset = frame.caller;
  }
  return offset;
}

}  // namespace

void leave_native_frames(engine::ExecContext& context, const CodeCache& cache, TrapKind kind, const void* pc,
                         void* frame, x64::Landing& landing) noexcept {
  landing = {};
  // A handler of the innermost frame caught it, which then is in the backtrace already, and throws it again.
  bool is_known = kind == TrapKind::exception && context.trap.kind == TrapKind::exception;
  if (kind != TrapKind::none) context.fail(kind);
  const bool is_thrown = context.trap.kind == TrapKind::exception && context.exception != nullptr;
  if (!is_thrown && context.forgoes_backtraces.load(std::memory_order_relaxed)) return;
  auto* link = static_cast<FrameLink*>(frame);
  // The outermost frame returns to the stub that entered it, which is no compiled code.
  for (const CompiledCode* code = cache.find(pc); code != nullptr; code = cache.find(pc)) {
    const x64::Site* const site = code->site_at(pc);
    if (!is_known) {
      const uint64_t offset = site != nullptr
                                  ? add_inlined(context, *code, site->wasm_offset)
                                  : code->function->module->functions[code->function->index].body.offset;
      context.trap.add_frame({code->function, nullptr, offset});
    }
    is_known = false;
    if (is_thrown && site != nullptr && site->landing != 0) {
      landing = landing_of(*code, *site, link);
      context.caught = std::exchange(context.trap, {});
      return;
    }
    pc = link->return_address;
    link = link->caller;
  }
}

}  // namespace heddle::jit
