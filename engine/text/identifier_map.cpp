// SPDX-License-Identifier: Apache-2.0
// IdentifierMap: linear probing over entries stamped with a generation.
#include "engine/text/identifier_map.h"

#include <xxhash.h>

#include <utility>

namespace heddle::engine {

namespace {

uint32_t hash_of(std::string_view name, uint32_t scope) {
  return static_cast<uint32_t>(XXH3_64bits_withSeed(name.data(), name.size(), scope));
}

}  // namespace

/// Where `name` is or belongs. REQUIRES: at least one free entry.
size_t IdentifierMap::slot_of(std::string_view name, uint32_t scope, uint32_t hash) const {
  const size_t mask = entries_.size() - 1;
  for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    const Entry& entry = entries_[slot];
    if (entry.generation != generation_) return slot;
    if (entry.hash == hash && entry.scope == scope && entry.name == name) return slot;
  }
}

uint32_t IdentifierMap::find(std::string_view name, uint32_t scope) const {
  if (used_ == 0) return kAbsent;
  const Entry& entry = entries_[slot_of(name, scope, hash_of(name, scope))];
  return entry.generation == generation_ ? entry.number : kAbsent;
}

void IdentifierMap::set(std::string_view name, uint32_t number, uint32_t scope) {
  if (entries_.size() < 2 * (used_ + 1)) grow();
  const uint32_t hash = hash_of(name, scope);
  Entry& entry = entries_[slot_of(name, scope, hash)];
  if (entry.generation != generation_) ++used_;
  entry = {generation_, hash, scope, number, name};
}

void IdentifierMap::clear() {
  used_ = 0;
  if (++generation_ == 0) {  // after 2^32 rounds stale entries would look fresh
    entries_.clear();
    generation_ = 1;
  }
}

void IdentifierMap::grow() {
  std::vector<Entry> old(entries_.empty() ? 16 : entries_.size() * 2);
  std::swap(old, entries_);
  for (const Entry& entry : old) {
    if (entry.generation == generation_) entries_[slot_of(entry.name, entry.scope, entry.hash)] = entry;
  }
}

}  // namespace heddle::engine
