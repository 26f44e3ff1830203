// SPDX-License-Identifier: Apache-2.0
// Sockets: accepting, receiving, sending, shutting down. A guest has those its host gave it, and what they
// accept.
#include <sys/socket.h>

#include <cerrno>

#include "wasi/functions.h"
#include "wasi/transfer.h"

namespace heddle::wasi::functions {

namespace {

constexpr uint32_t kPeek = 1, kWaitAll = 2;        // flags of sock_recv
constexpr uint16_t kTruncated = 1;                 // what it answers
constexpr uint32_t kShutRead = 1, kShutWrite = 2;  // sock_shutdown

Expected<std::shared_ptr<Descriptor>> socket(const Call& call, Fd fd, uint64_t needed) {
  HEDDLE_TRY_ASSIGN(auto descriptor, call.descriptor(fd, rights::kNone));
  if (!descriptor->is_socket()) return Errno::notsock;
  HEDDLE_TRY(descriptor->require(needed));
  return descriptor;
}

struct Received {
  uint64_t bytes = 0;
  uint16_t flags = 0;
};

[[gnu::noinline]] Moved receive_now(const Descriptor& descriptor, msghdr& message, int host_flags) {
  return moved(recvmsg(descriptor.host(), &message, host_flags | MSG_DONTWAIT));
}

/// The new descriptor is what it moved.
[[gnu::noinline]] Moved accept_now(const Descriptor& listener) {
  return moved(accept4(listener.host(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

Expected<Received> receive(Call& call, const Descriptor& descriptor, Buffers& buffers, int host_flags) {
  msghdr message{};
  message.msg_iov = buffers.parts.data();
  message.msg_iovlen = buffers.parts.size();
  for (;;) {
    const Moved got = receive_now(descriptor, message, host_flags);
    if (got.error == 0) {
      const bool is_cut = (message.msg_flags & MSG_TRUNC) != 0;
      return Received{got.bytes, is_cut ? kTruncated : uint16_t{0}};
    }
    if (got.error == EAGAIN) {
      HEDDLE_TRY(await_ready(call, descriptor, POLLIN));
    } else if (got.error != EINTR) {
      return to_errno(got.error);
    }
  }
}

/// Until the buffers are full or the peer is done. REQUIRES: a socket of streams.
Expected<Received> receive_all(Call& call, const Descriptor& descriptor, const Buffers& buffers) {
  Received all;
  for (const iovec& part : buffers.parts) {
    for (size_t at = 0; at < part.iov_len;) {
      Buffers rest;
      rest.parts.push_back({static_cast<uint8_t*>(part.iov_base) + at, part.iov_len - at});
      const auto got = receive(call, descriptor, rest, 0);
      if (!got.ok() || (*got).bytes == 0) {
        if (all.bytes == 0 && !got.ok()) return got.error();
        return all;
      }
      at += (*got).bytes;
      all.bytes += (*got).bytes;
    }
  }
  return all;
}

}  // namespace

Answer sock_accept(Call& call, Fd fd, uint32_t flags, Address out_fd) {
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<Fd>(out_fd));
  HEDDLE_TRY_ASSIGN(const auto listener, socket(call, fd, rights::sock_accept));
  if ((flags & ~fd_flags::kNonblock) != 0) return Errno::inval;
  UniqueFd peer;
  while (!peer) {
    const Moved accepted = accept_now(*listener);
    if (accepted.error == 0) {
      peer = UniqueFd(static_cast<int>(accepted.bytes));
    } else if (accepted.error == EAGAIN) {
      HEDDLE_TRY(await_ready(call, *listener, POLLIN));
    } else if (accepted.error != EINTR && accepted.error != ECONNABORTED) {
      return to_errno(accepted.error);
    }
  }
  HEDDLE_TRY_ASSIGN(Opened opened, describe(std::move(peer)));
  opened.is_non_blocking = true;
  const uint64_t base = possible_rights(opened) & listener->inheriting();
  HEDDLE_TRY_ASSIGN(const Fd number, call.state().table.insert(std::make_shared<Descriptor>(
                                         std::move(opened), base, rights::kNone, flags)));
  out.set(number);
  return {};
}

Answer sock_recv(Call& call, Fd fd, Address vectors, Size count, uint32_t flags, Address out_size,
                 Address out_flags) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, socket(call, fd, rights::fd_read));
  HEDDLE_TRY_ASSIGN(const auto size, call.memory().out<Size>(out_size));
  HEDDLE_TRY_ASSIGN(const auto answered, call.memory().out<uint16_t>(out_flags));
  HEDDLE_TRY_ASSIGN(auto buffers, call.memory().buffers(vectors, count, call.state().limits.bytes_per_call));
  if ((flags & ~(kPeek | kWaitAll)) != 0) return Errno::inval;
  const bool waits_for_all = flags == kWaitAll && descriptor->opened().type == FileType::socket_stream;
  HEDDLE_TRY_ASSIGN(const Received received,
                    waits_for_all ? receive_all(call, *descriptor, buffers)
                                  : receive(call, *descriptor, buffers, (flags & kPeek) != 0 ? MSG_PEEK : 0));
  size.set(static_cast<Size>(received.bytes));
  answered.set(received.flags);
  return {};
}

Answer sock_send(Call& call, Fd fd, Address vectors, Size count, uint32_t flags, Address out_size) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, socket(call, fd, rights::fd_write));
  HEDDLE_TRY_ASSIGN(const auto size, call.memory().out<Size>(out_size));
  HEDDLE_TRY_ASSIGN(auto buffers, call.memory().buffers(vectors, count, call.state().limits.bytes_per_call));
  if (flags != 0) return Errno::inval;
  HEDDLE_TRY_ASSIGN(const uint64_t sent, write_stream(call, *descriptor, buffers));
  size.set(static_cast<Size>(sent));
  return {};
}

Answer sock_shutdown(Call& call, Fd fd, uint32_t how) {
  HEDDLE_TRY_ASSIGN(const auto descriptor, socket(call, fd, rights::sock_shutdown));
  if (how == 0 || (how & ~(kShutRead | kShutWrite)) != 0) return Errno::inval;
  const int host_how = how == kShutRead ? SHUT_RD : how == kShutWrite ? SHUT_WR : SHUT_RDWR;
  return answer_of(::shutdown(descriptor->host(), host_how));
}

}  // namespace heddle::wasi::functions
