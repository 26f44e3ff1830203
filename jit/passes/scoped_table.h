// SPDX-License-Identifier: Apache-2.0
// ScopedTable: values by what they compute; a hash table whose newest entries can be taken back.
#pragma once

#include <array>
#include <vector>

#include "jit/ir/ir.h"

namespace heddle::jit {

/// What makes two nodes the same.
struct NodeKey {
  static constexpr size_t kArguments = 4;

  Operation operation{};
  Operation access{};
  Type type{};
  TrapKind trap{};
  Alias alias{};
  uint32_t version = 0;
  uint64_t immediate = 0;
  uint64_t extra = 0;
  std::array<Value, kArguments> arguments{kNoValue, kNoValue, kNoValue, kNoValue};

  friend bool operator==(const NodeKey&, const NodeKey&) = default;
  [[nodiscard]] uint64_t hash() const {
    // Odd factors, one for each part, so that they can be multiplied side by side.
    const uint64_t kind =
        static_cast<uint64_t>(operation) << 48 ^ static_cast<uint64_t>(access) << 32 ^ version;
    uint64_t hash = kind * 0x9e3779b97f4a7c15u ^ immediate * 0xbf58476d1ce4e5b9u ^
                    extra * 0x94d049bb133111ebu ^
                    (uint64_t{arguments[0]} << 32 | arguments[1]) * 0xff51afd7ed558ccdu ^
                    (uint64_t{arguments[2]} << 32 | arguments[3]) * 0xc4ceb9fe1a85ec53u;
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
  }
};

/// A hash table whose newest entries can be taken back.
class ScopedTable {
 public:
  /// Forgets all, but keeps the memory for about so many nodes.
  void reset(size_t nodes) {
    size_t buckets = 64;
    while (buckets < nodes) buckets *= 2;
    buckets_.assign(buckets, kNone);
    entries_.clear();
  }
  /// What is known by the key; if nothing is, this value from now on.
  [[nodiscard]] Value find_or_add(const NodeKey& key, Value value) {
    const uint64_t hash = key.hash();
    for (uint32_t at = buckets_[bucket(hash)]; at != kNone; at = entries_[at].next) {
      if (entries_[at].hash == hash && entries_[at].key == key) return entries_[at].value;
    }
    add(key, hash, value);
    return value;
  }
  /// Hides what is known by the key.
  void add(const NodeKey& key, Value value) { add(key, key.hash(), value); }
  [[nodiscard]] size_t size() const { return entries_.size(); }
  void shrink(size_t size) {
    while (entries_.size() > size) {
      buckets_[bucket(entries_.back().hash)] = entries_.back().next;
      entries_.pop_back();
    }
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Entry {
    NodeKey key;
    uint64_t hash;
    Value value;
    uint32_t next;
  };
  void add(const NodeKey& key, uint64_t hash, Value value) {
    uint32_t& head = buckets_[bucket(hash)];
    entries_.push_back({key, hash, value, head});
    head = static_cast<uint32_t>(entries_.size() - 1);
  }
  [[nodiscard]] size_t bucket(uint64_t hash) const { return hash & (buckets_.size() - 1); }
  std::vector<uint32_t> buckets_;
  std::vector<Entry> entries_;
};

}  // namespace heddle::jit
