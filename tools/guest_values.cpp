// SPDX-License-Identifier: Apache-2.0
// Arguments of invoked functions, parsed by the types of the parameters.
#include "tools/guest_values.h"

#include <fmt/format.h>

#include <bit>
#include <optional>

#include "engine/support/escape.h"
#include "engine/text/number.h"

namespace heddle::tools {

namespace {

using Kind = ValueType::Kind;

template <class T>
std::optional<Value> as_value(std::optional<T> parsed) {
  return parsed ? std::optional<Value>(*parsed) : std::nullopt;
}

std::optional<Value> parse_value(ValueType type, const std::string& text) {
  if (type == Kind::i32) {
    const auto parsed = engine::parse_integer(text, 32);
    return parsed ? std::optional<Value>(static_cast<int32_t>(*parsed)) : std::nullopt;
  }
  if (type == Kind::i64) return as_value(engine::parse_integer(text, 64));
  if (type == Kind::f32) {
    const auto bits = engine::parse_f32(text);
    return bits ? std::optional<Value>(std::bit_cast<float>(*bits)) : std::nullopt;
  }
  if (type == Kind::f64) {
    const auto bits = engine::parse_f64(text);
    return bits ? std::optional<Value>(std::bit_cast<double>(*bits)) : std::nullopt;
  }
  if (type.is_nullable() && text == "null") {
    for (const auto family : {HeapType::Kind::func, HeapType::Kind::extern_, HeapType::Kind::exn}) {
      if (type.heap() == HeapType(family)) return Value::null(family);
    }
    return Value::null(type.heap().is_defined() ? HeapType::Kind::func : HeapType::Kind::any);
  }
  return std::nullopt;
}

Error bad_arguments(std::string message) {
  Error error;
  error.kind = ErrorKind::usage;
  error.message = std::move(message);
  return error;
}

}  // namespace

Result<std::vector<Value>> parse_arguments(const FunctionType& type,
                                           const std::vector<std::string>& arguments) {
  const size_t wanted = type.parameters.size();
  if (arguments.size() != wanted) {
    return bad_arguments(fmt::format("{} takes {} argument{}, {} given", to_string(type), wanted,
                                     wanted == 1 ? "" : "s", arguments.size()));
  }
  std::vector<Value> values;
  for (size_t i = 0; i < wanted; ++i) {
    auto value = parse_value(type.parameters[i], arguments[i]);
    if (!value) {
      return bad_arguments(fmt::format("argument {}: \"{}\" is not an {}", i + 1,
                                       engine::escape_for_terminal(arguments[i]),
                                       to_string(type.parameters[i])));
    }
    values.push_back(std::move(*value));
  }
  return values;
}

}  // namespace heddle::tools
