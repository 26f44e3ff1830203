// SPDX-License-Identifier: Apache-2.0
// Heap: allocation, and the blocks it comes from. Collecting is in heap_collect.cpp.
#include "engine/gc/heap.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <new>

#include "engine/support/bits.h"

#ifdef HEDDLE_MIMALLOC
#include <mimalloc.h>
#endif

namespace heddle::engine::gc {

namespace {

#ifdef HEDDLE_MIMALLOC
void* get_aligned(uint64_t bytes) noexcept { return mi_malloc_aligned(bytes, kBlockBytes); }
void give_back(void* memory) noexcept { mi_free(memory); }
#else
void* get_aligned(uint64_t bytes) noexcept {
  return std::aligned_alloc(kBlockBytes, align_up(bytes, kBlockBytes));
}
void give_back(void* memory) noexcept { std::free(memory); }
#endif

constexpr uint32_t cells_in_block(unsigned size_class) {
  return static_cast<uint32_t>((kBlockBytes - Block::kFirstCell) / cell_bytes(size_class));
}

}  // namespace

Heap::~Heap() {
  for (Block* const list : swept_) release_list(list);
  for (Block* const list : unswept_) release_list(list);
  release_list(large_);
  release_list(empty_);
}

void Heap::set_limits(const HeapLimits& limits) {
  limits_ = limits;
  // The fast path would find these cells and not collect; the next collection finds them again.
  if (limits.collect_always) free_.fill(nullptr);
}

// Blocks.

Block* Heap::make_block(uint64_t bytes) noexcept {
  if (!has_room(bytes)) return nullptr;
  void* const memory = get_aligned(bytes);
  if (memory == nullptr) return nullptr;
  auto* const block = new (memory) Block;
  block->bytes = bytes;
  if (!table_.insert(block)) {
    give_back(memory);
    return nullptr;
  }
  statistics_.block_bytes += bytes;
  return block;
}

void Heap::release_block(Block* block) noexcept {
  table_.erase(block);
  statistics_.block_bytes -= block->bytes;
  unpoison(block, block->bytes);
  give_back(block);
}

void Heap::release_list(Block* list) noexcept {
  while (list != nullptr) {
    Block* const next = list->next;
    release_block(list);
    list = next;
  }
}

bool Heap::has_room(uint64_t bytes) const noexcept {
  return statistics_.block_bytes <= limits_.bytes && bytes <= limits_.bytes - statistics_.block_bytes;
}

Block* Heap::take_empty_block() noexcept {
  if (empty_ == nullptr) return make_block(kBlockBytes);
  Block* const block = empty_;
  empty_ = block->next;
  --empty_count_;
  return block;
}

/// Divides an empty block into free cells.
void Heap::open_block(Block& block, unsigned size_class) noexcept {
  block.size_class = size_class;
  block.cell = cell_bytes(size_class);
  block.cells = cells_in_block(size_class);
  block.marks.fill(0);
  unpoison(block.first(), kBlockBytes - Block::kFirstCell);
  FreeCell* next = nullptr;
  for (uint32_t i = block.cells; i-- > 0;) {
    FreeCell* const cell = block.cell_at(i);
    *cell = {nullptr, next};
    poison(cell + 1, block.cell - sizeof *cell);
    next = cell;
  }
  block.next = swept_[size_class];
  swept_[size_class] = &block;
  allocated_since_ += uint64_t{block.cells} * block.cell;
  statistics_.allocated_bytes += uint64_t{block.cells} * block.cell;
}

// Allocation.

Object* Heap::refill(unsigned size_class) noexcept {
  bool collected = false;
  if (limits_.collect_always || allocated_since_ >= collect_at_) {
    if (!collect_for_guest()) return nullptr;
    collected = true;
  }
  for (;;) {
    FreeCell* cells = limits_.collect_always ? search_cell(size_class) : next_cells(size_class);
    if (cells == nullptr) {
      if (Block* const block = take_empty_block()) {
        open_block(*block, size_class);
        cells = block->cell_at(0);
      }
    }
    if (cells != nullptr) {
      if (!limits_.collect_always) free_[size_class] = cells->next;
      unpoison(cells, cell_bytes(size_class));
      return reinterpret_cast<Object*>(cells);
    }
    if (collected || !collect_for_room()) return nullptr;
    collected = true;
  }
}

/// Free cells of the next unswept block that has any.
FreeCell* Heap::next_cells(unsigned size_class) noexcept {
  while (Block* const block = unswept_[size_class]) {
    unswept_[size_class] = block->next;
    FreeCell* const cells = sweep(*block);
    block->next = swept_[size_class];
    swept_[size_class] = block;
    if (cells != nullptr) return cells;
  }
  return nullptr;
}

/// A free cell of a block that is swept. Where every allocation collects nothing else finds it: that sweeps
/// all blocks at once, so that a use of what is dead is seen.
FreeCell* Heap::search_cell(unsigned size_class) noexcept {
  for (Block* block = swept_[size_class]; block != nullptr; block = block->next) {
    for (uint32_t i = 0; i < block->cells; ++i) {
      FreeCell* const cell = block->cell_at(i);
      if (cell->layout == nullptr) return cell;
    }
  }
  return nullptr;
}

/// Collects because the quota, or the host, refuses more. False if it was stopped, or too little came of it:
/// a guest at its quota shall stop, not crawl from one collection to the next.
bool Heap::collect_for_room() noexcept {
  return collect_for_guest() && statistics_.live_bytes <= limits_.bytes - limits_.bytes / 64;
}

Object* Heap::allocate_large(const TypeLayout& layout, uint64_t bytes) noexcept {
  const uint64_t block_bytes = Block::kFirstCell + align_up(bytes, kGranule);
  if (block_bytes > limits_.bytes) return nullptr;
  const bool due = limits_.collect_always || allocated_since_ + bytes >= collect_at_;
  if (due && !collect_for_guest()) return nullptr;
  Block* block = make_block(block_bytes);
  if (block == nullptr && !due && collect_for_room()) block = make_block(block_bytes);
  if (block == nullptr) {
    // Empty blocks are only a reserve.
    release_list(empty_);
    empty_ = nullptr;
    empty_count_ = 0;
    block = make_block(block_bytes);
  }
  if (block == nullptr) return nullptr;
  block->is_large = true;
  block->cells = 1;
  block->cell = static_cast<uint32_t>(std::min<uint64_t>(align_up(bytes, kGranule), UINT32_MAX));
  block->next = large_;
  large_ = block;
  allocated_since_ += bytes;
  statistics_.allocated_bytes += bytes;
  auto* const object = reinterpret_cast<Object*>(block->first());
  object->layout = &layout;
  return object;
}

Array* Heap::allocate_array(const TypeLayout& layout, uint32_t length) noexcept {
  assert(layout.kind == ObjectKind::array);
  const uint64_t bytes = TypeLayout::kElementsOffset + (uint64_t{length} << layout.element_log2);
  auto* const array = static_cast<Array*>(allocate_object(layout, bytes));
  if (array != nullptr) array->length = length;
  return array;
}

Exception* Heap::allocate_exception(const TypeLayout& layout, const void* tag) noexcept {
  assert(layout.kind == ObjectKind::exception);
  auto* const exception = static_cast<Exception*>(allocate_object(layout, layout.bytes));
  if (exception != nullptr) exception->tag = tag;
  return exception;
}

Object* Heap::find_object(uint64_t address) const noexcept {
  Block* const block = table_.find(address);
  if (block == nullptr) return nullptr;
  const uint64_t first = reinterpret_cast<uint64_t>(block->first());
  if (address < first || block->cells == 0) return nullptr;
  const uint64_t offset = address - first;
  if (block->is_large ? offset != 0 : offset % block->cell != 0 || offset / block->cell >= block->cells)
    return nullptr;
  Object* const object = object_of(address);
  return object->layout == nullptr ? nullptr : object;
}

}  // namespace heddle::engine::gc
