// SPDX-License-Identifier: Apache-2.0
// What most functions begin with: descriptors with rights, paths, waiting.
#include "wasi/call.h"

namespace heddle::wasi {

Expected<std::shared_ptr<Descriptor>> Call::descriptor(Fd fd, uint64_t needed) const {
  HEDDLE_TRY_ASSIGN(auto found, state_.table.find(fd));
  HEDDLE_TRY(found->require(needed));
  return found;
}

Expected<std::shared_ptr<Descriptor>> Call::directory(Fd fd, uint64_t needed) const {
  HEDDLE_TRY_ASSIGN(auto found, state_.table.find(fd));
  if (!found->is_directory()) return Errno::notdir;
  HEDDLE_TRY(found->require(needed));
  return found;
}

Expected<std::shared_ptr<Descriptor>> Call::writable_directory(Fd fd, uint64_t needed) const {
  HEDDLE_TRY_ASSIGN(auto found, directory(fd, needed));
  if (found->opened().read_only) return Errno::rofs;
  return found;
}

Expected<std::string> Call::path(Address address, Size size) const {
  HEDDLE_TRY_ASSIGN(const auto bytes, memory_.range(address, size));
  if (size >= kMostPathBytes) return Errno::nametoolong;
  std::string path(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (path.find('\0') != std::string::npos) return Errno::inval;
  return path;
}

Expected<Woken> Call::wait(std::span<pollfd> files, std::optional<std::chrono::nanoseconds> timeout) {
  if (pace_ == Pace::slow) state_.blocking->after_blocking();
  const Woken woken = state_.blocking->wait(caller_, files, timeout);
  if (pace_ == Pace::slow) state_.blocking->before_blocking();
  if (woken != Woken::interrupted) return woken;
  stop(Trap::interrupted());
  return Errno::intr;
}

Answer Call::check_interrupt() {
  const InterruptListener listener(caller_, [] {});
  if (!listener.interrupted()) return {};
  stop(Trap::interrupted());
  return Errno::intr;
}

}  // namespace heddle::wasi
