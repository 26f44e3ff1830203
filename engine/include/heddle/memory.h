// SPDX-License-Identifier: Apache-2.0
// Memory: a handle on a linear memory; SharedMemory: one that stores on several threads use together.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>

#include <heddle/engine.h>
#include <heddle/export.h>
#include <heddle/handle.h>
#include <heddle/store.h>
#include <heddle/types.h>

namespace heddle::engine {
class Memory;
}

namespace heddle {

/// What Memory and SharedMemory have in common. Addresses and sizes are in bytes, and every access is
/// checked. The bytes never move; they stay readable while any handle on the memory exists.
class HEDDLE_API MemoryView {
 public:
  [[nodiscard]] MemoryType type() const;
  /// 0 for an empty handle.
  [[nodiscard]] uint64_t size() const noexcept;
  [[nodiscard]] uint64_t pages() const noexcept;
  /// The bytes as of now. Guests may grow the memory: ask again to see more.
  [[nodiscard]] std::span<uint8_t> data() const noexcept;

  /// Adds pages; returns how many there were. Errors: resource, if the maximum, a limit or the host refuses.
  Result<uint64_t> grow(uint64_t pages) const;

  /// Copies out of, into the memory. Errors: usage, naming address and size; then nothing is copied.
  Result<void> read(uint64_t address, std::span<uint8_t> into) const;
  Result<void> write(uint64_t address, std::span<const uint8_t> from) const;

  /// One little-endian value of a plain type.
  template <class T>
  [[nodiscard]] Result<T> load(uint64_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    if (auto done = read(address, {reinterpret_cast<uint8_t*>(&value), sizeof value}); !done)
      return done.error();
    return value;
  }
  template <class T>
  Result<void> store(uint64_t address, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    return write(address, {reinterpret_cast<const uint8_t*>(&value), sizeof value});
  }

  [[nodiscard]] bool empty() const noexcept { return memory_ == nullptr; }
  explicit operator bool() const noexcept { return !empty(); }

 protected:
  friend struct detail::Access;
  MemoryView() = default;
  explicit MemoryView(std::shared_ptr<engine::Memory> memory) : memory_(std::move(memory)) {}
  std::shared_ptr<engine::Memory> memory_;
};

/// Created by the host or exported by a guest; any store of its engine may import it, on any thread.
///
/// Threads: every function may be called from any thread. read() and write() are plain copies: what guests
/// write at the same time may be seen in part; use std::atomic_ref on data() where that matters.
class HEDDLE_API SharedMemory : public MemoryView {
 public:
  SharedMemory() = default;
  /// `type.is_shared` is taken as set; a maximum is required. Errors: usage, resource.
  [[nodiscard]] static Result<SharedMemory> create(const Engine& engine, MemoryType type);

  enum class Wait : uint8_t { woken, not_equal, timed_out };
  /// As memory.atomic.notify: wakes up to `count` waiters, oldest first; how many. Errors: usage (bounds,
  /// alignment).
  Result<uint32_t> notify(uint64_t address, uint32_t count) const;
  /// As memory.atomic.wait32, for a host thread: sleeps while the 4 bytes hold `expected`. Negative: no time
  /// limit.
  Result<Wait> wait(uint64_t address, uint32_t expected,
                    std::chrono::nanoseconds timeout = std::chrono::nanoseconds(-1)) const;

  friend bool operator==(const SharedMemory& a, const SharedMemory& b) noexcept {
    return a.memory_ == b.memory_;
  }

 private:
  friend struct detail::Access;
  SharedMemory(std::shared_ptr<detail::EngineImpl> engine, std::shared_ptr<engine::Memory> memory)
      : MemoryView(std::move(memory)), engine_(std::move(engine)) {}
  std::shared_ptr<detail::EngineImpl> engine_;
};

/// A memory of one store. Threads: as the store's.
class HEDDLE_API Memory : public MemoryView {
 public:
  Memory() = default;
  /// Errors: usage, resource (limits of the store, or the host).
  [[nodiscard]] static Result<Memory> create(const StoreRef& store, const MemoryType& type);
  /// The same memory for other stores and threads, if it is shared.
  [[nodiscard]] std::optional<SharedMemory> shared() const;

  friend bool operator==(const Memory& a, const Memory& b) noexcept { return a.memory_ == b.memory_; }

 private:
  friend struct detail::Access;
  Memory(std::shared_ptr<detail::StoreLink> link, std::shared_ptr<engine::Memory> memory)
      : MemoryView(std::move(memory)), link_(std::move(link)) {}
  std::shared_ptr<detail::StoreLink> link_;
};

}  // namespace heddle
