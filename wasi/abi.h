// SPDX-License-Identifier: Apache-2.0
// The numbers and memory layouts of WASI preview 1, as guests see them.
//
// Structures are copied to and from guest memory as they are, so they have no hidden padding, and the host is
// little-endian as guests are. (WASI/phases/snapshot/docs.md)
#pragma once

#include <bit>
#include <cstdint>

namespace heddle::wasi {

static_assert(std::endian::native == std::endian::little, "structures are copied as they are");

using Fd = uint32_t;
using Address = uint32_t;  ///< in guest memory
using Size = uint32_t;

enum class Errno : uint32_t {
#define HEDDLE_WASI_ERRNO(name, value, host) name = (value),
#include "wasi/errnos.def"
};

namespace rights {
#define HEDDLE_WASI_RIGHT(name, bit, on_files, on_directories) inline constexpr uint64_t name = 1ull << (bit);
#include "wasi/rights.def"

inline constexpr uint64_t kNone = 0;
inline constexpr uint64_t kAll = 0
#define HEDDLE_WASI_RIGHT(name, bit, on_files, on_directories) | name
#include "wasi/rights.def"
    ;
inline constexpr uint64_t kOfFiles = 0
#define HEDDLE_WASI_RIGHT(name, bit, on_files, on_directories) | ((on_files) ? name : 0)
#include "wasi/rights.def"
    ;
inline constexpr uint64_t kOfDirectories = 0
#define HEDDLE_WASI_RIGHT(name, bit, on_files, on_directories) | ((on_directories) ? name : 0)
#include "wasi/rights.def"
    ;
/// Rights that need the file open for reading, for writing.
inline constexpr uint64_t kReading = fd_read | fd_readdir;
inline constexpr uint64_t kWriting = fd_datasync | fd_write | fd_allocate | fd_filestat_set_size;
}  // namespace rights

enum class FileType : uint8_t {
  unknown,
  block_device,
  character_device,
  directory,
  regular_file,
  socket_dgram,
  socket_stream,
  symbolic_link,
};

// Flags stay plain numbers: they come from guests and may hold any bits.

namespace fd_flags {
inline constexpr uint32_t kAppend = 1, kDsync = 2, kNonblock = 4, kRsync = 8, kSync = 16, kAll = 31;
}
namespace open_flags {
inline constexpr uint32_t kCreate = 1, kDirectory = 2, kExclusive = 4, kTruncate = 8, kAll = 15;
}
namespace time_flags {
inline constexpr uint32_t kAccessed = 1, kAccessedNow = 2, kModified = 4, kModifiedNow = 8, kAll = 15;
}
namespace lookup_flags {
inline constexpr uint32_t kFollow = 1, kAll = 1;
}

struct IoVector {
  Address address;
  Size size;
};
static_assert(sizeof(IoVector) == 8);

struct FdStat {
  FileType type;
  uint8_t zero;
  uint16_t flags;
  uint32_t also_zero;
  uint64_t rights_base;
  uint64_t rights_inheriting;
};
static_assert(sizeof(FdStat) == 24);

struct FileStat {
  uint64_t device;
  uint64_t inode;
  FileType type;
  uint8_t zeros[7];
  uint64_t links;
  uint64_t size;
  uint64_t accessed;
  uint64_t modified;
  uint64_t changed;
};
static_assert(sizeof(FileStat) == 64);

struct Prestat {
  uint32_t tag;  ///< 0: a directory
  Size name_size;
};
static_assert(sizeof(Prestat) == 8);

struct DirectoryEntry {
  uint64_t next;
  uint64_t inode;
  Size name_size;
  FileType type;
  uint8_t zeros[3];
};
static_assert(sizeof(DirectoryEntry) == 24);

enum class EventType : uint8_t { clock, fd_read, fd_write };

struct Subscription {
  uint64_t user_data;
  EventType type;
  uint8_t unused[7];
  uint32_t clock_or_fd;
  uint32_t unused_too;
  uint64_t timeout;  // this and the rest: clocks only
  uint64_t precision;
  uint16_t clock_flags;  ///< 1: timeout is a time, not a span
  uint8_t padding[6];
};
static_assert(sizeof(Subscription) == 48);

struct Event {
  uint64_t user_data;
  uint16_t error;
  EventType type;
  uint8_t zeros[5];
  uint64_t bytes;
  uint16_t flags;  ///< 1: the peer hung up
  uint8_t more_zeros[6];
};
static_assert(sizeof(Event) == 32);

}  // namespace heddle::wasi
