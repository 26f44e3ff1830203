// SPDX-License-Identifier: Apache-2.0
// Reading and writing open files, at their position or at one that the call names.
#include <sys/uio.h>

#include "wasi/functions.h"
#include "wasi/transfer.h"

namespace heddle::wasi::functions {

namespace {

/// A transfer as the host does it: readv, or writev, or with a position.
using Transfer = ssize_t (*)(int fd, const iovec* parts, int count, off_t offset);

/// Both directions of storage, which is always ready.
Expected<uint64_t> transfer(const Descriptor& descriptor, const Buffers& buffers, off_t offset,
                            Transfer move) {
  const ssize_t moved =
      move(descriptor.host(), buffers.parts.data(), static_cast<int>(buffers.parts.size()), offset);
  if (moved < 0) return last_error();
  return static_cast<uint64_t>(moved);
}

Expected<std::shared_ptr<Descriptor>> no_directory(const Call& call, Fd fd) {
  HEDDLE_TRY_ASSIGN(auto descriptor, call.descriptor(fd, rights::kNone));
  if (descriptor->is_directory()) return Errno::isdir;
  return descriptor;
}

/// The part that pread and pwrite share.
Answer transfer_at(Call& call, Fd fd, uint64_t needed, Address vectors, Size count, uint64_t offset,
                   Address out_size, Transfer move) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, no_directory(call, fd));
  if (!descriptor->is_storage()) return Errno::spipe;
  HEDDLE_TRY(descriptor->require(needed | rights::fd_seek));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<Size>(out_size));
  HEDDLE_TRY_ASSIGN(const auto buffers,
                    call.memory().buffers(vectors, count, call.state().limits.bytes_per_call));
  if (offset > INT64_MAX) return Errno::inval;
  HEDDLE_TRY_ASSIGN(const uint64_t moved, transfer(*descriptor, buffers, static_cast<off_t>(offset), move));
  out.set(static_cast<Size>(moved));
  return {};
}

}  // namespace

Answer fd_pread(Call& call, Fd fd, Address vectors, Size count, uint64_t offset, Address out_size) {
  return transfer_at(call, fd, rights::fd_read, vectors, count, offset, out_size, preadv);
}

Answer fd_pwrite(Call& call, Fd fd, Address vectors, Size count, uint64_t offset, Address out_size) {
  return transfer_at(call, fd, rights::fd_write, vectors, count, offset, out_size, pwritev);
}

Answer fd_read(Call& call, Fd fd, Address vectors, Size count, Address out_size) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, no_directory(call, fd));
  HEDDLE_TRY(descriptor->require(rights::fd_read));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<Size>(out_size));
  HEDDLE_TRY_ASSIGN(auto buffers, call.memory().buffers(vectors, count, call.state().limits.bytes_per_call));
  constexpr Transfer kRead = [](int file, const iovec* parts, int number, off_t) {
    return readv(file, parts, number);
  };
  HEDDLE_TRY_ASSIGN(const uint64_t moved, descriptor->is_storage() ? transfer(*descriptor, buffers, 0, kRead)
                                                                   : read_stream(call, *descriptor, buffers));
  out.set(static_cast<Size>(moved));
  return {};
}

Answer fd_write(Call& call, Fd fd, Address vectors, Size count, Address out_size) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, no_directory(call, fd));
  HEDDLE_TRY(descriptor->require(rights::fd_write));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<Size>(out_size));
  HEDDLE_TRY_ASSIGN(auto buffers, call.memory().buffers(vectors, count, call.state().limits.bytes_per_call));
  constexpr Transfer kWrite = [](int file, const iovec* parts, int number, off_t) {
    return writev(file, parts, number);
  };
  HEDDLE_TRY_ASSIGN(const uint64_t moved, descriptor->is_storage()
                                              ? transfer(*descriptor, buffers, 0, kWrite)
                                              : write_stream(call, *descriptor, buffers));
  out.set(static_cast<Size>(moved));
  return {};
}

}  // namespace heddle::wasi::functions
