// SPDX-License-Identifier: Apache-2.0
// Memory: reserving, committing and growing linear memories.
#include "engine/runtime/memory.h"

#include <algorithm>
#include <cstring>

#include "engine/runtime/signals.h"
#include "engine/support/bits.h"
#include "engine/support/platform.h"

namespace heddle::engine {

namespace {

constexpr uint64_t kFourGiB = uint64_t{4} << 30;
/// What a memory64, or a checked memory without maximum, reserves at most; grow() beyond it returns -1.
constexpr uint64_t kLargestCheckedReservation = uint64_t{64} << 30;
constexpr uint8_t kDefaultPageSizeLog2 = 16;

/// The bytes that `pages` take, saturated.
uint64_t bytes_of(uint64_t pages, uint8_t page_size_log2) {
  return pages > UINT64_MAX >> page_size_log2 ? UINT64_MAX : pages << page_size_log2;
}

/// The greatest size that the type allows, saturated. (Spec 3.2.15; custom page sizes: counts fit the address
/// type.)
uint64_t type_max_bytes(const MemoryType& type) {
  const uint64_t most_pages = type.limits.is_64 ? UINT64_MAX : UINT32_MAX;
  const uint64_t address_space = type.limits.is_64 ? UINT64_MAX : kFourGiB;
  const uint64_t pages = std::min(type.limits.max.value_or(most_pages), most_pages);
  return std::min(bytes_of(pages, type.page_size_log2), address_space);
}

Error refused(const std::string& why, uint64_t bytes) {
  Error error;
  error.kind = ErrorKind::resource;
  error.message = "a memory of " + std::to_string(bytes) + " bytes cannot be created: " + why;
  return error;
}

bool probe_guarded_reservation() noexcept {
  void* const probe = reserve_address_space(kFourGiB + Memory::kGuardBytes);
  release_address_space(probe, kFourGiB + Memory::kGuardBytes);
  return probe != nullptr;
}

}  // namespace

MemoryMode resolve_memory_mode(MemoryMode wanted) noexcept {
  if (wanted == MemoryMode::checked) return MemoryMode::checked;
  static const bool guardable = signals_available() && probe_guarded_reservation();
  return guardable ? MemoryMode::guarded : MemoryMode::checked;
}

MemoryMode memory_mode_of(const MemoryType& type, MemoryMode engine_mode) noexcept {
  if (type.limits.is_64 || type.page_size_log2 != kDefaultPageSizeLog2) return MemoryMode::checked;
  return engine_mode == MemoryMode::automatic ? resolve_memory_mode(engine_mode) : engine_mode;
}

Result<std::shared_ptr<Memory>> Memory::create(const MemoryType& type, MemoryMode mode,
                                               std::shared_ptr<GrowthLimiter> limiter) {
  const uint64_t min_bytes = bytes_of(type.limits.min, type.page_size_log2);
  if (min_bytes > type_max_bytes(type)) return refused("its type allows no such size", min_bytes);

  std::shared_ptr<Memory> memory(new Memory);
  memory->type_ = type;
  memory->mode_ = memory_mode_of(type, mode);
  if (!memory->reserve(min_bytes)) return refused("the host has no address space for it", min_bytes);
  if (limiter != nullptr && !limiter->reserve_memory(min_bytes)) {
    return refused("the store's memory limit forbids it", min_bytes);
  }
  memory->limiter_ = std::move(limiter);  // from here on the destructor gives back byte_size_
  MutexLock lock(memory->grow_mutex_);
  if (!memory->commit(min_bytes)) {
    if (memory->limiter_ != nullptr) memory->limiter_->release_memory(min_bytes);
    return refused("the host has no memory for it", min_bytes);
  }
  return memory;
}

bool Memory::reserve(uint64_t min_bytes) noexcept {
  max_bytes_ = type_max_bytes(type_);
  if (mode_ == MemoryMode::guarded) {
    reserved_bytes_ = kFourGiB + kGuardBytes;
    reservation_ = static_cast<uint8_t*>(reserve_address_space(reserved_bytes_));
    base_ = reservation_;
    return reservation_ != nullptr && register_reservation(reservation_, reserved_bytes_);
  }
  // Since the base never moves, what is reserved now is all there will ever be: as much as the host lets us
  // have.
  const uint64_t page = host_page_size();
  const uint64_t least = std::max(min_bytes, page);
  uint64_t wanted = std::max(least, std::min(max_bytes_, kLargestCheckedReservation));
  while ((reservation_ = static_cast<uint8_t*>(reserve_address_space(wanted))) == nullptr) {
    if (wanted == least) return false;
    wanted = std::max(least, wanted / 2);
  }
  reserved_bytes_ = wanted;
  max_bytes_ = std::min(max_bytes_, wanted);
  base_ = reservation_;
  return true;
}

bool Memory::commit(uint64_t new_byte_size) noexcept {
  if (new_byte_size > committed_bytes_) {
    const uint64_t wanted = align_up(new_byte_size, host_page_size());
    if (!commit_pages(base_ + committed_bytes_, wanted - committed_bytes_)) return false;
    committed_bytes_ = wanted;
  }
  // The pages first, the size after: whoever reads the new size finds zeros there.
  byte_size_.store(new_byte_size, std::memory_order_seq_cst);
  return true;
}

Memory::~Memory() {
  if (reservation_ == nullptr) return;
  if (mode_ == MemoryMode::guarded) unregister_reservation(reservation_);
  release_address_space(reservation_, reserved_bytes_);
  if (limiter_ != nullptr) limiter_->release_memory(byte_size_relaxed());
}

bool Memory::reset() noexcept {
  /// To let the host take pages away and bring new ones costs more than to clear so many.
  constexpr uint64_t kClearedBytes = 64u << 10;
  const uint64_t least = bytes_of(type_.limits.min, type_.page_size_log2);
  const uint64_t old = byte_size_relaxed();
  MutexLock lock(grow_mutex_);
  const uint64_t kept = align_up(least, host_page_size());
  if (kept < committed_bytes_) {
    if (!decommit_pages(base_ + kept, committed_bytes_ - kept)) return false;
    committed_bytes_ = kept;
  }
  if (kept <= kClearedBytes) {
    std::memset(base_, 0, kept);
  } else {
    zero_pages(base_, kept);
  }
  byte_size_.store(least, std::memory_order_seq_cst);
  if (limiter_ != nullptr) limiter_->release_memory(old - least);
  return true;
}

int64_t Memory::grow(uint64_t delta) noexcept {
  const uint8_t log2 = type_.page_size_log2;
  if (delta == 0) return static_cast<int64_t>(pages());
  if (delta > max_bytes_ >> log2) return -1;
  const uint64_t more = delta << log2;
  // The limiter may call out, so it is asked without the lock; what it granted for nothing is given back.
  if (limiter_ != nullptr && !limiter_->reserve_memory(more)) return -1;
  {
    MutexLock lock(grow_mutex_);
    const uint64_t old = byte_size_relaxed();
    if (more <= max_bytes_ - old && commit(old + more)) return static_cast<int64_t>(old >> log2);
  }
  if (limiter_ != nullptr) limiter_->release_memory(more);
  return -1;
}

}  // namespace heddle::engine
