// SPDX-License-Identifier: Apache-2.0
// Table: allocating and growing rows of references.
#include "engine/runtime/table.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace heddle::engine {

namespace {

/// The most elements a table of this type may ever have; also what can be addressed at all. (Spec 3.2.16)
uint64_t type_max_elements(const TableType& type) {
  const uint64_t addressable = std::min(type.limits.is_64 ? UINT64_MAX : UINT32_MAX, SIZE_MAX / sizeof(Slot));
  return std::min(type.limits.max.value_or(addressable), addressable);
}

}  // namespace

Result<std::unique_ptr<Table>> Table::create(const TableType& type, Slot init,
                                             std::shared_ptr<GrowthLimiter> limiter) {
  std::unique_ptr<Table> table(new Table);
  table->type_ = type;
  table->limiter_ = std::move(limiter);
  if (table->grow(type.limits.min, init) < 0) {
    Error error;
    error.kind = ErrorKind::resource;
    error.message = "a table of " + std::to_string(type.limits.min) +
                    " elements cannot be created: the store's table limit or the host's memory forbids it";
    return error;
  }
  return table;
}

Table::~Table() {
  std::free(elements_);
  if (limiter_ != nullptr) limiter_->release_table(size_);
}

int64_t Table::grow(uint64_t delta, Slot init) noexcept {
  const uint64_t old = size_;
  const uint64_t most = type_max_elements(type_);
  if (delta > most - old) return -1;
  if (limiter_ != nullptr && !limiter_->reserve_table(delta)) return -1;
  if (!reserve(old + delta)) {
    if (limiter_ != nullptr) limiter_->release_table(delta);
    return -1;
  }
  std::fill_n(elements_ + old, delta, init);
  size_ = old + delta;
  written_ |= delta != 0;
  return static_cast<int64_t>(old);
}

void Table::reset(Slot init) noexcept {
  const uint64_t least = type_.limits.min;
  if (limiter_ != nullptr) limiter_->release_table(size_ - least);
  size_ = least;
  std::fill_n(elements_, least, init);
}

bool Table::reserve(uint64_t elements) noexcept {
  if (elements <= capacity_) return true;
  // Doubling keeps a storm of grow(1) linear; a host too short of memory for that may still have just enough.
  const uint64_t roomy = std::min(std::max(elements, capacity_ * 2), type_max_elements(type_));
  for (const uint64_t wanted : {roomy, elements}) {
    if (void* const moved = std::realloc(elements_, wanted * sizeof(Slot)); moved != nullptr) {
      elements_ = static_cast<Slot*>(moved);
      capacity_ = wanted;
      return true;
    }
  }
  return false;
}

}  // namespace heddle::engine
