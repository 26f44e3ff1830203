// SPDX-License-Identifier: Apache-2.0
// TypeRegistry: hash-consing of rec groups, their release, and subtyping by display vectors.
//
// A group's identity is its key: its definitions as words, in which a type of the group itself is named by
// its position in the group, and any other by its id. Equal keys are equal types (iso-recursively,
// spec 3.1.3).
#include "engine/module/types.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace heddle::engine {

namespace {

using Key = std::vector<uint64_t>;

struct KeyHash {
  size_t operator()(std::string_view key) const noexcept { return XXH3_64bits(key.data(), key.size()); }
};

std::string_view bytes_of(const Key& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size() * sizeof(key[0])};
}

/// Calls `visit(number)` for every defined type that a reference in `definition` names; what it returns takes
/// the old one's place.
template <class Visit>
void rewrite_references(TypeDefinition& definition, Visit visit) {
  const auto rewrite = [&](ValueType& type) {
    if (type.is_ref() && type.heap().is_defined())
      type = ValueType::ref(type.heap().with_number(visit(type.heap().number())), type.is_nullable());
  };
  for (ValueType& type : definition.parameters) rewrite(type);
  for (ValueType& type : definition.results) rewrite(type);
  for (FieldType& field : definition.fields) rewrite(field.storage);
}

uint32_t slots_of(const std::vector<ValueType>& types) {
  uint32_t slots = 0;
  for (const ValueType type : types) slots += type.slots();
  return slots;
}

}  // namespace

/// A registered group: its canonical definitions, its key and what it keeps alive.
class TypeRegistry::CountedGroup final : public Group, public std::enable_shared_from_this<CountedGroup> {
 public:
  explicit CountedGroup(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~CountedGroup() override;

  void place(TypeId first, uint32_t count) {
    first_ = first;
    count_ = count;
  }

  Key key;
  std::vector<TypeDefinition> definitions;
  std::vector<std::shared_ptr<Group>> dependencies;

 private:
  std::shared_ptr<State> state_;
};

struct TypeRegistry::State {
  /// One id's entry. `definition` is published by the group's insertion and read without a lock.
  struct Slot {
    std::atomic<const TypeDefinition*> definition{nullptr};
    CountedGroup* owner = nullptr;  // guarded by `mutex`
  };
  static constexpr uint32_t kChunkLog2 = 12;
  static constexpr uint32_t kChunkSize = 1u << kChunkLog2;
  using Chunk = std::array<Slot, kChunkSize>;

  /// Chunks never move and are freed only with the registry, which is what makes look-ups lock-free.
  std::array<std::atomic<Chunk*>, (kMaxIds >> kChunkLog2)> chunks{};

  mutable Mutex mutex;
  std::unordered_map<std::string_view, CountedGroup*, KeyHash> groups HEDDLE_GUARDED_BY(mutex);
  std::map<uint32_t, std::vector<TypeId>> free_ids HEDDLE_GUARDED_BY(mutex);  // by size of the range
  TypeId next_id HEDDLE_GUARDED_BY(mutex) = 0;

  ~State() {
    for (auto& chunk : chunks) delete chunk.load(std::memory_order_relaxed);
  }

  [[nodiscard]] Slot& slot(TypeId id) const {
    Chunk* chunk = chunks[id >> kChunkLog2].load(std::memory_order_acquire);
    return (*chunk)[id & (kChunkSize - 1)];
  }

  /// `count` adjacent ids, or kNoType. Freed ranges of the same size are used first, larger ones are split
  /// only when fresh ids have run out.
  TypeId take_ids(uint32_t count) HEDDLE_REQUIRES(mutex) {
    auto range = free_ids.find(count);
    if (range == free_ids.end()) {
      if (count <= kMaxIds - next_id) {
        const TypeId first = next_id;
        next_id += count;
        if (count > 0) add_chunks(first, next_id - 1);
        return first;
      }
      range = free_ids.lower_bound(count);
      if (range == free_ids.end()) return kNoType;
    }
    const TypeId first = range->second.back();
    const uint32_t size = range->first;
    range->second.pop_back();
    if (range->second.empty()) free_ids.erase(range);
    if (size > count) free_ids[size - count].push_back(first + count);
    return first;
  }

