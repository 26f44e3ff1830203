// SPDX-License-Identifier: Apache-2.0
// Descriptor: one open file of a guest: what of the host it stands for, and what the guest may do with it.
#pragma once

#include <heddle/wasi_host.h>
#include <sys/stat.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "engine/support/thread_annotations.h"
#include "wasi/errors.h"
#include "wasi/unique_fd.h"

namespace heddle::wasi {

/// What a descriptor is made of and never changes.
struct Opened {
  UniqueFd file;                   ///< or
  std::shared_ptr<Stream> stream;  ///< or neither: reads end at once, writes vanish
  FileType type = FileType::unknown;
  bool is_terminal = false;
  bool is_listener = false;
  bool read_only = false;  ///< below a read-only directory
  /// Never blocks in the host, because O_NONBLOCK is set there. Not so for what the host shares with others.
  bool is_non_blocking = false;
  std::optional<std::string> preopened_as;  ///< the guest's name of a directory that was there from the start
};

/// Threads: every function may be called from any thread. Calls hold a shared_ptr, so the file stays open
/// until the last one using it is back, whoever closes it meanwhile.
class Descriptor {
 public:
  Descriptor(Opened opened, uint64_t base, uint64_t inheriting, uint32_t flags)
      : opened_(std::move(opened)), base_(base), inheriting_(inheriting), flags_(flags) {}

  [[nodiscard]] const Opened& opened() const noexcept { return opened_; }
  /// -1 if it is no file.
  [[nodiscard]] int host() const noexcept { return opened_.file.get(); }
  [[nodiscard]] bool is_directory() const noexcept { return opened_.type == FileType::directory; }
  /// Has positions and is always ready.
  [[nodiscard]] bool is_storage() const noexcept {
    return opened_.type == FileType::regular_file || opened_.type == FileType::block_device ||
           opened_.type == FileType::directory;
  }
  [[nodiscard]] bool is_socket() const noexcept {
    return opened_.type == FileType::socket_stream || opened_.type == FileType::socket_dgram;
  }

  [[nodiscard]] uint64_t base() const noexcept { return base_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t inheriting() const noexcept { return inheriting_.load(std::memory_order_relaxed); }
  /// Errors: notcapable, if a right is missing.
  [[nodiscard]] Answer require(uint64_t needed) const noexcept {
    return (needed & ~base()) != 0 ? Answer(Errno::notcapable) : Answer();
  }
  /// Rights only ever shrink. Errors: notcapable, if they would grow.
  [[nodiscard]] Answer restrict_to(uint64_t base, uint64_t inheriting) noexcept;

  /// fd_flags as the guest sees them; nonblock is this table's matter alone, the rest the host's too.
  [[nodiscard]] uint32_t flags() const noexcept { return flags_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_nonblock() const noexcept { return (flags() & fd_flags::kNonblock) != 0; }
  [[nodiscard]] Answer set_flags(uint32_t flags);

  /// Held by whoever moves the host's position and then uses it, and by those who must not block between
  /// finding a file ready and using it.
  engine::Mutex turn;

 private:
  const Opened opened_;
  std::atomic<uint64_t> base_;
  std::atomic<uint64_t> inheriting_;
  std::atomic<uint32_t> flags_;
};

[[nodiscard]] FileType type_of(const struct stat& stat) noexcept;
/// Looks at a file and says what it is; `is_non_blocking`, `read_only` and `preopened_as` are the caller's to
/// set.
[[nodiscard]] Expected<Opened> describe(UniqueFd file);
/// All rights that mean something to it and that the host's way of opening it allows.
[[nodiscard]] uint64_t possible_rights(const Opened& opened) noexcept;

}  // namespace heddle::wasi
