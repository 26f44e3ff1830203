// SPDX-License-Identifier: Apache-2.0
// Opening files below a directory, with no more rights than it hands on.
#include <fcntl.h>

#include "wasi/functions.h"

namespace heddle::wasi::functions {

namespace {

/// What a guest asks for, with its flags checked.
struct Request {
  std::string path;
  uint32_t open = 0;
  uint32_t fd = 0;
  uint64_t base = 0;
  uint64_t inheriting = 0;
  bool follow = false;

  [[nodiscard]] bool has(uint32_t open_flag) const { return (open & open_flag) != 0; }
};

int host_flags(const Request& request) {
  // O_NONBLOCK: opening a pipe must not wait for its other end, and all waiting is Blocking's.
  int flags = O_NONBLOCK | O_NOCTTY;
  const bool reads = (request.base & rights::kReading) != 0;
  const bool writes = (request.base & rights::kWriting) != 0 && !request.has(open_flags::kDirectory);
  flags |= writes ? (reads ? O_RDWR : O_WRONLY) : O_RDONLY;
  if (request.has(open_flags::kCreate)) flags |= O_CREAT;
  if (request.has(open_flags::kDirectory)) flags |= O_DIRECTORY;
  if (request.has(open_flags::kExclusive)) flags |= O_EXCL;
  if (request.has(open_flags::kTruncate)) flags |= O_TRUNC;
  if ((request.fd & fd_flags::kAppend) != 0) flags |= O_APPEND;
  if ((request.fd & fd_flags::kDsync) != 0) flags |= O_DSYNC;
  if ((request.fd & fd_flags::kRsync) != 0) flags |= O_RSYNC;
  if ((request.fd & fd_flags::kSync) != 0) flags |= O_SYNC;
  return flags;
}

uint64_t needed_of_directory(const Request& request) {
  uint64_t needed = rights::path_open;
  if (request.has(open_flags::kCreate)) needed |= rights::path_create_file;
  if (request.has(open_flags::kTruncate)) needed |= rights::path_filestat_set_size;
  return needed;
}

/// Below a read-only directory: what exists may be opened for reading, as in a file system mounted so.
Expected<UniqueFd> open_read_only(const Call& call, const Descriptor& directory, const Request& request) {
  const int flags = host_flags(request);
  if ((flags & (O_WRONLY | O_RDWR | O_TRUNC)) != 0) return Errno::rofs;
  auto found = call.state().open_beneath(directory.host(), request.path,
                                         {flags & ~(O_CREAT | O_EXCL), 0, request.follow});
  if ((flags & O_CREAT) == 0) return found;
  if (found.ok() && (flags & O_EXCL) != 0) return Errno::exist;
  if (!found.ok() && found.error() == Errno::noent) return Errno::rofs;
  return found;
}

Expected<UniqueFd> open_host(const Call& call, const Descriptor& directory, const Request& request) {
  if (directory.opened().read_only) return open_read_only(call, directory, request);
  return call.state().open_beneath(directory.host(), request.path,
                                   {host_flags(request), 0666, request.follow});
}

/// The descriptor for a file of the host. Rights that mean nothing to its kind are left out; those left must
/// be the directory's to give.
Expected<std::shared_ptr<Descriptor>> make_descriptor(const Descriptor& directory, const Request& request,
                                                      UniqueFd file) {
  HEDDLE_TRY_ASSIGN(Opened opened, describe(std::move(file)));
  opened.read_only = directory.opened().read_only;
  opened.is_non_blocking = true;
  const uint64_t base = request.base & possible_rights(opened);
  if ((base & ~directory.inheriting()) != 0) return Errno::notcapable;
  return std::make_shared<Descriptor>(std::move(opened), base, request.inheriting, request.fd);
}

}  // namespace

Answer path_open(Call& call, Fd fd, uint32_t lookup, Address path, Size path_size, uint32_t open_flags,
                 uint64_t base, uint64_t inheriting, uint32_t fd_flags, Address out_fd) {
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<Fd>(out_fd));
  Request request;
  HEDDLE_TRY_ASSIGN(request.path, call.path(path, path_size));
  if ((lookup & ~lookup_flags::kAll) != 0 || (open_flags & ~open_flags::kAll) != 0 ||
      (fd_flags & ~fd_flags::kAll) != 0)
    return Errno::inval;
  request.open = open_flags;
  request.fd = fd_flags;
  request.base = base;
  request.inheriting = inheriting;
  request.follow = (lookup & lookup_flags::kFollow) != 0;
  HEDDLE_TRY_ASSIGN(const auto directory, call.directory(fd, needed_of_directory(request)));
  // Before anything is created or emptied.
  const uint64_t meant = request.has(open_flags::kDirectory) ? rights::kOfDirectories : rights::kOfFiles;
  if (((inheriting | (base & meant)) & ~directory->inheriting()) != 0) return Errno::notcapable;
  HEDDLE_TRY_ASSIGN(UniqueFd file, open_host(call, *directory, request));
  HEDDLE_TRY_ASSIGN(auto descriptor, make_descriptor(*directory, request, std::move(file)));
  HEDDLE_TRY_ASSIGN(const Fd number, call.state().table.insert(std::move(descriptor)));
  out.set(number);
  return {};
}

}  // namespace heddle::wasi::functions
