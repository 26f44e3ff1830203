// SPDX-License-Identifier: Apache-2.0
// TypeParser: value types, limits, signatures and type uses.
#include "engine/text/parse_types.h"

#include <algorithm>
#include <bit>

namespace heddle::engine {

namespace {

struct HeapTypeWord {
  std::string_view keyword;       ///< as a heap type
  std::string_view abbreviation;  ///< of the nullable reference to it
  HeapType::Kind kind;
};
constexpr HeapTypeWord kHeapTypes[] = {
    {"any", "anyref", HeapType::Kind::any},           {"eq", "eqref", HeapType::Kind::eq},
    {"i31", "i31ref", HeapType::Kind::i31},           {"struct", "structref", HeapType::Kind::struct_},
    {"array", "arrayref", HeapType::Kind::array},     {"none", "nullref", HeapType::Kind::none},
    {"func", "funcref", HeapType::Kind::func},        {"nofunc", "nullfuncref", HeapType::Kind::nofunc},
    {"extern", "externref", HeapType::Kind::extern_}, {"noextern", "nullexternref", HeapType::Kind::noextern},
    {"exn", "exnref", HeapType::Kind::exn},           {"noexn", "nullexnref", HeapType::Kind::noexn},
};

struct NumericTypeWord {
  std::string_view keyword;
  ValueType::Kind kind;
};
constexpr NumericTypeWord kNumericTypes[] = {
    {"i32", ValueType::Kind::i32}, {"i64", ValueType::Kind::i64},   {"f32", ValueType::Kind::f32},
    {"f64", ValueType::Kind::f64}, {"v128", ValueType::Kind::v128},
};

}  // namespace

void write_limits(ByteWriter& out, const Limits& limits) {
  constexpr uint8_t kHasMost = 1, kShared = 2, k64 = 4, kPageSize = 8;
  out.byte(static_cast<uint8_t>((limits.most ? kHasMost : 0) | (limits.shared ? kShared : 0) |
                                (limits.is64 ? k64 : 0) | (limits.page_size_log2 ? kPageSize : 0)));
  out.unsigned_leb(limits.least);
  if (limits.most) out.unsigned_leb(*limits.most);
  if (limits.page_size_log2) out.unsigned_leb(*limits.page_size_log2);
}

ValueType TypeParser::value_type() {
  const Token token = tokens_.peek();
  if (token.is(TokenKind::keyword)) {
    for (const NumericTypeWord& word : kNumericTypes) {
      if (word.keyword == token.text) return tokens_.next(), word.kind;
    }
  }
  return reference_type();
}

ValueType TypeParser::storage_type() {
  if (tokens_.accept_keyword("i8")) return ValueType::Kind::i8;
  if (tokens_.accept_keyword("i16")) return ValueType::Kind::i16;
  return value_type();
}

std::optional<ValueType> TypeParser::abbreviated_reference(std::string_view keyword) {
  for (const HeapTypeWord& word : kHeapTypes) {
    if (word.abbreviation == keyword) return ValueType::ref(word.kind, true);
  }
  return std::nullopt;
}

ValueType TypeParser::reference_type() {
  const Token token = tokens_.next();
  if (token.is(TokenKind::keyword)) {
    if (const auto type = abbreviated_reference(token.text)) return *type;
  }
  if (!token.is(TokenKind::left_paren)) return tokens_.unexpected(token), ValueType();
  const Token ref = tokens_.next();
  if (!ref.is_keyword("ref")) return tokens_.unexpected(ref), ValueType();
  const bool nullable = tokens_.accept_keyword("null");
  const HeapType heap = heap_type();
  tokens_.expect_close();
  return ValueType::ref(heap, nullable);
}

HeapType TypeParser::heap_type() {
  const bool is_exact = tokens_.accept_open("exact");
  if (is_exact || at_index(tokens_)) {
    const Token token = tokens_.peek();
    const uint32_t index = module_.parse_index(tokens_, Space::type);
    if (is_exact) tokens_.expect_close();
    if (index < HeapType::kMaxTypes) return is_exact ? HeapType::exact(index) : HeapType::defined(index);
    tokens_.fail(token, "unknown type " + std::to_string(index));
    return {};
  }
  const Token token = tokens_.next();
  for (const HeapTypeWord& word : kHeapTypes) {
    if (token.is_keyword(word.keyword)) return word.kind;
  }
  tokens_.unexpected(token);
  return {};
}

uint8_t TypeParser::global_type(ValueType& type) {
  const bool is_mutable = tokens_.accept_open("mut");
  type = value_type();
  if (is_mutable) tokens_.expect_close();
  return is_mutable ? 1 : 0;
}

bool TypeParser::accept_address_type() {
  if (tokens_.accept_keyword("i64")) return true;
  tokens_.accept_keyword("i32");
  return false;
}

void TypeParser::limits(Limits& limits) {
  limits.least = tokens_.expect_unsigned(64);  // what a 32-bit memory or table may have is for validation
  if (tokens_.at(TokenKind::integer)) limits.most = tokens_.expect_unsigned(64);
  limits.shared = tokens_.accept_keyword("shared");
}

void TypeParser::page_size(Limits& limits) {
  if (!tokens_.accept_open("pagesize")) return;
  const Token token = tokens_.peek();
  const uint64_t size = tokens_.expect_unsigned(64);
  if (!std::has_single_bit(size)) tokens_.fail(token, "invalid custom page size");
  limits.page_size_log2 = static_cast<uint8_t>(std::countr_zero(size));
  tokens_.expect_close();
}

/// Value types up to the closing parenthesis, which is consumed.
void TypeParser::value_type_list(std::vector<ValueType>& types) {
  while (!tokens_.accept(TokenKind::right_paren)) {
    if (tokens_.failed() || tokens_.at(TokenKind::end)) return tokens_.expect_close();
    types.push_back(value_type());
  }
}

void TypeParser::signature(Signature& signature, std::vector<Binding>* bindings) {
  signature.clear();
  while (tokens_.accept_open("param")) {
    if (bindings != nullptr) {
      const Binding binding = tokens_.parse_binding("local");
      if (!binding.id.empty()) {
        bindings->resize(signature.parameters.size());
        bindings->push_back(binding);
        signature.parameters.push_back(value_type());
        tokens_.expect_close();
        continue;
      }
    }
    value_type_list(signature.parameters);
  }
  while (tokens_.accept_open("result")) value_type_list(signature.results);
  if (tokens_.at_open("param")) tokens_.unexpected(tokens_.peek_second());
}

/// (type x), if it stands here.
bool TypeParser::explicit_type(uint32_t& index, Token& where) {
  if (!tokens_.accept_open("type")) return false;
  where = tokens_.peek();
  index = module_.parse_index(tokens_, Space::type);
  tokens_.expect_close();
  return true;
}

/// The signature written beside (type x) must be that type's.
void TypeParser::check_inline(const Token& where, uint32_t index) {
  if (tokens_.failed()) return;
  if (!module_.types.exists(index)) return tokens_.fail(where, "unknown type " + std::to_string(index));
  const bool equal = module_.types.is_function(index) &&
                     std::ranges::equal(module_.types.parameters(index), scratch_.parameters) &&
                     std::ranges::equal(module_.types.results(index), scratch_.results);
  if (!equal) tokens_.fail(where, "inline function type does not match type " + std::to_string(index));
}

TypeUse TypeParser::type_use(std::vector<Binding>* bindings) {
  TypeUse use;
  Token where;
  const bool is_explicit = explicit_type(use.index, where);
  signature(scratch_, bindings);
  if (tokens_.failed()) return use;
  use.has_inline = !scratch_.empty();
  use.parameter_count = static_cast<uint32_t>(scratch_.parameters.size());
  if (!is_explicit) {
    use.index = module_.types.find_or_append(scratch_);
  } else if (use.has_inline) {
    check_inline(where, use.index);
  } else if (module_.types.is_function(use.index)) {
    use.parameter_count = static_cast<uint32_t>(module_.types.parameters(use.index).size());
  }
  return use;
}

void TypeParser::block_type(ByteWriter& out) {
  uint32_t index = 0;
  Token where;
  const bool is_explicit = explicit_type(index, where);
  signature(scratch_, nullptr);
  if (tokens_.failed()) return;
  if (is_explicit) {
    if (!scratch_.empty()) check_inline(where, index);
  } else if (scratch_.parameters.empty() && scratch_.results.size() <= 1) {
    constexpr uint8_t kEmpty = 0x40;
    if (scratch_.results.empty()) return out.byte(kEmpty);
    return write_value_type(out, scratch_.results[0]);
  } else {
    index = module_.types.find_or_append(scratch_);
  }
  out.signed_leb(index);
}

}  // namespace heddle::engine
