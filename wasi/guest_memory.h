// SPDX-License-Identifier: Apache-2.0
// GuestMemory: the only way from an address of a guest to bytes of the host; every step is checked.
//
// The memory may be shared, so other threads may change the bytes at any time. What decides anything is
// therefore copied once and only the copy is judged. Memories never shrink and never move: a place that was
// inside stays so.
#pragma once

#include <sys/uio.h>

#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "engine/support/try.h"
#include "wasi/errors.h"

namespace heddle::wasi {

/// A place for one result, known to be inside the memory.
template <class T>
class Out {
 public:
  explicit Out(uint8_t* place) : place_(place) {}
  void set(const T& value) const noexcept { std::memcpy(place_, &value, sizeof value); }

 private:
  uint8_t* place_;
};

/// Buffers of a guest for one call of the host.
struct Buffers {
  std::vector<iovec> parts;
  uint64_t bytes = 0;
};

class GuestMemory {
 public:
  GuestMemory() = default;
  explicit GuestMemory(std::span<uint8_t> bytes) : bytes_(bytes) {}

  /// Errors of all: fault, if a byte would be outside.
  [[nodiscard]] Expected<std::span<uint8_t>> range(Address address, uint64_t size) const {
    if (address > bytes_.size() || size > bytes_.size() - address) return Errno::fault;
    return bytes_.subspan(address, size);
  }

  template <class T>
  [[nodiscard]] Expected<Out<T>> out(Address address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    HEDDLE_TRY_ASSIGN(const auto place, range(address, sizeof(T)));
    return Out<T>(place.data());
  }

  /// A copy of `count` structures.
  template <class T>
  [[nodiscard]] Expected<std::vector<T>> copy(Address address, uint64_t count) const {
    static_assert(std::is_trivially_copyable_v<T>);
    HEDDLE_TRY_ASSIGN(const auto place, range(address, count * sizeof(T)));
    std::vector<T> values(count);
    if (count != 0) std::memcpy(values.data(), place.data(), place.size());
    return values;
  }

  /// The buffers that an array of IoVector describes. More than `most_bytes`, or more of them than the host
  /// takes at once, are left out: reads and writes may be short.
  [[nodiscard]] Expected<Buffers> buffers(Address vectors, Size count, uint64_t most_bytes) const;

 private:
  std::span<uint8_t> bytes_;
};

}  // namespace heddle::wasi
