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

bool Heap::run_collection(const std::atomic<uint32_t>* stop_requests) noexcept {
  const auto start = std::chrono::steady_clock::now();
  stops_this_ = stop_requests;
  // Marking must find every dead cell freed: a stale slot could bring it back, with fields that lead nowhere.
  if (!finish_sweep()) return false;
  free_.fill(nullptr);
  const uint64_t live_before = statistics_.live_bytes;
  if (!mark_all()) {
    forget_marks();
    statistics_.live_bytes = live_before;
    return false;
  }
  start_sweep();
  stops_this_ = nullptr;
  if (limits_.collect_always) (void)finish_sweep();
  collect_at_ = std::max(kFirstThreshold, statistics_.live_bytes);
  allocated_since_ = 0;
  const auto pause = std::chrono::steady_clock::now() - start;
  const auto nanoseconds =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(pause).count());
  ++statistics_.collections;
  statistics_.pause_nanoseconds += nanoseconds;
  statistics_.longest_pause = std::max(statistics_.longest_pause, nanoseconds);
  return true;
}

/// Looked at every few hundred microseconds: does somebody want the collection to end?
bool Heap::pause_is_over() noexcept {
  until_look_ = kWorkBetweenLooks;
  return asks_to_stop(stops_this_);
}

/// After a collection that was stopped everything counts as live, and free cells wait for the next one: all
/// blocks are in the lists of the swept ones, without marks, as before it.
void Heap::forget_marks() noexcept {
  while (stack_.pop() != nullptr) {
  }
  stack_.shrink();
  stack_overflowed_ = false;
  for (Block* list : swept_) {
    for (; list != nullptr; list = list->next) list->marks.fill(0);
  }
  for (Block* block = large_; block != nullptr; block = block->next) block->marks.fill(0);
}

// Marking.

bool Heap::mark_all() noexcept {
  statistics_.live_bytes = 0;
  Marker marker(*this);
  roots_.show_roots(marker);
  if (!drain()) return false;
  while (stack_overflowed_) {
    stack_overflowed_ = false;
    if (!trace_marked_again()) return false;
  }
  stack_.shrink();
  return true;
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

bool Heap::trace(Object* object) noexcept {
  const TypeLayout& layout = *object->layout;
  const auto visit = [this](uint64_t slot) {
    if (slot != 0 && is_pointer(slot)) mark_object(object_of(slot));
  };
  if (layout.kind == ObjectKind::array) {
    if (layout.elements == Traced::no) return true;
    auto* const array = static_cast<Array*>(object);
    const auto* elements = reinterpret_cast<const uint64_t*>(array->elements());
    for (uint32_t left = array->length; left > 0;) {
      const uint32_t count = std::min(left, until_look_);
      for (uint32_t i = 0; i < count; ++i) visit(elements[i]);
      elements += count;
      left -= count;
      until_look_ -= count;
      if (until_look_ == 0 && pause_is_over()) return false;
    }
    return true;
  }
  for (const uint32_t offset : layout.references) {
    uint64_t slot;
    std::memcpy(&slot, object->bytes() + offset, sizeof slot);
    visit(slot);
  }
  return --until_look_ != 0 || !pause_is_over();
}

bool Heap::drain() noexcept {
  while (Object* const object = stack_.pop()) {
    if (!trace(object)) return false;
  }
  return true;
}

/// The mark stack ran over, so some marked object was not traced: traces all of them once more. Each round
/// marks at least what the stack can hold, or is the last.
bool Heap::trace_marked_again() noexcept {
  const auto trace_block = [this](Block& block) {
    for (uint32_t i = 0; i < block.cells; ++i) {
      auto* const object = reinterpret_cast<Object*>(block.cell_at(i));
      if (block.is_marked(object) && (!trace(object) || !drain())) return false;
    }
    return true;
  };
  for (Block* list : swept_) {
    for (; list != nullptr; list = list->next) {
      if (!trace_block(*list)) return false;
    }
  }
  for (Block* block = large_; block != nullptr; block = block->next) {
    if (!trace_block(*block)) return false;
  }
  return true;
}

namespace {

/// The values that an object's references hold.
template <class Visit>
void visit_references(Object& object, Visit visit) {
  const TypeLayout& layout = *object.layout;
  const auto visit_at = [&](uint64_t offset) {
    uint64_t slot;
    std::memcpy(&slot, object.bytes() + offset, sizeof slot);
    visit(slot);
  };
  for (const uint32_t offset : layout.references) visit_at(offset);
  if (layout.kind != ObjectKind::array || layout.elements == Traced::no) return;
  const uint64_t length = static_cast<Array&>(object).length;
  for (uint64_t i = 0; i < length; ++i) visit_at(TypeLayout::kElementsOffset + 8 * i);
}

}  // namespace

bool Heap::verify() noexcept {
  stops_this_ = nullptr;
  (void)finish_sweep();  // now all that is not free was reached
  bool sound = true;
  const auto check_block = [&](Block& block) {
    for (uint32_t i = 0; i < block.cells; ++i) {
      auto* const object = reinterpret_cast<Object*>(block.cell_at(i));
      if (object->layout == nullptr) continue;
      visit_references(*object, [&](uint64_t slot) {
        if (slot != 0 && is_pointer(slot)) sound &= find_object(slot) != nullptr;
      });
    }
  };
  for (Block* list : swept_) {
    for (; list != nullptr; list = list->next) check_block(*list);
  }
  for (Block* block = large_; block != nullptr; block = block->next) check_block(*block);
  return sound;
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

/// The cells it frees are found by the next collection. Stopped, it has done some blocks, which changes
/// nothing.
bool Heap::finish_sweep() noexcept {
  for (unsigned size_class = 0; size_class < kSizeClasses; ++size_class) {
    while (Block* const block = unswept_[size_class]) {
      if (pause_is_over()) return false;
      unswept_[size_class] = block->next;
      (void)sweep(*block);
      block->next = swept_[size_class];
      swept_[size_class] = block;
    }
  }
  return true;
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
