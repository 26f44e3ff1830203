// SPDX-License-Identifier: Apache-2.0
// Memory and what it has in common with SharedMemory.
#include <heddle/memory.h>

#include <cstring>

#include "engine/api/access.h"
#include "engine/api/convert.h"
#include "engine/support/try.h"

namespace heddle {

using detail::Access;

MemoryType MemoryView::type() const { return memory_ ? detail::public_type(memory_->type()) : MemoryType(); }

uint64_t MemoryView::size() const noexcept { return memory_ ? memory_->byte_size() : 0; }

uint64_t MemoryView::pages() const noexcept { return memory_ ? memory_->pages() : 0; }

std::span<uint8_t> MemoryView::data() const noexcept {
  return memory_ ? std::span(memory_->base(), memory_->byte_size()) : std::span<uint8_t>();
}

Result<uint64_t> MemoryView::grow(uint64_t pages) const {
  if (memory_ == nullptr) return detail::empty_handle("memory");
  const int64_t before = memory_->grow(pages);
  if (before >= 0) return static_cast<uint64_t>(before);
  Error error;
  error.kind = ErrorKind::resource;
  error.message =
      "memory of " + std::to_string(memory_->pages()) + " pages can't grow by " + std::to_string(pages);
  return error;
}

namespace {

Result<void> check_range(const engine::Memory* memory, uint64_t address, uint64_t size) {
  if (memory == nullptr) return detail::empty_handle("memory");
  if (memory->contains(address, size)) return {};
  return detail::usage_error(std::to_string(size) + " bytes at " + std::to_string(address) +
                             " are outside the memory of " + std::to_string(memory->byte_size()) + " bytes");
}

}  // namespace

Result<void> MemoryView::read(uint64_t address, std::span<uint8_t> into) const {
  HEDDLE_TRY(check_range(memory_.get(), address, into.size()));
  if (!into.empty()) std::memcpy(into.data(), memory_->base() + address, into.size());
  return {};
}

Result<void> MemoryView::write(uint64_t address, std::span<const uint8_t> from) const {
  HEDDLE_TRY(check_range(memory_.get(), address, from.size()));
  if (!from.empty()) std::memcpy(memory_->base() + address, from.data(), from.size());
  return {};
}

Result<Memory> Memory::create(const StoreRef& store, const MemoryType& type) {
  const auto& link = Access::link(store);
  HEDDLE_TRY(detail::check_link(link, "store"));
  HEDDLE_TRY(detail::check_type(type));
  HEDDLE_TRY_ASSIGN(auto memory, link->store->new_memory(detail::internal_type(type)));
  return Memory(link, std::move(memory));
}

std::optional<SharedMemory> Memory::shared() const {
  if (memory_ == nullptr || link_ == nullptr || !memory_->is_shared()) return std::nullopt;
  return Access::shared_memory(link_->engine, memory_);
}

}  // namespace heddle
