// SPDX-License-Identifier: Apache-2.0
// TypeTable: the types of a module under assembly, and the function types that its text uses without defining
// them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/text/byte_writer.h"
#include "heddle/value_type.h"

namespace heddle::engine {

struct Signature {
  std::vector<ValueType> parameters;
  std::vector<ValueType> results;

  void clear() {
    parameters.clear();
    results.clear();
  }
  [[nodiscard]] bool empty() const { return parameters.empty() && results.empty(); }
};

/// The binary format of types. (Spec 5.3)
void write_heap_type(ByteWriter& out, HeapType type);
void write_value_type(ByteWriter& out, ValueType type);
void write_function_type(ByteWriter& out, const Signature& signature);

class TypeTable {
 public:
  /// Declares type `index` a function type. `plain`: final, without supertype and alone in its recursion
  /// group, so that uses of an equal inline type mean this one.
  void define_function(uint32_t index, const Signature& signature, bool plain);

  /// The least index of a plain function type equal to `signature`; it is appended if there is none. All
  /// explicit types must have been defined before. (Spec 6.4.5)
  uint32_t find_or_append(const Signature& signature);

  [[nodiscard]] bool is_function(uint32_t index) const {
    return index < entries_.size() && entries_[index].function;
  }
  [[nodiscard]] bool exists(uint32_t index) const { return index < count_; }
  /// REQUIRES: is_function(index), for both.
  [[nodiscard]] std::span<const ValueType> parameters(uint32_t index) const;
  [[nodiscard]] std::span<const ValueType> results(uint32_t index) const;

  /// The number of types the text defines. Call before the first find_or_append().
  void set_explicit_count(uint32_t count) { count_ = count; }
  [[nodiscard]] uint32_t appended_count() const { return appended_count_; }
  [[nodiscard]] std::span<const uint8_t> appended_bytes() const { return appended_.bytes(); }

 private:
  struct Entry {
    bool function = false;
    uint32_t begin = 0;  ///< into pool_
    uint32_t parameters = 0;
    uint32_t results = 0;
  };
  [[nodiscard]] static std::string key_of(const Signature& signature);

  std::vector<Entry> entries_;
  std::vector<ValueType> pool_;
  std::unordered_map<std::string, uint32_t> plain_;  ///< by their bytes
  uint32_t count_ = 0;
  uint32_t appended_count_ = 0;
  ByteWriter appended_;
};

}  // namespace heddle::engine
