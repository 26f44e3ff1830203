// SPDX-License-Identifier: Apache-2.0
// Making, moving and removing what directories hold.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "wasi/functions.h"

namespace heddle::wasi::functions {

namespace {

struct Target {
  std::shared_ptr<Descriptor> directory;
  Place place;

  [[nodiscard]] int parent() const { return place.parent.get(); }
  [[nodiscard]] const char* name() const { return place.name.c_str(); }
};

/// The place that a path names in a directory that may be changed there.
Expected<Target> find_target(const Call& call, Fd fd, uint64_t needed, Address path, Size path_size) {
  Target target;
  HEDDLE_TRY_ASSIGN(const auto text, call.path(path, path_size));
  HEDDLE_TRY_ASSIGN(target.directory, call.writable_directory(fd, needed));
  HEDDLE_TRY_ASSIGN(target.place, call.place(*target.directory, text));
  return target;
}

/// Errors: noent, notdir.
Answer check_directory(const Target& target) {
  struct stat stat{};
  if (fstatat(target.parent(), target.name(), &stat, AT_SYMLINK_NOFOLLOW) < 0) return last_error();
  if (!S_ISDIR(stat.st_mode)) return Errno::notdir;
  return {};
}

}  // namespace

// The host is never given a trailing slash: it would follow a symbolic link there, to wherever that leads.

Answer path_create_directory(Call& call, Fd fd, Address path, Size path_size) {
  HEDDLE_TRY_ASSIGN(const auto target, find_target(call, fd, rights::path_create_directory, path, path_size));
  return answer_of(mkdirat(target.parent(), target.name(), 0777));
}

Answer path_link(Call& call, Fd old_fd, uint32_t old_lookup, Address old_path, Size old_path_size, Fd new_fd,
                 Address new_path, Size new_path_size) {
  // No host links what a symbolic link points to without looking twice, so nobody offers it.
  if (old_lookup != 0) return Errno::inval;
  HEDDLE_TRY_ASSIGN(const auto from,
                    find_target(call, old_fd, rights::path_link_source, old_path, old_path_size));
  HEDDLE_TRY_ASSIGN(const auto to,
                    find_target(call, new_fd, rights::path_link_target, new_path, new_path_size));
  if (from.place.has_trailing_slash) HEDDLE_TRY(check_directory(from));
  if (to.place.has_trailing_slash) return Errno::noent;
  return answer_of(linkat(from.parent(), from.name(), to.parent(), to.name(), 0));
}

Answer path_remove_directory(Call& call, Fd fd, Address path, Size path_size) {
  HEDDLE_TRY_ASSIGN(const auto target, find_target(call, fd, rights::path_remove_directory, path, path_size));
  return answer_of(unlinkat(target.parent(), target.name(), AT_REMOVEDIR));
}

Answer path_rename(Call& call, Fd old_fd, Address old_path, Size old_path_size, Fd new_fd, Address new_path,
                   Size new_path_size) {
  HEDDLE_TRY_ASSIGN(const auto from,
                    find_target(call, old_fd, rights::path_rename_source, old_path, old_path_size));
  HEDDLE_TRY_ASSIGN(const auto to,
                    find_target(call, new_fd, rights::path_rename_target, new_path, new_path_size));
  if (from.place.has_trailing_slash || to.place.has_trailing_slash) HEDDLE_TRY(check_directory(from));
  return answer_of(renameat(from.parent(), from.name(), to.parent(), to.name()));
}

Answer path_symlink(Call& call, Address target, Size target_size, Fd fd, Address path, Size path_size) {
  HEDDLE_TRY_ASSIGN(const auto text, call.path(target, target_size));
  HEDDLE_TRY_ASSIGN(const auto link, find_target(call, fd, rights::path_symlink, path, path_size));
  if (link.place.has_trailing_slash) return Errno::noent;
  // The guest could not follow it, but a program of the host might.
  if (text.starts_with('/')) return Errno::notcapable;
  return answer_of(symlinkat(text.c_str(), link.parent(), link.name()));
}

Answer path_unlink_file(Call& call, Fd fd, Address path, Size path_size) {
  HEDDLE_TRY_ASSIGN(const auto target, find_target(call, fd, rights::path_unlink_file, path, path_size));
  if (target.place.has_trailing_slash) {
    HEDDLE_TRY(check_directory(target));
    return Errno::isdir;
  }
  return answer_of(unlinkat(target.parent(), target.name(), 0));
}

}  // namespace heddle::wasi::functions
