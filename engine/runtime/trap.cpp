// SPDX-License-Identifier: Apache-2.0
// Trap: messages and the text of a backtrace.
#include "heddle/trap.h"

#include <cstdio>
#include <iterator>

#include "engine/support/escape.h"

namespace heddle {

namespace {

constexpr const char* kMessages[] = {
#define HEDDLE_TRAP(name, message) message,
#include "heddle/traps.def"
};

std::string describe(const Frame& frame, size_t number) {
  char text[64];
  std::snprintf(text, sizeof text, "\n  %2zu: ", number);
  std::string line = text;
  if (!frame.module.empty()) line += engine::escape_for_terminal(frame.module) + '!';
  line += engine::escape_for_terminal(frame.function);
  std::snprintf(text, sizeof text, " at 0x%llx", static_cast<unsigned long long>(frame.offset));
  return line + text;
}

}  // namespace

const char* to_string(TrapKind kind) noexcept {
  const auto row = static_cast<size_t>(kind);
  return row < std::size(kMessages) ? kMessages[row] : "unknown trap";
}

std::string Trap::to_string() const {
  std::string text = engine::escape_for_terminal(message.empty() ? heddle::to_string(kind) : message);
  for (size_t i = 0; i < frames.size(); ++i) text += describe(frames[i], i);
  if (omitted_frames != 0) text += "\n  ... " + std::to_string(omitted_frames) + " more frames";
  return text;
}

}  // namespace heddle
