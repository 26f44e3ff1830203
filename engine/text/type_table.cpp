// SPDX-License-Identifier: Apache-2.0
// TypeTable: look-up of function types by their bytes; encoding of value and function types.
#include "engine/text/type_table.h"

namespace heddle::engine {

void write_heap_type(ByteWriter& out, HeapType type) {
  constexpr uint8_t kExact = 0x62;
  if (type.is_defined()) {
    if (type.is_exact()) out.byte(kExact);
    out.signed_leb(type.number());
  } else {
    out.byte(static_cast<uint8_t>(type.kind()));
  }
}

void write_value_type(ByteWriter& out, ValueType type) {
  const bool is_short = !type.is_ref() || (type.is_nullable() && !type.heap().is_defined());
  if (!is_short || !type.is_ref()) out.byte(static_cast<uint8_t>(type.kind()));
  if (type.is_ref()) write_heap_type(out, type.heap());
}

void write_function_type(ByteWriter& out, const Signature& signature) {
  constexpr uint8_t kFunction = 0x60;
  out.byte(kFunction);
  for (const auto* types : {&signature.parameters, &signature.results}) {
    out.unsigned_leb(types->size());
    for (const ValueType type : *types) write_value_type(out, type);
  }
}

std::string TypeTable::key_of(const Signature& signature) {
  ByteWriter writer;
  write_function_type(writer, signature);
  return {writer.bytes().begin(), writer.bytes().end()};
}

void TypeTable::define_function(uint32_t index, const Signature& signature, bool plain) {
  if (entries_.size() <= index) entries_.resize(index + 1);
  entries_[index] = {true, static_cast<uint32_t>(pool_.size()),
                     static_cast<uint32_t>(signature.parameters.size()),
                     static_cast<uint32_t>(signature.results.size())};
  pool_.insert(pool_.end(), signature.parameters.begin(), signature.parameters.end());
  pool_.insert(pool_.end(), signature.results.begin(), signature.results.end());
  if (plain) plain_.try_emplace(key_of(signature), index);
}

uint32_t TypeTable::find_or_append(const Signature& signature) {
  const std::string key = key_of(signature);
  if (const auto found = plain_.find(key); found != plain_.end()) return found->second;
  const uint32_t index = count_++;
  ++appended_count_;
  appended_.append(key);
  define_function(index, signature, true);
  return index;
}

std::span<const ValueType> TypeTable::parameters(uint32_t index) const {
  const Entry& entry = entries_[index];
  return std::span(pool_).subspan(entry.begin, entry.parameters);
}

std::span<const ValueType> TypeTable::results(uint32_t index) const {
  const Entry& entry = entries_[index];
  return std::span(pool_).subspan(entry.begin + entry.parameters, entry.results);
}

}  // namespace heddle::engine
