// SPDX-License-Identifier: Apache-2.0
// Frames of compiled code: what a trap or a thrown exception leaves, and where an exception is caught.
//
// An activation is a stretch of native frames from an entry from C++ to the innermost. What fails in one
// leaves it frame by frame here, and then is the failure of whoever entered it: tier 0, which looks among its
// own frames, or the host. So frames come out in the right order however tiers are mixed.
#pragma once

#include "engine/runtime/exec_context.h"
#include "jit/tiering/code_cache.h"
#include "jit/x64/stubs.h"

namespace heddle::jit {

/// StubTargets::raise for code of this cache: notes the trap and the frames that are left, from the one at
/// `pc` and `frame` outwards. A thrown exception stops at the first frame that has a landing.
void leave_native_frames(engine::ExecContext& context, const CodeCache& cache, TrapKind kind, const void* pc,
                         void* frame, x64::Landing& landing) noexcept;

}  // namespace heddle::jit
