// SPDX-License-Identifier: Apache-2.0
// Heap: marking and sweeping.
#include <algorithm>
#include <cassert>
#include <chrono>

#include "engine/gc/heap.h"

namespace heddle::engine::gc {

void Marker::precise(uint64_t slot) {
  if (slot != 0 && is_pointer(slot)) heap_.mark_object(object_of(slot));
}

void Marker::conservative(std::span<const uint64_t> slots) {
  for (const uint64_t slot : slots) {
    if (Object* const object = heap_.find_object(slot)) heap_.mark_object(object);
  }
}

void Heap::collect() noexcept {
  const auto start = std::chrono::steady_clock::now();
  // Marking must find every dead cell freed: a stale slot could bring it back, with fields that lead nowhere.
  finish_sweep();
  free_.fill(nullptr);
  mark_all();
  start_sweep();
  if (limits_.collect_always) finish_sweep();
  collect_at_ = std::max(kFirstThreshold, statistics_.live_bytes);
  allocated_since_ = 0;
  const auto pause = std::chrono::steady_clock::now() - start;
  const auto nanoseconds =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(pause).count());
  ++statistics_.collections;
  statistics_.pause_nanoseconds += nanoseconds;
  statistics_.longest_pause = std::max(statistics_.longest_pause, nanoseconds);
}

// Marking.

void Heap::mark_all() noexcept {
  statistics_.live_bytes = 0;
  Marker marker(*this);
  roots_.show_roots(marker);
  drain();
  while (stack_overflowed_) {
    stack_overflowed_ = false;
    trace_marked_again();
  }
  stack_.shrink();
}

void Heap::mark_object(Object* object) noexcept {
  assert(find_object(slot_of(object)) == object);
  Block* const block = Block::of(object);
  if (!block->mark(object)) return;
  statistics_.live_bytes += block->cell;
  const TypeLayout& layout = *object->layout;
  const bool is_leaf =
      layout.kind == ObjectKind::array ? layout.elements == Traced::no : layout.references.empty();
  if (!is_leaf && !stack_.push(object)) stack_overflowed_ = true;
}

void Heap::trace(Object* object) noexcept {
  const TypeLayout& layout = *object->layout;
  const auto visit = [this](uint64_t slot) {
    if (slot != 0 && is_pointer(slot)) mark_object(object_of(slot));
  };
  if (layout.kind == ObjectKind::array) {
    if (layout.elements == Traced::no) return;
    auto* const array = static_cast<Array*>(object);
    const auto* const elements = reinterpret_cast<const uint64_t*>(array->elements());
    for (uint32_t i = 0; i < array->length; ++i) visit(elements[i]);
    return;
  }
  for (const uint32_t offset : layout.references) {
    uint64_t slot;
    std::memcpy(&slot, object->bytes() + offset, sizeof slot);
    visit(slot);
  }
}

void Heap::drain() noexcept {
  while (Object* const object = stack_.pop()) trace(object);
}

/// The mark stack ran over, so some marked object was not traced: traces all of them once more. Each round
/// marks at least what the stack can hold, or is the last.
void Heap::trace_marked_again() noexcept {
  const auto trace_block = [this](Block& block) {
    for (uint32_t i = 0; i < block.cells; ++i) {
      auto* const object = reinterpret_cast<Object*>(block.cell_at(i));
      if (!block.is_marked(object)) continue;
      trace(object);
      drain();
    }
  };
  for (Block* list : swept_) {
    for (; list != nullptr; list = list->next) trace_block(*list);
  }
  for (Block* block = large_; block != nullptr; block = block->next) trace_block(*block);
}

// Sweeping.

/// Blocks without a marked cell become empty at once; the others wait until their class needs cells.
void Heap::start_sweep() noexcept {
  const uint64_t kept = collect_at_ / kBlockBytes;
  for (unsigned size_class = 0; size_class < kSizeClasses; ++size_class) {
    assert(unswept_[size_class] == nullptr);
    Block* next = nullptr;
    for (Block* block = swept_[size_class]; block != nullptr; block = next) {
      next = block->next;
      const bool is_dead = std::ranges::all_of(block->marks, [](uint64_t word) { return word == 0; });
      if (!is_dead) {
        block->next = unswept_[size_class];
        unswept_[size_class] = block;
      } else if (empty_count_ >= kept) {
        release_block(block);
      } else {
        block->cells = 0;
        poison(block->first(), kBlockBytes - Block::kFirstCell);
        block->next = empty_;
        empty_ = block;
        ++empty_count_;
      }
    }
    swept_[size_class] = nullptr;
  }
  sweep_large();
}

void Heap::sweep_large() noexcept {
  for (Block** link = &large_; *link != nullptr;) {
    Block* const block = *link;
    if (block->is_marked(block->first())) {
      block->marks.fill(0);
      link = &block->next;
    } else {
      *link = block->next;
      release_block(block);
    }
  }
}

void Heap::finish_sweep() noexcept {
  for (unsigned size_class = 0; size_class < kSizeClasses; ++size_class) {
    while (Block* const block = unswept_[size_class]) {
      unswept_[size_class] = block->next;
      (void)sweep(*block);
      block->next = swept_[size_class];
      swept_[size_class] = block;
    }
  }
}

FreeCell* Heap::sweep(Block& block) noexcept {
  FreeCell* cells = nullptr;
  uint64_t count = 0;
  for (uint32_t i = block.cells; i-- > 0;) {
    FreeCell* const cell = block.cell_at(i);
    if (block.is_marked(cell)) continue;
    *cell = {nullptr, cells};
    poison(cell + 1, block.cell - sizeof *cell);
    cells = cell;
    ++count;
  }
  block.marks.fill(0);
  allocated_since_ += count * block.cell;
  statistics_.allocated_bytes += count * block.cell;
  return cells;
}

}  // namespace heddle::engine::gc
