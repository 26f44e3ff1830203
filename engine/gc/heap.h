// SPDX-License-Identifier: Apache-2.0
// Heap: the garbage-collected objects of one store: a non-moving mark-sweep collector.
//
// Objects never move. Small ones live in blocks of cells of one size, each larger one in a block of its own.
// A collection happens inside an allocation: it marks what the RootSource shows and what that reaches (with
// an explicit stack, and without one if there is no memory for it), and sweeps lazily, block by block, as
// cells are needed. Slots of the guest's stack are roots conservatively: whatever looks like the address of
// an object keeps it. Fields, globals, tables and handles are precise.
//
// What a new object holds besides its header is undefined; its owner fills it before the next allocation.
// Allocation fails with null when the quota or the host's memory ends; the heap stays usable. It also fails
// if somebody wants the guest to stop while it collects (stop_when): a collection may be longer than they can
// wait.
//
// Threads: belongs to its store's thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "engine/gc/block.h"
#include "engine/gc/block_table.h"
#include "engine/gc/mark_stack.h"
#include "engine/gc/object.h"

namespace heddle::engine::gc {

class Heap;

/// Handed to a RootSource during a collection.
class Marker {
 public:
  /// A slot that holds a reference of a traced type.
  void precise(uint64_t slot);
  void precise(std::span<const uint64_t> slots) {
    for (const uint64_t slot : slots) precise(slot);
  }
  /// Slots that hold anything.
  void conservative(std::span<const uint64_t> slots);

 private:
  friend class Heap;
  explicit Marker(Heap& heap) : heap_(heap) {}
  Heap& heap_;
};

/// Knows everything from which objects are reached.
class RootSource {
 public:
  virtual ~RootSource() = default;
  virtual void show_roots(Marker& marker) = 0;
};

struct HeapLimits {
  uint64_t bytes = uint64_t{1} << 30;  ///< blocks, free cells included
  bool collect_always = false;         ///< before every allocation: finds forgotten roots in tests
};

struct HeapStatistics {
  uint64_t collections = 0;
  uint64_t pause_nanoseconds = 0;  ///< of all collections together
  uint64_t longest_pause = 0;
  uint64_t allocated_bytes = 0;  ///< ever, by the block
  uint64_t live_bytes = 0;       ///< after the last collection
  uint64_t block_bytes = 0;      ///< now
};

class Heap {
 public:
  /// `roots` must outlive all allocations.
  explicit Heap(RootSource& roots) : roots_(roots) {}
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  void set_limits(const HeapLimits& limits);

  /// Objects with their headers (layout, length, tag) filled in. Null if there is no room.
  [[nodiscard]] Object* allocate_structure(const TypeLayout& layout) noexcept {
    return allocate_object(layout, layout.bytes);
  }
  [[nodiscard]] Array* allocate_array(const TypeLayout& layout, uint32_t length) noexcept;
  /// `layout` is that of the tag's type. The payload is to be filled in.
  [[nodiscard]] Exception* allocate_exception(const TypeLayout& layout, const void* tag) noexcept;

  /// A cell of a size class without any slow path: null if none is at hand, or collect_always. The caller
  /// writes the header.
  [[nodiscard]] Object* take_cell(unsigned size_class) noexcept {
    FreeCell* const cell = free_[size_class];
    if (cell == nullptr) [[unlikely]]
      return nullptr;
    free_[size_class] = cell->next;
    unpoison(cell, cell_bytes(size_class));
    return reinterpret_cast<Object*>(cell);
  }

  /// The whole collection, whoever waits.
  void collect() noexcept { (void)run_collection(nullptr); }

  /// Collections inside an allocation end early, without result, once `requests` has one of `bits`. It must
  /// outlive the heap; any thread may write it.
  void stop_when(const std::atomic<uint32_t>& requests, uint32_t bits) noexcept {
    stop_requests_ = &requests;
    stop_bits_ = bits;
  }
  [[nodiscard]] bool must_stop() const noexcept { return asks_to_stop(stop_requests_); }

  /// The object at this very address, or null if none begins there.
  [[nodiscard]] Object* find_object(uint64_t address) const noexcept;

