// SPDX-License-Identifier: Apache-2.0
// Value numbering: one walk of the dominator tree that simplifies each node and then looks whether a
// dominating one has computed it already. Loads take part: a load's key holds the version of what it reads,
// and every store makes a new one.
//
// Invariants: an entry of the table is visible exactly in the subtree of the block that made it; at a merge a
// version stays only if it is the same on all ways, and at a loop header only if nothing in the loop writes
// its class.
#include <array>
#include <vector>

#include "jit/passes/dominators.h"
#include "jit/passes/passes.h"
#include "jit/passes/replacements.h"
#include "jit/passes/simplify.h"

namespace heddle::jit {

namespace {

using Versions = std::array<uint32_t, kAliases>;
using Classes = uint8_t;  ///< a bit per alias class

constexpr Classes bit(Alias alias) { return static_cast<Classes>(1u << static_cast<unsigned>(alias)); }
constexpr Classes kAllButConstant = static_cast<Classes>((1u << kAliases) - 1) & ~bit(Alias::constant);

bool lets_others_run(const Node& node) {
  return node.operation == Operation::poll || node.operation == Operation::fuel;
}

/// What a node may write. Other guest threads may run at polls and between slices of fuel: they may have
/// written a shared memory then.
Classes written_by(const Node& node) {
  switch (effect_of(node.operation)) {
    case Effect::none:
    case Effect::reads:
    case Effect::traps: return 0;
    case Effect::writes: return is_row(node.operation) ? bit(Alias::memory) : bit(node.alias);
    case Effect::anything: return lets_others_run(node) ? bit(Alias::memory) : kAllButConstant;
    case Effect::terminator: return 0;
  }
  return kAllButConstant;
}

/// What a node that reads reads; guest loads read memory.
Alias read_by(const Node& node) { return is_row(node.operation) ? Alias::memory : node.alias; }

/// What makes two nodes the same.
struct Key {
  Operation operation{};
  Operation access{};
  Type type{};
  TrapKind trap{};
  Alias alias{};
  uint32_t version = 0;
  uint64_t immediate = 0;
  uint64_t extra = 0;
  uint64_t extra2 = 0;
  std::array<Value, 4> arguments{kNoValue, kNoValue, kNoValue, kNoValue};

  friend bool operator==(const Key&, const Key&) = default;
  [[nodiscard]] uint64_t hash() const {
    // Odd factors, one for each part, so that they can be multiplied side by side.
    const uint64_t kind =
        static_cast<uint64_t>(operation) << 48 ^ static_cast<uint64_t>(access) << 32 ^ version;
    uint64_t hash = kind * 0x9e3779b97f4a7c15u ^ immediate * 0xbf58476d1ce4e5b9u ^
                    extra * 0x94d049bb133111ebu ^ extra2 * 0xd6e8feb86659fd93u ^
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
  explicit ScopedTable(size_t nodes) {
    size_t buckets = 64;
    while (buckets < nodes) buckets *= 2;
    buckets_.assign(buckets, kNone);
    entries_.reserve(nodes / 2);
  }
  /// What is known by the key; if nothing is, this value from now on.
  [[nodiscard]] Value find_or_add(const Key& key, Value value) {
    const uint64_t hash = key.hash();
    for (uint32_t at = buckets_[bucket(hash)]; at != kNone; at = entries_[at].next) {
      if (entries_[at].hash == hash && entries_[at].key == key) return entries_[at].value;
    }
    add(key, hash, value);
    return value;
  }
  /// Hides what is known by the key.
  void add(const Key& key, Value value) { add(key, key.hash(), value); }
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
    Key key;
    uint64_t hash;
    Value value;
    uint32_t next;
  };
  void add(const Key& key, uint64_t hash, Value value) {
    uint32_t& head = buckets_[bucket(hash)];
    entries_.push_back({key, hash, value, head});
    head = static_cast<uint32_t>(entries_.size() - 1);
  }
  [[nodiscard]] size_t bucket(uint64_t hash) const { return hash & (buckets_.size() - 1); }
  std::vector<uint32_t> buckets_;
  std::vector<Entry> entries_;
};

class NumberingPass final : Simplifier::Constants {
 public:
  NumberingPass(Function& function, Dominators& dominators)
      : function_(function),
        dominators_(dominators),
        replacements_(function),
        simplifier_(function, *this),
        table_(function.nodes.size()) {}

  void run() {
    dominators_.compute(function_);
    find_loop_writes();
    leaving_.resize(function_.blocks.size());
    bool edges_changed = false;
    for (const BlockId block : dominators_.preorder()) {
      leave_scopes(block);
      scopes_.push_back({block, table_.size()});
      edges_changed |= number_block(block);
    }
    replacements_.apply_to_edges();
    if (!edges_changed) return;
    order_blocks(function_);
    dominators_.compute(function_);
  }

 private:
  struct Scope {
    BlockId block;
    size_t table_size;
  };

  void leave_scopes(BlockId block) {
    while (!scopes_.empty() && !dominators_.dominates(scopes_.back().block, block)) {
      table_.shrink(scopes_.back().table_size);
      scopes_.pop_back();
    }
  }

  /// Of each loop header: what the loop, with all loops inside, may write.
  void find_loop_writes() {
    loop_writes_.assign(function_.blocks.size(), 0);
    const auto& order = dominators_.postorder_reversed();
    for (size_t i = order.size(); i-- > 0;) {
      const Block& block = function_.blocks[order[i]];
      if (block.loop_header == kNoBlock) continue;
      Classes written = 0;
      for (const Value value : block.nodes) written |= written_by(function_.nodes[value]);
      loop_writes_[block.loop_header] |= written;
      // A header comes last of its loop here, when the loop's own sum is complete.
      if (!block.is_loop_header) continue;
      const BlockId outer = dominators_.outer_loop(order[i]);
      if (outer != kNoBlock) loop_writes_[outer] |= loop_writes_[order[i]];
    }
  }

