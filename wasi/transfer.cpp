// SPDX-License-Identifier: Apache-2.0
// Bytes to and from pipes, terminals and sockets, such that only Blocking ever waits.
#include "wasi/transfer.h"

#include <limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

namespace heddle::wasi {

namespace {

/// Runs a write that may find a pipe without readers, and keeps the SIGPIPE of that, which would end the
/// host, from being delivered. One that was pending before is the host's own, and stays.
template <class Write>
ssize_t without_sigpipe(Write write) {
  sigset_t pipe, before, pending;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  sigemptyset(&pending);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  // It can't be pending where it was not blocked.
  if (sigismember(&before, SIGPIPE) == 1) sigpending(&pending);
  const ssize_t written = write();
  const int error = errno;
  if (written < 0 && error == EPIPE && sigismember(&pending, SIGPIPE) == 0) {
    const timespec at_once{};
    while (sigtimedwait(&pipe, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return written;
}

/// The host can't promise not to wait with this kind of file, as with terminals.
bool is_refusal(int error) { return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL; }

bool is_ready(const Descriptor& descriptor, short events) {
  pollfd entry{descriptor.host(), events, 0};
  return poll(&entry, 1, 0) > 0;
}

/// Like readv, but EAGAIN instead of waiting.
ssize_t read_file_now(Descriptor& descriptor, std::span<const iovec> parts) {
  const int fd = descriptor.host();
  const int count = static_cast<int>(parts.size());
  if (descriptor.opened().is_non_blocking) return readv(fd, parts.data(), count);
  const ssize_t got = preadv2(fd, parts.data(), count, -1, RWF_NOWAIT);
  if (got >= 0 || !is_refusal(errno)) return got;
  const engine::MutexLock lock(descriptor.turn);
  if (is_ready(descriptor, POLLIN)) return readv(fd, parts.data(), count);
  errno = EAGAIN;
  return -1;
}

/// As bytes, or an errno of the host.
[[gnu::noinline]] Moved read_now(Descriptor& descriptor, std::span<const iovec> parts) {
  return moved(read_file_now(descriptor, parts));
}

ssize_t send_now(const Descriptor& descriptor, std::span<const iovec> parts) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());  // NOLINT: sendmsg does not write there
  message.msg_iovlen = parts.size();
  return sendmsg(descriptor.host(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/// Like writev, but EAGAIN instead of waiting. May raise SIGPIPE.
ssize_t write_file_now(Descriptor& descriptor, std::span<const iovec> parts) {
  const int fd = descriptor.host();
  const int count = static_cast<int>(parts.size());
  if (descriptor.opened().is_non_blocking) return writev(fd, parts.data(), count);
  const ssize_t done = pwritev2(fd, parts.data(), count, -1, RWF_NOWAIT);
  if (done >= 0 || !is_refusal(errno)) return done;
  const engine::MutexLock lock(descriptor.turn);
  if (!is_ready(descriptor, POLLOUT)) {
    errno = EAGAIN;
    return -1;
  }
  // A pipe that is ready has room for this much.
  return write(fd, parts[0].iov_base, std::min<size_t>(parts[0].iov_len, PIPE_BUF));
}

[[gnu::noinline]] Moved write_now(Descriptor& descriptor, std::span<const iovec> parts) {
  if (descriptor.is_socket()) return moved(send_now(descriptor, parts));
  return moved(without_sigpipe([&] { return write_file_now(descriptor, parts); }));
}

/// Leaves out the first `done` bytes.
std::span<iovec> advance(std::span<iovec> parts, size_t done) {
  while (!parts.empty() && done >= parts[0].iov_len) {
    done -= parts[0].iov_len;
    parts = parts.subspan(1);
  }
  if (!parts.empty()) {
    parts[0].iov_base = static_cast<uint8_t*>(parts[0].iov_base) + done;
    parts[0].iov_len -= done;
  }
  return parts;
}

std::span<uint8_t> bytes_of(const iovec& part) {
  return {static_cast<uint8_t*>(part.iov_base), part.iov_len};
}

Expected<uint64_t> write_all(Call& call, Descriptor& descriptor, std::span<iovec> parts) {
  uint64_t written = 0;
  while (!parts.empty()) {
    const Moved done = write_now(descriptor, parts);
    if (done.error == 0) {
      written += done.bytes;
      parts = advance(parts, done.bytes);
    } else if (done.error == EAGAIN) {
      if (const Answer ready = await_ready(call, descriptor, POLLOUT); !ready.ok()) {
        if (written != 0 && ready.error() == Errno::again) return written;
        return ready.error();
      }
    } else if (done.error != EINTR) {
      // What was written counts; the error will be there the next time too.
      if (written != 0) return written;
      return to_errno(done.error);
    }
  }
  return written;
}

}  // namespace

Moved moved(ssize_t returned) noexcept {
  return returned < 0 ? Moved{0, errno} : Moved{static_cast<size_t>(returned), 0};
}

Answer await_ready(Call& call, const Descriptor& descriptor, short events) {
  if (descriptor.is_nonblock()) return Errno::again;
  pollfd entry{descriptor.host(), events, 0};
  HEDDLE_TRY(call.wait({&entry, 1}, std::nullopt));
  return {};
}

Expected<uint64_t> read_stream(Call& call, Descriptor& descriptor, Buffers& buffers) {
  if (buffers.parts.empty()) return uint64_t{0};
  if (Stream* const stream = descriptor.opened().stream.get())
    return uint64_t{stream->read(bytes_of(buffers.parts[0]))};
  if (descriptor.host() < 0) return uint64_t{0};
  for (;;) {
    const Moved got = read_now(descriptor, buffers.parts);
    if (got.error == 0) return uint64_t{got.bytes};
    if (got.error == EAGAIN) {
      HEDDLE_TRY(await_ready(call, descriptor, POLLIN));
    } else if (got.error != EINTR) {
      return to_errno(got.error);
    }
  }
}

Expected<uint64_t> write_stream(Call& call, Descriptor& descriptor, Buffers& buffers) {
  if (Stream* const stream = descriptor.opened().stream.get()) {
    uint64_t written = 0;
    for (const iovec& part : buffers.parts) {
      const size_t taken = stream->write(bytes_of(part));
      written += taken;
      if (taken != part.iov_len) break;
    }
    if (written == 0 && buffers.bytes != 0) return Errno::pipe;
    return written;
  }
  if (descriptor.host() < 0) return buffers.bytes;
  return write_all(call, descriptor, buffers.parts);
}

}  // namespace heddle::wasi