  [[nodiscard]] const HeapStatistics& statistics() const noexcept { return statistics_; }

  /// Tests: right after collect(), does every object that is left refer to objects only?
  [[nodiscard]] bool verify() noexcept;
  /// Tests: the mark stack holds no more than this many objects.
  void limit_mark_stack(size_t entries) noexcept { stack_.limit(entries); }

 private:
  friend class Marker;

  [[nodiscard]] Object* allocate_object(const TypeLayout& layout, uint64_t bytes) noexcept {
    if (bytes <= kGreatestCell) [[likely]] {
      const unsigned size_class = size_class_of(static_cast<uint32_t>(bytes));
      Object* object = take_cell(size_class);
      if (object == nullptr) [[unlikely]]
        object = refill(size_class);
      if (object != nullptr) [[likely]]
        object->layout = &layout;
      return object;
    }
    return allocate_large(layout, bytes);
  }
  Object* refill(unsigned size_class) noexcept;
  [[nodiscard]] Object* allocate_large(const TypeLayout& layout, uint64_t bytes) noexcept;

  // Blocks.
  [[nodiscard]] Block* make_block(uint64_t bytes) noexcept;
  [[nodiscard]] Block* take_empty_block() noexcept;
  void release_block(Block* block) noexcept;
  void release_list(Block* list) noexcept;
  void open_block(Block& block, unsigned size_class) noexcept;
  [[nodiscard]] FreeCell* next_cells(unsigned size_class) noexcept;
  [[nodiscard]] FreeCell* search_cell(unsigned size_class) noexcept;

  // Collecting. What returns bool returns false if it was stopped.
  [[nodiscard]] bool asks_to_stop(const std::atomic<uint32_t>* requests) const noexcept {
    return requests != nullptr && (requests->load(std::memory_order_relaxed) & stop_bits_) != 0;
  }
  [[nodiscard]] bool run_collection(const std::atomic<uint32_t>* stop_requests) noexcept;
  [[nodiscard]] bool collect_for_guest() noexcept { return run_collection(stop_requests_); }
  [[nodiscard]] bool collect_for_room() noexcept;
  [[nodiscard]] bool pause_is_over() noexcept;
  void forget_marks() noexcept;
  [[nodiscard]] bool has_room(uint64_t bytes) const noexcept;
  [[nodiscard]] bool mark_all() noexcept;
  void mark_object(Object* object) noexcept;
  [[nodiscard]] bool trace(Object* object) noexcept;
  [[nodiscard]] bool drain() noexcept;
  [[nodiscard]] bool trace_marked_again() noexcept;
  void start_sweep() noexcept;
  [[nodiscard]] bool finish_sweep() noexcept;
  /// Frees the dead cells; the list of all free ones.
  FreeCell* sweep(Block& block) noexcept;
  void sweep_large() noexcept;

  RootSource& roots_;
  std::array<FreeCell*, kSizeClasses> free_{};
  std::array<Block*, kSizeClasses> swept_{};    ///< in use: all their free cells are in free_, or gone
  std::array<Block*, kSizeClasses> unswept_{};  ///< marked by the last collection
  Block* large_ = nullptr;
  Block* empty_ = nullptr;
  uint32_t empty_count_ = 0;
  BlockTable table_;
  MarkStack stack_;
  bool stack_overflowed_ = false;
  const std::atomic<uint32_t>* stop_requests_ = nullptr;  ///< see stop_when
  uint32_t stop_bits_ = 0;
  const std::atomic<uint32_t>* stops_this_ = nullptr;  ///< the running collection; null: nobody may
  uint32_t until_look_ = kWorkBetweenLooks;            ///< references to trace before the next look at it
  HeapLimits limits_;
  uint64_t allocated_since_ = 0;  ///< bytes handed out since the last collection, by the block
  uint64_t collect_at_ = kFirstThreshold;
  HeapStatistics statistics_;

  static constexpr uint64_t kFirstThreshold = uint64_t{4} << 20;
  static constexpr uint32_t kWorkBetweenLooks = 1 << 16;
};

}  // namespace heddle::engine::gc
