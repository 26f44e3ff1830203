// SPDX-License-Identifier: Apache-2.0
// Type definitions and the TypeRegistry: every composite type an engine knows, canonical across its modules.
//
// Rec groups are hash-consed: two modules that declare equal rec groups get the same TypeIds, so type
// equality is integer equality, and an import or call_indirect check is one comparison. (Spec 3.1.3, 4.5.3)
//
// Threads: look-ups by id are lock-free and may run on any thread at any time for ids whose group is alive;
// insertion and release take the registry's mutex.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/module/layout.h"
#include "engine/support/thread_annotations.h"
#include "heddle/value_type.h"

namespace heddle::engine {

using TypeId = uint32_t;
inline constexpr TypeId kNoType = UINT32_MAX;

struct FieldType {
  ValueType storage;  ///< i8 and i16 are packed
  bool is_mutable = false;
  friend bool operator==(const FieldType&, const FieldType&) = default;
};

enum class CompositeKind : uint8_t { function, structure, array };

/// One sub type: `(sub final? super? comptype)`. Numbers inside are module type indices while being decoded
/// (raw), and TypeIds once registered.
struct TypeDefinition {
  CompositeKind kind = CompositeKind::function;
  bool is_final = true;
  TypeId super = kNoType;
  /// Custom descriptors: the type of the objects that describe this one's, and of those that it describes.
  /// Both structures, in the same rec group, and each other's counterpart.
  TypeId descriptor = kNoType;
  TypeId describes = kNoType;
  std::vector<ValueType> parameters;  ///< function
  std::vector<ValueType> results;     ///< function
  std::vector<FieldType> fields;      ///< structure; an array has exactly one

  // Filled by the registry:
  TypeId id = kNoType;
  std::vector<TypeId> display;   ///< all supertypes, root first, itself last: a subtype test is one look-up
  uint32_t parameter_slots = 0;  ///< function: 8-byte slots of all parameters
  uint32_t result_slots = 0;
  TypeLayout layout;  ///< points into `display`: a copy's is not to be used
};

/// Computes `definition.layout`; the registry does it. `definition_of` gives any type it mentions, and
/// supertypes with their layouts.
void lay_out(TypeDefinition& definition, const std::function<const TypeDefinition&(TypeId)>& definition_of);

/// Why a type is not what its declared supertype asks for.
enum class SupertypeFault : uint8_t { none, structure, descriptor, described };

/// Canonicalizes rec groups. One per Engine.
class TypeRegistry {
 public:
  /// What a HeapType can hold, less a margin in which the numbers of a group's own members are kept apart.
  static constexpr uint32_t kMaxIds = (1u << 24) - HeapType::kMaxTypes;
  static constexpr uint32_t kMaxDepth = 63;  ///< longest chain of supertypes

  TypeRegistry();
  ~TypeRegistry();
  TypeRegistry(const TypeRegistry&) = delete;
  TypeRegistry& operator=(const TypeRegistry&) = delete;

  /// A counted reference on one rec group; a module holds one for each group it declares. While any is
  /// alive, the group's ids, and the ids of all types it mentions, stay valid.
  class Group;

  /// Registers one rec group. In `definitions`, a number n < `first_index` names the already registered
  /// type `known[n]`; first_index + k names the k-th member of this very group.
  /// Null if the registry is full (kMaxIds types alive) or the group larger than HeapType::kMaxTypes.
  /// REQUIRES: no number beyond the group; a supertype stands before its subtype; at most kMaxDepth of them.
  /// That a supertype matches is checked on the registered types: see fault_against_supertype.
  [[nodiscard]] std::shared_ptr<Group> add_group(std::vector<TypeDefinition> definitions,
                                                 uint32_t first_index, std::span<const TypeId> known);

  /// Registers a lone final function type (hosts use it). The numbers inside are TypeIds.
  [[nodiscard]] std::shared_ptr<Group> add_function(std::vector<ValueType> parameters,
                                                    std::vector<ValueType> results);

  /// The definition of a live id. The reference stays valid while the group lives.
  [[nodiscard]] const TypeDefinition& get(TypeId id) const noexcept;

  /// Is `sub` the same as, or declared below, `super`? (Spec 3.3.x "matching", defined types)
  [[nodiscard]] bool is_subtype(TypeId sub, TypeId super) const noexcept;
  [[nodiscard]] bool is_subtype(HeapType sub, HeapType super) const noexcept;
  [[nodiscard]] bool is_subtype(ValueType sub, ValueType super) const noexcept;

  /// Does the structure of `sub` match that of its declared supertype, and is that one not final? Both
  /// registered. (Spec 3.2.x "sub types") Descriptors must be related as what they describe is.
  [[nodiscard]] SupertypeFault fault_against_supertype(TypeId sub) const noexcept;

  /// Live groups, for tests of release.
  [[nodiscard]] size_t group_count() const;

 private:
  [[nodiscard]] bool matches_structure(const TypeDefinition& sub, const TypeDefinition& super) const noexcept;

  struct State;
  class CountedGroup;
  std::shared_ptr<State> state_;  // shared with the groups, which may outlive the registry
};

class TypeRegistry::Group {
 public:
  virtual ~Group() = default;
  [[nodiscard]] TypeId first() const { return first_; }
  [[nodiscard]] uint32_t count() const { return count_; }

 protected:
  TypeId first_ = kNoType;
  uint32_t count_ = 0;
};

}  // namespace heddle::engine
