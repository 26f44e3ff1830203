// SPDX-License-Identifier: Apache-2.0
// wasi-threads: the import `wasi.thread-spawn` and the export `wasi_thread_start`, as
// WebAssembly/wasi-threads says.
#pragma once

#include <heddle/linker.h>
#include <heddle/module.h>

#include <cstdint>
#include <functional>

namespace heddle::threads {

/// What a spawned thread runs: (id: i32, argument: i32).
inline constexpr const char* kThreadStart = "wasi_thread_start";

/// What thread-spawn answers instead of an id: the negative of WASI's errno.
inline constexpr int32_t kSpawnRefused = -6;       ///< again: no room for another thread now
inline constexpr int32_t kSpawnUnsupported = -58;  ///< notsup: the module has nothing for a thread to run

/// Starts a thread with this argument: its id, or a negative number.
using Spawn = std::function<int32_t(int32_t argument)>;

[[nodiscard]] Result<void> define_wasi_threads(Linker& linker, Spawn spawn);

/// Has it wasi_thread_start, of the right type?
[[nodiscard]] bool exports_thread_start(const Module& module);

}  // namespace heddle::threads
