// SPDX-License-Identifier: Apache-2.0
// How handlers' names are put together, and the table they are collected in; for disassemble_*.cpp only.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/interpreter/disassemble_shapes.h"

namespace heddle::engine {

inline constexpr std::string_view kPairNames[kPairs] = {"ss", "sa", "si", "as", "ai", "is", "ia"};
inline constexpr std::string_view kAddressNames[kAddresses] = {"s", "a", "s+i", "a+i", "s+s", "i"};
inline constexpr std::string_view kSourceNames[3] = {"s", "a", "i"};
/// Targets: without a mark, the result is stored in its slot as well as in the accumulator.
inline constexpr std::string_view kTargetNames[2] = {"", ">a"};
inline constexpr std::string_view kBackNames[2] = {"", ".back"};

/// name.form, then the end; just name and end if there is no form.
[[nodiscard]] inline std::string joined(std::string_view name, std::string_view form,
                                        std::string_view end = {}) {
  std::string text(name);
  if (!form.empty() && !form.starts_with('.')) text += '.';
  return text.append(form).append(end);
}

class ShapeTable {
 public:
  void add(Handler handler, std::string name, std::string_view pattern, unsigned words) {
    if (handler != nullptr) shapes_.try_emplace(word_of(handler), Shape{std::move(name), pattern, words});
  }
  [[nodiscard]] const Shape* find(Word handler) const {
    const auto found = shapes_.find(handler);
    return found == shapes_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<Word, Shape> shapes_;
};

// disassemble_shapes.cpp
void add_unary(ShapeTable& shapes, const UnaryHandlers& row, std::string_view text);
void add_binary(ShapeTable& shapes, const BinaryHandlers& row, const OpcodeInfo& info);
// disassemble_simd.cpp
void add_simd(ShapeTable& shapes, const HandlerTable& table);
// disassemble_gc.cpp
void add_gc(ShapeTable& shapes, const GcHandlers& gc);

}  // namespace heddle::engine
