// SPDX-License-Identifier: Apache-2.0
// Descriptors as such: closing, renumbering, rights and flags, and which directories were there from the
// start.
#include "wasi/functions.h"

namespace heddle::wasi::functions {

Answer fd_close(Call& call, Fd fd) {
  HEDDLE_TRY(call.state().table.remove(fd));
  return {};
}

Answer fd_fdstat_get(Call& call, Fd fd, Address out_stat) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, call.descriptor(fd, rights::kNone));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<FdStat>(out_stat));
  FdStat stat{};
  stat.type = descriptor->opened().type;
  stat.flags = static_cast<uint16_t>(descriptor->flags());
  stat.rights_base = descriptor->base();
  stat.rights_inheriting = descriptor->inheriting();
  out.set(stat);
  return {};
}

Answer fd_fdstat_set_flags(Call& call, Fd fd, uint32_t flags) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, call.descriptor(fd, rights::fd_fdstat_set_flags));
  return descriptor->set_flags(flags);
}

Answer fd_fdstat_set_rights(Call& call, Fd fd, uint64_t base, uint64_t inheriting) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, call.descriptor(fd, rights::kNone));
  return descriptor->restrict_to(base, inheriting);
}

namespace {

Expected<std::shared_ptr<Descriptor>> preopened(const Call& call, Fd fd) {
  HEDDLE_TRY_ASSIGN(auto descriptor, call.descriptor(fd, rights::kNone));
  // badf is how libraries of guests learn where the list of directories ends.
  if (!descriptor->opened().preopened_as) return Errno::badf;
  return descriptor;
}

}  // namespace

Answer fd_prestat_get(Call& call, Fd fd, Address out_prestat) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, preopened(call, fd));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<Prestat>(out_prestat));
  out.set({0, static_cast<Size>(descriptor->opened().preopened_as->size())});
  return {};
}

Answer fd_prestat_dir_name(Call& call, Fd fd, Address path, Size path_size) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, preopened(call, fd));
  HEDDLE_TRY_ASSIGN(const auto place, call.memory().range(path, path_size));
  const std::string& name = *descriptor->opened().preopened_as;
  if (place.size() < name.size()) return Errno::nametoolong;
  std::memcpy(place.data(), name.data(), name.size());
  return {};
}

Answer fd_renumber(Call& call, Fd fd, Fd to) { return call.state().table.renumber(fd, to); }

}  // namespace heddle::wasi::functions
