// SPDX-License-Identifier: Apache-2.0
// Chunks of the arena: they double from 4 KiB to 1 MiB; what is larger gets a chunk of its own size.
#include "engine/support/arena.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <utility>

#include "engine/support/bits.h"

#ifdef HEDDLE_MIMALLOC
#include <mimalloc.h>
#endif

namespace heddle::engine {

namespace {

constexpr size_t kFirstChunk = 4096;
constexpr size_t kLargestChunk = 1 << 20;
constexpr size_t kGreatestRequest = size_t{1} << 38;  // no host has more for us, and sums cannot overflow

#ifdef HEDDLE_MIMALLOC
void* get_memory(size_t bytes) noexcept { return mi_malloc(bytes); }
void give_back(void* memory) noexcept { mi_free(memory); }
#else
void* get_memory(size_t bytes) noexcept { return std::malloc(bytes); }
void give_back(void* memory) noexcept { std::free(memory); }
#endif

}  // namespace

Arena::Arena(Arena&& other) noexcept
    : newest_(std::exchange(other.newest_, nullptr)),
      next_(std::exchange(other.next_, 0)),
      end_(std::exchange(other.end_, 0)),
      bytes_used_(std::exchange(other.bytes_used_, 0)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  if (this == &other) return *this;
  release();
  newest_ = std::exchange(other.newest_, nullptr);
  next_ = std::exchange(other.next_, 0);
  end_ = std::exchange(other.end_, 0);
  bytes_used_ = std::exchange(other.bytes_used_, 0);
  return *this;
}

void* Arena::allocate_in_new_chunk(size_t bytes, size_t alignment) noexcept {
  assert(is_power_of_two(alignment) && alignment <= kGreatestAlignment);
  if (bytes > kGreatestRequest) return nullptr;
  const size_t needed = sizeof(Chunk) + alignment + bytes;
  const size_t regular = newest_ == nullptr ? kFirstChunk : std::min(newest_->size * 2, kLargestChunk);
  const size_t size = std::max(needed, regular);
  auto* const chunk = static_cast<Chunk*>(get_memory(size));
  if (chunk == nullptr) return nullptr;
  *chunk = {newest_, size};
  newest_ = chunk;
  open(chunk);
  return allocate(bytes, alignment);  // fits now, so this ends here
}

void Arena::open(Chunk* chunk) noexcept {
  next_ = reinterpret_cast<uintptr_t>(chunk + 1);
  end_ = reinterpret_cast<uintptr_t>(chunk) + chunk->size;
}

void Arena::reset() noexcept {
  bytes_used_ = 0;
  if (newest_ == nullptr) return;
  if (newest_->size > kLargestChunk) {
    release();
    return;
  }
  release_older(std::exchange(newest_->older, nullptr));
  open(newest_);
}

void Arena::release() noexcept {
  release_older(std::exchange(newest_, nullptr));
  next_ = end_ = 0;
}

void Arena::release_older(Chunk* chunk) noexcept {
  while (chunk != nullptr) {
    Chunk* const older = chunk->older;
    give_back(chunk);
    chunk = older;
  }
}

}  // namespace heddle::engine