  void add_chunks(TypeId first, TypeId last) HEDDLE_REQUIRES(mutex) {
    for (uint32_t i = first >> kChunkLog2; i <= last >> kChunkLog2; ++i) {
      if (chunks[i].load(std::memory_order_relaxed) == nullptr) {
        chunks[i].store(new Chunk, std::memory_order_release);
      }
    }
  }

  /// Makes a new group known: ids for its members, definitions in canonical numbers, displays.
  bool insert(CountedGroup& group, std::vector<TypeDefinition> definitions, uint32_t first_index)
      HEDDLE_REQUIRES(mutex);
  void complete(TypeDefinition& definition, TypeId id) HEDDLE_REQUIRES(mutex);
  void remove(CountedGroup& group) HEDDLE_EXCLUDES(mutex);
};

TypeRegistry::CountedGroup::~CountedGroup() {
  state_->remove(*this);
  // A chain of groups, each mentioning the one before, is as long as a guest likes: release it without
  // recursion.
  thread_local std::vector<std::shared_ptr<Group>>* releasing = nullptr;
  if (releasing != nullptr) {
    std::move(dependencies.begin(), dependencies.end(), std::back_inserter(*releasing));
    dependencies.clear();
    return;
  }
  std::vector<std::shared_ptr<Group>> pending = std::move(dependencies);
  releasing = &pending;
  while (!pending.empty()) {
    const std::shared_ptr<Group> group = std::move(pending.back());
    pending.pop_back();
  }
  releasing = nullptr;
}

void TypeRegistry::State::remove(CountedGroup& group) {
  if (group.first() == kNoType) return;  // never inserted
  const MutexLock lock(mutex);
  const auto found = groups.find(bytes_of(group.key));
  if (found != groups.end() && found->second == &group)
    groups.erase(found);  // else an equal one took its place
  for (TypeId id = group.first(); id < group.first() + group.count(); ++id) {
    slot(id).definition.store(nullptr, std::memory_order_relaxed);
    slot(id).owner = nullptr;
  }
  if (group.count() > 0) free_ids[group.count()].push_back(group.first());
}

void TypeRegistry::State::complete(TypeDefinition& definition, TypeId id) {
  definition.id = id;
  definition.display.clear();
  if (definition.super != kNoType) {
    definition.display = slot(definition.super).definition.load(std::memory_order_relaxed)->display;
  }
  definition.display.push_back(id);
  definition.display.shrink_to_fit();
  definition.parameter_slots = slots_of(definition.parameters);
  definition.result_slots = slots_of(definition.results);
}

bool TypeRegistry::State::insert(CountedGroup& group, std::vector<TypeDefinition> definitions,
                                 uint32_t first_index) {
  const auto count = static_cast<uint32_t>(definitions.size());
  const TypeId first = take_ids(count);
  if (first == kNoType) return false;
  group.place(first, count);
  group.definitions = std::move(definitions);
  for (uint32_t i = 0; i < count; ++i) {
    TypeDefinition& definition = group.definitions[i];
    const auto to_id = [&](uint32_t number) {
      return number >= first_index ? first + (number - first_index) : number;
    };
    rewrite_references(definition, to_id);
    for (TypeId* named : {&definition.super, &definition.descriptor, &definition.describes}) {
      if (*named != kNoType) *named = to_id(*named);
    }
    complete(definition, first + i);
    slot(first + i).owner = &group;
    slot(first + i).definition.store(&definition, std::memory_order_release);
  }
  // Only now can members look each other up.
  const auto definition_of = [this](TypeId id) -> const TypeDefinition& {
    return *slot(id).definition.load(std::memory_order_relaxed);
  };
  for (TypeDefinition& definition : group.definitions) lay_out(definition, definition_of);
  groups.erase(bytes_of(group.key));  // a dying group with an equal key, whose view of it must not stay
  groups.emplace(bytes_of(group.key), &group);
  return true;
}

TypeRegistry::TypeRegistry() : state_(std::make_shared<State>()) {}
TypeRegistry::~TypeRegistry() = default;

namespace {

/// A group's own members are numbered from here until they get ids: beyond every id.
constexpr uint32_t kOwnMembers = TypeRegistry::kMaxIds;

/// Heap types in keys: `bits() << 1`, and for members of the group itself `bits() << 1 | 1` with their
/// position as number.
void append_type(Key& key, ValueType type, uint32_t first_index) {
  uint64_t heap = 0;
  if (type.is_ref()) {
    const HeapType named = type.heap();
    const bool is_own = named.is_defined() && named.number() >= first_index;
    const HeapType in_key = is_own ? named.with_number(named.number() - first_index) : named;
    heap = static_cast<uint64_t>(in_key.bits()) << 1 | (is_own ? 1 : 0);
  }
  key.push_back(heap << 8 | static_cast<uint64_t>(type.kind()));
}

Key make_key(const std::vector<TypeDefinition>& definitions, uint32_t first_index) {
  Key key;
  for (const TypeDefinition& definition : definitions) {
    uint64_t super = 0;
    if (definition.super != kNoType) {
      const bool is_own = definition.super >= first_index;
      super = is_own ? (static_cast<uint64_t>(definition.super - first_index) << 2 | 3)
                     : (static_cast<uint64_t>(definition.super) << 2 | 1);
    }
    const bool is_plain = definition.descriptor == kNoType && definition.describes == kNoType;
    key.push_back(super << 4 | (is_plain ? 0 : 8) | static_cast<uint64_t>(definition.kind) << 1 |
                  (definition.is_final ? 1 : 0));
    if (!is_plain) {  // both are members of the group; 0 stands for none
      const auto position = [&](TypeId id) { return id == kNoType ? 0 : uint64_t{id - first_index} + 1; };
      key.push_back(position(definition.descriptor) << 32 | position(definition.describes));
    }
    key.push_back(static_cast<uint64_t>(definition.parameters.size()) << 32 | definition.results.size());
    key.push_back(definition.fields.size());
    for (const ValueType type : definition.parameters) append_type(key, type, first_index);
    for (const ValueType type : definition.results) append_type(key, type, first_index);
    for (const FieldType& field : definition.fields) {
      append_type(key, field.storage, first_index);
      key.push_back(field.is_mutable ? 1 : 0);
    }
  }
  return key;
}

}  // namespace

std::shared_ptr<TypeRegistry::Group> TypeRegistry::add_group(std::vector<TypeDefinition> definitions,
                                                             uint32_t first_index,
                                                             std::span<const TypeId> known) {
  if (definitions.size() > HeapType::kMaxTypes) return nullptr;
  // Own members move out of the way, so that they and ids of known types can't be confused.
  std::vector<TypeId> mentioned;
  const auto resolve = [&](uint32_t number) {
    if (number >= first_index) return kOwnMembers + (number - first_index);
    mentioned.push_back(known[number]);
    return known[number];
  };
  for (TypeDefinition& definition : definitions) {
    rewrite_references(definition, resolve);
    for (TypeId* named : {&definition.super, &definition.descriptor, &definition.describes}) {
      if (*named != kNoType) *named = resolve(*named);
    }
  }
  auto group = std::make_shared<CountedGroup>(state_);
  group->key = make_key(definitions, kOwnMembers);

  const MutexLock lock(state_->mutex);
  const auto found = state_->groups.find(bytes_of(group->key));
  if (found != state_->groups.end()) {
    if (auto existing = found->second->weak_from_this().lock()) return existing;
  }
  std::vector<CountedGroup*> owners;
  owners.reserve(mentioned.size());
  for (const TypeId id : mentioned) owners.push_back(state_->slot(id).owner);
  std::sort(owners.begin(), owners.end());
  owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
  for (CountedGroup* owner : owners) group->dependencies.push_back(owner->shared_from_this());
  if (!state_->insert(*group, std::move(definitions), kOwnMembers)) return nullptr;
  return group;
}

std::shared_ptr<TypeRegistry::Group> TypeRegistry::add_function(std::vector<ValueType> parameters,
                                                                std::vector<ValueType> results) {
  TypeDefinition definition;
  definition.parameters = std::move(parameters);
  definition.results = std::move(results);
  // Here the numbers are ids already: resolve each to itself.
  std::vector<TypeId> mentioned;
  rewrite_references(definition, [&](uint32_t id) {
    mentioned.push_back(id);
    return static_cast<uint32_t>(mentioned.size() - 1);
  });
  const auto first_index = static_cast<uint32_t>(mentioned.size());
  std::vector<TypeDefinition> definitions;
  definitions.push_back(std::move(definition));
  return add_group(std::move(definitions), first_index, mentioned);
}

const TypeDefinition& TypeRegistry::get(TypeId id) const noexcept {
  return *state_->slot(id).definition.load(std::memory_order_acquire);
}

bool TypeRegistry::is_subtype(TypeId sub, TypeId super) const noexcept {
  if (sub == super) return true;
  const size_t depth = get(super).display.size();
  const std::vector<TypeId>& display = get(sub).display;
  return display.size() > depth && display[depth - 1] == super;
}

namespace {

using Kind = HeapType::Kind;

/// Matching between abstract heap types. (Spec 3.3.3)
bool is_abstract_subtype(Kind sub, Kind super) {
  if (sub == super) return true;
  switch (sub) {
    case Kind::bottom: return true;
    case Kind::none:
      return super == Kind::i31 || super == Kind::struct_ || super == Kind::array || super == Kind::eq ||
             super == Kind::any;
    case Kind::i31:
    case Kind::struct_:
    case Kind::array: return super == Kind::eq || super == Kind::any;
    case Kind::eq: return super == Kind::any;
    case Kind::nofunc: return super == Kind::func;
    case Kind::noextern: return super == Kind::extern_;
    case Kind::noexn: return super == Kind::exn;
    default: return false;
  }
}

Kind abstract_kind(CompositeKind kind) {
  switch (kind) {
    case CompositeKind::function: return Kind::func;
    case CompositeKind::structure: return Kind::struct_;
    case CompositeKind::array: return Kind::array;
  }
  return Kind::func;
}

}  // namespace

bool TypeRegistry::is_subtype(HeapType sub, HeapType super) const noexcept {
  if (sub == super) return true;
  if (sub.is_defined()) {
    if (super.is_defined()) return !super.is_exact() && is_subtype(sub.number(), super.number());
    return is_abstract_subtype(abstract_kind(get(sub.number()).kind), super.kind());
  }
  if (!super.is_defined()) return is_abstract_subtype(sub.kind(), super.kind());
  if (sub.kind() == Kind::bottom) return true;
  const bool is_function = get(super.number()).kind == CompositeKind::function;
  return sub.kind() == (is_function ? Kind::nofunc : Kind::none);
}

bool TypeRegistry::is_subtype(ValueType sub, ValueType super) const noexcept {
  if (sub == super || sub.is_bottom()) return true;
  if (!sub.is_ref() || !super.is_ref() || (sub.is_nullable() && !super.is_nullable())) return false;
  return is_subtype(sub.heap(), super.heap());
}

SupertypeFault TypeRegistry::fault_against_supertype(TypeId id) const noexcept {
  const TypeDefinition& sub = get(id);
  if (sub.super == kNoType) return SupertypeFault::none;
  const TypeDefinition& super = get(sub.super);
  if (super.is_final || sub.kind != super.kind || !matches_structure(sub, super))
    return SupertypeFault::structure;
  // A subtype may be the first to have a descriptor; what describes does so from the root on.
  if (super.descriptor != kNoType && sub.descriptor == kNoType) return SupertypeFault::structure;
  if ((super.describes == kNoType) != (sub.describes == kNoType)) return SupertypeFault::structure;
  if (super.descriptor != kNoType && !is_subtype(sub.descriptor, super.descriptor))
    return SupertypeFault::descriptor;
  if (super.describes != kNoType && !is_subtype(sub.describes, super.describes))
    return SupertypeFault::described;
  return SupertypeFault::none;
}

bool TypeRegistry::matches_structure(const TypeDefinition& sub, const TypeDefinition& super) const noexcept {
  if (sub.parameters.size() != super.parameters.size() || sub.results.size() != super.results.size() ||
      sub.fields.size() < super.fields.size()) {
    return false;
  }
  const auto below = [this](ValueType a, ValueType b) { return is_subtype(a, b); };
  if (!std::equal(super.parameters.begin(), super.parameters.end(), sub.parameters.begin(), below))
    return false;
  if (!std::equal(sub.results.begin(), sub.results.end(), super.results.begin(), below)) return false;
  return std::equal(super.fields.begin(), super.fields.end(), sub.fields.begin(),
                    [&](const FieldType& above, const FieldType& field) {
                      if (above.is_mutable != field.is_mutable) return false;
                      if (above.is_mutable) return above.storage == field.storage;
                      return is_subtype(field.storage, above.storage);
                    });
}

size_t TypeRegistry::group_count() const {
  const MutexLock lock(state_->mutex);
  return state_->groups.size();
}

}  // namespace heddle::engine
