// SPDX-License-Identifier: Apache-2.0
// ModulePlan: the declarations of a generated module, which every body may refer to, and their bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/text/byte_writer.h"
#include "fuzz/lib/entropy.h"

namespace heddle::fuzz {

/// A value type as the opcode table's signatures write it, i l f d v, and more: F funcref, E externref, X
/// exnref, A anyref; b and s are i8 and i16, in objects only.
using TypeLetter = char;

/// The binary format's code of a type. (Spec 5.3)
[[nodiscard]] uint8_t code_of(TypeLetter type);

struct Signature {
  std::vector<TypeLetter> parameters;
  std::vector<TypeLetter> results;
};

/// What every generated module declares besides its functions. Fixed, because variety in the bodies finds
/// more than variety in the declarations, which the byte mutator covers.
struct ModulePlan {
  struct PlannedMemory {
    uint32_t min, max;
    bool is_shared, is_64, has_small_pages;
  };
  struct PlannedTable {
    TypeLetter element;
    uint32_t min, max;
    bool is_64;
  };
  struct PlannedGlobal {
    TypeLetter type;
    bool is_mutable;
  };

  /// One of each kind; the last has pages of one byte.
  static constexpr PlannedMemory kMemories[] = {{1, 3, false, false, false},
                                                {1, 2, true, false, false},
                                                {1, 3, false, true, false},
                                                {65'600, 66'000, false, false, true}};
  static constexpr PlannedTable kTables[] = {{'F', 8, 20, false}, {'E', 5, 9, false}, {'F', 3, 6, true}};
  static constexpr PlannedGlobal kGlobals[] = {{'i', true},  {'l', true},  {'f', true}, {'d', true},
                                               {'v', true},  {'F', true},  {'E', true}, {'i', false},
                                               {'l', false}, {'v', false}, {'X', true}, {'A', true}};
  /// What their exceptions carry.
  static constexpr std::string_view kTags[] = {"", "i", "Fd", "lX"};
  static constexpr uint32_t kDataSegments = 3;     // the first is active in memory 0
  static constexpr uint32_t kElementSegments = 3;  // active in table 0, passive funcref, passive externref
  static constexpr TypeLetter kElementTypes[kElementSegments] = {'F', 'F', 'E'};
  /// Imported functions come first: one that takes and one that returns a value.
  static constexpr uint32_t kImports = 2;

  /// The type section begins with two structures, the second a final subtype of the first, and an array of
  /// each element; all fields are mutable.
  static constexpr std::string_view kFields[] = {"bsilfdAFE", "bsilfdAFEi"};
  static constexpr uint32_t kStructures = 2;
  static constexpr std::string_view kElements = "bsilfdAFE";
  static constexpr uint32_t kObjectTypes = kStructures + static_cast<uint32_t>(kElements.size());

  /// Behind them a group with two structures that have descriptors, of types kDescriptors and on; the second
  /// is a subtype of the first.
  static constexpr uint32_t kDescribed = kObjectTypes;
  static constexpr uint32_t kDescribedTypes = 2;
  static constexpr std::string_view kDescribedFields[kDescribedTypes] = {"iA", "iAdb"};
  static constexpr uint32_t kDescriptors = kDescribed + kDescribedTypes;
  static constexpr uint32_t kFunctionTypes = kDescriptors + kDescribedTypes;

  std::vector<Signature> types;     ///< the functions' part of the type section; types[0] is () -> ()
  std::vector<uint32_t> functions;  ///< type indices; imports first

  /// Makes types and functions up.
  explicit ModulePlan(Entropy& entropy);

  [[nodiscard]] const Signature& signature(uint32_t function) const { return types[functions[function]]; }
  /// The index of a signature in the type section, which is extended if need be.
  uint32_t type_index(const Signature& signature);
  /// Where an entry of `types` stands in the type section.
  [[nodiscard]] static uint32_t number_of(uint32_t type) { return kFunctionTypes + type; }
  /// The finished module. `bodies` are the code entries of the functions that are not imported.
  [[nodiscard]] std::vector<uint8_t> encode(std::span<const std::vector<uint8_t>> bodies) const;
};

}  // namespace heddle::fuzz
