// SPDX-License-Identifier: Apache-2.0
// Trap: why and where guest code stopped, with a named backtrace.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <heddle/export.h>

namespace heddle {

/// Every way a guest can stop. Rows live in traps.def, with the message the spec suite expects.
enum class TrapKind : uint8_t {
#define HEDDLE_TRAP(name, message) name,
#include "heddle/traps.def"
};

/// The message of a kind, e.g. "integer divide by zero".
[[nodiscard]] HEDDLE_API const char* to_string(TrapKind kind) noexcept;

struct Exception;

/// One frame of a backtrace, innermost first.
struct Frame {
  std::string function;  ///< name section, else export name, else func[N]; safe to print
  uint32_t index = 0;    ///< function index in its module
  uint64_t offset = 0;   ///< byte offset of the instruction in the module
  std::string module;    ///< the module's name, if it has one
};

/// A finished trap. Plain data: stays valid after its store is gone.
struct HEDDLE_API Trap {
  TrapKind kind = TrapKind::none;
  std::string message;        ///< to_string(kind), or what a host function said
  std::vector<Frame> frames;  ///< at most 64; `omitted_frames` says how many more there were
  uint64_t omitted_frames = 0;
  std::shared_ptr<const Exception> exception;  ///< kind exception: what nobody caught (see tag.h); else null
  uint32_t exit_code = 0;                      ///< kind exit: what the program left its host; else 0

  /// A trap of kind host_error, for a host function to return.
  [[nodiscard]] static Trap host(std::string reason) {
    Trap trap;
    trap.kind = TrapKind::host_error;
    trap.message = std::move(reason);
    return trap;
  }

  /// For a host function to return that ended because the store was interrupted.
  [[nodiscard]] static Trap interrupted() {
    Trap trap;
    trap.kind = TrapKind::interrupted;
    trap.message = heddle::to_string(trap.kind);
    return trap;
  }

  /// For a host function to return: the program is done. Unwinds as a trap does; no guest code sees it.
  [[nodiscard]] static Trap exit(uint32_t code) {
    Trap trap;
    trap.kind = TrapKind::exit;
    trap.message = "exit with code " + std::to_string(code);
    trap.exit_code = code;
    return trap;
  }

  /// For a host function to return: throws the exception into the guest that called it.
  [[nodiscard]] static Trap thrown(Exception exception);

  /// Message and backtrace, one line a frame.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace heddle
