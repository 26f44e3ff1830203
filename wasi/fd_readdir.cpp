// SPDX-License-Identifier: Apache-2.0
// Listing a directory: the host's entries become the guest's, as many as its buffer takes.
#include <dirent.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "wasi/functions.h"

namespace heddle::wasi::functions {

namespace {

/// From the host, in one go.
constexpr size_t kBatchBytes = size_t{32} << 10;

FileType type_of_entry(unsigned char type) {
  switch (type) {
    case DT_REG: return FileType::regular_file;
    case DT_DIR: return FileType::directory;
    case DT_LNK: return FileType::symbolic_link;
    case DT_CHR: return FileType::character_device;
    case DT_BLK: return FileType::block_device;
    case DT_SOCK: return FileType::socket_stream;
    default: return FileType::unknown;
  }
}

/// Fills the guest's buffer; the last entry may be cut off, which tells the guest to ask for it again.
class Listing {
 public:
  Listing(std::span<uint8_t> buffer, uint64_t own_inode) : buffer_(buffer), own_inode_(own_inode) {}

  [[nodiscard]] bool is_full() const { return used_ == buffer_.size(); }
  [[nodiscard]] Size used() const { return static_cast<Size>(used_); }

  void add(const dirent64& entry) {
    const std::string_view name = entry.d_name;
    DirectoryEntry header{};
    header.next = static_cast<uint64_t>(entry.d_off);
    // The parent may be outside of what the guest may know; so, as in a root, it is the directory itself. Not
    // 0: C libraries would then ask for the inode by path_filestat_get, which must refuse, and end the
    // listing.
    header.inode = name == ".." ? own_inode_ : entry.d_ino;
    header.name_size = static_cast<Size>(name.size());
    header.type = type_of_entry(entry.d_type);
    append(&header, sizeof header);
    append(name.data(), name.size());
  }

 private:
  void append(const void* bytes, size_t size) {
    const size_t taken = std::min(size, buffer_.size() - used_);
    if (taken != 0) std::memcpy(buffer_.data() + used_, bytes, taken);
    used_ += taken;
  }

  std::span<uint8_t> buffer_;
  const uint64_t own_inode_;
  size_t used_ = 0;
};

/// Adds entries from the host's position on. REQUIRES: the descriptor's turn.
Answer list(const Descriptor& directory, Listing& listing) {
  alignas(dirent64) char batch[kBatchBytes];
  while (!listing.is_full()) {
    const long got = syscall(SYS_getdents64, directory.host(), batch, sizeof batch);
    if (got < 0) return last_error();
    if (got == 0) break;
    for (long at = 0; at < got && !listing.is_full();) {
      const auto* entry = reinterpret_cast<const dirent64*>(batch + at);
      listing.add(*entry);
      at += entry->d_reclen;
    }
  }
  return {};
}

}  // namespace

/// The host's own positions are the cookies, so a listing needs no state between two calls.
Answer fd_readdir(Call& call, Fd fd, Address buffer, Size buffer_size, uint64_t cookie, Address out_size) {
  HEDDLE_TRY_ASSIGN(const auto directory, call.directory(fd, rights::fd_readdir));
  HEDDLE_TRY_ASSIGN(const auto place, call.memory().range(buffer, buffer_size));
  HEDDLE_TRY_ASSIGN(const auto out, call.memory().out<Size>(out_size));
  if (cookie > INT64_MAX) return Errno::inval;
  struct stat own;
  if (fstat(directory->host(), &own) != 0) return last_error();
  Listing listing(place, own.st_ino);
  {
    const engine::MutexLock lock(directory->turn);
    if (lseek(directory->host(), static_cast<off_t>(cookie), SEEK_SET) < 0) return last_error();
    HEDDLE_TRY(list(*directory, listing));
  }
  out.set(listing.used());
  return {};
}

}  // namespace heddle::wasi::functions