  Versions versions_at_entry(BlockId block) {
    Versions versions{};
    const Block& entered = function_.blocks[block];
    bool first = true;
    for (const BlockId from : entered.predecessors) {
      if (entered.is_loop_header && dominators_.dominates(block, from)) continue;  // a back edge
      for (unsigned i = 0; i < kAliases; ++i) {
        if (first)
          versions[i] = leaving_[from][i];
        else if (versions[i] != leaving_[from][i])
          versions[i] = ++last_version_;
      }
      first = false;
    }
    if (entered.is_loop_header) forget(versions, loop_writes_[block]);
    return versions;
  }

  void forget(Versions& versions, Classes written) {
    if (written == 0) return;
    for (unsigned i = 0; i < kAliases; ++i) {
      if ((written >> i & 1) != 0) versions[i] = ++last_version_;
    }
  }

  /// True if an edge is gone.
  bool number_block(BlockId block) {
    versions_ = versions_at_entry(block);
    block_ = block;
    nodes_.swap(function_.blocks[block].nodes);
    kept_.clear();
    bool edges_changed = false;
    for (const Value value : nodes_) {
      for (Value& argument : function_.arguments_of(function_.nodes[value]))
        argument = replacements_.of(argument);
      if (effect_of(function_.nodes[value].operation) == Effect::terminator) {
        edges_changed |= simplifier_.simplify_terminator(value);
        kept_.push_back(value);
      } else {
        number(value);
      }
    }
    function_.blocks[block].nodes.swap(kept_);
    leaving_[block] = versions_;
    return edges_changed;
  }

  void number(Value value) {
    const Value simpler = simplifier_.simplify(value);
    if (simpler != kNoValue) {
      replacements_.set(value, replacements_.of(simpler));
      return;
    }
    const Node& node = function_.nodes[value];
    const Effect effect = effect_of(node.operation);
    if (effect == Effect::none || effect == Effect::reads || effect == Effect::traps) {
      if (merge(value, key_of(node))) return;
    }
    kept_.push_back(value);
    forget(versions_, written_by(node));
    if (effect == Effect::writes) remember_stored(node);
  }

  /// True if a dominating node stands for this one.
  bool merge(Value value, const Key& key) {
    if (function_.nodes[value].argument_count > 4) return false;
    const Value known = table_.find_or_add(key, value);
    if (known == value) return false;
    replacements_.set(value, known);
    return true;
  }

  Key key_of(const Node& node) const {
    Key key{.operation = node.operation,
            .access = node.access,
            .type = node.type,
            .trap = node.trap,
            .alias = node.alias,
            .immediate = node.immediate,
            .extra = node.extra,
            .extra2 = node.extra2};
    if (effect_of(node.operation) == Effect::reads)
      key.version = versions_[static_cast<unsigned>(read_by(node))];
    const auto arguments = function_.arguments_of(node);
    std::copy_n(arguments.begin(), std::min<size_t>(arguments.size(), 4), key.arguments.begin());
    return key;
  }

  /// The load that would give what a store of a whole value has stored, by the store's row.
  static Operation load_of(Operation store) {
    switch (store) {
      case Operation::i32_store: return Operation::i32_load;
      case Operation::i64_store: return Operation::i64_load;
      case Operation::f32_store: return Operation::f32_load;
      case Operation::f64_store: return Operation::f64_load;
      case Operation::v128_store: return Operation::v128_load;
      default: return Operation::parameter;
    }
  }

  void remember_stored(const Node& node) {
    const bool is_guest = is_row(node.operation);
    const Operation load = load_of(is_guest ? node.operation : node.access);
    if (load == Operation::parameter) return;
    const auto arguments = function_.arguments_of(node);
    const Value stored = arguments[1];
    Key key{.operation = is_guest ? load : Operation::host_load,
            .access = is_guest ? node.access : load,
            .type = function_.nodes[stored].type,
            .alias = node.alias,
            .immediate = node.immediate,
            .extra = node.extra,
            .extra2 = node.extra2};
    key.version = versions_[static_cast<unsigned>(read_by(node))];
    key.arguments[0] = arguments[0];
    if (arguments.size() > 2) key.arguments[1] = arguments[2];
    table_.add(key, stored);
  }

  Value constant(Type type, uint64_t bits) override {
    const Node made{.operation = type == Type::i32 ? Operation::i32_const : Operation::i64_const,
                    .type = type,
                    .immediate = bits,
                    .block = block_};
    const auto value = static_cast<Value>(function_.nodes.size());
    const Value known = table_.find_or_add(key_of(made), value);
    if (known != value) return known;
    function_.nodes.push_back(made);
    kept_.push_back(value);
    return value;
  }

  Function& function_;
  Dominators& dominators_;
  Replacements replacements_;
  Simplifier simplifier_;
  ScopedTable table_;
  std::vector<Scope> scopes_;
  std::vector<Classes> loop_writes_;
  std::vector<Versions> leaving_;  ///< by block: versions at its end
  Versions versions_{};
  uint32_t last_version_ = 0;
  BlockId block_ = 0;
  std::vector<Value> nodes_;  ///< of the block at hand, as they were
  std::vector<Value> kept_;   ///< those that stay, and new ones
};

}  // namespace

void number_values(Function& function, Dominators& dominators) { NumberingPass(function, dominators).run(); }

}  // namespace heddle::jit
