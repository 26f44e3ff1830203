// SPDX-License-Identifier: Apache-2.0
// Table and Global: the other two kinds of mutable state an instance may own, import and export.
//
// Neither is shared between threads; they belong to one Store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/module/module.h"
#include "engine/runtime/memory.h"
#include "engine/runtime/slot.h"

namespace heddle::engine {

/// References in a row: Function* for func types, any pointer-sized payload for extern types; 0 is null.
class Table {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Table>> create(const TableType& type, Slot init,
                                                             std::shared_ptr<GrowthLimiter> limiter);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  [[nodiscard]] uint64_t size() const noexcept { return size_; }
  [[nodiscard]] const Slot* elements() const noexcept { return elements_; }
  /// The elements, to be written.
  [[nodiscard]] Slot* written_elements() noexcept {
    written_ = true;
    return elements_;
  }
  [[nodiscard]] const TableType& type() const noexcept { return type_; }
  /// Where compiled code finds elements(), size() and is_written().
  [[nodiscard]] static constexpr size_t elements_offset() noexcept { return offsetof(Table, elements_); }
  [[nodiscard]] static constexpr size_t size_offset() noexcept { return offsetof(Table, size_); }
  [[nodiscard]] static constexpr size_t written_offset() noexcept { return offsetof(Table, written_); }
  [[nodiscard]] bool contains(uint64_t index, uint64_t count) const noexcept {
    return index <= size_ && count <= size_ - index;
  }
  /// The old size, or -1 (limit, maximum or host memory). Elements may move.
  int64_t grow(uint64_t delta, Slot init) noexcept;

  /// Has it been written to or grown since it was created, or since forget_writes()?
  [[nodiscard]] bool is_written() const noexcept { return written_; }
  void forget_writes() noexcept { written_ = false; }
  /// Back to the size it was created with, all elements `init`.
  void reset(Slot init) noexcept;

 private:
  Table() = default;
  [[nodiscard]] bool reserve(uint64_t elements) noexcept;

  Slot* elements_ = nullptr;  // first two members: the interpreter reads them on every call_indirect
  uint64_t size_ = 0;
  uint64_t capacity_ = 0;
  bool written_ = false;
  TableType type_;
  std::shared_ptr<GrowthLimiter> limiter_;
};

/// One global variable; 16 bytes so that a v128 fits.
struct Global {
  alignas(16) Slot value[2] = {0, 0};
  GlobalType type;
};

}  // namespace heddle::engine
